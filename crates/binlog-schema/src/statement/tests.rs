//! Statements and what they touch: `kind: written tables < read tables`.

use std::ops::ControlFlow;

use binlog_parser::event::Flavour;

use super::{Object, StatementKind, Touched, touched};

#[test]
fn transactions() {
    check("BEGIN", "Begin:");
    check("BEGIN /* x */", "Begin:");
    check("START TRANSACTION WITH CONSISTENT SNAPSHOT", "Begin:");
    check("COMMIT", "Commit:");
    check("COMMIT /* xid=12 */", "Commit:");
    check("ROLLBACK", "Rollback:");
    check("ROLLBACK TO `a`", "Savepoint:");
    check("ROLLBACK WORK TO SAVEPOINT a", "Savepoint:");
    check("SAVEPOINT `a`", "Savepoint:");
    check("RELEASE SAVEPOINT a", "Savepoint:");
    check("XA START X'61',X'',1", "Xa:");
    check("XA COMMIT X'61',X'',1 ONE PHASE", "Xa:");
}

#[test]
fn insert() {
    check("INSERT INTO t VALUES (1)", "Insert: d.t");
    check("insert t set a=1", "Insert: d.t");
    check(
        "INSERT INTO s.t (a, b) VALUES (1, 'x), (SELECT 1 FROM no')",
        "Insert: s.t",
    );
    check(
        "INSERT IGNORE INTO `s`.`t` (a) VALUES (1) ON DUPLICATE KEY UPDATE a=VALUES(a)",
        "Insert: s.t",
    );
    check("INSERT DELAYED INTO t() VALUES()", "Insert: d.t");
    check("INSERT INTO t PARTITION (p0, p1) (a) VALUES (1)", "Insert: d.t");
    check("INSERT INTO a SELECT * FROM b", "Insert: d.a < d.b");
    check(
        "INSERT INTO a (x) SELECT x FROM b JOIN c USING (x) ON DUPLICATE KEY UPDATE x=1",
        "Insert: d.a < d.b d.c",
    );
    check("INSERT INTO a SELECT * FROM a WHERE x > 1", "Insert: d.a");
    check("INSERT INTO a (SELECT * FROM b)", "Insert: d.a < d.b");
    check(
        "INSERT INTO a (x) (SELECT x FROM b) UNION (SELECT y FROM c)",
        "Insert: d.a < d.b d.c",
    );
    check("INSERT INTO a VALUES ((SELECT MAX(x) FROM b), 2)", "Insert: d.a < d.b");
    check(
        "INSERT INTO a WITH c AS (SELECT 1 FROM b) SELECT * FROM c",
        "Insert: d.a < d.b",
    );
    check("INSERT INTO a TABLE b", "Insert: d.a < d.b");
    check(
        "INSERT INTO a SELECT EXTRACT(YEAR FROM b.d), TRIM(LEADING 'x' FROM y) FROM b",
        "Insert: d.a < d.b",
    );
    check(
        "INSERT INTO a VALUES (1) AS new ON DUPLICATE KEY UPDATE x = new.x",
        "Insert: d.a",
    );
    check("INSERT INTO a VALUES (1), (2) RETURNING id", "Insert: d.a");
    check("REPLACE INTO s.t SELECT 1 FROM DUAL", "Replace: s.t");
    check(
        "REPLACE LOW_PRIORITY t SET a = (SELECT b FROM u LIMIT 1)",
        "Replace: d.t < d.u",
    );
    check(
        "INSERT INTO a SELECT LEFT(x, 1), RIGHT(y, 2) FROM b LEFT JOIN c ON LEFT(b.x, 1) = c.x, e",
        "Insert: d.a < d.b d.c d.e",
    );
    check(
        "INSERT INTO t VALUES (_binary'\u{1}', X'00', N'x', 0x41, b'1', -1.5e3, NULL)",
        "Insert: d.t",
    );
}

