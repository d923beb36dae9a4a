//! Kinds of statements.

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StatementKind {
    /// `BEGIN`, `START TRANSACTION`
    Begin,
    /// `COMMIT`
    Commit,
    /// `ROLLBACK`
    Rollback,
    /// `SAVEPOINT`, `ROLLBACK TO SAVEPOINT`, `RELEASE SAVEPOINT`
    Savepoint,
    /// `INSERT`
    Insert,
    /// `UPDATE`
    Update,
    /// `DELETE`
    Delete,
    /// `REPLACE`
    Replace,
    /// `LOAD DATA`, `LOAD XML`
    LoadData,
    /// `CREATE TABLE`, also MariaDB's `CREATE SEQUENCE`
    CreateTable,
    /// `ALTER TABLE`, also MariaDB's `ALTER SEQUENCE`
    AlterTable,
    /// `DROP TABLE`, also MariaDB's `DROP SEQUENCE`
    DropTable,
    /// `RENAME TABLE`
    RenameTable,
    /// `TRUNCATE`
    Truncate,
    /// `CREATE INDEX`
    CreateIndex,
    /// `DROP INDEX`
    DropIndex,
    /// `CREATE DATABASE`
    CreateDatabase,
    /// `ALTER DATABASE`
    AlterDatabase,
    /// `DROP DATABASE`
    DropDatabase,
    /// `CREATE VIEW`, `ALTER VIEW`
    CreateView,
    /// `DROP VIEW`
    DropView,
    /// `CREATE`, `ALTER` or `DROP` of a procedure, function or MariaDB package
    Routine,
    /// `CREATE` or `DROP TRIGGER`
    Trigger,
    /// `CREATE`, `ALTER` or `DROP EVENT`
    Event,
    /// Users, roles and privileges
    Account,
    /// `ANALYZE`, `OPTIMIZE`, `REPAIR`, `CHECK`, `FLUSH`
    Maintenance,
    /// `SET`
    Set,
    /// `XA`
    Xa,
    /// Anything else: `DO`, `CALL`, tablespaces, servers, plugins, resource groups…
    Other,
}

impl StatementKind {
    /// Whether it changes definitions (tables, databases, views, programs, accounts).
    #[must_use]
    pub fn is_ddl(self) -> bool {
        matches!(
            self,
            Self::CreateTable
                | Self::AlterTable
                | Self::DropTable
                | Self::RenameTable
                | Self::Truncate
                | Self::CreateIndex
                | Self::DropIndex
                | Self::CreateDatabase
                | Self::AlterDatabase
                | Self::DropDatabase
                | Self::CreateView
                | Self::DropView
                | Self::Routine
                | Self::Trigger
                | Self::Event
                | Self::Account
        )
    }

    /// Whether it changes rows.
    #[must_use]
    pub fn is_dml(self) -> bool {
        matches!(
            self,
            Self::Insert | Self::Update | Self::Delete | Self::Replace | Self::LoadData
        )
    }

    /// Whether it begins, ends or marks a transaction.
    #[must_use]
    pub fn is_transaction_control(self) -> bool {
        matches!(
            self,
            Self::Begin | Self::Commit | Self::Rollback | Self::Savepoint | Self::Xa
        )
    }

    /// Whether the server commits the open transaction before the statement. `CREATE` and `DROP`
    /// of a `TEMPORARY` table do not; see [`super::Touched::commits_implicitly`].
    #[must_use]
    pub fn commits_implicitly(self) -> bool {
        self.is_ddl() || matches!(self, Self::Maintenance | Self::Begin)
    }
}
