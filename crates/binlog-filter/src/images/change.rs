//! Row events with fewer rows, or with other images.

use std::sync::Arc;

use binlog_parser::event::{ColumnSet, Rows, RowsFlags, RowsKind};
use binlog_parser::value::{Cell, CompressedValue, JsonValue, Row, Value};
use binlog_parser::{EventHeader, EventType, FieldError, RawEvent};

use super::condition::Missing;
use super::datum::Untold;
use super::mask::Covered;
use super::{Images, Misfit};
use crate::rewrite::rebuilt;

/// Most bytes of a JSON document that is made of its differences.
const MAX_JSON: usize = CompressedValue::LARGEST;

/// What becomes of a row event.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It stays as it is.
    Same,
    /// No row is kept.
    Nothing,
    /// These events stand in its place.
    Events(Vec<u8>),
}

/// Counts of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Left out.
    pub(crate) dropped: u64,
    /// Updates that became an INSERT or a DELETE.
    pub(crate) moved: u64,
}

/// Why rows cannot be judged.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The event cannot be read, at this offset.
    Field(usize, FieldError),
    Misfit(Misfit),
}

/// What an event that is made holds.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shape {
    kind: RowsKind,
    /// Whether it is an update as it was, whose after images may hold differences.
    partial: bool,
    /// Columns of the first and of the second image, a bit each.
    columns: Vec<u8>,
    columns_after: Option<Vec<u8>>,
}

/// Rows of one shape.
struct Batch {
    shape: Shape,
    data: Vec<u8>,
}

impl Images {
    /// Applies the rules to an event's rows.
    pub(crate) fn apply(
        &self,
        raw: &RawEvent<'_>,
        rows: &Rows<'_>,
        id_len: usize,
    ) -> Result<(Outcome, Counts), Trouble> {
        let (mut counts, mut total) = (Counts::default(), 0);
        let mut batches = Vec::new();
        let mut iter = rows.iter();
        let (mut before, mut after) = (Row::default(), Row::default());
        while iter
            .next_into(&mut before, &mut after)
            .map_err(|(at, error)| Trouble::Field(at, error))?
        {
            total += 1;
            self.row(rows, &before, &after, &mut batches, &mut counts)?;
        }
        let is_same = counts == Counts::default() && !self.changes_images();
        let outcome = match (batches.is_empty(), is_same) {
            (_, true) => Outcome::Same,
            (true, _) if total > 0 => Outcome::Nothing,
            _ => Outcome::Events(self.events(raw, rows, id_len, &batches)),
        };
        Ok((outcome, counts))
    }

    /// Takes a change into the batch where it belongs.
    fn row(
        &self,
        rows: &Rows<'_>,
        before: &Row<'_>,
        after: &Row<'_>,
        batches: &mut Vec<Batch>,
        counts: &mut Counts,
    ) -> Result<(), Trouble> {
        let (kept_before, kept_after) = match rows.kind {
            RowsKind::Insert => (false, self.keeps(rows, after)?),
            RowsKind::Delete => (self.keeps(rows, before)?, false),
            RowsKind::Update if self.tests.is_empty() => (true, true),
            RowsKind::Update => {
                let whole = merged(before, after);
                (self.keeps(rows, before)?, self.keeps(rows, &whole)?)
            }
        };
        let kind = match (kept_before, kept_after) {
            (true, true) => RowsKind::Update,
            (true, false) => RowsKind::Delete,
            (false, true) => RowsKind::Insert,
            (false, false) => {
                counts.dropped += 1;
                return Ok(());
            }
        };
        if kind == rows.kind {
            return self.put(rows, kind, before, after, batches);
        }
        counts.moved += 1;
        match kind {
            RowsKind::Insert => {
                let whole = merged(before, after);
                let documents = self.documents(before, after)?;
                self.put(rows, kind, before, &with_documents(&whole, &documents), batches)
            }
            _ => self.put(rows, kind, before, after, batches),
        }
    }

    fn keeps(&self, rows: &Rows<'_>, row: &Row<'_>) -> Result<bool, Trouble> {
        for (test, said) in &self.tests {
            match test.holds(row, &rows.table) {
                Ok(Some(true)) => {}
                Ok(_) => return Ok(false),
                Err(missing) => return Err(self.missing(&missing, said)),
            }
        }
        Ok(true)
    }

