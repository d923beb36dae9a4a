//! Follows events, the transactions they belong to and the tables they make.

use std::sync::Arc;

use binlog_parser::event::{Flavour, RowsFlags};
use binlog_parser::gtid::TransactionGtid;
use binlog_parser::{Chunk, Decoder, Event, FormatDescription, Query, RawEvent, Step, TransactionTracker};
use binlog_schema::statement::touched_in_mode;
use binlog_schema::{StatementKind, Touched, Unparsed};

use crate::DumpError;
use crate::names::Names;

/// What is known of an open transaction.
#[derive(Debug, Clone, Default)]
pub(crate) struct Transaction {
    /// Position of its first event.
    pub(crate) position: u64,
    /// Its identifier.
    pub(crate) gtid: Option<String>,
    /// Commit on the server that wrote the log, microseconds since 1970 UTC.
    pub(crate) committed: Option<u64>,
    /// Commit on the server where it began, microseconds since 1970 UTC, where that is known.
    pub(crate) originated: Option<u64>,
    /// Connection that ran it.
    pub(crate) thread_id: Option<u32>,
    /// Text of the statement behind the next row events.
    pub(crate) query: Option<Vec<u8>>,
}

/// Follows the events of chunk after chunk.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    decoder: Decoder,
    tracker: TransactionTracker,
    statement_ended: bool,
    pub(crate) names: Names,
    pub(crate) transaction: Arc<Transaction>,
}

impl Walk {
    /// Goes on with this chunk. `true` where the transaction before it was never finished.
    pub(crate) fn enter(&mut self, chunk: &Chunk) -> bool {
        self.decoder = chunk.decoder();
        self.names.enter();
        let broken = self.is_open() && !chunk.continues;
        if broken {
            self.tracker = TransactionTracker::default();
        }
        broken
    }

    /// Whether a transaction is open.
    pub(crate) fn is_open(&self) -> bool {
        self.tracker.is_open()
    }

    /// The format description in force.
    pub(crate) fn format(&self) -> &FormatDescription {
        self.decoder.format()
    }

    /// Family of the servers that wrote the log.
    pub(crate) fn flavour(&self) -> Flavour {
        self.format().flavour()
    }

    /// Decodes the next event, follows its changes to tables and tells what it is to its transaction.
    pub(crate) fn step<'a>(&mut self, chunk: &Chunk, raw: &RawEvent<'a>) -> Result<(Event<'a>, Step), DumpError> {
        let event = self.decoder.decode(raw).map_err(|error| chunk.place(error))?;
        let flavour = self.decoder.format().flavour();
        self.names.advance(chunk, raw, &event, flavour)?;
        let step = self.tracker.step(&event);
        if matches!(step, Step::Begin | Step::Only) {
            self.transaction = Arc::new(Transaction {
                position: raw.offset,
                ..Transaction::default()
            });
        }
        let statement_ended = std::mem::replace(&mut self.statement_ended, ends_statement(&event));
        if statement_ended && self.transaction.query.is_some() {
            Arc::make_mut(&mut self.transaction).query = None;
        }
        if Transaction::is_told_by(&event) {
            Arc::make_mut(&mut self.transaction).note(&event);
        }
        Ok((event, step))
    }

    /// What a statement does, as far as its text tells.
    pub(crate) fn kind(&self, query: &Query<'_>) -> Option<StatementKind> {
        match self.touched(query) {
            Ok(touched) => Some(touched.kind),
            Err(unparsed) => unparsed.kind,
        }
    }

    /// What a statement does, and to what.
    pub(crate) fn touched(&self, query: &Query<'_>) -> Result<Touched, Unparsed> {
        let schema = String::from_utf8_lossy(query.schema);
        let sql_mode = query.status.sql_mode.unwrap_or_default();
        touched_in_mode(query.sql, &schema, self.flavour(), sql_mode)
    }
}

impl Transaction {
    fn is_told_by(event: &Event<'_>) -> bool {
        matches!(
            event,
            Event::Gtid(_) | Event::MariaDbGtid(_) | Event::Query(_) | Event::RowsQuery(_)
        )
    }

    fn note(&mut self, event: &Event<'_>) {
        if let Some(gtid) = TransactionGtid::of(event) {
            self.gtid = Some(gtid.to_string());
        }
        match event {
            Event::Gtid(gtid) => {
                self.committed = gtid.immediate_commit_timestamp;
                self.originated = gtid.original_commit_timestamp.filter(|time| *time != 0);
            }
            Event::MariaDbGtid(gtid) => self.thread_id = gtid.thread_id,
            Event::Query(query) => self.thread_id = Some(query.thread_id),
            Event::RowsQuery(text) => self.query = Some(text.sql.to_vec()),
            _ => {}
        }
    }
}

fn ends_statement(event: &Event<'_>) -> bool {
    matches!(event, Event::Rows(rows) if rows.flags.contains(RowsFlags::STMT_END))
}
