//! SQL literals for columns of each kind: usual values, the ends of the range, and NULL.

use super::random::Random;

const TEXTS: &[&str] = &[
    "plain",
    "",
    " space at both ends ",
    "it's \"quoted\" and \\ escaped",
    "two\nlines\tand a tab\r",
    "nul \0 inside",
    "Käse für Zoë",
    "日本語のテキスト",
    "emoji 😀🎉",
    "NULL",
    "100% _wild_",
    "`; DROP TABLE shop.orders; -- ",
    "עברית and العربية",
];

/// What latin1 (cp1252, as the servers understand it) can say.
const LATIN1_TEXTS: &[&str] = &["plain", "", "déjà vu", "Größe 5 µm", "10 € ‰", "£ÿþ", "it's"];

const JSON_TEXTS: &[&str] = &[
    "{}",
    "[]",
    "null",
    "true",
    "\"text\"",
    "-1",
    "18446744073709551615",
    "1.5e300",
    r#"{"a": 1, "b": [true, null, "ü 😀"], "c": {"d": 1.5, "": "empty key"}}"#,
    r#"[32767, 32768, -32769, 2147483648, -2147483649, 0.1]"#,
    r#"{"quote\"d": "line\nbreak", "back\\slash": "\u0001"}"#,
];

impl Random {
    /// `make`'s value, or NULL in one of ten cases.
    fn or_null(&mut self, make: impl FnOnce(&mut Self) -> String) -> String {
        if self.percent(10) { "NULL".into() } else { make(self) }
    }

    fn digits(&mut self, count: u32) -> u64 {
        let length = 1 + u32::try_from(self.below(u64::from(count))).unwrap_or(0);
        self.below(10_u64.pow(length))
    }

