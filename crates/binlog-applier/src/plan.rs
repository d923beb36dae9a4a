//! How the rows of one table map are written to the target's table: made once, rows only bind to it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use binlog_parser::TableMap;
use binlog_parser::event::{Column, ColumnType, Flavour, RowsFlags, RowsKind};
use binlog_schema::TableName;
use binlog_schema::sql::{Charset, LiteralColumn, push_identifier, push_table};

use crate::change;
use crate::error::{ApplyError, ApplyErrorKind};
use crate::footprint::Footprint;
use crate::table::{Layout, TargetColumn};
use crate::target::Target;

/// How the rows of a table map are written.
#[derive(Debug)]
pub(crate) struct Plan {
    /// For messages.
    pub(crate) name: String,
    /// Quoted.
    pub(crate) table: Vec<u8>,
    /// The table map, with what it does not say of how values are stored: the fraction digits of MariaDB 5.3's types.
    pub(crate) map: Arc<TableMap>,
    /// One for each column of the table map; `None` where the target has no name for it.
    pub(crate) columns: Vec<Option<PlanColumn>>,
    /// Indexes of the columns that identify a row; empty where nothing does.
    pub(crate) key: Vec<usize>,
    /// What its changes touch.
    pub(crate) footprint: Footprint,
    /// Whether an image of all columns leaves nothing to be taken from the time.
    pub(crate) timeless: bool,
    /// Whether row events as they are do the same on the target.
    takes_events: AtomicBool,
    triggers: Vec<(String, String)>,
}

/// A column of a plan.
#[derive(Debug)]
pub(crate) struct PlanColumn {
    /// Quoted.
    pub(crate) name: Vec<u8>,
    pub(crate) literal: LiteralColumn,
    pub(crate) target: TargetColumn,
}

/// Plans that were made, until the next DDL.
#[derive(Debug, Default)]
pub(crate) struct Plans {
    layouts: HashMap<TableName, Arc<Layout>>,
    plans: HashMap<TableName, Planned>,
    warned: HashSet<TableName>,
}

/// A plan and the table map that it was made for.
#[derive(Debug)]
struct Planned {
    map: Arc<TableMap>,
    plan: Arc<Plan>,
}

impl Plans {
    /// Forgets the tables: one of them may have changed.
    pub(crate) fn clear(&mut self) {
        self.layouts.clear();
        self.plans.clear();
    }

    /// The plan for a table map of a source of this family.
    pub(crate) fn plan(
        &mut self,
        target: &mut Target,
        map: &Arc<TableMap>,
        source: Flavour,
    ) -> Result<Arc<Plan>, ApplyError> {
        let name = TableName::new(&*map.schema, &*map.table);
        if let Some(known) = self.plans.get(&name)
            && (Arc::ptr_eq(&known.map, map) || known.map.columns == map.columns)
        {
            return Ok(Arc::clone(&known.plan));
        }
        let layout = match self.layouts.get(&name) {
            Some(layout) => Arc::clone(layout),
            None => {
                change::set_session(target, RowsFlags::default(), 0)?;
                Arc::new(Layout::read(target, &map.schema, &map.table)?)
            }
        };
        self.warn(&name, &layout);
        let plan = Arc::new(Plan::new(map, &layout, source)?);
        self.layouts.insert(name.clone(), layout);
        let planned = Planned {
            map: Arc::clone(map),
            plan: Arc::clone(&plan),
        };
        self.plans.insert(name, planned);
        Ok(plan)
    }

    fn warn(&mut self, name: &TableName, layout: &Layout) {
        if !layout.is_transactional() && self.warned.insert(name.clone()) {
            tracing::warn!(
                table = name.to_string(),
                engine = layout.engine,
                "changes to a table without transactions are repeated if they are interrupted"
            );
        }
    }
}

