//! The checkpoint, and the intent to run a statement that commits by itself: one row on the target.

use binlog_parser::Coordinates;
use binlog_parser::gtid::{GtidProgress, TransactionGtid};

use crate::error::{ApplyError, ApplyErrorKind};
use crate::intent::Intent;
use crate::target::{Target, push_text};

/// Schema of the applier's own table; the source's changes to it are never applied.
pub(crate) const OWN_SCHEMA: &str = "binlog_replica";

const CREATE_TABLE: &str = "CREATE TABLE IF NOT EXISTS binlog_replica.checkpoint (
  name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
  log_file VARCHAR(512) NOT NULL,
  log_position BIGINT UNSIGNED NOT NULL,
  gtids LONGTEXT NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  intent_sql LONGTEXT NULL,
  intent_remedy VARCHAR(16) NULL,
  intent_before LONGTEXT NULL,
  intent_file VARCHAR(512) NULL,
  intent_position BIGINT UNSIGNED NULL,
  intent_gtids LONGTEXT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4";

/// How far the target has got: all transactions up to here are applied, and none after.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checkpoint {
    /// Position after the last transaction, as the source counts.
    pub coordinates: Coordinates,
    /// GTIDs of all transactions up to here; none where they are not known from the beginning.
    pub gtids: GtidProgress,
}

/// The row of one name.
#[derive(Debug, Default)]
pub(crate) struct Stored {
    /// As it stands there; `None` where there is no row.
    pub(crate) row: Option<Row>,
    pub(crate) checkpoint: Option<Checkpoint>,
    pub(crate) intent: Option<Intent>,
}

/// The words of a row, without its intent. Without a checkpoint the file's name is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    file: String,
    position: u64,
    gtids: String,
}

impl From<&Checkpoint> for Row {
    fn from(checkpoint: &Checkpoint) -> Self {
        Self {
            file: checkpoint.coordinates.file.clone(),
            position: checkpoint.coordinates.position,
            gtids: checkpoint.gtids.to_string(),
        }
    }
}

/// The row's columns, without the name.
type Columns = (
    (String, u64, String),
    (Option<String>, Option<String>, Option<String>),
    (Option<String>, Option<u64>, Option<String>),
);

impl Checkpoint {
    /// Whether the transaction with this GTID, whose first event ends there, is applied already.
    pub(crate) fn holds(&self, gtid: Option<&TransactionGtid>, first_end: &Coordinates) -> bool {
        match gtid {
            Some(gtid) if self.gtids != GtidProgress::None => self.gtids.contains(gtid),
            _ => is_at_or_before(first_end, &self.coordinates),
        }
    }

    /// Whether the GTID is of the family of servers whose GTIDs are held, if any are.
    pub(crate) fn fits(&self, gtid: &TransactionGtid) -> bool {
        matches!(
            (&self.gtids, gtid),
            (GtidProgress::None, _)
                | (GtidProgress::MySql(_), TransactionGtid::MySql(_))
                | (GtidProgress::MariaDb(_), TransactionGtid::MariaDb(_))
        )
    }

    /// Moves past a transaction that ends there. GTIDs are collected only where those before are known:
    /// a set with a gap at its beginning would ask the source for what is on the target already.
    pub(crate) fn pass(&mut self, gtid: Option<&TransactionGtid>, end: Coordinates) {
        self.coordinates = end;
        if let Some(gtid) = gtid.filter(|_| !self.gtids.is_none()) {
            self.gtids.advance(gtid);
        }
    }

    /// Learns at this place of a log which GTIDs all logs before it hold.
    ///
    /// # Errors
    /// The GTIDs, if some of them are missing on the target: there is a log between that was not applied.
    pub(crate) fn learn(&mut self, earlier: GtidProgress, place: &Coordinates) -> Result<(), GtidProgress> {
        if !self.gtids.is_none() {
            return if self.gtids.includes(&earlier) {
                Ok(())
            } else {
                Err(earlier)
            };
        }
        if !is_at_or_before(place, &self.coordinates) {
            self.gtids = earlier;
        }
        Ok(())
    }

    /// Moves to a place between transactions, never backwards in the same sequence of logs.
    pub(crate) fn reach(&mut self, place: Coordinates) -> bool {
        let moves = !is_at_or_before(&place, &self.coordinates);
        if moves {
            self.coordinates = place;
        }
        moves
    }
}

