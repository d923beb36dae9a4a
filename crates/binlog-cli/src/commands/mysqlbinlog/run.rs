//! Prints logs one after the other.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::sync::Arc;

use binlog_dumper::mysqlbinlog::{Effects, Flow, Page, PrintError, Printer, Selection};
use binlog_parser::{FormatDescription, RawEvent};
use binlog_source::in_turns;

use super::load::LoadFiles;
use super::log::{Found, FoundIn, Log, ReadError};
use super::messages::{Ending, Messages};
use super::plan::Plan;
use super::raw::RawLogs;
use super::remote::{Arrival, Remote};
use super::row_format::RowFormat;
use crate::overflow::overflow_file;

/// Position of a log's first event.
const FIRST: u64 = 4;

/// # Errors
/// It failed, which was said.
pub(super) fn run(mut plan: Plan, messages: &mut Messages<'_>) -> Result<(), Ending> {
    let mut out = std::mem::replace(&mut plan.out, Box::new(std::io::sink()));
    let mut run = Run::new(&plan, messages);
    let options = run.printer.options();
    let write = |page: Page| {
        let mut text = Vec::with_capacity(page.size() * 2);
        page.write(&options, &mut text).map(|()| text)
    };
    // An empty page stands for a pause.
    let put = |text: io::Result<Vec<u8>>| match text? {
        text if text.is_empty() => out.flush(),
        text => out.write_all(&text),
    };
    let written = in_turns(|| run.next_page(), write, put);
    let flushed = written.and_then(|()| out.flush());
    run.end(flushed)
}

/// Bytes on a page after which the next one is begun.
const FULL: usize = 1 << 19;

/// Bytes of a statement that has not ended, after which its events wait in a file.
const OVERFULL: usize = 4 << 20;

/// The logs on their way to pages.
struct Run<'r, 'm> {
    printer: Printer,
    page: Page,
    /// Pages that come first.
    ready: VecDeque<Page>,
    load: LoadFiles,
    raw: RawLogs,
    row_format: RowFormat,
    files: std::slice::Iter<'r, OsString>,
    /// The log that is read.
    file: &'r OsStr,
    open: Option<Open>,
    /// Where the next log is read from.
    start: u64,
    is_over: bool,
    done: Result<(), Ending>,
    plan: &'r Plan,
    messages: &'r mut Messages<'m>,
}

/// A log that is read.
enum Open {
    Local {
        log: Box<Log>,
        /// The description of a log that is read from a later position.
        described: Option<Found>,
    },
    Remote(Box<Remote>),
}

/// What one step led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    More,
    /// The log has nothing more for now.
    Pause,
    EndOfLog,
    /// Nothing more is to be printed.
    Stop,
}

/// What printing does besides text.
struct Aside<'a, 'm> {
    load: &'a mut LoadFiles,
    messages: &'a mut Messages<'m>,
}

impl Effects for Aside<'_, '_> {
    fn begin_file(&mut self, number: u32, block: &[u8]) -> bool {
        self.load.begin(number, block, self.messages).is_ok()
    }

    fn append_to_file(&mut self, number: u32, block: &[u8]) -> bool {
        self.load.append(number, block, self.messages).is_ok()
    }

    fn take_file(&mut self, number: u32) -> Option<Vec<u8>> {
        self.load.take(number)
    }

    fn warn(&mut self, words: &str) {
        self.messages.warning(words);
    }

    fn fail(&mut self, words: &str) {
        self.messages.error(words);
    }
}

impl<'r, 'm> Run<'r, 'm> {
    fn new(plan: &'r Plan, messages: &'r mut Messages<'m>) -> Self {
        let settings = &plan.settings;
        let mut run = Self {
            printer: Printer::new(plan.text(), Selection::new(plan.selection())),
            page: Page::default(),
            ready: VecDeque::new(),
            load: LoadFiles::new(settings.local_load.as_deref()),
            raw: RawLogs::new(settings.result_file.clone()),
            row_format: RowFormat::default(),
            files: plan.files.iter(),
            file: OsStr::new(""),
            open: None,
            start: settings.start_position.unwrap_or(FIRST),
            is_over: false,
            done: Ok(()),
            plan,
            messages,
        };
        if !settings.raw {
            run.printer.begin(&mut run.page);
        }
        run
    }

    /// The next page. An empty one where the logs have nothing more for now; `None` at the end.
    fn next_page(&mut self) -> Option<Page> {
        while self.ready.is_empty() && !self.is_over {
            match self.step() {
                Ok(Step::More) => {}
                Ok(Step::Pause) => return Some(self.pause()),
                Ok(Step::EndOfLog) => self.end_log(self.files.len() == 0),
                Ok(Step::Stop) => self.end_log(true),
                Err(ending) => {
                    self.done = Err(ending);
                    self.end_log(true);
                }
            }
            match (self.page.is_settled(), self.page.size()) {
                (true, size) if size >= FULL || self.page.has_overflow() => break,
                (false, OVERFULL..) => self.overflow(),
                _ => {}
            }
        }
        if self.ready.is_empty() && (self.page.size() > 0 || self.page.has_overflow()) {
            self.ready = self.page.turn().into_parts(FULL);
        }
        self.ready.pop_front()
    }

    /// What there is for now. A statement that has not ended waits.
    fn pause(&mut self) -> Page {
        match self.page.is_settled() {
            true => std::mem::take(&mut self.page),
            false => Page::default(),
        }
    }

    fn overflow(&mut self) {
        match self.page.overflow(overflow_file) {
            Ok(page) => self.ready.push_back(page),
            Err(error) => {
                let error = format!("Could not write a temporary file: {error}");
                self.messages.error(error);
                self.done = Err(Ending::FAILURE);
                self.is_over = true;
            }
        }
    }