    fn missing(&self, missing: &Missing, said: &str) -> Trouble {
        let why = match &missing.why {
            Untold::Absent => "is not in the row image: log with binlog_row_image=FULL",
            Untold::Sign => "is a number of which nothing tells whether it is unsigned: --schema does",
            Untold::Difference => "is in the log as a difference alone",
            Untold::Compressed(error) => {
                return Trouble::Misfit(Misfit {
                    rule: said.to_owned(),
                    why: format!("column {}: {error}", self.columns.name(missing.column)),
                });
            }
        };
        Trouble::Misfit(Misfit {
            rule: said.to_owned(),
            why: format!("column {} {why}", self.columns.name(missing.column)),
        })
    }

    /// JSON documents of which the after image holds the differences, by their columns.
    fn documents(&self, before: &Row<'_>, after: &Row<'_>) -> Result<Vec<(usize, Vec<u8>)>, Trouble> {
        let mut documents = Vec::new();
        for (index, (old, new)) in before.cells.iter().zip(&after.cells).enumerate() {
            let Cell::Value(Value::JsonDiffs(diffs)) = new else {
                continue;
            };
            let wrong = |why: String| Trouble::Misfit(self.unmoved(&format!("{}: {why}", self.columns.name(index))));
            let Cell::Value(Value::Json(old)) = old else {
                return Err(wrong("the document that differences are of is not in the log".into()));
            };
            let document = diffs.apply(*old, MAX_JSON);
            documents.push((index, document.map_err(|error| wrong(error.to_string()))?));
        }
        Ok(documents)
    }

    fn unmoved(&self, why: &str) -> Misfit {
        Misfit {
            rule: self.tests.first().map_or(String::new(), |(_, said)| said.clone()),
            why: format!("a row comes in by an UPDATE and cannot be made an INSERT: {why}"),
        }
    }

    /// Appends the images of a change of this kind.
    fn put(
        &self,
        rows: &Rows<'_>,
        kind: RowsKind,
        before: &Row<'_>,
        after: &Row<'_>,
        batches: &mut Vec<Batch>,
    ) -> Result<(), Trouble> {
        let field = |error| Trouble::Field(rows.data_offset, error);
        let moved = kind != rows.kind;
        let covered_before = self.covered(before).map_err(field)?;
        let covered_after = self.covered(after).map_err(field)?;
        let before = self.image(before, &covered_before);
        let after = self.image(after, &covered_after);
        if moved && kind == RowsKind::Insert && after.cells.contains(&Cell::Absent) {
            let why = "the row images do not hold all columns: log with binlog_row_image=FULL";
            return Err(Trouble::Misfit(self.unmoved(why)));
        }
        let first = if kind == RowsKind::Insert { &after } else { &before };
        let shape = Shape {
            kind,
            partial: rows.partial && !moved,
            columns: match moved {
                true => bits(first.cells.iter().map(|cell| *cell != Cell::Absent)),
                false => self.kept_bits(rows.columns),
            },
            columns_after: rows.columns_after.filter(|_| !moved).map(|set| self.kept_bits(set)),
        };
        if batches.last().is_none_or(|batch: &Batch| batch.shape != shape) {
            let data = Vec::new();
            batches.push(Batch { shape, data });
        }
        let Some(batch) = batches.last_mut() else { return Ok(()) };
        let Batch { shape, data } = batch;
        shape
            .rows(rows, &self.map, b"")
            .encode_change(&before, &after, data)
            .map_err(field)
    }

    /// The bits of the columns that are kept.
    fn kept_bits(&self, set: ColumnSet<'_>) -> Vec<u8> {
        let kept = (0..set.columns()).filter(|column| !self.is_dropped(*column));
        bits(kept.map(|column| set.contains(column)))
    }

    /// The values that stand in the place of others.
    fn covered(&self, row: &Row<'_>) -> Result<Vec<(usize, Covered)>, FieldError> {
        let mut covered = Vec::new();
        for (column, cover) in &self.covers {
            if let Some(Cell::Value(value)) = row.cells.get(*column) {
                covered.push((*column, cover.of(value)?));
            }
        }
        Ok(covered)
    }

