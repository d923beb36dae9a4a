//! One status variable of a QUERY: its code and its value.
//!
//! Codes and layouts: `Query_event` and `Query_log_event` in the servers' sources.

use crate::error::FieldError;
use crate::event::gtid_mariadb::MariaDbGtidExtraFlags;
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

/// What the GTID event before the statement says of it too (MariaDB).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MariaDbAlterFlags {
    /// Extra flags of the GTID: whether an ALTER TABLE begins, ends well or ends without effect.
    pub flags: MariaDbGtidExtraFlags,
    /// Sequence number of the GTID that began the ALTER TABLE which this one ends.
    pub start_alter_sequence: Option<u64>,
}

/// A status variable, as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StatusVariable<'a> {
    /// 0: bits of `OPTION_*`.
    Flags2(u32),
    /// 1: `sql_mode`
    SqlMode(u64),
    /// 2: catalog, with a terminator that is left out here (MySQL 5.0.0 to 5.0.3).
    TerminatedCatalog(&'a [u8]),
    /// 3
    AutoIncrement(AutoIncrement),
    /// 4
    Charsets(Charsets),
    /// 5: `time_zone`
    TimeZone(&'a [u8]),
    /// 6: catalog
    Catalog(&'a [u8]),
    /// 7: number of `lc_time_names`
    LcTimeNames(u16),
    /// 8: number of `collation_database`
    CharsetDatabase(u16),
    /// 9: bits of the tables that a multi-table UPDATE changes
    TableMapForUpdate(u64),
    /// 10: size that the event had in the log of an older source
    MasterDataWritten(u32),
    /// 11
    Invoker(Invoker<'a>),
    /// 12: the databases that the statement changed, each with a terminating zero byte
    UpdatedDatabases {
        /// How many; 254 is too many to be named.
        count: u8,
        /// Their names.
        names: &'a [u8],
    },
    /// 13: microseconds of the statement's start
    Microseconds(u32),
    /// 16: `explicit_defaults_for_timestamp`
    ExplicitDefaultsForTimestamp(u8),
    /// 17: transaction number of a DDL statement
    DdlXid(u64),
    /// 18: number of `default_collation_for_utf8mb4`
    DefaultCollationForUtf8mb4(u16),
    /// 19: `sql_require_primary_key`
    SqlRequirePrimaryKey(u8),
    /// 20: `default_table_encryption`
    DefaultTableEncryption(u8),
    /// 21: `enable_cascade_triggers` (MySQL 9.7 on)
    EnableCascadeTriggers(u8),
    /// 128, MariaDB: microseconds of the statement's start
    MariaDbHrnow(u32),
    /// 129, MariaDB: transaction number of a DDL statement
    MariaDbXid(u64),
    /// 130, MariaDB
    MariaDbAlterFlags(MariaDbAlterFlags),
    /// 131, MariaDB: pairs of the numbers of a character set and of its default collation, 2 bytes each
    MariaDbCharacterSetCollations(&'a [u8]),
    /// All bytes from a code on that is not known: its length is not known either, and servers stop reading there.
    /// The codes 14 and 15, of milestone releases of MySQL 5.7, are among them.
    Unknown(&'a [u8]),
}

/// `OVER_MAX_DBS_IN_EVENT_MTS`
const TOO_MANY_DATABASES: u8 = 254;

impl<'a> StatusVariable<'a> {
    /// Reads the next variable.
    pub fn read(reader: &mut Reader<'a>) -> Result<Self, FieldError> {
        let before = *reader;
        let code = reader.u8("status variable code")?;
        if let Some(variable) = Self::read_mysql(code, reader)? {
            return Ok(variable);
        }
        if let Some(variable) = Self::read_mariadb(code, reader)? {
            return Ok(variable);
        }
        *reader = before;
        Ok(Self::Unknown(reader.take_rest()))
    }

    fn read_mysql(code: u8, reader: &mut Reader<'a>) -> Result<Option<Self>, FieldError> {
        Ok(Some(match code {
            0 => Self::Flags2(reader.u32("flags2")?),
            1 => Self::SqlMode(reader.u64("sql_mode")?),
            2 => Self::TerminatedCatalog(terminated_text(reader)?),
            3 => Self::AutoIncrement(AutoIncrement {
                increment: reader.u16("auto_increment_increment")?,
                offset: reader.u16("auto_increment_offset")?,
            }),
            4 => Self::Charsets(Charsets {
                client: reader.u16("character_set_client")?,
                connection: reader.u16("collation_connection")?,
                server: reader.u16("collation_server")?,
            }),
            5 => Self::TimeZone(short_text(reader, "time_zone")?),
            6 => Self::Catalog(short_text(reader, "catalog")?),
            7 => Self::LcTimeNames(reader.u16("lc_time_names")?),
            8 => Self::CharsetDatabase(reader.u16("charset_database")?),
            9 => Self::TableMapForUpdate(reader.u64("table_map_for_update")?),
            10 => Self::MasterDataWritten(reader.u32("master_data_written")?),
            11 => Self::Invoker(Invoker {
                user: short_text(reader, "invoker user")?,
                host: short_text(reader, "invoker host")?,
            }),
            12 => updated_databases(reader)?,
            13 => Self::Microseconds(reader.uint(3, "microseconds")? as u32),
            16 => Self::ExplicitDefaultsForTimestamp(reader.u8("explicit_defaults_for_timestamp")?),
            17 => Self::DdlXid(reader.u64("ddl xid")?),
            18 => Self::DefaultCollationForUtf8mb4(reader.u16("default_collation_for_utf8mb4")?),
            19 => Self::SqlRequirePrimaryKey(reader.u8("sql_require_primary_key")?),
            20 => Self::DefaultTableEncryption(reader.u8("default_table_encryption")?),
            21 => Self::EnableCascadeTriggers(reader.u8("enable_cascade_triggers")?),
            _ => return Ok(None),
        }))
    }

    fn read_mariadb(code: u8, reader: &mut Reader<'a>) -> Result<Option<Self>, FieldError> {
        Ok(Some(match code {
            128 => Self::MariaDbHrnow(reader.uint(3, "hrnow")? as u32),
            129 => Self::MariaDbXid(reader.u64("xid")?),
            130 => Self::MariaDbAlterFlags(MariaDbAlterFlags::read(reader)?),
            131 => {
                let count = reader.u8("character_set_collations count")?;
                let pairs = reader.take(usize::from(count) * 4, "character_set_collations")?;
                Self::MariaDbCharacterSetCollations(pairs)
            }
            _ => return Ok(None),
        }))
    }

    /// Appends code and value. Texts longer than 255 bytes have no room.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Flags2(value) => put(out, 0, &value.to_le_bytes()),
            Self::SqlMode(value) => put(out, 1, &value.to_le_bytes()),
            Self::TerminatedCatalog(text) => {
                put_text(out, 2, text);
                out.push(0);
            }
            Self::AutoIncrement(value) => put_u16s(out, 3, &[value.increment, value.offset]),
            Self::Charsets(value) => put_u16s(out, 4, &[value.client, value.connection, value.server]),
            Self::TimeZone(text) => put_text(out, 5, text),
            Self::Catalog(text) => put_text(out, 6, text),
            Self::LcTimeNames(value) => put_u16s(out, 7, &[value]),
            Self::CharsetDatabase(value) => put_u16s(out, 8, &[value]),
            Self::TableMapForUpdate(value) => put(out, 9, &value.to_le_bytes()),
            Self::MasterDataWritten(value) => put(out, 10, &value.to_le_bytes()),
            Self::Invoker(invoker) => {
                put_text(out, 11, invoker.user);
                out.push(invoker.host.len() as u8);
                out.extend(invoker.host);
            }
            Self::UpdatedDatabases { count, names } => {
                put(out, 12, &[count]);
                out.extend(names);
            }
            Self::Microseconds(value) => put_u24(out, 13, value),
            Self::ExplicitDefaultsForTimestamp(value) => put(out, 16, &[value]),
            Self::DdlXid(value) => put(out, 17, &value.to_le_bytes()),
            Self::DefaultCollationForUtf8mb4(value) => put_u16s(out, 18, &[value]),
            Self::SqlRequirePrimaryKey(value) => put(out, 19, &[value]),
            Self::DefaultTableEncryption(value) => put(out, 20, &[value]),
            Self::EnableCascadeTriggers(value) => put(out, 21, &[value]),
            Self::MariaDbHrnow(value) => put_u24(out, 128, value),
            Self::MariaDbXid(value) => put(out, 129, &value.to_le_bytes()),
            Self::MariaDbAlterFlags(value) => {
                put(out, 130, &[value.flags.0]);
                out.extend(
                    value
                        .start_alter_sequence
                        .iter()
                        .flat_map(|number| number.to_le_bytes()),
                );
            }
            Self::MariaDbCharacterSetCollations(pairs) => {
                put(out, 131, &[(pairs.len() / 4) as u8]);
                out.extend(pairs);
            }
            Self::Unknown(bytes) => out.extend(bytes),
        }
    }
}

impl MariaDbAlterFlags {
    fn read(reader: &mut Reader<'_>) -> Result<Self, FieldError> {
        let flags = MariaDbGtidExtraFlags(reader.u8("gtid flags")?);
        let sequence = flags.ends_alter().then(|| reader.u64("sequence of the started ALTER"));
        Ok(Self {
            flags,
            start_alter_sequence: sequence.transpose()?,
        })
    }
}

fn short_text<'a>(reader: &mut Reader<'a>, field: &'static str) -> Result<&'a [u8], FieldError> {
    let len = reader.u8(field)?;
    reader.take(usize::from(len), field)
}

fn terminated_text<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], FieldError> {
    let text = short_text(reader, "catalog")?;
    reader.zero("catalog terminator")?;
    Ok(text)
}

fn updated_databases<'a>(reader: &mut Reader<'a>) -> Result<StatusVariable<'a>, FieldError> {
    let count = reader.u8("updated databases count")?;
    let all = reader.peek();
    let before = reader.offset();
    if count != TOO_MANY_DATABASES {
        for _ in 0..count {
            reader.zero_terminated("updated database")?;
        }
    }
    let names = all.get(..reader.offset() - before).unwrap_or_default();
    Ok(StatusVariable::UpdatedDatabases { count, names })
}

