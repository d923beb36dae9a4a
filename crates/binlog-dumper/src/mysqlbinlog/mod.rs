//! The text form of mysqlbinlog 9.7, byte for byte.
//!
//! [`Printer`] takes events one after the other, as they stand in the log, and puts their text on [`Page`]s. What depends
//! on earlier events is text at once; the bytes and rows of row events are made when the page is written.

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

pub use options::{Base64Output, TextOptions};
pub use page::{EventBytes, Overflow, Page};
pub use printer::{Effects, Flow, Printer};
pub use select::{SelectOptions, Selection, ends_group, starts_group};

/// Why an event cannot be printed. The words are mysqlbinlog's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PrintError {
    /// The event's body does not fit its type.
    #[error("Found invalid event in binary log")]
    Invalid,
    /// Row events, and BINLOG statements are forbidden.
    #[error("--base64-output=never specified, but binlog contains a {name} event which must be printed in base64.")]
    NeverBase64 {
        /// The event's type.
        name: &'static str,
    },
    /// Row events, and no format description before them.
    #[error(
        "malformed binlog: it does not contain any Format_description_log_event. I now found a {name} event, which is not \
         safe to process without a Format_description_log_event."
    )]
    NoFormat {
        /// The event's type.
        name: &'static str,
    },
    /// The log is in use, or was not closed, and such logs are refused.
    #[error("the log is in use")]
    InUse,
    /// It was said what is wrong.
    #[error("printing ended")]
    Told,
}
