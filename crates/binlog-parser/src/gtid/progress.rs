//! What both servers' GTIDs have in common: a transaction has one, and a replica has got so far.

use std::fmt;
use std::str::FromStr;

use crate::event::Event;
use crate::gtid::{Gtid, GtidSet, GtidTextError, MariaDbGtid, MariaDbGtidPosition};

/// The GTID of one transaction, of either server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TransactionGtid {
    /// Of a MySQL server.
    MySql(Gtid),
    /// Of a MariaDB server.
    MariaDb(MariaDbGtid),
}

impl TransactionGtid {
    /// The GTID of the transaction that the event begins, if it begins one and names it.
    #[must_use]
    pub fn of(event: &Event<'_>) -> Option<Self> {
        match event {
            Event::Gtid(event) => event.gtid.clone().map(Self::MySql),
            Event::MariaDbGtid(event) => Some(Self::MariaDb(event.gtid)),
            _ => None,
        }
    }
}

impl fmt::Display for TransactionGtid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MySql(gtid) => gtid.fmt(f),
            Self::MariaDb(gtid) => gtid.fmt(f),
        }
    }
}

/// How far a replica has got, in the words of its source.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum GtidProgress {
    /// The source writes no GTIDs.
    #[default]
    None,
    /// MySQL: the set of transactions that were executed.
    MySql(GtidSet),
    /// MariaDB: the last transaction of each domain.
    MariaDb(MariaDbGtidPosition),
}

impl GtidProgress {
    /// A MySQL set, from its text. The empty text is the empty set.
    pub fn parse_mysql(text: &str) -> Result<Self, GtidTextError> {
        text.parse().map(Self::MySql)
    }

    /// A MariaDB position, from its text. The empty text is the position before all transactions.
    pub fn parse_mariadb(text: &str) -> Result<Self, GtidTextError> {
        text.parse().map(Self::MariaDb)
    }

    /// Adds a transaction; the first one decides of which server the progress is.
    ///
    /// Returns whether it was added: a GTID of the other server says nothing about this progress, and is not.
    pub fn advance(&mut self, gtid: &TransactionGtid) -> bool {
        match (&mut *self, gtid) {
            (Self::MySql(set), TransactionGtid::MySql(gtid)) => {
                set.insert(gtid);
            }
            (Self::MariaDb(position), TransactionGtid::MariaDb(gtid)) => {
                position.advance(gtid);
            }
            (Self::None, TransactionGtid::MySql(gtid)) => *self = Self::MySql([gtid.clone()].into_iter().collect()),
            (Self::None, TransactionGtid::MariaDb(gtid)) => *self = Self::MariaDb([*gtid].into_iter().collect()),
            _ => return false,
        }
        true
    }

    /// Whether the transaction is part of it. A GTID of the other server is not.
    #[must_use]
    pub fn contains(&self, gtid: &TransactionGtid) -> bool {
        match (self, gtid) {
            (Self::MySql(set), TransactionGtid::MySql(gtid)) => set.contains(gtid),
            (Self::MariaDb(position), TransactionGtid::MariaDb(gtid)) => position.contains(gtid),
            _ => false,
        }
    }

    /// Whether all of `other` is part of it. Of an empty one it always is.
    #[must_use]
    pub fn includes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::MySql(ours), Self::MySql(theirs)) => theirs.is_subset_of(ours),
            (Self::MariaDb(ours), Self::MariaDb(theirs)) => ours.includes(theirs),
            _ => other.is_empty(),
        }
    }

    /// Whether the source writes no GTIDs.
    #[must_use]
    pub fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// Whether there is no transaction in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::None => true,
            Self::MySql(set) => set.is_empty(),
            Self::MariaDb(position) => position.is_empty(),
        }
    }
}

impl FromStr for GtidProgress {
    type Err = GtidTextError;

    /// A set has colons, a position has none. A text without any GTID says nothing: [`GtidProgress::None`].
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let progress = match text.contains(':') {
            true => Self::parse_mysql(text)?,
            false => Self::parse_mariadb(text)?,
        };
        Ok(if progress.is_empty() { Self::None } else { progress })
    }
}

impl fmt::Display for GtidProgress {
    /// The text of the set or the position; nothing where there are no GTIDs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::MySql(set) => set.fmt(f),
            Self::MariaDb(position) => position.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_of_one_server() {
        let sid = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
        let mysql = [format!("{sid}:1"), format!("{sid}:2"), format!("{sid}:tag:1")];
        let mariadb = ["0-1-5", "0-2-6", "7-1-1"].map(str::to_owned);
        for (gtids, other, expected) in [
            (&mysql, "0-1-5", format!("{sid}:1-2:tag:1")),
            (&mariadb, &*format!("{sid}:1"), "0-2-6,7-1-1".to_owned()),
        ] {
            let mut progress = GtidProgress::None;
            assert!(progress.is_none() && progress.is_empty() && progress.to_string().is_empty());
            for gtid in gtids.iter().map(|text| text.parse().unwrap()) {
                assert!(!progress.contains(&gtid));
                assert!(progress.advance(&gtid) && progress.contains(&gtid));
            }
            assert_eq!(progress.to_string(), expected);
            let other = other.parse().unwrap();
            assert!(!progress.advance(&other) && !progress.contains(&other));
            assert_eq!(progress.to_string(), expected);
        }
    }

    #[test]
    fn inclusion() {
        let position = |text| GtidProgress::parse_mariadb(text).unwrap();
        #[rustfmt::skip]
        let cases = [
            ("0-1-5", "0-1-5", true), ("0-1-5", "0-2-4", true), ("0-1-5", "0-1-6", false), ("0-1-5", "", true),
            ("", "0-1-5", false), ("0-1-5", "0-1-5,1-1-1", false), ("0-1-5,1-1-1", "0-1-5", true),
        ];
        for (ours, theirs, expected) in cases {
            assert_eq!(position(ours).includes(&position(theirs)), expected, "{ours} {theirs}");
        }
        assert!(GtidProgress::None.includes(&position("")));
        assert!(!GtidProgress::None.includes(&position("0-1-1")));
    }
}
