//! Prints one event after the other, as mysqlbinlog does.

use std::sync::Arc;

use binlog_parser::{EventType, FormatDescription, Query, RawEvent};

use super::page::{EventBytes, Page};
use super::row_events::is_rows;
use super::select::{Selection, Verdict, ends_group, is_transaction_keyword, starts_group};
use super::session::{Pending, Session};
use super::text::{decimal, end_statement};
use super::{PrintError, TextOptions, gtid, header, load, query, rewrite, variables};

/// What printing does besides text.
pub trait Effects {
    /// Begins the file of a LOAD DATA statement with its first block. `false` ends the run.
    fn begin_file(&mut self, number: u32, block: &[u8]) -> bool;
    /// Appends a block to such a file. `false` ends the run.
    fn append_to_file(&mut self, number: u32, block: &[u8]) -> bool;
    /// The path of such a file, which is not given again.
    fn take_file(&mut self, number: u32) -> Option<Vec<u8>>;
    /// Something is said on stderr.
    fn warn(&mut self, words: &str);
    /// An error is said on stderr, that ends nothing.
    fn fail(&mut self, words: &str);
}

/// Whether more is to be printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    More,
    /// Nothing comes after this.
    Stop,
}

/// Where an event stands.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stand {
    /// Position in its log.
    InLog(u64),
    /// In the compressed event that ends here.
    InPayload { end: u64, end_log_pos: u32 },
}

impl Stand {
    fn position(self) -> u64 {
        match self {
            Self::InLog(position) | Self::InPayload { end: position, .. } => position,
        }
    }

    /// The position that options on positions are about.
    fn measured(self) -> Option<u64> {
        match self {
            Self::InLog(position) => Some(position),
            Self::InPayload { .. } => None,
        }
    }
}

/// An event that is printed.
pub(super) struct At<'a> {
    pub(super) raw: RawEvent<'a>,
    pub(super) event: EventBytes<'a>,
    pub(super) format: &'a Arc<FormatDescription>,
    /// Where the event stands; for one out of a compressed one, where that stands.
    pub(super) position: u64,
}

/// Prints events in their order.
#[derive(Debug, Clone)]
pub struct Printer {
    pub(super) options: Arc<TextOptions>,
    pub(super) session: Session,
    pub(super) selection: Selection,
}

impl Printer {
    /// A printer before its first event.
    #[must_use]
    pub fn new(options: TextOptions, selection: Selection) -> Self {
        Self {
            options: Arc::new(options),
            session: Session::default(),
            selection,
        }
    }

    /// What shapes the text.
    #[must_use]
    pub fn options(&self) -> Arc<TextOptions> {
        Arc::clone(&self.options)
    }

    /// What is selected.
    pub fn selection(&mut self) -> &mut Selection {
        &mut self.selection
    }

    /// Puts an event on the page. `position` is where it stands in its log.
    ///
    /// # Errors
    /// The event cannot be printed; what stands before it is on the page.
    pub fn event(
        &mut self,
        event: EventBytes<'_>,
        position: u64,
        format: &Arc<FormatDescription>,
        effects: &mut dyn Effects,
        page: &mut Page,
    ) -> Result<Flow, PrintError> {
        self.at(event, Stand::InLog(position), format, effects, page)
    }

    pub(super) fn at(
        &mut self,
        event: EventBytes<'_>,
        place: Stand,
        format: &Arc<FormatDescription>,
        effects: &mut dyn Effects,
        page: &mut Page,
    ) -> Result<Flow, PrintError> {
        let position = place.position();
        let Some(mut raw) = RawEvent::framed(event.bytes(), position, format) else {
            return Ok(Flow::More);
        };
        if let Stand::InPayload { end_log_pos, .. } = place {
            raw.header.log_pos = end_log_pos;
        }
        if raw.header.event_type == EventType::FORMAT_DESCRIPTION {
            self.begin_log(&raw.header, page);
        }
        match self.selection.judge(&raw.header, place.measured()) {
            Verdict::Skip => return Ok(Flow::More),
            Verdict::Stop => return Ok(Flow::Stop),
            Verdict::Print => {}
        }
        let before = self.session.head.len();
        if !self.options.short_form {
            self.session.head.extend(b"# at ");
            decimal(&mut self.session.head, position);
            self.session.head.push(b'\n');
        }
        if self.selection.hides(&raw) {
            return Ok(Flow::More);
        }
        let rewritten = rewrite::rewritten(&self.options, &raw, format);
        if let Some(event) = &rewritten
            && let Some(again) = RawEvent::framed(event, position, format)
        {
            let log_pos = raw.header.log_pos;
            raw = again;
            raw.header.log_pos = log_pos;
        }
        let at = At {
            raw,
            event: rewritten.as_ref().map_or(event, EventBytes::whole),
            format,
            position,
        };
        // Bodies are read before anything is printed. What else fails leaves its line for the next event.
        self.print(&at, effects, page).inspect_err(|error| {
            if matches!(error, PrintError::Invalid | PrintError::Payload(_)) {
                self.session.head.truncate(before);
            }
        })
    }

