//! The plain bytes of a payload, in pieces.

use std::fmt;

use zstd::zstd_safe::{DCtx, DParameter, InBuffer, OutBuffer, get_error_name};

use crate::error::FieldError;
use crate::event::Compression;

/// Decompresses a payload step by step.
pub(super) struct Plain {
    /// `None` where the payload is not compressed.
    zstd: Option<DCtx<'static>>,
    /// Compressed bytes read.
    read: usize,
    /// Whether a zstd frame has begun, and not ended.
    in_frame: bool,
}

impl Plain {
    pub(super) fn new(compression: Compression, window_log_max: u32) -> Result<Self, FieldError> {
        let zstd = match compression {
            Compression::ZSTD => Some(context(window_log_max)?),
            Compression::NONE => None,
            Compression(value) => {
                return Err(FieldError::Invalid {
                    field: "compression type",
                    value,
                    why: "is not known",
                });
            }
        };
        Ok(Self {
            zstd,
            read: 0,
            in_frame: false,
        })
    }

    /// Compressed bytes read so far.
    pub(super) fn read(&self) -> usize {
        self.read
    }

    /// Fills `out` with the next plain bytes. Returns how many there are: fewer than asked for only at the end.
    pub(super) fn fill(&mut self, payload: &[u8], out: &mut [u8]) -> Result<usize, FieldError> {
        let rest = payload.get(self.read..).unwrap_or_default();
        match &mut self.zstd {
            Some(_) => self.decompress(payload, out),
            None => {
                let len = out.len().min(rest.len());
                out.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
                self.read += len;
                Ok(len)
            }
        }
    }

    fn decompress(&mut self, payload: &[u8], out: &mut [u8]) -> Result<usize, FieldError> {
        let Some(zstd) = &mut self.zstd else { return Ok(0) };
        let mut output = OutBuffer::around(out);
        while output.pos() < output.capacity() {
            let rest = payload.get(self.read..).unwrap_or_default();
            if rest.is_empty() && !self.in_frame {
                break;
            }
            let mut input = InBuffer::around(rest);
            let made = output.pos();
            let hint = zstd
                .decompress_stream(&mut output, &mut input)
                .map_err(|code| FieldError::Compressed {
                    why: get_error_name(code),
                })?;
            self.read += input.pos();
            self.in_frame = hint != 0;
            if rest.is_empty() && output.pos() == made {
                return Err(FieldError::Compressed {
                    why: "the compressed bytes end early",
                });
            }
        }
        Ok(output.pos())
    }
}

impl fmt::Debug for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plain")
            .field("read", &self.read)
            .finish_non_exhaustive()
    }
}

fn context(window_log_max: u32) -> Result<DCtx<'static>, FieldError> {
    let no_context = |why| FieldError::Compressed { why };
    let mut context = DCtx::try_create().ok_or_else(|| no_context("no memory"))?;
    context
        .set_parameter(DParameter::WindowLogMax(window_log_max))
        .map_err(|code| no_context(get_error_name(code)))?;
    Ok(context)
}
