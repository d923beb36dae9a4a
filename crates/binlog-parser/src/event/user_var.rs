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
    /// What stands behind them: nothing, or attributes of MariaDB 11.6 on, such as the name of the data type.
    pub attributes: &'a [u8],
}

impl<'a> UserVar<'a> {
    /// Reads the body.
    pub fn decode(body: &'a [u8]) -> Result<Self, FieldError> {
        let mut reader = Reader::new(body);
        let len = reader.u32("name length")? as usize;
        let name = reader.take(len, "name")?;
        let value = match reader.flag("is null")? {
            true => None,
            false => Some(UserVarValue::read(&mut reader)?),
        };
        Ok(Self {
            name,
            value,
            attributes: reader.take_rest(),
        })
    }

    /// Appends the body.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend((self.name.len() as u32).to_le_bytes());
        out.extend(self.name);
        out.push(u8::from(self.value.is_none()));
        if let Some(value) = &self.value {
            value.put(out);
        }
        out.extend(self.attributes);
    }
}

impl<'a> UserVarValue<'a> {
    /// The byte behind the value is that of the flags in MySQL, and in MariaDB the first attribute, which has no
    /// value if it is 0 (signed) or 1 (unsigned).
    fn read(reader: &mut Reader<'a>) -> Result<Self, FieldError> {
        let value_type = value_type(reader.u8("type")?)?;
        let collation = reader.u32("collation")?;
        let len = reader.u32("value length")? as usize;
        let bytes = reader.take(len, "value")?;
        let unsigned = match reader.peek().first() {
            Some(0..=1) => Some(reader.flag("flags")?),
            _ => None,
        };
        Ok(Self {
            value_type,
            collation,
            unsigned,
            bytes,
        })
    }

    fn put(&self, out: &mut Vec<u8>) {
        out.push(match self.value_type {
            UserVarType::String => 0,
            UserVarType::Real => 1,
            UserVarType::Int => 2,
            UserVarType::Decimal => 4,
        });
        out.extend(self.collation.to_le_bytes());
        out.extend((self.bytes.len() as u32).to_le_bytes());
        out.extend(self.bytes);
        out.extend(self.unsigned.map(u8::from));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &[u8], unsigned: Option<Option<bool>>, attributes: &[u8]) {
        let variable = UserVar::decode(body).unwrap();
        assert_eq!(variable.name, b"ab");
        assert_eq!(variable.value.map(|value| value.unsigned), unsigned);
        assert_eq!(variable.attributes, attributes);
        let mut again = Vec::new();
        variable.encode(&mut again);
        assert_eq!(again, body);
        for len in 0..7 {
            assert!(UserVar::decode(&body[..len]).is_err(), "{len}");
        }
    }

    #[test]
    fn both_ways() {
        check(b"\x02\0\0\0ab\x01", None, b"");
        check(b"\x02\0\0\0ab\x01\x02\x05inet6", None, b"\x02\x05inet6");
        let value = b"\x02\0\0\0ab\0\x02\x3f\0\0\0\x02\0\0\0xy";
        check(value, Some(None), b"");
        check(&[&value[..], &[1]].concat(), Some(Some(true)), b"");
        check(
            &[&value[..], &[0, 2, 1, b'x']].concat(),
            Some(Some(false)),
            b"\x02\x01x",
        );
        check(&[&value[..], &[2, 1, b'x']].concat(), Some(None), b"\x02\x01x");
        let error = UserVar::decode(b"\x02\0\0\0ab\x02").unwrap_err();
        assert_eq!(error.to_string(), "is null: 2 is neither 0 nor 1");
    }
}