fn put(out: &mut Vec<u8>, code: u8, value: &[u8]) {
    out.push(code);
    out.extend(value);
}

fn put_u16s(out: &mut Vec<u8>, code: u8, values: &[u16]) {
    out.push(code);
    out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

fn put_u24(out: &mut Vec<u8>, code: u8, value: u32) {
    out.push(code);
    out.extend(value.to_le_bytes().iter().take(3));
}

fn put_text(out: &mut Vec<u8>, code: u8, text: &[u8]) {
    out.extend([code, text.len() as u8]);
    out.extend(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expected: StatusVariable<'_>) {
        let mut reader = Reader::new(bytes);
        let variable = StatusVariable::read(&mut reader).unwrap();
        assert_eq!(variable, expected);
        assert!(reader.is_empty());
        let mut again = Vec::new();
        variable.encode(&mut again);
        assert_eq!(again, bytes);
        if !matches!(expected, StatusVariable::Unknown(_)) {
            for len in 0..bytes.len() {
                assert!(StatusVariable::read(&mut Reader::new(&bytes[..len])).is_err(), "{len}");
            }
        }
    }

    #[test]
    fn both_ways() {
        use StatusVariable as V;
        check(&[0, 1, 2, 3, 4], V::Flags2(0x0403_0201));
        check(&[1, 1, 0, 0, 0, 0, 0, 0, 0x80], V::SqlMode(1 << 63 | 1));
        check(b"\x02\x03std\0", V::TerminatedCatalog(b"std"));
        let (increment, offset) = (2, 1);
        check(&[3, 2, 0, 1, 0], V::AutoIncrement(AutoIncrement { increment, offset }));
        let (client, connection, server) = (8, 255, 33);
        check(
            &[4, 8, 0, 255, 0, 33, 0],
            V::Charsets(Charsets {
                client,
                connection,
                server,
            }),
        );
        check(b"\x05\x06SYSTEM", V::TimeZone(b"SYSTEM"));
        check(b"\x06\x03std", V::Catalog(b"std"));
        check(&[7, 1, 2], V::LcTimeNames(0x201));
        check(&[8, 1, 2], V::CharsetDatabase(0x201));
        check(&[9, 1, 0, 0, 0, 0, 0, 0, 0], V::TableMapForUpdate(1));
        check(&[10, 1, 0, 0, 0], V::MasterDataWritten(1));
        let (user, host) = (&b"ab"[..], &b""[..]);
        check(b"\x0b\x02ab\0", V::Invoker(Invoker { user, host }));
        check(
            b"\x0c\x02a\0bc\0",
            V::UpdatedDatabases {
                count: 2,
                names: b"a\0bc\0",
            },
        );
        check(&[12, 254], V::UpdatedDatabases { count: 254, names: b"" });
        check(&[13, 1, 2, 3], V::Microseconds(0x03_0201));
        check(&[14, 1, 2], V::Unknown(&[14, 1, 2]));
        check(&[16, 1], V::ExplicitDefaultsForTimestamp(1));
        check(&[17, 1, 0, 0, 0, 0, 0, 0, 0], V::DdlXid(1));
        check(&[18, 255, 0], V::DefaultCollationForUtf8mb4(255));
        check(&[19, 0], V::SqlRequirePrimaryKey(0));
        check(&[20, 1], V::DefaultTableEncryption(1));
        check(&[21, 0], V::EnableCascadeTriggers(0));
        check(&[128, 1, 2, 3], V::MariaDbHrnow(0x03_0201));
        check(&[129, 1, 0, 0, 0, 0, 0, 0, 0], V::MariaDbXid(1));
        let alter = |flags, start_alter_sequence| {
            V::MariaDbAlterFlags(MariaDbAlterFlags {
                flags: MariaDbGtidExtraFlags(flags),
                start_alter_sequence,
            })
        };
        check(&[130, 2], alter(2, None));
        check(&[130, 4, 9, 0, 0, 0, 0, 0, 0, 0], alter(4, Some(9)));
        check(&[130, 8, 9, 0, 0, 0, 0, 0, 0, 0], alter(8, Some(9)));
        check(
            &[131, 1, 45, 0, 46, 0],
            V::MariaDbCharacterSetCollations(&[45, 0, 46, 0]),
        );
        check(&[255], V::Unknown(&[255]));
    }
}
