//! PREVIOUS_GTIDS: a set of MySQL GTIDs as bytes.
//!
//! A count of 8 bytes, then for each server and tag the UUID, the tag (in the tagged form only), the number of
//! intervals, and each interval's first number and first number after it, 8 bytes each. The count's highest byte
//! tells the form: 0 is the untagged one, where the other seven are the count; 1 is the tagged one of MySQL 8.3 on,
//! where the lowest byte is 1 too and the six between are the count (`Gtid_set::encode` of the server).

use crate::error::FieldError;
use crate::gtid::{GtidSet, Interval, MAX_GNO, Sid, Tag, checked_gno};
use crate::reader::Reader;
use crate::serialization;

const TAGGED: u64 = 1;
const FORM_SHIFT: u32 = 56;
const INTERVAL_LEN: u64 = 16;

impl GtidSet {
    /// Reads the body of a PREVIOUS_GTIDS, tagged or not: as servers write it, in order and without empty parts.
    pub fn decode(body: &[u8]) -> Result<Self, FieldError> {
        let mut reader = Reader::new(body);
        let (count, tagged) = read_count(&mut reader)?;
        let mut set = Self::default();
        let mut last = None;
        for _ in 0..count {
            let sid = Sid(reader.array("sid")?);
            let tag = if tagged { read_tag(&mut reader)? } else { Tag::default() };
            read_intervals(&mut reader, |interval| {
                set.insert_interval(sid, tag.clone(), interval);
            })?;
            last = Some(after(last, (sid, tag))?);
        }
        reader.finish("GTID set")?;
        Ok(set)
    }

    /// Appends the body of a PREVIOUS_GTIDS: in the tagged form if a GTID has a tag, else in the untagged one.
    ///
    /// A server writes the tagged form as soon as it has met any tag, even if none is in the set: where
    /// [`Self::is_tagged_form`] says so of the body that was read, [`Self::encode_tagged`] gives it back.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let tagged = self.iter().any(|(_, tag, _)| !tag.is_empty());
        self.encode_as(tagged, out);
    }

    /// Appends the body of a PREVIOUS_GTIDS in the tagged form, which MySQL reads from 8.3 on.
    pub fn encode_tagged(&self, out: &mut Vec<u8>) {
        self.encode_as(true, out);
    }

    /// Whether the body of a PREVIOUS_GTIDS is in the tagged form.
    #[must_use]
    pub fn is_tagged_form(body: &[u8]) -> bool {
        matches!(read_count(&mut Reader::new(body)), Ok((_, true)))
    }

    fn encode_as(&self, tagged: bool, out: &mut Vec<u8>) {
        let count = self.iter().count() as u64;
        let head = if tagged {
            TAGGED << FORM_SHIFT | count << 8 | TAGGED
        } else {
            count
        };
        out.extend(head.to_le_bytes());
        for (sid, tag, intervals) in self.iter() {
            out.extend(sid.0);
            if tagged {
                serialization::put_string(out, tag.as_str());
            }
            out.extend((intervals.len() as u64).to_le_bytes());
            for interval in intervals {
                out.extend(interval.start.to_le_bytes());
                out.extend(interval.end.to_le_bytes());
            }
        }
    }
}

fn read_count(reader: &mut Reader<'_>) -> Result<(u64, bool), FieldError> {
    let count = reader.u64("number of sids")?;
    match count >> FORM_SHIFT {
        0 => Ok((count, false)),
        TAGGED if count & 0xff == TAGGED => Ok((count << 8 >> 16, true)),
        _ => Err(FieldError::Invalid {
            field: "number of sids",
            value: count,
            why: "has neither the mark of the untagged form nor those of the tagged one",
        }),
    }
}

/// The server and tag, if they come after those before.
fn after(last: Option<(Sid, Tag)>, next: (Sid, Tag)) -> Result<(Sid, Tag), FieldError> {
    match last.is_none_or(|last| last < next) {
        true => Ok(next),
        false => Err(FieldError::Invalid {
            field: "sid",
            value: next.0.0.first().copied().unwrap_or_default().into(),
            why: "begins one that is not after the sid before",
        }),
    }
}

fn read_tag(reader: &mut Reader<'_>) -> Result<Tag, FieldError> {
    Tag::from_log(serialization::read_string(reader, "tag")?)
}

fn read_intervals(reader: &mut Reader<'_>, mut take: impl FnMut(Interval)) -> Result<(), FieldError> {
    let number = reader.u64("number of intervals")?;
    if number == 0 {
        return Err(FieldError::Invalid {
            field: "number of intervals",
            value: number,
            why: "is not at least 1",
        });
    }
    let len = number.saturating_mul(INTERVAL_LEN);
    let mut reader = reader.sub(usize::try_from(len).unwrap_or(usize::MAX), "intervals")?;
    let mut last = 0;
    while !reader.is_empty() {
        let interval = read_interval(&mut reader, last)?;
        last = interval.end;
        take(interval);
    }
    Ok(())
}

