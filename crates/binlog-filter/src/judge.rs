//! Judging one statement by what it touches.

use binlog_schema::{Object, StatementKind, Touched};

use crate::kind::Kind;
use crate::report::Reason;
use crate::rules::RuleSet;
use crate::split::Share;

/// What the rules say of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Judgement {
    Keep,
    Drop(Reason),
    /// It touches kept and dropped objects.
    Mixed {
        kept: Vec<Object>,
        dropped: Vec<Object>,
    },
    /// What it touches is not enough to judge it.
    Unknown(&'static str),
}

/// What the rules say of one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Kept,
    Dropped,
    Unknown,
}

/// Judges a statement.
pub(crate) fn judge(rules: &RuleSet, touched: &Touched) -> Judgement {
    if !rules.keeps_kind(Kind::of_statement(touched.kind)) {
        return Judgement::Drop(Reason::Kind);
    }
    let writes = Fates::of(rules, &touched.writes);
    if writes.unknown {
        return Judgement::Unknown("DROP TRIGGER does not say which table the trigger is on");
    }
    let reads = match reads_matter(touched.kind) {
        true => Fates::of(rules, &touched.reads),
        false => Fates::default(),
    };
    if let Some(Share::Table(_)) = rules.share()
        && writes.kept.is_empty()
        && reads.kept.is_empty()
    {
        return Judgement::Drop(Reason::Table);
    }
    if writes.kept.is_empty() && !touched.writes.is_empty() {
        return Judgement::Drop(reason(&touched.writes));
    }
    if touched.writes.is_empty() && reads.kept.is_empty() && !reads.dropped.is_empty() {
        return Judgement::Drop(Reason::Table);
    }
    if writes.dropped.is_empty() && reads.dropped.is_empty() {
        return Judgement::Keep;
    }
    Judgement::Mixed {
        kept: [writes.kept, reads.kept].concat(),
        dropped: [writes.dropped, reads.dropped].concat(),
    }
}

/// Bodies of programs are not run when they are defined, so what they name need not exist.
fn reads_matter(kind: StatementKind) -> bool {
    !matches!(
        kind,
        StatementKind::Trigger | StatementKind::Routine | StatementKind::Event
    )
}

fn reason(writes: &[Object]) -> Reason {
    match writes.iter().all(|object| *object == Object::Global) {
        true => Reason::Global,
        false => Reason::Table,
    }
}

#[derive(Default)]
struct Fates {
    kept: Vec<Object>,
    dropped: Vec<Object>,
    unknown: bool,
}

impl Fates {
    fn of(rules: &RuleSet, objects: &[Object]) -> Self {
        let mut fates = Self::default();
        for object in objects {
            match fate(rules, object) {
                Fate::Kept => fates.kept.push(object.clone()),
                Fate::Dropped => fates.dropped.push(object.clone()),
                Fate::Unknown => fates.unknown = true,
            }
        }
        fates
    }
}

fn fate(rules: &RuleSet, object: &Object) -> Fate {
    if let Some(share) = rules.share() {
        return if share.has(object) { Fate::Kept } else { Fate::Dropped };
    }
    let kept = match object {
        Object::Table(name) | Object::Trigger { table: Some(name), .. } => rules.keeps_table(&name.schema, &name.table),
        Object::Trigger {
            schema, table: None, ..
        } => return fate_of_unknown_table(rules, schema),
        Object::Schema(schema) | Object::Routine { schema, .. } | Object::Event { schema, .. } => {
            rules.keeps_any_table_of(schema)
        }
        _ => !rules.includes(),
    };
    if kept { Fate::Kept } else { Fate::Dropped }
}

fn fate_of_unknown_table(rules: &RuleSet, schema: &str) -> Fate {
    if rules.keeps_all_tables_of(schema) {
        Fate::Kept
    } else if rules.keeps_any_table_of(schema) {
        Fate::Unknown
    } else {
        Fate::Dropped
    }
}

#[cfg(test)]
mod tests {
    use binlog_parser::event::Flavour;
    use binlog_schema::statement::touched;

    use super::*;
    use crate::testing::{rules, texts};

