//! The first words of a statement, which say what it does.

use super::scan::{Scan, Scanner, Verb};
use super::{Object, StatementKind};

/// Words between CREATE or ALTER and the word for what is made.
const MODIFIERS: [&str; 14] = [
    "OR",
    "REPLACE",
    "UNIQUE",
    "FULLTEXT",
    "SPATIAL",
    "VECTOR",
    "ONLINE",
    "OFFLINE",
    "IGNORE",
    "AGGREGATE",
    "UNDO",
    "JSON",
    "RELATIONAL",
    "DUALITY",
];

impl Scanner<'_> {
    /// Tells the kind, and leaves the place after the words that tell it.
    pub(crate) fn kind(&mut self) -> Scan<StatementKind> {
        if self.cursor.is_symbol(b'(') || self.cursor.is_one_of(&["SELECT", "VALUES", "TABLE"]) {
            self.verb = Verb::Select;
            return Ok(StatementKind::Other);
        }
        if self.cursor.is("WITH") {
            self.with()?;
        }
        if let Some(kind) = self.transaction_control() {
            return Ok(kind);
        }
        for (word, verb) in VERBS {
            if self.cursor.accept(&[word]) {
                self.verb = verb;
                return self.definition();
            }
        }
        for (words, kind) in HEADS {
            if self.cursor.accept(words) {
                return Ok(*kind);
            }
        }
        if self.cursor.accept(&["DO"]) {
            self.verb = Verb::Select;
            return Ok(StatementKind::Other);
        }
        if self.cursor.accept(&["SET", "STATEMENT"]) {
            return self.set_statement();
        }
        if self.cursor.accept(&["SET"]) {
            return Ok(StatementKind::Set);
        }
        Err(format!("statements that begin with {:?} are not known", self.first_word()).into())
    }

    /// MariaDB: `SET STATEMENT variable = value, … FOR statement`
    fn set_statement(&mut self) -> Scan<StatementKind> {
        self.enter()?;
        self.expressions(&["FOR"])?;
        self.expect(&["FOR"])?;
        self.kind()
    }

    fn first_word(&self) -> String {
        self.cursor.text().chars().take(40).collect()
    }

    fn transaction_control(&mut self) -> Option<StatementKind> {
        let cursor = &mut self.cursor;
        if cursor.are(&["BEGIN", "NOT"]) {
            return None;
        }
        if cursor.accept(&["BEGIN"]) || cursor.accept(&["START", "TRANSACTION"]) {
            return Some(StatementKind::Begin);
        }
        if cursor.accept(&["COMMIT"]) {
            return Some(StatementKind::Commit);
        }
        if cursor.accept(&["SAVEPOINT"]) || cursor.accept(&["RELEASE", "SAVEPOINT"]) {
            return Some(StatementKind::Savepoint);
        }
        if cursor.accept(&["ROLLBACK"]) {
            cursor.accept(&["WORK"]);
            let partly = cursor.is("TO");
            return Some(if partly {
                StatementKind::Savepoint
            } else {
                StatementKind::Rollback
            });
        }
        None
    }

    /// After CREATE, ALTER or DROP: passes over modifiers and the word for what is defined.
    fn definition(&mut self) -> Scan<StatementKind> {
        self.definition_modifiers()?;
        for (words, kind) in OBJECTS {
            if self.cursor.accept(words) {
                return Ok(self.of_verb(*kind));
            }
        }
        Err(self.expected("what is created, altered or dropped"))
    }

    fn of_verb(&self, created: StatementKind) -> StatementKind {
        use StatementKind as Kind;
        match (self.verb, created) {
            (Verb::Alter, Kind::CreateTable) => Kind::AlterTable,
            (Verb::Drop, Kind::CreateTable) => Kind::DropTable,
            (Verb::Alter, Kind::CreateDatabase) => Kind::AlterDatabase,
            (Verb::Drop, Kind::CreateDatabase) => Kind::DropDatabase,
            (Verb::Drop, Kind::CreateIndex) => Kind::DropIndex,
            (Verb::Drop, Kind::CreateView) => Kind::DropView,
            (_, kind) => kind,
        }
    }

    fn definition_modifiers(&mut self) -> Scan<()> {
        loop {
            if self.cursor.are(&["SPATIAL", "REFERENCE"]) || self.cursor.are(&["UNDO", "TABLESPACE"]) {
                return Ok(());
            } else if self.cursor.accept(&["TEMPORARY"]) {
                self.temporary = true;
            } else if self.cursor.is_one_of(&MODIFIERS) || self.cursor.accept(&["SQL", "SECURITY"]) {
                self.cursor.advance();
            } else if self.cursor.accept(&["ALGORITHM"]) {
                self.cursor.accept_symbol(b'=');
                self.cursor.advance();
            } else if self.cursor.accept(&["DEFINER"]) {
                self.cursor.accept_symbol(b'=');
                self.account();
            } else {
                return Ok(());
            }
        }
    }

    /// `user@host`, `CURRENT_USER()`
    pub(crate) fn account(&mut self) {
        self.cursor.advance();
        if self.cursor.is_symbol(b'(') {
            self.cursor.skip_group();
        } else if self.cursor.kind() == Some(crate::lexer::Kind::Variable) {
            self.cursor.advance();
        }
    }

    pub(crate) fn global(&mut self) {
        self.write(Object::Global);
    }
}

