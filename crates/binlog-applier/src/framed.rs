//! Row changes as row events again, in BINLOG statements: the target does with them what a replica of its own would.

use std::sync::Arc;

use base64_simd::STANDARD;
use binlog_parser::event::RowsFlags;
use binlog_parser::{ChecksumAlgorithm, EventFlags, EventHeader, EventType, FieldError, FormatDescription, put_event};

use crate::error::{ApplyError, ApplyErrorKind};
use crate::group::Group;
use crate::target::Target;

/// Bytes of events in a statement from which on it takes no further ones. In base64 they are a third more: under
/// the servers' default of `max_allowed_packet`, 16 MiB and more, by far.
const STATEMENT_LEN: usize = 768 << 10;

/// Width of table ids in the events that are written.
const ID_LEN: usize = 6;

/// Row events that wait to be sent.
#[derive(Debug, Default)]
pub(crate) struct Framed {
    events: Vec<u8>,
    /// Names of their tables, for a message.
    tables: Vec<String>,
}

impl Framed {
    /// Adds a group's changes, and sends what makes a statement full.
    pub(crate) fn add(&mut self, target: &mut Target, group: &Group) -> Result<(), ApplyError> {
        let mut from = 0;
        while from < group.changes.len() {
            let room = STATEMENT_LEN.saturating_sub(self.events.len());
            let to = upto(group, from, room);
            let framed = self.frame(group, from, to);
            let table = &group.shape.plan.name;
            framed.map_err(|error| ApplyErrorKind::Image {
                table: table.clone(),
                error,
            })?;
            if !self.tables.contains(table) {
                self.tables.push(table.clone());
            }
            from = to;
            if self.events.len() >= STATEMENT_LEN || from < group.changes.len() {
                self.send(target)?;
            }
        }
        Ok(())
    }

    /// Sends what waits.
    pub(crate) fn send(&mut self, target: &mut Target) -> Result<(), ApplyError> {
        if self.events.is_empty() {
            return Ok(());
        }
        let done = target.replay(&self.events);
        let tables = std::mem::take(&mut self.tables);
        self.events.clear();
        done.map_err(|error| {
            let tables = tables.join(", ");
            ApplyErrorKind::Events { tables, error }.into()
        })
    }

    /// Appends a table map and a row event that ends its statement.
    fn frame(&mut self, group: &Group, from: usize, to: usize) -> Result<(), FieldError> {
        let end_of = |count: usize| match count.checked_sub(1) {
            Some(last) => group.changes.get(last).map_or(group.data.len(), |change| change.end),
            None => 0,
        };
        let mut rows = group.rows();
        rows.flags = RowsFlags(rows.flags.0 | RowsFlags::STMT_END.0);
        rows.data = group.data.get(end_of(from)..end_of(to)).unwrap_or_default();
        rows.extra_data = has_extra(group.shape.event_type).then_some(&[]);
        let mut body = Vec::new();
        rows.table.encode(ID_LEN, &mut body)?;
        self.event(group, EventType::TABLE_MAP, &body)?;
        body.clear();
        rows.encode(ID_LEN, &mut body);
        self.event(group, group.shape.event_type, &body)
    }

    fn event(&mut self, group: &Group, event_type: EventType, body: &[u8]) -> Result<(), FieldError> {
        let header = header(event_type, group.timestamp, group.server_id);
        put_event(&mut self.events, &header, body, ChecksumAlgorithm::None)
    }
}

/// Up to which change, from this one on, the group's bytes fit into the room; one at least.
fn upto(group: &Group, from: usize, room: usize) -> usize {
    let start = match from.checked_sub(1) {
        Some(last) => group.changes.get(last).map_or(0, |change| change.end),
        None => 0,
    };
    let fits = group.changes.partition_point(|change| change.end <= start + room);
    fits.max(from + 1).min(group.changes.len())
}

fn has_extra(event_type: EventType) -> bool {
    !matches!(
        event_type,
        EventType::WRITE_ROWS_V1 | EventType::UPDATE_ROWS_V1 | EventType::DELETE_ROWS_V1
    )
}

fn header(event_type: EventType, timestamp: u32, server_id: u32) -> EventHeader {
    EventHeader {
        timestamp,
        event_type,
        server_id,
        event_size: 0,
        log_pos: 0,
        flags: EventFlags(0),
    }
}

/// The format description under which the events are written: the source's, without checksums, and with wide table ids.
pub(crate) fn description(format: &FormatDescription) -> Result<Vec<u8>, FieldError> {
    let format = FormatDescription {
        checksum: ChecksumAlgorithm::None,
        created: 0,
        ..format.clone()
    };
    let (mut body, mut event) = (Vec::new(), Vec::new());
    format.encode(&mut body);
    let checksum = format.checksum_of(EventType::FORMAT_DESCRIPTION);
    put_event(
        &mut event,
        &header(EventType::FORMAT_DESCRIPTION, 0, 1),
        &body,
        checksum,
    )?;
    Ok(event)
}

/// `BINLOG '…'` with these events.
pub(crate) fn statement(events: &[u8]) -> String {
    const HEAD: &str = "BINLOG '";
    let mut text = String::with_capacity(HEAD.len() + STANDARD.encoded_length(events.len()) + 1);
    text.push_str(HEAD);
    STANDARD.encode_append(events, &mut text);
    text.push('\'');
    text
}

/// Whether two descriptions lay events out alike.
pub(crate) fn is_same(one: &Arc<FormatDescription>, other: &Arc<FormatDescription>) -> bool {
    Arc::ptr_eq(one, other)
        || (one.server_version == other.server_version && one.post_header_lengths == other.post_header_lengths)
}
