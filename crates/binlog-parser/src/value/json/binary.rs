//! Trees as MySQL's server stores them.
//!
//! Layout and choice of forms: `serialize_json_value` in MySQL's `json_binary.cc`. Containers have the small form, with
//! 2-byte numbers, if they and all in them have less than 64 KiB. If one does not, it and all around it take
//! the large form, with 4-byte numbers.

use super::tree::{Json, JsonObject};
use super::{MAX_DEPTH, invalid};
use crate::error::FieldError;

/// Why a container was not written.
enum Stopped {
    /// It needs the large form.
    TooLarge,
    Error(FieldError),
}

impl Json<'_> {
    /// Appends the document in MySQL's binary form: the same bytes that the server writes for it.
    ///
    /// (A document that the server changed in place, as it does for partial updates, can have other bytes: it has holes.)
    ///
    /// # Errors
    /// There are more than 100 levels, a key has more than 65,535 bytes, or the document more than 4 GiB.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), FieldError> {
        let start = out.len();
        out.push(0);
        let mut writer = Writer { out, depth: 0 };
        match writer.value(self, start, false) {
            Ok(()) => Ok(()),
            Err(Stopped::Error(error)) => Err(error),
            Err(Stopped::TooLarge) => Err(invalid("size", u64::from(u32::MAX), "bytes are exceeded")),
        }
    }
}

struct Writer<'o> {
    out: &'o mut Vec<u8>,
    depth: usize,
}

impl Writer<'_> {
    /// Appends a value, and sets the byte that tells its type.
    fn value(&mut self, value: &Json<'_>, type_at: usize, in_small: bool) -> Result<(), Stopped> {
        let code = match value {
            Json::Null => self.push(4, &[0]),
            Json::Bool(true) => self.push(4, &[1]),
            Json::Bool(false) => self.push(4, &[2]),
            Json::Int(value) => self.int(*value),
            Json::UInt(value) => self.uint(*value),
            Json::Double(value) => self.push(11, &value.to_le_bytes()),
            Json::String(text) => {
                self.variable_length(text.len());
                self.push(12, text.as_bytes())
            }
            Json::Opaque { column_type, data } => {
                self.out.push(column_type.0);
                self.variable_length(data.len());
                self.push(15, data)
            }
            Json::Array(_) | Json::Object(_) => self.container(value, in_small)?,
        };
        self.set(type_at, &[code]);
        Ok(())
    }

    fn push(&mut self, code: u8, bytes: &[u8]) -> u8 {
        self.out.extend(bytes);
        code
    }

    fn int(&mut self, value: i64) -> u8 {
        if let Ok(short) = i16::try_from(value) {
            self.push(5, &short.to_le_bytes())
        } else if let Ok(middle) = i32::try_from(value) {
            self.push(7, &middle.to_le_bytes())
        } else {
            self.push(9, &value.to_le_bytes())
        }
    }

    fn uint(&mut self, value: u64) -> u8 {
        if let Ok(short) = u16::try_from(value) {
            self.push(6, &short.to_le_bytes())
        } else if let Ok(middle) = u32::try_from(value) {
            self.push(8, &middle.to_le_bytes())
        } else {
            self.push(10, &value.to_le_bytes())
        }
    }

    /// In the small form if it fits; in the large one only where the container around it has that, too.
    /// What is too large for the small form is known after 64 KiB, so that trying costs no more than that.
    fn container(&mut self, value: &Json<'_>, in_small: bool) -> Result<u8, Stopped> {
        if self.depth == MAX_DEPTH {
            let error = invalid("depth", MAX_DEPTH as u64 + 1, "is more than 100 levels");
            return Err(Stopped::Error(error));
        }
        let (start, depth) = (self.out.len(), self.depth);
        let first = if matches!(value, Json::Object(_)) { 0 } else { 2 };
        match self.elements(value, false) {
            Err(Stopped::TooLarge) if !in_small => {
                self.out.truncate(start);
                self.depth = depth;
                self.elements(value, true)?;
                Ok(first + 1)
            }
            done => done.map(|()| first),
        }
    }

    fn elements(&mut self, value: &Json<'_>, is_large: bool) -> Result<(), Stopped> {
        self.depth += 1;
        match value {
            Json::Array(elements) => self.array(elements, is_large)?,
            Json::Object(object) => self.object(object, is_large)?,
            _ => {}
        }
        self.depth -= 1;
        Ok(())
    }

    fn array(&mut self, elements: &[Json<'_>], is_large: bool) -> Result<(), Stopped> {
        let form = Form {
            start: self.out.len(),
            is_large,
        };
        self.number(elements.len(), form)?;
        self.number(0, form)?;
        let entries = self.reserve(elements.len(), form)?;
        for (index, element) in elements.iter().enumerate() {
            self.element(element, entries + index * form.entry_len(), form)?;
        }
        self.size(form)
    }

    fn object(&mut self, object: &JsonObject<'_>, is_large: bool) -> Result<(), Stopped> {
        let form = Form {
            start: self.out.len(),
            is_large,
        };
        self.number(object.len(), form)?;
        self.number(0, form)?;
        let tables = 2 * form.width() + object.len() * (form.width() + 2 + form.entry_len());
        self.keys(object, tables, form)?;
        let entries = self.reserve(object.len(), form)?;
        for (key, _) in object.iter() {
            self.out.extend(key.as_bytes());
        }
        for (index, (_, value)) in object.iter().enumerate() {
            self.element(value, entries + index * form.entry_len(), form)?;
        }
        self.size(form)
    }

    /// Offset and length of each key; they begin behind the tables.
    fn keys(&mut self, object: &JsonObject<'_>, tables: usize, form: Form) -> Result<(), Stopped> {
        let mut offset = tables;
        for (key, _) in object.iter() {
            let Ok(len) = u16::try_from(key.len()) else {
                let error = invalid("length of a key", key.len() as u64, "is more than 65535");
                return Err(Stopped::Error(error));
            };
            self.number(offset, form)?;
            self.out.extend(len.to_le_bytes());
            offset += key.len();
        }
        Ok(())
    }

    /// Room for the entries of values; where they begin.
    fn reserve(&mut self, count: usize, form: Form) -> Result<usize, Stopped> {
        let entries = self.out.len();
        form.check(count * form.entry_len())?;
        self.out.resize(entries + count * form.entry_len(), 0);
        Ok(entries)
    }

    /// A value in its entry, or behind all that was written.
    fn element(&mut self, value: &Json<'_>, entry: usize, form: Form) -> Result<(), Stopped> {
        if let Some((code, bits)) = inlined(value, form.is_large) {
            self.set(entry, &[code]);
            self.set(entry + 1, form.bytes(&bits.to_le_bytes()));
            return Ok(());
        }
        let offset = self.out.len() - form.start;
        form.check(offset)?;
        self.set(entry + 1, form.bytes(&(offset as u32).to_le_bytes()));
        self.value(value, entry, !form.is_large)
    }

    fn number(&mut self, value: usize, form: Form) -> Result<(), Stopped> {
        form.check(value)?;
        self.out.extend(form.bytes(&(value as u32).to_le_bytes()));
        Ok(())
    }

    /// Sets the size of the container, now that it is known.
    fn size(&mut self, form: Form) -> Result<(), Stopped> {
        let size = self.out.len() - form.start;
        form.check(size)?;
        self.set(form.start + form.width(), form.bytes(&(size as u32).to_le_bytes()));
        Ok(())
    }

    fn set(&mut self, at: usize, bytes: &[u8]) {
        if let Some(place) = self.out.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    }

    /// Seven bits a byte, the lowest first; the highest bit says that more follow.
    fn variable_length(&mut self, mut len: usize) {
        while len > 0x7f {
            self.out.push(len as u8 | 0x80);
            len >>= 7;
        }
        self.out.push(len as u8);
    }
}

