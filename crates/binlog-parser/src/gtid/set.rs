//! Sets of MySQL GTIDs and their algebra.

use std::collections::BTreeMap;
use std::fmt;

use crate::gtid::{Gtid, Interval, MAX_GNO, Sid, Tag};

/// A set of GTIDs: intervals by server and tag, in order, never touching each other.
///
/// ```
/// use binlog_parser::gtid::GtidSet;
///
/// let server = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
/// let mut missing: GtidSet = format!("{server}:1-100:audit:1-5").parse()?;
/// let executed: GtidSet = format!("{server}:1-97").parse()?;
/// missing.subtract(&executed);
/// assert_eq!(missing.to_string(), format!("{server}:98-100:audit:1-5"));
/// assert!(!missing.intersects(&executed) && !missing.is_subset_of(&executed));
/// assert_eq!(missing.count(), 8);
///
/// // The body of a PREVIOUS_GTIDS, and back.
/// let mut body = Vec::new();
/// missing.encode(&mut body);
/// assert_eq!(GtidSet::decode(&body).unwrap(), missing);
/// # Ok::<(), binlog_parser::gtid::GtidTextError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GtidSet {
    intervals: BTreeMap<(Sid, Tag), Vec<Interval>>,
}

impl GtidSet {
    /// Adds a GTID, and tells whether it is new. The number after the last one of its server and tag costs one look-up.
    pub fn insert(&mut self, gtid: &Gtid) -> bool {
        self.insert_interval(gtid.sid, gtid.tag.clone(), Interval::of(gtid.gno))
    }

    /// Adds all numbers of an interval, as far as they lie from 1 to [`MAX_GNO`], and tells whether any of these is new.
    pub fn insert_interval(&mut self, sid: Sid, tag: Tag, interval: Interval) -> bool {
        let interval = Interval {
            start: interval.start.max(1),
            end: interval.end.min(MAX_GNO + 1),
        };
        !interval.is_empty() && add(self.intervals.entry((sid, tag)).or_default(), interval)
    }

    /// Whether the GTID is in the set.
    #[must_use]
    pub fn contains(&self, gtid: &Gtid) -> bool {
        let intervals = self.of(&(gtid.sid, gtid.tag.clone()));
        let after = intervals.partition_point(|interval| interval.end <= gtid.gno);
        intervals.get(after).is_some_and(|interval| interval.start <= gtid.gno)
    }

    /// Adds all of `other`.
    pub fn union_with(&mut self, other: &Self) {
        for (key, theirs) in &other.intervals {
            let ours = self.intervals.entry(key.clone()).or_default();
            for interval in theirs {
                add(ours, *interval);
            }
        }
    }

    /// Takes away all of `other`.
    pub fn subtract(&mut self, other: &Self) {
        self.intervals.retain(|key, ours| {
            *ours = difference(ours, other.of(key));
            !ours.is_empty()
        });
    }

    /// What is in both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let common = self
            .intervals
            .iter()
            .map(|(key, ours)| (key, common(ours, other.of(key))));
        Self {
            intervals: common
                .filter(|(_, intervals)| !intervals.is_empty())
                .map(|(key, intervals)| (key.clone(), intervals))
                .collect(),
        }
    }

    /// Whether a GTID is in both sets.
    #[must_use]
    pub fn intersects(&self, other: &Self) -> bool {
        let mut pairs = self.intervals.iter().map(|(key, ours)| (ours, other.of(key)));
        pairs.any(|(ours, theirs)| !common(ours, theirs).is_empty())
    }

    /// Whether all of this set is in `other`.
    #[must_use]
    pub fn is_subset_of(&self, other: &Self) -> bool {
        let mut pairs = self.intervals.iter().map(|(key, ours)| (ours, other.of(key)));
        pairs.all(|(ours, theirs)| difference(ours, theirs).is_empty())
    }

    /// Whether no GTID is in the set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.intervals.is_empty()
    }

    /// How many GTIDs are in the set; [`u64::MAX`] if there are more.
    #[must_use]
    pub fn count(&self) -> u64 {
        let lengths = self.intervals.values().flatten().map(Interval::len);
        lengths.fold(0, u64::saturating_add)
    }

    /// The intervals by server and tag: in order, none of them empty.
    pub fn iter(&self) -> impl Iterator<Item = (&Sid, &Tag, &[Interval])> {
        self.intervals
            .iter()
            .map(|((sid, tag), intervals)| (sid, tag, intervals.as_slice()))
    }

    fn of(&self, key: &(Sid, Tag)) -> &[Interval] {
        self.intervals.get(key).map(Vec::as_slice).unwrap_or_default()
    }
}