const VERBS: [(&str, Verb); 3] = [("CREATE", Verb::Create), ("ALTER", Verb::Alter), ("DROP", Verb::Drop)];

type Head = (&'static [&'static str], StatementKind);

const HEADS: &[Head] = &[
    (&["INSERT"], StatementKind::Insert),
    (&["REPLACE"], StatementKind::Replace),
    (&["UPDATE"], StatementKind::Update),
    (&["DELETE"], StatementKind::Delete),
    (&["LOAD", "DATA"], StatementKind::LoadData),
    (&["LOAD", "XML"], StatementKind::LoadData),
    (&["RENAME", "TABLE"], StatementKind::RenameTable),
    (&["RENAME", "TABLES"], StatementKind::RenameTable),
    (&["RENAME", "USER"], StatementKind::Account),
    (&["TRUNCATE", "TABLE"], StatementKind::Truncate),
    (&["TRUNCATE"], StatementKind::Truncate),
    (&["GRANT"], StatementKind::Account),
    (&["REVOKE"], StatementKind::Account),
    (&["SET", "PASSWORD"], StatementKind::Account),
    (&["SET", "DEFAULT", "ROLE"], StatementKind::Account),
    (&["XA"], StatementKind::Xa),
    (&["ANALYZE"], StatementKind::Maintenance),
    (&["OPTIMIZE"], StatementKind::Maintenance),
    (&["REPAIR"], StatementKind::Maintenance),
    (&["CHECK"], StatementKind::Maintenance),
    (&["FLUSH"], StatementKind::Maintenance),
    (&["INSTALL"], StatementKind::Other),
    (&["UNINSTALL"], StatementKind::Other),
    (&["USE"], StatementKind::Other),
];

const OBJECTS: &[Head] = &[
    (&["TABLE"], StatementKind::CreateTable),
    (&["TABLES"], StatementKind::CreateTable),
    (&["SEQUENCE"], StatementKind::CreateTable),
    (&["DATABASE"], StatementKind::CreateDatabase),
    (&["SCHEMA"], StatementKind::CreateDatabase),
    (&["INDEX"], StatementKind::CreateIndex),
    (&["VIEW"], StatementKind::CreateView),
    (&["TRIGGER"], StatementKind::Trigger),
    (&["EVENT"], StatementKind::Event),
    (&["PROCEDURE"], StatementKind::Routine),
    (&["FUNCTION"], StatementKind::Routine),
    (&["PACKAGE", "BODY"], StatementKind::Routine),
    (&["PACKAGE"], StatementKind::Routine),
    (&["LIBRARY"], StatementKind::Routine),
    (&["USER"], StatementKind::Account),
    (&["ROLE"], StatementKind::Account),
    (&["TABLESPACE"], StatementKind::Other),
    (&["UNDO", "TABLESPACE"], StatementKind::Other),
    (&["LOGFILE", "GROUP"], StatementKind::Other),
    (&["SERVER"], StatementKind::Other),
    (&["RESOURCE", "GROUP"], StatementKind::Other),
    (&["SPATIAL", "REFERENCE", "SYSTEM"], StatementKind::Other),
    (&["INSTANCE"], StatementKind::Other),
];