#[test]
fn update() {
    check("UPDATE t SET a=1", "Update: d.t");
    check(
        "UPDATE s.t AS x SET x.a=1 WHERE x.b IN (SELECT b FROM u)",
        "Update: s.t < d.u",
    );
    check(
        "UPDATE LOW_PRIORITY IGNORE t SET a=1, b=2 ORDER BY a LIMIT 3",
        "Update: d.t",
    );
    check("UPDATE a, b SET a.x=1 WHERE a.y=b.y", "Update: d.a < d.b");
    check("UPDATE a, b SET a.x=1, b.x=2", "Update: d.a d.b");
    check("UPDATE a, b SET a.x=b.limit, b.y=2", "Update: d.a d.b");
    check("UPDATE a JOIN s.b AS c ON a.x=c.x SET c.y=a.y", "Update: s.b < d.a");
    check("UPDATE a JOIN b ON a.x=b.x SET y=1", "Update: d.a d.b");
    check("UPDATE a LEFT JOIN s.b ON a.x=b.x SET s.b.y=1", "Update: s.b < d.a");
    check("UPDATE a, (SELECT MAX(x) m FROM b) c SET a.x=c.m", "Update: d.a < d.b");
    check(
        "WITH c AS (SELECT 1 x FROM u) UPDATE t JOIN c SET t.a=c.x",
        "Update: d.t < d.u",
    );
    check(
        "UPDATE t USE INDEX (a) SET t.a=(SELECT MAX(a) FROM v), b=1",
        "Update: d.t < d.v",
    );
    check("UPDATE t SET a = IF(a > 1, a, 2), `where`='x' WHERE a=1", "Update: d.t");
    check(
        "UPDATE t SET t.`set`=1 WHERE EXISTS (SELECT 1 FROM u WHERE u.a=t.a)",
        "Update: d.t < d.u",
    );
    check("UPDATE `a` AS `T1` JOIN b t2 SET t1.x=1", "Update: d.a < d.b");
}

#[test]
fn delete() {
    check("DELETE FROM t", "Delete: d.t");
    check("DELETE FROM t WHERE a=1 LIMIT 1", "Delete: d.t");
    check(
        "DELETE LOW_PRIORITY QUICK IGNORE FROM s.t PARTITION (p0) WHERE a=1",
        "Delete: s.t",
    );
    check("DELETE FROM t AS x WHERE x.a IN (SELECT a FROM u)", "Delete: d.t < d.u");
    check("DELETE a FROM a JOIN b ON a.x=b.x", "Delete: d.a < d.b");
    check("DELETE x, s.b.* FROM a x JOIN s.b ON x.x=b.x", "Delete: d.a s.b");
    check(
        "DELETE FROM a, b USING a JOIN b JOIN c WHERE 1",
        "Delete: d.a d.b < d.c",
    );
    check("DELETE FROM x.* USING a AS x, b", "Delete: d.a < d.b");
    check("DELETE a.* FROM a, b WHERE a.x=b.x", "Delete: d.a < d.b");
    check(
        "WITH c AS (SELECT 1 x) DELETE FROM t WHERE x IN (SELECT x FROM c)",
        "Delete: d.t",
    );
    check(
        "DELETE FROM t WHERE a NOT IN (SELECT a FROM t2 UNION ALL SELECT b FROM t3) RETURNING a",
        "Delete: d.t < d.t2 d.t3",
    );
    check_unparsed("DELETE x FROM a JOIN b", "d");
}

#[test]
fn load_data() {
    check("LOAD DATA INFILE 'f' INTO TABLE t", "LoadData: d.t");
    check(
        "LOAD DATA LOCAL INFILE '/tmp/x' REPLACE INTO TABLE `s`.`t` FIELDS TERMINATED BY ',' (a, @b) SET c=(SELECT 1 FROM u)",
        "LoadData: s.t < d.u",
    );
    check(
        "LOAD XML CONCURRENT INFILE 'f' INTO TABLE t ROWS IDENTIFIED BY '<r>'",
        "LoadData: d.t",
    );
}