impl fmt::Display for GtidSet {
    /// As the server prints it, on one line: the server breaks the line after each comma.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last = None;
        for (sid, tag, intervals) in self.iter() {
            if last != Some(sid) {
                write!(f, "{}{sid}", if last.is_some() { "," } else { "" })?;
            }
            if !tag.is_empty() {
                write!(f, ":{tag}")?;
            }
            intervals.iter().try_for_each(|interval| write!(f, ":{interval}"))?;
            last = Some(sid);
        }
        Ok(())
    }
}

impl Extend<Gtid> for GtidSet {
    fn extend<I: IntoIterator<Item = Gtid>>(&mut self, gtids: I) {
        for gtid in gtids {
            self.insert(&gtid);
        }
    }
}

impl FromIterator<Gtid> for GtidSet {
    fn from_iter<I: IntoIterator<Item = Gtid>>(gtids: I) -> Self {
        let mut set = Self::default();
        set.extend(gtids);
        set
    }
}

/// Adds an interval that is not empty, merged with those that it meets or touches. Returns whether any of it is new.
fn add(intervals: &mut Vec<Interval>, new: Interval) -> bool {
    if let Some(last) = intervals.last_mut().filter(|last| last.end == new.start) {
        last.end = new.end;
        return true;
    }
    let from = intervals.partition_point(|old| old.end < new.start);
    let to = intervals.partition_point(|old| old.start <= new.end);
    let met = intervals.get(from..to).unwrap_or_default();
    let merged = Interval {
        start: met.first().map_or(new.start, |first| first.start.min(new.start)),
        end: met.last().map_or(new.end, |last| last.end.max(new.end)),
    };
    let is_new = met != [merged];
    intervals.splice(from..to, [merged]);
    is_new
}

/// What is in both.
fn common(ours: &[Interval], theirs: &[Interval]) -> Vec<Interval> {
    let (mut ours, mut theirs) = (ours.iter().peekable(), theirs.iter().peekable());
    let mut out = Vec::new();
    while let (Some(our), Some(their)) = (ours.peek(), theirs.peek()) {
        let both = Interval {
            start: our.start.max(their.start),
            end: our.end.min(their.end),
        };
        if !both.is_empty() {
            out.push(both);
        }
        match our.end <= their.end {
            true => ours.next(),
            false => theirs.next(),
        };
    }
    out
}

/// What is in `ours` and not in `theirs`.
fn difference(ours: &[Interval], theirs: &[Interval]) -> Vec<Interval> {
    let mut out = Vec::new();
    let mut rest = theirs;
    for our in ours {
        let gone = rest.partition_point(|their| their.end <= our.start);
        rest = rest.get(gone..).unwrap_or_default();
        let mut start = our.start;
        for their in rest.iter().take_while(|their| their.start < our.end) {
            push_some(&mut out, start, their.start);
            start = their.end;
        }
        push_some(&mut out, start, our.end);
    }
    out
}

