//! What the bytes of a text column are.
//!
//! Numbers of collations: `information_schema.COLLATIONS` of the servers. MariaDB numbers the NOPAD form of a collation 1024
//! higher, and its UCA-14.0.0 collations from 2048 on, 256 for each character set.

/// What is known of a column's character set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Charset {
    /// Bytes.
    Binary,
    /// UTF-8 with characters of at most so many bytes.
    Utf8(u16),
    /// UCS-2, UTF-16 and UTF-32, which have other bytes for ASCII.
    Wide,
    /// One of the others, or one that nothing tells: ASCII is ASCII in it, and a character has at most so many bytes.
    Other(u16),
}

impl Charset {
    pub(super) const UNKNOWN: Self = Self::Other(4);

    pub(super) fn of_collation(collation: u16) -> Self {
        let base = match collation {
            1024..=2047 => collation - 1024,
            other => other,
        };
        match base {
            63 => Self::Binary,
            33 | 76 | 83 | 192..=215 | 223 | 576..=607 | 2048..=2303 => Self::Utf8(3),
            45 | 46 | 224..=247 | 255..=323 | 608..=639 | 2304..=2559 => Self::Utf8(4),
            35 | 54..=56 | 60..=62 | 90 | 101..=124 | 128..=151 | 159..=183 | 640..=767 | 2560..=3327 => Self::Wide,
            1 | 13 | 19 | 24 | 28 | 84..=88 | 95 | 96 => Self::Other(2),
            12 | 91 | 97 | 98 => Self::Other(3),
            248..=250 | 324.. => Self::UNKNOWN,
            _ => Self::Other(1),
        }
    }

    pub(super) fn of_name(name: &str) -> Self {
        match name {
            "binary" => Self::Binary,
            "utf8mb4" => Self::Utf8(4),
            "utf8" | "utf8mb3" => Self::Utf8(3),
            "ucs2" | "utf16" | "utf16le" | "utf32" => Self::Wide,
            _ => Self::UNKNOWN,
        }
    }

    /// Whether the text has the same bytes in this character set.
    pub(super) fn takes(self, text: &str) -> Result<(), &'static str> {
        match self {
            Self::Binary | Self::Utf8(_) => Ok(()),
            Self::Wide => Err("is in a character set in which texts cannot be given: UCS-2, UTF-16 or UTF-32"),
            Self::Other(_) if text.is_ascii() => Ok(()),
            Self::Other(_) => Err("is in a character set that is not UTF-8, or not known: only ASCII can be given"),
        }
    }

    pub(super) fn is_utf8(self) -> bool {
        matches!(self, Self::Utf8(_))
    }

    /// Most bytes of a character.
    pub(super) fn width(self) -> u16 {
        match self {
            Self::Binary => 1,
            Self::Wide => 4,
            Self::Utf8(width) | Self::Other(width) => width,
        }
    }
}