    /// How it ended, where this is how writing ended. A reader who has enough is no error.
    fn end(self, written: io::Result<()>) -> Result<(), Ending> {
        if let Err(error) = &written
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            self.messages
                .error(format_args!("Could not write all of the text: {error}"));
        }
        self.done.and(written.map_err(|_| Ending::FAILURE))
    }

    /// What stands at the end is printed also where a log cannot be read.
    fn end_log(&mut self, is_last: bool) {
        self.open = None;
        self.is_over = is_last;
        if is_last && !self.plan.settings.raw {
            let mut aside = Aside {
                load: &mut self.load,
                messages: self.messages,
            };
            self.printer.end_logs(&mut self.page);
            self.printer.end(&mut aside, &mut self.page);
            self.printer.finish(&mut self.page);
        }
    }

    fn step(&mut self) -> Result<Step, Ending> {
        match self.open.take() {
            None => self.open_next(),
            Some(Open::Local { mut log, described }) => {
                let step = match described {
                    Some(found) => self.print(found.whole(), log.format()),
                    None => self.local(&mut log),
                };
                self.open = Some(Open::Local { log, described: None });
                step
            }
            Some(Open::Remote(mut log)) => {
                let step = self.remote(&mut log);
                self.open = Some(Open::Remote(log));
                step
            }
        }
    }

    fn open_next(&mut self) -> Result<Step, Ending> {
        let settings = &self.plan.settings;
        let Some(file) = self.files.next() else {
            return Ok(Step::Stop);
        };
        if self.files.len() == 0 {
            self.printer.selection().stop_at(settings.stop_position);
        }
        self.row_format = RowFormat::default();
        self.file = file;
        let start = std::mem::replace(&mut self.start, FIRST);
        self.open = Some(match settings.remote {
            Some(_) => {
                let excluded = self.plan.exclude_gtids.as_ref();
                let log = Remote::open(file, start, settings, excluded, self.messages)?;
                self.raw.rename(file.as_bytes().to_vec());
                Open::Remote(Box::new(log))
            }
            None => {
                let opened = Log::open(file, start, settings.verify_checksums, self.messages);
                let (log, described) = opened.map_err(|error| self.failed(&error))?;
                let log = Box::new(log);
                Open::Local { log, described }
            }
        });
        Ok(Step::More)
    }

    fn local(&mut self, log: &mut Log) -> Result<Step, Ending> {
        let position = log.position();
        let error = match log.next() {
            Ok(None) => return Ok(Step::EndOfLog),
            Ok(Some((found, format))) => return self.event(found, format),
            Err(error) => error,
        };
        match error {
            ReadError::Truncated if log.is_in_use() => {
                self.messages.warning("File ends with a truncated event.");
                Ok(Step::EndOfLog)
            }
            error => Err(self.unreadable(position, &error)),
        }
    }

    fn remote(&mut self, log: &mut Remote) -> Result<Step, Ending> {
        let found = match log.next(self.messages)? {
            Arrival::Event(found) => found,
            Arrival::Nothing => return Ok(Step::Pause),
            Arrival::End => return Ok(Step::EndOfLog),
        };
        if !self.plan.settings.raw {
            return self.event(found.whole(), log.format());
        }
        self.check_row_format(found.whole(), log.format())?;
        self.raw.event(&found.bytes, self.messages)?;
        Ok(Step::More)
    }

    fn event(&mut self, found: FoundIn<'_>, format: &Arc<FormatDescription>) -> Result<Step, Ending> {
        self.check_row_format(found, format)?;
        self.print(found, format)
    }

    fn check_row_format(&mut self, found: FoundIn<'_>, format: &FormatDescription) -> Result<(), Ending> {
        if !self.plan.settings.require_row_format {
            return Ok(());
        }
        let raw = RawEvent::framed(found.event.bytes(), found.position, format);
        if raw.is_some_and(|raw| self.row_format.allows(&raw)) {
            return Ok(());
        }
        self.messages
            .error("Event being written violates the --require-row-format parameter constraints.");
        Err(Ending::FAILURE)
    }

    fn print(&mut self, found: FoundIn<'_>, format: &Arc<FormatDescription>) -> Result<Step, Ending> {
        let mut aside = Aside {
            load: &mut self.load,
            messages: self.messages,
        };
        let printed = self
            .printer
            .event(found.event, found.position, format, &mut aside, &mut self.page);
        match printed {
            Ok(Flow::More) => Ok(Step::More),
            Ok(Flow::Stop) => Ok(Step::Stop),
            Err(PrintError::Invalid) => Err(self.unreadable(found.position, &ReadError::Invalid)),
            Err(PrintError::Told) => Err(Ending::FAILURE),
            Err(PrintError::InUse) => Err(self.in_use()),
            Err(error) => {
                self.messages.error(error);
                Err(Ending::FAILURE)
            }
        }
    }

    fn in_use(&mut self) -> Ending {
        let file = self.file.to_string_lossy();
        self.messages.error(format_args!(
            "Attempting to dump binlog '{file}', which was not closed properly. Most probably, mysqld is still writing it, \
             or it crashed. Rerun with --force-if-open to ignore this problem."
        ));
        Ending::FAILURE
    }

    fn unreadable(&mut self, position: u64, error: &ReadError) -> Ending {
        self.messages.error(format_args!(
            "Could not read entry at offset {}: Error in log format or read error 1.",
            position.cast_signed()
        ));
        self.failed(error)
    }

    fn failed(&mut self, error: &ReadError) -> Ending {
        self.messages.error(error);
        Ending::FAILURE
    }
}
