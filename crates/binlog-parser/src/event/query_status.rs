//! Status variables of QUERY: the session that a statement ran in.

use crate::error::FieldError;
use crate::event::status_variable::{AutoIncrement, Charsets, Invoker, MariaDbAlterFlags, StatusVariable};
use crate::reader::Reader;

/// The status variables. Absent ones are `None`: the statement does not depend on them. The last one of a code counts.
///
/// [`Self::raw`] is what is encoded again; the other fields are read from it.
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
    /// Databases that the statement changed, each with a zero byte behind it; empty where they were too many.
    pub updated_databases: Option<&'a [u8]>,
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
    /// `enable_cascade_triggers`: whether the changes of foreign keys fire triggers (MySQL 9.7 on).
    pub enable_cascade_triggers: Option<bool>,
    /// MariaDB: transaction number of a DDL statement.
    pub mariadb_xid: Option<u64>,
    /// MariaDB: which part of a two-phase ALTER TABLE this is.
    pub mariadb_alter: Option<MariaDbAlterFlags>,
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
        for variable in Self::variables(raw) {
            status.set(variable?);
        }
        Ok(status)
    }

    /// The variables in the order stored, with duplicates. After an error there are no more.
    pub fn variables(raw: &'a [u8]) -> impl Iterator<Item = Result<StatusVariable<'a>, FieldError>> {
        let mut reader = Reader::new(raw);
        std::iter::from_fn(move || {
            let next = (!reader.is_empty()).then(|| StatusVariable::read(&mut reader))?;
            if next.is_err() {
                reader.take_rest();
            }
            Some(next)
        })
    }

    /// Appends the variables as they were read.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.raw);
    }

    fn set(&mut self, variable: StatusVariable<'a>) {
        use StatusVariable as V;
        match variable {
            V::Flags2(value) => self.flags2 = Some(value),
            V::SqlMode(value) => self.sql_mode = Some(value),
            V::TerminatedCatalog(text) | V::Catalog(text) => self.catalog = Some(text),
            V::AutoIncrement(value) => self.auto_increment = Some(value),
            V::Charsets(value) => self.charsets = Some(value),
            V::TimeZone(text) => self.time_zone = Some(text),
            V::LcTimeNames(value) => self.lc_time_names = Some(value),
            V::CharsetDatabase(value) => self.charset_database = Some(value),
            V::TableMapForUpdate(value) => self.table_map_for_update = Some(value),
            V::MasterDataWritten(_) => {}
            V::Invoker(value) => self.invoker = Some(value),
            V::UpdatedDatabases { names, .. } => self.updated_databases = Some(names),
            V::Microseconds(value) | V::MariaDbHrnow(value) => self.microseconds = Some(value),
            V::ExplicitDefaultsForTimestamp(value) => self.explicit_defaults_for_timestamp = Some(value != 0),
            V::DdlXid(value) => self.ddl_xid = Some(value),
            V::DefaultCollationForUtf8mb4(value) => self.default_collation_for_utf8mb4 = Some(value),
            V::SqlRequirePrimaryKey(value) => self.sql_require_primary_key = Some(value != 0),
            V::DefaultTableEncryption(value) => self.default_table_encryption = Some(value != 0),
            V::EnableCascadeTriggers(value) => self.enable_cascade_triggers = Some(value != 0),
            V::MariaDbXid(value) => self.mariadb_xid = Some(value),
            V::MariaDbAlterFlags(value) => self.mariadb_alter = Some(value),
            V::MariaDbCharacterSetCollations(pairs) => self.mariadb_character_set_collations = Some(pairs),
            V::Unknown(bytes) => self.unknown = bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_kept() {
        let raw = b"\x06\x03std\x00\x01\0\0\0\x0c\x02a\0b\0\x00\x02\0\0\0\x19\x01\x06\x03xxx";
        let status = QueryStatus::decode(raw).unwrap();
        assert_eq!((status.flags2, status.catalog), (Some(2), Some(&b"std"[..])));
        assert_eq!(status.updated_databases, Some(&b"a\0b\0"[..]));
        assert_eq!(status.unknown, b"\x19\x01\x06\x03xxx");
        let (mut whole, mut each) = (Vec::new(), Vec::new());
        status.encode(&mut whole);
        for variable in QueryStatus::variables(raw) {
            variable.unwrap().encode(&mut each);
        }
        assert_eq!((whole, each), (raw.to_vec(), raw.to_vec()));
    }

    /// As MariaDB 11.8 writes the two halves of an ALTER TABLE, and one that failed.
    #[test]
    fn two_phase_alter() {
        let head = b"\0\0\0\0\0\x01\x01\0\0\0\0\0\0\0\x06\x03std\x04\x40\0\x09\0\x09\0\x81\x0c\0\0\0\0\0\0\0";
        let check = |alter: &[u8], flags, start_alter_sequence| {
            let raw = [&head[..], alter].concat();
            let status = QueryStatus::decode(&raw).unwrap();
            let found = status.mariadb_alter.unwrap();
            assert_eq!(
                (found.flags.0, found.start_alter_sequence),
                (flags, start_alter_sequence)
            );
            assert!(status.unknown.is_empty());
        };
        check(&[0x82, 2], 2, None);
        check(&[0x82, 4, 4, 0, 0, 0, 0, 0, 0, 0], 4, Some(4));
        check(&[0x82, 8, 8, 0, 0, 0, 0, 0, 0, 0], 8, Some(8));
    }

    #[test]
    fn too_many_databases() {
        let status = QueryStatus::decode(&[12, 254]).unwrap();
        assert_eq!(status.updated_databases, Some(&b""[..]));
    }

    #[test]
    fn an_error_ends_the_variables() {
        let mut variables = QueryStatus::variables(&[1, 2, 3]);
        let error = variables.next().unwrap().unwrap_err();
        assert_eq!(error.to_string(), "sql_mode: need 8 bytes, have 2");
        assert!(variables.next().is_none());
    }
}
