//! VECTOR.

use super::{float, integer};

/// Appends the elements: `[1.50000e+00,-2.00000e+00]`. Bytes that are left over are not looked at.
pub(super) fn push(out: &mut Vec<u8>, value: &[u8]) {
    let (elements, _) = value.as_chunks::<4>();
    out.push(b'[');
    for (index, element) in elements.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        float::push_scientific(out, f32::from_bits(integer::little(element) as u32));
    }
    out.push(b']');
}
