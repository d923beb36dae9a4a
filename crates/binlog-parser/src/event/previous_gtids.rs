//! PREVIOUS_GTIDS: the GTIDs of all logs before (MySQL 5.6 on).

use crate::error::FieldError;
use crate::gtid::GtidSet;

/// The GTIDs of all logs before this one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PreviousGtids {
    /// The GTIDs.
    pub gtids: GtidSet,
    /// Whether the body is in the tagged form, which a server of 8.3 on writes as soon as it has met a tag.
    pub tagged: bool,
}

impl PreviousGtids {
    /// Reads the body.
    pub fn decode(body: &[u8]) -> Result<Self, FieldError> {
        Ok(Self {
            gtids: GtidSet::decode(body)?,
            tagged: GtidSet::is_tagged_form(body),
        })
    }

    /// Appends the body: in the tagged form too if a GTID has a tag.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self.tagged {
            true => self.gtids.encode_tagged(out),
            false => self.gtids.encode(out),
        }
    }
}
