//! Plain events as compressed ones: the way back of an [`Expansion`](crate::Expansion).

use std::fmt;
use std::io::Write as _;

use flate2::Compression as Level;
use flate2::write::ZlibEncoder;
use zstd::stream::write::Encoder;

use crate::checksum::ChecksumAlgorithm;
use crate::error::FieldError;
use crate::event::{Compression, TransactionPayload};
use crate::expand::{compressed_type, head_len};
use crate::header::{EventHeader, EventType, HEADER_LEN};
use crate::raw::RawEvent;

/// The servers' default, `binlog_transaction_compression_level_zstd`.
const ZSTD_LEVEL: i32 = 3;

/// Collects the events of a transaction into a TRANSACTION_PAYLOAD. It holds their compressed bytes.
pub struct PayloadBuilder {
    encoder: Encoder<'static, Vec<u8>>,
    /// Bytes of the events.
    plain: u64,
    header: EventHeader,
    checksum: ChecksumAlgorithm,
}

impl PayloadBuilder {
    /// A payload that is to begin with this event: time, server and position are the event's.
    ///
    /// # Errors
    /// There is no memory for the compression.
    pub fn new(first: &RawEvent<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            encoder: Encoder::new(Vec::new(), ZSTD_LEVEL).map_err(|_| failed())?,
            plain: 0,
            header: EventHeader {
                event_type: EventType::TRANSACTION_PAYLOAD,
                flags: crate::EventFlags::default(),
                ..first.header
            },
            checksum: first.checksum(),
        })
    }

    /// Takes the next event. Inside a payload events have neither position nor checksum.
    ///
    /// # Errors
    /// The compression fails.
    pub fn push(&mut self, raw: &RawEvent<'_>) -> Result<(), FieldError> {
        let size = HEADER_LEN + raw.body().len();
        let header = EventHeader {
            event_size: size as u32,
            log_pos: 0,
            ..raw.header
        };
        let mut head = Vec::with_capacity(HEADER_LEN);
        header.encode(&mut head);
        let mut write = |bytes: &[u8]| self.encoder.write_all(bytes).map_err(|_| failed());
        write(&head)?;
        write(raw.body())?;
        self.plain += size as u64;
        Ok(())
    }

    /// Compressed bytes that are held.
    #[must_use]
    pub fn held(&self) -> usize {
        self.encoder.get_ref().len()
    }

    /// The whole event.
    ///
    /// # Errors
    /// The compression fails, or the event would be of 4 GiB or more.
    pub fn finish(self) -> Result<Vec<u8>, FieldError> {
        let payload = self.encoder.finish().map_err(|_| failed())?;
        let event = TransactionPayload {
            compression: Compression::ZSTD,
            uncompressed_size: Some(self.plain),
            unknown: Vec::new(),
            payload: &payload,
        };
        let mut out = vec![0; HEADER_LEN];
        event.encode(&mut out);
        self.header.complete(self.checksum, 0, &mut out)?;
        Ok(out)
    }
}

impl fmt::Debug for PayloadBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PayloadBuilder")
            .field("plain", &self.plain)
            .field("held", &self.held())
            .finish_non_exhaustive()
    }
}

fn failed() -> FieldError {
    FieldError::Compressed {
        why: "compressing failed",
    }
}

/// A MariaDB statement or row event as `log_bin_compress` stores it; `None` where the event is neither, or would not become
/// smaller.
///
/// # Errors
/// The event cannot be read.
pub fn compressed(raw: &RawEvent<'_>) -> Result<Option<Vec<u8>>, FieldError> {
    let Some(event_type) = compressed_type(raw.header.event_type) else {
        return Ok(None);
    };
    let (head, plain) = raw.body().split_at(head_len(raw)?);
    let mut out = vec![0; HEADER_LEN];
    out.extend(head);
    put_packed(plain, &mut out)?;
    EventHeader {
        event_type,
        ..raw.header
    }
    .complete(raw.checksum(), 0, &mut out)?;
    Ok((out.len() < raw.bytes().len()).then_some(out))
}

/// A byte of method and length of the length, the plain length with the high byte first, and zlib's bytes.
fn put_packed(plain: &[u8], out: &mut Vec<u8>) -> Result<(), FieldError> {
    const ZLIB: u8 = 8 << 4;
    let length = (plain.len() as u32).to_be_bytes();
    let unused = length.iter().take(3).take_while(|byte| **byte == 0).count();
    out.push(ZLIB | (length.len() - unused) as u8);
    out.extend(length.iter().skip(unused));
    let mut encoder = ZlibEncoder::new(std::mem::take(out), Level::default());
    encoder.write_all(plain).map_err(|_| failed())?;
    *out = encoder.finish().map_err(|_| failed())?;
    Ok(())
}
