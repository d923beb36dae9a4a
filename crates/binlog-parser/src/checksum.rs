//! Event checksums (MySQL 5.6 on, MariaDB 5.3 on).

use std::sync::LazyLock;

use crc32fast::Hasher;

use crate::error::FieldError;

/// How the events of a log are checksummed, as the format description says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ChecksumAlgorithm {
    /// No bytes after the body. Also for servers that know no checksums.
    #[default]
    None,
    /// Four bytes after the body: CRC-32 (ISO-HDLC) of header and body, little-endian.
    Crc32,
}

impl ChecksumAlgorithm {
    /// Bytes that the checksum takes at the end of an event.
    #[must_use]
    pub fn len(self) -> usize {
        match self {
            Self::None => 0,
            Self::Crc32 => 4,
        }
    }

    /// Whether events carry no checksum.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Checks the checksum at the end of a whole event.
    pub fn verify(self, event: &[u8]) -> Result<(), FieldError> {
        if self == Self::None {
            return Ok(());
        }
        let Some((covered, stored)) = event.split_last_chunk::<4>() else {
            return Err(FieldError::Short {
                field: "checksum",
                need: 4,
                have: event.len(),
            });
        };
        let (stored, computed) = (u32::from_le_bytes(*stored), crc32(covered));
        if stored == computed {
            Ok(())
        } else {
            Err(FieldError::Checksum { stored, computed })
        }
    }

    /// Appends the checksum of `out[from..]`.
    pub fn append(self, out: &mut Vec<u8>, from: usize) {
        if self == Self::Crc32 {
            let sum = crc32(out.get(from..).unwrap_or_default());
            out.extend(sum.to_le_bytes());
        }
    }
}

/// CRC-32 over the event. The in-use flag of a format description is not covered:
/// servers flip it in place without touching the checksum.
fn crc32(event: &[u8]) -> u32 {
    const TYPE_AT: usize = 4;
    const FLAGS_AT: usize = 17;
    let in_use = event.get(TYPE_AT) == Some(&15) && event.get(FLAGS_AT).is_some_and(|flags| flags & 1 != 0);
    // A copy costs less than to find out again what the processor can do.
    static FRESH: LazyLock<Hasher> = LazyLock::new(Hasher::new);
    let mut hasher = FRESH.clone();
    if !in_use {
        hasher.update(event);
        return hasher.finalize();
    }
    let (before, rest) = event.split_at_checked(FLAGS_AT).unwrap_or((event, &[]));
    hasher.update(before);
    if let Some((flags, after)) = rest.split_first() {
        hasher.update(&[flags & !1]);
        hasher.update(after);
    }
    hasher.finalize()
}
