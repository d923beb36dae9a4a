//! The row changes of transactions that are committed together, made fewer: changes of one row become one, and those that
//! are of one kind stand together, as far as nobody can tell the difference after the commit.
//!
//! A change joins an earlier one of the same row if nothing between them touches what it touches. Then each change goes into the last
//! group of its shape, unless a later group touches what it touches. So changes that touch the same keep their order.

use std::ops::Range;
use std::sync::Arc;

use binlog_parser::event::{RowsFlags, RowsKind};
use binlog_parser::{Chunk, EventType, RawEvent, Row, Rows};

use crate::claims::{Claims, Touch};
use crate::group::{Group, GroupedChange, Shape};
use crate::judge::rows_flags;
use crate::plan::Plan;

/// Collects changes.
#[derive(Debug)]
pub(crate) struct Merger {
    /// Whether changes of one row become one.
    joins: bool,
    shapes: Vec<Shape>,
    changes: Vec<Change>,
    /// Images and identities of the changes.
    bytes: Vec<u8>,
    touches: Vec<Touch>,
    /// Held by changes, by their numbers from 1.
    claims: Claims,
    file: Option<Arc<str>>,
    server_id: u32,
    /// Row events that were taken.
    events: u64,
}

#[derive(Debug, Clone)]
struct Change {
    shape: usize,
    before: Range<usize>,
    after: Range<usize>,
    /// Bytes by which the row is known; empty where it must stay a change of its own.
    identity: Range<usize>,
    touches: Range<usize>,
    timestamp: u32,
    position: u64,
}

impl Merger {
    /// A collection in which changes of one row become one, or stay as many.
    pub(crate) fn new(joins: bool) -> Self {
        Self {
            joins,
            shapes: Vec::new(),
            changes: Vec::new(),
            bytes: Vec::new(),
            touches: Vec::new(),
            claims: Claims::default(),
            file: None,
            server_id: 0,
            events: 0,
        }
    }

    /// Forgets what was collected, and returns it.
    pub(crate) fn take(&mut self) -> Self {
        let empty = Self::new(self.joins);
        std::mem::replace(self, empty)
    }

    /// Whether nothing was collected.
    pub(crate) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Takes the changes of a row event. Returns their number.
    pub(crate) fn add(
        &mut self,
        plan: &Arc<Plan>,
        chunk: &Chunk,
        raw: &RawEvent<'_>,
        rows: &Rows<'_>,
    ) -> Result<u64, (usize, binlog_parser::FieldError)> {
        if self.file.as_ref().is_none_or(|file| *file != chunk.file) {
            self.file = Some(Arc::clone(&chunk.file));
        }
        self.server_id = raw.header.server_id;
        self.events += 1;
        let whole = is_whole(rows);
        let timeless = whole && plan.timeless;
        let shape = Shape {
            plan: Arc::clone(plan),
            event_type: raw.header.event_type,
            kind: rows.kind,
            flags: RowsFlags(rows_flags(rows.flags).0 & !RowsFlags::STMT_END.0),
            partial: rows.partial,
            columns: rows.columns.bytes().into(),
            columns_after: rows.columns_after.map(|columns| columns.bytes().into()),
            timestamp: (!timeless).then_some(raw.header.timestamp),
            event: (plan.key.is_empty() && rows.kind != RowsKind::Insert).then_some(self.events),
        };
        let shape = self.shape(shape);
        let (mut before, mut after) = (Row::default(), Row::default());
        let (mut iter, mut count) = (rows.iter(), 0);
        while iter.next_into(&mut before, &mut after)? {
            let images = iter.images();
            let change = self.change(plan, shape, raw, (&before, &after), images, whole && timeless);
            self.put(change);
            count += 1;
        }
        Ok(count)
    }

    /// Number of the shape.
    fn shape(&mut self, shape: Shape) -> usize {
        match self.shapes.iter().rposition(|known| *known == shape) {
            Some(number) => number,
            None => {
                self.shapes.push(shape);
                self.shapes.len() - 1
            }
        }
    }

    /// Copies the change's bytes to where all are.
    fn change(
        &mut self,
        plan: &Plan,
        shape: usize,
        raw: &RawEvent<'_>,
        (before, after): (&Row<'_>, &Row<'_>),
        (first, second): (&[u8], &[u8]),
        whole: bool,
    ) -> Change {
        let kind = self.shapes.get(shape).map_or(RowsKind::Insert, |shape| shape.kind);
        let touched = self.touches.len();
        plan.footprint.touch(&plan.map, before, after, &mut self.touches);
        let (before_image, after_image) = match kind {
            RowsKind::Insert => (&[][..], first),
            RowsKind::Delete => (first, &[][..]),
            RowsKind::Update => (first, second),
        };
        let touches = touched..self.touches.len();
        let before_image = self.copy(before_image);
        let after_image = self.copy(after_image);
        Change {
            shape,
            before: before_image,
            after: after_image,
            identity: match whole {
                true => self.identity(plan, kind, before, after),
                false => 0..0,
            },
            touches,
            timestamp: raw.header.timestamp,
            position: raw.offset,
        }
    }

    fn copy(&mut self, bytes: &[u8]) -> Range<usize> {
        let start = self.bytes.len();
        self.bytes.extend(bytes);
        start..self.bytes.len()
    }

    /// Bytes by which the row is known before and after; empty where they differ.
    fn identity(&mut self, plan: &Plan, kind: RowsKind, before: &Row<'_>, after: &Row<'_>) -> Range<usize> {
        let start = self.bytes.len();
        let row = if kind == RowsKind::Insert { after } else { before };
        let mut known = plan.footprint.identify(&plan.map, row, &mut self.bytes);
        let middle = self.bytes.len();
        if known && kind == RowsKind::Update {
            known = plan.footprint.identify(&plan.map, after, &mut self.bytes);
            known &= self.bytes.get(start..middle) == self.bytes.get(middle..);
            self.bytes.truncate(middle);
        }
        if !known {
            self.bytes.truncate(start);
        }
        start..self.bytes.len()
    }

