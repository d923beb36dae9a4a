//! MariaDB's GTID: what begins a transaction, or is one statement's.
//!
//! Sequence number, domain and flags; the commit number if the flags say so; the XA identifier if they say so; the
//! extra flags (10.6 on) and what these announce. Zeros fill the body up to 19 bytes.

use crate::error::FieldError;
use crate::gtid::MariaDbGtid;
use crate::reader::Reader;

/// Begins a MariaDB transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MariaDbGtidEvent {
    /// The transaction's identifier; the server number is that of the common header.
    pub gtid: MariaDbGtid,
    /// Flags.
    pub flags: MariaDbGtidFlags,
    /// Transactions with the same number committed together.
    pub commit_id: Option<u64>,
    /// The XA transaction that is prepared or completed.
    pub xa: Option<XaIdentifier>,
    /// Extra flags, where there is room for them: `None` is a body that ends before.
    pub extra_flags: Option<MariaDbGtidExtraFlags>,
    /// How many engines take part, beyond one that recovers by itself.
    pub extra_engines: Option<u8>,
    /// Sequence number of the GTID that began the ALTER TABLE which this one ends.
    pub start_alter_sequence: Option<u64>,
    /// Connection on the server of origin (11.5 on).
    pub thread_id: Option<u32>,
    /// What stands after the known fields: zeros that fill up, or fields of a later server.
    pub tail: Box<[u8]>,
}

/// Identifier of an XA transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XaIdentifier {
    /// `formatID`
    pub format_id: u32,
    /// `gtrid`: the global part, at most 64 bytes.
    pub gtrid: Box<[u8]>,
    /// `bqual`: the branch, at most 64 bytes.
    pub bqual: Box<[u8]>,
}

/// Flags of a MariaDB GTID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MariaDbGtidFlags(pub u8);

impl MariaDbGtidFlags {
    /// One statement, without COMMIT.
    pub const STANDALONE: Self = Self(1);
    /// Commits in a group; a commit number follows.
    pub const GROUP_COMMIT_ID: Self = Self(2);
    /// Only transactional engines.
    pub const TRANSACTIONAL: Self = Self(4);
    /// May run in parallel.
    pub const ALLOW_PARALLEL: Self = Self(8);
    /// Waited for a row lock of another transaction.
    pub const WAITED: Self = Self(16);
    /// DDL.
    pub const DDL: Self = Self(32);
    /// Ends in XA PREPARE.
    pub const PREPARED_XA: Self = Self(64);
    /// XA COMMIT or XA ROLLBACK.
    pub const COMPLETED_XA: Self = Self(128);

    /// Whether all bits of `other` are set.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// Extra flags of a MariaDB GTID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MariaDbGtidExtraFlags(pub u8);

impl MariaDbGtidExtraFlags {
    /// More than one engine takes part; their number follows.
    pub const MULTI_ENGINE: Self = Self(1);
    /// Begins an ALTER TABLE that a later GTID ends (`binlog_alter_two_phase`).
    pub const START_ALTER: Self = Self(2);
    /// Ends such an ALTER TABLE well; the sequence number of its beginning follows.
    pub const COMMIT_ALTER: Self = Self(4);
    /// Ends such an ALTER TABLE without effect; the sequence number of its beginning follows.
    pub const ROLLBACK_ALTER: Self = Self(8);
    /// The number of the connection follows.
    pub const THREAD_ID: Self = Self(16);

    /// Whether all bits of `other` are set.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub(super) fn ends_alter(self) -> bool {
        self.contains(Self::COMMIT_ALTER) || self.contains(Self::ROLLBACK_ALTER)
    }
}

impl MariaDbGtidEvent {
    /// Reads the body; `server_id` is that of the common header.
    pub fn decode(body: &[u8], server_id: u32) -> Result<Self, FieldError> {
        let mut reader = Reader::new(body);
        let gtid = read_gtid(&mut reader, server_id)?;
        let flags = MariaDbGtidFlags(reader.u8("flags")?);
        let has_commit_id = flags.contains(MariaDbGtidFlags::GROUP_COMMIT_ID);
        let commit_id = read_if(has_commit_id, || reader.u64("commit id"))?;
        let has_xa = flags.0 & (MariaDbGtidFlags::PREPARED_XA.0 | MariaDbGtidFlags::COMPLETED_XA.0) != 0;
        let xa = read_if(has_xa, || XaIdentifier::read(&mut reader))?;
        let extra_flags = read_if(!reader.is_empty(), || reader.u8("extra flags"))?.map(MariaDbGtidExtraFlags);
        let extra = extra_flags.unwrap_or_default();
        let has_engines = extra.contains(MariaDbGtidExtraFlags::MULTI_ENGINE);
        let has_thread_id = extra.contains(MariaDbGtidExtraFlags::THREAD_ID);
        Ok(Self {
            gtid,
            flags,
            commit_id,
            xa,
            extra_flags,
            extra_engines: read_if(has_engines, || reader.u8("extra engines"))?,
            start_alter_sequence: read_if(extra.ends_alter(), || reader.u64("sequence of the started ALTER"))?,
            thread_id: read_if(has_thread_id, || reader.u32("thread id"))?,
            tail: reader.take_rest().into(),
        })
    }