#[test]
fn queries() {
    check(
        "INSERT INTO t SELECT * FROM a, b AS x, s.c y JOIN e NATURAL JOIN f CROSS JOIN g STRAIGHT_JOIN h",
        "Insert: d.t < d.a d.b s.c d.e d.f d.g d.h",
    );
    check(
        "INSERT INTO t SELECT * FROM (a, b) JOIN (c JOIN e ON c.x=e.x) ON a.x=c.x",
        "Insert: d.t < d.a d.b d.c d.e",
    );
    check(
        "INSERT INTO t SELECT * FROM ((SELECT 1 FROM a) UNION (SELECT 2 FROM b)) x JOIN c",
        "Insert: d.t < d.a d.b d.c",
    );
    check(
        "INSERT INTO t SELECT * FROM a USE INDEX FOR JOIN (i, j) IGNORE INDEX (k) JOIN b",
        "Insert: d.t < d.a d.b",
    );
    check(
        "INSERT INTO t SELECT * FROM a PARTITION (p) AS x FORCE KEY (k) WHERE 1",
        "Insert: d.t < d.a",
    );
    check(
        "INSERT INTO t SELECT * FROM a LEFT OUTER JOIN b ON a.x = b.x AND b.y IN (SELECT y FROM c) RIGHT JOIN e USING (x, y)",
        "Insert: d.t < d.c d.a d.b d.e",
    );
    check(
        "INSERT INTO t WITH RECURSIVE c AS (SELECT 1 FROM a UNION ALL SELECT 2 FROM c), e AS (SELECT * FROM c) SELECT * FROM e",
        "Insert: d.t < d.a",
    );
    check(
        "INSERT INTO t WITH c AS (SELECT * FROM c) SELECT * FROM c",
        "Insert: d.t < d.c",
    );
    check(
        "INSERT INTO t WITH c AS (SELECT 1) SELECT * FROM c, s.c",
        "Insert: d.t < s.c",
    );
    check(
        "INSERT INTO t SELECT * FROM a, JSON_TABLE(a.j, '$' COLUMNS (x INT PATH '$.x')) AS jt",
        "Insert: d.t < d.a",
    );
    check(
        "INSERT INTO t SELECT * FROM a, LATERAL (SELECT * FROM b WHERE b.x=a.x) l",
        "Insert: d.t < d.b d.a",
    );
    check(
        "INSERT INTO t SELECT * FROM { OJ a LEFT OUTER JOIN b ON a.x=b.x }",
        "Insert: d.t < d.a d.b",
    );
    check(
        "INSERT INTO t SELECT a.from, `from` FROM a GROUP BY x HAVING 1 ORDER BY y LIMIT 3 FOR UPDATE",
        "Insert: d.t < d.a",
    );
    check(
        "INSERT INTO t SELECT CASE WHEN EXISTS (SELECT 1 FROM b) THEN 1 ELSE 2 END FROM a",
        "Insert: d.t < d.b d.a",
    );
    check(
        "INSERT INTO t SELECT GROUP_CONCAT(x ORDER BY y SEPARATOR ',') OVER w FROM a WINDOW w AS (PARTITION BY z)",
        "Insert: d.t < d.a",
    );
    check(
        "INSERT INTO t SELECT * FROM a WHERE (x, y) IN (TABLE b)",
        "Insert: d.t < d.a d.b",
    );
    check(
        "INSERT INTO t SELECT x FROM a AS 'alias' JOIN b",
        "Insert: d.t < d.a d.b",
    );
}

