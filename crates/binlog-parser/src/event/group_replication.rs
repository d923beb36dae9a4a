//! TRANSACTION_CONTEXT and VIEW_CHANGE: what MySQL group replication writes for itself (5.7 on).
//!
//! Layouts: `Transaction_context_event` and `View_change_event` in the server's `control_events` sources.

use crate::error::FieldError;
use crate::reader::Reader;

/// Length of a view's identifier, zero-padded.
const VIEW_ID_LEN: usize = 40;

/// TRANSACTION_CONTEXT: what a transaction is certified by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionContext<'a> {
    /// UUID of the server, as text.
    pub server_uuid: &'a [u8],
    /// Connection that ran the transaction.
    pub thread_id: u32,
    /// Whether the client chose the GTID.
    pub gtid_specified: bool,
    /// GTIDs that were executed when the transaction ran, encoded as a set.
    pub snapshot_version: &'a [u8],
    /// Hashes of the rows that it wrote.
    pub write_set: Vec<&'a [u8]>,
    /// Hashes of the rows that it read.
    pub read_set: Vec<&'a [u8]>,
}

impl<'a> TransactionContext<'a> {
    /// Reads the body.
    pub fn decode(body: &'a [u8]) -> Result<Self, FieldError> {
        let mut reader = Reader::new(body);
        let server_uuid_len = reader.u8("server UUID length")?;
        let thread_id = reader.u32("thread id")?;
        let gtid_specified = reader.flag("GTID specified")?;
        let snapshot_len = reader.u32("snapshot version length")?;
        let write_set_len = reader.u32("write set length")?;
        let read_set_len = reader.u32("read set length")?;
        let context = Self {
            server_uuid: reader.take(usize::from(server_uuid_len), "server UUID")?,
            thread_id,
            gtid_specified,
            snapshot_version: reader.take(snapshot_len as usize, "snapshot version")?,
            write_set: read_set(&mut reader, write_set_len, "write set")?,
            read_set: read_set(&mut reader, read_set_len, "read set")?,
        };
        reader.finish("read set")?;
        Ok(context)
    }

    /// Appends the body.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.server_uuid.len() as u8);
        out.extend(self.thread_id.to_le_bytes());
        out.push(u8::from(self.gtid_specified));
        let lengths = [self.snapshot_version.len(), self.write_set.len(), self.read_set.len()];
        out.extend(lengths.iter().flat_map(|len| (*len as u32).to_le_bytes()));
        out.extend(self.server_uuid);
        out.extend(self.snapshot_version);
        for item in self.write_set.iter().chain(&self.read_set) {
            out.extend((item.len() as u16).to_le_bytes());
            out.extend(*item);
        }
    }
}

/// One entry of [`ViewChange::certification`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CertificationEntry<'a> {
    /// Hash of a row, or a name that the server gives to what is no row.
    pub key: &'a [u8],
    /// GTIDs of the transactions that wrote it, encoded as a set.
    pub value: &'a [u8],
}

/// VIEW_CHANGE: members joined or left the group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewChange<'a> {
    /// Identifier of the view, padded with zeros to 40 bytes.
    pub view_id: &'a [u8],
    /// Number of the next transaction to be certified.
    pub sequence_number: u64,
    /// What a member that joins needs to certify transactions.
    pub certification: Vec<CertificationEntry<'a>>,
}

impl<'a> ViewChange<'a> {
    /// Reads the body.
    pub fn decode(body: &'a [u8]) -> Result<Self, FieldError> {
        let mut reader = Reader::new(body);
        let view_id = reader.take(VIEW_ID_LEN, "view id")?;
        let sequence_number = reader.u64("sequence number")?;
        let entries = reader.u32("number of certification entries")?;
        let entries = (0..entries).map(|_| CertificationEntry::read(&mut reader));
        let certification = entries.collect::<Result<_, _>>()?;
        reader.finish("certification value")?;
        Ok(Self {
            view_id,
            sequence_number,
            certification,
        })
    }

    /// Appends the body. A view identifier of another length than 40 bytes is cut or padded.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let end = out.len() + VIEW_ID_LEN;
        out.extend(self.view_id.iter().take(VIEW_ID_LEN));
        out.resize(end, 0);
        out.extend(self.sequence_number.to_le_bytes());
        out.extend((self.certification.len() as u32).to_le_bytes());
        for entry in &self.certification {
            out.extend((entry.key.len() as u16).to_le_bytes());
            out.extend(entry.key);
            out.extend((entry.value.len() as u32).to_le_bytes());
            out.extend(entry.value);
        }
    }
}

impl<'a> CertificationEntry<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, FieldError> {
        let key_len = reader.u16("certification key length")?;
        let key = reader.take(usize::from(key_len), "certification key")?;
        let value_len = reader.u32("certification value length")?;
        let value = reader.take(value_len as usize, "certification value")?;
        Ok(Self { key, value })
    }
}

/// Items with two bytes of length. The vector grows with what is read, never by the number alone.
fn read_set<'a>(reader: &mut Reader<'a>, len: u32, field: &'static str) -> Result<Vec<&'a [u8]>, FieldError> {
    let mut items = Vec::new();
    for _ in 0..len {
        let len = reader.u16(field)?;
        items.push(reader.take(usize::from(len), field)?);
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<'a, T>(
        body: &'a [u8],
        decode: impl Fn(&'a [u8]) -> Result<T, FieldError>,
        encode: impl Fn(&T, &mut Vec<u8>),
    ) -> T {
        let event = decode(body).unwrap();
        let mut again = Vec::new();
        encode(&event, &mut again);
        assert_eq!(again, body);
        for len in 0..body.len() {
            assert!(matches!(decode(&body[..len]), Err(FieldError::Short { .. })), "{len}");
        }
        event
    }

    #[test]
    fn contexts() {
        let lengths = b"\x04\x07\0\0\0\x01\x02\0\0\0\x02\0\0\0\x01\0\0\0";
        let body: &[u8] = &[&lengths[..], b"uuidGS\x01\0a\x02\0bc\0\0"].concat();
        let context = check(body, TransactionContext::decode, TransactionContext::encode);
        assert_eq!((context.server_uuid, context.thread_id), (&b"uuid"[..], 7));
        assert!(context.gtid_specified);
        assert_eq!(
            (context.write_set, context.read_set),
            (vec![&b"a"[..], b"bc"], vec![&b""[..]])
        );
    }

    #[test]
    fn views() {
        let mut body = b"17:4".to_vec();
        body.resize(VIEW_ID_LEN, 0);
        body.extend(b"\x09\0\0\0\0\0\0\0\x02\0\0\0\x01\0k\x03\0\0\0abc\0\0\0\0\0\0");
        let view = check(&body, ViewChange::decode, ViewChange::encode);
        assert_eq!((view.sequence_number, view.certification.len()), (9, 2));
        assert_eq!(
            view.certification[0],
            CertificationEntry {
                key: b"k",
                value: b"abc"
            }
        );
        body.push(0);
        let error = ViewChange::decode(&body).unwrap_err();
        assert_eq!(error.to_string(), "1 bytes left over after certification value");
    }
}
