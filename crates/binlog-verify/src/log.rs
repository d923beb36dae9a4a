//! One log in the making.

use std::sync::Arc;

use binlog_parser::gtid::TransactionGtid;
use binlog_parser::{ChecksumAlgorithm, FieldError, MAGIC_LEN};

use crate::facts::{Broken, Facts, Start};
use crate::finding::{Finding, Problem, Severity};
use crate::gtids::Gtids;
use crate::losses::{Damage, Losing, Loss};
use crate::report::{LogReport, Totals};
use crate::verifier::{UNKNOWN_CHECKSUM, begins_log};

/// What is known of a log so far.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) report: LogReport,
    pub(crate) losing: Vec<Losing>,
    pub(crate) damage: Vec<Damage>,
    begun: bool,
    /// Distance of positions from places.
    shift: i64,
    /// The transaction that is open.
    open: Option<Broken>,
    /// What is lost and has not ended yet.
    lost: Option<Lost>,
    /// Position after the last whole transaction, as the server counted.
    reached: i64,
    last_gtid: Option<TransactionGtid>,
    /// Whether every transaction begins with a GTID.
    has_gtids: bool,
    /// Whether a position was out of order: bytes are missing or too many.
    pub(crate) jumped: bool,
}

#[derive(Debug)]
struct Lost {
    span: Broken,
    /// Place up to which everything stood in the log before.
    until: u64,
    /// Whether bytes are missing that do not stand here at all.
    missing: bool,
}

impl Log {
    pub(crate) fn new(file: Arc<str>) -> Self {
        Self {
            report: LogReport {
                file,
                end: MAGIC_LEN,
                totals: Totals::default(),
                server: None,
                checksum: UNKNOWN_CHECKSUM,
                gtids: Gtids::None,
                previous: None,
                closing: None,
                in_use: false,
                open_transaction: false,
                losses: Vec::new(),
                findings: Vec::new(),
            },
            losing: Vec::new(),
            damage: Vec::new(),
            begun: false,
            shift: 0,
            open: None,
            lost: None,
            reached: 0,
            last_gtid: None,
            has_gtids: false,
            jumped: false,
        }
    }

    /// Whether the facts are of another log.
    pub(crate) fn is_other(&self, facts: &Facts) -> bool {
        self.begun && (*facts.file != *self.report.file || begins_log(facts))
    }

    pub(crate) fn damage(&mut self, damage: Damage) {
        self.find(
            Severity::Error,
            Some(damage.from),
            Problem::Unreadable {
                to: damage.to,
                why: damage.why.clone(),
            },
        );
        self.damage.push(damage);
    }

    pub(crate) fn failed(&mut self, why: String) {
        self.find(Severity::Error, None, Problem::Failed(why));
    }

    pub(crate) fn find(&mut self, severity: Severity, position: Option<u64>, problem: Problem) {
        let file = Arc::clone(&self.report.file);
        self.report.findings.push(Finding {
            severity,
            file,
            position,
            problem,
        });
    }

    pub(crate) fn add(&mut self, facts: &Facts) {
        if !std::mem::replace(&mut self.begun, true) {
            self.report.file = Arc::clone(&facts.file);
            self.report.end = if facts.own {
                facts.start.min(MAGIC_LEN)
            } else {
                facts.start
            };
        }
        self.head(facts);
        self.errors(facts);
        let hole = if facts.own { self.holes(facts) } else { None };
        if let Some(missing) = hole {
            self.lose(facts, missing);
        }
        self.transactions(facts, hole.is_some());
        self.report.totals.add(&facts.totals);
        self.report.end = facts.end;
        self.report.closing.clone_from(&facts.closing);
        self.last_gtid = facts.last_gtid.clone().or_else(|| self.last_gtid.take());
    }

    fn head(&mut self, facts: &Facts) {
        if let Some(head) = &facts.head {
            self.report.checksum = head.checksum;
            if self.report.server.is_none() {
                self.report.server = Some((head.server_id, head.server_version.clone()));
                self.report.in_use = head.in_use;
            }
        }
        if self.report.previous.is_none() {
            self.report.previous.clone_from(&facts.previous);
        }
        self.has_gtids |= facts.has_gtids || facts.previous.as_ref().is_some_and(|previous| !previous.is_empty());
    }

    fn errors(&mut self, facts: &Facts) {
        for error in &facts.errors {
            let severity = match error.error {
                FieldError::Unsupported { .. } => Severity::Warning,
                _ => Severity::Error,
            };
            self.find(severity, Some(error.event_offset), Problem::Event(error.clone()));
        }
        if facts.more_errors > 0 {
            self.find(
                Severity::Error,
                Some(facts.start),
                Problem::MoreEvents(facts.more_errors),
            );
        }
        for position in &facts.incidents {
            self.find(Severity::Error, Some(*position), Problem::Incident);
        }
    }

