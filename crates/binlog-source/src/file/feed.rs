//! Bytes of one log, unpacked where it is packed.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use flate2::read::MultiGzDecoder;

/// Bytes of a pipe that are handed over at once, and how many such blocks may wait.
const PIPE_BLOCK: usize = 64 << 10;
const PIPE_BLOCKS: usize = 16;

/// Where the bytes of a log come from.
pub(crate) enum Feed {
    /// A file as it is.
    Plain(File),
    /// A packed file.
    Packed(Box<dyn Read + Send>),
    /// Something that may pause.
    Pipe(Pipe),
}

/// What a feed gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Got {
    /// So many bytes, at least one.
    Bytes(usize),
    /// Nothing in the time given.
    Nothing,
    /// Nothing more, for a file at least at this moment.
    End,
}

impl Feed {
    /// Opens a file and looks what is in it. What is no regular file is read as a pipe.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        if !file.metadata()?.is_file() {
            return Ok(Self::pipe(file));
        }
        let head = read_head(&mut file)?;
        file.seek(SeekFrom::Start(0))?;
        match Packing::of(&head) {
            Packing::None => Ok(Self::Plain(file)),
            packing => Ok(Self::Packed(unpacked(packing, file)?)),
        }
    }

    /// Opens the front of a file, to look at its head: at most `limit` bytes come, and no more than is needed is read.
    pub(crate) fn open_front(path: &Path, limit: usize) -> io::Result<Self> {
        Ok(match Self::open(path)? {
            Self::Plain(file) => Self::Packed(Box::new(Front::new(file, limit))),
            Self::Packed(input) => Self::Packed(Box::new(Front::new(input, limit))),
            pipe @ Self::Pipe(_) => pipe,
        })
    }

    /// Reads standard input.
    pub(crate) fn stdin() -> Self {
        Self::pipe(io::stdin())
    }

    fn pipe(input: impl Read + Send + 'static) -> Self {
        let (sender, receiver) = sync_channel(PIPE_BLOCKS);
        thread::spawn(move || {
            let mut input = match open_pipe(input) {
                Ok(input) => input,
                Err(error) => return drop(sender.send(Err(error))),
            };
            while let Some(block) = next_block(&mut input).transpose() {
                let failed = block.is_err();
                if sender.send(block).is_err() || failed {
                    break;
                }
            }
        });
        Self::Pipe(Pipe {
            receiver,
            block: Cursor::default(),
        })
    }

    /// Reads into `room`. A pipe is waited for as long as `patience`.
    pub(crate) fn read(&mut self, room: &mut [u8], patience: Duration) -> io::Result<Got> {
        let len = match self {
            Self::Plain(file) => read_some(file, room)?,
            Self::Packed(reader) => read_some(reader, room)?,
            Self::Pipe(pipe) => return pipe.read(room, patience),
        };
        Ok(if len == 0 { Got::End } else { Got::Bytes(len) })
    }
}

/// The front of an input, read in small steps.
struct Front<R> {
    input: R,
    left: usize,
}

impl<R: Read> Front<R> {
    const STEP: usize = 4 << 10;

    fn new(input: R, limit: usize) -> Self {
        Self { input, left: limit }
    }
}

impl<R: Read> Read for Front<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let len = room.len().min(Self::STEP).min(self.left);
        let len = self.input.read(room.get_mut(..len).unwrap_or_default())?;
        self.left = self.left.saturating_sub(len);
        Ok(len)
    }
}

/// The receiving end of a pipe's thread. The thread ends with the pipe, or when it finds this end gone.
pub(crate) struct Pipe {
    receiver: Receiver<io::Result<Vec<u8>>>,
    block: Cursor<Vec<u8>>,
}

impl Pipe {
    fn read(&mut self, room: &mut [u8], patience: Duration) -> io::Result<Got> {
        let mut len = self.block.read(room)?;
        if len == 0 {
            self.block = match self.receiver.recv_timeout(patience) {
                Ok(block) => Cursor::new(block?),
                Err(RecvTimeoutError::Timeout) => return Ok(Got::Nothing),
                Err(RecvTimeoutError::Disconnected) => return Ok(Got::End),
            };
            len = self.block.read(room)?;
        }
        Ok(Got::Bytes(len))
    }
}

/// How a file is packed, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    None,
    Gzip,
    Zstd,
}

impl Packing {
    fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            _ => Self::None,
        }
    }
}

fn unpacked(packing: Packing, input: impl Read + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
    Ok(match packing {
        Packing::None => Box::new(input),
        Packing::Gzip => Box::new(MultiGzDecoder::new(BufReader::new(input))),
        Packing::Zstd => Box::new(zstd::Decoder::new(input)?),
    })
}

fn open_pipe(mut input: impl Read + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
    let head = read_head(&mut input)?;
    unpacked(Packing::of(&head), Cursor::new(head).chain(input))
}

fn next_block(input: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut block = vec![0; PIPE_BLOCK];
    let len = read_some(input, &mut block)?;
    block.truncate(len);
    Ok((len > 0).then_some(block))
}

/// The first four bytes, or fewer where there are no more.
fn read_head(input: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(4);
    input.take(4).read_to_end(&mut head)?;
    Ok(head)
}

fn read_some(input: &mut impl Read, room: &mut [u8]) -> io::Result<usize> {
    loop {
        match input.read(room) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