impl Plan {
    /// The plan for a table map on this table.
    pub(crate) fn new(map: &Arc<TableMap>, layout: &Layout, source: Flavour) -> Result<Self, ApplyError> {
        let name = TableName::new(&*map.schema, &*map.table).to_string();
        let targets = match_columns(map, layout).map_err(|why| ApplyErrorKind::Table {
            table: name.clone(),
            why,
        })?;
        let digits = |index: usize| {
            targets
                .get(index)
                .copied()
                .flatten()
                .map_or(0, |target: &TargetColumn| target.fraction)
        };
        let map = map.with_fractions(digits).map_or_else(|| Arc::clone(map), Arc::new);
        let unlike = unlike(&map, layout, &targets);
        if let Some(reason) = &unlike {
            tracing::info!(table = name, reason, "row changes of the table are written as SQL");
        }
        let timeless = !layout.versioned && layout.columns.iter().all(|column| targets.contains(&Some(column)));
        let mut table = Vec::new();
        push_table(&mut table, &map.schema, &map.table);
        let columns = map.columns.iter().zip(targets.iter().copied());
        let columns: Vec<_> = columns
            .map(|(column, target)| {
                let target = target?;
                let literal = LiteralColumn::new(column, None, source);
                Some(PlanColumn::new(literal, target))
            })
            .collect();
        let key = key(layout, &columns);
        let footprint = Footprint::new(&map, layout, &targets, &key);
        let triggers = layout.triggers.clone();
        Ok(Self {
            name,
            table,
            map,
            columns,
            key,
            footprint,
            timeless,
            takes_events: AtomicBool::new(unlike.is_none()),
            triggers,
        })
    }

    /// The character sets of its texts.
    pub(crate) fn charsets(&self) -> impl Iterator<Item = &str> {
        self.columns
            .iter()
            .flatten()
            .filter_map(|column| match &column.literal.charset {
                Charset::Text(name) => Some(name.as_str()),
                Charset::Unknown | Charset::Binary => None,
            })
    }

    /// Whether row events as they are do the same on the target.
    pub(crate) fn takes_events(&self) -> bool {
        self.takes_events.load(Ordering::Relaxed)
    }

    /// Says that the target does not take them.
    pub(crate) fn refuse_events(&self) {
        self.takes_events.store(false, Ordering::Relaxed);
    }

    /// An error where a trigger would do again what it did on the source.
    pub(crate) fn refuse_trigger(&self, kind: RowsKind) -> Result<(), ApplyError> {
        let event = match kind {
            RowsKind::Insert => "INSERT",
            RowsKind::Update => "UPDATE",
            RowsKind::Delete => "DELETE",
        };
        match self.triggers.iter().find(|(fires_on, _)| fires_on == event) {
            None => Ok(()),
            Some((_, trigger)) => Err(ApplyErrorKind::Trigger {
                table: self.name.clone(),
                trigger: trigger.clone(),
            }
            .into()),
        }
    }
}

impl PlanColumn {
    /// What the log does not say is as on the target: there is no other to write to.
    fn new(mut literal: LiteralColumn, target: &TargetColumn) -> Self {
        literal.unsigned = literal.unsigned.or(Some(target.unsigned));
        if literal.charset == Charset::Unknown {
            literal.charset = target.charset.clone();
        }
        let mut name = Vec::new();
        push_identifier(&mut name, &target.name);
        Self {
            name,
            literal,
            target: target.clone(),
        }
    }
}

/// For each column of the log that of the target: by name where the log names it, else by place.
fn match_columns<'t>(map: &TableMap, layout: &'t Layout) -> Result<Vec<Option<&'t TargetColumn>>, String> {
    let named = map.columns.iter().all(|column| column.name.is_some());
    if named && !map.columns.is_empty() {
        return map
            .columns
            .iter()
            .map(|column| by_name(column.name.as_deref(), layout))
            .collect();
    }
    let (log, target) = (map.columns.len(), layout.columns.len());
    if log != target && log != target + layout.hidden {
        return Err(format!(
            "has {log} columns in the log, which does not name them, and {target} on the target"
        ));
    }
    let places = 0..log;
    Ok(places.map(|place| layout.columns.get(place)).collect())
}