    fn sign(&mut self) -> &'static str {
        self.pick(&["", "", "-"])
    }

    /// `DECIMAL(14,4)`
    pub(super) fn decimal(&mut self) -> String {
        self.or_null(|r| {
            let edge = r.pick(&["9999999999.9999", "-9999999999.9999", "0.0000", "-0.0001"]);
            if r.percent(5) {
                edge.to_owned()
            } else {
                format!("{}{}.{:04}", r.sign(), r.digits(10), r.below(10_000))
            }
        })
    }

    /// A date, from time to time one that is none.
    pub(super) fn date(&mut self) -> String {
        self.or_null(|r| {
            let edge = r.pick(&["'0000-00-00'", "'9999-12-31'", "'1000-01-01'", "'2024-02-00'"]);
            if r.percent(10) {
                edge.to_owned()
            } else {
                format!("'{}'", r.day())
            }
        })
    }

    fn day(&mut self) -> String {
        format!(
            "{:04}-{:02}-{:02}",
            1970 + self.below(120),
            1 + self.below(12),
            1 + self.below(28)
        )
    }

    fn clock(&mut self) -> String {
        format!("{:02}:{:02}:{:02}", self.below(24), self.below(60), self.below(60))
    }

    /// `DATETIME(6)`
    pub(super) fn datetime(&mut self) -> String {
        self.or_null(|r| {
            let micros = if r.percent(20) { 0 } else { r.below(1_000_000) };
            format!("'{} {}.{micros:06}'", r.day(), r.clock())
        })
    }

    /// `TIMESTAMP`, within its range in any time zone.
    pub(super) fn timestamp(&mut self) -> String {
        self.or_null(|r| {
            if r.percent(5) {
                return "'0000-00-00 00:00:00'".into();
            }
            let (year, month, day) = (1971 + r.below(66), 1 + r.below(12), 1 + r.below(28));
            format!("'{year}-{month:02}-{day:02} {}'", r.clock())
        })
    }

    /// `TIME(3)`, which also counts hours over 24 and below 0.
    pub(super) fn time(&mut self) -> String {
        self.or_null(|r| {
            let edge = r.pick(&["'838:59:59.000'", "'-838:59:59.000'", "'-00:00:00.001'", "'00:00:00'"]);
            if r.percent(10) {
                return edge.to_owned();
            }
            let (hours, minutes, seconds) = (r.below(800), r.below(60), r.below(60));
            format!("'{}{hours}:{minutes:02}:{seconds:02}.{:03}'", r.sign(), r.below(1000))
        })
    }

    /// `YEAR`
    pub(super) fn year(&mut self) -> String {
        self.or_null(|r| {
            if r.percent(10) {
                "0".into()
            } else {
                (1901 + r.below(255)).to_string()
            }
        })
    }

    /// `FLOAT`
    pub(super) fn float(&mut self) -> String {
        self.or_null(|r| {
            let edge = r.pick(&["3.4e38", "-1.2e-38", "0", "0.1", "16777217"]);
            let common = format!("{}{}.{}", r.sign(), r.digits(6), r.digits(4));
            if r.percent(20) { edge.to_owned() } else { common }
        })
    }

    /// `DOUBLE`
    pub(super) fn double(&mut self) -> String {
        self.or_null(|r| {
            let edge = r.pick(&["1.7976931348623157e308", "-2.2250738585072014e-308", "0.1", "1e22"]);
            let common = format!("{}{}.{}e{}", r.sign(), r.digits(3), r.digits(15), r.below(40));
            if r.percent(20) { edge.to_owned() } else { common }
        })
    }

    /// An integer from `least` to `most`, its ends more often than others.
    pub(super) fn integer(&mut self, least: i128, most: u64) -> String {
        self.or_null(|r| {
            let span = u64::try_from(i128::from(most) - least).unwrap_or(u64::MAX);
            let distance = match r.below(10) {
                0 => 0,
                1 => span,
                2..=6 => r.below(1000).min(span),
                _ => r.next() % span,
            };
            (least + i128::from(distance)).to_string()
        })
    }

    /// `BIT(12)`
    pub(super) fn bits(&mut self) -> String {
        self.or_null(|r| format!("b'{:b}'", r.below(1 << 12)))
    }

    /// A value of the `ENUM`, now and then the empty one that stands for an invalid value.
    pub(super) fn status(&mut self) -> String {
        self.or_null(|r| {
            let value = r.pick(&["new", "paid", "sent", "zurück", "取消"]);
            if r.percent(3) { "0".into() } else { quoted(value) }
        })
    }

    /// Any members of the `SET`.
    pub(super) fn tags(&mut self) -> String {
        self.or_null(|r| r.below(1 << 9).to_string())
    }

    /// Up to `longest` bytes of any value.
    pub(super) fn binary(&mut self, longest: u64) -> String {
        self.or_null(|r| hexadecimal(&r.bytes(longest)))
    }

    /// A text in utf8mb4, of at most 60 characters.
    pub(super) fn text(&mut self) -> String {
        self.or_null(|r| {
            let text = r.pick(TEXTS);
            if r.percent(50) {
                quoted(&format!("{text} {}", r.below(1000)))
            } else {
                quoted(text)
            }
        })
    }

    /// A text that latin1 can say.
    pub(super) fn latin1_text(&mut self) -> String {
        self.or_null(|r| {
            let count = if r.percent(5) { r.below(300) } else { 1 };
            quoted(&r.pick(LATIN1_TEXTS).repeat(usize::try_from(count).unwrap_or(1)))
        })
    }

    /// A JSON document, rarely one of over 64 KB, which is stored in another way.
    pub(super) fn json(&mut self) -> String {
        self.or_null(|r| {
            let text = r.pick(JSON_TEXTS);
            match r.below(100) {
                0 => quoted(&format!(r#"{{"long": "{}", "n": {text}}}"#, "x".repeat(70_000))),
                1..30 => quoted(&format!(r#"{{"n": {}, "in": {text}}}"#, r.below(1000))),
                _ => quoted(text),
            }
        })
    }
}

/// A text as an SQL string.
pub(super) fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('\'', "''").replace('\0', "\\0");
    format!("'{text}'")
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    format!("X'{digits}'")
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn texts_are_quoted() {
        assert_eq!(quoted("it's \\ \0"), r"'it''s \\ \0'");
    }
}
