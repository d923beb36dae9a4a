//! Compressed transactions: their own line, and the events that they hold.

use binlog_parser::event::{Compression, TransactionPayload};
use binlog_parser::{
    ChecksumAlgorithm, EventError, ExpandLimits, Expansion, FieldError, HEADER_LEN, RawEvent, Reader, put_event,
};
use bytes::Bytes;

use super::page::{EventBytes, Page};
use super::printer::{At, Effects, Flow, Printer, Stand};
use super::text::decimal;
use super::{PayloadError, PrintError};

impl Printer {
    /// The line of the compressed event goes on the page with the first event in it.
    pub(super) fn payload(
        &mut self,
        at: &At<'_>,
        effects: &mut dyn Effects,
        page: &mut Page,
    ) -> Result<Flow, PrintError> {
        let fields = Fields::read(at.raw.body()).ok_or(PrintError::Invalid)?;
        self.told(at, |out| {
            out.extend(b"\tTransaction_Payload\t\tpayload_size=");
            decimal(out, fields.payload.len() as u64);
            out.extend(b"\tcompression_type=");
            out.extend(fields.compression.to_string().into_bytes());
            out.extend(b"\tuncompressed_size=");
            decimal(out, fields.uncompressed_size.unwrap_or(fields.payload.len() as u64));
            out.push(b'\n');
        });
        self.comment("Start");
        let flow = self.expanded(at, &fields, effects, page)?;
        self.comment("End");
        self.flush_head(page);
        Ok(flow)
    }

    fn comment(&mut self, word: &str) {
        if !self.options.short_form {
            let out = &mut self.session.head;
            out.extend(b"# ");
            out.extend(word.as_bytes());
            out.extend(b" of compressed events.\n");
        }
    }

    /// The events stand where the compressed one ends.
    fn expanded(
        &mut self,
        at: &At<'_>,
        fields: &Fields<'_>,
        effects: &mut dyn Effects,
        page: &mut Page,
    ) -> Result<Flow, PrintError> {
        let whole = fields.event(&at.raw).ok_or(PrintError::Invalid)?;
        let raw = RawEvent::framed(&whole, at.position, at.format).ok_or(PrintError::Invalid)?;
        let expansion = Expansion::new(&raw, &whole, ExpandLimits::default());
        let Some(mut expansion) = expansion.map_err(|_| PrintError::Invalid)? else {
            return Ok(Flow::More);
        };
        let place = Stand::InPayload {
            end: at.raw.end(),
            end_log_pos: at.raw.header.log_pos,
        };
        loop {
            let mut event = Vec::new();
            if !expansion.next_into(&mut event).map_err(|error| damage(&error))? {
                return Ok(Flow::More);
            }
            self.flush_head(page);
            without_position(&mut event, at.raw.checksum());
            let event = Bytes::from(event);
            match self.at(EventBytes::whole(&event), place, at.format, effects, page) {
                Ok(Flow::More) => {}
                Ok(Flow::Stop) => return Ok(Flow::Stop),
                // What cannot be printed of a compressed transaction does not end the program.
                Err(error @ (PrintError::NeverBase64 { .. } | PrintError::NoFormat { .. })) => {
                    effects.fail(&error.to_string());
                }
                Err(PrintError::Invalid) => return Err(PayloadError::Invalid.into()),
                Err(error) => return Err(error),
            }
        }
    }
}

/// What a compressed event says of itself. The lengths of its fields are not looked at, nor whether its size is true.
struct Fields<'a> {
    compression: Compression,
    uncompressed_size: Option<u64>,
    payload: &'a [u8],
}

impl<'a> Fields<'a> {
    fn read(body: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(body);
        let (mut compression, mut uncompressed_size, mut size) = (None, None, None);
        loop {
            let integer = |reader: &mut Reader<'_>| reader.lenenc("field").ok();
            let code = integer(&mut reader)?;
            if code == 0 {
                break;
            }
            let len = integer(&mut reader)?;
            match code {
                1 => size = Some(integer(&mut reader)?),
                2 => compression = Some(Compression(integer(&mut reader)?)),
                3 => uncompressed_size = Some(integer(&mut reader)?),
                _ => drop(reader.take(usize::try_from(len).ok()?, "field").ok()?),
            }
        }
        let payload = reader.take(usize::try_from(size?).ok()?, "payload").ok()?;
        Some(Self {
            compression: compression?,
            uncompressed_size,
            payload,
        })
    }

    /// The event without what may not be true.
    fn event(&self, raw: &RawEvent<'_>) -> Option<Vec<u8>> {
        let payload = TransactionPayload {
            compression: self.compression,
            uncompressed_size: None,
            unknown: Vec::new(),
            payload: self.payload,
        };
        let (mut body, mut event) = (Vec::new(), Vec::new());
        payload.encode(&mut body);
        put_event(&mut event, &raw.header, &body, raw.checksum()).ok()?;
        Some(event)
    }
}

fn damage(error: &EventError) -> PrintError {
    let FieldError::Expanded { error, .. } = &error.error else {
        return PrintError::Invalid;
    };
    let damage = match &**error {
        FieldError::Invalid {
            field: "event size",
            value,
            ..
        } => {
            let value = u32::try_from(*value).unwrap_or(u32::MAX);
            match value < HEADER_LEN as u32 {
                true => PayloadError::Short(value),
                false => PayloadError::Long(value),
            }
        }
        FieldError::Invalid { .. } => PayloadError::Invalid,
        FieldError::Compressed { why } if *why != CUT_OFF => PayloadError::Corrupt,
        _ => PayloadError::Truncated,
    };
    damage.into()
}

/// The parser's word for a stream that ends early.
const CUT_OFF: &str = "the compressed bytes end early";

/// In a compressed transaction events have no positions.
fn without_position(event: &mut Vec<u8>, checksum: ChecksumAlgorithm) {
    const LOG_POS: std::ops::Range<usize> = 13..17;
    if let Some(position) = event.get_mut(LOG_POS) {
        position.fill(0);
    }
    event.truncate(event.len() - checksum.len());
    checksum.append(event, 0);
}