    fn print(&mut self, at: &At<'_>, effects: &mut dyn Effects, page: &mut Page) -> Result<Flow, PrintError> {
        match at.raw.header.event_type {
            EventType::TABLE_MAP => return self.table_map(at, page),
            EventType::ROWS_QUERY => self.rows_query(at, page),
            event_type if is_rows(event_type) => return self.rows(at, page),
            EventType::QUERY => {
                if !self.query(at, page)? {
                    return Ok(Flow::More);
                }
            }
            EventType::INTVAR | EventType::RAND | EventType::USER_VAR => {
                variables::check(&at.raw)?;
                self.session.variables.push(Pending {
                    event: at.event.to_owned(),
                    position: at.position,
                    format: Arc::clone(at.format),
                });
            }
            EventType::XID => self.xid(at)?,
            EventType::GTID | EventType::ANONYMOUS_GTID | EventType::GTID_TAGGED => self.gtid(at, page)?,
            EventType::FORMAT_DESCRIPTION => self.format_description(at)?,
            EventType::ROTATE => self.rotate(at)?,
            EventType::TRANSACTION_PAYLOAD => return self.payload(at, effects, page),
            EventType::BEGIN_LOAD_QUERY | EventType::APPEND_BLOCK => {
                if !load::block(self, at, effects) {
                    return Err(PrintError::Told);
                }
            }
            EventType::EXECUTE_LOAD_QUERY => load::execute(self, at, effects),
            EventType::DELETE_FILE => load::delete(self, at),
            EventType::PREVIOUS_GTIDS => {
                if self.selection.options().database.is_some() && !self.selection.options().skip_gtids {
                    effects.warn(PARTLY_FILTERED);
                }
                if !gtid::previous(self, at) {
                    effects.fail("Malformed GTID_set encoding.");
                    return Ok(Flow::More);
                }
            }
            EventType::XA_PREPARE => gtid::xa_prepare(self, at)?,
            EventType::STOP => self.told(at, |out| out.extend(b"\tStop\n")),
            EventType::INCIDENT => self.incident(at)?,
            event_type => self.other(at, event_type),
        }
        self.flush_head(page);
        Ok(Flow::More)
    }

    /// Appends the line at the head of an event.
    pub(super) fn header(&mut self, at: &At<'_>) {
        let hexdump = self.options.hexdump.then_some(at.position);
        let session = &mut self.session;
        header::push(
            &mut session.clock,
            &self.options.time_zone,
            &at.raw,
            hexdump,
            &mut session.head,
        );
    }

    /// Appends the line at the head, and the rest of it, where they are wanted.
    pub(super) fn told(&mut self, at: &At<'_>, rest: impl FnOnce(&mut Vec<u8>)) {
        if !self.options.short_form {
            self.header(at);
            rest(&mut self.session.head);
        }
    }

    pub(super) fn flush_head(&mut self, page: &mut Page) {
        page.text.append(&mut self.session.head);
    }

    pub(super) fn flush(&mut self, page: &mut Page) {
        self.flush_head(page);
        page.place();
    }

    pub(super) fn leaves_out(&self, database: &[u8]) -> bool {
        self.selection.leaves_out(database)
    }

    /// Returns whether the statement was printed.
    fn query(&mut self, at: &At<'_>, page: &mut Page) -> Result<bool, PrintError> {
        let patched = query::with_terminated_schema(at.raw.body());
        let body = patched.as_deref().unwrap_or(at.raw.body());
        let query = Query::decode(body).map_err(|_| PrintError::Invalid)?;
        let skips = !is_transaction_keyword(query.sql) && self.leaves_out(query.schema);
        let (starts, ends) = (starts_group(query.sql), ends_group(query.sql));
        for pending in std::mem::take(&mut self.session.variables) {
            if !skips {
                self.variable(&pending);
            }
        }
        if skips {
            if self.session.seen_gtid && !self.session.in_transaction && !starts && !ends {
                self.added_commit(page);
                self.use_gtid();
            } else {
                self.session.skipped = true;
            }
            return Ok(false);
        }
        if ends {
            self.session.in_transaction = false;
            self.session.skipped = false;
            self.use_gtid();
        } else if starts {
            self.session.in_transaction = true;
        } else if !self.session.in_transaction {
            self.use_gtid();
        }
        self.told(at, |out| query::push_head("Query", &query, out));
        let session = &mut self.session;
        query::push_session(&mut session.context, &self.options, &at.raw, &query, &mut session.head);
        session.head.extend(query.sql);
        session.head.push(b'\n');
        end_statement(&mut session.head);
        Ok(true)
    }

    /// A GTID that was set is used by the transaction that ends.
    fn use_gtid(&mut self) {
        if self.session.gtid_next_set {
            self.session.gtid_next_valid = false;
        }
    }

    fn variable(&mut self, pending: &Pending) {
        if let Some(raw) = RawEvent::framed(&pending.event, pending.position, &pending.format) {
            let at = At {
                raw,
                event: EventBytes::whole(&pending.event),
                format: &pending.format,
                position: pending.position,
            };
            variables::push(self, &at);
        }
    }

    fn xid(&mut self, at: &At<'_>) -> Result<(), PrintError> {
        let xid = at.raw.body().first_chunk().ok_or(PrintError::Invalid)?;
        let xid = u64::from_le_bytes(*xid);
        self.session.in_transaction = false;
        self.session.skipped = false;
        self.use_gtid();
        self.told(at, |out| {
            out.extend(b"\tXid = ");
            decimal(out, xid);
            out.push(b'\n');
        });
        self.session.head.extend(b"COMMIT");
        end_statement(&mut self.session.head);
        Ok(())
    }

    fn gtid(&mut self, at: &At<'_>, page: &mut Page) -> Result<(), PrintError> {
        let event = gtid::decoded(at)?;
        self.session.seen_gtid = true;
        self.session.gtid_next_set = true;
        self.session.gtid_next_valid = true;
        if self.session.skipped {
            self.added_commit(page);
        }
        gtid::push(self, at, &event);
        Ok(())
    }
}

const PARTLY_FILTERED: &str = "The option --database has been used. It may filter parts of transactions, but will include \
     the GTIDs in any case. If you want to exclude or include transactions, you should use the options --exclude-gtids or \
     --include-gtids, respectively, instead.";
