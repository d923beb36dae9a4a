//! Compressed transactions: their own line, and the events that they hold.

use binlog_parser::event::TransactionPayload;
use binlog_parser::{ChecksumAlgorithm, ExpandLimits, Expansion};
use bytes::Bytes;

use super::PrintError;
use super::page::{EventBytes, Page};
use super::printer::{At, Effects, Flow, Printer, Stand};
use super::text::decimal;

impl Printer {
    pub(super) fn payload(
        &mut self,
        at: &At<'_>,
        effects: &mut dyn Effects,
        page: &mut Page,
    ) -> Result<Flow, PrintError> {
        let payload = TransactionPayload::decode(at.raw.body()).map_err(|_| PrintError::Invalid)?;
        self.told(at, |out| {
            out.extend(b"\tTransaction_Payload\t\tpayload_size=");
            decimal(out, payload.payload.len() as u64);
            out.extend(b"\tcompression_type=");
            out.extend(payload.compression.to_string().into_bytes());
            out.extend(b"\tuncompressed_size=");
            decimal(out, payload.uncompressed_size.unwrap_or(payload.payload.len() as u64));
            out.push(b'\n');
        });
        self.comment("Start");
        page.text.append(&mut self.session.head);
        let flow = self.expanded(at, effects, page)?;
        self.comment("End");
        page.text.append(&mut self.session.head);
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
    fn expanded(&mut self, at: &At<'_>, effects: &mut dyn Effects, page: &mut Page) -> Result<Flow, PrintError> {
        let expansion = Expansion::new(&at.raw, at.raw.bytes(), ExpandLimits::default());
        let Some(mut expansion) = expansion.map_err(|_| PrintError::Invalid)? else {
            return Ok(Flow::More);
        };
        let place = Stand::InPayload {
            end: at.raw.end(),
            end_log_pos: at.raw.header.log_pos,
        };
        loop {
            let mut event = Vec::new();
            if !expansion.next_into(&mut event).map_err(|_| PrintError::Invalid)? {
                return Ok(Flow::More);
            }
            without_position(&mut event, at.raw.checksum());
            let event = Bytes::from(event);
            match self.at(EventBytes::whole(&event), place, at.format, effects, page) {
                Ok(Flow::More) => {}
                Ok(Flow::Stop) => return Ok(Flow::Stop),
                // What cannot be printed of a compressed transaction does not end the program.
                Err(error @ (PrintError::NeverBase64 { .. } | PrintError::NoFormat { .. })) => {
                    effects.fail(&error.to_string());
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// In a compressed transaction events have no positions.
fn without_position(event: &mut Vec<u8>, checksum: ChecksumAlgorithm) {
    const LOG_POS: std::ops::Range<usize> = 13..17;
    if let Some(position) = event.get_mut(LOG_POS) {
        position.fill(0);
    }
    event.truncate(event.len() - checksum.len());
    checksum.append(event, 0);
}
