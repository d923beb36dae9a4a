//! Statements, with the SET statements of the session that they ran in: each only where it differs from the one before.

use binlog_parser::event::{Charsets, QueryStatus};
use binlog_parser::{EventFlags, Query, RawEvent};
use binlog_schema::sql::collation_charset;

use super::options::TextOptions;
use super::select::is_transaction_keyword;
use super::session::up_to_zero;
use super::text::{decimal, end_statement, padded, quoted};

/// Modes that MySQL 8.0 and later do not know any more.
const REMOVED_MODES: u64 = 0x1003_FF00;

/// What the session was set to so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Context {
    /// Default database; empty where it must be told again.
    schema: Vec<u8>,
    thread_id: Option<u32>,
    flags2: Option<u32>,
    sql_mode: Option<u64>,
    auto_increment: Option<(u16, u16)>,
    pub(super) charsets: Option<Charsets>,
    time_zone: Vec<u8>,
    lc_time_names: Option<u16>,
    collation_database: Option<u16>,
    utf8mb4_collation: Option<u16>,
    cascade_triggers: bool,
}

/// The body with a zero behind the default database, where there is something else: nobody looks at it.
pub(super) fn with_terminated_schema(body: &[u8]) -> Option<Vec<u8>> {
    const HEAD: usize = 13;
    let schema = usize::from(*body.get(8)?);
    let status = usize::from(u16::from_le_bytes(*body.get(11..)?.first_chunk()?));
    let at = HEAD + status + schema;
    (*body.get(at)? != 0).then(|| {
        let mut body = body.to_vec();
        body.iter_mut().skip(at).take(1).for_each(|byte| *byte = 0);
        body
    })
}

/// Appends what stands before a statement's text: all but the line at the head.
pub(super) fn push_session(
    context: &mut Context,
    options: &TextOptions,
    raw: &RawEvent<'_>,
    query: &Query<'_>,
    out: &mut Vec<u8>,
) {
    context.use_schema(raw, query, out);
    out.extend(b"SET TIMESTAMP=");
    decimal(out, raw.header.timestamp);
    if let Some(microseconds) = query.status.microseconds.filter(|fraction| *fraction > 0) {
        out.push(b'.');
        padded(out, microseconds.into(), 6);
    }
    end_statement(out);
    context.thread(options, raw, query.thread_id, out);
    context.flags(query.status.flags2, out);
    context.variables(&query.status, out);
}

/// What the line at the head says of a statement.
pub(super) fn push_head(name: &str, query: &Query<'_>, out: &mut Vec<u8>) {
    out.push(b'\t');
    out.extend(name.as_bytes());
    out.extend(b"\tthread_id=");
    decimal(out, query.thread_id);
    out.extend(b"\texec_time=");
    decimal(out, query.exec_time);
    out.extend(b"\terror_code=");
    decimal(out, query.error_code);
    if let Some(xid) = query.status.ddl_xid {
        out.extend(b"\tXid = ");
        decimal(out, xid);
    }
    out.push(b'\n');
}

/// Appends what sets the character sets of client, connection and server.
pub(super) fn push_charsets(charsets: &Charsets, out: &mut Vec<u8>) {
    if let Some(name) = collation_charset(charsets.client) {
        out.extend(b"/*!\\C ");
        out.extend(name.as_bytes());
        out.extend(b" */");
        end_statement(out);
    }
    out.extend(b"SET @@session.character_set_client=");
    decimal(out, charsets.client);
    out.extend(b",@@session.collation_connection=");
    decimal(out, charsets.connection);
    out.extend(b",@@session.collation_server=");
    decimal(out, charsets.server);
    end_statement(out);
}

impl Context {
    fn use_schema(&mut self, raw: &RawEvent<'_>, query: &Query<'_>, out: &mut Vec<u8>) {
        if raw.header.flags.contains(EventFlags::SUPPRESS_USE) {
            if !is_transaction_keyword(query.sql) {
                self.schema.clear();
            }
            return;
        }
        let schema = up_to_zero(query.schema);
        if self.schema != schema {
            self.schema = schema.to_vec();
            if !schema.is_empty() {
                out.extend(b"use ");
                quoted(out, schema);
                end_statement(out);
            }
        }
    }

    fn thread(&mut self, options: &TextOptions, raw: &RawEvent<'_>, thread_id: u32, out: &mut Vec<u8>) {
        const UNTOLD: u32 = 999_999_999;
        let is_own = raw.header.flags.contains(EventFlags::THREAD_SPECIFIC);
        if options.require_row_format {
            return;
        }
        if self.thread_id.is_none() || is_own && self.thread_id != Some(thread_id) {
            out.extend(b"SET @@session.pseudo_thread_id=");
            decimal(out, if options.short_form { UNTOLD } else { thread_id });
            end_statement(out);
            self.thread_id = Some(thread_id);
        }
    }

