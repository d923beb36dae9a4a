//! The text form of mysqlbinlog 9.7, byte for byte.
//!
//! [`Printer`] takes events one after the other, as they stand in the log, and puts their text on [`Page`]s. What depends
//! on earlier events is text at once; the bytes and rows of row events are made when the page is written.

mod base64;
mod frame;
mod gtid;
mod header;
mod heads;
mod load;
mod options;
mod page;
mod payload;
mod printer;
mod query;
mod rewrite;
mod row_events;
mod row_heads;
mod rows;
mod select;
mod session;
mod text;
mod variables;

use binlog_parser::EventType;

pub use options::{Base64Output, TextOptions};
pub use page::{EventBytes, Page};
pub use printer::{Effects, Flow, Printer};
pub use select::{SelectOptions, Selection, ends_group, starts_group};

/// Why an event cannot be printed. The words are mysqlbinlog's. It is small: each event has such a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PrintError {
    /// The event's body does not fit its type.
    #[error("Found invalid event in binary log")]
    Invalid,
    /// Row events, and BINLOG statements are forbidden.
    #[error("--base64-output=never specified, but binlog contains a {} event which must be printed in base64.", row_heads::name(*event_type))]
    NeverBase64 {
        /// The event's type.
        event_type: EventType,
    },
    /// Row events, and no format description before them.
    #[error(
        "malformed binlog: it does not contain any Format_description_log_event. I now found a {} event, which is not \
         safe to process without a Format_description_log_event.",
        row_heads::name(*event_type)
    )]
    NoFormat {
        /// The event's type.
        event_type: EventType,
    },
    /// A compressed transaction is damaged.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// The log is in use, or was not closed, and such logs are refused.
    #[error("the log is in use")]
    InUse,
    /// It was said what is wrong.
    #[error("printing ended")]
    Told,
}

/// What is wrong with a compressed transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// The compressed bytes cannot be read.
    #[error("Payload_log_event corrupted: compression stream is corrupted.")]
    Corrupt,
    /// They end inside an event.
    #[error("Payload_log_event corrupted: the compressed payload has been truncated.")]
    Truncated,
    /// An event in it says that it has so many bytes, fewer than a header.
    #[error("Length field of embedded event in Payload_log_event is only {0} bytes, but 19 are required.")]
    Short(u32),
    /// An event in it says that it has so many bytes, more than 1 GiB.
    #[error(
        "Length field of embedded event in Payload_log_event is {0} bytes, exceeding the maximum of 1073741824 bytes."
    )]
    Long(u32),
    /// An event in it does not fit its type.
    #[error("Error decoding Payload_log_event: Found invalid event in binary log.")]
    Invalid,
}
