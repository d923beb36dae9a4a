//! Statements that commit by themselves: the intent is stored first, the checkpoint after.

use binlog_parser::Query;
use binlog_parser::event::Flavour;
use binlog_schema::{Object, StatementKind, Touched, Unparsed};

use crate::checkpoint::Checkpoint;
use crate::error::{ApplyError, ApplyErrorKind};
use crate::intent::{self, Intent, Remedy};
use crate::progress::Progress;
use crate::statement::{self, excerpt};
use crate::target::Target;

/// What MySQL adds to a CREATE TABLE whose rows follow in the same transaction.
const START_TRANSACTION: &[u8] = b" START TRANSACTION";

/// What a repeated statement says where it was done before: there is no such table, account, grant,
/// database, key, view, routine, trigger or event (any more).
const DONE_BEFORE: [u16; 10] = [1008, 1051, 1091, 1141, 1147, 1305, 1360, 1396, 1539, 4092];

/// A statement that commits by itself.
pub(crate) struct Ddl<'d> {
    pub(crate) query: &'d Query<'d>,
    pub(crate) touched: &'d Result<Touched, Unparsed>,
    /// Seconds since 1970 UTC.
    pub(crate) timestamp: u32,
    /// Where the target stands after it; `None` where its transaction goes on.
    pub(crate) after: Option<Checkpoint>,
    /// Whether an interrupted attempt may have done it.
    pub(crate) again: bool,
}

impl Ddl<'_> {
    /// Runs it. All before must be committed; the caller stores the checkpoint that passes it.
    pub(crate) fn run(&self, target: &mut Target, progress: &mut Progress) -> Result<(), ApplyError> {
        target.forget_session()?;
        let intent = self.intent(target)?;
        progress.store(target, Some(&intent))?;
        let sql = self.query.sql.strip_suffix(START_TRANSACTION).unwrap_or(self.query.sql);
        match statement::run(target, self.query, sql, self.timestamp) {
            Err(error) if says_done(&error) && self.is_done(target, &intent)? => Ok(()),
            // The target said no: the next attempt must not take the intent for an interruption.
            Err(error) if refused(&error) => {
                progress.store(target, None)?;
                Err(error)
            }
            Ok(()) => intent.disable_events(target),
            interrupted => interrupted,
        }
    }

    /// Whether a statement that found nothing to do is done: it was interrupted before, or dropped tables of which
    /// a MariaDB source did not have all either. Of what it drops, nothing must be left.
    fn is_done(&self, target: &mut Target, intent: &Intent) -> Result<bool, ApplyError> {
        let drops_tables = matches!(self.touched, Ok(touched) if touched.kind == StatementKind::DropTable);
        let repeated = self.again && intent.remedy == Remedy::Repeat;
        let partial = drops_tables && target.source() == Flavour::MariaDb;
        if !repeated && !partial {
            return Ok(false);
        }
        target.forget_session()?;
        intent.leaves_nothing(target)
    }

    fn intent(&self, target: &mut Target) -> Result<Intent, ApplyError> {
        let objects: &[Object] = self.touched.as_ref().map_or(&[], |touched| &touched.writes);
        let remedy = match &self.after {
            Some(_) => Remedy::of(self.touched, self.query.sql),
            None => self.remedy_inside()?,
        };
        Ok(Intent {
            sql: excerpt(self.query.sql),
            remedy,
            before: intent::prints(target, objects)?,
            after: self.after.clone().unwrap_or_default(),
        })
    }

    /// Only CREATE TABLE … SELECT goes on with rows after it.
    fn remedy_inside(&self) -> Result<Remedy, ApplyError> {
        match self.touched {
            Ok(touched) if touched.kind == StatementKind::CreateTable => Ok(Remedy::Undo),
            _ => Err(ApplyErrorKind::Unsupported {
                what: format!("the statement {}", excerpt(self.query.sql)),
                why: "it commits by itself in the middle of a transaction",
            }
            .into()),
        }
    }
}

fn says_done(error: &ApplyError) -> bool {
    matches!(&*error.kind, ApplyErrorKind::Statement { error: mysql::Error::MySqlError(answer), .. }
        if DONE_BEFORE.contains(&answer.code))
}

/// Whether the target answered, and so did not run it.
fn refused(error: &ApplyError) -> bool {
    matches!(&*error.kind, ApplyErrorKind::Statement { error: mysql::Error::MySqlError(_), .. } if !error.is_transient())
}