#[test]
fn tables() {
    check("CREATE TABLE t (a INT)", "CreateTable: d.t");
    check(
        "CREATE TABLE IF NOT EXISTS `s`.`t` (`a` INT, KEY (a)) ENGINE=InnoDB /* generated by server */",
        "CreateTable: s.t",
    );
    check("CREATE TABLE t LIKE s.u", "CreateTable: d.t < s.u");
    check("CREATE TABLE t (LIKE u)", "CreateTable: d.t < d.u");
    check("CREATE TABLE t AS SELECT * FROM u", "CreateTable: d.t < d.u");
    check(
        "CREATE TABLE t (a INT) ENGINE=MyISAM IGNORE SELECT a FROM u",
        "CreateTable: d.t < d.u",
    );
    check("CREATE TABLE t (a INT) TABLE u", "CreateTable: d.t < d.u");
    check("CREATE TABLE t (SELECT * FROM u)", "CreateTable: d.t < d.u");
    check(
        "CREATE TABLE t WITH c AS (SELECT 1 FROM u) SELECT * FROM c",
        "CreateTable: d.t < d.u",
    );
    check("CREATE TABLE t (a INT) WITH SYSTEM VERSIONING", "CreateTable: d.t");
    check(
        "CREATE OR REPLACE TABLE s.t (a INT, FULLTEXT KEY (a) WITH PARSER ngram)",
        "CreateTable: s.t",
    );
    check(
        "CREATE TABLE s.t (a INT REFERENCES u (a), FOREIGN KEY (a) REFERENCES v.w (a) ON DELETE SET NULL)",
        "CreateTable: s.t < s.u v.w",
    );
    check(
        "CREATE TABLE t (a INT) ENGINE=MERGE UNION=(x, s.y)",
        "CreateTable: d.t < d.x s.y",
    );
    check(
        "CREATE TABLE t (a INT) PARTITION BY RANGE (a) (PARTITION p VALUES LESS THAN (1), PARTITION q VALUES LESS THAN MAXVALUE)",
        "CreateTable: d.t",
    );
    check(
        "CREATE TABLE t (a INT DEFAULT (1 + 2), b INT AS (a + 1) STORED, CHECK (a > 0))",
        "CreateTable: d.t",
    );
    check("CREATE TEMPORARY TABLE t (a INT)", "CreateTable temporary: d.t");
    check("DROP TEMPORARY TABLE IF EXISTS `d`.`t`", "DropTable temporary: d.t");
    check("ALTER TABLE t ADD COLUMN c INT AFTER b", "AlterTable: d.t");
    check("ALTER ONLINE TABLE IF EXISTS t NOWAIT DROP c", "AlterTable: d.t");
    check("ALTER IGNORE TABLE s.t RENAME TO u", "AlterTable: s.t d.u");
    check("ALTER TABLE t RENAME s.u, ADD c INT", "AlterTable: d.t s.u");
    check("ALTER TABLE t RENAME AS u", "AlterTable: d.t d.u");
    check("ALTER TABLE t RENAME = u", "AlterTable: d.t d.u");
    check(
        "ALTER TABLE t RENAME COLUMN a TO b, RENAME INDEX i TO j, RENAME KEY k TO l",
        "AlterTable: d.t",
    );
    check(
        "ALTER TABLE t EXCHANGE PARTITION p WITH TABLE s.u WITHOUT VALIDATION",
        "AlterTable: d.t s.u",
    );
    check(
        "ALTER TABLE s.t ADD CONSTRAINT `f` FOREIGN KEY (a) REFERENCES `u` (`a`)",
        "AlterTable: s.t < s.u",
    );
    check("ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4", "AlterTable: d.t");
    check("ALTER TABLE t CONVERT PARTITION p TO TABLE u", "AlterTable: d.t d.u");
    check(
        "ALTER TABLE t CONVERT TABLE u TO PARTITION p VALUES LESS THAN (1)",
        "AlterTable: d.t d.u",
    );
    check("ALTER TABLE t COMMENT 'x; DROP TABLE y'", "AlterTable: d.t");
    check("DROP TABLE a, s.b, `c``d`", "DropTable: d.a s.b d.c`d");
    check(
        "DROP TABLE IF EXISTS `a`,`b` /* generated by server */",
        "DropTable: d.a d.b",
    );
    check("DROP TABLE a RESTRICT", "DropTable: d.a");
    check("DROP TABLES a CASCADE", "DropTable: d.a");
    check("RENAME TABLE a TO b, s.c TO u.c", "RenameTable: d.a d.b s.c u.c");
    check("RENAME TABLE a TO tmp, b TO a, tmp TO b", "RenameTable: d.a d.tmp d.b");
    check("TRUNCATE TABLE s.t", "Truncate: s.t");
    check("TRUNCATE t", "Truncate: d.t");
    check("TRUNCATE `table`", "Truncate: d.table");
    check("CREATE UNIQUE INDEX i ON t (a)", "CreateIndex: d.t");
    check("CREATE INDEX i USING BTREE ON s.t (a(10) DESC)", "CreateIndex: s.t");
    check(
        "CREATE OR REPLACE FULLTEXT INDEX IF NOT EXISTS i ON t (a)",
        "CreateIndex: d.t",
    );
    check("DROP INDEX `i` ON `s`.`t`", "DropIndex: s.t");
    check("DROP INDEX IF EXISTS i ON t ALGORITHM=INPLACE", "DropIndex: d.t");
    check("/*!40000 ALTER TABLE `t` DISABLE KEYS */", "AlterTable: d.t");
    check(
        "CREATE /*!80000 TEMPORARY */ TABLE t (a INT)",
        "CreateTable temporary: d.t",
    );
    check("CREATE /* c */ TABLE -- x\n t # y\n (a INT)", "CreateTable: d.t");
    check_unparsed("DROP TABLE a b", "d");
    check_unparsed("TRUNCATE t", "");
    check_unparsed("RENAME TABLE a b", "d");
}

