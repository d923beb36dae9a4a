//! Identifiers.

/// Appends a name in backticks, with those inside doubled. It reads the same in any `sql_mode`.
pub fn push_identifier(out: &mut Vec<u8>, name: &str) {
    out.push(b'`');
    for (index, part) in name.split('`').enumerate() {
        out.extend(if index > 0 { &b"``"[..] } else { b"" });
        out.extend(part.as_bytes());
    }
    out.push(b'`');
}

/// Appends a qualified table name.
pub fn push_table(out: &mut Vec<u8>, schema: &str, table: &str) {
    push_identifier(out, schema);
    out.push(b'.');
    push_identifier(out, table);
}

#[cfg(test)]
mod tests {
    use super::push_table;

    #[test]
    fn tables() {
        check("a", "b", "`a`.`b`");
        check("a`b", "``", "`a``b`.``````");
        check("ä", "select", "`ä`.`select`");
    }

    fn check(schema: &str, table: &str, expected: &str) {
        let mut out = Vec::new();
        push_table(&mut out, schema, table);
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }
}
