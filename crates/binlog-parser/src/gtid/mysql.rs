//! One MySQL GTID and its parts: `uuid:number` and `uuid:tag:number`.

use std::cmp::Ordering;
use std::fmt;

use crate::error::FieldError;

/// Largest number of a GTID: `GNO_END` of the server, 2^63 − 1, is the first that is none.
pub const MAX_GNO: u64 = i64::MAX as u64 - 1;

/// Identity of the server where a transaction began: a UUID.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sid(pub [u8; 16]);

impl Ord for Sid {
    fn cmp(&self, other: &Self) -> Ordering {
        u128::from_be_bytes(self.0).cmp(&u128::from_be_bytes(other.0))
    }
}

impl PartialOrd for Sid {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Sid {
    /// Lower case with dashes, as the server prints it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [b'-'; 36];
        let places = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
        let digit = |half: u8| half + b'0' + u8::from(half > 9) * (b'a' - b'0' - 10);
        for (byte, place) in self.0.iter().zip(places) {
            if let Some(pair) = text.get_mut(place..place + 2) {
                pair.copy_from_slice(&[byte >> 4, byte & 15].map(digit));
            }
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

/// Tag of a GTID (MySQL 8.3 on): up to 32 of `[a-z0-9_]`, empty where there is none.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Tag(Box<str>);

impl Ord for Tag {
    /// Most tags are empty.
    fn cmp(&self, other: &Self) -> Ordering {
        match self.0.is_empty() && other.0.is_empty() {
            true => Ordering::Equal,
            false => self.0.cmp(&other.0),
        }
    }
}

impl PartialOrd for Tag {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Tag {
    /// Longest tag, in bytes.
    pub const MAX_LEN: usize = 32;

    /// The tag that this text is, whatever its case; `None` if it is none. The empty text is the empty tag.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let first = text.bytes().next().is_none_or(|byte| !byte.is_ascii_digit());
        let word = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        (first && word && text.len() <= Self::MAX_LEN).then(|| Self(text.to_ascii_lowercase().into()))
    }

    /// The tag's text, lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is no tag.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The tag of a binary log, where only its printed form is valid.
    pub(crate) fn from_log(bytes: &[u8]) -> Result<Self, FieldError> {
        let tag = std::str::from_utf8(bytes).ok().and_then(Self::new);
        tag.filter(|tag| tag.0.as_bytes() == bytes).ok_or(FieldError::Invalid {
            field: "tag",
            value: bytes.len() as u64,
            why: "bytes that are no tag: it has at most 32 of a-z, 0-9 and _, and begins with no digit",
        })
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One transaction's identifier.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gtid {
    /// Server.
    pub sid: Sid,
    /// Tag.
    pub tag: Tag,
    /// Number, from 1 to [`MAX_GNO`].
    pub gno: u64,
}

impl fmt::Display for Gtid {
    /// `uuid:number` or `uuid:tag:number`, as the server prints it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.tag.is_empty() {
            true => write!(f, "{}:{}", self.sid, self.gno),
            false => write!(f, "{}:{}:{}", self.sid, self.tag, self.gno),
        }
    }
}

/// Numbers from `start` up to, not including, `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// First number.
    pub start: u64,
    /// First number after the interval.
    pub end: u64,
}

impl Interval {
    /// The interval of one number.
    #[must_use]
    pub fn of(gno: u64) -> Self {
        Self {
            start: gno,
            end: gno.saturating_add(1),
        }
    }

    /// How many numbers are in it.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Whether no number is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Display for Interval {
    /// `first-last`, or the only number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.len() {
            0 | 1 => write!(f, "{}", self.start),
            _ => write!(f, "{}-{}", self.start, self.end - 1),
        }
    }
}

/// The number, if a GTID can have it.
pub(crate) fn checked_gno(gno: u64) -> Result<u64, FieldError> {
    match gno {
        1..=MAX_GNO => Ok(gno),
        value => Err(FieldError::Invalid {
            field: "gno",
            value,
            why: "is not from 1 to 2^63 - 2",
        }),
    }
}