#[test]
fn databases() {
    check("CREATE DATABASE a", "CreateDatabase: a.*");
    check(
        "CREATE SCHEMA IF NOT EXISTS `a b` DEFAULT CHARACTER SET utf8",
        "CreateDatabase: a b.*",
    );
    check("ALTER DATABASE a CHARACTER SET utf8", "AlterDatabase: a.*");
    check("ALTER DATABASE CHARACTER SET utf8", "AlterDatabase: d.*");
    check("ALTER DATABASE `character` COLLATE x", "AlterDatabase: character.*");
    check("DROP DATABASE IF EXISTS a", "DropDatabase: a.*");
    check("DROP SCHEMA `a`", "DropDatabase: a.*");
}

#[test]
fn views_and_programs() {
    check(
        "CREATE ALGORITHM=UNDEFINED DEFINER=`root`@`localhost` SQL SECURITY DEFINER VIEW `v` AS SELECT * FROM a JOIN s.b",
        "CreateView: d.v < d.a s.b",
    );
    check(
        "CREATE OR REPLACE VIEW s.v (x, y) AS (SELECT 1, 2 FROM a) UNION SELECT 3, 4 FROM b WITH CHECK OPTION",
        "CreateView: s.v < d.a d.b",
    );
    check(
        "ALTER VIEW v AS WITH c AS (SELECT 1) SELECT * FROM c",
        "CreateView: d.v",
    );
    check("DROP VIEW IF EXISTS v, s.w", "DropView: d.v s.w");
    check(
        "CREATE DEFINER=`a`@`%` TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.a=1",
        "Trigger: trigger d.tr on d.t",
    );
    check(
        "CREATE TRIGGER s.tr AFTER UPDATE ON s.t FOR EACH ROW BEGIN INSERT INTO d.log SELECT 1 FROM u; UPDATE v SET a=1; END",
        "Trigger: trigger s.tr on s.t < d.u d.log d.v",
    );
    check(
        "CREATE TRIGGER tr AFTER DELETE ON t FOR EACH ROW INSERT INTO log VALUES (OLD.a)",
        "Trigger: trigger d.tr on d.t < d.log",
    );
    check("DROP TRIGGER IF EXISTS s.tr", "Trigger: trigger s.tr");
    check(
        "CREATE DEFINER=CURRENT_USER() PROCEDURE p (IN a INT) BEGIN DELETE FROM t WHERE x=a; END",
        "Routine: routine d.p < d.t",
    );
    check(
        "CREATE FUNCTION s.f(a INT) RETURNS INT DETERMINISTIC RETURN a + 1",
        "Routine: routine s.f",
    );
    check(
        "CREATE AGGREGATE FUNCTION f RETURNS STRING SONAME 'x.so'",
        "Routine: global",
    );
    check("ALTER PROCEDURE p SQL SECURITY INVOKER", "Routine: routine d.p");
    check("DROP FUNCTION IF EXISTS s.f", "Routine: routine s.f");
    check(
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO UPDATE t SET a=1",
        "Event: event d.e < d.t",
    );
    check("ALTER EVENT s.e RENAME TO s.f", "Event: event s.e event s.f");
    check("DROP EVENT s.e", "Event: event s.e");
    check(
        "CREATE PACKAGE BODY p AS PROCEDURE x AS BEGIN NULL; END; END",
        "Routine: routine d.p",
    );
}

