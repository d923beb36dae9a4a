//! XA as statements.

use binlog_parser::event::{XaIdentifier, XaPrepare};

/// The statement of an XA_PREPARE.
pub(crate) fn prepare(event: &XaPrepare) -> Vec<u8> {
    let xid = identifier(&event.xid);
    match event.one_phase {
        true => format!("XA COMMIT {xid} ONE PHASE"),
        false => format!("XA PREPARE {xid}"),
    }
    .into_bytes()
}

/// The statement that begins a MariaDB transaction which ends in XA PREPARE: its GTID event stands for it.
pub(crate) fn start(xid: &XaIdentifier) -> Vec<u8> {
    format!("XA START {}", identifier(xid)).into_bytes()
}

fn identifier(xid: &XaIdentifier) -> String {
    format!("X'{}',X'{}',{}", hex(&xid.gtrid), hex(&xid.bqual), xid.format_id)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements() {
        let event = |one_phase| XaPrepare {
            one_phase,
            xid: XaIdentifier {
                format_id: 7,
                gtrid: b"ab"[..].into(),
                bqual: b"c"[..].into(),
            },
        };
        assert_eq!(prepare(&event(false)), b"XA PREPARE X'6162',X'63',7");
        assert_eq!(prepare(&event(true)), b"XA COMMIT X'6162',X'63',7 ONE PHASE");
        assert_eq!(start(&event(false).xid), b"XA START X'6162',X'63',7");
    }
}
