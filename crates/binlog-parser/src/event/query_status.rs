//! Status variables of QUERY: the session that a statement ran in.
//!
//! Codes and layouts: `Query_log_event` in the servers' `log_event` sources.

use crate::error::FieldError;
use crate::reader::Reader;

/// `auto_increment_increment` and `auto_increment_offset`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AutoIncrement {
    /// Step.
    pub increment: u16,
    /// First value.
    pub offset: u16,
}

/// Collation numbers of the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charsets {
    /// `character_set_client`, as the number of its default collation.
    pub client: u16,
    /// `collation_connection`
    pub connection: u16,
    /// `collation_server`
    pub server: u16,
}

/// The account that a statement's `DEFINER` defaults to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invoker<'a> {
    /// User name.
    pub user: &'a [u8],
    /// Host name.
    pub host: &'a [u8],
}

/// The status variables. Absent ones are `None`: the statement does not depend on them.
#[derive(Debug, Clone, Default)]
pub struct QueryStatus<'a> {
    /// The variables' bytes as they stand in the event.
    pub raw: &'a [u8],
    /// Bits of `OPTION_*`; see the constants.
    pub flags2: Option<u32>,
    /// `sql_mode` bits of the source.
    pub sql_mode: Option<u64>,
    /// Catalog; `std` in practice.
    pub catalog: Option<&'a [u8]>,
    /// `auto_increment_*`, where not both 1.
    pub auto_increment: Option<AutoIncrement>,
    /// Character sets of client, connection and server.
    pub charsets: Option<Charsets>,
    /// `time_zone`
    pub time_zone: Option<&'a [u8]>,
    /// Number of `lc_time_names`.
    pub lc_time_names: Option<u16>,
    /// Number of `collation_database`.
    pub charset_database: Option<u16>,
    /// Bits of the tables that a multi-table UPDATE changes.
    pub table_map_for_update: Option<u64>,
    /// `DEFINER` of the statement.
    pub invoker: Option<Invoker<'a>>,
    /// Databases that the statement changed; empty where they were too many.
    pub updated_databases: Option<Vec<&'a [u8]>>,
    /// Microseconds of the statement's start.
    pub microseconds: Option<u32>,
    /// `explicit_defaults_for_timestamp`
    pub explicit_defaults_for_timestamp: Option<bool>,
    /// Transaction number of a DDL statement.
    pub ddl_xid: Option<u64>,
    /// Number of `default_collation_for_utf8mb4`.
    pub default_collation_for_utf8mb4: Option<u16>,
    /// `sql_require_primary_key`
    pub sql_require_primary_key: Option<bool>,
    /// `default_table_encryption`
    pub default_table_encryption: Option<bool>,
    /// MariaDB: transaction number of a DDL statement.
    pub mariadb_xid: Option<u64>,
    /// MariaDB: further flags of the transaction.
    pub mariadb_gtid_flags3: Option<u16>,
    /// MariaDB: pairs of character set and its default collation, as stored.
    pub mariadb_character_set_collations: Option<&'a [u8]>,
    /// Bytes from the first variable that is not known; servers stop reading there too.
    pub unknown: &'a [u8],
}

impl QueryStatus<'_> {
    /// Bit of [`Self::flags2`]: `sql_auto_is_null`.
    pub const AUTO_IS_NULL: u32 = 1 << 14;
    /// Bit of [`Self::flags2`]: `autocommit = 0`.
    pub const NOT_AUTOCOMMIT: u32 = 1 << 19;
    /// Bit of [`Self::flags2`]: `foreign_key_checks = 0`.
    pub const NO_FOREIGN_KEY_CHECKS: u32 = 1 << 26;
    /// Bit of [`Self::flags2`]: `unique_checks = 0`.
    pub const RELAXED_UNIQUE_CHECKS: u32 = 1 << 27;
}

