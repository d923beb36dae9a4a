//! The GTIDs of a log's own transactions, and of those before.

use std::collections::BTreeMap;
use std::fmt;

use binlog_parser::gtid::{GtidSet, MariaDbGtid, TransactionGtid};

/// GTIDs of either server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Gtids {
    /// There are none.
    #[default]
    None,
    /// A set of MySQL.
    MySql(GtidSet),
    /// Sequence numbers of MariaDB, by domain and server.
    MariaDb(MariaDbRanges),
}

/// The sequence numbers that each server wrote in each domain.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MariaDbRanges {
    ranges: BTreeMap<(u32, u32), MariaDbRange>,
}

/// Sequence numbers of one server in one domain. Numbers between may be another server's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MariaDbRange {
    /// The least.
    pub first: u64,
    /// The greatest.
    pub last: u64,
}

impl Gtids {
    /// Adds a transaction. `false` where it is there already (MySQL), or not above those that are (MariaDB).
    pub(crate) fn insert(&mut self, gtid: &TransactionGtid) -> bool {
        match (&mut *self, gtid) {
            (Self::MySql(set), TransactionGtid::MySql(gtid)) => set.insert(gtid),
            (Self::MariaDb(ranges), TransactionGtid::MariaDb(gtid)) => ranges.insert(gtid),
            (_, TransactionGtid::MySql(gtid)) => {
                *self = Self::MySql([gtid.clone()].into_iter().collect());
                true
            }
            (_, TransactionGtid::MariaDb(gtid)) => {
                let mut ranges = MariaDbRanges::default();
                ranges.insert(gtid);
                *self = Self::MariaDb(ranges);
                true
            }
        }
    }

    /// What a GTID_LIST says: everything up to its entries.
    pub(crate) fn of_list(list: &[MariaDbGtid]) -> Self {
        let entry = |gtid: &MariaDbGtid| {
            let last = gtid.sequence;
            ((gtid.domain, gtid.server_id), MariaDbRange { first: 1, last })
        };
        Self::MariaDb(MariaDbRanges {
            ranges: list.iter().map(entry).collect(),
        })
    }

    /// The numbers of one server in one domain; none where `first` is above `last`.
    pub(crate) fn of_range(domain: u32, server: u32, range: MariaDbRange) -> Self {
        let range = range.checked().map(|range| ((domain, server), range));
        Self::MariaDb(MariaDbRanges {
            ranges: range.into_iter().collect(),
        })
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::None => true,
            Self::MySql(set) => set.is_empty(),
            Self::MariaDb(ranges) => ranges.ranges.is_empty(),
        }
    }

    /// Adds all of `other`, where it is of the same server.
    pub(crate) fn add(&mut self, other: &Self) {
        match (&mut *self, other) {
            (Self::MySql(ours), Self::MySql(theirs)) => ours.union_with(theirs),
            (Self::MariaDb(ours), Self::MariaDb(theirs)) => {
                for (key, range) in &theirs.ranges {
                    ours.widen(*key, range.first, range.last);
                }
            }
            (Self::None, theirs) => *self = theirs.clone(),
            _ => {}
        }
    }

    /// What is in both. Of MariaDB's ranges: where they overlap.
    pub(crate) fn common(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::MySql(ours), Self::MySql(theirs)) => Self::MySql(ours.intersection(theirs)),
            (Self::MariaDb(ours), Self::MariaDb(theirs)) => Self::MariaDb(ours.combined(theirs, MariaDbRange::common)),
            _ => Self::None,
        }
    }

    /// What is here and not in `other`. Of MariaDB's ranges: what is above theirs.
    pub(crate) fn without(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::MySql(ours), Self::MySql(theirs)) => {
                let mut rest = ours.clone();
                rest.subtract(theirs);
                Self::MySql(rest)
            }
            (Self::MariaDb(ours), Self::MariaDb(theirs)) => Self::MariaDb(ours.combined(theirs, MariaDbRange::above)),
            _ => self.clone(),
        }
    }
}

