//! Row changes as SQL.

use binlog_parser::event::{ColumnType, Flavour};
use binlog_parser::{Cell, Row, Value};
use binlog_schema::sql::{Charset, LiteralColumn, push_literal};

use crate::error::{ApplyError, ApplyErrorKind};
use crate::plan::{Plan, PlanColumn};

/// Writes row changes of one plan for a target of this family.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowSql<'p> {
    pub(crate) plan: &'p Plan,
    pub(crate) target: Flavour,
}

impl<'p> RowSql<'p> {
    /// The columns that an image holds and that can be written.
    fn written<'r, 'a>(
        &self,
        row: &'r Row<'a>,
    ) -> impl Iterator<Item = (&'p PlanColumn, &'r Cell<'a>)> + use<'p, 'r, 'a> {
        present(self.plan, row).filter(|(column, _)| !column.target.generated)
    }

    /// `INSERT INTO t (a, b) VALUES `, for images like this one.
    pub(crate) fn insert_head(&self, out: &mut Vec<u8>, row: &Row<'_>) {
        out.extend(b"INSERT INTO ");
        out.extend(&self.plan.table);
        out.extend(b" (");
        separated(out, b", ", self.written(row), |out, (column, _)| {
            out.extend(&column.name);
        });
        out.extend(b") VALUES ");
    }

    /// `(1, 2)`
    pub(crate) fn insert_values(&self, out: &mut Vec<u8>, row: &Row<'_>) -> Result<(), ApplyError> {
        out.push(b'(');
        try_separated(out, b", ", self.written(row), |out, (column, cell)| {
            self.cell(out, column, cell)
        })?;
        out.push(b')');
        Ok(())
    }

    /// `UPDATE t SET a = 1 WHERE …`; `false` where there is nothing to set.
    pub(crate) fn update(&self, out: &mut Vec<u8>, before: &Row<'_>, after: &Row<'_>) -> Result<bool, ApplyError> {
        out.extend(b"UPDATE ");
        out.extend(&self.plan.table);
        out.extend(b" SET ");
        let start = out.len();
        try_separated(out, b", ", self.written(after), |out, (column, cell)| {
            out.extend(&column.name);
            out.extend(b" = ");
            self.cell(out, column, cell)
        })?;
        if out.len() == start {
            return Ok(false);
        }
        self.keep_times(out, after);
        self.condition(out, before)?;
        Ok(true)
    }

    /// A column that the source left alone must not get the target's time.
    fn keep_times(&self, out: &mut Vec<u8>, after: &Row<'_>) {
        let cells = self.plan.columns.iter().zip(&after.cells);
        let kept = cells
            .filter(|(_, cell)| **cell == Cell::Absent)
            .filter_map(|(column, _)| column.as_ref());
        for column in kept.filter(|column| column.target.on_update) {
            out.extend(b", ");
            out.extend(&column.name);
            out.extend(b" = ");
            out.extend(&column.name);
        }
    }

    /// `DELETE FROM t WHERE …`
    pub(crate) fn delete(&self, out: &mut Vec<u8>, before: &Row<'_>) -> Result<(), ApplyError> {
        out.extend(b"DELETE FROM ");
        out.extend(&self.plan.table);
        self.condition(out, before)
    }

    /// `DELETE FROM t WHERE `, to be followed by keys.
    pub(crate) fn delete_head(&self, out: &mut Vec<u8>) {
        out.extend(b"DELETE FROM ");
        out.extend(&self.plan.table);
        out.extend(b" WHERE ");
    }

    /// Whether the image holds a whole key.
    pub(crate) fn has_key(&self, row: &Row<'_>) -> bool {
        !self.plan.key.is_empty() && self.plan.key.iter().all(|place| has_value(row, *place))
    }

    fn condition(&self, out: &mut Vec<u8>, before: &Row<'_>) -> Result<(), ApplyError> {
        out.extend(b" WHERE ");
        if self.has_key(before) {
            return self.key(out, before);
        }
        try_separated(out, b" AND ", present(self.plan, before), |out, (column, cell)| {
            self.same(out, column, cell)
        })?;
        out.extend(b" LIMIT 1");
        Ok(())
    }

    /// `a = 1 AND b = 2`
    pub(crate) fn key(&self, out: &mut Vec<u8>, row: &Row<'_>) -> Result<(), ApplyError> {
        let parts = self.plan.key.iter().filter_map(|place| {
            let column = self.plan.columns.get(*place)?.as_ref()?;
            Some((column, row.cells.get(*place)?))
        });
        try_separated(out, b" AND ", parts, |out, (column, cell)| {
            out.extend(&column.name);
            out.extend(b" = ");
            self.compared(out, column, cell)
        })
    }

    /// Whether the column holds exactly this, NULL and the bytes of text included.
    fn same(&self, out: &mut Vec<u8>, column: &PlanColumn, cell: &Cell<'_>) -> Result<(), ApplyError> {
        out.extend(&column.name);
        out.extend(b" <=> ");
        self.compared(out, column, cell)?;
        let (Cell::Value(Value::Bytes(_)), Charset::Text(charset)) = (cell, &column.literal.charset) else {
            return Ok(());
        };
        out.extend(b" AND CAST(CONVERT(");
        out.extend(&column.name);
        out.extend(format!(" USING {charset}) AS BINARY) = CAST(").into_bytes());
        self.compared(out, column, cell)?;
        out.extend(b" AS BINARY)");
        Ok(())
    }

    /// A value as the other side of a comparison.
    fn compared(&self, out: &mut Vec<u8>, column: &PlanColumn, cell: &Cell<'_>) -> Result<(), ApplyError> {
        let Cell::Value(value) = cell else {
            return self.cell(out, column, cell);
        };
        match value {
            // The server compares a FLOAT column as DOUBLE.
            Value::Float(value) => {
                let double = LiteralColumn {
                    column_type: ColumnType::DOUBLE,
                    ..column.literal.clone()
                };
                self.value(out, &column.target, &Value::Double(f64::from(*value)), &double)
            }
            value if column.target.data_type == "json" && self.target == Flavour::MySql => {
                out.extend(b"CAST(");
                self.value(out, &column.target, value, &column.literal)?;
                out.extend(b" AS JSON)");
                Ok(())
            }
            value => self.value(out, &column.target, value, &column.literal),
        }
    }

    fn cell(&self, out: &mut Vec<u8>, column: &PlanColumn, cell: &Cell<'_>) -> Result<(), ApplyError> {
        match cell {
            Cell::Value(value) => self.value(out, &column.target, value, &column.literal),
            Cell::Null | Cell::Absent => {
                out.extend(b"NULL");
                Ok(())
            }
        }
    }

    fn value(
        &self,
        out: &mut Vec<u8>,
        column: &crate::table::TargetColumn,
        value: &Value<'_>,
        literal: &LiteralColumn,
    ) -> Result<(), ApplyError> {
        push_literal(out, value, literal, self.target).map_err(|error| {
            let (table, column) = (self.plan.name.clone(), column.name.clone());
            ApplyErrorKind::Value { table, column, error }.into()
        })
    }
}

/// The cells that an image holds and that have a name on the target.
fn present<'p, 'r, 'a>(
    plan: &'p Plan,
    row: &'r Row<'a>,
) -> impl Iterator<Item = (&'p PlanColumn, &'r Cell<'a>)> + use<'p, 'r, 'a> {
    let cells = plan.columns.iter().zip(&row.cells);
    cells
        .filter(|(_, cell)| **cell != Cell::Absent)
        .filter_map(|(column, cell)| Some((column.as_ref()?, cell)))
}

fn has_value(row: &Row<'_>, place: usize) -> bool {
    matches!(row.cells.get(place), Some(Cell::Value(_)))
}

fn separated<T>(
    out: &mut Vec<u8>,
    separator: &[u8],
    items: impl Iterator<Item = T>,
    mut push: impl FnMut(&mut Vec<u8>, T),
) {
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.extend(separator);
        }
        push(out, item);
    }
}

