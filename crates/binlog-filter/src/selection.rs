//! The rules as a user gives them.

use crate::replicate::ReplicateRules;

/// Which changes to keep. The default keeps all.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Keep only these tables: `db.table`, where `*` stands for any characters and `?` for one, a part in
    /// backquotes is a name as it is, and `/regex/` is searched for in the whole `db.table`.
    pub tables: Vec<String>,
    /// Leave out these tables, whatever includes them. Same patterns.
    pub not_tables: Vec<String>,
    /// Keep only these databases: the pattern's first half.
    pub databases: Vec<String>,
    /// Leave out these databases, whatever includes them.
    pub not_databases: Vec<String>,
    /// Keep only these kinds of change: `insert` (with REPLACE and LOAD DATA), `update`, `delete`, `ddl`,
    /// `statement` (what is none of these, in statement format). Empty: all.
    pub kinds: Vec<String>,
    /// Keep only transactions with these GTIDs: a MySQL set, or a MariaDB position, which means all transactions
    /// at or before it. Transactions without GTID are left out.
    pub include_gtids: Option<String>,
    /// Leave out transactions with these GTIDs.
    pub exclude_gtids: Option<String>,
    /// Keep what began at or after this time, seconds since 1970 UTC.
    pub start_time: Option<u32>,
    /// Keep what began before this time, seconds since 1970 UTC.
    pub stop_time: Option<u32>,
    /// Keep only what these servers made. Empty: all.
    pub server_ids: Vec<u32>,
    /// Keep only what has a GTID of these MariaDB domains. Empty: all.
    pub domain_ids: Vec<u32>,
    /// Keep only what these connections made. Empty: all.
    pub thread_ids: Vec<u32>,
    /// Other names for what is kept, in order, the first that matches a table: `shop.*=shop_eu.*`, `shop.a=shop.b`,
    /// `/shop_([0-9]+)/.*=shop.*`. What is selected is told by the names of the source.
    pub renames: Vec<String>,
    /// Keep rows only where a condition on their values is true: `shop.orders: region = 'EU' and total > 100`. An UPDATE
    /// that brings a row into what is kept becomes an INSERT, one that takes it out a DELETE.
    pub wheres: Vec<String>,
    /// Leave out these columns, `shop.users.email`: from row images, table maps, and what DDL says of them.
    pub drop_columns: Vec<String>,
    /// Other values in the place of these columns': `shop.users.email=hash`, `=null` or `='text'`.
    pub masks: Vec<String>,
    /// The servers' own rules for databases and tables, in place of those above and of `renames`.
    pub replicate: ReplicateRules,
    /// What to do with a mixed statement: one that writes kept and dropped tables, or a kept one from a dropped one.
    pub on_mixed: Policy,
    /// What to do with a statement, event or transaction that the rules cannot judge.
    pub on_unparsed: Policy,
    /// What stays of a transaction with a GTID of which nothing is kept.
    pub emptied: Emptied,
}

/// What to do with what the rules do not decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Policy {
    /// End with an error.
    #[default]
    Stop,
    /// Keep it, and count it.
    Keep,
    /// Leave it out, and count it.
    Drop,
}

/// What stays of a transaction with a GTID of which nothing is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Emptied {
    /// An empty transaction with the same GTID, so that none is missing: for a log.
    #[default]
    Frame,
    /// Nothing: for a reader.
    Nothing,
}
