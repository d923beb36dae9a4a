//! What remains of a transaction.

use binlog_parser::event::GtidEvent;
use binlog_parser::{Chunk, EventType, FieldError, FormatDescription, HEADER_LEN, RawEvent, Run};
use bytes::Bytes;

use crate::error::FilterError;
use crate::event::{Item, Role, Verdict};
use crate::report::{Reason, Report};
use crate::rewrite::{as_transaction, bare_query, ending_statement};
use crate::rules::Whole;
use crate::stretch::Stretch;

/// A transaction of which a first part went through.
#[derive(Debug, Clone)]
pub(crate) struct Open {
    pub(crate) whole: Whole,
    /// Whether an empty transaction stays of it if nothing is kept.
    pub(crate) leaves_frame: bool,
    /// Where its first event begins.
    pub(crate) start: u64,
    /// Whether other transactions may refer to it, because it is an XA one.
    pub(crate) xa: bool,
    /// GTIDs in it: one, or none.
    pub(crate) gtids: u64,
    /// Whether it had content, and whether any was kept.
    pub(crate) content: bool,
    pub(crate) kept: bool,
    /// Whether any of it was put out.
    pub(crate) emitted: bool,
    /// Its events that are to be put out once something is kept.
    pub(crate) held: Vec<Run>,
}

/// A part of a transaction, judged: all of it, or what one chunk holds of it.
pub(crate) struct Part<'p, 'a> {
    pub(crate) chunk: &'p Chunk,
    pub(crate) format: &'p FormatDescription,
    pub(crate) items: &'p [Item<'a>],
    /// Whether it is the first part of the transaction, and whether the last.
    pub(crate) begins: bool,
    pub(crate) ends: bool,
}

impl Open {
    /// Whether nothing of its content was kept so far.
    pub(crate) fn is_emptied(&self) -> bool {
        self.content && !self.kept
    }

    /// Whether its frame stays even without content.
    fn keeps_frame(&self) -> bool {
        self.leaves_frame || self.xa
    }

    /// Whether it may still vanish, or does: nothing was kept, and it did not turn out to be empty from the first.
    fn holds(&self, at_end: bool) -> bool {
        let was_empty = at_end && !self.content;
        !self.keeps_frame() && !self.kept && !was_empty
    }

    /// Takes in a part, and puts out what remains of it.
    pub(crate) fn take(
        &mut self,
        part: &Part<'_, '_>,
        out: &mut Vec<Run>,
        report: &mut Report,
    ) -> Result<(), FilterError> {
        self.xa |= part.items.iter().any(|item| item.role == Role::Xa);
        if let Whole::Vanish(reason) = self.whole {
            part.items.iter().for_each(|_| report.drop_event(reason));
            return Ok(());
        }
        for item in part.items {
            report.rows_dropped += item.rows.dropped;
            report.rows_moved += item.rows.moved;
        }
        let holds = self.holds(part.ends);
        let runs = match self.is_emptied() && part.is_whole() && self.keeps_frame() {
            true => part.frame(report)?,
            false => part.kept(holds, report)?,
        };
        if holds {
            self.held.extend(runs);
        } else {
            out.append(&mut self.held);
            self.emitted |= !runs.is_empty();
            out.extend(runs);
        }
        Ok(())
    }

    /// Counts what is held as left out: the transaction is over and nothing was kept.
    pub(crate) fn give_up(&mut self, report: &mut Report) {
        for _ in self.held.drain(..) {
            report.events_kept -= 1;
            report.drop_event(Reason::Frame);
        }
    }
}