    fn flags(&mut self, flags: Option<u32>, out: &mut Vec<u8>) {
        let Some(flags) = flags else { return };
        let changed = self.flags2.map_or(u32::MAX, |before| before ^ flags);
        self.flags2 = Some(flags);
        if changed == 0 {
            return;
        }
        let all = [
            (QueryStatus::NO_FOREIGN_KEY_CHECKS, "@@session.foreign_key_checks", true),
            (QueryStatus::AUTO_IS_NULL, "@@session.sql_auto_is_null", false),
            (QueryStatus::RELAXED_UNIQUE_CHECKS, "@@session.unique_checks", true),
            (QueryStatus::NOT_AUTOCOMMIT, "@@session.autocommit", true),
        ];
        out.extend(b"SET ");
        let mut separator = "";
        for (bit, name, negated) in all.into_iter().filter(|(bit, ..)| changed & bit != 0) {
            let on = (flags & bit != 0) != negated;
            out.extend(separator.as_bytes());
            out.extend(name.as_bytes());
            out.extend(if on { b"=1" } else { b"=0" });
            separator = ", ";
        }
        end_statement(out);
    }

    fn variables(&mut self, status: &QueryStatus<'_>, out: &mut Vec<u8>) {
        if let Some(mode) = status.sql_mode.filter(|mode| self.sql_mode != Some(*mode)) {
            self.sql_mode = Some(mode);
            out.extend(b"SET @@session.sql_mode=");
            decimal(out, mode);
            if mode & REMOVED_MODES != 0 {
                out.extend(b"/*!80005 &~0x1003ff00*/");
            }
            end_statement(out);
        }
        let increment = status
            .auto_increment
            .map_or((1, 1), |auto| (auto.increment, auto.offset));
        if self.auto_increment.replace(increment) != Some(increment) {
            out.extend(b"SET @@session.auto_increment_increment=");
            decimal(out, increment.0);
            out.extend(b", @@session.auto_increment_offset=");
            decimal(out, increment.1);
            end_statement(out);
        }
        if let Some(charsets) = status.charsets.filter(|charsets| self.charsets != Some(*charsets)) {
            self.charsets = Some(charsets);
            push_charsets(&charsets, out);
        }
        if let Some(zone) = status
            .time_zone
            .filter(|zone| !zone.is_empty() && self.time_zone != *zone)
        {
            self.time_zone = zone.to_vec();
            out.extend(b"SET @@session.time_zone='");
            out.extend(zone);
            out.push(b'\'');
            end_statement(out);
        }
        let names = status.lc_time_names.unwrap_or(0);
        if self.lc_time_names.replace(names) != Some(names) {
            set(out, "SET @@session.lc_time_names=", names, "");
        }
        self.collation_database(status.charset_database.unwrap_or(0), out);
        if let Some(on) = status.explicit_defaults_for_timestamp {
            set(out, "SET @@session.explicit_defaults_for_timestamp=", u16::from(on), "");
        }
        self.versioned(status, out);
    }

    fn collation_database(&mut self, collation: u16, out: &mut Vec<u8>) {
        if self.collation_database.replace(collation) == Some(collation) {
            return;
        }
        match collation {
            0 => {
                out.extend(b"SET @@session.collation_database=DEFAULT");
                end_statement(out);
            }
            collation => set(out, "SET @@session.collation_database=", collation, ""),
        }
    }

    /// What only later servers know.
    fn versioned(&mut self, status: &QueryStatus<'_>, out: &mut Vec<u8>) {
        let utf8mb4 = status.default_collation_for_utf8mb4.filter(|collation| *collation != 0);
        if std::mem::replace(&mut self.utf8mb4_collation, utf8mb4) != utf8mb4
            && let Some(collation) = utf8mb4
        {
            set(
                out,
                "/*!80011 SET @@session.default_collation_for_utf8mb4=",
                collation,
                "*/",
            );
        }
        if let Some(on) = status.sql_require_primary_key {
            let value = u16::from(on);
            set(out, "/*!80013 SET @@session.sql_require_primary_key=", value, "*/");
        }
        if let Some(on) = status.default_table_encryption {
            let value = u16::from(on);
            set(out, "/*!80016 SET @@session.default_table_encryption=", value, "*/");
        }
        let cascades = status.enable_cascade_triggers.unwrap_or(false);
        if std::mem::replace(&mut self.cascade_triggers, cascades) != cascades {
            let value = u16::from(cascades);
            set(out, "/*!90700 SET @@session.enable_cascade_triggers=", value, "*/");
        }
    }
}

fn set(out: &mut Vec<u8>, statement: &str, value: u16, after: &str) {
    out.extend(statement.as_bytes());
    decimal(out, value);
    out.extend(after.as_bytes());
    end_statement(out);
}
