//! The form of our own.

use std::collections::HashMap;

use binlog_parser::TableMap;
use binlog_parser::event::{AppendBlock, XaIdentifier, XaPrepare};
use binlog_schema::StatementKind;

use super::columns::Columns;
use super::definition::Definition;
use super::record::{self, Change, Commit, Head, LoadBlock, Statement};
use super::value::Text;
use super::{Form, RowForm, RowsScene, Said, Scene};
use crate::{DumpError, xa};

/// The form of our own.
#[derive(Debug, Default)]
pub(super) struct Plain {
    /// The definitions that were told last, by schema and table.
    told: HashMap<(String, String), String>,
}

impl Form for Plain {
    fn commit(&mut self, scene: Scene<'_>, xid: Option<u64>, out: &mut Vec<u8>) {
        record::write(&scene.head("commit"), &Commit::new(xid), out);
    }

    fn broken(&mut self, _: &mut Vec<u8>) {}

    fn statement(&mut self, scene: Scene<'_>, said: Said<'_>, out: &mut Vec<u8>) -> Result<(), DumpError> {
        let Said { query, load, .. } = said;
        let seconds = scene.at.raw.header.timestamp;
        let (mut session, mut state) = (Vec::new(), said.session);
        let set = state.diff(query, seconds, &mut session);
        set.map_err(|error| scene.at.statement("session", error))?;
        let kind = match said.touched {
            Ok(touched) => Some(touched.kind),
            Err(unparsed) => unparsed.kind,
        };
        let kind = match kind.is_some_and(StatementKind::is_ddl) {
            true => "ddl",
            false => "statement",
        };
        let statement = Statement {
            default_schema: Some(Text(query.schema)).filter(|text| !text.0.is_empty()),
            session: session.iter().map(|set| Text(set)).collect(),
            error_code: Some(query.error_code).filter(|code| *code != 0),
            load,
            ..Statement::new(query.sql)
        };
        let head = scene.head(kind).precise(seconds, query.status.microseconds);
        record::write(&head, &statement, out);
        Ok(())
    }

    fn block(&mut self, scene: Scene<'_>, block: &AppendBlock<'_>, out: &mut Vec<u8>) -> Result<(), DumpError> {
        record::write(&scene.head("load"), &LoadBlock::new(block.file_id, block.data), out);
        Ok(())
    }

    fn xa_start(&mut self, scene: Scene<'_>, xid: &XaIdentifier, out: &mut Vec<u8>) {
        record::write(&scene.head("statement"), &Statement::new(&xa::start(xid)), out);
    }

    fn xa_prepare(&mut self, scene: Scene<'_>, prepare: &XaPrepare, out: &mut Vec<u8>) {
        record::write(&scene.head("statement"), &Statement::new(&xa::prepare(prepare)), out);
    }

    /// Tells a definition that was not told.
    fn table(&mut self, scene: Scene<'_>, map: &TableMap, columns: &Columns, out: &mut Vec<u8>) {
        let definition = Definition::new(map, columns);
        // Twins that have only text as keys are written.
        let text = serde_json::to_string(&definition).unwrap_or_default();
        let name = (map.schema.to_string(), map.table.to_string());
        if self.told.get(&name) != Some(&text) {
            record::write(&scene.head("table"), &definition, out);
            self.told.insert(name, text);
        }
    }

    fn rows(&mut self, _: Scene<'_>) -> RowForm {
        RowForm::Plain
    }
}

impl<'s> Scene<'s> {
    fn head(&self, kind: &'static str) -> Head<'s> {
        Head::new(kind, self.at, self.transaction)
    }
}

/// Appends the objects of an event's rows.
pub(super) fn rows(scene: RowsScene<'_>, out: &mut Vec<u8>) -> Result<(), DumpError> {
    let head = scene.scene.head(record::kind(scene.rows.kind));
    let query = scene.scene.transaction.query.as_deref().map(Text);
    scene.each(|number, before, after| {
        let change = Change::new(scene.columns, scene.rows, number, (before, after), query)?;
        record::write(&head, &change, out);
        Ok(())
    })
}