    fn put(&mut self, change: Change) {
        let touches = self.touches.get(change.touches.clone()).unwrap_or_default();
        let last = self.claims.last(touches);
        let mut number = self.changes.len() as u64 + 1;
        match self.joined(last, &change) {
            Some(joined) => {
                number = last;
                if let Some(earlier) = self.changes.get_mut(last as usize - 1) {
                    *earlier = joined;
                }
            }
            None => self.changes.push(change.clone()),
        }
        let touches = self.touches.get(change.touches).unwrap_or_default();
        self.claims.claim(touches, number);
    }

    /// An earlier change, by its number from 1, and this one as one, if they are of the same row.
    fn joined(&mut self, earlier: u64, change: &Change) -> Option<Change> {
        let first = self.changes.get((earlier as usize).checked_sub(1)?)?.clone();
        let (shape, next) = (self.shapes.get(first.shape)?, self.shapes.get(change.shape)?);
        let is_same_row = self.joins
            && Arc::ptr_eq(&shape.plan, &next.plan)
            && shape.flags == next.flags
            && !first.identity.is_empty()
            && self.bytes.get(first.identity.clone()) == self.bytes.get(change.identity.clone());
        if !is_same_row {
            return None;
        }
        use RowsKind::{Delete, Insert, Update};
        let kind = match (shape.kind, next.kind) {
            (Insert, Update) => Insert,
            (Update, Update) | (Delete, Insert) => Update,
            (Update, Delete) => Delete,
            _ => return None,
        };
        let is_version_1 = [shape, next].map(|shape| version_1(shape.event_type));
        let shape = Shape {
            event_type: event_type(kind, is_version_1.contains(&true)),
            kind,
            columns_after: (kind == Update).then(|| shape.columns.clone()),
            ..shape.clone()
        };
        let touches = self.both(&first.touches, &change.touches);
        Some(Change {
            shape: self.shape(shape),
            before: if kind == Insert { 0..0 } else { first.before },
            after: if kind == Delete { 0..0 } else { change.after.clone() },
            touches,
            ..first
        })
    }

    /// What two changes touch together.
    fn both(&mut self, first: &Range<usize>, second: &Range<usize>) -> Range<usize> {
        let of = |range: &Range<usize>| self.touches.get(range.clone()).unwrap_or_default();
        if of(second).iter().all(|touch| of(first).contains(touch)) {
            return first.clone();
        }
        let start = self.touches.len();
        self.touches.extend_from_within(first.clone());
        self.touches.extend_from_within(second.clone());
        start..self.touches.len()
    }

    /// All that was collected as groups, and what they touch. The collection is empty then.
    pub(crate) fn finish(&mut self) -> (Vec<Group>, Vec<Touch>) {
        let merger = self.take();
        let mut claims = Claims::default();
        let mut last_of_shape = vec![0; merger.shapes.len()];
        let mut groups: Vec<Group> = Vec::new();
        let mut all = Vec::new();
        for change in &merger.changes {
            let touches = merger.touches.get(change.touches.clone()).unwrap_or_default();
            all.extend(touches);
            let after = claims.last(touches);
            let Some(last) = last_of_shape.get_mut(change.shape) else {
                continue;
            };
            if *last == 0 || *last < after {
                groups.extend(merger.group(change));
                *last = groups.len() as u64;
            }
            claims.claim(touches, *last);
            if let Some(group) = groups.get_mut(*last as usize - 1) {
                merger.append(change, group);
            }
        }
        for group in &mut groups {
            group.data.shrink_to_fit();
            group.changes.shrink_to_fit();
        }
        (groups, all)
    }

    /// A group for changes like this one.
    fn group(&self, change: &Change) -> Option<Group> {
        Some(Group {
            shape: self.shapes.get(change.shape)?.clone(),
            timestamp: change.timestamp,
            server_id: self.server_id,
            file: self.file.clone().unwrap_or_default(),
            data: Vec::new(),
            changes: Vec::new(),
        })
    }

    fn append(&self, change: &Change, group: &mut Group) {
        for range in [&change.before, &change.after] {
            group.data.extend(self.bytes.get(range.clone()).unwrap_or_default());
        }
        group.changes.push(GroupedChange {
            end: group.data.len(),
            position: change.position,
        });
    }
}

/// Whether the images hold every column, and whole values.
fn is_whole(rows: &Rows<'_>) -> bool {
    let columns = rows.table.columns.len();
    let after = rows.columns_after.unwrap_or(rows.columns);
    !rows.partial && rows.columns.count() == columns && after.count() == columns
}

fn version_1(event_type: EventType) -> bool {
    matches!(
        event_type,
        EventType::WRITE_ROWS_V1 | EventType::UPDATE_ROWS_V1 | EventType::DELETE_ROWS_V1
    )
}

fn event_type(kind: RowsKind, version_1: bool) -> EventType {
    match (kind, version_1) {
        (RowsKind::Insert, false) => EventType::WRITE_ROWS,
        (RowsKind::Update, false) => EventType::UPDATE_ROWS,
        (RowsKind::Delete, false) => EventType::DELETE_ROWS,
        (RowsKind::Insert, true) => EventType::WRITE_ROWS_V1,
        (RowsKind::Update, true) => EventType::UPDATE_ROWS_V1,
        (RowsKind::Delete, true) => EventType::DELETE_ROWS_V1,
    }
}
