//! GTID, ANONYMOUS_GTID and GTID_TAGGED: what begins a MySQL transaction.
//!
//! This file has the layout of the first two, which grew at its end: flags, sid and gno (5.6); type code 2 and the
//! logical timestamps (5.7); the commit timestamps of 7 bytes, the first with bit 55 set if a second one follows
//! (8.0.1); the transaction length (8.0.2); the server versions of 4 bytes, the first with bit 31 set if a second
//! one follows (8.0.14); the commit group ticket (8.0.26). GTID_TAGGED (8.3) is laid out otherwise: see `gtid_tagged`.

use crate::error::FieldError;
use crate::gtid::{Gtid, Sid, Tag, checked_gno};
use crate::header::EventType;
use crate::reader::{Reader, put_lenenc};

/// Begins a MySQL transaction.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GtidEvent {
    /// The transaction's identifier; `None` for ANONYMOUS_GTID.
    pub gtid: Option<Gtid>,
    /// Bit 0: the transaction may hold statements in statement format.
    pub flags: u8,
    /// Sequence number, within this log, of the last transaction that this one depends on; 0 before 5.7.
    pub last_committed: i64,
    /// Sequence number of this transaction within this log, from 1; 0 before 5.7.
    pub sequence_number: i64,
    /// Commit on the server that wrote this log, microseconds since 1970 UTC; `None` before 8.0.1.
    pub immediate_commit_timestamp: Option<u64>,
    /// Commit on the server where the transaction began, microseconds since 1970 UTC; 0 if that is not known.
    pub original_commit_timestamp: Option<u64>,
    /// Bytes of the whole transaction, this event included; `None` before 8.0.2.
    pub transaction_length: Option<u64>,
    /// Version number of the server that wrote this log: 80403 is 8.4.3. `None` before 8.0.14.
    pub immediate_server_version: Option<u32>,
    /// Version number of the server where the transaction began; 999999 if that is not known.
    pub original_server_version: Option<u32>,
    /// Ticket of the commit group, where the server orders groups.
    pub commit_group_ticket: Option<u64>,
    /// GTID_TAGGED: one more than the number of the last field that a reader must know; servers write 0.
    pub fields_to_know: u64,
    /// What stands after the known fields: nothing, or fields of a later server.
    pub tail: Box<[u8]>,
}

const LOGICAL_TIMESTAMP: u8 = 2;
const TIMESTAMP_LEN: usize = 7;
const SECOND_TIMESTAMP: u64 = 1 << 55;
const SECOND_VERSION: u32 = 1 << 31;

impl GtidEvent {
    /// Reads the body of a GTID or ANONYMOUS_GTID.
    pub fn decode(body: &[u8], anonymous: bool) -> Result<Self, FieldError> {
        let mut reader = Reader::new(body);
        let mut event = Self {
            flags: reader.u8("flags")?,
            gtid: read_gtid(&mut reader, anonymous)?,
            ..Self::default()
        };
        let since_5_7 = reader.peek();
        if since_5_7.first() == Some(&LOGICAL_TIMESTAMP) {
            event.read_since_5_7(&mut reader)?;
        }
        // Timestamps that are 0 say no more than those of 5.6, which has none.
        event.tail = match event.is_since_5_7() {
            true => reader.take_rest().into(),
            false => since_5_7.into(),
        };
        Ok(event)
    }

    /// The type of the event: GTID_TAGGED if the GTID has a tag, ANONYMOUS_GTID if there is none, else GTID.
    #[must_use]
    pub fn event_type(&self) -> EventType {
        match &self.gtid {
            None => EventType::ANONYMOUS_GTID,
            Some(gtid) if gtid.tag.is_empty() => EventType::GTID,
            Some(_) => EventType::GTID_TAGGED,
        }
    }

    /// Appends the body, in the layout of `event_type`; what the servers write comes out as it was read.
    ///
    /// A GTID or ANONYMOUS_GTID ends before the first field that is `None`; a GTID_TAGGED leaves out each that is.
    /// The shortest form is written, and no other is read.
    ///
    /// # Errors
    /// The GTID is not one of that event type, or the layout has no room for a value: a GTID or ANONYMOUS_GTID for
    /// a timestamp over 55 bits (56 for the original one) or a server version over 31 bits.
    pub fn encode(&self, out: &mut Vec<u8>, event_type: EventType) -> Result<(), FieldError> {
        if event_type == EventType::GTID_TAGGED && self.gtid.is_some() {
            self.encode_tagged(out);
            return Ok(());
        }
        if event_type != self.event_type() {
            return Err(FieldError::Invalid {
                field: "event type",
                value: u64::from(event_type.0),
                why: "is not that of an event with this GTID",
            });
        }
        self.check_untagged()?;
        self.encode_untagged(out);
        Ok(())
    }

    /// A field is there if enough bytes are left for it, as the server decides it.
    fn read_since_5_7(&mut self, reader: &mut Reader<'_>) -> Result<(), FieldError> {
        reader.u8("type of logical timestamps")?;
        self.last_committed = reader.array("last committed").map(i64::from_le_bytes)?;
        self.sequence_number = reader.array("sequence number").map(i64::from_le_bytes)?;
        if reader.remaining() >= TIMESTAMP_LEN {
            self.read_timestamps(reader)?;
        }
        if self.immediate_commit_timestamp.is_some() && !reader.is_empty() {
            self.transaction_length = Some(reader.shortest_lenenc("transaction length")?);
        }
        if self.transaction_length.is_some() && reader.remaining() >= 4 {
            self.read_versions(reader)?;
        }
        if self.immediate_server_version.is_some() && reader.remaining() >= 8 {
            self.commit_group_ticket = Some(reader.u64("commit group ticket")?);
        }
        Ok(())
    }

