//! The tables of the workload.

use anyhow::{Context as _, Result};
use mysql::Conn;
use mysql::prelude::Queryable as _;

/// The tables that are always there and that a filter would keep.
pub const KEPT: [&str; 4] = ["shop.orders", "shop.customers", "shop.items", "shop.notes"];

/// The tables that a filter would drop.
pub const DROPPED: [&str; 2] = ["shop.audit_log", "other.noise"];

/// All tables that a filter would keep and that are there now, as `schema.table`, sorted.
pub fn kept_tables(conn: &mut Conn) -> Result<Vec<String>> {
    let names: Vec<String> = conn.query(
        "SELECT CONCAT(table_schema, '.', table_name) FROM information_schema.tables
         WHERE table_schema = 'shop' AND table_name <> 'audit_log' ORDER BY 1",
    )?;
    Ok(names)
}

pub(super) fn create(conn: &mut Conn) -> Result<()> {
    let json = if knows_json(conn) { "JSON" } else { "LONGTEXT" };
    for statement in TABLES.split(";\n").map(str::trim).filter(|text| !text.is_empty()) {
        let statement = statement.replace("{JSON}", json);
        conn.query_drop(&statement)
            .with_context(|| format!("cannot run {statement}"))?;
    }
    Ok(())
}

/// Any date is a date, and texts arrive as they are sent. The default database is not the one that
/// most statements change.
pub(super) fn set_session(conn: &mut Conn) -> Result<()> {
    for statement in [
        "USE other",
        "SET NAMES utf8mb4",
        "SET SESSION sql_mode = ''",
        "SET SESSION time_zone = '+02:00'",
        "SET SESSION innodb_lock_wait_timeout = 5",
    ] {
        conn.query_drop(statement)
            .with_context(|| format!("cannot run {statement}"))?;
    }
    // Statement format needs the stricter default.
    let format: Option<String> = conn.query_first("SELECT @@SESSION.binlog_format")?;
    if format.as_deref() != Some("STATEMENT") {
        conn.query_drop("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")?;
    }
    Ok(())
}

/// Whether the server has JSON columns and functions.
pub(super) fn knows_json(conn: &Conn) -> bool {
    /// What MariaDB 10 says to clients that are wary of a version 10.
    const MARIADB_10: (u16, u16, u16) = (5, 5, 5);
    let version = conn.server_version();
    version >= (5, 7, 8) || version == MARIADB_10
}

const TABLES: &str = "
DROP DATABASE IF EXISTS shop;
DROP DATABASE IF EXISTS other;
CREATE DATABASE shop CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
CREATE DATABASE other CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
CREATE TABLE shop.orders (
  id INT NOT NULL PRIMARY KEY,
  customer VARCHAR(40) NULL,
  total DECIMAL(14,4) NULL,
  placed DATETIME(6) NULL,
  status ENUM('new','paid','sent','zurück','取消') NULL,
  note VARCHAR(200) NULL,
  details {JSON} NULL
);
CREATE TABLE shop.customers (
  code VARCHAR(40) NOT NULL PRIMARY KEY,
  name VARCHAR(60) NULL,
  country CHAR(2) NULL,
  active TINYINT NULL,
  points SMALLINT UNSIGNED NULL,
  balance MEDIUMINT NULL
);
CREATE TABLE shop.items (
  order_id INT NOT NULL,
  line SMALLINT UNSIGNED NOT NULL,
  quantity BIGINT UNSIGNED NULL,
  flags BIT(12) NULL,
  tags SET('red','grün','blue','x','y','z','u','v','w') NULL,
  day DATE NULL,
  at_time TIME(3) NULL,
  made YEAR NULL,
  seen TIMESTAMP NULL DEFAULT NULL,
  weight FLOAT NULL,
  size DOUBLE NULL,
  fingerprint VARBINARY(32) NULL,
  picture BLOB NULL,
  description TEXT CHARACTER SET latin1 NULL,
  PRIMARY KEY (order_id, line)
);
CREATE TABLE shop.notes (
  topic VARCHAR(20) NULL,
  body TEXT NULL,
  rating INT NULL
);
CREATE TABLE shop.audit_log (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  order_id INT NULL,
  what VARCHAR(300) NULL
);
CREATE TABLE other.noise (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  payload BLOB NULL
);
";