/// An interval after `last`, the end of the one before it.
fn read_interval(reader: &mut Reader<'_>, last: u64) -> Result<Interval, FieldError> {
    let start = checked_gno(reader.u64("interval start")?)?;
    let end = reader.u64("interval end")?;
    if start <= last {
        return Err(FieldError::Invalid {
            field: "interval start",
            value: start,
            why: "is not after the interval before",
        });
    }
    if end <= start || end > MAX_GNO + 1 {
        return Err(FieldError::Invalid {
            field: "interval end",
            value: end,
            why: "is not after its start, or more than 2^63 - 1",
        });
    }
    Ok(Interval { start, end })
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
    const B: &str = "f0000000-0000-0000-0000-000000000001";

    fn bytes(hex: &str) -> Vec<u8> {
        let hex = hex
            .replace("a/", &A.replace('-', ""))
            .replace("b/", &B.replace('-', ""));
        let hex: Vec<u8> = hex.bytes().filter(|c| *c != b' ').collect();
        let digit = |c: u8| (c as char).to_digit(16).unwrap() as u8;
        hex.chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
    }

    #[test]
    fn bytes_of_sets() {
        #[rustfmt::skip]
        let cases = [
            ("0000000000000000", ""),
            ("0100000000000000 a/ 0100000000000000 0100000000000000 0800000000000000", "a/:1-7"),
            ("0200000000000000 a/ 0200000000000000 0100000000000000 0200000000000000 0500000000000000 0800000000000000
              b/ 0100000000000000 feffffffffffff7f ffffffffffffff7f", "a/:1:5-7,b/:9223372036854775806"),
            ("0102000000000001 a/ 00 0100000000000000 0100000000000000 0800000000000000
              a/ 0a6d79746167 0100000000000000 0100000000000000 0400000000000000", "a/:1-7:mytag:1-3"),
        ];
        for (hex, expected) in cases {
            let body = bytes(&hex.replace('\n', ""));
            let set = GtidSet::decode(&body).unwrap();
            assert_eq!(set.to_string(), expected.replace("a/", A).replace("b/", B));
            let mut out = Vec::new();
            set.encode(&mut out);
            assert_eq!(out, body, "{expected}");
            for cut in 0..body.len() {
                assert!(GtidSet::decode(&body[..cut]).is_err());
            }
        }
    }

    #[test]
    fn the_tagged_form_without_tags_is_read_too() {
        // As MySQL 9.7 writes it after a transaction with a tag was rolled back.
        let one = bytes("0101000000000001 a/ 00 0100000000000000 0100000000000000 0800000000000000");
        for (body, expected) in [(one, format!("{A}:1-7")), (bytes("0100000000000001"), String::new())] {
            let set = GtidSet::decode(&body).unwrap();
            assert_eq!(set.to_string(), expected);
            assert!(GtidSet::is_tagged_form(&body));
            let mut out = Vec::new();
            set.encode_tagged(&mut out);
            assert_eq!(out, body);
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let huge = "ffffffffffffff00";
        let one = "0100000000000000";
        #[rustfmt::skip]
        let cases = [
            ("00", "number of sids: need 8 bytes, have 1".to_owned()),
            (huge, "sid: need 16 bytes, have 0".to_owned()),
            ("0000000000000002", "number of sids: 144115188075855872 has neither the mark of the untagged form nor those of the tagged one".to_owned()),
            ("0000000000000001", "number of sids: 72057594037927936 has neither the mark of the untagged form nor those of the tagged one".to_owned()),
            ("000000000000000000", "1 bytes left over after GTID set".to_owned()),
            (&format!("{one} a/ {huge}"), format!("intervals: need {} bytes, have 0", 0xff_ffff_ffff_ffff_u64 * 16)),
            (&format!("{one} a/ {one} 0000000000000000 {one}"), "gno: 0 is not from 1 to 2^63 - 2".to_owned()),
            (&format!("{one} a/ {one} {one} {one}"), "interval end: 1 is not after its start, or more than 2^63 - 1".to_owned()),
            (&format!("{one} a/ {one} {one} 0000000000000080"), "interval end: 9223372036854775808 is not after its start, or more than 2^63 - 1".to_owned()),
            (&format!("{one} a/ 0200000000000000 {one} 0300000000000000 0300000000000000 0400000000000000"), "interval start: 3 is not after the interval before".to_owned()),
            (&format!("{one} a/ 0000000000000000"), "number of intervals: 0 is not at least 1".to_owned()),
            (&format!("0200000000000000 b/ {one} {one} 0200000000000000 a/ {one} {one} 0200000000000000"), "sid: 62 begins one that is not after the sid before".to_owned()),
            ("0101000000000001 a/ 0241", "tag: 1 bytes that are no tag: it has at most 32 of a-z, 0-9 and _, and begins with no digit".to_owned()),
        ];
        for (hex, expected) in cases {
            let error = GtidSet::decode(&bytes(hex)).unwrap_err();
            assert_eq!(error.to_string(), expected, "{hex}");
        }
    }
}
