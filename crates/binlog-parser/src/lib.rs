//! Bytes and typed views of MySQL and MariaDB binary logs, in both directions.
//!
//! The crate is pure: slices go in, views that borrow from them come out. It knows no I/O, clock,
//! environment, logging, server or SQL. All decode state is one [`Decoder`]: the format
//! description in force and the table maps of the open transaction.
//!
//! ```
//! use binlog_parser::{Decoder, Event, FormatDescription, RawEvent};
//!
//! // A ROTATE event to "binlog.000002", position 4, without a checksum.
//! let mut bytes = vec![0, 0, 0, 0, 4, 1, 0, 0, 0, 40, 0, 0, 0, 0, 0, 0, 0, 0, 0];
//! bytes.extend([4, 0, 0, 0, 0, 0, 0, 0]);
//! bytes.extend(b"binlog.000002");
//! let raw = RawEvent::first(&bytes, 4, &FormatDescription::default())?;
//! let Event::Rotate(rotate) = Decoder::default().decode(&raw)? else { panic!() };
//! assert_eq!(rotate.file, b"binlog.000002");
//! # Ok::<(), binlog_parser::EventError>(())
//! ```

mod checksum;
mod chunk;
mod decoder;
mod error;
pub mod event;
mod expand;
pub mod gtid;
mod header;
mod pack;
mod position;
mod raw;
mod reader;
mod serialization;
mod transaction;
pub mod value;

pub use checksum::ChecksumAlgorithm;
pub use chunk::{Chunk, Entries, PositionMeaning, Run};
pub use decoder::Decoder;
pub use error::{EventError, FieldError, Place};
pub use event::{Event, FormatDescription, Query, Rows, TableMap};
pub use expand::{ExpandLimits, Expansion};
pub use header::{EventFlags, EventHeader, EventType, HEADER_LEN};
pub use pack::{PayloadBuilder, compressed};
pub use position::{Coordinates, MAGIC, MAGIC_LEN};
pub use raw::{RawEvent, put_event};
pub use reader::{Reader, put_lenenc};
pub use transaction::{Step, TransactionTracker};
pub use value::{Cell, Row, Value};
