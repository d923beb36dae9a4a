//! What logs of a set say of each other.

use crate::facts::Closing;
use crate::finding::{Problem, Severity};
use crate::gtids::Gtids;
use crate::log::Log;

/// Compares each log with those before it, and settles what is lost in each.
pub(crate) fn compare(logs: &mut [Log]) {
    let mut before = Before::default();
    let mut rests = Vec::with_capacity(logs.len());
    for log in logs.iter_mut() {
        rests.push(before.gap(log));
        before.names(log);
        before.server(log);
        before.gtids(log);
        before.take(log);
    }
    for (index, log) in logs.iter_mut().enumerate() {
        log.settle(rests.get(index + 1).and_then(Option::as_ref));
    }
}

/// The logs before one.
#[derive(Debug, Default)]
struct Before {
    name: Option<Name>,
    /// Name that the last one's ROTATE gives.
    next: Option<Name>,
    server: Option<(u32, String)>,
    /// GTIDs of the last log and all before it, as far as the last log knows; `None` where it does not say.
    reached: Option<Gtids>,
    /// GTIDs of all logs that were read.
    seen: Gtids,
    /// Whether bytes of the last log are lost.
    damaged: bool,
    /// Whether a log is missing by its name before the one that is looked at.
    jumped: bool,
}

impl Before {
    /// Transactions that the log knows and the logs before do not have, where it is the next one.
    fn gap(&self, log: &Log) -> Option<Gtids> {
        let expected = self.next.clone().or_else(|| self.name.as_ref().map(Name::next))?;
        if Some(expected) != name_of(log) {
            return None;
        }
        let (reached, previous) = (self.reached.as_ref()?, log.report.previous.as_ref()?);
        Some(previous.without(reached))
    }

    fn names(&mut self, log: &mut Log) {
        self.jumped = false;
        let Some(name) = name_of(log) else { return };
        let expected = self.next.clone().or_else(|| self.name.as_ref().map(Name::next));
        let Some(expected) = expected.filter(|expected| expected.base == name.base) else {
            return;
        };
        self.jumped = name.number != expected.number;
        if name.number > expected.number {
            let expected = expected.to_string();
            log.find(Severity::Error, None, Problem::NameGap { expected });
        } else if name.number < expected.number {
            let before = self.name.as_ref().map_or_else(|| expected.to_string(), Name::to_string);
            log.find(Severity::Error, None, Problem::NameOrder { before });
        }
    }

    fn server(&self, log: &mut Log) {
        if let (Some(before), Some(now)) = (&self.server, log.report.server.clone())
            && *before != now
        {
            let before = before.clone();
            log.find(Severity::Note, None, Problem::OtherServer { before, now });
        }
    }

    fn gtids(&self, log: &mut Log) {
        if let (Some(reached), Some(previous)) = (self.reached.clone(), log.report.previous.clone()) {
            self.fits(&reached, &previous, log);
        }
        let overlap = log.report.gtids.common(&self.seen);
        if !overlap.is_empty() {
            // Sequence numbers that were written out of order make ranges overlap without a transaction in common.
            let ranges = matches!(overlap, Gtids::MariaDb(_)) && self.adjoins(log);
            let severity = if ranges { Severity::Warning } else { Severity::Error };
            log.find(severity, None, Problem::GtidOverlap(overlap));
        }
    }

    /// A log begins where the one before ends. Only MySQL lets GTIDs be added by hand (`gtid_purged`).
    fn fits(&self, reached: &Gtids, previous: &Gtids, log: &mut Log) {
        let (missing, unknown) = (previous.without(reached), reached.without(previous));
        if !missing.is_empty() {
            let by_hand = matches!(missing, Gtids::MySql(_)) && self.adjoins(log) && !self.damaged;
            let severity = if by_hand { Severity::Warning } else { Severity::Error };
            log.find(severity, None, Problem::GtidGap(missing));
        }
        if !unknown.is_empty() && !self.jumped {
            log.find(Severity::Warning, None, Problem::GtidUnknown(unknown));
        }
    }

    /// Whether the log is the one that the last one's ROTATE names.
    fn adjoins(&self, log: &Log) -> bool {
        self.next.is_some() && self.next == name_of(log)
    }

    fn take(&mut self, log: &Log) {
        self.name = name_of(log);
        self.next = rotated_to(log);
        self.server = log.report.server.clone().or_else(|| self.server.take());
        self.damaged = !log.losing.is_empty() || log.jumped;
        self.reached = log.report.previous.clone().map(|mut reached| {
            reached.add(&log.report.gtids);
            reached
        });
        self.seen.add(&log.report.gtids);
    }
}

/// A log's name, `binlog.000042`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Name {
    base: String,
    number: u64,
    digits: usize,
}

impl Name {
    fn parse(name: &str) -> Option<Self> {
        let (base, digits) = name.rsplit_once('.')?;
        let is_number = digits.len() >= 6 && digits.bytes().all(|byte| byte.is_ascii_digit());
        Some(Self {
            base: base.to_owned(),
            number: is_number.then(|| digits.parse().ok())??,
            digits: digits.len(),
        })
    }

    fn next(&self) -> Self {
        Self {
            number: self.number.saturating_add(1),
            ..self.clone()
        }
    }

    fn before(&self) -> Option<Self> {
        Some(Self {
            number: self.number.checked_sub(1)?,
            ..self.clone()
        })
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:0width$}", self.base, self.number, width = self.digits)
    }
}

fn rotated_to(log: &Log) -> Option<Name> {
    match &log.report.closing {
        Some(Closing::Rotate(name)) => Name::parse(name),
        _ => None,
    }
}

/// The name that a log had at its server: that before the one its ROTATE gives, else the file's.
fn name_of(log: &Log) -> Option<Name> {
    rotated_to(log)
        .and_then(|next| next.before())
        .or_else(|| Name::parse(&log.report.file))
}
