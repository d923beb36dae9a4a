//! Definitions of tables for logs that do not tell them all.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use binlog_schema::{Catalog, Given, OnMismatch, SchemaScript};
use binlog_source::server_tables;
use clap::{Args, ValueEnum};

use crate::connection::ConnectionArgs;
use crate::inputs::is_url;
use crate::progress::warn;

/// Bytes of a schema file that are read at a time.
const PIECE: usize = 1 << 16;

/// What to do with rows that contradict their table's definition.
#[derive(ValueEnum, Debug, Clone, Copy, Default)]
pub(crate) enum OnMismatchArg {
    /// End with an error
    #[default]
    Stop,
    /// Leave their columns without names
    Unnamed,
}

/// Where the definitions of tables come from that logs do not tell.
#[derive(Args, Debug)]
pub(crate) struct SchemaArgs {
    /// Definitions of tables that the log does not tell: a dump without data, as FILE or DB=FILE, or a server,
    /// mysql://user@host:port, which tells those of now (repeatable)
    #[arg(long, value_name = "FILE|URL")]
    pub(crate) schema: Vec<String>,
    /// What to do with rows that contradict their table's definition
    #[arg(long, value_name = "POLICY", default_value = "stop")]
    on_mismatch: OnMismatchArg,
}

impl SchemaArgs {
    /// A catalogue with these definitions.
    pub(crate) fn catalog(&self, connection: &ConnectionArgs) -> Result<Catalog> {
        catalog(&self.schema, self.on_mismatch, connection)
    }
}

/// A catalogue with the definitions of schema files ('FILE.sql', 'DB=FILE.sql') and servers ('mysql://…').
pub(crate) fn catalog(schemas: &[String], on_mismatch: OnMismatchArg, connection: &ConnectionArgs) -> Result<Catalog> {
    let mut catalog = Catalog::new(on_mismatch.into());
    for schema in schemas {
        let given = match is_url(schema) {
            true => of_server(schema, connection)?,
            false => of_file(schema)?,
        };
        warn_of(&given, schema);
        catalog.give(given);
    }
    Ok(catalog)
}

/// What the reader of the names should know, at the end.
pub(crate) fn warn_of_remarks(catalog: &Catalog) {
    for remark in catalog.remarks() {
        warn(&remark);
    }
}

fn warn_of(given: &Given, schema: &str) {
    let names: Vec<String> = given.not_followed().iter().map(ToString::to_string).collect();
    if !names.is_empty() {
        let name = if is_url(schema) { "the server" } else { schema };
        warn(&format!(
            "{name}: the definition of {} cannot be followed",
            names.join(", ")
        ));
    }
}

fn of_server(url: &str, connection: &ConnectionArgs) -> Result<Given> {
    let answer = server_tables(&connection.server(url)?)?;
    for (table, why) in &answer.refused {
        warn(&format!("{}: no definition of {table}: {why}", answer.server));
    }
    let tables = answer.tables.iter();
    let tables = tables.map(|(schema, sql)| (schema.as_str(), sql.as_slice()));
    Ok(Given::by_server(&answer.server, answer.flavour, tables))
}

/// `FILE`, or `DB=FILE` where there is no file of this whole name.
fn of_file(schema: &str) -> Result<Given> {
    let (database, path) = match schema.split_once('=') {
        Some((database, path)) if !Path::new(schema).exists() => (Some(database), path),
        _ => (None, schema),
    };
    let reading = || format!("{path}: reading it as a schema file");
    let mut file = File::open(path).with_context(reading)?;
    let mut script = SchemaScript::new(path, database);
    let mut piece = vec![0; PIECE];
    loop {
        let len = file.read(&mut piece).with_context(reading)?;
        if len == 0 {
            return Ok(script.finish()?);
        }
        script.push(piece.get(..len).unwrap_or_default())?;
    }
}

impl From<OnMismatchArg> for OnMismatch {
    fn from(arg: OnMismatchArg) -> Self {
        match arg {
            OnMismatchArg::Stop => Self::Stop,
            OnMismatchArg::Unnamed => Self::Unnamed,
        }
    }
}