    fn read_timestamps(&mut self, reader: &mut Reader<'_>) -> Result<(), FieldError> {
        let marked = reader.uint(TIMESTAMP_LEN, "immediate commit timestamp")?;
        let immediate = marked & !SECOND_TIMESTAMP;
        self.immediate_commit_timestamp = Some(immediate);
        self.original_commit_timestamp = Some(match marked == immediate {
            true => immediate,
            false => unlike(
                reader.uint(TIMESTAMP_LEN, "original commit timestamp")?,
                immediate,
                "original commit timestamp",
            )?,
        });
        Ok(())
    }

    fn read_versions(&mut self, reader: &mut Reader<'_>) -> Result<(), FieldError> {
        let marked = reader.u32("immediate server version")?;
        let immediate = marked & !SECOND_VERSION;
        self.immediate_server_version = Some(immediate);
        self.original_server_version = Some(match marked == immediate {
            true => immediate,
            false => unlike(
                reader.u32("original server version")?,
                immediate,
                "original server version",
            )?,
        });
        Ok(())
    }

    fn check_untagged(&self) -> Result<(), FieldError> {
        let no_room = |field, value| FieldError::Invalid {
            field,
            value,
            why: "has no room in a GTID or ANONYMOUS_GTID",
        };
        let timestamps = [
            (self.immediate_commit_timestamp, SECOND_TIMESTAMP),
            (self.original_commit_timestamp, SECOND_TIMESTAMP << 1),
        ];
        for (timestamp, end) in timestamps {
            if let Some(timestamp) = timestamp.filter(|timestamp| *timestamp >= end) {
                return Err(no_room("commit timestamp", timestamp));
            }
        }
        match self
            .immediate_server_version
            .filter(|version| *version >= SECOND_VERSION)
        {
            Some(version) => Err(no_room("immediate server version", u64::from(version))),
            None => Ok(()),
        }
    }

    pub(super) fn encode_untagged(&self, out: &mut Vec<u8>) {
        out.push(self.flags);
        let sid = self.gtid.as_ref().map_or([0; 16], |gtid| gtid.sid.0);
        let gno = self.gtid.as_ref().map_or(0, |gtid| gtid.gno);
        out.extend(sid);
        out.extend(gno.to_le_bytes());
        if self.is_since_5_7() {
            out.push(LOGICAL_TIMESTAMP);
            out.extend(self.last_committed.to_le_bytes());
            out.extend(self.sequence_number.to_le_bytes());
            self.put_since_8_0(out);
        }
        out.extend(&self.tail);
    }

    fn is_since_5_7(&self) -> bool {
        self.last_committed != 0 || self.sequence_number != 0 || self.immediate_commit_timestamp.is_some()
    }

    fn put_since_8_0(&self, out: &mut Vec<u8>) -> Option<()> {
        let immediate = self.immediate_commit_timestamp?;
        put_pair(
            out,
            immediate,
            self.original_commit_timestamp,
            SECOND_TIMESTAMP,
            TIMESTAMP_LEN,
        );
        put_lenenc(out, self.transaction_length?);
        let immediate = u64::from(self.immediate_server_version?);
        put_pair(
            out,
            immediate,
            self.original_server_version.map(u64::from),
            u64::from(SECOND_VERSION),
            4,
        );
        out.extend(self.commit_group_ticket?.to_le_bytes());
        Some(())
    }
}

/// The value of the server of origin, which stands there only if it is another one.
pub(super) fn unlike<T: PartialEq + Copy + Into<u64>>(
    original: T,
    immediate: T,
    field: &'static str,
) -> Result<T, FieldError> {
    match original == immediate {
        false => Ok(original),
        true => Err(FieldError::Invalid {
            field,
            value: original.into(),
            why: "is that of this server too, and would not stand there",
        }),
    }
}

/// Writes the value of this server and, only where it is another one, that of the server of origin.
fn put_pair(out: &mut Vec<u8>, immediate: u64, original: Option<u64>, second: u64, len: usize) {
    let original = original.filter(|original| *original != immediate);
    let marked = if original.is_some() {
        immediate | second
    } else {
        immediate
    };
    for value in [Some(marked), original].into_iter().flatten() {
        out.extend(value.to_le_bytes().iter().take(len));
    }
}

fn read_gtid(reader: &mut Reader<'_>, anonymous: bool) -> Result<Option<Gtid>, FieldError> {
    let sid = Sid(reader.array("sid")?);
    let gno = reader.u64("gno")?;
    match (anonymous, gno) {
        (true, 0) if sid.0 == [0; 16] => Ok(None),
        (true, 0) => Err(FieldError::Invalid {
            field: "sid",
            value: u64::from(sid.0.iter().fold(0, |all, byte| all | byte)),
            why: "is not 0 in an ANONYMOUS_GTID",
        }),
        (true, value) => Err(FieldError::Invalid {
            field: "gno",
            value,
            why: "is not 0 in an ANONYMOUS_GTID",
        }),
        (false, gno) => Ok(Some(Gtid {
            sid,
            tag: Tag::default(),
            gno: checked_gno(gno)?,
        })),
    }
}

#[cfg(test)]
pub(super) mod tests;
