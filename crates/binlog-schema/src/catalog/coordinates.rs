//! Where in a log the state of a dump stands.

use std::cmp::Ordering;
use std::fmt;

use binlog_parser::gtid::{GtidProgress, GtidTextError};

use super::origin::LogPlace;
use crate::cursor::Cursor;
use crate::lexer::Kind;

/// Where in a log the state of a dump stands, as far as the dump tells: mysqldump's `--source-data` and
/// `--set-gtid-purged`, mariadb-dump's `--master-data` and `--gtid`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Coordinates {
    /// The first event after the dump.
    pub(super) log: Option<LogPlace>,
    /// The transactions before the dump.
    pub(super) gtids: Option<GtidProgress>,
}

impl Coordinates {
    /// Takes what a statement tells.
    ///
    /// # Errors
    /// The GTIDs are none.
    pub(super) fn note(&mut self, mut cursor: Cursor<'_>) -> Result<(), GtidTextError> {
        if cursor.accept(&["CHANGE"]) {
            self.log = log_place(cursor).or(self.log.take());
        } else if cursor.accept(&["SET"]) {
            self.note_gtids(cursor)?;
        }
        Ok(())
    }

    /// `@@GLOBAL.GTID_PURGED = '+' 'set'`, `GLOBAL gtid_slave_pos = 'position'`
    fn note_gtids(&mut self, mut cursor: Cursor<'_>) -> Result<(), GtidTextError> {
        while !cursor.is_end() {
            let name = String::from_utf8_lossy(cursor.raw()).to_ascii_lowercase();
            cursor.advance();
            let name = name.trim_start_matches('@').trim_start_matches("global.");
            if matches!(name, "gtid_purged" | "gtid_slave_pos") && cursor.accept_symbol(b'=') {
                let text = texts(&mut cursor);
                let gtids = text.trim_start_matches('+').parse()?;
                self.gtids = Some(gtids).filter(|gtids| *gtids != GtidProgress::None);
            }
        }
        Ok(())
    }
}

/// Strings that stand one behind another.
fn texts(cursor: &mut Cursor<'_>) -> String {
    let mut all = String::new();
    while cursor.kind() == Some(Kind::Text) {
        all.push_str(&cursor.text());
        cursor.advance();
    }
    all
}

/// The rest of `CHANGE REPLICATION SOURCE TO SOURCE_LOG_FILE='…', SOURCE_LOG_POS=…`, or of `CHANGE MASTER TO`.
fn log_place(mut cursor: Cursor<'_>) -> Option<LogPlace> {
    let (mut file, mut position) = (None, None);
    while !cursor.is_end() {
        let is_file = cursor.is_one_of(&["SOURCE_LOG_FILE", "MASTER_LOG_FILE"]);
        let is_position = cursor.is_one_of(&["SOURCE_LOG_POS", "MASTER_LOG_POS"]);
        cursor.advance();
        if (is_file || is_position) && cursor.accept_symbol(b'=') {
            let value = cursor.text();
            position = if is_position { value.parse().ok() } else { position };
            file = if is_file { Some(value) } else { file };
        }
    }
    Some(LogPlace {
        file: file?.into(),
        position: position?,
    })
}

/// The order of two places; `None` where the logs are of different names.
pub(super) fn order(one: &LogPlace, other: &LogPlace) -> Option<Ordering> {
    let files = if one.file == other.file {
        Ordering::Equal
    } else {
        let ((base, number), (other_base, other_number)) = (numbered(&one.file)?, numbered(&other.file)?);
        (base == other_base).then(|| number.cmp(&other_number))?
    };
    Some(files.then(one.position.cmp(&other.position)))
}

/// `binlog.` and 42 of `binlog.000042`.
fn numbered(file: &str) -> Option<(&str, u64)> {
    let base = file.trim_end_matches(|digit: char| digit.is_ascii_digit());
    let number = file.strip_prefix(base)?.parse().ok()?;
    Some((base, number))
}

impl fmt::Display for Coordinates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.log, &self.gtids) {
            (Some(log), _) => log.fmt(f),
            (None, Some(gtids)) => write!(f, "GTIDs {gtids}"),
            (None, None) => f.write_str("the start"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexer::Tokens;
    use binlog_parser::event::Flavour;

    #[test]
    fn coordinates() {
        let mysql = "CHANGE REPLICATION SOURCE TO SOURCE_LOG_FILE='binlog.000002', SOURCE_LOG_POS=157";
        check(mysql, "binlog.000002:157");
        check("CHANGE MASTER TO MASTER_LOG_FILE='m.1', MASTER_LOG_POS=4", "m.1:4");
        check("CHANGE MASTER 'x' TO MASTER_LOG_POS=4, MASTER_LOG_FILE='m.1'", "m.1:4");
        check("CHANGE MASTER TO MASTER_USE_GTID=slave_pos", "the start");
        let set = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5";
        let purged = format!("SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ '{set}'");
        check(&purged, &format!("GTIDs {set}"));
        check("SET @@GLOBAL.GTID_PURGED=''", "the start");
        check("SET GLOBAL gtid_slave_pos='0-1-7,1-2-3'", "GTIDs 0-1-7,1-2-3");
    }

    #[test]
    fn orders() {
        let place = |(file, position): (&str, u64)| LogPlace {
            file: file.into(),
            position,
        };
        let check = |one, other, expected| assert_eq!(order(&place(one), &place(other)), expected);
        check(("b.000009", 99), ("b.000010", 4), Some(Ordering::Less));
        check(("b.000009", 99), ("b.000009", 99), Some(Ordering::Equal));
        check(("b.1000000", 4), ("b.999999", 5), Some(Ordering::Greater));
        check(("row.binlog", 4), ("row.binlog", 5), Some(Ordering::Less));
        check(("row.binlog", 4), ("binlog.000001", 5), None);
        check(("a.000001", 4), ("b.000001", 5), None);
    }

    fn check(sql: &str, expected: &str) {
        let tokens = Tokens::read(sql.as_bytes(), Flavour::MySql, 0).unwrap();
        let mut found = Coordinates::default();
        found.note(Cursor::new(&tokens)).unwrap();
        assert_eq!(found.to_string(), expected, "{sql}");
    }
}
