//! The bytes of the commands.

/// `COM_QUERY`: a statement.
pub(super) fn query(statement: &str) -> Vec<u8> {
    let mut out = vec![0x03];
    out.extend(statement.as_bytes());
    out
}

/// `COM_REGISTER_SLAVE`, with nothing told of this side but its id: host, user, password, port, rank and the
/// source's id are left empty.
pub(super) fn register(server_id: u32) -> Vec<u8> {
    let mut out = vec![0x15];
    out.extend(server_id.to_le_bytes());
    out.extend([0; 3 + 2 + 4 + 4]);
    out
}

/// What COM_BINLOG_DUMP asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::live) struct Dump<'a> {
    /// Log, by name; empty: the oldest.
    pub(in crate::live) file: &'a str,
    /// Position in it.
    pub(in crate::live) position: u32,
    /// Whether MariaDB shall also send the ANNOTATE_ROWS events: 2, `BINLOG_SEND_ANNOTATE_ROWS_EVENT` in its source.
    /// To MySQL that bit means nothing.
    pub(in crate::live) annotations: bool,
    /// This replica.
    pub(in crate::live) server_id: u32,
}

impl Dump<'_> {
    pub(super) fn encoded(&self) -> Vec<u8> {
        let flags: u16 = if self.annotations { 2 } else { 0 };
        let mut out = vec![0x12];
        out.extend(self.position.to_le_bytes());
        out.extend(flags.to_le_bytes());
        out.extend(self.server_id.to_le_bytes());
        out.extend(self.file.as_bytes());
        out
    }
}

/// What COM_BINLOG_DUMP_GTID asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::live) struct ThroughGtids<'a> {
    /// The transactions that are not wanted, encoded as the body of a PREVIOUS_GTIDS event.
    pub(in crate::live) done: &'a [u8],
    /// This replica.
    pub(in crate::live) server_id: u32,
}

impl ThroughGtids<'_> {
    pub(super) fn encoded(&self) -> Vec<u8> {
        /// `BINLOG_THROUGH_GTID`
        const FLAGS: u16 = 4;
        const NO_NAME: u32 = 0;
        const FIRST_POSITION: u64 = 4;
        let mut out = vec![0x1e];
        out.extend(FLAGS.to_le_bytes());
        out.extend(self.server_id.to_le_bytes());
        out.extend(NO_NAME.to_le_bytes());
        out.extend(FIRST_POSITION.to_le_bytes());
        out.extend((self.done.len() as u32).to_le_bytes());
        out.extend(self.done);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts() {
        assert_eq!(query("SET x"), b"\x03SET x");
        assert_eq!(register(0x0403_0201), b"\x15\x01\x02\x03\x04\0\0\0\0\0\0\0\0\0\0\0\0\0");
        let dump = Dump {
            file: "b.1",
            position: 0x104,
            annotations: true,
            server_id: 7,
        };
        assert_eq!(dump.encoded(), b"\x12\x04\x01\0\0\x02\0\x07\0\0\0b.1");
        let dump = ThroughGtids {
            done: b"set",
            server_id: 7,
        };
        assert_eq!(
            dump.encoded(),
            b"\x1e\x04\0\x07\0\0\0\0\0\0\0\x04\0\0\0\0\0\0\0\x03\0\0\0set"
        );
    }
}
