//! The thread that reads what a server sends.

use std::thread::{self, JoinHandle};
use std::time::Duration;

use bytes::Bytes;

use crate::error::SourceError;
use crate::live::link::{Link, LinkError, Stopper};
use crate::live::queue::{Nothing, Receiver, Sender, queue};

/// How many bytes of events may wait; one larger event may.
const WAITING: usize = 8 << 20;
/// What the thread does, in errors.
const DOING: &str = "reading its binary log";

/// The events that a thread reads. Dropped, it ends the connection, and returns when the thread has ended.
pub(super) struct Events {
    server: String,
    receiver: Receiver,
    stopper: Stopper,
    thread: Option<JoinHandle<()>>,
}

/// What the thread has.
pub(super) enum Arrival {
    Event(Bytes),
    /// Nothing came while it was waited for.
    Nothing,
    /// An event was larger than the limit of a statement.
    TooLarge,
}

impl Events {
    /// Reads events until the stream ends.
    pub(super) fn of(link: Link, server: &str) -> Result<Self, SourceError> {
        let stopper = link.stopper().map_err(|error| error.at(server, DOING))?;
        let (sender, receiver) = queue(WAITING);
        Ok(Self {
            server: server.to_owned(),
            receiver,
            stopper,
            thread: Some(thread::spawn(move || read(link, &sender))),
        })
    }

    /// The next event. After an error there is none.
    pub(super) fn next(&self, patience: Duration) -> Result<Arrival, SourceError> {
        match self.receiver.recv(patience) {
            Ok(Ok(event)) => Ok(Arrival::Event(event)),
            Ok(Err(LinkError::TooLarge)) => Ok(Arrival::TooLarge),
            Ok(Err(error)) => Err(error.while_streaming().at(&self.server, DOING)),
            Err(Nothing::Yet) => Ok(Arrival::Nothing),
            Err(Nothing::More) => Err(LinkError::ended().at(&self.server, DOING)),
        }
    }

    /// The error of an event whose length is not what its header states.
    pub(super) fn not_whole(&self) -> SourceError {
        let why = "an event does not have the size that its header states";
        LinkError::malformed(why).at(&self.server, DOING)
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.receiver.close();
        self.stopper.stop();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn read(mut link: Link, sender: &Sender) {
    loop {
        let event = link.event();
        let failed = event.is_err();
        if !sender.send(event) || failed {
            return;
        }
    }
}
