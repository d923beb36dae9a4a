//! Passing over whole logs of which nothing is wanted.
//!
//! A log is passed over only on account of what servers write at the heads of logs, and of one log's place before another:
//! both are named as servers name them, with rising numbers, lie in one folder and are of one server. What cannot be read,
//! or does not fit together, is never a reason: then the log is read. The last log is always read.
//!
//! # By time
//!
//! An event's time is not later than its writing, and a log was written before the first transaction of the next one was
//! committed, and before its own file was last changed. Either time is enough where it lies before what is wanted: the
//! commit, which MySQL 8.0 on writes into every GTID event; and the file's, if it does not lie before the time at the next
//! log's head. That time itself is no such bound: it is when the statement *began* that made the server begin the log,
//! which may have run for hours.
//!
//! # By GTID
//!
//! MySQL's logs begin with the GTIDs of all logs before; what the next one has more, this one holds. Those of MariaDB
//! begin with the last GTID of each domain and server.

mod head;

use std::collections::VecDeque;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use binlog_parser::gtid::GtidProgress;

use crate::file::Input;
use crate::file::inputs::numbered;
use crate::keys::Keys;
use head::{Earlier, Head};

/// What is wanted of several logs: whole logs that have nothing of it are not read. The default is everything.
///
/// It only saves time: of the logs that are read, everything is returned. Passed over with their log are
///
/// - events whose time is later than their writing: the server's clock was set back, a session set its `TIMESTAMP` to the
///   future, or the server is a replica of one whose clock is ahead;
/// - MariaDB's transactions with a sequence number that is lower than one before it of the same domain and server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seek {
    /// Events of this time and after it, seconds since 1970 UTC.
    pub since: Option<u32>,
    /// Transactions with these GTIDs: a set of MySQL, or a position of MariaDB and all before it in its domains.
    pub gtids: Option<GtidProgress>,
}

/// How much a file's time may be behind its server's clock: file systems count in steps of up to two seconds.
const FILE_CLOCK: Duration = Duration::from_secs(2);

/// Passes over logs.
#[derive(Debug)]
pub(crate) struct Seeker {
    seek: Seek,
    keys: Arc<Keys>,
    /// The head that was read last: that of the log at the front, where the one before it was passed over.
    last: Option<(Input, Option<Head>)>,
}

impl Seeker {
    pub(crate) fn new(seek: Seek, keys: Arc<Keys>) -> Self {
        Self { seek, keys, last: None }
    }

    /// Takes away the logs at the front that have nothing of what is wanted.
    pub(crate) fn pass_over(&mut self, logs: &mut VecDeque<Input>) {
        if self.seek == Seek::default() {
            return;
        }
        while let (Some(Input::Path(log)), Some(Input::Path(next))) = (logs.front(), logs.get(1)) {
            if !self.is_vain(log, next) {
                return;
            }
            logs.pop_front();
        }
    }

    fn is_vain(&mut self, log: &Path, next: &Path) -> bool {
        if !follows(log, next) {
            return false;
        }
        let (Some(head), Some(after)) = (self.head(log), self.head(next)) else {
            return false;
        };
        let vain = head.server_id == after.server_id
            && (self.is_before(log, &head, &after) || self.has_no_wanted_gtid(&head, &after));
        if vain {
            tracing::debug!(log = %log.display(), "passed over");
        }
        vain
    }

    /// The log's head; it is asked for twice in a row, first as the next one.
    fn head(&mut self, log: &Path) -> Option<Head> {
        let input = Input::Path(log.to_owned());
        if let Some((of, head)) = &self.last
            && *of == input
        {
            return head.clone();
        }
        let head = Head::read(log, &self.keys);
        self.last = Some((input, head.clone()));
        head
    }

    /// Whether everything in the log was written before the time that is wanted.
    fn is_before(&self, log: &Path, head: &Head, after: &Head) -> bool {
        let Some(since) = self.seek.since else {
            return false;
        };
        let since = UNIX_EPOCH + Duration::from_secs(since.into());
        let ascends = head.begun <= after.begun && after.begun < since;
        ascends && (after.committed.is_some_and(|committed| committed < since) || was_changed_before(log, after, since))
    }

    fn has_no_wanted_gtid(&self, head: &Head, after: &Head) -> bool {
        match (&self.seek.gtids, &head.earlier, &after.earlier) {
            (Some(wanted), Some(before), Some(after)) => !may_hold(before, after, wanted),
            _ => false,
        }
    }
}

/// Whether a server made the second log after the first, as far as names tell.
fn follows(log: &Path, next: &Path) -> bool {
    match (numbered(log), numbered(next)) {
        (Some((base, number)), Some((next_base, next_number))) => {
            log.parent() == next.parent() && base == next_base && number < next_number
        }
        _ => false,
    }
}

/// By the time of its file, which is not believed where it lies before what must have been later.
fn was_changed_before(log: &Path, after: &Head, since: SystemTime) -> bool {
    let modified = fs::metadata(log).and_then(|metadata| metadata.modified());
    modified.is_ok_and(|modified| after.begun <= modified && modified + FILE_CLOCK < since)
}

/// Whether a wanted transaction may stand in the log between these two lists.
fn may_hold(before: &Earlier, after: &Earlier, wanted: &GtidProgress) -> bool {
    match (before, after, wanted) {
        (Earlier::MySql(before), Earlier::MySql(after), GtidProgress::MySql(wanted)) => {
            let mut made = after.clone();
            made.subtract(before);
            !before.is_subset_of(after) || made.is_empty() || made.intersects(wanted)
        }
        (Earlier::MariaDb(before), Earlier::MariaDb(after), GtidProgress::MariaDb(wanted)) => {
            let ascends = before
                .iter()
                .all(|(of, last)| after.get(of).is_some_and(|then| last <= then));
            let may = |domain: u32, up_to: u64| {
                let mut moved = after
                    .iter()
                    .filter(|(of, last)| of.0 == domain && before.get(of) != Some(last));
                moved.any(|(of, _)| before.get(of).is_none_or(|last| *last < up_to))
            };
            !ascends || before == after || wanted.iter().any(|gtid| may(gtid.domain, gtid.sequence))
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests;
