use super::*;

const MYSQLDUMP: &str = "-- MySQL dump 10.13  Distrib 9.7.4, for Linux (x86_64)
--
-- Host: 127.0.0.1    Database: shop
-- ------------------------------------------------------
-- Server version\t9.7.4-2

/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;
-- CHANGE REPLICATION SOURCE TO SOURCE_LOG_FILE='binlog.000001', SOURCE_LOG_POS=4675;
DROP TABLE IF EXISTS `fi`;
/*!50503 SET character_set_client = utf8mb4 */;
CREATE TABLE `fi` (
  `a;` int NOT NULL COMMENT 'it''s; \\'x',
  `b` int DEFAULT NULL /*!80023 INVISIBLE */,
  KEY `k` (((`b` + 1)))
) ENGINE=InnoDB;
INSERT INTO `fi` VALUES (1,'CREATE TABLE x (a int);');
/*!50001 CREATE VIEW `v` AS SELECT 1 AS `a`*/;
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER t AFTER INSERT ON fi FOR EACH ROW BEGIN SET @a=1; END */;;
DELIMITER ;
/*!50001 CREATE ALGORITHM=UNDEFINED VIEW `v` AS select 1 AS `a` */;
";

const MARIADB_DUMP: &str = "/*M!999999\\- enable the sandbox mode */ 
-- MariaDB dump 10.19-11.8.6-MariaDB, for debian-linux-gnu (x86_64)
--
-- Host: 127.0.0.1    Database: hid
/*!40101 SET NAMES utf8mb4 */;
/*M!100616 SET @OLD_NOTE_VERBOSITY=@@NOTE_VERBOSITY, NOTE_VERBOSITY=0 */;
-- CHANGE MASTER TO MASTER_USE_GTID=slave_pos;
-- SET GLOBAL gtid_slave_pos='0-2-13';
-- Current Database: `one`
CREATE DATABASE /*!32312 IF NOT EXISTS*/ `one` /*!40100 DEFAULT CHARACTER SET utf8mb4 */;
USE `one`;
CREATE TABLE `t` (`a` text /*M!100301 COMPRESSED*/ DEFAULT NULL);
USE `two`;
CREATE TABLE `t` (`a` uuid, `b` int) ;
CREATE TABLE `old` (`a` int) WITH SYSTEM VERSIONING;
";

#[test]
fn dumps() {
    check(MYSQLDUMP, None, "binlog.000001:4675: shop.fi a;,b");
    check(MARIADB_DUMP, None, "GTIDs 0-2-13: one.t a, two.t a,b; not two.old");
    let plain = "CREATE TABLE a (x INT); CREATE TABLE other.b (y INT)";
    check(plain, Some("shop"), "the start: other.b y, shop.a x");
    let commented =
        "/* SET @@GLOBAL.GTID_PURGED='+3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5';*/\nCREATE TABLE a (x INT);";
    let gtids = "GTIDs 3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5: shop.a x";
    check(commented, Some("shop"), gtids);
    let ansi = "SET SQL_MODE='ANSI'; CREATE TABLE \"a\" (\"x\" INT)";
    check(ansi, Some("shop"), "the start: shop.a x");
    let altered = "CREATE TABLE a (x INT); ALTER TABLE a ADD y INT; RENAME TABLE a TO b";
    check(altered, Some("shop"), "the start: shop.b x,y");
}

#[test]
fn answers_to_show_create_table() {
    let vertical = "*************************** 1. row ***************************
       Table: a
Create Table: CREATE TABLE `a` (
  `x` int
) ENGINE=InnoDB
*************************** 1. row ***************************
       Table: b
Create Table: CREATE TABLE `b` (
  `y` int
) ENGINE=InnoDB
";
    check(vertical, Some("shop"), "the start: shop.a x, shop.b y");
    let tabular = "Table\tCreate Table\na\tCREATE TABLE `a` (\\n  `x` int\\n)\nb\tCREATE TABLE `b` (\\n  `y` int\\n)\n";
    check(tabular, Some("shop"), "the start: shop.a x, shop.b y");
}

#[test]
fn failures() {
    check_failure(
        "\nCREATE TABLE a (x INT);",
        "line 2: the statement's tables cannot be told: a name has no schema, and there is no default database, in: CREATE TABLE a (x INT); say which database it is: --schema DB=FILE",
    );
    check_failure("SELECT 1", "line 1: no CREATE TABLE was found");
    check_failure("", "line 1: no CREATE TABLE was found");
    check_failure(
        "USE a;\nCREATE TABLE b (c ENUM('x",
        "line 2: the text ends inside a quote or comment",
    );
    check_failure("SET @@GLOBAL.GTID_PURGED='nonsense'", "line 1: ");
}

/// Whatever the bytes: definitions or an error.
#[test]
fn damaged_texts() {
    for text in [MYSQLDUMP, MARIADB_DUMP] {
        for at in (0..text.len()).step_by(3) {
            for byte in [b'\'', b'`', b';', b'(', b'\\', b'*', 0xff] {
                let mut damaged = text.as_bytes().to_vec();
                damaged[at] = byte;
                let mut script = SchemaScript::new("x.sql", None);
                let _ = script
                    .push(&damaged[..text.len() - at / 2])
                    .and_then(|()| script.finish());
            }
        }
    }
}

fn read(text: &str, schema: Option<&str>) -> Result<Given, ScriptError> {
    let mut script = SchemaScript::new("x.sql", schema);
    text.as_bytes().chunks(5).try_for_each(|bytes| script.push(bytes))?;
    script.finish()
}

fn check(text: &str, schema: Option<&str>, expected: &str) {
    let given = read(text, schema).unwrap();
    let tables = given.tables.iter().map(|known| {
        let columns: Vec<&str> = known.table.columns.iter().map(|column| column.name.as_str()).collect();
        format!("{} {}", known.name, columns.join(","))
    });
    let tables = tables.collect::<Vec<_>>().join(", ");
    let not: String = given
        .not_followed()
        .iter()
        .map(|name| format!("; not {name}"))
        .collect();
    assert_eq!(format!("{}: {tables}{not}", given.from), expected, "{text}");
}

fn check_failure(text: &str, expected: &str) {
    let error = read(text, None).unwrap_err().to_string();
    assert!(error.starts_with(&format!("schema file x.sql, {expected}")), "{error}");
}
