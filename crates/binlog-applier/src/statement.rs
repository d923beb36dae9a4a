//! Statements of the source, in the session that they ran in.

use binlog_parser::Query;
use binlog_schema::statement::touched_in_mode;

use crate::checkpoint::OWN_SCHEMA;
use crate::error::{ApplyError, ApplyErrorKind};
use crate::target::Target;

/// Letters of a statement in a message.
const EXCERPT_LEN: usize = 300;

/// Error numbers of statements that were stopped in the middle: server shutdown, query and connection killed.
const INTERRUPTED: [u16; 4] = [1053, 1317, 1927, 3024];
/// `ER_BAD_DB_ERROR` and `ER_DBACCESS_DENIED_ERROR`
const NO_SCHEMA: [u16; 2] = [1049, 1044];

/// Words after which accounts and links to other servers have their secrets.
const SECRET_AFTER: [&str; 2] = ["IDENTIFIED", "PASSWORD"];

/// The beginning of a statement, for a message, without secrets.
pub(crate) fn excerpt(sql: &[u8]) -> String {
    let text: String = String::from_utf8_lossy(sql).chars().take(EXCERPT_LEN).collect();
    without_secrets(text)
}

/// The text up to a word after which a password may stand.
pub(crate) fn without_secrets(text: String) -> String {
    let upper = text.to_ascii_uppercase();
    match SECRET_AFTER
        .iter()
        .filter_map(|word| upper.find(word).map(|at| at + word.len()))
        .min()
    {
        Some(end) => format!("{} …", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// Runs a statement, whose text may be another than in the event, as it ran on the source.
pub(crate) fn run(target: &mut Target, query: &Query<'_>, sql: &[u8], timestamp: u32) -> Result<(), ApplyError> {
    if INTERRUPTED.contains(&query.error_code) {
        return Err(ApplyErrorKind::Interrupted {
            sql: excerpt(sql),
            code: query.error_code,
        }
        .into());
    }
    set_session(target, query, timestamp)?;
    match (target.execute(sql), query.error_code) {
        (Ok(_), 0) => Ok(()),
        (Err(mysql::Error::MySqlError(answer)), expected) if answer.code == expected => Ok(()),
        (Err(error), 0) => Err(ApplyErrorKind::Statement {
            sql: excerpt(sql),
            error,
        }
        .into()),
        (Err(mysql::Error::MySqlError(answer)), expected) => Err(other_end(sql, expected, answer.to_string())),
        (Err(error), _) => Err(ApplyErrorKind::Statement {
            sql: excerpt(sql),
            error,
        }
        .into()),
        (Ok(_), expected) => Err(other_end(sql, expected, "with success".to_owned())),
    }
}

fn other_end(sql: &[u8], expected: u16, got: String) -> ApplyError {
    ApplyErrorKind::OtherEnd {
        sql: excerpt(sql),
        expected,
        got,
    }
    .into()
}

fn set_session(target: &mut Target, query: &Query<'_>, timestamp: u32) -> Result<(), ApplyError> {
    let mut sets = Vec::new();
    let diff = target.session.diff(query, timestamp, &mut sets);
    diff.map_err(|error| ApplyErrorKind::Session { error })?;
    let mut without_schema = false;
    for set in sets {
        match target.execute(&set) {
            Ok(_) => {}
            Err(mysql::Error::MySqlError(answer)) if is_use(&set) && NO_SCHEMA.contains(&answer.code) => {
                needs_no_schema(target, query, answer)?;
                without_schema = true;
            }
            Err(error) => {
                return Err(ApplyErrorKind::Statement {
                    sql: excerpt(&set),
                    error,
                }
                .into());
            }
        }
    }
    if without_schema {
        target.forget_state();
    }
    Ok(())
}

fn is_use(sql: &[u8]) -> bool {
    sql.get(..4).is_some_and(|head| head.eq_ignore_ascii_case(b"USE "))
}

/// The default database is not on the target, which is right where it was filtered away and the
/// statement names all its tables in full. Then any other will do.
fn needs_no_schema(target: &mut Target, query: &Query<'_>, answer: mysql::MySqlError) -> Result<(), ApplyError> {
    let mode = query.status.sql_mode.unwrap_or_default();
    if touched_in_mode(query.sql, "", target.source(), mode).is_err() {
        let error = mysql::Error::MySqlError(answer);
        return Err(ApplyErrorKind::Statement {
            sql: excerpt(query.sql),
            error,
        }
        .into());
    }
    target.run(&format!("USE {OWN_SCHEMA}"), "choosing a default database")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpts_have_no_secrets() {
        let check = |sql: &[u8], expected: &str| assert_eq!(excerpt(sql), expected);
        check(b"DROP TABLE a", "DROP TABLE a");
        check(
            b"CREATE USER u@x identified BY 'secret'",
            "CREATE USER u@x identified \u{2026}",
        );
        check(b"SET PASSWORD FOR u = 'secret'", "SET PASSWORD \u{2026}");
        check(b"\xff PASSWORD 'secret'", "\u{fffd} PASSWORD \u{2026}");
        assert_eq!(excerpt(&[b'a'; 1000]).len(), EXCERPT_LEN);
    }
}
