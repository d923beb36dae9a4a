//! What is said of damage.

use binlog_parser::{ChecksumAlgorithm, EventHeader, FormatDescription, HEADER_LEN};

/// Collects what stands where an event should.
#[derive(Debug)]
pub(super) struct Reason {
    /// What the header says that should stand there.
    header: String,
    bytes: u64,
    zeros: u64,
}

impl Reason {
    /// `bytes` begin at the position; `damaged` says that an event with a wrong checksum is the first of them.
    pub(super) fn new(bytes: &[u8], damaged: bool, format: Option<&FormatDescription>, position: u64) -> Self {
        let header = match EventHeader::decode(bytes) {
            Ok(header) => describe(&header, bytes.len(), damaged, format, position),
            Err(_) => format!(
                "the log ends inside an event: need {HEADER_LEN} bytes, have {}",
                bytes.len()
            ),
        };
        Self {
            header,
            bytes: 0,
            zeros: 0,
        }
    }

    /// Takes bytes in which no event begins.
    pub(super) fn saw(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.zeros += bytes.iter().filter(|byte| **byte == 0).count() as u64;
    }

    pub(super) fn text(self) -> String {
        match self.bytes > 0 && self.zeros == self.bytes {
            true => "zeros".to_owned(),
            false => self.header,
        }
    }
}

fn describe(
    header: &EventHeader,
    have: usize,
    damaged: bool,
    format: Option<&FormatDescription>,
    position: u64,
) -> String {
    let event = header.event_type;
    let size = header.event_size as usize;
    let least = HEADER_LEN + format.map_or(0, |format| format.checksum.len());
    let end = position.wrapping_add(u64::from(header.event_size)) as u32;
    let no_checksum = format.is_none_or(|format| format.checksum == ChecksumAlgorithm::None);
    if event.name().is_none() {
        format!("{event} is not known")
    } else if size < least {
        format!("{event} has a length of {size} bytes, less than header and checksum")
    } else if header.log_pos != end && header.log_pos != 0 {
        format!(
            "{event} says that it ends at {}, by its length it ends at {end}",
            header.log_pos
        )
    } else if size > have {
        format!("the log ends inside an event: {event}, need {size} bytes, have {have}")
    } else if damaged && !no_checksum {
        format!("{event} has a wrong checksum, and no event follows it")
    } else {
        format!("{event} does not fit what stands before it")
    }
}
