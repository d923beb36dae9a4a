//! GTIDs, sets of them, and XA PREPARE.

use super::PrintError;
use super::printer::{At, Printer};
use super::text::{decimal, end_statement, hex_lower};
use binlog_parser::event::{GtidEvent, PreviousGtids, XaPrepare};
use binlog_parser::{EventType, FieldError};

pub(super) fn decoded(at: &At<'_>) -> Result<GtidEvent, PrintError> {
    let event = match at.raw.header.event_type {
        EventType::GTID_TAGGED => GtidEvent::decode_tagged(at.raw.body()),
        EventType::ANONYMOUS_GTID => GtidEvent::decode(at.raw.body(), true).or_else(|_| unnamed(at.raw.body())),
        _ => GtidEvent::decode(at.raw.body(), false),
    };
    event.map_err(|_| PrintError::Invalid)
}

/// Which server it is of does not matter to a transaction without GTID.
fn unnamed(body: &[u8]) -> Result<GtidEvent, FieldError> {
    const SID: std::ops::Range<usize> = 1..17;
    let mut body = body.to_vec();
    if let Some(sid) = body.get_mut(SID) {
        sid.fill(0);
    }
    GtidEvent::decode(&body, true)
}

pub(super) fn push(printer: &mut Printer, at: &At<'_>, event: &GtidEvent) {
    let is_anonymous = at.raw.header.event_type == EventType::ANONYMOUS_GTID;
    let original = event.original_commit_timestamp.unwrap_or(0);
    let immediate = event.immediate_commit_timestamp.unwrap_or(0);
    let may_have_statements = event.flags & 1 != 0;
    printer.told(at, |out| {
        out.extend(if is_anonymous {
            &b"\tAnonymous_GTID"[..]
        } else {
            b"\tGTID"
        });
        out.extend(b"\tlast_committed=");
        decimal(out, event.last_committed.cast_unsigned());
        out.extend(b"\tsequence_number=");
        decimal(out, event.sequence_number.cast_unsigned());
        out.extend(b"\trbr_only=");
        out.extend(if may_have_statements { &b"no"[..] } else { b"yes" });
        out.extend(b"\toriginal_committed_timestamp=");
        decimal(out, original);
        out.extend(b"\timmediate_commit_timestamp=");
        decimal(out, immediate);
        out.extend(b"\ttransaction_length=");
        decimal(out, event.transaction_length.unwrap_or(0));
        out.push(b'\n');
    });
    printer.session.server_version = event.immediate_server_version.unwrap_or(0);
    let (zone, session) = (&printer.options.time_zone, &mut printer.session);
    let out = &mut session.head;
    if !may_have_statements {
        out.extend(b"/*!50718 SET TRANSACTION ISOLATION LEVEL READ COMMITTED*/");
        end_statement(out);
    }
    for (name, time) in [("original", original), ("immediate", immediate)] {
        out.extend(b"# ");
        out.extend(name.as_bytes());
        out.extend(b"_commit_timestamp=");
        decimal(out, time);
        out.extend(b" (");
        session.clock.push_micros(zone, time, out);
        out.extend(b")\n");
    }
    out.extend(b"/*!80001 SET @@session.original_commit_timestamp=");
    decimal(out, original);
    out.extend(b"*/");
    end_statement(out);
    for (name, version) in [
        ("original", event.original_server_version),
        ("immediate", event.immediate_server_version),
    ] {
        out.extend(b"/*!80014 SET @@session.");
        out.extend(name.as_bytes());
        out.extend(b"_server_version=");
        decimal(out, version.unwrap_or(0));
        out.extend(b"*/");
        end_statement(out);
    }
    out.extend(b"SET @@SESSION.GTID_NEXT= '");
    match &event.gtid {
        Some(gtid) => out.extend(gtid.to_string().into_bytes()),
        None => out.extend(b"ANONYMOUS"),
    }
    out.push(b'\'');
    end_statement(out);
}

/// Returns whether the set can be read.
pub(super) fn previous(printer: &mut Printer, at: &At<'_>) -> bool {
    let Ok(previous) = PreviousGtids::decode(at.raw.body()) else {
        return false;
    };
    let text = previous.gtids.to_string();
    printer.told(at, |out| out.extend(b"\tPrevious-GTIDs\n"));
    let out = &mut printer.session.head;
    if text.is_empty() {
        out.extend(b"# [empty]\n");
    }
    let mut lines = text
        .split(',')
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .peekable();
    while let Some(line) = lines.next() {
        out.extend(b"# ");
        out.extend(line.as_bytes());
        out.extend(if lines.peek().is_some() { &b",\n"[..] } else { b"\n" });
    }
    true
}

pub(super) fn xa_prepare(printer: &mut Printer, at: &At<'_>) -> Result<(), PrintError> {
    let prepare = XaPrepare::decode(at.raw.body()).map_err(|_| PrintError::Invalid)?;
    let mut xid = b"X'".to_vec();
    hex_lower(&mut xid, &prepare.xid.gtrid);
    xid.extend(b"',X'");
    hex_lower(&mut xid, &prepare.xid.bqual);
    xid.extend(b"',");
    decimal(&mut xid, prepare.xid.format_id);
    printer.header(at);
    let out = &mut printer.session.head;
    out.extend(b"\tXA PREPARE ");
    out.extend(&xid);
    out.push(b'\n');
    out.extend(if prepare.one_phase {
        &b"XA COMMIT "[..]
    } else {
        b"XA PREPARE "
    });
    out.extend(&xid);
    out.extend(if prepare.one_phase { &b" ONE PHASE\n"[..] } else { b"\n" });
    end_statement(out);
    Ok(())
}
