//! Row changes of one table and kind that are written together.

use std::sync::Arc;

use binlog_parser::event::{ColumnSet, RowsFlags, RowsKind};
use binlog_parser::{EventType, Row, Rows};

use crate::error::{ApplyError, ApplyErrorKind, EventPlace};
use crate::plan::Plan;

/// What row events have in common whose rows can stand in one.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) plan: Arc<Plan>,
    /// Tells the row events' version.
    pub(crate) event_type: EventType,
    pub(crate) kind: RowsKind,
    /// Without [`RowsFlags::STMT_END`].
    pub(crate) flags: RowsFlags,
    pub(crate) partial: bool,
    /// Columns of the first image, a bit each.
    pub(crate) columns: Box<[u8]>,
    /// Columns of an update's second image.
    pub(crate) columns_after: Option<Box<[u8]>>,
    /// Seconds since 1970 UTC, where the target takes values from it.
    pub(crate) timestamp: Option<u32>,
    /// Number of the row event, where rows are found by all their columns: servers look for all rows of an event at once, and none
    /// of them may be another one's row after its change.
    pub(crate) event: Option<u64>,
}

impl PartialEq for Shape {
    fn eq(&self, other: &Self) -> bool {
        let same = |shape: &Self| {
            (
                shape.event_type,
                shape.kind,
                shape.flags,
                shape.partial,
                shape.timestamp,
                shape.event,
            )
        };
        Arc::ptr_eq(&self.plan, &other.plan)
            && same(self) == same(other)
            && self.columns == other.columns
            && self.columns_after == other.columns_after
    }
}

/// Row changes of one shape, in order.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) shape: Shape,
    /// Of the first change.
    pub(crate) timestamp: u32,
    /// Of the source.
    pub(crate) server_id: u32,
    /// Name of the log.
    pub(crate) file: Arc<str>,
    /// The images, one change behind the other.
    pub(crate) data: Vec<u8>,
    pub(crate) changes: Vec<GroupedChange>,
}

/// A change in a group.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GroupedChange {
    /// Where its images end in the group's data.
    pub(crate) end: usize,
    /// Position of its event.
    pub(crate) position: u64,
}

impl Group {
    /// Where a change, by its number from 0, stands in the log.
    pub(crate) fn place(&self, change: usize) -> EventPlace {
        EventPlace {
            file: Arc::clone(&self.file),
            position: self.changes.get(change).map_or(0, |change| change.position),
            event_type: self.shape.event_type,
        }
    }

    /// As a row event's view.
    pub(crate) fn rows(&self) -> Rows<'_> {
        let shape = &self.shape;
        let columns = shape.plan.map.columns.len();
        Rows {
            table: Arc::clone(&shape.plan.map),
            kind: shape.kind,
            flags: shape.flags,
            partial: shape.partial,
            extra_data: None,
            columns: ColumnSet::new(&shape.columns, columns),
            columns_after: shape.columns_after.as_ref().map(|bits| ColumnSet::new(bits, columns)),
            data: &self.data,
            data_offset: 0,
        }
    }

    /// Calls `each` with every change's number and images.
    pub(crate) fn for_each(
        &self,
        mut each: impl FnMut(usize, &Row<'_>, &Row<'_>) -> Result<(), ApplyError>,
    ) -> Result<(), ApplyError> {
        let rows = self.rows();
        let (mut before, mut after) = (Row::default(), Row::default());
        let mut iter = rows.iter();
        let mut number = 0;
        while iter.next_into(&mut before, &mut after).map_err(|(_, error)| {
            let table = shape_name(&self.shape);
            ApplyErrorKind::Image { table, error }
        })? {
            each(number, &before, &after)?;
            number += 1;
        }
        Ok(())
    }
}

fn shape_name(shape: &Shape) -> String {
    shape.plan.name.clone()
}
