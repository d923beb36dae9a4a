//! Events that stay together.

use binlog_parser::{RawEvent, Run};

/// Kept events that stand one behind another, in their run and in the log: they leave as one run.
#[derive(Debug)]
pub(crate) struct Stretch<'a> {
    run: &'a Run,
    first: RawEvent<'a>,
    /// Bytes of all of them.
    len: usize,
}

impl<'a> Stretch<'a> {
    pub(crate) fn of(raw: RawEvent<'a>, run: &'a Run) -> Self {
        Self {
            run,
            first: raw,
            len: raw.bytes().len(),
        }
    }

    /// Takes the event, if it is the next one.
    pub(crate) fn takes(&mut self, raw: &RawEvent<'a>, run: &'a Run) -> bool {
        let end = self.first.bytes().as_ptr().addr() + self.len;
        let is_next = std::ptr::eq(run, self.run)
            && raw.bytes().as_ptr().addr() == end
            && raw.offset == self.first.offset + self.len as u64;
        self.len += if is_next { raw.bytes().len() } else { 0 };
        is_next
    }

    pub(crate) fn into_run(self) -> Run {
        self.run.span(&self.first, self.len)
    }
}
