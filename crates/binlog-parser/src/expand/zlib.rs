//! What MariaDB compresses with zlib: statements, rows and column values.
//!
//! A byte of method and flags, the plain length with the high byte first, and the deflated bytes
//! (`binlog_buf_compress` in `sql/log_event.cc`, `compress_zlib` in `sql/field_comp.cc` of the server).

use flate2::{Decompress, FlushDecompress, Status};

use crate::error::FieldError;
use crate::reader::Reader;

/// Bytes by which the output grows at first; then by as many as were made.
const STEP: usize = 64 << 10;

/// Compressed bytes and their head.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packed<'a> {
    /// Bytes that they are expanded to.
    len: u64,
    /// Whether the deflated bytes stand alone, without zlib's header and checksum.
    pub(crate) bare: bool,
    deflated: &'a [u8],
}

impl<'a> Packed<'a> {
    /// Method of compression, in the head's upper half: zlib. The lower half has the flag for bare bytes, and how many
    /// bytes the length has.
    const ZLIB: u8 = 8;

    /// Reads the head; the rest of the record is compressed.
    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Self, FieldError> {
        let head = reader.u8("compression")?;
        let (method, len_len) = (head >> 4, head & 7);
        if method != Self::ZLIB || !(1..=4).contains(&len_len) {
            return Err(FieldError::Invalid {
                field: "compression",
                value: head.into(),
                why: "is not one that servers use",
            });
        }
        Ok(Self {
            len: reader.uint_be(len_len.into(), "uncompressed length")?,
            bare: head & 8 != 0,
            deflated: reader.take_rest(),
        })
    }

    /// Appends the plain bytes, of which at most `limit` may be. After an error, what was appended stays.
    pub(crate) fn expand(&self, limit: usize, out: &mut Vec<u8>) -> Result<(), FieldError> {
        let len = usize::try_from(self.len).unwrap_or(usize::MAX);
        if len > limit {
            return Err(self.len_is("is over the limit"));
        }
        let mut inflate = Decompress::new(!self.bare);
        let from = out.len();
        loop {
            let (read, made) = (inflate.total_in(), inflate.total_out());
            let at = from + made as usize;
            // One byte more than there should be, so that the end of the stream, and too long a one, are seen.
            let room = (len + 1).saturating_sub(made as usize).min(STEP.max(made as usize));
            out.resize(at + room, 0);
            let (input, output) = (self.deflated.get(read as usize..), out.get_mut(at..));
            let status = inflate.decompress(
                input.unwrap_or_default(),
                output.unwrap_or_default(),
                FlushDecompress::None,
            );
            out.truncate(from + inflate.total_out() as usize);
            match status {
                Ok(Status::StreamEnd) => break,
                Ok(_) if inflate.total_out() > self.len => return Err(self.len_is("is not what there is")),
                Ok(_) if (inflate.total_in(), inflate.total_out()) != (read, made) => {}
                Ok(_) => return Err(damaged("the compressed bytes end early")),
                Err(_) => return Err(damaged("the compressed bytes are damaged")),
            }
        }
        self.check_end(&inflate)
    }

    fn check_end(&self, inflate: &Decompress) -> Result<(), FieldError> {
        if inflate.total_out() != self.len {
            return Err(self.len_is("is not what there is"));
        }
        match self.deflated.len() - inflate.total_in() as usize {
            0 => Ok(()),
            left => Err(FieldError::LeftOver {
                field: "compressed bytes",
                left,
            }),
        }
    }

    fn len_is(&self, why: &'static str) -> FieldError {
        FieldError::Invalid {
            field: "uncompressed length",
            value: self.len,
            why,
        }
    }
}

fn damaged(why: &'static str) -> FieldError {
    FieldError::Compressed { why }
}
