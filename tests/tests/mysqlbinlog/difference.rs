//! Where two runs first differ.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use super::program::{Outcome, Status};

/// As much of a line as is shown.
const SHOWN: usize = 400;

/// So many kinds of differences are shown, and so many cases of each kind.
const KINDS: usize = 40;
const EXAMPLES: usize = 6;

/// What both wrote where they first differ.
pub(crate) struct Difference {
    /// `stdout line 5`, `exit status`
    place: String,
    /// The line before, where both agree.
    before: String,
    theirs: String,
    ours: String,
}

impl Difference {
    /// `None` if the runs are the same. Where the real program crashed, ours only must not.
    pub(crate) fn between(theirs: &Outcome, ours: &Outcome) -> Option<Self> {
        if matches!(theirs.status, Status::Signal(_)) {
            return ours
                .status
                .is_crash()
                .then(|| Self::of_status(theirs.status, ours.status));
        }
        let stderr = || Self::of_text("stderr", &theirs.stderr, &ours.stderr);
        let status = || (theirs.status != ours.status).then(|| Self::of_status(theirs.status, ours.status));
        let stdout = || Self::of_text("stdout", &theirs.stdout, &ours.stdout);
        let printed = if is_help(&theirs.stdout) { None } else { stdout() };
        printed
            .or_else(stderr)
            .or_else(status)
            .or_else(|| Self::of_files(&theirs.files, &ours.files))
    }

    fn of_status(theirs: Status, ours: Status) -> Self {
        Self::new("exit status".into(), format!("{theirs:?}"), format!("{ours:?}"))
    }

    fn new(place: String, theirs: String, ours: String) -> Self {
        let before = String::new();
        Self {
            place,
            before,
            theirs,
            ours,
        }
    }

    fn of_text(what: &str, theirs: &[u8], ours: &[u8]) -> Option<Self> {
        if theirs == ours {
            return None;
        }
        let mut lines = theirs.split_inclusive(is_newline).zip(ours.split_inclusive(is_newline));
        let same = lines.by_ref().take_while(|(theirs, ours)| theirs == ours).count();
        let line = |text: &[u8], number: usize| {
            text.split_inclusive(is_newline)
                .nth(number)
                .map_or("(end)".into(), shown)
        };
        Some(Self {
            place: format!("{what} line {}", same + 1),
            before: same.checked_sub(1).map_or(String::new(), |before| line(theirs, before)),
            theirs: line(theirs, same),
            ours: line(ours, same),
        })
    }

    fn of_files(theirs: &BTreeMap<String, Vec<u8>>, ours: &BTreeMap<String, Vec<u8>>) -> Option<Self> {
        let names = |files: &BTreeMap<String, Vec<u8>>| format!("{:?}", files.keys().collect::<Vec<_>>());
        if !theirs.keys().eq(ours.keys()) {
            return Some(Self::new("files".into(), names(theirs), names(ours)));
        }
        let mut pairs = theirs.iter().zip(ours.values());
        pairs.find_map(|((name, theirs), ours)| Self::of_text(&format!("file {name}"), theirs, ours))
    }

    /// The same for differences that are likely to have one cause.
    fn kind(&self) -> String {
        let words = [&self.place, &self.theirs, &self.ours].map(|text| without_numbers(text));
        words.join("|")
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  {}, after {}", self.place, self.before)?;
        writeln!(f, "    theirs: {}", self.theirs)?;
        writeln!(f, "    ours:   {}", self.ours)
    }
}

/// All differences, those of one kind together.
pub(crate) fn report(differences: &[(String, Difference)]) -> String {
    let mut kinds: BTreeMap<String, Vec<&(String, Difference)>> = BTreeMap::new();
    for difference in differences {
        kinds.entry(difference.1.kind()).or_default().push(difference);
    }
    let mut kinds: Vec<_> = kinds.into_values().collect();
    kinds.sort_by_key(|cases| std::cmp::Reverse(cases.len()));
    let mut text = format!("{} cases differ, in {} ways\n", differences.len(), kinds.len());
    for cases in kinds.iter().take(KINDS) {
        let _ = writeln!(text, "{} cases:", cases.len());
        let names = cases.iter().take(EXAMPLES).map(|(name, _)| name);
        names.for_each(|name| text.push_str(&format!("  {name}\n")));
        cases
            .iter()
            .take(1)
            .for_each(|(_, difference)| text.push_str(&difference.to_string()));
    }
    text
}

/// The real program's words about itself are not ours to copy.
fn is_help(stdout: &[u8]) -> bool {
    let line = stdout.split(|byte| *byte == b'\n').next().unwrap_or_default();
    line.windows(6).any(|part| part == b"  Ver ")
}

const fn is_newline(byte: &u8) -> bool {
    *byte == b'\n'
}

fn shown(line: &[u8]) -> String {
    let text = line.escape_ascii().to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}… ({} bytes)", text.get(..end).unwrap_or_default(), line.len()),
        None => text,
    }
}

fn without_numbers(text: &str) -> String {
    let words = text
        .split(|c: char| !c.is_ascii_alphabetic())
        .filter(|word| !word.is_empty());
    words.take(5).collect::<Vec<_>>().join(" ")
}