impl<'a> Part<'_, 'a> {
    fn is_whole(&self) -> bool {
        self.begins && self.ends
    }

    /// The events that were kept, with what is changed in them: each a run, if `apart`, else those that stand together.
    fn kept(&self, apart: bool, report: &mut Report) -> Result<Vec<Run>, FilterError> {
        let mut runs = Vec::new();
        let mut stretch = None::<Stretch<'_>>;
        for item in self.items {
            if let Verdict::Drop(reason) = item.verdict {
                report.drop_event(reason);
                continue;
            }
            report.events_kept += 1;
            let changed = self.changed(item);
            // The GTID may get another length.
            let may_join = !apart && changed.is_none() && item.role != Role::Gtid;
            if may_join
                && stretch
                    .as_mut()
                    .is_some_and(|stretch| stretch.takes(&item.raw, item.run))
            {
                continue;
            }
            runs.extend(stretch.take().map(Stretch::into_run));
            match changed {
                Some(bytes) => runs.push(Run {
                    bytes,
                    offset: item.raw.offset,
                    packed: item.run.packed,
                }),
                None if may_join => stretch = Some(Stretch::of(item.raw, item.run)),
                None => runs.push(item.run.only(&item.raw)),
            }
        }
        runs.extend(stretch.map(Stretch::into_run));
        self.measured(runs)
    }

    /// The event with what is changed in it.
    fn changed(&self, item: &Item<'_>) -> Option<Bytes> {
        let raw = &item.raw;
        match item.ends_statement {
            true => {
                let events = item.change.clone().unwrap_or_else(|| item.bytes());
                let id_len = self.format.table_id_len(raw.header.event_type);
                Some(ending_statement(&events, raw, id_len))
            }
            false => item.change.clone(),
        }
    }

    /// The frame of the transaction; one that was a statement alone gets one.
    fn frame(&self, report: &mut Report) -> Result<Vec<Run>, FilterError> {
        let alone = self.statement_alone();
        let mut runs = Vec::with_capacity(4);
        for item in self.items {
            match item.verdict {
                _ if item.role.is_frame() => {
                    runs.push(Run {
                        bytes: self.frame_event(item, alone)?,
                        offset: item.raw.offset,
                        packed: item.run.packed,
                    });
                    report.events_kept += 1;
                }
                Verdict::Keep => report.drop_event(Reason::Frame),
                Verdict::Drop(reason) => report.drop_event(reason),
            }
        }
        if let Some(statement) = alone {
            let made = self.made_frame(statement);
            report.events_made += made.len() as u64;
            runs.extend(made);
        }
        self.measured(runs)
    }

    /// The last content of a transaction that neither begins nor ends by events of their own.
    fn statement_alone(&self) -> Option<&Item<'a>> {
        let framed = |item: &Item<'_>| matches!(item.role, Role::Begin | Role::End | Role::Xa);
        match self.items.iter().any(framed) {
            true => None,
            false => self.items.iter().rfind(|item| item.role.is_content()),
        }
    }

    fn frame_event(&self, item: &Item<'_>, alone: Option<&Item<'_>>) -> Result<Bytes, FilterError> {
        let changed = match (item.role, alone) {
            (Role::Gtid, Some(_)) => as_transaction(&item.raw).map_err(|error| self.place(&item.raw, error))?,
            _ => None,
        };
        Ok(changed.unwrap_or_else(|| item.bytes()))
    }

    /// COMMIT, and BEGIN before it where the GTID is not one that begins the transaction itself.
    fn made_frame(&self, statement: &Item<'_>) -> Vec<Run> {
        let run = |sql, log_pos| Run {
            bytes: bare_query(&statement.raw, sql, log_pos),
            offset: statement.raw.offset,
            packed: false,
        };
        let first = self.items.first().map_or(statement, |first| first);
        let begin = match first.raw.header.event_type {
            EventType::MARIADB_GTID => None,
            _ => Some(run("BEGIN", first.raw.header.log_pos)),
        };
        begin
            .into_iter()
            .chain([run("COMMIT", statement.raw.header.log_pos)])
            .collect()
    }

    /// The runs with the GTID's transaction length made right, if the whole transaction is here and is another
    /// than before. The length of one in several parts is not known when its GTID is put out: it stays what it was
    /// at the source, the most that it can be. Servers go by it only for the space that the transaction needs.
    fn measured(&self, mut runs: Vec<Run>) -> Result<Vec<Run>, FilterError> {
        let Some(gtid) = self
            .items
            .first()
            .filter(|item| item.role == Role::Gtid && self.is_whole())
        else {
            return Ok(runs);
        };
        let before: usize = self.items.iter().map(|item| item.raw.bytes().len()).sum();
        let after: usize = runs.iter().map(|run| run.bytes.len()).sum();
        if before == after {
            return Ok(runs);
        }
        if let Some(first) = runs.first_mut() {
            let rest = after.saturating_sub(first.bytes.len()) as u64;
            let measured = GtidEvent::measured(&gtid.raw, rest);
            if let Some(bytes) = measured.map_err(|error| self.place(&gtid.raw, error))? {
                first.bytes = bytes.into();
            }
        }
        Ok(runs)
    }

    fn place(&self, raw: &RawEvent<'_>, error: FieldError) -> FilterError {
        self.chunk.place(raw.error(HEADER_LEN, error)).into()
    }
}
