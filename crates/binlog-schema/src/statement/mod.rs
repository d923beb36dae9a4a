//! Which tables and other objects a statement reads and writes.
//!
//! Statements in a log were accepted by a server, so the parser does not check grammar: it finds
//! the names. What it cannot judge is [`Unparsed`], never a guess.

mod columns;
mod ddl;
mod dml;
mod excerpt;
mod head;
mod kind;
mod other;
mod program;
mod query;
mod rename;
mod scan;

use binlog_parser::event::Flavour;

use crate::TableName;
use crate::cursor::Cursor;
use crate::lexer::Tokens;
pub use columns::{Remainder, without_columns};
pub use kind::StatementKind;
pub use rename::{Renames, renamed, without};
use scan::{Scan, Scanner};

/// What a statement touches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// What it does.
    pub kind: StatementKind,
    /// What it changes, in the statement's order, each once.
    pub writes: Vec<Object>,
    /// What it reads or refers to but does not change, in the statement's order, each once. For a trigger, routine
    /// or event these are the tables in its body, as far as they are known.
    pub reads: Vec<Object>,
    /// Whether it makes, changes or drops `TEMPORARY` tables by that word.
    pub temporary: bool,
}

/// Something that a statement names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Object {
    /// A table, view or MariaDB sequence.
    Table(TableName),
    /// A whole schema: `CREATE`, `ALTER` or `DROP DATABASE`.
    Schema(String),
    /// A procedure, function or MariaDB package.
    Routine {
        /// Schema.
        schema: String,
        /// Name.
        name: String,
    },
    /// A trigger.
    Trigger {
        /// Schema.
        schema: String,
        /// Name.
        name: String,
        /// Table that it is on; `DROP TRIGGER` does not say.
        table: Option<TableName>,
    },
    /// An event of the event scheduler.
    Event {
        /// Schema.
        schema: String,
        /// Name.
        name: String,
    },
    /// What belongs to no schema: accounts, tablespaces, plugins, loadable functions, servers…
    Global,
}

/// A statement whose tables are not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the statement's tables cannot be told: {why}, in: {excerpt}")]
pub struct Unparsed {
    /// What the parser stumbled upon.
    pub why: String,
    /// What the statement does, where its head says so.
    pub kind: Option<StatementKind>,
    /// The statement's first 200 characters, without the contents of its strings.
    pub excerpt: String,
}

/// What the statement touches. Names without a schema belong to `default_schema`.
///
/// # Errors
/// If the statement cannot be judged, or a name has no schema and there is no default one.
pub fn touched(sql: &[u8], default_schema: &str, flavour: Flavour) -> Result<Touched, Unparsed> {
    touched_in_mode(sql, default_schema, flavour, 0)
}

/// As [`touched`], for a statement that ran under this `sql_mode` (bits as in the log), where
/// `ANSI_QUOTES` and `NO_BACKSLASH_ESCAPES` change what is a name and where a string ends.
///
/// # Errors
/// As [`touched`].
pub fn touched_in_mode(sql: &[u8], default_schema: &str, flavour: Flavour, sql_mode: u64) -> Result<Touched, Unparsed> {
    read(sql, default_schema, flavour, sql_mode, |scanner, kind, _| {
        scanner.judge(kind)?;
        Ok(scanner.finish(kind))
    })
}

/// Reads a statement's kind, and then the rest of it.
fn read<T>(
    sql: &[u8],
    default_schema: &str,
    flavour: Flavour,
    sql_mode: u64,
    rest: impl FnOnce(&mut Scanner<'_>, StatementKind, &Tokens<'_>) -> Scan<T>,
) -> Result<T, Unparsed> {
    let unparsed = |why: scan::Why, kind| Unparsed {
        why: why.into_owned(),
        kind,
        excerpt: excerpt::of(sql, flavour, sql_mode),
    };
    let tokens = Tokens::read(sql, flavour, sql_mode).map_err(|why| unparsed(why.into(), None))?;
    let mut scanner = Scanner::new(Cursor::new(&tokens), default_schema, flavour);
    let kind = scanner.kind().map_err(|why| unparsed(why, None))?;
    rest(&mut scanner, kind, &tokens).map_err(|why| unparsed(why, Some(kind)))
}

impl Scanner<'_> {
    /// Reads what follows the words that tell the kind.
    fn judge(&mut self, kind: StatementKind) -> Scan<()> {
        use StatementKind as Kind;
        match kind {
            Kind::Begin | Kind::Commit | Kind::Rollback | Kind::Savepoint | Kind::Xa => Ok(()),
            Kind::Insert | Kind::Replace => self.whole(Self::insert),
            Kind::Update => self.whole(Self::update),
            Kind::Delete => self.whole(Self::delete),
            Kind::LoadData => self.whole(Self::load),
            Kind::CreateTable => self.create_table(),
            Kind::AlterTable => self.alter_table(),
            Kind::DropTable | Kind::DropView => self.drop_tables(),
            Kind::RenameTable => self.rename_tables(),
            Kind::Truncate => self.truncate(),
            Kind::CreateIndex | Kind::DropIndex => self.index(),
            Kind::CreateDatabase | Kind::AlterDatabase | Kind::DropDatabase => self.database(kind),
            Kind::CreateView => self.whole(Self::view),
            Kind::Routine => self.routine(),
            Kind::Trigger => self.trigger(),
            Kind::Event => self.event(),
            Kind::Account => {
                self.global();
                Ok(())
            }
            Kind::Maintenance => self.maintenance(),
            Kind::Set => self.whole(|scanner| scanner.expressions(&[])),
            Kind::Other => self.other(),
        }
    }

    /// Reads a part that must reach to the statement's end.
    fn whole(&mut self, part: impl FnOnce(&mut Self) -> Scan<()>) -> Scan<()> {
        part(self)?;
        self.end()
    }

    fn finish(&mut self, kind: StatementKind) -> Touched {
        let (writes, mut reads) = (std::mem::take(&mut self.writes), std::mem::take(&mut self.reads));
        reads.retain(|object| !writes.contains(object));
        Touched {
            kind,
            writes,
            reads,
            temporary: self.temporary,
        }
    }
}

impl Touched {
    /// Whether the server commits the open transaction before the statement.
    #[must_use]
    pub fn commits_implicitly(&self) -> bool {
        let makes_or_drops = matches!(self.kind, StatementKind::CreateTable | StatementKind::DropTable);
        self.kind.commits_implicitly() && !(self.temporary && makes_or_drops)
    }
}

impl Object {
    /// Schema that the object is, or is in.
    #[must_use]
    pub fn schema(&self) -> Option<&str> {
        match self {
            Self::Table(name) => Some(&name.schema),
            Self::Schema(schema)
            | Self::Routine { schema, .. }
            | Self::Trigger { schema, .. }
            | Self::Event { schema, .. } => Some(schema),
            Self::Global => None,
        }
    }

    /// Table that the object is, or is on.
    #[must_use]
    pub fn table(&self) -> Option<&TableName> {
        match self {
            Self::Table(name) => Some(name),
            Self::Trigger { table, .. } => table.as_ref(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
