//! One cell.

use super::super::text::{decimal, signed};
use super::form::{Form, Layout};
use super::image::Scratch;
use super::table::ColumnText;
use super::{float, integer, json, json_diff, packed, quoted, temporal, vector};

/// Appends the value at the front of `rest`, and takes it off. `partial` is the index of a JSON column whose cell holds
/// differences. `None` where the text of the event ends.
#[inline]
pub(super) fn write(
    column: &ColumnText,
    partial: Option<usize>,
    rest: &mut &[u8],
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) -> Option<()> {
    let Some((value, after)) = split(column.layout, rest) else {
        out.extend_from_slice(b"***Corrupted replication event was detected: field data is truncated; there are only ");
        push_left(out, rest.len());
        return None;
    };
    *rest = after;
    match (column.form, partial) {
        (Form::Json, Some(index)) => json_diff::push(out, index, value, scratch),
        (Form::Json, None) => return json::push(out, value, scratch),
        (Form::Unknown { code, metadata }, _) => {
            push_unknown(out, code, metadata);
            return None;
        }
        (form, _) => push(out, form, value),
    }
    Some(())
}

/// The end of a message on rows that are cut off.
pub(super) fn push_left(out: &mut Vec<u8>, len: usize) {
    decimal(out, len as u64);
    out.extend_from_slice(b" bytes left of the event. Not printing the value***\n");
}

/// What mysqlbinlog says of a type that it has no text for.
pub(super) fn push_unknown(out: &mut Vec<u8>, code: u8, metadata: u16) {
    let text = format!("!! Don't know how to handle column type={code} meta={metadata} ({metadata:04x})\n");
    out.extend_from_slice(text.as_bytes());
}

#[inline]
fn split(layout: Layout, rest: &[u8]) -> Option<(&[u8], &[u8])> {
    match layout {
        Layout::Fixed(len) => rest.split_at_checked(len),
        Layout::Counted(width) => {
            let (count, after) = rest.split_at_checked(width)?;
            after.split_at_checked(usize::try_from(integer::little(count)).ok()?)
        }
        Layout::Unknown => None,
    }
}

/// Values whose text follows from their bytes. A value has as many bytes as its layout says.
#[inline]
fn push(out: &mut Vec<u8>, form: Form, value: &[u8]) {
    match form {
        Form::TinyInt => integer::push_both::<8>(out, value),
        Form::SmallInt => integer::push_both::<16>(out, value),
        Form::MediumInt => integer::push_both::<24>(out, value),
        Form::Int => integer::push_both::<32>(out, value),
        Form::BigInt => integer::push_both::<64>(out, value),
        Form::Decimal { precision, scale } => packed::push(out, value, precision, scale),
        Form::Float => float::push_float(out, f32::from_bits(integer::little(value) as u32)),
        Form::Double => float::push_double(out, f64::from_bits(integer::little(value))),
        Form::Bits(bits) => integer::push_bits(out, value, bits),
        Form::Enum => decimal(out, integer::little(value)),
        Form::Year => decimal(out, 1900 + integer::little(value)),
        Form::Date => temporal::push_date(out, integer::little(value)),
        Form::OldTime => temporal::push_old_time(out, integer::little(value)),
        Form::OldDateTime => temporal::push_old_datetime(out, integer::little(value)),
        Form::OldTimestamp => signed(out, i64::from(integer::little(value) as i32)),
        Form::Time(decimals) => temporal::push_time(out, value, decimals),
        Form::DateTime(decimals) => temporal::push_datetime(out, value, decimals),
        Form::Timestamp(decimals) => temporal::push_timestamp(out, value, decimals),
        Form::Text => quoted::push(out, value),
        Form::Vector => vector::push(out, value),
        Form::Json | Form::Unknown { .. } => {}
    }
}
