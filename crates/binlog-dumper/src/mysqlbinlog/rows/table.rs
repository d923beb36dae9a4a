//! What the text of all rows of a table has in common.

use std::ops::Range;

use binlog_parser::TableMap;
use binlog_parser::event::{Column, ColumnSet, ColumnType};

use super::super::text::{decimal, quoted};
use super::form::{CellType, Form, Layout, stored_metadata};

/// Bytes that are copied at once.
const PIECE: usize = 64;

/// What stands between the values of a table's rows.
#[derive(Debug)]
pub(in crate::mysqlbinlog) struct TableText {
    names: [Box<[u8]>; 2],
    with_types: bool,
    /// Both names quoted, and a line's end.
    name: Vec<u8>,
    /// Of each column what stands before a value and what stands after it. So the text between the values of
    /// neighbours is one piece.
    line: Vec<u8>,
    /// Of each column what stands for NULL, up to the line's end.
    nulls: Vec<u8>,
    columns: Vec<ColumnText>,
    json_columns: usize,
    vectors: usize,
}

/// How the cells of a column are read and written, and where its text stands in that of the table.
#[derive(Debug)]
pub(super) struct ColumnText {
    pub(super) form: Form,
    pub(super) layout: Layout,
    /// Where a value stands in the line.
    pub(super) value: usize,
    /// End of the column in the line.
    pub(super) end: usize,
    null: Range<usize>,
}

impl TableText {
    /// `names` are those of the schema and the table.
    pub(in crate::mysqlbinlog) fn new(map: &TableMap, names: [&[u8]; 2], with_types: bool) -> Self {
        Self::of_image(map, names, with_types, None)
    }

    /// `present` are the columns that images hold, where it is not all of them.
    fn of_image(map: &TableMap, names: [&[u8]; 2], with_types: bool, present: Option<ColumnSet<'_>>) -> Self {
        let mut table = Self {
            names: names.map(Box::from),
            with_types,
            name: quoted_name(names),
            line: Vec::new(),
            nulls: Vec::new(),
            columns: Vec::with_capacity(map.columns.len()),
            json_columns: count(map, ColumnType::JSON),
            vectors: count(map, ColumnType::VECTOR),
        };
        let mut dimensions = map.columns.iter().filter_map(|column| column.vector_dimension);
        for (index, column) in map.columns.iter().enumerate() {
            let given = present.is_none_or(|present| present.contains(index));
            let dimensions = match given && column.column_type == ColumnType::VECTOR {
                true => dimensions.next().unwrap_or(0),
                false => 0,
            };
            table.add(index, column, CellType::of(column, dimensions));
        }
        table
    }

    fn add(&mut self, index: usize, column: &Column, cell: CellType) {
        self.line.extend_from_slice(b"###   @");
        decimal(&mut self.line, index as u64 + 1);
        self.line.push(b'=');
        let value = self.line.len();
        let null = self.nulls.len();
        self.nulls.extend_from_slice(b"NULL");
        if self.with_types {
            push_type(&mut self.line, column, &cell.name, false);
            push_type(&mut self.nulls, column, &cell.name, true);
        }
        self.line.push(b'\n');
        self.nulls.push(b'\n');
        self.columns.push(ColumnText {
            form: cell.form,
            layout: cell.layout,
            value,
            end: self.line.len(),
            null: null..self.nulls.len(),
        });
    }

    /// The text for images of these columns, where it is not the table's own: mysqlbinlog gives the dimensions that the
    /// map lists to the VECTOR columns of the image.
    pub(super) fn for_image(&self, map: &TableMap, present: ColumnSet<'_>) -> Option<Self> {
        let names = self.names.each_ref().map(|name| &**name);
        (self.vectors > 1 && self.with_types && !self.is_all(present))
            .then(|| Self::of_image(map, names, self.with_types, Some(present)))
    }

    pub(super) fn is_all(&self, present: ColumnSet<'_>) -> bool {
        present.count() == self.columns.len()
    }

    /// The name and a line's end.
    pub(super) fn name(&self) -> &[u8] {
        &self.name
    }

    pub(super) fn columns(&self) -> &[ColumnText] {
        &self.columns
    }

    pub(super) fn json_columns(&self) -> usize {
        self.json_columns
    }

    /// Appends a part of the line.
    #[inline]
    pub(super) fn push_line(&self, part: Range<usize>, out: &mut Vec<u8>) {
        let piece = self.line.get(part.start..).and_then(<[u8]>::first_chunk::<PIECE>);
        match piece {
            // All of the piece is written, and what is too much taken back: a copy of a fixed length costs less.
            Some(piece) if part.len() <= PIECE => {
                let end = out.len() + part.len();
                out.extend_from_slice(piece);
                out.truncate(end);
            }
            _ => out.extend_from_slice(self.line.get(part).unwrap_or_default()),
        }
    }

    /// Appends what stands for an INSERT that gives no column. Its names are not quoted as those of others are.
    pub(super) fn push_nothing_given(&self, out: &mut Vec<u8>) {
        let [schema, table] = &self.names;
        for part in [b"### INSERT INTO `", &**schema, b"`.`", table, b"` VALUES ()\n"] {
            out.extend_from_slice(part);
        }
    }

    pub(super) fn push_null(&self, column: &ColumnText, out: &mut Vec<u8>) {
        out.extend_from_slice(self.nulls.get(column.null.clone()).unwrap_or_default());
    }
}

fn count(map: &TableMap, column_type: ColumnType) -> usize {
    let columns = map.columns.iter();
    columns.filter(|column| column.column_type == column_type).count()
}

fn quoted_name([schema, table]: [&[u8]; 2]) -> Vec<u8> {
    let mut name = Vec::new();
    quoted(&mut name, schema);
    name.push(b'.');
    quoted(&mut name, table);
    name.push(b'\n');
    name
}

fn push_type(out: &mut Vec<u8>, column: &Column, name: &str, is_null: bool) {
    let (metadata, nullable) = (stored_metadata(column), u8::from(column.nullable));
    let is_null = u8::from(is_null);
    let text = format!(" /* {name} meta={metadata} nullable={nullable} is_null={is_null} */");
    out.extend_from_slice(text.as_bytes());
}
