//! MariaDB GTIDs: `domain-server-sequence`, and positions and lists made of them.

use std::collections::BTreeMap;
use std::fmt;

use crate::error::FieldError;
use crate::reader::Reader;

/// One transaction's identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MariaDbGtid {
    /// Replication domain.
    pub domain: u32,
    /// Server where the transaction began.
    pub server_id: u32,
    /// Sequence number in the domain.
    pub sequence: u64,
}

impl fmt::Display for MariaDbGtid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.domain, self.server_id, self.sequence)
    }
}

/// The last transaction of each domain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MariaDbGtidPosition {
    domains: BTreeMap<u32, MariaDbGtid>,
}

impl MariaDbGtidPosition {
    /// Makes the transaction the last one of its domain, and returns the one that was the last.
    pub fn advance(&mut self, gtid: &MariaDbGtid) -> Option<MariaDbGtid> {
        self.domains.insert(gtid.domain, *gtid)
    }

    /// Whether the transaction is at or before the position: its domain's sequence number has been reached.
    /// The server makes sure of rising sequence numbers only under `gtid_strict_mode`.
    #[must_use]
    pub fn contains(&self, gtid: &MariaDbGtid) -> bool {
        let last = self.domains.get(&gtid.domain);
        last.is_some_and(|last| last.sequence >= gtid.sequence)
    }

    /// Whether every transaction of `other` is at or before this position.
    #[must_use]
    pub fn includes(&self, other: &Self) -> bool {
        other.iter().all(|gtid| self.contains(gtid))
    }

    /// Moves each domain on to where `other` is, if that is further.
    pub fn union_with(&mut self, other: &Self) {
        for gtid in other.iter() {
            if !self.contains(gtid) {
                self.advance(gtid);
            }
        }
    }

    /// How far both have got: of the domains in both, the one that is less far.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let less = |ours: &MariaDbGtid| {
            let theirs = other.domains.get(&ours.domain)?;
            Some(if theirs.sequence < ours.sequence {
                *theirs
            } else {
                *ours
            })
        };
        self.iter().filter_map(less).collect()
    }

    /// Whether no domain has a transaction.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.domains.is_empty()
    }

    /// The entries, by domain.
    pub fn iter(&self) -> impl Iterator<Item = &MariaDbGtid> {
        self.domains.values()
    }
}

impl FromIterator<MariaDbGtid> for MariaDbGtidPosition {
    /// The last entry of each domain counts. So it is in a GTID_LIST, which has one for each domain and server.
    fn from_iter<I: IntoIterator<Item = MariaDbGtid>>(gtids: I) -> Self {
        let domains = gtids.into_iter().map(|gtid| (gtid.domain, gtid)).collect();
        Self { domains }
    }
}

impl fmt::Display for MariaDbGtidPosition {
    /// `0-1-100,1-2-7`: by domain, as the server reads and prints it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut comma = "";
        for gtid in self.iter() {
            write!(f, "{comma}{gtid}")?;
            comma = ",";
        }
        Ok(())
    }
}

/// GTID_LIST: for each domain and server the last GTID in all logs before; the last of a domain is its newest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MariaDbGtidList {
    /// Four flags. 1: the replica's `UNTIL` position was reached (in a stream only). 2: the transactions of the
    /// list count as applied (in a relay log only). In a log there is none.
    pub flags: u8,
    /// The entries, in order.
    pub gtids: Vec<MariaDbGtid>,
    /// What stands after the entries: 2 bytes after an empty list, so that the body has 6.
    pub padding: Box<[u8]>,
}

const COUNT_BITS: u32 = 28;
const ENTRY_LEN: usize = 16;

impl MariaDbGtidList {
    /// Reads the body.
    pub fn decode(body: &[u8]) -> Result<Self, FieldError> {
        let mut reader = Reader::new(body);
        let count_and_flags = reader.u32("number of GTIDs")?;
        let count = count_and_flags & ((1 << COUNT_BITS) - 1);
        let mut entries = reader.sub(count as usize * ENTRY_LEN, "GTIDs")?;
        let gtids = std::iter::from_fn(|| (!entries.is_empty()).then(|| read_entry(&mut entries)));
        Ok(Self {
            flags: (count_and_flags >> COUNT_BITS) as u8,
            gtids: gtids.collect::<Result<_, _>>()?,
            padding: reader.take_rest().into(),
        })
    }