    /// Looks at places and positions. Of a hole before the chunk it returns how many bytes are missing altogether.
    fn holes(&mut self, facts: &Facts) -> Option<i64> {
        let Some((first, last)) = facts.shifts else {
            return (facts.start != self.report.end).then_some(0);
        };
        let missing = first - self.shift;
        self.jump(facts.start, missing);
        for jump in &facts.jumps {
            self.jump(jump.position, jump.missing);
        }
        self.shift = last;
        (missing != 0 || facts.start != self.report.end).then_some(missing)
    }

    fn jump(&mut self, position: u64, missing: i64) {
        let problem = match missing {
            0 => return,
            1.. => Problem::Missing(missing.unsigned_abs()),
            _ => Problem::Surplus(missing.unsigned_abs()),
        };
        self.jumped = true;
        self.find(Severity::Error, Some(position), problem);
    }

    /// Begins a loss before the chunk.
    fn lose(&mut self, facts: &Facts, missing: i64) {
        let first_shift = facts.shifts.map_or(self.shift, |(first, _)| first);
        let until = u64::try_from(self.reached - first_shift).unwrap_or_default();
        let span = self.open.take().unwrap_or_else(|| Broken {
            from: self.report.end.min(facts.start),
            to: facts.start,
            gtid: None,
            before: self.last_gtid.clone(),
            after: None,
            broken: true,
        });
        let span = self.lost.take().map_or(span, |lost| lost.span);
        self.lost = Some(Lost {
            span,
            until,
            missing: missing > 0,
        });
    }

    fn transactions(&mut self, facts: &Facts, hole: bool) {
        let from = match self.lost.take() {
            Some(lost) => match self.found(lost, facts) {
                Some(from) => from,
                None => return,
            },
            None => {
                self.front(facts, hole);
                facts.start
            }
        };
        let stands = |broken: &&Broken| broken.to > broken.from || is_missing(facts, broken.from);
        for broken in facts.broken.iter().filter(|broken| broken.from >= from).filter(stands) {
            self.broken(broken.clone(), false);
        }
        self.gtids(facts, from > facts.start);
        self.behind(facts);
    }

    /// Looks for the place where what is lost ends.
    fn found(&mut self, mut lost: Lost, facts: &Facts) -> Option<u64> {
        let least = lost.until.max(facts.start);
        let counts = |start: &&Start| start.position >= least && (start.certain || !self.has_gtids);
        let Some(start) = facts.starts.iter().find(counts).map(|start| start.position) else {
            lost.span.to = facts.end;
            self.lost = Some(lost);
            return None;
        };
        let end_of_repeated = lost.until.min(start);
        let mut span = lost.span;
        span.to = start;
        if end_of_repeated > facts.start {
            self.repeated(&mut span, facts.start, end_of_repeated);
        }
        if span.to > span.from || lost.missing {
            self.broken(span, false);
        }
        Some(start)
    }

    /// Parts a loss: what was damaged, what stands again, and what follows it.
    fn repeated(&mut self, span: &mut Broken, from: u64, to: u64) {
        let before = Broken {
            to: from,
            ..span.clone()
        };
        if before.from < before.to {
            self.broken(before, false);
        }
        self.losing.push(Losing {
            span: Broken {
                from,
                to,
                gtid: None,
                ..span.clone()
            },
            repeated: true,
            open_end: false,
        });
        span.from = to;
        span.gtid = None;
    }

    /// What the chunk does to the transaction that is open.
    fn front(&mut self, facts: &Facts, hole: bool) {
        if let Some(error) = facts.orphan.clone().filter(|_| !hole) {
            self.find(Severity::Error, Some(error.event_offset), Problem::Event(error));
        }
        let Some(mut open) = self.open.take() else {
            return;
        };
        let front = facts.front;
        open.broken |= front.is_none_or(|front| front.broken);
        match front.map_or(Some(facts.start), |front| front.end) {
            None => self.open = Some(open),
            Some(end) if open.broken => self.broken(Broken { to: end, ..open }, false),
            Some(_) => {
                if let Some(gtid) = open.gtid {
                    self.gtid(&gtid);
                }
            }
        }
    }

    fn gtid(&mut self, gtid: &TransactionGtid) {
        if !self.report.gtids.insert(gtid) {
            let mut repeated = Gtids::None;
            repeated.insert(gtid);
            self.find(Severity::Error, None, Problem::Repeated(repeated));
        }
    }

    fn gtids(&mut self, facts: &Facts, repeats: bool) {
        if let Some(gtid) = &facts.first_gtid {
            let open = self
                .losing
                .iter_mut()
                .rev()
                .take_while(|losing| losing.span.after.is_none());
            open.for_each(|losing| losing.span.after = Some(gtid.clone()));
        }
        let mut repeated = facts.repeated.clone();
        repeated.add(&self.report.gtids.common(&facts.gtids));
        if !repeated.is_empty() && !repeats {
            self.find(Severity::Error, Some(facts.start), Problem::Repeated(repeated));
        }
        self.report.gtids.add(&facts.gtids);
    }