    /// `K`ept, `D`ropped, `M`ixed or unknown (`?`).
    fn check(rules: &RuleSet, sql: &str, expected: char) {
        let touched = touched(sql.as_bytes(), "other", Flavour::MySql).unwrap();
        let judgement = judge(rules, &touched);
        let letter = match &judgement {
            Judgement::Keep => 'K',
            Judgement::Drop(_) => 'D',
            Judgement::Mixed { .. } => 'M',
            Judgement::Unknown(_) => '?',
        };
        assert_eq!(letter, expected, "{sql}: {judgement:?}");
    }

    #[test]
    fn including() {
        let rules = rules(|selection| {
            selection.tables = texts(&["shop.*"]);
            selection.not_tables = texts(&["shop.audit_log"]);
        });
        for (sql, expected) in [
            ("INSERT INTO shop.orders VALUES (1)", 'K'),
            ("INSERT INTO orders VALUES (1)", 'D'),
            ("INSERT INTO shop.audit_log VALUES (1)", 'D'),
            ("INSERT INTO shop.orders SELECT * FROM shop.items", 'K'),
            ("INSERT INTO shop.orders SELECT * FROM noise", 'M'),
            ("INSERT INTO noise SELECT * FROM shop.orders", 'D'),
            ("UPDATE shop.orders o JOIN noise n ON o.id = n.id SET o.a = 1", 'M'),
            ("CREATE TABLE shop.copy SELECT * FROM shop.audit_log", 'M'),
            ("CREATE TABLE shop.copy LIKE shop.orders", 'K'),
            ("CREATE VIEW shop.v AS SELECT * FROM shop.orders", 'K'),
            ("CREATE VIEW shop.v AS SELECT * FROM other.noise", 'M'),
            ("ALTER TABLE shop.orders ADD COLUMN a INT", 'K'),
            ("DROP TABLE shop.orders, shop.items", 'K'),
            ("DROP TABLE shop.orders, shop.audit_log", 'M'),
            ("DROP TABLE noise, shop.audit_log", 'D'),
            ("RENAME TABLE shop.a TO other.a", 'M'),
            ("CREATE DATABASE shop", 'K'),
            ("DROP DATABASE shop", 'K'),
            ("DROP DATABASE other", 'D'),
            (
                "CREATE TRIGGER shop.t BEFORE INSERT ON shop.orders FOR EACH ROW SET NEW.a = 1",
                'K',
            ),
            (
                "CREATE TRIGGER shop.t BEFORE INSERT ON shop.audit_log FOR EACH ROW SET NEW.a = 1",
                'D',
            ),
            ("DROP TRIGGER shop.t", '?'),
            ("DROP TRIGGER other.t", 'D'),
            ("CREATE PROCEDURE shop.p() DELETE FROM other.noise", 'K'),
            ("DROP PROCEDURE other.p", 'D'),
            ("CREATE USER 'a'@'b'", 'D'),
            ("GRANT ALL ON shop.* TO 'a'@'b'", 'D'),
        ] {
            check(&rules, sql, expected);
        }
    }

    #[test]
    fn excluding() {
        let rules = rules(|selection| selection.not_databases = texts(&["other"]));
        for (sql, expected) in [
            ("INSERT INTO shop.orders VALUES (1)", 'K'),
            ("DROP TRIGGER shop.t", 'K'),
            ("DROP DATABASE other", 'D'),
            ("CREATE USER 'a'@'b'", 'K'),
            ("SET @a = 1", 'K'),
        ] {
            check(&rules, sql, expected);
        }
    }

    #[test]
    fn kinds() {
        let rules = rules(|selection| selection.kinds = texts(&["insert", "ddl"]));
        for (sql, expected) in [
            ("INSERT INTO shop.orders VALUES (1)", 'K'),
            ("REPLACE INTO shop.orders VALUES (1)", 'K'),
            ("UPDATE shop.orders SET a = 1", 'D'),
            ("DELETE FROM shop.orders", 'D'),
            ("TRUNCATE shop.orders", 'K'),
            ("ANALYZE TABLE shop.orders", 'D'),
        ] {
            check(&rules, sql, expected);
        }
    }
}
