//! Conditions on the values of a row.

use std::cmp::Ordering;

use binlog_parser::event::{Column, TableMap};
use binlog_parser::value::{Cell, Row};
use regex::bytes::{Regex, RegexBuilder};

use super::datum::{Class, Datum, Literal, Untold};
use super::grammar::ColumnRef;
use super::names::Columns;

/// A condition as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Condition {
    Any(Vec<Self>),
    All(Vec<Self>),
    Not(Box<Self>),
    Compare(Operand, Comparison, Operand),
    IsNull(Operand),
    Like(Operand, String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operand {
    Column(ColumnRef),
    Literal(Literal),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    Different,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

/// A condition on the columns of one table.
#[derive(Debug)]
pub(super) enum Test {
    Any(Vec<Self>),
    All(Vec<Self>),
    Not(Box<Self>),
    Compare(Side, Comparison, Side),
    IsNull(usize),
    Like(usize, Regex),
}

#[derive(Debug)]
pub(super) enum Side {
    Column(usize),
    Constant(Datum<'static>),
}

/// A value of a row that a condition needs and that cannot be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) column: usize,
    pub(super) why: Untold,
}

impl Condition {
    /// The condition on this table's columns. The error is what is wrong with it.
    pub(super) fn bind(&self, columns: &Columns) -> Result<Test, String> {
        let all = |parts: &[Self]| parts.iter().map(|part| part.bind(columns)).collect::<Result<_, _>>();
        Ok(match self {
            Self::Any(parts) => Test::Any(all(parts)?),
            Self::All(parts) => Test::All(all(parts)?),
            Self::Not(inner) => Test::Not(Box::new(inner.bind(columns)?)),
            Self::Compare(left, comparison, right) => compare(columns, left, *comparison, right)?,
            Self::IsNull(operand) => Test::IsNull(column_of(columns, operand)?),
            Self::Like(operand, pattern) => like(columns, operand, pattern)?,
        })
    }
}

impl Test {
    /// Whether the condition is true for the row; `None` is SQL's UNKNOWN.
    pub(super) fn holds(&self, row: &Row<'_>, map: &TableMap) -> Result<Option<bool>, Missing> {
        match self {
            Self::Any(parts) => combined(parts, row, map, true),
            Self::All(parts) => combined(parts, row, map, false),
            Self::Not(inner) => Ok(inner.holds(row, map)?.map(|holds| !holds)),
            Self::Compare(left, comparison, right) => {
                let (left, right) = (left.datum(row, map)?, right.datum(row, map)?);
                let ordering = left.zip(right).and_then(|(left, right)| left.compare(&right));
                Ok(ordering.map(|ordering| comparison.holds(ordering)))
            }
            Self::IsNull(column) => match cell(row, *column)? {
                Cell::Null => Ok(Some(true)),
                _ => Ok(Some(false)),
            },
            Self::Like(column, regex) => match datum(row, map, *column)? {
                Some(Datum::Text(text)) => Ok(Some(regex.is_match(&text))),
                _ => Ok(None),
            },
        }
    }
}

/// All parts are asked until one decides: `decides` for ANY, its opposite for ALL.
fn combined(parts: &[Test], row: &Row<'_>, map: &TableMap, decides: bool) -> Result<Option<bool>, Missing> {
    let (mut is_unknown, mut missing) = (false, None);
    for part in parts {
        match part.holds(row, map) {
            Ok(Some(holds)) if holds == decides => return Ok(Some(decides)),
            Ok(Some(_)) => {}
            Ok(None) => is_unknown = true,
            Err(error) => missing = missing.or(Some(error)),
        }
    }
    match missing {
        Some(error) => Err(error),
        None => Ok((!is_unknown).then_some(!decides)),
    }
}

impl Comparison {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::Different => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::AtMost => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::AtLeast => ordering.is_ge(),
        }
    }
}

impl Side {
    fn datum<'a>(&'a self, row: &Row<'a>, map: &TableMap) -> Result<Option<Datum<'a>>, Missing> {
        match self {
            Self::Column(column) => datum(row, map, *column),
            Self::Constant(datum) => Ok(Some(datum.borrowed())),
        }
    }
}