/// Where a container begins, and its form.
#[derive(Clone, Copy)]
struct Form {
    start: usize,
    is_large: bool,
}

impl Form {
    /// Bytes of numbers, sizes and offsets.
    fn width(self) -> usize {
        if self.is_large { 4 } else { 2 }
    }

    /// Bytes of a value's entry.
    fn entry_len(self) -> usize {
        1 + self.width()
    }

    fn bytes(self, number: &[u8; 4]) -> &[u8] {
        number.get(..self.width()).unwrap_or(number)
    }

    fn check(self, number: usize) -> Result<(), Stopped> {
        let largest = if self.is_large { u32::MAX as usize } else { 0xffff };
        if number > largest {
            Err(Stopped::TooLarge)
        } else {
            Ok(())
        }
    }
}

/// Type and bits of a value that stands in its entry.
fn inlined(value: &Json<'_>, is_large: bool) -> Option<(u8, u32)> {
    Some(match *value {
        Json::Null => (4, 0),
        Json::Bool(true) => (4, 1),
        Json::Bool(false) => (4, 2),
        Json::Int(value) => match (i16::try_from(value), i32::try_from(value)) {
            (Ok(short), _) => (5, short as u32),
            (_, Ok(middle)) if is_large => (7, middle as u32),
            _ => return None,
        },
        Json::UInt(value) => match (u16::try_from(value), u32::try_from(value)) {
            (Ok(short), _) => (6, u32::from(short)),
            (_, Ok(middle)) if is_large => (8, middle),
            _ => return None,
        },
        _ => return None,
    })
}