    /// What the chunk leaves open.
    fn behind(&mut self, facts: &Facts) {
        match facts.back.clone() {
            Some(span) if span.broken => {
                let span = self.preceded(span);
                self.lost = Some(Lost {
                    span,
                    until: 0,
                    missing: false,
                });
            }
            Some(span) => self.open = Some(self.preceded(span)),
            None => {}
        }
        if self.open.is_none() && self.lost.is_none() || facts.back.is_some() {
            let end = facts.back.as_ref().map_or(facts.end, |back| back.from);
            self.reached = self.reached.max(end as i64 + self.shift);
        }
    }

    fn broken(&mut self, span: Broken, open_end: bool) {
        let span = self.preceded(span);
        if let Some(last) = self.losing.last_mut()
            && last.goes_on(&span)
        {
            last.span.to = span.to;
            last.span.after = span.after;
            return;
        }
        self.losing.push(Losing {
            span,
            repeated: false,
            open_end,
        });
    }

    fn preceded(&self, mut span: Broken) -> Broken {
        if span.before.is_none() {
            span.before.clone_from(&self.last_gtid);
        }
        span
    }

    /// The log ends.
    pub(crate) fn finish(&mut self, last: bool) {
        let damaged_end = self.damage.iter().map(|damage| damage.to).max().unwrap_or_default();
        let end = self.report.end.max(damaged_end);
        if let Some(open) = self.open.take() {
            self.report.open_transaction = true;
            self.find(Severity::Warning, Some(open.from), Problem::EndsInside);
            self.broken(Broken { to: end, ..open }, self.report.end == end);
        } else if let Some(lost) = self.lost.take() {
            self.broken(Broken { to: end, ..lost.span }, false);
        } else if damaged_end > self.report.end {
            let from = self.report.end;
            self.broken(end_of_log(from, end), false);
        }
        self.closed(last);
        let totals = &self.report.totals;
        if self.report.server.is_none() && totals.checksums > 0 {
            self.report.checksum = ChecksumAlgorithm::Crc32;
        }
        let unverified = totals.events > 0 && self.report.checksum == ChecksumAlgorithm::None;
        if unverified {
            self.find(Severity::Note, None, Problem::NoChecksums);
        }
    }

    fn closed(&mut self, last: bool) {
        if self.report.closing.is_some() || self.report.totals.events == 0 {
            return;
        }
        let (problem, severity) = match self.report.in_use {
            true if last => (Problem::InUse, Severity::Note),
            true => (Problem::InUse, Severity::Warning),
            false => (Problem::NotClosed, Severity::Warning),
        };
        self.find(severity, None, problem);
    }

    /// Makes losses of what is lost, now that the next log is known: `rest` is what only it knows of.
    pub(crate) fn settle(&mut self, rest: Option<&Gtids>) {
        let own = self.report.gtids.clone();
        let before = self.report.previous.clone().unwrap_or_default();
        for losing in std::mem::take(&mut self.losing) {
            let loss = Loss {
                file: Arc::clone(&self.report.file),
                from: losing.span.from,
                to: losing.span.to,
                gtids: losing.gtids(&own, &before, rest),
                why: self.why(&losing.span),
                repeated: losing.repeated,
            };
            // That the log ends inside of a transaction was said already.
            if !losing.open_end {
                self.find(Severity::Error, Some(loss.from), Problem::Lost(loss.clone()));
            }
            self.report.losses.push(loss);
        }
    }

    /// The first thing that was found between the positions.
    fn why(&self, span: &Broken) -> String {
        let inside = |finding: &&Finding| {
            finding.severity == Severity::Error
                && finding.position.is_some_and(|at| (span.from..=span.to).contains(&at))
        };
        let mut found: Vec<_> = self.report.findings.iter().filter(inside).collect();
        found.sort_by_key(|finding| finding.position);
        found.first().map_or_else(
            || "the transaction has no end".to_owned(),
            |finding| finding.problem.to_string(),
        )
    }

    pub(crate) fn into_report(mut self) -> LogReport {
        self.report.findings.sort_by_key(|finding| finding.position);
        self.report.losses.sort_by_key(|loss| loss.from);
        self.report
    }
}

/// Whether bytes are missing before the position altogether.
fn is_missing(facts: &Facts, position: u64) -> bool {
    let mut jumps = facts.jumps.iter();
    jumps.any(|jump| jump.position == position && jump.missing > 0)
}

fn end_of_log(from: u64, to: u64) -> Broken {
    Broken {
        from,
        to,
        gtid: None,
        before: None,
        after: None,
        broken: true,
    }
}