impl MariaDbRanges {
    /// The ranges, by domain and server.
    pub fn iter(&self) -> impl Iterator<Item = (u32, u32, MariaDbRange)> {
        self.ranges
            .iter()
            .map(|((domain, server), range)| (*domain, *server, *range))
    }

    fn insert(&mut self, gtid: &MariaDbGtid) -> bool {
        self.widen((gtid.domain, gtid.server_id), gtid.sequence, gtid.sequence)
    }

    /// Whether `last` is above what was there.
    fn widen(&mut self, key: (u32, u32), first: u64, last: u64) -> bool {
        let range = self.ranges.entry(key).or_insert(MariaDbRange { first, last: 0 });
        let above = last > range.last;
        range.first = range.first.min(first);
        range.last = range.last.max(last);
        above
    }

    fn combined(
        &self,
        other: &Self,
        combine: impl Fn(MariaDbRange, Option<&MariaDbRange>) -> Option<MariaDbRange>,
    ) -> Self {
        let ranges = self
            .ranges
            .iter()
            .filter_map(|(key, range)| Some((*key, combine(*range, other.ranges.get(key))?)));
        Self {
            ranges: ranges.collect(),
        }
    }
}

impl MariaDbRange {
    fn common(self, other: Option<&Self>) -> Option<Self> {
        let other = other?;
        Self {
            first: self.first.max(other.first),
            last: self.last.min(other.last),
        }
        .checked()
    }

    fn above(self, other: Option<&Self>) -> Option<Self> {
        let reached = other.map_or(0, |other| other.last);
        Self {
            first: self.first.max(reached.saturating_add(1)),
            last: self.last,
        }
        .checked()
    }

    fn checked(self) -> Option<Self> {
        (self.first <= self.last).then_some(self)
    }
}

impl fmt::Display for Gtids {
    /// MySQL's text of a set; of MariaDB's ranges `0-1-7..12, 3-1-5`; nothing where there are none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::MySql(set) => set.fmt(f),
            Self::MariaDb(ranges) => ranges.fmt(f),
        }
    }
}

impl fmt::Display for MariaDbRanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut comma = "";
        for (domain, server, MariaDbRange { first, last }) in self.iter() {
            write!(f, "{comma}{domain}-{server}-{first}")?;
            if last > first {
                write!(f, "..{last}")?;
            }
            comma = ", ";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mariadb(entries: &[(u32, u32, u64)]) -> Gtids {
        let mut gtids = Gtids::MariaDb(MariaDbRanges::default());
        for (domain, server_id, sequence) in entries {
            gtids.insert(&TransactionGtid::MariaDb(MariaDbGtid {
                domain: *domain,
                server_id: *server_id,
                sequence: *sequence,
            }));
        }
        gtids
    }

    #[test]
    fn ranges_of_mariadb() {
        let own = mariadb(&[(0, 1, 7), (0, 1, 12), (3, 1, 5)]);
        assert_eq!(own.to_string(), "0-1-7..12, 3-1-5");
        let list = [(0, 1, 9), (4, 1, 1)].map(|(domain, server_id, sequence)| MariaDbGtid {
            domain,
            server_id,
            sequence,
        });
        let before = Gtids::of_list(&list);
        assert_eq!(before.to_string(), "0-1-1..9, 4-1-1");
        assert_eq!(own.without(&before).to_string(), "0-1-10..12, 3-1-5");
        assert_eq!(own.common(&before).to_string(), "0-1-7..9");
    }

    #[test]
    fn what_comes_again_is_not_new() {
        let mut own = mariadb(&[(0, 1, 7)]);
        let gtid = |sequence| {
            TransactionGtid::MariaDb(MariaDbGtid {
                domain: 0,
                server_id: 1,
                sequence,
            })
        };
        assert!(own.insert(&gtid(8)));
        assert!(!own.insert(&gtid(8)));
        assert!(!own.insert(&gtid(5)));
    }
}
