//! Well-known binary as well-known text, in two dimensions, as the servers store geometries.

use std::fmt::Write as _;

/// Geometries inside each other: the servers allow fewer.
const DEEPEST: u8 = 64;

/// The text; `None` for bytes that are no geometry.
pub(super) fn text(wkb: &[u8]) -> Option<String> {
    let (mut reader, mut out) = (Reader { rest: wkb, big: false }, String::new());
    reader.geometry(&mut out, true, DEEPEST)?;
    reader.rest.is_empty().then_some(out)
}

struct Reader<'a> {
    rest: &'a [u8],
    /// Whether the most significant byte comes first.
    big: bool,
}

impl Reader<'_> {
    /// `named` with the geometry's name: parts of a MULTI geometry have none.
    fn geometry(&mut self, out: &mut String, named: bool, depth: u8) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        self.big = self.take::<1>()? == [0];
        let kind = self.u32()?;
        let name = match kind {
            1 => "POINT",
            2 => "LINESTRING",
            3 => "POLYGON",
            4 => "MULTIPOINT",
            5 => "MULTILINESTRING",
            6 => "MULTIPOLYGON",
            7 => "GEOMETRYCOLLECTION",
            _ => return None,
        };
        if named {
            out.push_str(name);
            out.push(' ');
        }
        match kind {
            1 => {
                out.push('(');
                self.point(out)?;
                out.push(')');
                Some(())
            }
            2 => self.list(out, |reader, out| reader.point(out)),
            3 => self.list(out, |reader, out| reader.list(out, |reader, out| reader.point(out))),
            kind => self.list(out, |reader, out| reader.geometry(out, kind == 7, depth)),
        }
    }

    fn list(&mut self, out: &mut String, mut each: impl FnMut(&mut Self, &mut String) -> Option<()>) -> Option<()> {
        let count = self.u32()?;
        if count == 0 {
            out.push_str("EMPTY");
            return Some(());
        }
        for index in 0..count {
            out.push_str(if index == 0 { "(" } else { ", " });
            each(self, out)?;
        }
        out.push(')');
        Some(())
    }

    fn point(&mut self, out: &mut String) -> Option<()> {
        let (x, y) = (self.f64()?, self.f64()?);
        // Writing to a string does not fail.
        let _ = write!(out, "{x} {y}");
        Some(())
    }

    fn f64(&mut self) -> Option<f64> {
        let bytes = self.take()?;
        Some(if self.big {
            f64::from_be_bytes(bytes)
        } else {
            f64::from_le_bytes(bytes)
        })
    }

    fn u32(&mut self) -> Option<u32> {
        let bytes = self.take()?;
        Some(if self.big {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        })
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn geometries() {
        let point = [&[1, 1, 0, 0, 0][..], &f64s(&[1.0, -2.5])].concat();
        check(&point, Some("POINT (1 -2.5)"));
        check(&[&[0, 0, 0, 0, 1][..], &[0; 16]].concat(), Some("POINT (0 0)"));
        check(
            &[&[1, 2, 0, 0, 0, 2, 0, 0, 0][..], &f64s(&[0.0, 0.1, 1e20, 1.0])].concat(),
            Some("LINESTRING (0 0.1, 100000000000000000000 1)"),
        );
        check(
            &[&[1, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0][..], &f64s(&[1.0, 2.0])].concat(),
            Some("POLYGON ((1 2))"),
        );
        check(
            &[&[1, 4, 0, 0, 0, 1, 0, 0, 0], &*point].concat(),
            Some("MULTIPOINT ((1 -2.5))"),
        );
        check(
            &[&[1, 7, 0, 0, 0, 1, 0, 0, 0], &*point].concat(),
            Some("GEOMETRYCOLLECTION (POINT (1 -2.5))"),
        );
        check(&[1, 7, 0, 0, 0, 0, 0, 0, 0], Some("GEOMETRYCOLLECTION EMPTY"));
        check(&point[..20], None);
        check(&[&*point, &[0]].concat(), None);
        check(&[1, 8, 0, 0, 0], None);
        check(&[1, 7, 0, 0, 0, 1, 0, 0, 0].repeat(100), None);
    }

    fn f64s(values: &[f64]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    fn check(wkb: &[u8], expected: Option<&str>) {
        assert_eq!(text(wkb).as_deref(), expected);
    }
}