    /// Appends the body as it was read. The flags must fit the fields: they announce them to the reader.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.gtid.sequence.to_le_bytes());
        out.extend(self.gtid.domain.to_le_bytes());
        out.push(self.flags.0);
        out.extend(self.commit_id.iter().flat_map(|id| id.to_le_bytes()));
        if let Some(xa) = &self.xa {
            xa.put(out);
        }
        out.extend(self.extra_flags.map(|flags| flags.0));
        out.extend(self.extra_engines);
        out.extend(
            self.start_alter_sequence
                .iter()
                .flat_map(|sequence| sequence.to_le_bytes()),
        );
        out.extend(self.thread_id.iter().flat_map(|id| id.to_le_bytes()));
        out.extend(&self.tail);
    }
}

impl XaIdentifier {
    fn read(reader: &mut Reader<'_>) -> Result<Self, FieldError> {
        let format_id = reader.u32("XA format id")?;
        let gtrid_len = reader.u8("length of XA gtrid")?;
        let bqual_len = reader.u8("length of XA bqual")?;
        Ok(Self {
            format_id,
            gtrid: reader.take(gtrid_len.into(), "XA gtrid")?.into(),
            bqual: reader.take(bqual_len.into(), "XA bqual")?.into(),
        })
    }

    fn put(&self, out: &mut Vec<u8>) {
        out.extend(self.format_id.to_le_bytes());
        out.extend([self.gtrid.len() as u8, self.bqual.len() as u8]);
        out.extend(&self.gtrid);
        out.extend(&self.bqual);
    }
}

fn read_gtid(reader: &mut Reader<'_>, server_id: u32) -> Result<MariaDbGtid, FieldError> {
    let sequence = reader.u64("sequence")?;
    let domain = reader.u32("domain")?;
    Ok(MariaDbGtid {
        domain,
        server_id,
        sequence,
    })
}

fn read_if<T>(there: bool, read: impl FnOnce() -> Result<T, FieldError>) -> Result<Option<T>, FieldError> {
    there.then(read).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::gtid::tests::hex;

    fn check(body: &str, expected: &str) {
        let body = hex(body);
        let event = MariaDbGtidEvent::decode(&body, 1).unwrap();
        let optional = [
            event.commit_id.map(|id| format!(" commit {id}")),
            event
                .xa
                .as_ref()
                .map(|xa| format!(" xa {}/{}/{}", xa.format_id, text(&xa.gtrid), text(&xa.bqual))),
            event.extra_flags.map(|flags| format!(" extra {}", flags.0)),
            event.extra_engines.map(|engines| format!(" engines {engines}")),
            event.start_alter_sequence.map(|sequence| format!(" alter {sequence}")),
            event.thread_id.map(|id| format!(" thread {id}")),
            (!event.tail.is_empty()).then(|| format!(" tail {}", event.tail.len())),
        ];
        let head = format!("{} flags {}", event.gtid, event.flags.0);
        assert_eq!(
            optional.into_iter().flatten().fold(head, |text, part| text + &part),
            expected
        );
        let mut out = Vec::new();
        event.encode(&mut out);
        assert_eq!(out, body);
        for cut in 0..body.len() {
            let _ = MariaDbGtidEvent::decode(&body[..cut], 1);
        }
    }

    fn text(bytes: &[u8]) -> &str {
        std::str::from_utf8(bytes).unwrap()
    }

    /// Bodies that MariaDB 10.11 and 11.8 wrote, except the last two.
    #[test]
    fn real_events() {
        #[rustfmt::skip]
        let cases = [
            ("01000000000000000000000029000000000000", "0-1-1 flags 41 extra 0 tail 5"),
            ("0300000000000000070000004c2a00000003066162636272616e636801ff", "7-1-3 flags 76 xa 42/abc/branch extra 1 engines 255"),
            ("0400000000000000070000008d2a00000003066162636272616e6368", "7-1-4 flags 141 xa 42/abc/branch"),
            ("06000000000000000700000029040500000000000000", "7-1-6 flags 41 extra 4 alter 5"),
            ("0300000000000000070000004c2a00000003066162636272616e636811ff05000000", "7-1-3 flags 76 xa 42/abc/branch extra 17 engines 255 thread 5"),
            ("0a00000000000000070000002918090000000000000005000000", "7-1-10 flags 41 extra 24 alter 9 thread 5"),
            ("0a000000000000000700000006ffffffffffffff7f", "7-1-10 flags 6 commit 9223372036854775807"),
            ("0a0000000000000007000000014001020304", "7-1-10 flags 1 extra 64 tail 4"),
        ];
        for (body, expected) in cases {
            check(body, expected);
        }
    }
}
