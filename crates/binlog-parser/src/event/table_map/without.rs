//! A table map with fewer columns.

use super::optional::{for_each_field, is_numeric, is_text};
use super::{Column, ColumnType, TableMap};
use crate::error::FieldError;
use crate::event::Flavour;
use crate::reader::{Reader, put_lenenc};

impl TableMap {
    /// The map without the columns for which `is_dropped` says so. If one of them is in the primary key, the map names no
    /// primary key.
    ///
    /// # Errors
    /// The optional metadata have a field that is not known: it may say something of each column.
    pub fn without_columns(&self, flavour: Flavour, is_dropped: impl Fn(usize) -> bool) -> Result<Self, FieldError> {
        let kept: Vec<usize> = (0..self.columns.len()).filter(|index| !is_dropped(*index)).collect();
        let columns = kept.iter().filter_map(|index| self.columns.get(*index).cloned());
        let mut without = Self {
            columns: columns.collect(),
            primary_key: None,
            optional: Box::default(),
            ..self.clone()
        };
        let place = |column: usize| kept.iter().position(|index| *index == column);
        without.primary_key = self.primary_key.as_ref().and_then(|key| {
            let parts = key.iter().map(|part| {
                let column = place(part.column)?;
                Some(super::PrimaryKeyPart { column, ..*part })
            });
            parts.collect()
        });
        let mut optional = Vec::new();
        for_each_field(&mut Reader::new(&self.optional), |code, value| {
            let old = value.take_rest();
            let mut new = Vec::new();
            if without.put_field(code, old, flavour, &mut new)? {
                optional.push(code);
                put_lenenc(&mut optional, new.len() as u64);
                optional.extend(new);
            }
            Ok(())
        })?;
        without.optional = optional.into();
        Ok(without)
    }

    /// Appends the value of an optional field; `false` where the map has none.
    fn put_field(&self, code: u8, old: &[u8], flavour: Flavour, out: &mut Vec<u8>) -> Result<bool, FieldError> {
        let text = |column: &&Column| is_text(column.column_type, flavour);
        let choice = |column: &&Column| matches!(column.column_type, ColumnType::ENUM | ColumnType::SET);
        let columns = || self.columns.iter();
        match code {
            1 => put_high_bits(
                columns()
                    .filter(|column| is_numeric(column))
                    .map(|column| column.unsigned),
                out,
            ),
            2 => put_default_charset(old, columns().filter(text), out)?,
            10 => put_default_charset(old, columns().filter(choice), out)?,
            3 => put_numbers(columns().filter(text).map(|column| column.collation), out),
            11 => put_numbers(columns().filter(choice).map(|column| column.collation), out),
            4 => {
                let names = columns().map(|column| column.name.as_deref().unwrap_or_default());
                names.for_each(|name| put_text(name.as_bytes(), out));
            }
            5 => put_members(columns(), ColumnType::SET, out),
            6 => put_members(columns(), ColumnType::ENUM, out),
            7 => put_numbers(
                columns()
                    .filter(|column| column.column_type == ColumnType::GEOMETRY)
                    .map(|column| column.geometry_type),
                out,
            ),
            8 | 9 => return Ok(self.put_key(code == 9, out)),
            12 => put_high_bits(columns().map(|column| column.visible), out),
            13 => put_numbers(
                columns()
                    .filter(|column| column.column_type == ColumnType::VECTOR)
                    .map(|column| column.vector_dimension),
                out,
            ),
            _ => {
                return Err(FieldError::Invalid {
                    field: "optional metadata type",
                    value: code.into(),
                    why: "is not known, and may say something of a column that is left out",
                });
            }
        }
        Ok(!out.is_empty())
    }

    fn put_key(&self, with_prefixes: bool, out: &mut Vec<u8>) -> bool {
        for part in self.primary_key.iter().flatten() {
            put_lenenc(out, part.column as u64);
            if with_prefixes {
                put_lenenc(out, part.prefix.into());
            }
        }
        self.primary_key.is_some()
    }
}

fn put_text(text: &[u8], out: &mut Vec<u8>) {
    put_lenenc(out, text.len() as u64);
    out.extend(text);
}

fn put_numbers<T: Into<u64>>(numbers: impl Iterator<Item = Option<T>>, out: &mut Vec<u8>) {
    numbers.flatten().for_each(|number| put_lenenc(out, number.into()));
}

/// The default stays; behind it the columns that have another one.
fn put_default_charset<'a>(
    old: &[u8],
    columns: impl Iterator<Item = &'a Column>,
    out: &mut Vec<u8>,
) -> Result<(), FieldError> {
    let default = Reader::new(old).lenenc("default charset")?;
    put_lenenc(out, default);
    for (index, column) in columns.enumerate() {
        match column.collation.map(u64::from) {
            Some(collation) if collation != default => {
                put_lenenc(out, index as u64);
                put_lenenc(out, collation);
            }
            _ => {}
        }
    }
    Ok(())
}

fn put_members<'a>(columns: impl Iterator<Item = &'a Column>, of: ColumnType, out: &mut Vec<u8>) {
    for column in columns.filter(|column| column.column_type == of) {
        put_lenenc(out, column.members.len() as u64);
        column.members.iter().for_each(|member| put_text(member, out));
    }
}

/// A bit each, the highest bit of the first byte first.
fn put_high_bits(bits: impl Iterator<Item = Option<bool>>, out: &mut Vec<u8>) {
    let start = out.len();
    for (index, bit) in bits.enumerate() {
        if index % 8 == 0 {
            out.push(0);
        }
        if let Some(byte) = out.get_mut(start + index / 8) {
            *byte |= u8::from(bit == Some(true)) << (7 - index % 8);
        }
    }
}
