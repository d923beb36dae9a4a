//! What the client needs to find the ends of statements.

use super::SqlDumper;

/// `utf8mb4_general_ci`, which all servers know.
pub(super) const UTF8MB4: u16 = 45;

/// The client's own character set, in which it looks for quotes and delimiters, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ClientCharset(&'static str);

impl Default for ClientCharset {
    fn default() -> Self {
        Self("utf8mb4")
    }
}

impl SqlDumper {
    /// Sets the client's character set where the next statement needs another one. The client sets that of the session
    /// with it: `character_set_client` follows from the statement anyway, `collation_connection` is set back here.
    pub(super) fn tell_client(&mut self, client: u16, connection: u16, out: &mut Vec<u8>) {
        let charset = ClientCharset::of(client);
        if self.client_charset != charset {
            self.client_charset = charset;
            charset.push(out);
            push(out, format!("SET collation_connection={connection}").as_bytes());
        }
    }
}

impl ClientCharset {
    /// The one that finds the ends of texts in this character set, given by collation number: itself where its characters
    /// may hold the byte of a quote or backslash.
    fn of(collation: u16) -> Self {
        match collation {
            1 | 84 => Self("big5"),
            13 | 88 => Self("sjis"),
            28 | 87 => Self("gbk"),
            95 | 96 => Self("cp932"),
            248..=250 => Self("gb18030"),
            _ => Self::default(),
        }
    }

    /// In the form that `mysqlbinlog` uses: a command that the client takes inside this comment alone.
    pub(super) fn push(self, out: &mut Vec<u8>) {
        out.extend(format!("/*!\\C {} */;\n", self.0).into_bytes());
    }
}

/// Appends a statement and the delimiter that ends it for the client. Where the text holds a
/// semicolon, another delimiter is set for it.
pub(super) fn push(out: &mut Vec<u8>, sql: &[u8]) {
    if !sql.contains(&b';') {
        push_with(out, sql, b";");
        return;
    }
    let delimiter = delimiter_for(sql);
    out.extend(b"DELIMITER ");
    out.extend(&delimiter);
    out.push(b'\n');
    push_with(out, sql, &delimiter);
    out.extend(b"DELIMITER ;\n");
}

/// What ends a row's statement. Inside of it the delimiter can only stand in quotes or backticks, where the client does
/// not look.
const END: &[u8] = b";\n";

/// Ends a row's statement.
pub(super) fn end_values(out: &mut Vec<u8>) {
    out.extend(END);
}

/// Takes back the end of a row's statement.
pub(super) fn reopen_values(out: &mut Vec<u8>) {
    out.truncate(out.len() - END.len());
}

/// A comment at the text's end would hide a delimiter on its line.
fn push_with(out: &mut Vec<u8>, sql: &[u8], delimiter: &[u8]) {
    out.extend(sql);
    let last_line = sql.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    if last_line.contains(&b'#') || last_line.windows(2).any(|pair| pair == b"--") {
        out.push(b'\n');
    }
    out.extend(delimiter);
    out.push(b'\n');
}

/// A delimiter that does not stand in the text.
fn delimiter_for(sql: &[u8]) -> Vec<u8> {
    let usual = b"/*!*/;".to_vec();
    let others = (1_usize..).map(|number| format!("$${number}$$").into_bytes());
    let mut all = std::iter::once(usual.clone()).chain(others);
    let free = |delimiter: &Vec<u8>| !sql.windows(delimiter.len()).any(|part| part == delimiter);
    all.find(free).unwrap_or(usual)
}

#[cfg(test)]
mod tests {
    use super::push;

    #[test]
    fn statements() {
        check("COMMIT", "COMMIT;\n");
        check("SELECT 1 -- x", "SELECT 1 -- x\n;\n");
        check("SELECT '#'", "SELECT '#'\n;\n");
        check("SELECT ';'", "DELIMITER /*!*/;\nSELECT ';'/*!*/;\nDELIMITER ;\n");
        check(
            "SELECT 1 /*!*/;",
            "DELIMITER $$1$$\nSELECT 1 /*!*/;$$1$$\nDELIMITER ;\n",
        );
        check(
            "SELECT '/*!*/; $$1$$'",
            "DELIMITER $$2$$\nSELECT '/*!*/; $$1$$'$$2$$\nDELIMITER ;\n",
        );
    }

    fn check(sql: &str, expected: &str) {
        let mut out = Vec::new();
        push(&mut out, sql.as_bytes());
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }
}
