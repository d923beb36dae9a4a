//! USER_VAR: a user variable that the next statement reads.

use crate::error::FieldError;
use crate::reader::Reader;

/// Type of a user variable's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserVarType {
    /// Text or bytes.
    String,
    /// Eight bytes of a double.
    Real,
    /// Eight bytes of an integer.
    Int,
    /// A packed decimal with two bytes of precision and scale before it.
    Decimal,
}

/// Value of a user variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserVarValue<'a> {
    /// Type.
    pub value_type: UserVarType,
    /// Collation number of the value.
    pub collation: u32,
    /// Whether an integer is unsigned; `None` where the server did not say.
    pub unsigned: Option<bool>,
    /// The value as stored.
    pub bytes: &'a [u8],
}

/// A user variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserVar<'a> {
    /// Name without the at sign.
    pub name: &'a [u8],
    /// Value; `None` is NULL.
    pub value: Option<UserVarValue<'a>>,
}

impl<'a> UserVar<'a> {
    /// Reads the body.
    pub fn decode(body: &'a [u8]) -> Result<Self, FieldError> {
        let mut reader = Reader::new(body);
        let len = reader.u32("name length")? as usize;
        let name = reader.take(len, "name")?;
        if reader.u8("is null")? != 0 {
            return Ok(Self { name, value: None });
        }
        let value_type = value_type(reader.u8("type")?)?;
        let collation = reader.u32("collation")?;
        let len = reader.u32("value length")? as usize;
        let bytes = reader.take(len, "value")?;
        let unsigned = reader.peek().first().map(|flags| flags & 1 != 0);
        Ok(Self {
            name,
            value: Some(UserVarValue {
                value_type,
                collation,
                unsigned,
                bytes,
            }),
        })
    }
}

fn value_type(code: u8) -> Result<UserVarType, FieldError> {
    match code {
        0 => Ok(UserVarType::String),
        1 => Ok(UserVarType::Real),
        2 => Ok(UserVarType::Int),
        4 => Ok(UserVarType::Decimal),
        _ => Err(FieldError::Invalid {
            field: "type",
            value: u64::from(code),
            why: "is no user variable type",
        }),
    }
}