    /// Appends the body.
    ///
    /// # Errors
    /// There are more entries than 28 bits can count.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), FieldError> {
        let count = u32::try_from(self.gtids.len())
            .ok()
            .filter(|count| count >> COUNT_BITS == 0);
        let Some(count) = count else {
            return Err(FieldError::Invalid {
                field: "number of GTIDs",
                value: self.gtids.len() as u64,
                why: "is more than a GTID_LIST can hold",
            });
        };
        out.extend((count | u32::from(self.flags) << COUNT_BITS).to_le_bytes());
        for gtid in &self.gtids {
            out.extend(gtid.domain.to_le_bytes());
            out.extend(gtid.server_id.to_le_bytes());
            out.extend(gtid.sequence.to_le_bytes());
        }
        out.extend(&self.padding);
        Ok(())
    }
}

fn read_entry(reader: &mut Reader<'_>) -> Result<MariaDbGtid, FieldError> {
    Ok(MariaDbGtid {
        domain: reader.u32("domain")?,
        server_id: reader.u32("server id")?,
        sequence: reader.u64("sequence")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gtid(text: &str) -> MariaDbGtid {
        text.parse().unwrap()
    }

    #[test]
    fn lists() {
        // The first two as MariaDB 11.8 writes them.
        let mut two = vec![2, 0, 0, 0];
        two.extend([7, 0, 0, 0, 99, 0, 0, 0, 13, 0, 0, 0, 0, 0, 0, 0]);
        two.extend([0, 0, 0, 0, 1, 0, 0, 0, 51, 1, 0, 0, 0, 0, 0, 0]);
        let cases = [
            (vec![0, 0, 0, 0, 0, 0], 0, "", 2),
            (two, 0, "7-99-13 0-1-307", 0),
            (vec![0, 0, 0, 0x10], 1, "", 0),
        ];
        for (body, flags, gtids, padding) in cases {
            let list = MariaDbGtidList::decode(&body).unwrap();
            let texts: Vec<String> = list.gtids.iter().map(MariaDbGtid::to_string).collect();
            assert_eq!(
                (list.flags, &*texts.join(" "), list.padding.len()),
                (flags, gtids, padding)
            );
            let mut out = Vec::new();
            list.encode(&mut out).unwrap();
            assert_eq!(out, body);
        }
        let error = MariaDbGtidList::decode(&[0xff, 0xff, 0xff, 0x0f, 1]).unwrap_err();
        assert_eq!(error.to_string(), "GTIDs: need 4294967280 bytes, have 1");
    }

    #[test]
    fn algebra() {
        let cases = [
            ("0-1-5", "0-2-7", "0-2-7", "0-1-5"),
            ("0-1-5,1-1-9", "0-1-5,2-1-1", "0-1-5,1-1-9,2-1-1", "0-1-5"),
            ("0-1-5", "", "0-1-5", ""),
        ];
        for (left, right, union, intersection) in cases {
            for (left, right) in [(left, right), (right, left)] {
                let (left, right): (MariaDbGtidPosition, MariaDbGtidPosition) =
                    (left.parse().unwrap(), right.parse().unwrap());
                let mut both = left.clone();
                both.union_with(&right);
                assert_eq!(both.to_string(), union);
                assert_eq!(left.intersection(&right).to_string(), intersection);
                assert!(both.includes(&left) && both.includes(&right));
                assert!(left.includes(&left.intersection(&right)));
            }
        }
    }

    #[test]
    fn the_last_of_a_domain_counts() {
        let list = ["7-1-9", "7-99-13", "0-1-307"].map(gtid);
        let mut position: MariaDbGtidPosition = list.into_iter().collect();
        assert_eq!(position.to_string(), "0-1-307,7-99-13");
        for (text, within) in [("7-99-13", true), ("7-5-12", true), ("7-1-14", false), ("1-1-1", false)] {
            assert_eq!(position.contains(&gtid(text)), within, "{text}");
        }
        assert_eq!(position.advance(&gtid("7-5-14")), Some(gtid("7-99-13")));
        assert_eq!(position.advance(&gtid("1-1-1")), None);
        assert_eq!(position.to_string(), "0-1-307,1-1-1,7-5-14");
    }
}
