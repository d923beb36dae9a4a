//! Collation numbers.
//!
//! `collations.txt` lists `information_schema.COLLATIONS` of MySQL 9.7 and MariaDB 10.11 and 11.8, which
//! give no number two meanings. MariaDB's further ones are computed: `NOPAD` variants have 1024
//! added, and the UCA 14.0.0 ones begin at 2048.

use std::sync::LazyLock;

use binlog_parser::event::Flavour;

/// Number and name, by number.
static COLLATIONS: LazyLock<Vec<(u16, &'static str)>> = LazyLock::new(|| {
    let lines = include_str!("collations.txt").lines();
    lines
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(id, name)| Some((id.parse().ok()?, name)))
        .collect()
});

const NOPAD: u16 = 1024;
const UCA1400: u16 = 2048;
/// Character sets of the UCA 14.0.0 collations, 256 numbers each.
const UCA1400_CHARSETS: [&str; 5] = ["utf8mb3", "utf8mb4", "ucs2", "utf16", "utf32"];
/// Their languages, eight numbers each.
const UCA1400_LANGUAGES: [&str; 25] = [
    "",
    "icelandic_",
    "latvian_",
    "romanian_",
    "slovenian_",
    "polish_",
    "estonian_",
    "spanish_",
    "swedish_",
    "turkish_",
    "czech_",
    "danish_",
    "lithuanian_",
    "slovak_",
    "spanish2_",
    "roman_",
    "persian_",
    "esperanto_",
    "hungarian_",
    "sinhala_",
    "german2_",
    "?",
    "?",
    "vietnamese_",
    "croatian_",
];
const UCA1400_VARIANTS: [&str; 8] = [
    "ai_ci",
    "ai_cs",
    "as_ci",
    "as_cs",
    "nopad_ai_ci",
    "nopad_ai_cs",
    "nopad_as_ci",
    "nopad_as_cs",
];
/// Highest number that both flavours use, with some gaps.
const LAST_SHARED: u16 = 247;

/// Character set of a collation, by the name that both flavours know it by.
#[must_use]
pub fn charset(id: u16) -> Option<&'static str> {
    if let Some(above) = id.checked_sub(UCA1400) {
        return UCA1400_CHARSETS.get(usize::from(above / 256)).copied();
    }
    let name = plain_name(if id >= NOPAD { id - NOPAD } else { id })?;
    Some(name.split_once('_').map_or(name, |(charset, _)| charset))
}

/// Name of a collation in MySQL.
#[must_use]
pub fn mysql_name(id: u16) -> Option<String> {
    name(id, Flavour::MySql)
}

/// Name of a collation on a server of the `target` flavour.
pub(super) fn name(id: u16, target: Flavour) -> Option<String> {
    if let Some(above) = id.checked_sub(UCA1400) {
        return uca1400_name(above);
    }
    if let Some(padded) = id.checked_sub(NOPAD) {
        let name = plain_name(padded)?;
        return Some(match name.strip_suffix("_bin") {
            Some(charset) => format!("{charset}_nopad_bin"),
            None => format!("{}_nopad_ci", name.strip_suffix("_ci")?),
        });
    }
    let name = plain_name(id)?;
    match (target, name.strip_suffix("_croatian_ci")) {
        (Flavour::MariaDb, Some(charset)) if id < 256 => Some(format!("{charset}_croatian_mysql561_ci")),
        _ => Some(name.to_owned()),
    }
}

/// A number of a collation of the same character set that `target` knows if it is not `source`.
pub(super) fn for_target(id: u16, source: Flavour, target: Flavour) -> u16 {
    if source == target || id <= LAST_SHARED {
        return id;
    }
    let general = charset(id).and_then(|charset| plain_id(&format!("{charset}_general_ci")));
    general.unwrap_or(id)
}

fn plain_name(id: u16) -> Option<&'static str> {
    let index = COLLATIONS.binary_search_by_key(&id, |(id, _)| *id).ok()?;
    COLLATIONS.get(index).map(|(_, name)| *name)
}

fn plain_id(name: &str) -> Option<u16> {
    COLLATIONS.iter().find(|(_, found)| *found == name).map(|(id, _)| *id)
}

fn uca1400_name(above: u16) -> Option<String> {
    let charset = UCA1400_CHARSETS.get(usize::from(above / 256))?;
    let language = UCA1400_LANGUAGES.get(usize::from(above % 256 / 8))?;
    let variant = UCA1400_VARIANTS.get(usize::from(above % 8))?;
    (*language != "?").then(|| format!("{charset}_uca1400_{language}{variant}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        check(8, "latin1", "latin1_swedish_ci");
        check(33, "utf8mb3", "utf8mb3_general_ci");
        check(63, "binary", "binary");
        check(255, "utf8mb4", "utf8mb4_0900_ai_ci");
        check(1069, "utf8mb4", "utf8mb4_general_nopad_ci");
        check(1070, "utf8mb4", "utf8mb4_nopad_bin");
        check(2304, "utf8mb4", "utf8mb4_uca1400_ai_ci");
        check(2501, "utf8mb4", "utf8mb4_uca1400_croatian_nopad_ai_cs");
        check(245, "utf8mb4", "utf8mb4_croatian_ci");
        assert_eq!(
            name(245, Flavour::MariaDb).as_deref(),
            Some("utf8mb4_croatian_mysql561_ci")
        );
        assert_eq!((charset(17), name(2472, Flavour::MariaDb)), (None, None));
    }

    #[test]
    fn across_flavours() {
        assert_eq!(for_target(255, Flavour::MySql, Flavour::MariaDb), 45);
        assert_eq!(for_target(255, Flavour::MySql, Flavour::MySql), 255);
        assert_eq!(for_target(2048, Flavour::MariaDb, Flavour::MySql), 33);
        assert_eq!(for_target(8, Flavour::MariaDb, Flavour::MySql), 8);
    }

    fn check(id: u16, expected_charset: &str, expected_name: &str) {
        assert_eq!(charset(id), Some(expected_charset), "{id}");
        assert_eq!(name(id, Flavour::MySql).as_deref(), Some(expected_name), "{id}");
    }
}