/// The value of a column; `None` for NULL.
fn datum<'a>(row: &Row<'a>, map: &TableMap, column: usize) -> Result<Option<Datum<'a>>, Missing> {
    let (Cell::Value(value), Some(definition)) = (cell(row, column)?, map.columns.get(column)) else {
        return Ok(None);
    };
    let datum = Datum::of(value, definition);
    datum.map(Some).map_err(|why| Missing { column, why })
}

fn cell<'r, 'a>(row: &'r Row<'a>, column: usize) -> Result<&'r Cell<'a>, Missing> {
    match row.cells.get(column) {
        None | Some(Cell::Absent) => Err(Missing {
            column,
            why: Untold::Absent,
        }),
        Some(cell) => Ok(cell),
    }
}

fn compare(columns: &Columns, left: &Operand, comparison: Comparison, right: &Operand) -> Result<Test, String> {
    let (left, right) = match (left, right) {
        (Operand::Column(column), Operand::Literal(literal)) => {
            let (column, constant) = with_literal(columns, column, comparison, literal)?;
            (Side::Column(column), Side::Constant(constant))
        }
        (Operand::Literal(literal), Operand::Column(column)) => {
            let (column, constant) = with_literal(columns, column, comparison, literal)?;
            (Side::Constant(constant), Side::Column(column))
        }
        (Operand::Column(left), Operand::Column(right)) => {
            let (left, right) = (columns.find(left)?, columns.find(right)?);
            if !columns.class(left).compares_with(columns.class(right)) {
                let (left, right) = (columns.name(left), columns.name(right));
                return Err(format!(
                    "the columns {left} and {right} cannot be compared with each other"
                ));
            }
            (Side::Column(left), Side::Column(right))
        }
        (Operand::Literal(_), Operand::Literal(_)) => return Err("it compares two values and no column".into()),
    };
    Ok(Test::Compare(left, comparison, right))
}

fn with_literal(
    columns: &Columns,
    column: &ColumnRef,
    comparison: Comparison,
    literal: &Literal,
) -> Result<(usize, Datum<'static>), String> {
    let index = columns.find(column)?;
    let class = columns.class(index);
    let wrong = |why: String| format!("column {} {why}", columns.name(index));
    let definition: &Column = columns.column(index).ok_or_else(|| wrong("is none".into()))?;
    if class == Class::Member && !matches!(comparison, Comparison::Equal | Comparison::Different) {
        return Err(wrong("is an ENUM: only =, <> and IN can be asked".into()));
    }
    let constant = class.constant(literal, definition).map_err(wrong)?;
    Ok((index, constant))
}

fn column_of(columns: &Columns, operand: &Operand) -> Result<usize, String> {
    match operand {
        Operand::Column(column) => columns.find(column),
        Operand::Literal(_) => Err("it asks of a value, and not of a column".into()),
    }
}

fn like(columns: &Columns, operand: &Operand, pattern: &str) -> Result<Test, String> {
    let column = column_of(columns, operand)?;
    let wrong = |why: &str| format!("column {} {why}", columns.name(column));
    let Class::Text(charset) = columns.class(column) else {
        return Err(wrong("is no text: LIKE cannot be asked"));
    };
    charset.takes(pattern).map_err(wrong)?;
    let regex = like_regex(pattern, charset.is_utf8());
    match regex {
        Ok(regex) => Ok(Test::Like(column, regex)),
        Err(_) => Err(wrong("cannot be LIKE so long a pattern")),
    }
}

/// `%` is any characters, `_` is one, and a backslash makes the next character stand for itself.
fn like_regex(pattern: &str, utf8: bool) -> Result<Regex, regex::Error> {
    let any = if utf8 { "(?su:.)" } else { "(?s-u:.)" };
    let mut expression = String::from("^");
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            // What is not UTF-8 may stand there, too.
            '%' => expression.push_str("(?s-u:.)*"),
            '_' => expression.push_str(any),
            '\\' => push_literal(&mut expression, characters.next().unwrap_or('\\')),
            other => push_literal(&mut expression, other),
        }
    }
    expression.push('$');
    RegexBuilder::new(&expression).build()
}

fn push_literal(expression: &mut String, character: char) {
    expression.push_str(&regex::escape(character.encode_utf8(&mut [0; 4])));
}