fn push_some(out: &mut Vec<Interval>, start: u64, end: u64) {
    if start < end {
        out.push(Interval { start, end });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "0a0a0a0a-0a0a-0a0a-0a0a-0a0a0a0a0a0a";
    const B: &str = "bbbbbbbb-bbbb-bbbb-bbbb-bbbbbbbbbbbb";

    /// `a` and `b` stand for two servers.
    fn set(short: &str) -> GtidSet {
        short.replace("a/", A).replace("b/", B).parse().unwrap()
    }

    #[test]
    fn insertion_keeps_order_and_merges() {
        #[rustfmt::skip]
        let cases: &[(&[u64], &str)] = &[
            (&[], ""),
            (&[1, 2, 3], "a/:1-3"),
            (&[3, 2, 1], "a/:1-3"),
            (&[1, 3, 2], "a/:1-3"),
            (&[5, 1, 3], "a/:1:3:5"),
            (&[5, 1, 3, 4], "a/:1:3-5"),
            (&[2, 2, 2], "a/:2"),
            (&[1, 2, 5, 6, 1, 6], "a/:1-2:5-6"),
            (&[MAX_GNO, MAX_GNO - 1], "a/:9223372036854775805-9223372036854775806"),
            (&[0], ""),
            (&[MAX_GNO + 1], ""),
            (&[u64::MAX], ""),
        ];
        let sid = set("a/:1").iter().map(|(sid, _, _)| *sid).next().unwrap();
        for (gnos, expected) in cases {
            let gtid = |gno: &u64| Gtid {
                sid,
                tag: Tag::default(),
                gno: *gno,
            };
            let inserted: GtidSet = gnos.iter().map(gtid).collect();
            assert_eq!(inserted, set(expected), "{gnos:?}");
            assert!(
                gnos.iter()
                    .all(|gno| inserted.contains(&gtid(gno)) == (1..=MAX_GNO).contains(gno))
            );
        }
    }

    #[test]
    fn intervals_merge_with_all_they_meet() {
        #[rustfmt::skip]
        let cases = [
            ("a/:1-5", "a/:6-9", "a/:1-9"),
            ("a/:1-5", "a/:7-9", "a/:1-5:7-9"),
            ("a/:1-2:4-5:8-9", "a/:3-7", "a/:1-9"),
            ("a/:1-2:4-5:8-9", "a/:5-6", "a/:1-2:4-6:8-9"),
            ("a/:4", "a/:1-9", "a/:1-9"),
            ("a/:1-9", "a/:4", "a/:1-9"),
            ("a/:4", "b/:4", "a/:4,b/:4"),
            ("a/:4", "a/:t:4", "a/:4:t:4"),
            ("", "a/:4", "a/:4"),
            ("a/:4", "", "a/:4"),
        ];
        for (left, right, expected) in cases {
            let mut union = set(left);
            union.union_with(&set(right));
            assert_eq!(union, set(expected), "{left} + {right}");
            assert!(set(left).is_subset_of(&union) && set(right).is_subset_of(&union));
        }
    }

    #[test]
    fn difference_and_intersection() {
        #[rustfmt::skip]
        let cases = [
            ("a/:1-9", "a/:4-5", "a/:1-3:6-9", "a/:4-5"),
            ("a/:1-9", "a/:1-9", "", "a/:1-9"),
            ("a/:1-9", "a/:1-3:9", "a/:4-8", "a/:1-3:9"),
            ("a/:1-3:5-7:9-11", "a/:2-10", "a/:1:11", "a/:2-3:5-7:9-10"),
            ("a/:2-10", "a/:1-3:5-7:9-11", "a/:4:8", "a/:2-3:5-7:9-10"),
            ("a/:1-3,b/:1", "b/:1-9", "a/:1-3", "b/:1"),
            ("a/:1-3:t:1-3", "a/:t:2", "a/:1-3:t:1:3", "a/:t:2"),
            ("a/:1", "b/:1", "a/:1", ""),
            ("", "a/:1", "", ""),
            ("a/:1", "", "a/:1", ""),
        ];
        for (left, right, difference, intersection) in cases {
            let mut left_over = set(left);
            left_over.subtract(&set(right));
            assert_eq!(left_over, set(difference), "{left} - {right}");
            assert_eq!(
                set(left).intersection(&set(right)),
                set(intersection),
                "{left} & {right}"
            );
            assert_eq!(set(left).intersects(&set(right)), !intersection.is_empty());
            assert_eq!(set(left).is_subset_of(&set(right)), difference.is_empty());
            assert_eq!(left_over.count() + set(intersection).count(), set(left).count());
        }
    }
}