#[test]
fn others() {
    check(
        "CREATE USER 'a'@'%' IDENTIFIED WITH 'x' AS '$A$005$'",
        "Account: global",
    );
    check("ALTER USER a PASSWORD EXPIRE", "Account: global");
    check("DROP ROLE IF EXISTS r", "Account: global");
    check("GRANT SELECT ON s.* TO 'a'@'%'", "Account: global");
    check("REVOKE ALL PRIVILEGES, GRANT OPTION FROM a", "Account: global");
    check("SET PASSWORD FOR a='x'", "Account: global");
    check("SET DEFAULT ROLE r TO a", "Account: global");
    check("RENAME USER a TO b", "Account: global");
    check("SET @a := 1", "Set:");
    check("SET @a := (SELECT MAX(x) FROM t)", "Set: < d.t");
    check("ANALYZE TABLE a, s.b", "Maintenance: d.a s.b");
    check("OPTIMIZE NO_WRITE_TO_BINLOG TABLE a", "Maintenance: d.a");
    check("REPAIR LOCAL TABLE a EXTENDED", "Maintenance: d.a");
    check("FLUSH TABLES", "Maintenance: global");
    check("FLUSH TABLES WITH READ LOCK", "Maintenance: global");
    check("FLUSH PRIVILEGES", "Maintenance: global");
    check("CREATE TABLESPACE ts ADD DATAFILE 'a.ibd'", "Other: global");
    check("CREATE UNDO TABLESPACE ts ADD DATAFILE 'a.ibu'", "Other: global");
    check("CREATE SPATIAL REFERENCE SYSTEM 4120 NAME 'x'", "Other: global");
    check("INSTALL PLUGIN x SONAME 'y'", "Other: global");
    check(
        "CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'x')",
        "Other: global",
    );
    check_unparsed("SELECT `s`.`f`(1)", "d");
    check_unparsed("CALL p()", "d");
    check_unparsed("DO f()", "d");
    check_unparsed("", "d");
    check_unparsed("INSERT INTO t VALUES ('x", "d");
    check_unparsed("FROBNICATE TABLE x", "d");
}

#[test]
fn mariadb() {
    check_mariadb("CREATE OR REPLACE SEQUENCE s START WITH 1", "CreateTable: d.s");
    check_mariadb("DROP SEQUENCE IF EXISTS x.s", "DropTable: x.s");
    check_mariadb("SELECT NEXTVAL(x.s)", "Other: x.s");
    check_mariadb(
        "INSERT INTO t VALUES (NEXT VALUE FOR s, LASTVAL(u))",
        "Insert: d.t d.s < d.u",
    );
    check_mariadb(
        "SET STATEMENT max_statement_time=1 FOR INSERT INTO t SELECT * FROM u",
        "Insert: d.t < d.u",
    );
    check_mariadb(
        "INSERT INTO t SELECT * FROM u FOR SYSTEM_TIME AS OF TIMESTAMP '2020-01-01' x JOIN v",
        "Insert: d.t < d.u d.v",
    );
    check_mariadb(
        "DELETE FROM t FOR PORTION OF p FROM '2000-01-01' TO '2018-01-01' WHERE a=1",
        "Delete: d.t",
    );
    check_mariadb(
        "UPDATE t FOR PORTION OF p FROM '2000-01-01' TO '2018-01-01' SET a=1",
        "Update: d.t",
    );
    check_mariadb("DELETE HISTORY FROM t BEFORE SYSTEM_TIME '2020-01-01'", "Delete: d.t");
    check_mariadb(
        "CREATE TABLE t /*!50700 LIKE a */ /*M!100100 LIKE b */",
        "CreateTable: d.t < d.b",
    );
    check_mariadb("DROP TABLE IF EXISTS a WAIT 10", "DropTable: d.a");
    check_mariadb("RENAME TABLE IF EXISTS a WAIT 3 TO b", "RenameTable: d.a d.b");
}

