//! GTID_TAGGED (MySQL 8.3 on): the fields of a GTID in the server's serialization format.
//!
//! The format's version, the size of the whole, one more than the last field that a reader must know, then the
//! fields, each after its number, in ascending order; those that say nothing new are left out. The bytes of the
//! sid are integers of variable length too.

use crate::error::FieldError;
use crate::event::GtidEvent;
use crate::event::gtid::unlike;
use crate::gtid::{Gtid, Sid, Tag, checked_gno};
use crate::reader::Reader;
use crate::serialization::{put_int, put_string, put_uint, read_int, read_string, read_uint, uint_len};

const VERSION: u64 = 1;
const FIELDS: u64 = 12;

impl GtidEvent {
    /// Reads the body of a GTID_TAGGED.
    pub fn decode_tagged(body: &[u8]) -> Result<Self, FieldError> {
        let mut reader = Reader::new(body);
        let fields_to_know = read_head(&mut reader, body.len())?;
        let mut fields = Fields(reader);
        let flags = fields.required(0, "flags", narrow)?;
        let gtid = fields.gtid()?;
        let last_committed = fields.required(4, "last committed", read_int)?;
        let sequence_number = fields.required(5, "sequence number", read_int)?;
        let immediate_commit_timestamp = fields.optional(6, "immediate commit timestamp", read_uint)?;
        let original_commit_timestamp =
            fields.unlike(7, "original commit timestamp", read_uint, immediate_commit_timestamp)?;
        let transaction_length = fields.optional(8, "transaction length", read_uint)?;
        let immediate_server_version = fields.optional(9, "immediate server version", narrow)?;
        let original_server_version = fields.unlike(10, "original server version", narrow, immediate_server_version)?;
        Ok(Self {
            gtid: Some(gtid),
            flags,
            last_committed,
            sequence_number,
            immediate_commit_timestamp,
            original_commit_timestamp: original_commit_timestamp.or(immediate_commit_timestamp),
            transaction_length,
            immediate_server_version,
            original_server_version: original_server_version.or(immediate_server_version),
            commit_group_ticket: fields.optional(11, "commit group ticket", read_uint)?,
            fields_to_know,
            tail: fields.0.take_rest().into(),
        })
    }

    pub(super) fn encode_tagged(&self, out: &mut Vec<u8>) {
        let mut fields = Vec::with_capacity(128);
        self.put_fields(&mut fields);
        fields.extend(&self.tail);
        let inner = fields.len() as u64;
        // As the server does, the size is measured without the head, and then counts the head too.
        let head = uint_len(VERSION) + uint_len(inner) + uint_len(self.fields_to_know);
        put_uint(out, VERSION);
        put_uint(out, inner + head as u64);
        put_uint(out, self.fields_to_know);
        out.extend(fields);
    }

    fn put_fields(&self, out: &mut Vec<u8>) {
        put_field(out, 0, Some(u64::from(self.flags)));
        if let Some(gtid) = &self.gtid {
            put_gtid(out, gtid);
        }
        put_uint(out, 4);
        put_int(out, self.last_committed);
        put_uint(out, 5);
        put_int(out, self.sequence_number);
        let new = |original: Option<u64>, immediate| original.filter(|_| original != immediate);
        let immediate = self.immediate_commit_timestamp;
        put_field(out, 6, immediate);
        put_field(out, 7, new(self.original_commit_timestamp, immediate));
        put_field(out, 8, self.transaction_length);
        let immediate = self.immediate_server_version.map(u64::from);
        put_field(out, 9, immediate);
        put_field(out, 10, new(self.original_server_version.map(u64::from), immediate));
        put_field(out, 11, self.commit_group_ticket);
    }
}

/// The fields of a message, in ascending order.
struct Fields<'a>(Reader<'a>);

type Read<'a, T> = fn(&mut Reader<'a>, &'static str) -> Result<T, FieldError>;

impl<'a> Fields<'a> {
    /// The field with this number, if it is the next one.
    fn optional<T>(&mut self, id: u64, name: &'static str, read: Read<'a, T>) -> Result<Option<T>, FieldError> {
        let mut ahead = self.0;
        if ahead.is_empty() || read_uint(&mut ahead, "field id")? != id {
            return Ok(None);
        }
        self.0 = ahead;
        read(&mut self.0, name).map(Some)
    }

    /// A value of the server of origin, which stands there only if it is not this one.
    fn unlike<T: PartialEq + Copy + Into<u64>>(
        &mut self,
        id: u64,
        name: &'static str,
        read: Read<'a, T>,
        immediate: Option<T>,
    ) -> Result<Option<T>, FieldError> {
        match (self.optional(id, name, read)?, immediate) {
            (Some(original), Some(immediate)) => unlike(original, immediate, name).map(Some),
            (original, _) => Ok(original),
        }
    }

    fn required<T>(&mut self, id: u64, name: &'static str, read: Read<'a, T>) -> Result<T, FieldError> {
        self.optional(id, name, read)?.ok_or(FieldError::Invalid {
            field: name,
            value: id,
            why: "is the number of a field that must be there and is not",
        })
    }