fn try_separated<T>(
    out: &mut Vec<u8>,
    separator: &[u8],
    items: impl Iterator<Item = T>,
    mut push: impl FnMut(&mut Vec<u8>, T) -> Result<(), ApplyError>,
) -> Result<(), ApplyError> {
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.extend(separator);
        }
        push(out, item)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use binlog_parser::TableMap;
    use binlog_parser::event::Column;

    use super::*;
    use crate::table::{Layout, TargetColumn};

    fn target(name: &str, data_type: &str) -> TargetColumn {
        TargetColumn {
            name: name.to_owned(),
            data_type: data_type.to_owned(),
            unsigned: false,
            generated: name == "sum",
            on_update: name == "seen",
            charset: Charset::Binary,
        }
    }

    /// `BINARY(3)`, or a type without metadata.
    fn logged(column_type: ColumnType) -> Column {
        Column::new(column_type, if column_type == ColumnType::STRING { 3 } else { 0 }, true)
    }

    /// Columns id, f, b, seen, sum.
    fn plan(key: &[&str]) -> Plan {
        let types = [
            ColumnType::LONG,
            ColumnType::FLOAT,
            ColumnType::STRING,
            ColumnType::LONG,
            ColumnType::LONG,
        ];
        let map = TableMap {
            table_id: 1,
            flags: 0,
            schema: "d".into(),
            table: "t".into(),
            columns: types.map(logged).into(),
            primary_key: None,
        };
        let columns = [
            ("id", "int"),
            ("f", "float"),
            ("b", "binary"),
            ("seen", "int"),
            ("sum", "int"),
        ];
        let layout = Layout {
            columns: columns.map(|(name, data_type)| target(name, data_type)).into(),
            hidden: 0,
            key: key.iter().map(|name| (*name).to_owned()).collect(),
            triggers: Vec::new(),
            engine: "InnoDB".to_owned(),
        };
        Plan::new(&map, &layout, Flavour::MySql).unwrap()
    }

    fn row(id: i64, seen: Cell<'static>) -> Row<'static> {
        let int = |value| Cell::Value(Value::Int(value));
        Row {
            cells: vec![
                int(id),
                Cell::Value(Value::Float(0.5)),
                Cell::Value(Value::Bytes(b"x")),
                seen,
                int(9),
            ],
        }
    }

    fn text(plan: &Plan, write: impl FnOnce(&RowSql<'_>, &mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(
            &RowSql {
                plan,
                target: Flavour::MySql,
            },
            &mut out,
        );
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn inserts_leave_out_what_is_generated() {
        let plan = plan(&["id"]);
        let row = row(1, Cell::Null);
        let sql = text(&plan, |sql, out| {
            sql.insert_head(out, &row);
            sql.insert_values(out, &row).unwrap();
        });
        assert!(
            sql.starts_with("INSERT INTO `d`.`t` (`id`, `f`, `b`, `seen`) VALUES (1, "),
            "{sql}"
        );
        assert!(sql.ends_with(", NULL)"), "{sql}");
    }

    #[test]
    fn updates_find_their_row_by_key() {
        let plan = plan(&["id"]);
        let (before, after) = (row(1, Cell::Null), row(2, Cell::Absent));
        let sql = text(&plan, |sql, out| assert!(sql.update(out, &before, &after).unwrap()));
        assert!(sql.starts_with("UPDATE `d`.`t` SET `id` = 2, "), "{sql}");
        assert!(sql.ends_with(", `seen` = `seen` WHERE `id` = 1"), "{sql}");
    }

    #[test]
    fn without_a_key_all_columns_decide() {
        for key in [&[][..], &["seen"]] {
            let plan = plan(key);
            let before = row(1, Cell::Null);
            let sql = text(&plan, |sql, out| sql.delete(out, &before).unwrap());
            assert!(
                sql.starts_with("DELETE FROM `d`.`t` WHERE `id` <=> 1 AND `f` <=> "),
                "{sql}"
            );
            assert!(sql.contains("780000"), "BINARY is padded: {sql}");
            assert!(sql.ends_with(" AND `seen` <=> NULL AND `sum` <=> 9 LIMIT 1"), "{sql}");
        }
    }
}