#[test]
fn bytes_that_are_not_text() {
    let sql = b"INSERT INTO t VALUES (_binary'\xff\xfe\\'\\\\', '\x00')";
    assert_eq!(show(&touched(sql, "d", Flavour::MySql).unwrap()), "Insert: d.t");
}

#[test]
fn deep_nesting_is_refused() {
    for (head, nested) in [
        ("INSERT INTO t VALUES ", "("),
        ("CREATE TABLE t ", "("),
        ("INSERT INTO t SELECT * FROM ", "{a "),
        ("", "SET STATEMENT a=1 FOR "),
        ("CREATE TABLE t ", "(SELECT "),
        ("INSERT INTO t SELECT * FROM ", "(SELECT 1 FROM "),
    ] {
        let sql = head.to_owned() + &nested.repeat(5_000);
        check_unparsed(&sql, "d");
    }
}

#[test]
fn excerpts_hide_strings() {
    let error = touched(b"FROBNICATE USER a BY 'secret'", "d", Flavour::MySql).unwrap_err();
    assert!(!error.to_string().contains("secret"), "{error}");
    let error = touched(b"SET PASSWORD = 'secret", "d", Flavour::MySql).unwrap_err();
    assert!(!error.to_string().contains("secret"), "{error}");
}

fn check(sql: &str, expected: &str) {
    match touched(sql.as_bytes(), "d", Flavour::MySql) {
        Ok(found) => {
            assert_eq!(show(&found), expected, "{sql}");
            compare_with_sqlparser(sql, &found);
        }
        Err(error) => panic!("{error}"),
    }
}

/// Where another parser understands the statement, its tables must be among ours. It counts names
/// of common table expressions and aliases in DELETE as tables.
fn compare_with_sqlparser(sql: &str, found: &Touched) {
    use sqlparser::{ast::visit_relations, dialect::MySqlDialect, parser::Parser};
    let Ok(parsed) = Parser::parse_sql(&MySqlDialect {}, sql) else {
        return;
    };
    if sql.contains("WITH") || found.kind == StatementKind::Delete || sql.contains("DUAL") {
        return;
    }
    let tables: Vec<String> = found.writes.iter().chain(&found.reads).map(show_object).collect();
    let _: ControlFlow<()> = visit_relations(&parsed, |relation| {
        let parts: Vec<&str> = relation
            .0
            .iter()
            .filter_map(|part| part.as_ident())
            .map(|ident| ident.value.as_str())
            .collect();
        let name = match parts.as_slice() {
            [name] => format!("d.{name}"),
            parts => parts.join("."),
        };
        assert!(
            tables.contains(&name) || tables.iter().any(|table| table.ends_with(&name)),
            "{name} in {sql}"
        );
        ControlFlow::Continue(())
    });
}

fn check_mariadb(sql: &str, expected: &str) {
    match touched(sql.as_bytes(), "d", Flavour::MariaDb) {
        Ok(found) => assert_eq!(show(&found), expected, "{sql}"),
        Err(error) => panic!("{error}"),
    }
}

fn check_unparsed(sql: &str, default: &str) {
    let found = touched(sql.as_bytes(), default, Flavour::MySql);
    assert!(found.is_err(), "{sql}: {found:?}");
}

fn show(touched: &Touched) -> String {
    let mut out = format!("{:?}", touched.kind);
    if touched.temporary {
        out.push_str(" temporary");
    }
    out.push(':');
    for object in &touched.writes {
        out.push_str(&format!(" {}", show_object(object)));
    }
    if !touched.reads.is_empty() {
        out.push_str(" <");
    }
    for object in &touched.reads {
        out.push_str(&format!(" {}", show_object(object)));
    }
    out
}

fn show_object(object: &Object) -> String {
    match object {
        Object::Table(name) => name.to_string(),
        Object::Schema(schema) => format!("{schema}.*"),
        Object::Routine { schema, name } => format!("routine {schema}.{name}"),
        Object::Trigger { schema, name, table } => match table {
            Some(table) => format!("trigger {schema}.{name} on {table}"),
            None => format!("trigger {schema}.{name}"),
        },
        Object::Event { schema, name } => format!("event {schema}.{name}"),
        Object::Global => "global".into(),
    }
}