/// Columns behind functional key parts have no name that a statement can use.
fn by_name<'t>(name: Option<&str>, layout: &'t Layout) -> Result<Option<&'t TargetColumn>, String> {
    let name = name.unwrap_or_default();
    let found = layout.columns.iter().find(|column| same_name(&column.name, name));
    match found {
        None if !name.starts_with("!hidden!") => Err(format!("the target has no column {name}")),
        found => Ok(found),
    }
}

/// Why a server would take the rows' bytes for something else than their source, if it takes them column by column; it says itself
/// where types differ.
fn unlike(map: &TableMap, layout: &Layout, targets: &[Option<&TargetColumn>]) -> Option<String> {
    if map.columns.len() != layout.columns.len() + layout.hidden {
        return Some(format!(
            "it has {} columns in the log and {} on the target",
            map.columns.len(),
            layout.columns.len() + layout.hidden
        ));
    }
    let (mut places, columns) = (layout.columns.iter(), map.columns.iter().zip(targets));
    for (column, target) in columns {
        let Some(target) = target else { continue };
        if places.next() != Some(*target) {
            return Some(format!("column {} is at another place on the target", target.name));
        }
        if let Some(what) = differs(column, target) {
            return Some(format!("column {} has another {what} on the target", target.name));
        }
    }
    None
}

/// In what a column that the log describes differs from the target's.
fn differs(column: &Column, target: &TargetColumn) -> Option<&'static str> {
    if column.unsigned.is_some_and(|unsigned| unsigned != target.unsigned) && is_number(&target.data_type) {
        return Some("signedness");
    }
    let charset = LiteralColumn::new(column, None, Flavour::MySql).charset;
    let is_json = column.column_type == ColumnType::JSON || target.data_type == "json";
    if charset != Charset::Unknown && charset != target.charset && !is_json && target.data_type != "geometry" {
        return Some("character set");
    }
    let members = members(&target.full_type);
    if !column.members.is_empty()
        && members.is_none_or(|members| {
            !column
                .members
                .iter()
                .map(|member| &**member)
                .eq(members.iter().map(Vec::as_slice))
        })
    {
        return Some("list of members");
    }
    None
}

fn is_number(data_type: &str) -> bool {
    data_type.ends_with("int") || ["decimal", "float", "double"].contains(&data_type)
}

/// The members of `enum('a','b''c')`, in UTF-8.
fn members(full_type: &str) -> Option<Vec<Vec<u8>>> {
    let list = full_type.split_once('(')?.1.strip_suffix(')')?;
    let mut members = Vec::new();
    let mut rest = list.strip_prefix('\'')?;
    let mut member = Vec::new();
    loop {
        let (text, after) = rest.split_once('\'')?;
        member.extend(text.bytes());
        if let Some(more) = after.strip_prefix('\'') {
            member.push(b'\'');
            rest = more;
            continue;
        }
        members.push(std::mem::take(&mut member));
        match after.strip_prefix(",'") {
            Some(more) => rest = more,
            None => return after.is_empty().then_some(members),
        }
    }
}

fn same_name(one: &str, other: &str) -> bool {
    one == other || one.to_lowercase() == other.to_lowercase()
}

/// The target's key, where the log has all its columns.
fn key(layout: &Layout, columns: &[Option<PlanColumn>]) -> Vec<usize> {
    let place = |name: &String| {
        let is_it = |column: &Option<PlanColumn>| column.as_ref().is_some_and(|column| column.target.name == *name);
        columns.iter().position(is_it)
    };
    layout
        .key
        .iter()
        .map(place)
        .collect::<Option<Vec<_>>>()
        .unwrap_or_default()
}
