//! A compressed event on its way into chunks.

use std::collections::VecDeque;
use std::sync::Arc;

use binlog_parser::event::GtidEvent;
use binlog_parser::{
    Chunk, EventError, EventHeader, EventType, ExpandLimits, Expansion, FieldError, FormatDescription, HEADER_LEN,
    RawEvent, Run,
};
use bytes::Bytes;

use super::Cutter;
use crate::error::SourceError;

/// Plain bytes that are expanded at a time.
const BATCH: usize = 64 << 10;

/// A compressed event of which not all plain events were taken.
#[derive(Debug)]
pub(super) struct Expanding {
    event: Bytes,
    expansion: Expansion<Bytes>,
    limits: ExpandLimits,
    /// Position of the compressed event's first byte.
    pub(super) offset: u64,
    /// Which of the collected events is the GTID that counts the compressed event's bytes.
    gtid: Option<usize>,
    /// Whether it is a transaction up to its end.
    is_transaction: bool,
    ready: VecDeque<Bytes>,
    more: bool,
}

impl Cutter {
    /// Goes on with the compressed event that was come to last. `None` when all of it was taken.
    pub(super) fn expand(&mut self) -> Result<Option<Chunk>, SourceError> {
        while self.expanding.is_some() {
            let ended = self.expand_one()?;
            if self.may_end(ended) {
                self.measure_ahead()?;
                return Ok(self.flush());
            }
        }
        Ok(None)
    }

    /// Returns whether the event is compressed.
    pub(super) fn begin_expanding(
        &mut self,
        mut raw: RawEvent<'_>,
        bytes: &Bytes,
        offset: u64,
    ) -> Result<bool, SourceError> {
        if !Expansion::<Bytes>::is_for(raw.header.event_type) {
            return Ok(false);
        }
        raw.offset = offset;
        let limits = ExpandLimits {
            event: self.options.statement_limit,
            ..ExpandLimits::default()
        };
        let expanding = Expanding::new(&raw, bytes, limits).map_err(|error| error.in_file(&self.file))?;
        self.expanding = expanding.map(|mut expanding| {
            expanding.gtid = self.pending.last_gtid();
            Box::new(expanding)
        });
        Ok(self.expanding.is_some())
    }

    /// Takes the next plain event of the compressed one. Returns whether a transaction or statement ends with it.
    fn expand_one(&mut self) -> Result<bool, SourceError> {
        let Some(mut expanding) = self.expanding.take() else {
            return Ok(false);
        };
        let bytes = expanding.next().map_err(|error| error.in_file(&self.file))?;
        let (offset, gtid, done) = (expanding.offset, expanding.gtid, expanding.is_done());
        let whole = expanding.is_transaction;
        if let (true, Some(gtid)) = (done, gtid) {
            self.set_length(gtid, self.pending.bytes_after(gtid) + bytes.len() as u64)?;
        }
        if !done {
            self.expanding = Some(expanding);
        }
        let format = Arc::clone(&self.format);
        let raw = RawEvent::first(&bytes, offset, &format).map_err(|error| error.in_file(&self.file))?;
        let (header, ended) = (raw.header, self.track(&raw));
        self.bounded(&raw)?;
        self.count(&header, bytes.len());
        self.pending.push(Run {
            bytes: bytes.clone(),
            offset,
            packed: true,
        });
        if whole {
            self.ends_together(&raw, done)?;
        }
        Ok(ended)
    }

    /// A transaction ends with the last event of its payload.
    fn ends_together(&self, raw: &RawEvent<'_>, done: bool) -> Result<(), SourceError> {
        let why = match (self.tracker.is_open(), done) {
            (false, false) => "ends the transaction, and its payload goes on",
            (true, true) => "ends the payload, and its transaction goes on",
            _ => return Ok(()),
        };
        let error = FieldError::Invalid {
            field: "event type",
            value: raw.header.event_type.0.into(),
            why,
        };
        Err(raw.error(HEADER_LEN, error).in_file(&self.file).into())
    }

    /// A GTID that leaves before all of its transaction is expanded has to know its length.
    fn measure_ahead(&mut self) -> Result<(), SourceError> {
        let Some(expanding) = &mut self.expanding else {
            return Ok(());
        };
        let Some(gtid) = expanding.gtid.take() else {
            return Ok(());
        };
        let rest = expanding.measure(&self.format);
        self.set_length(gtid, rest.map_err(|error| error.in_file(&self.file))?)
    }

    /// Gives a GTID the length of the transaction of which `rest` bytes follow it.
    fn set_length(&mut self, gtid: usize, rest: u64) -> Result<(), SourceError> {
        let Some(run) = self.pending.runs.get_mut(gtid) else {
            return Ok(());
        };
        let place = |error: binlog_parser::EventError| error.in_file(&self.file);
        let raw = RawEvent::first(&run.bytes, run.offset, &self.format).map_err(place)?;
        let measured = GtidEvent::measured(&raw, rest).map_err(|error| place(raw.error(HEADER_LEN, error)))?;
        if let Some(bytes) = measured {
            self.pending.bytes = self.pending.bytes - run.bytes.len() + bytes.len();
            run.bytes = bytes.into();
        }
        Ok(())
    }
}

impl Expanding {
    /// `None` where the event is not compressed.
    fn new(raw: &RawEvent<'_>, event: &Bytes, limits: ExpandLimits) -> Result<Option<Self>, EventError> {
        let expansion = Expansion::new(raw, event.clone(), limits)?;
        Ok(expansion.map(|expansion| Self {
            event: event.clone(),
            expansion,
            limits,
            offset: raw.offset,
            gtid: None,
            is_transaction: raw.header.event_type == EventType::TRANSACTION_PAYLOAD,
            ready: VecDeque::new(),
            more: true,
        }))
    }

    /// The next plain event, of which there is one.
    fn next(&mut self) -> Result<Bytes, EventError> {
        while self.more && self.ready.len() < 2 {
            self.read()?;
        }
        self.ready.pop_front().ok_or_else(|| EventError {
            event_type: EventHeader::decode(&self.event).map(|header| header.event_type).ok(),
            event_offset: self.offset,
            field_offset: HEADER_LEN,
            error: FieldError::Compressed {
                why: "they hold no event",
            },
        })
    }

    /// Whether all plain events were returned.
    fn is_done(&self) -> bool {
        self.ready.is_empty() && !self.more
    }

    /// Bytes of all plain events. Expands all of them.
    fn measure(&self, format: &FormatDescription) -> Result<u64, EventError> {
        let raw = RawEvent::first(&self.event, self.offset, format)?;
        let Some(mut again) = Expansion::new(&raw, &self.event, self.limits)? else {
            return Ok(0);
        };
        let (mut event, mut sum) = (Vec::new(), 0);
        while again.next_into(&mut event)? {
            sum += event.len() as u64;
            event.clear();
        }
        Ok(sum)
    }

    fn read(&mut self) -> Result<(), EventError> {
        let (mut batch, mut ends) = (Vec::new(), Vec::new());
        while batch.len() < BATCH {
            self.more = self.expansion.next_into(&mut batch)?;
            if !self.more {
                break;
            }
            ends.push(batch.len());
        }
        batch.shrink_to_fit();
        let mut batch = Bytes::from(batch);
        let mut from = 0;
        for end in ends {
            self.ready.push_back(batch.split_to(end - from));
            from = end;
        }
        Ok(())
    }
}