    /// The image as it is put out.
    fn image<'m>(&self, row: &Row<'m>, covered: &'m [(usize, Covered)]) -> Row<'m> {
        let cells = row.cells.iter().enumerate();
        let kept = cells.filter(|(column, _)| !self.is_dropped(*column));
        let cell = |(column, cell): (usize, &Cell<'m>)| {
            let other = covered.iter().find(|(covered, _)| *covered == column);
            other.map_or(*cell, |(_, covered)| covered.cell())
        };
        Row {
            cells: kept.map(cell).collect(),
            null_padding: if row.null_padding == 0 { 0 } else { u8::MAX },
        }
    }

    fn events(&self, raw: &RawEvent<'_>, rows: &Rows<'_>, id_len: usize, batches: &[Batch]) -> Vec<u8> {
        let mut events = Vec::with_capacity(raw.bytes().len());
        for (index, batch) in batches.iter().enumerate() {
            let mut part = batch.shape.rows(rows, &self.map, &batch.data);
            if index + 1 < batches.len() {
                part.flags.0 &= !RowsFlags::STMT_END.0;
            }
            let mut body = Vec::with_capacity(batch.data.len() + 64);
            part.encode(id_len, &mut body);
            let header = EventHeader {
                event_type: batch.shape.event_type(raw.header.event_type),
                ..raw.header
            };
            events.extend(rebuilt(raw, header, &body));
        }
        events
    }
}

impl Shape {
    /// Rows of the shape.
    fn rows<'s>(&'s self, of: &Rows<'s>, map: &Arc<binlog_parser::event::TableMap>, data: &'s [u8]) -> Rows<'s> {
        let columns = map.columns.len();
        Rows {
            table: Arc::clone(map),
            kind: self.kind,
            flags: of.flags,
            partial: self.partial,
            // What it says is for this kind of event alone.
            extra_data: of
                .extra_data
                .map(|extra| if self.kind == of.kind { extra } else { b"" }),
            columns: ColumnSet::new(&self.columns, columns),
            columns_after: self.columns_after.as_ref().map(|after| ColumnSet::new(after, columns)),
            data,
            data_offset: of.data_offset,
        }
    }

    /// The type of an event of this kind in the version of the other.
    fn event_type(&self, of: EventType) -> EventType {
        let is_first = matches!(
            of,
            EventType::WRITE_ROWS_V1 | EventType::UPDATE_ROWS_V1 | EventType::DELETE_ROWS_V1
        );
        match (self.kind, is_first) {
            (RowsKind::Insert, true) => EventType::WRITE_ROWS_V1,
            (RowsKind::Update, true) => EventType::UPDATE_ROWS_V1,
            (RowsKind::Delete, true) => EventType::DELETE_ROWS_V1,
            (RowsKind::Insert, false) => EventType::WRITE_ROWS,
            (RowsKind::Update, false) if self.partial => EventType::PARTIAL_UPDATE_ROWS,
            (RowsKind::Update, false) => EventType::UPDATE_ROWS,
            (RowsKind::Delete, false) => EventType::DELETE_ROWS,
        }
    }
}

/// The row after the change: what the after image does not hold is as before.
fn merged<'a>(before: &Row<'a>, after: &Row<'a>) -> Row<'a> {
    let pairs = before.cells.iter().zip(&after.cells);
    Row {
        cells: pairs
            .map(|(old, new)| if *new == Cell::Absent { *old } else { *new })
            .collect(),
        null_padding: after.null_padding,
    }
}

fn with_documents<'m>(row: &Row<'m>, documents: &'m [(usize, Vec<u8>)]) -> Row<'m> {
    let mut row = row.clone();
    for (column, bytes) in documents {
        if let Some(cell) = row.cells.get_mut(*column) {
            *cell = Cell::Value(Value::Json(JsonValue { bytes }));
        }
    }
    row
}

/// A bit each, the lowest of the first byte first.
fn bits(bits: impl Iterator<Item = bool>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (index, bit) in bits.enumerate() {
        if index % 8 == 0 {
            bytes.push(0);
        }
        if let Some(last) = bytes.last_mut() {
            *last |= u8::from(bit) << (index % 8);
        }
    }
    bytes
}
