//! An event's body as bytes, whatever its kind.

use crate::error::FieldError;
use crate::event::control::BinlogCheckpoint;
use crate::event::{Event, FormatDescription};
use crate::header::EventType;

impl Event<'_> {
    /// Appends the event's body, without a checksum, in the layout that `event_type` has under `format`.
    ///
    /// What [`Decoder::decode`](crate::Decoder::decode) read comes out byte for byte. [`put_event`](crate::put_event)
    /// makes a whole event of a body.
    ///
    /// ```
    /// use binlog_parser::{Decoder, Event, EventFlags, EventHeader, EventType, FormatDescription, RawEvent, put_event};
    ///
    /// let format = FormatDescription::default();
    /// let header = EventHeader {
    ///     timestamp: 0,
    ///     event_type: EventType::ROTATE,
    ///     server_id: 1,
    ///     event_size: 0,
    ///     log_pos: 0,
    ///     flags: EventFlags::ARTIFICIAL,
    /// };
    /// let rotate = binlog_parser::event::Rotate { position: 4, file: b"binlog.000002" };
    /// let mut body = Vec::new();
    /// Event::Rotate(rotate).encode(header.event_type, &format, &mut body)?;
    /// let mut bytes = Vec::new();
    /// put_event(&mut bytes, &header, &body, format.checksum)?;
    ///
    /// let raw = RawEvent::first(&bytes, 4, &format).unwrap();
    /// assert_eq!(raw.header.event_size, 40);
    /// let Event::Rotate(again) = Decoder::default().decode(&raw).unwrap() else { panic!() };
    /// assert_eq!(again, rotate);
    /// # Ok::<(), binlog_parser::FieldError>(())
    /// ```
    ///
    /// # Errors
    /// The layout has no room for a value, or `event_type` is not one of this event.
    pub fn encode(
        &self,
        event_type: EventType,
        format: &FormatDescription,
        out: &mut Vec<u8>,
    ) -> Result<(), FieldError> {
        let id_len = format.table_id_len(event_type);
        match self {
            Event::Gtid(event) => return event.encode(out, event_type),
            Event::MariaDbGtidList(event) => return event.encode(out),
            Event::TableMap(event) => return event.encode(id_len, out),
            Event::Rows(event) => event.encode(id_len, out),
            Event::PreGaRows(event) => event.encode(id_len, out),
            Event::Heartbeat(event) => event.encode(event_type, out),
            Event::RowsQuery(event) => event.encode(out),
            Event::FormatDescription(event) => event.encode(out),
            Event::StartV3(event) => event.encode(out),
            Event::Query(event) => event.encode(out),
            Event::Stop => {}
            Event::Rotate(event) => event.encode(out),
            Event::Intvar(event) => event.encode(out),
            Event::Rand(event) => event.encode(out),
            Event::UserVar(event) => event.encode(out),
            Event::Xid(event) => event.encode(out),
            Event::AppendBlock(event) => event.encode(out),
            Event::DeleteFile { file_id } | Event::ExecLoad { file_id } => out.extend(file_id.to_le_bytes()),
            Event::ExecuteLoadQuery(event) => event.encode(out),
            Event::Load(event) => event.encode(out),
            Event::CreateFile(event) => event.encode(out),
            Event::RowsFragment(event) => event.encode(out),
            Event::Incident(event) => event.encode(out),
            Event::PreviousGtids(event) => event.encode(out),
            Event::MariaDbGtid(event) => event.encode(out),
            Event::MariaDbBinlogCheckpoint { file } => BinlogCheckpoint { file }.encode(out),
            Event::MariaDbStartEncryption(event) => event.encode(out),
            Event::XaPrepare(event) => event.encode(out),
            Event::TransactionPayload(event) => event.encode(out),
            Event::TransactionContext(event) => event.encode(out),
            Event::ViewChange(event) => event.encode(out),
            Event::Slave(event) => event.encode(out),
            Event::Ignorable(body) | Event::Unknown(body) => out.extend(*body),
        }
        Ok(())
    }
}