impl<'a> QueryStatus<'a> {
    /// Reads the variables.
    pub fn decode(raw: &'a [u8]) -> Result<Self, FieldError> {
        let mut status = Self { raw, ..Self::default() };
        let mut reader = Reader::new(raw);
        while !reader.is_empty() {
            let before = reader.peek();
            let code = reader.u8("status variable code")?;
            if !status.read_variable(code, &mut reader)? {
                status.unknown = before;
                break;
            }
        }
        Ok(status)
    }

    /// Reads one variable's value; `false` where its code is not known.
    fn read_variable(&mut self, code: u8, reader: &mut Reader<'a>) -> Result<bool, FieldError> {
        match code {
            0 => self.flags2 = Some(reader.u32("flags2")?),
            1 => self.sql_mode = Some(reader.u64("sql_mode")?),
            2 => self.catalog = Some(catalog_with_terminator(reader)?),
            3 => {
                let increment = reader.u16("auto_increment_increment")?;
                self.auto_increment = Some(AutoIncrement {
                    increment,
                    offset: reader.u16("auto_increment_offset")?,
                });
            }
            4 => self.charsets = Some(charsets(reader)?),
            5 => self.time_zone = Some(short_text(reader, "time_zone")?),
            6 => self.catalog = Some(short_text(reader, "catalog")?),
            7 => self.lc_time_names = Some(reader.u16("lc_time_names")?),
            8 => self.charset_database = Some(reader.u16("charset_database")?),
            9 => self.table_map_for_update = Some(reader.u64("table_map_for_update")?),
            10 => {
                reader.u32("master_data_written")?;
            }
            11 => {
                let user = short_text(reader, "invoker user")?;
                self.invoker = Some(Invoker {
                    user,
                    host: short_text(reader, "invoker host")?,
                });
            }
            12 => self.updated_databases = Some(updated_databases(reader)?),
            13 => self.microseconds = Some(reader.uint(3, "microseconds")? as u32),
            16 => self.explicit_defaults_for_timestamp = Some(reader.u8("explicit_defaults_for_timestamp")? != 0),
            17 => self.ddl_xid = Some(reader.u64("ddl xid")?),
            18 => self.default_collation_for_utf8mb4 = Some(reader.u16("default_collation_for_utf8mb4")?),
            19 => self.sql_require_primary_key = Some(reader.u8("sql_require_primary_key")? != 0),
            20 => self.default_table_encryption = Some(reader.u8("default_table_encryption")? != 0),
            128 => self.microseconds = Some(reader.uint(3, "hrnow")? as u32),
            129 => self.mariadb_xid = Some(reader.u64("xid")?),
            130 => self.mariadb_gtid_flags3 = Some(reader.u16("gtid flags")?),
            131 => {
                let count = reader.u8("character_set_collations count")?;
                self.mariadb_character_set_collations =
                    Some(reader.take(usize::from(count) * 4, "character_set_collations")?);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

fn short_text<'a>(reader: &mut Reader<'a>, field: &'static str) -> Result<&'a [u8], FieldError> {
    let len = reader.u8(field)?;
    reader.take(usize::from(len), field)
}

/// The form of MySQL 5.0.0 to 5.0.3 has a terminator after the text.
fn catalog_with_terminator<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], FieldError> {
    let text = short_text(reader, "catalog")?;
    reader.take(1, "catalog terminator")?;
    Ok(text)
}

fn charsets(reader: &mut Reader<'_>) -> Result<Charsets, FieldError> {
    Ok(Charsets {
        client: reader.u16("character_set_client")?,
        connection: reader.u16("collation_connection")?,
        server: reader.u16("collation_server")?,
    })
}

fn updated_databases<'a>(reader: &mut Reader<'a>) -> Result<Vec<&'a [u8]>, FieldError> {
    /// `OVER_MAX_DBS_IN_EVENT_MTS`
    const TOO_MANY: u8 = 254;
    match reader.u8("updated databases count")? {
        TOO_MANY => Ok(Vec::new()),
        count => (0..count).map(|_| reader.zero_terminated("updated database")).collect(),
    }
}
