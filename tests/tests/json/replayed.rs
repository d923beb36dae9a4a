//! The documents that a log leaves, by the parser alone.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use binlog_parser::event::{ColumnType, RowsKind};
use binlog_parser::value::{Json, JsonObject, JsonOpaque, JsonValue};
use binlog_parser::{Cell, Event, Row, Rows, Value};
use binlog_source::{FileOptions, FileSource, Input, Next, Source as _};

/// Documents in the second column, by the number in the first.
pub(crate) type Documents = BTreeMap<i64, Option<Vec<u8>>>;

/// The tables that logs leave, of those that have a key.
#[derive(Default)]
pub(crate) struct Replayed {
    tables: HashMap<String, Documents>,
    /// Differences that were applied.
    pub(crate) partial: usize,
}

impl Replayed {
    pub(crate) fn read(logs: &[PathBuf]) -> Result<Self> {
        let inputs: Vec<_> = logs.iter().cloned().map(Input::Path).collect();
        let mut source = FileSource::open(&inputs, FileOptions::default())?;
        let mut replayed = Self::default();
        while let Next::Chunk(chunk) = source.next()? {
            let mut decoder = chunk.decoder();
            for raw in chunk.events() {
                if let Event::Rows(rows) = decoder.decode(&raw?)?
                    && &*rows.table.schema == "shop"
                    && &*rows.table.table != "loose"
                    && &*rows.table.table != "types"
                {
                    replayed.rows(&rows)?;
                }
            }
        }
        Ok(replayed)
    }

    pub(crate) fn table(&self, name: &str) -> Result<&Documents> {
        self.tables
            .get(name)
            .with_context(|| format!("no rows of {name} in the log"))
    }

    fn rows(&mut self, rows: &Rows<'_>) -> Result<()> {
        let table = self.tables.entry(rows.table.table.to_string()).or_default();
        let (mut before, mut after) = (Row::default(), Row::default());
        let mut iter = rows.iter();
        while iter.next_into(&mut before, &mut after).map_err(|(_, error)| error)? {
            let old = match rows.kind {
                RowsKind::Insert => None,
                RowsKind::Update | RowsKind::Delete => table.remove(&id(&before)?).context("no row")?,
            };
            if rows.kind == RowsKind::Delete {
                continue;
            }
            let id = id(&after).or_else(|_| id(&before))?;
            let before = before.cells.get(1).unwrap_or(&Cell::Absent);
            let new = new_document(
                old,
                before,
                after.cells.get(1).context("no document")?,
                &mut self.partial,
            )?;
            table.insert(id, new);
        }
        Ok(())
    }
}

fn id(row: &Row<'_>) -> Result<i64> {
    match row.cells.first() {
        Some(Cell::Value(Value::Int(id))) => Ok(*id),
        other => anyhow::bail!("{other:?} is no id"),
    }
}

fn new_document(
    old: Option<Vec<u8>>,
    before: &Cell<'_>,
    after: &Cell<'_>,
    partial: &mut usize,
) -> Result<Option<Vec<u8>>> {
    if let Cell::Value(Value::Json(before)) = before {
        let old = old.as_deref().context("the image before has a document")?;
        ensure!(
            typed(before.bytes)? == typed(old)?,
            "the image before is another document"
        );
    }
    Ok(match after {
        Cell::Absent => old,
        Cell::Null => None,
        Cell::Value(Value::Json(document)) => Some(document.bytes.to_vec()),
        Cell::Value(Value::JsonDiffs(diffs)) => {
            *partial += 1;
            let old = old.context("differences of NULL")?;
            Some(diffs.apply(JsonValue { bytes: &old }, JsonValue::LARGEST)?)
        }
        other => anyhow::bail!("{other:?} is no document"),
    })
}

/// A document as its tree, as far as SQL can tell types: TINYBLOB and MEDIUMBLOB are the text that the server prints for
/// them, and of a DECIMAL only the digits count.
pub(crate) fn typed(bytes: &[u8]) -> Result<Json<'static>> {
    tree(JsonValue { bytes }.read()?.into_owned())
}

fn tree(json: Json<'static>) -> Result<Json<'static>> {
    Ok(match json {
        Json::Opaque { column_type, data } => opaque(column_type, data)?,
        Json::Array(elements) => Json::Array(elements.into_iter().map(tree).collect::<Result<_>>()?),
        Json::Object(object) => {
            let members = object
                .iter()
                .map(|(key, value)| Ok((Cow::Owned(key.to_owned()), tree(value.clone())?)));
            Json::Object(members.collect::<Result<JsonObject<'_>>>()?)
        }
        scalar => scalar,
    })
}

fn opaque(column_type: ColumnType, data: Cow<'static, [u8]>) -> Result<Json<'static>> {
    let text = JsonOpaque {
        column_type,
        data: &data,
    }
    .text()?;
    Ok(match column_type {
        ColumnType::TINY_BLOB | ColumnType::MEDIUM_BLOB => Json::String(text.into()),
        ColumnType::NEWDECIMAL => Json::Opaque {
            column_type,
            data: text.into_bytes().into(),
        },
        _ => Json::Opaque { column_type, data },
    })
}
