//! Kinds of change.

use binlog_parser::EventType;
use binlog_schema::StatementKind;

/// What a change does, as rules name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Insert,
    Update,
    Delete,
    Ddl,
    /// A statement that is none of the others.
    Statement,
}

impl Kind {
    pub(crate) const NAMES: [(&str, Self); 5] = [
        ("insert", Self::Insert),
        ("update", Self::Update),
        ("delete", Self::Delete),
        ("ddl", Self::Ddl),
        ("statement", Self::Statement),
    ];

    pub(crate) fn name(self) -> &'static str {
        let mut names = Self::NAMES.iter();
        names.find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        let mut names = Self::NAMES.iter();
        names
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, kind)| *kind)
    }

    pub(crate) fn of_statement(kind: StatementKind) -> Self {
        match kind {
            StatementKind::Insert | StatementKind::Replace | StatementKind::LoadData => Self::Insert,
            StatementKind::Update => Self::Update,
            StatementKind::Delete => Self::Delete,
            kind if kind.is_ddl() => Self::Ddl,
            _ => Self::Statement,
        }
    }

    /// What a row event does; `None` for other events.
    pub(crate) fn of_rows(event_type: EventType) -> Option<Self> {
        Some(match event_type {
            EventType::PRE_GA_WRITE_ROWS
            | EventType::WRITE_ROWS_V1
            | EventType::WRITE_ROWS
            | EventType::MARIADB_WRITE_ROWS_COMPRESSED_V1
            | EventType::MARIADB_WRITE_ROWS_COMPRESSED => Self::Insert,
            EventType::PRE_GA_UPDATE_ROWS
            | EventType::UPDATE_ROWS_V1
            | EventType::UPDATE_ROWS
            | EventType::PARTIAL_UPDATE_ROWS
            | EventType::MARIADB_UPDATE_ROWS_COMPRESSED_V1
            | EventType::MARIADB_UPDATE_ROWS_COMPRESSED => Self::Update,
            EventType::PRE_GA_DELETE_ROWS
            | EventType::DELETE_ROWS_V1
            | EventType::DELETE_ROWS
            | EventType::MARIADB_DELETE_ROWS_COMPRESSED_V1
            | EventType::MARIADB_DELETE_ROWS_COMPRESSED => Self::Delete,
            _ => return None,
        })
    }
}