/// Whether the table is there.
fn is_there(target: &mut Target) -> Result<bool, ApplyError> {
    let there: Option<u8> = target.first(
        "SELECT 1 FROM information_schema.tables WHERE table_schema = 'binlog_replica' AND table_name = 'checkpoint'",
        "looking for the table binlog_replica.checkpoint",
    )?;
    Ok(there.is_some())
}

/// Reads the row of a name, if there is a table.
pub(crate) fn look(target: &mut Target, name: &str) -> Result<Stored, ApplyError> {
    match is_there(target)? {
        true => load(target, name),
        false => Ok(Stored::default()),
    }
}

/// Makes the table where it is missing.
pub(crate) fn prepare(target: &mut Target) -> Result<(), ApplyError> {
    const DOING: &str = "making the table binlog_replica.checkpoint";
    if !is_there(target)? {
        target.run("CREATE DATABASE IF NOT EXISTS binlog_replica", DOING)?;
        target.run(CREATE_TABLE, DOING)?;
    }
    Ok(())
}

/// Reads the row of a name. A transaction of a predecessor that is about to be committed has the row locked: we wait
/// for its end.
pub(crate) fn load(target: &mut Target, name: &str) -> Result<Stored, ApplyError> {
    let mut sql = b"SELECT log_file, log_position, gtids, intent_sql, intent_remedy, intent_before, \
        intent_file, intent_position, intent_gtids FROM binlog_replica.checkpoint WHERE name = "
        .to_vec();
    push_text(&mut sql, name);
    sql.extend(b" FOR UPDATE");
    let row = target.first(&String::from_utf8_lossy(&sql), "reading binlog_replica.checkpoint")?;
    let Some((file, position, gtids, text, remedy, before, to_file, to_position, to_gtids)) = row else {
        return Ok(Stored::default());
    };
    let row: Columns = (
        (file, position, gtids),
        (text, remedy, before),
        (to_file, to_position, to_gtids),
    );
    stored(row).map_err(|why| {
        ApplyErrorKind::Checkpoint {
            name: name.to_owned(),
            why,
        }
        .into()
    })
}

fn stored(((file, position, gtids), intent, after): Columns) -> Result<Stored, String> {
    let row = Row {
        file: file.clone(),
        position,
        gtids: gtids.clone(),
    };
    let checkpoint = (!file.is_empty())
        .then(|| checkpoint(file, position, &gtids))
        .transpose()?;
    let intent = match intent {
        (Some(sql), Some(remedy), Some(before)) => {
            let (file, position, gtids) = after;
            let after = checkpoint_of(file, position, gtids)?;
            Some(Intent::parse(sql, &remedy, &before, after)?)
        }
        _ => None,
    };
    Ok(Stored {
        row: Some(row),
        checkpoint,
        intent,
    })
}

fn checkpoint_of(file: Option<String>, position: Option<u64>, gtids: Option<String>) -> Result<Checkpoint, String> {
    checkpoint(
        file.unwrap_or_default(),
        position.unwrap_or_default(),
        &gtids.unwrap_or_default(),
    )
}

fn checkpoint(file: String, position: u64, gtids: &str) -> Result<Checkpoint, String> {
    let gtids = gtids
        .parse()
        .map_err(|error| format!("its GTIDs cannot be read: {error}"))?;
    let coordinates = Coordinates { file, position };
    Ok(Checkpoint { coordinates, gtids })
}

/// The statement that writes the row over what it is now. It changes one row, or none if somebody else moved the
/// checkpoint meanwhile. Without an intent, one that was there is gone.
pub(crate) fn store(name: &str, now: Option<&Row>, row: &Row, intent: Option<&Intent>) -> String {
    let sql = match now {
        None => insert(name, row, intent),
        Some(now) => update(name, now, row, intent),
    };
    // All that is not ASCII stands there in hexadecimal.
    String::from_utf8_lossy(&sql).into_owned()
}

const COLUMNS: [&str; 3] = ["log_file", "log_position", "gtids"];
const INTENT_COLUMNS: [&str; 6] = [
    "intent_sql",
    "intent_remedy",
    "intent_before",
    "intent_file",
    "intent_position",
    "intent_gtids",
];

