//! Packets: three bytes of length, one of order, and the payload; one of 16 MiB goes on in the next.

use std::io::{self, Read, Write};

use bytes::{Buf, Bytes, BytesMut};

use crate::live::link::{ERR, LinkError};

/// Longest payload of one packet; a packet of this length is continued by the next.
const MAX_PAYLOAD: usize = 0xff_ffff;
/// How much is asked of the stream at once.
const BLOCK: usize = 128 << 10;
/// Less room than this is not worth a read.
const MIN_ROOM: usize = 4 << 10;

/// Packets over a stream. What is read is not copied: packets share the blocks that the stream was read into.
pub(super) struct Packets<S> {
    stream: S,
    /// Number of the next packet.
    sequence: u8,
    limit: usize,
    /// What was read, and room after it.
    block: BytesMut,
    /// How many bytes of the block were read.
    filled: usize,
}

impl<S: Read + Write> Packets<S> {
    /// Payloads of several packets may have `limit` bytes.
    pub(super) fn new(stream: S, limit: usize) -> Self {
        Self {
            stream,
            sequence: 0,
            limit,
            block: BytesMut::new(),
            filled: 0,
        }
    }

    pub(super) fn stream(&self) -> &S {
        &self.stream
    }

    /// Puts another stream in the place of this one. What was already read must not count for the new one.
    pub(super) fn over<T: Read + Write>(
        self,
        wrap: impl FnOnce(S) -> Result<T, LinkError>,
    ) -> Result<Packets<T>, LinkError> {
        if self.filled > 0 {
            return Err(LinkError::malformed("the server sent bytes before encryption began"));
        }
        Ok(Packets {
            stream: wrap(self.stream)?,
            sequence: self.sequence,
            limit: self.limit,
            block: self.block,
            filled: 0,
        })
    }

    /// Begins a command, and with it the numbers of packets.
    pub(super) fn begin(&mut self) {
        self.sequence = 0;
    }

    /// Sends a payload.
    pub(super) fn write(&mut self, payload: &[u8]) -> Result<(), LinkError> {
        let mut out = Vec::with_capacity(payload.len() + 8);
        let mut chunks = payload.chunks(MAX_PAYLOAD);
        loop {
            let chunk = chunks.next().unwrap_or_default();
            let head = chunk.len() as u32 | u32::from(self.sequence) << 24;
            out.extend(head.to_le_bytes());
            out.extend(chunk);
            self.sequence = self.sequence.wrapping_add(1);
            if chunk.len() < MAX_PAYLOAD {
                break;
            }
        }
        self.stream.write_all(&out)?;
        Ok(self.stream.flush()?)
    }

    /// The next payload.
    pub(super) fn read(&mut self) -> Result<Bytes, LinkError> {
        let first = self.part()?;
        if first.len() < MAX_PAYLOAD {
            return Ok(first);
        }
        let mut whole = Vec::from(first);
        loop {
            let part = self.part()?;
            if whole.len() + part.len() > self.limit {
                return Err(LinkError::TooLarge);
            }
            whole.extend(&part);
            if part.len() < MAX_PAYLOAD {
                return Ok(whole.into());
            }
        }
    }

    fn part(&mut self) -> Result<Bytes, LinkError> {
        let [a, b, c, number] = self.head()?;
        let len = u32::from_le_bytes([a, b, c, 0]) as usize;
        self.fill(len)?;
        self.filled -= len;
        let part = self.block.split_to(len).freeze();
        // What ends a session is said out of turn.
        if number != self.sequence && part.first() != Some(&ERR) {
            return Err(LinkError::malformed("the server's packets are out of order"));
        }
        self.sequence = number.wrapping_add(1);
        Ok(part)
    }

    fn head(&mut self) -> Result<[u8; 4], LinkError> {
        self.fill(4)?;
        let head = self.block.first_chunk().copied().unwrap_or_default();
        self.block.advance(4);
        self.filled -= 4;
        Ok(head)
    }

    /// Reads until the block has `need` bytes.
    fn fill(&mut self, need: usize) -> Result<(), LinkError> {
        while self.filled < need {
            if self.block.len() < need || self.block.len() - self.filled < MIN_ROOM && need < BLOCK {
                self.block.resize(need.max(self.filled + BLOCK), 0);
            }
            let room = self.block.get_mut(self.filled..).unwrap_or_default();
            match self.stream.read(room) {
                Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
                Ok(read) => self.filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream that gives at most so many bytes at once, and keeps what is written.
    struct Drip {
        input: io::Cursor<Vec<u8>>,
        at_once: usize,
        output: Vec<u8>,
    }

    impl Read for Drip {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let len = out.len().min(self.at_once);
            self.input.read(out.get_mut(..len).unwrap_or_default())
        }
    }

    impl Write for Drip {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.output.extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn packets(input: Vec<u8>, at_once: usize) -> Packets<Drip> {
        let stream = Drip {
            input: io::Cursor::new(input),
            at_once,
            output: Vec::new(),
        };
        Packets::new(stream, 40 << 20)
    }

    /// What was written can be read, however the stream cuts it.
    #[test]
    fn round_trip() {
        let lengths = [
            0,
            1,
            3,
            70_000,
            BLOCK,
            BLOCK + 1,
            MAX_PAYLOAD - 1,
            MAX_PAYLOAD,
            MAX_PAYLOAD + 5,
            2 * MAX_PAYLOAD,
        ];
        let payload = |len: usize| {
            let mut payload = b"0123456789abc".repeat(len / 13 + 1);
            payload.truncate(len);
            payload
        };
        let mut writer = packets(Vec::new(), 1);
        for len in lengths {
            writer.write(&payload(len)).unwrap();
        }
        for at_once in [1000, 65_537, usize::MAX] {
            let mut reader = packets(writer.stream.output.clone(), at_once);
            for len in lengths {
                assert!(reader.read().unwrap() == payload(len), "{len} by {at_once}");
            }
            assert!(matches!(reader.read(), Err(LinkError::Lost(_))));
        }
    }

    #[test]
    fn errors() {
        let mut cut = packets(vec![5, 0, 0, 0, 1, 2], 9);
        assert!(matches!(cut.read(), Err(LinkError::Lost(why)) if why.contains("closed")));
        let mut disordered = packets(vec![1, 0, 0, 7, 0], 9);
        assert!(matches!(disordered.read(), Err(LinkError::Lost(why)) if why.contains("order")));
        let mut out_of_turn = packets(vec![1, 0, 0, 7, ERR], 9);
        assert_eq!(out_of_turn.read().unwrap(), [ERR].as_slice());
        let mut large = packets(Vec::new(), 1);
        large.write(&vec![1; 41 << 20]).unwrap();
        let mut large = packets(large.stream.output, usize::MAX);
        assert!(matches!(large.read(), Err(LinkError::TooLarge)));
        let mut early = packets(vec![1, 0, 0, 0, 7, 0x16], 9);
        early.read().unwrap();
        assert!(early.over(Ok).is_err());
    }
}
