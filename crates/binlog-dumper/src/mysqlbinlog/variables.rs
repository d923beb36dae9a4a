//! What the next statement reads: INTVAR, RAND, USER_VAR.

use binlog_parser::event::{Charsets, Intvar, IntvarKind, Rand, UserVar, UserVarType, UserVarValue};
use binlog_parser::value::Decimal;
use binlog_parser::{EventType, RawEvent, Reader};
use binlog_schema::sql::{collation_charset, collation_name};

use super::PrintError;
use super::printer::{At, Printer};
use super::query::push_charsets;
use super::rows::push_general;
use super::text::{decimal, end_statement, hex_upper, quoted, signed};

/// `utf8mb3_general_ci`, in which names are.
const NAMES: u16 = 33;

/// # Errors
/// The body does not fit its type.
pub(super) fn check(raw: &RawEvent<'_>) -> Result<(), PrintError> {
    let body = raw.body();
    let fits = match raw.header.event_type {
        EventType::INTVAR => body.len() > 8,
        EventType::RAND => body.len() >= 16,
        _ => UserVar::decode(body).is_ok(),
    };
    fits.then_some(()).ok_or(PrintError::Invalid)
}

pub(super) fn push(printer: &mut Printer, at: &At<'_>) {
    match at.raw.header.event_type {
        EventType::INTVAR => intvar(printer, at),
        EventType::RAND => rand(printer, at),
        _ => user_var(printer, at),
    }
}

fn intvar(printer: &mut Printer, at: &At<'_>) {
    let Ok(intvar) = Intvar::decode(at.raw.body()) else {
        return;
    };
    printer.told(at, |out| out.extend(b"\tIntvar\n"));
    let out = &mut printer.session.head;
    out.extend(match intvar.kind {
        IntvarKind::LastInsertId => &b"SET LAST_INSERT_ID="[..],
        IntvarKind::InsertId => b"SET INSERT_ID=",
    });
    signed(out, intvar.value.cast_signed());
    end_statement(out);
}

fn rand(printer: &mut Printer, at: &At<'_>) {
    let Ok(rand) = Rand::decode(at.raw.body()) else { return };
    printer.told(at, |out| out.extend(b"\tRand\n"));
    let out = &mut printer.session.head;
    out.extend(b"SET @@RAND_SEED1=");
    signed(out, rand.seed1.cast_signed());
    out.extend(b", @@RAND_SEED2=");
    signed(out, rand.seed2.cast_signed());
    end_statement(out);
}

fn user_var(printer: &mut Printer, at: &At<'_>) {
    let Ok(variable) = UserVar::decode(at.raw.body()) else {
        return;
    };
    printer.told(at, |out| out.extend(b"\tUser_var\n"));
    let around = printer.session.charsets();
    let out = &mut printer.session.head;
    let number = variable.value.filter(|value| value.value_type != UserVarType::String);
    let own = Charsets {
        client: NAMES,
        connection: number.map_or(NAMES, |value| value.collation as u16),
        server: NAMES,
    };
    push_charsets(&own, out);
    out.extend(b"SET @");
    quoted(out, variable.name);
    out.extend(b":=");
    value(variable.value.as_ref(), out);
    end_statement(out);
    if let Some(charsets) = around {
        push_charsets(&charsets, out);
    }
}

fn value(value: Option<&UserVarValue<'_>>, out: &mut Vec<u8>) {
    let Some(value) = value else {
        return out.extend(b"NULL");
    };
    let number = value.bytes.first_chunk::<8>().copied().unwrap_or_default();
    match value.value_type {
        UserVarType::Real => push_general::<14>(out, f64::from_le_bytes(number)),
        UserVarType::Int if value.unsigned == Some(true) => decimal(out, u64::from_le_bytes(number)),
        UserVarType::Int => signed(out, i64::from_le_bytes(number)),
        UserVarType::Decimal => packed(value.bytes, out),
        UserVarType::String => string(value, out),
    }
}

fn packed(bytes: &[u8], out: &mut Vec<u8>) {
    if let Some(([precision, scale], packed)) = bytes.split_first_chunk()
        && let Ok(value) = Decimal::decode(&mut Reader::new(packed), *precision, *scale)
    {
        out.extend(value.to_string().into_bytes());
    }
}

fn string(value: &UserVarValue<'_>, out: &mut Vec<u8>) {
    let id = u16::try_from(value.collation).unwrap_or(0);
    let (Some(charset), Some(collation)) = (collation_charset(id), collation_name(id)) else {
        return out.extend(b"???");
    };
    out.push(b'_');
    out.extend(charset.as_bytes());
    if value.bytes.is_empty() {
        out.extend(b" \"\"");
    } else {
        out.extend(b" 0x");
        hex_upper(out, value.bytes);
    }
    out.extend(b" COLLATE ");
    quoted(out, collation.as_bytes());
}
