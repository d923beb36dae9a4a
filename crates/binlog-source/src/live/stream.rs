//! The thread that reads a server's packets.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use bytes::Bytes;
use mysql::BinlogStream;

use crate::error::SourceError;
use crate::live::packets;
use crate::live::request::driver_error;

/// How many events may wait. A row event has about 8 KiB (`binlog_row_event_max_size`), unless one row is larger.
const WAITING: usize = 1024;
/// What the thread does, in errors.
const DOING: &str = "reading its binary log";

/// The receiving end of the thread. The channel closes after an error, and when the server ends the stream.
pub(super) type Events = Receiver<Result<Bytes, SourceError>>;

/// Reads events until the stream ends or the receiver is gone.
pub(super) fn spawn(stream: BinlogStream, server: String) -> Events {
    let (sender, receiver) = sync_channel(WAITING);
    thread::spawn(move || read(stream, &server, &sender));
    receiver
}

fn read(stream: BinlogStream, server: &str, sender: &SyncSender<Result<Bytes, SourceError>>) {
    for event in stream {
        let bytes = match event {
            Ok(event) => packets::bytes(&event).ok_or_else(|| not_whole(server)),
            Err(error) => Err(driver_error(server, DOING, &error)),
        };
        let failed = bytes.is_err();
        if sender.send(bytes).is_err() || failed {
            return;
        }
    }
    drop(sender.send(Err(closed(server))));
}

/// The server ended the stream, or the thread is gone.
pub(super) fn closed(server: &str) -> SourceError {
    SourceError::Link {
        server: server.to_owned(),
        doing: DOING,
        message: "the server ended the stream".to_owned(),
    }
}

fn not_whole(server: &str) -> SourceError {
    let message = "an event does not have the size that its header states".to_owned();
    SourceError::Link {
        server: server.to_owned(),
        doing: DOING,
        message,
    }
}