    fn gtid(&mut self) -> Result<Gtid, FieldError> {
        let sid = self.required(1, "sid", read_sid)?;
        let gno = self.required(2, "gno", read_int)?;
        let tag = self.required(3, "tag", read_string)?;
        Ok(Gtid {
            sid,
            tag: Tag::from_log(tag)?,
            gno: checked_gno(gno as u64)?,
        })
    }
}

/// Returns the number of fields that a reader must know.
fn read_head(reader: &mut Reader<'_>, have: usize) -> Result<u64, FieldError> {
    let version = read_uint(reader, "serialization version")?;
    if version != VERSION {
        return Err(FieldError::Invalid {
            field: "serialization version",
            value: version,
            why: "is not 1",
        });
    }
    let size = usize::try_from(read_uint(reader, "size")?).unwrap_or(usize::MAX);
    if size > have {
        return Err(FieldError::Short {
            field: "size",
            need: size,
            have,
        });
    }
    if size < have {
        return Err(FieldError::LeftOver {
            field: "the size",
            left: have - size,
        });
    }
    match read_uint(reader, "fields to know")? {
        fields @ 0..=FIELDS => Ok(fields),
        _ => Err(FieldError::Unsupported {
            field: "GTID_TAGGED",
            why: "it has fields of a later server that a reader must know",
        }),
    }
}

fn read_sid(reader: &mut Reader<'_>, field: &'static str) -> Result<Sid, FieldError> {
    let mut sid = [0; 16];
    for byte in &mut sid {
        *byte = narrow(reader, field)?;
    }
    Ok(Sid(sid))
}

/// An unsigned integer that must fit its type.
fn narrow<T: TryFrom<u64>>(reader: &mut Reader<'_>, field: &'static str) -> Result<T, FieldError> {
    let value = read_uint(reader, field)?;
    T::try_from(value).map_err(|_| FieldError::Invalid {
        field,
        value,
        why: "is too large",
    })
}

fn put_field(out: &mut Vec<u8>, id: u64, value: Option<u64>) {
    if let Some(value) = value {
        put_uint(out, id);
        put_uint(out, value);
    }
}

fn put_gtid(out: &mut Vec<u8>, gtid: &Gtid) {
    put_uint(out, 1);
    gtid.sid.0.iter().for_each(|byte| put_uint(out, u64::from(*byte)));
    put_uint(out, 2);
    put_int(out, gtid.gno as i64);
    put_uint(out, 3);
    put_string(out, gtid.tag.as_str());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::gtid::tests::{check, hex};
    use crate::header::EventType;

    /// Bodies that MySQL 9.7 wrote: GTID, last committed, sequence number, timestamps, length, versions.
    #[test]
    fn real_events() {
        #[rustfmt::skip]
        let cases = [
            (
                "027200000002829c9ea1029903350322c50349029204f103000000020404060a6d7974616708080a200c7f30ec01ebe560061059041283120b",
                "414e4fa8-e6cd-11f1-9249-02fc00000001:mytag:1 0 2 8 1795390466812976 1795390466812976 278 90704 90704",
            ),
            (
                "02d8000000026502650265026502fd03fd03b903b9037503750331033103310331033103310304311c0640615f7461675f6f665f74686972\
                 74795f74776f5f62797465735f736f5f6c6f6e08080a0c0c7f899002ebe560060e7f40222018240a061069061283120b1423c509",
                "99999999-ffff-eeee-dddd-cccccccccccc:a_tag_of_thirty_two_bytes_so_lon:902 0 2 3 1795390466855049 1700000000123456 \
                 410 90704 80036",
            ),
        ];
        for (body, expected) in cases {
            check(EventType::GTID_TAGGED, body, expected);
        }
    }

    #[test]
    fn all_fields_and_those_of_a_later_server() {
        let event = GtidEvent {
            gtid: "99999999-ffff-eeee-dddd-cccccccccccc:t:9223372036854775806"
                .parse()
                .ok(),
            flags: 255,
            last_committed: -1,
            sequence_number: i64::MAX,
            immediate_commit_timestamp: Some(u64::MAX),
            original_commit_timestamp: Some(0),
            transaction_length: Some(u64::MAX),
            immediate_server_version: Some(u32::MAX),
            original_server_version: Some(0),
            commit_group_ticket: Some(u64::MAX),
            fields_to_know: 12,
            tail: [24, 2].into(),
        };
        let mut body = Vec::new();
        event.encode(&mut body, EventType::GTID_TAGGED).unwrap();
        assert_eq!(GtidEvent::decode_tagged(&body), Ok(event));
    }

    #[test]
    fn what_is_wrong_is_named() {
        #[rustfmt::skip]
        let cases = [
            ("", "serialization version: need 1 bytes, have 0"),
            ("04", "serialization version: 2 is not 1"),
            ("0208", "size: need 4 bytes, have 2"),
            ("02060000", "1 bytes left over after the size"),
            ("0500060000", "serialization version: 1 is not in its shortest form"),
            ("02061a", "GTID_TAGGED: not supported: it has fields of a later server that a reader must know"),
            ("020600", "flags: 0 is the number of a field that must be there and is not"),
            ("020a000001", "flags: need 1 bytes, have 0"),
            ("020c00000104", "flags: 256 is too large"),
        ];
        for (body, expected) in cases {
            let error = GtidEvent::decode_tagged(&hex(body)).unwrap_err();
            assert_eq!(error.to_string(), expected, "{body}");
        }
    }
}
