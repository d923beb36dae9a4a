//! The bytes of a log in plain, for readers that frame them themselves.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use binlog_parser::MAGIC;
use bytes::Bytes;

use crate::error::SourceError;
use crate::file::feed::Feed;
use crate::file::reading::{Ending, Frame, Reading, Sealing};
use crate::file::{Input, io_error};
use crate::keys::Keys;

/// How long a pipe is waited for at a time.
const PATIENCE: Duration = Duration::from_millis(500);

/// Opens a log, encrypted or not.
///
/// A log that is encrypted as a whole is decrypted whatever stands in it. One whose events are encrypted is decrypted up to
/// the first event whose length cannot be right: without it the next one cannot be found.
///
/// # Errors
/// The log cannot be opened, or not with these keys.
pub(crate) fn open(input: &Input, keys: &Arc<Keys>) -> Result<Feed, SourceError> {
    let mut reading = Reading::open(input)?.with_keys(keys);
    let sealing = reading.sealing(PATIENCE)?;
    let mut unsealed = Unsealed {
        reading,
        by_event: sealing == Sealing::Events,
        bytes: Bytes::new(),
    };
    match (sealing, input) {
        (Sealing::None, Input::Path(path)) => Feed::open(path).map_err(|error| io_error(path, "opening", error)),
        (Sealing::Events, _) => {
            unsealed.begin()?;
            Ok(Feed::Packed(Box::new(unsealed)))
        }
        _ => Ok(Feed::Packed(Box::new(unsealed))),
    }
}

struct Unsealed {
    reading: Reading,
    /// Whether events are taken one by one.
    by_event: bool,
    bytes: Bytes,
}

impl Unsealed {
    /// Takes the plain front of a log, and tries the key.
    fn begin(&mut self) -> Result<(), SourceError> {
        let mut front = MAGIC.to_vec();
        for _ in 0..2 {
            front.extend(self.event()?);
        }
        self.reading.try_key()?;
        self.bytes = front.into();
        Ok(())
    }

    fn more(&mut self) -> Result<Bytes, SourceError> {
        match self.by_event {
            true => self.event(),
            false => self.reading.rest(PATIENCE),
        }
    }

    fn event(&mut self) -> Result<Bytes, SourceError> {
        loop {
            match self.reading.frame(PATIENCE)? {
                Frame::Event(bytes) => return Ok(bytes),
                Frame::Magic => return Ok(Bytes::from_static(&MAGIC)),
                Frame::Nothing => {}
                Frame::End(Ending { have: 0, .. }) => return Ok(Bytes::new()),
                Frame::End(_) | Frame::TooLarge(_) => {
                    self.by_event = false;
                    return self.reading.rest(PATIENCE);
                }
            }
        }
    }
}

impl Read for Unsealed {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if self.bytes.is_empty() {
            self.bytes = self.more().map_err(io::Error::other)?;
        }
        if self.bytes.is_empty() && self.reading.is_torn() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let part = self.bytes.split_to(room.len().min(self.bytes.len()));
        if let Some(room) = room.get_mut(..part.len()) {
            room.copy_from_slice(&part);
        }
        Ok(part.len())
    }
}
