//! XA as statements.

use binlog_parser::event::XaIdentifier;
use binlog_parser::{FieldError, Reader};

/// The statement of an XA_PREPARE: its body is one byte for ONE PHASE, the format id, two lengths and the two parts
/// of the identifier.
pub(crate) fn prepare(body: &[u8]) -> Result<Vec<u8>, FieldError> {
    let mut reader = Reader::new(body);
    let one_phase = reader.u8("one phase")? != 0;
    let format_id = reader.u32("format id")?;
    let gtrid_len = reader.u32("gtrid length")? as usize;
    let bqual_len = reader.u32("bqual length")? as usize;
    let xid = identifier(
        reader.take(gtrid_len, "gtrid")?,
        reader.take(bqual_len, "bqual")?,
        format_id,
    );
    Ok(match one_phase {
        true => format!("XA COMMIT {xid} ONE PHASE"),
        false => format!("XA PREPARE {xid}"),
    }
    .into_bytes())
}

/// The statement that begins a MariaDB transaction which ends in XA PREPARE: its GTID event stands for it.
pub(crate) fn start(xid: &XaIdentifier) -> Vec<u8> {
    let xid = identifier(&xid.gtrid, &xid.bqual, xid.format_id);
    format!("XA START {xid}").into_bytes()
}

fn identifier(gtrid: &[u8], bqual: &[u8], format_id: u32) -> String {
    format!("X'{}',X'{}',{format_id}", hex(gtrid), hex(bqual))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::prepare;

    #[test]
    fn statements() {
        let body = |one_phase| [&[one_phase, 7, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0][..], b"abc"].concat();
        assert_eq!(prepare(&body(0)).unwrap(), b"XA PREPARE X'6162',X'63',7");
        assert_eq!(prepare(&body(1)).unwrap(), b"XA COMMIT X'6162',X'63',7 ONE PHASE");
        assert!(prepare(&[0; 12]).is_err());
    }
}