fn insert(name: &str, row: &Row, intent: Option<&Intent>) -> Vec<u8> {
    let columns = [&COLUMNS[..], &INTENT_COLUMNS[..]].concat().join(", ");
    let mut sql = format!("INSERT INTO binlog_replica.checkpoint (name, updated_at, {columns}) VALUES (").into_bytes();
    push_text(&mut sql, name);
    sql.extend(b", SYSDATE(6)");
    for value in row.values().into_iter().chain(intent_values(intent)) {
        sql.extend(b", ");
        sql.extend(value);
    }
    sql.push(b')');
    sql
}

fn update(name: &str, now: &Row, row: &Row, intent: Option<&Intent>) -> Vec<u8> {
    let mut sql = b"UPDATE binlog_replica.checkpoint SET updated_at = SYSDATE(6)".to_vec();
    let columns = COLUMNS.iter().chain(&INTENT_COLUMNS);
    for (column, value) in columns.zip(row.values().into_iter().chain(intent_values(intent))) {
        sql.extend(format!(", {column} = ").into_bytes());
        sql.extend(value);
    }
    sql.extend(b" WHERE name = ");
    push_text(&mut sql, name);
    for (column, value) in COLUMNS.iter().zip(now.values()) {
        sql.extend(format!(" AND {column} = ").into_bytes());
        sql.extend(value);
    }
    sql
}

impl Row {
    /// As literals.
    fn values(&self) -> [Vec<u8>; 3] {
        [
            text(&self.file),
            self.position.to_string().into_bytes(),
            text(&self.gtids),
        ]
    }
}

fn intent_values(intent: Option<&Intent>) -> Vec<Vec<u8>> {
    let Some(intent) = intent else {
        return vec![b"NULL".to_vec(); INTENT_COLUMNS.len()];
    };
    let words = [&intent.sql, intent.remedy.name(), &intent.before_text()].map(text);
    words.into_iter().chain(Row::from(&intent.after).values()).collect()
}

fn text(text: &str) -> Vec<u8> {
    let mut literal = Vec::new();
    push_text(&mut literal, text);
    literal
}

/// Whether a place lies at or before another of the same sequence of logs.
fn is_at_or_before(place: &Coordinates, other: &Coordinates) -> bool {
    if place.file == other.file {
        return place.position <= other.position;
    }
    match (sequence(&place.file), sequence(&other.file)) {
        (Some((base, number)), Some((other_base, other_number))) => base == other_base && number < other_number,
        _ => false,
    }
}

/// Whether logs of the same sequence lie between the two.
pub(crate) fn skips_logs(from: &str, to: &str) -> bool {
    match (sequence(from), sequence(to)) {
        (Some((base, number)), Some((other, next))) => base == other && next > number.saturating_add(1),
        _ => false,
    }
}

/// `binlog.000042` is number 42 of the sequence `binlog`.
fn sequence(file: &str) -> Option<(&str, u64)> {
    let (base, number) = file.rsplit_once('.')?;
    Some((base, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_of_places() {
        let check = |place: &str, other: &str, expected: bool| {
            let [place, other] = [place, other].map(|text| {
                let (file, position) = text.split_once(':').unwrap();
                Coordinates {
                    file: file.to_owned(),
                    position: position.parse().unwrap(),
                }
            });
            assert_eq!(is_at_or_before(&place, &other), expected, "{place} {other}");
        };
        check("binlog.000001:4", "binlog.000001:4", true);
        check("binlog.000001:5", "binlog.000001:4", false);
        check("binlog.000001:900", "binlog.000002:4", true);
        check("binlog.000002:4", "binlog.000001:900", false);
        check("binlog.999999:4", "binlog.1000000:4", true);
        check("other.000001:4", "binlog.000002:4", false);
        check("binlog:4", "stdin:900", false);
    }

    #[test]
    fn logs_between() {
        let check = |from, to, expected: bool| assert_eq!(skips_logs(from, to), expected, "{from} {to}");
        check("binlog.000001", "binlog.000001", false);
        check("binlog.000001", "binlog.000002", false);
        check("binlog.000001", "binlog.000003", true);
        check("binlog.000003", "binlog.000001", false);
        check("binlog.000001", "other.000003", false);
        check("", "binlog.000003", false);
        check("stdin", "binlog.000003", false);
    }
}
