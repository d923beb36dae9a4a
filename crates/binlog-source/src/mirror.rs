//! Byte-identical copies of a server's logs.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use binlog_parser::{Chunk, Coordinates, EventType, FormatDescription, MAGIC, MAGIC_LEN, RawEvent};

use crate::error::SourceError;
use crate::file::{Frame, Reading, io_error, log_name, numbered_logs};
use crate::live::StartAt;

/// Keeps copies of a server's logs in a folder, under the names that they have at the source.
///
/// What is written is what stands in the source's files: no event that the server made for the stream. While a
/// log is open at the source, its copy differs in one bit: the server clears the in-use flag before it sends
/// the format description. The copy of a closed log is the same in every byte.
#[derive(Debug)]
pub struct Mirror {
    folder: PathBuf,
    open: Option<Copy>,
}

/// The copy that is being written.
#[derive(Debug)]
struct Copy {
    path: PathBuf,
    name: String,
    file: BufWriter<File>,
    /// Bytes written.
    len: u64,
    /// When the source began the log: the time of its format description.
    began: Option<u32>,
}

impl Mirror {
    /// Opens a folder of copies, or makes it. Of the last copy a part of an event at its end is cut off: what a
    /// stopped process left.
    ///
    /// # Errors
    /// The folder cannot be read, or its last log is not one.
    pub fn open(folder: &Path) -> Result<Self, SourceError> {
        fs::create_dir_all(folder).map_err(|error| io_error(folder, "making the folder", error))?;
        let mut logs = numbered_logs(folder)?;
        let mut open = None;
        while let (None, Some(last)) = (&open, logs.pop()) {
            open = Copy::resume(last)?;
        }
        Ok(Self {
            folder: folder.to_owned(),
            open,
        })
    }

    /// Where a [`crate::LiveSource`] must begin so that its chunks continue the copies.
    #[must_use]
    pub fn start(&self) -> StartAt {
        match &self.open {
            Some(copy) => StartAt::Coordinates(Coordinates {
                file: copy.name.clone(),
                position: copy.len.max(MAGIC_LEN),
            }),
            None => StartAt::Oldest,
        }
    }

    /// Appends a chunk of the live source's.
    ///
    /// # Errors
    /// The chunk does not continue the copy: events are missing between. The copy then ends before them.
    pub fn write(&mut self, chunk: &Chunk) -> Result<(), SourceError> {
        let copy = self.copy(&chunk.file)?;
        for raw in chunk.events() {
            copy.append(&raw?)?;
        }
        let path = &copy.path;
        copy.file.flush().map_err(|error| io_error(path, "writing", error))
    }

    /// Makes sure that what was written survives a crash of the machine.
    ///
    /// # Errors
    /// The system's.
    pub fn sync(&mut self) -> Result<(), SourceError> {
        self.open.as_mut().map_or(Ok(()), Copy::sync)
    }

    fn copy(&mut self, name: &str) -> Result<&mut Copy, SourceError> {
        if self.open.as_ref().is_some_and(|copy| copy.name != name) {
            self.sync()?;
            self.open = None;
        }
        match &mut self.open {
            Some(copy) => Ok(copy),
            none => Ok(none.insert(Copy::create(&self.folder, name)?)),
        }
    }
}

impl Copy {
    fn create(folder: &Path, name: &str) -> Result<Self, SourceError> {
        let path = folder.join(name);
        if name.is_empty() || path.file_name() != Some(name.as_ref()) {
            return Err(SourceError::Mirror {
                path,
                why: "the source's name of the log is not that of a file".to_owned(),
            });
        }
        let failed = |error| io_error(&path, "creating", error);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(failed)?;
        file.write_all(&MAGIC).map_err(failed)?;
        sync_folder(folder)?;
        Ok(Self {
            name: name.to_owned(),
            file: BufWriter::new(file),
            len: MAGIC_LEN,
            began: None,
            path,
        })
    }

    /// Opens a copy at the end of its last whole event. One without a whole format description is begun anew.
    fn resume(path: PathBuf) -> Result<Option<Self>, SourceError> {
        let Some(len) = whole_events(&path)? else {
            fs::remove_file(&path).map_err(|error| io_error(&path, "removing", error))?;
            return Ok(None);
        };
        let file = OpenOptions::new().append(true).open(&path);
        let file = file.map_err(|error| io_error(&path, "opening", error))?;
        file.set_len(len)
            .map_err(|error| io_error(&path, "truncating", error))?;
        Ok(Some(Self {
            name: log_name(&path),
            file: BufWriter::new(file),
            len,
            began: time_of_head(&path),
            path,
        }))
    }

    fn append(&mut self, raw: &RawEvent<'_>) -> Result<(), SourceError> {
        let header = &raw.header;
        let is_description = header.event_type == EventType::FORMAT_DESCRIPTION;
        if is_description
            && self
                .began
                .replace(header.timestamp)
                .is_some_and(|began| began != header.timestamp)
        {
            let why = "the source has another log of this name: it was reset or rebuilt".to_owned();
            return Err(SourceError::Mirror {
                path: self.path.clone(),
                why,
            });
        }
        if header.is_artificial() || is_description && self.len > MAGIC_LEN {
            return Ok(());
        }
        if raw.offset != self.len {
            let why = format!(
                "the source sent the event at {}, and the copy has {} bytes",
                raw.offset, self.len
            );
            return Err(SourceError::Mirror {
                path: self.path.clone(),
                why,
            });
        }
        self.file
            .write_all(raw.bytes())
            .map_err(|error| io_error(&self.path, "writing", error))?;
        self.len += raw.bytes().len() as u64;
        Ok(())
    }

    fn sync(&mut self) -> Result<(), SourceError> {
        let result = self.file.flush().and_then(|()| self.file.get_ref().sync_all());
        result.map_err(|error| io_error(&self.path, "syncing", error))
    }
}

/// Position after the last whole event of a log; `None` where not even the format description is whole.
fn whole_events(path: &Path) -> Result<Option<u64>, SourceError> {
    let is_cut_magic = fs::metadata(path).is_ok_and(|metadata| metadata.len() < MAGIC_LEN);
    if is_cut_magic {
        return Ok(None);
    }
    let mut reading = Reading::open_path(path)?;
    let mut format = FormatDescription::default();
    let mut position = MAGIC_LEN;
    while let Frame::Event(bytes) = reading.frame(Duration::ZERO)? {
        let place = |error: binlog_parser::EventError| error.in_file(&reading.name);
        let raw = RawEvent::first(&bytes, position, &format).map_err(place)?;
        raw.verify_checksum().map_err(place)?;
        if raw.header.event_type == EventType::FORMAT_DESCRIPTION {
            let decoded = FormatDescription::decode(raw.body());
            format = decoded.map_err(|error| place(raw.error(binlog_parser::HEADER_LEN, error)))?;
        }
        position = raw.end();
    }
    Ok((position > MAGIC_LEN).then_some(position))
}

/// Time of the first event, which the caller has seen to be whole.
fn time_of_head(path: &Path) -> Option<u32> {
    let mut head = [0; MAGIC_LEN as usize + 4];
    File::open(path).and_then(|mut file| file.read_exact(&mut head)).ok()?;
    let (_, time) = head.split_last_chunk::<4>()?;
    Some(u32::from_le_bytes(*time))
}

/// Makes a new name in a folder survive a crash of the machine.
fn sync_folder(folder: &Path) -> Result<(), SourceError> {
    let result: io::Result<()> = File::open(folder).and_then(|folder| folder.sync_all());
    result.map_err(|error| io_error(folder, "syncing the folder", error))
}
