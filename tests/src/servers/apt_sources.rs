//! The Debian mirrors that the host's own apt sources name, in both formats of `sources.list(5)`.

use std::fs;
use std::path::{Path, PathBuf};

/// The mirrors of the main archive, in the order of the host's sources, each once.
pub(super) fn mirrors() -> Vec<String> {
    let mut mirrors = Vec::new();
    for file in source_files(Path::new("/etc/apt")) {
        let text = fs::read_to_string(&file).unwrap_or_default();
        let found = if file.extension().is_some_and(|extension| extension == "sources") {
            deb822(&text)
        } else {
            one_line(&text)
        };
        for source in found.into_iter().filter(Source::is_main_archive) {
            if !mirrors.contains(&source.uri) {
                mirrors.push(source.uri);
            }
        }
    }
    mirrors
}

fn source_files(apt: &Path) -> Vec<PathBuf> {
    let mut parts: Vec<PathBuf> = fs::read_dir(apt.join("sources.list.d"))
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "list" || e == "sources"))
        .collect();
    parts.sort();
    parts.insert(0, apt.join("sources.list"));
    parts
}

/// One archive and suite.
#[derive(Debug, PartialEq, Eq)]
struct Source {
    uri: String,
    suite: String,
    components: Vec<String>,
}

impl Source {
    /// Not the security archive, a backport or somebody's own repository.
    fn is_main_archive(&self) -> bool {
        self.components.iter().any(|component| component == "main")
            && !self.suite.contains("security")
            && !self.suite.contains('/')
            && !self.uri.starts_with("cdrom:")
    }
}

/// `deb [options] URI SUITE COMPONENT…`
fn one_line(text: &str) -> Vec<Source> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    lines.filter_map(one_line_source).collect()
}

fn one_line_source(line: &str) -> Option<Source> {
    let rest = line.trim().strip_prefix("deb")?;
    let rest = rest.starts_with([' ', '\t', '[']).then(|| rest.trim_start())?;
    let rest = match rest.strip_prefix('[') {
        Some(options) => options.split_once(']')?.1,
        None => rest,
    };
    let mut words = rest.split_whitespace().map(str::to_owned);
    Some(Source {
        uri: words.next()?,
        suite: words.next()?,
        components: words.collect(),
    })
}

/// Stanzas of `Field: value`, a blank line between them.
fn deb822(text: &str) -> Vec<Source> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    lines
        .split(|line| line.trim().is_empty())
        .flat_map(stanza_sources)
        .collect()
}

fn stanza_sources(lines: &[&str]) -> Vec<Source> {
    let enabled = field(lines, "Enabled").first().is_none_or(|value| value != "no");
    if !enabled || !field(lines, "Types").iter().any(|kind| kind == "deb") {
        return Vec::new();
    }
    let components = field(lines, "Components");
    let suites = field(lines, "Suites");
    let of_uri = |uri: String| {
        let components = components.clone();
        suites.iter().map(move |suite| Source {
            uri: uri.clone(),
            suite: suite.clone(),
            components: components.clone(),
        })
    };
    field(lines, "URIs").into_iter().flat_map(of_uri).collect()
}

/// The words of a field, with those on its continuation lines.
fn field(lines: &[&str], name: &str) -> Vec<String> {
    let is_field = |line: &&&str| {
        line.split_once(':')
            .is_some_and(|(key, _)| key.eq_ignore_ascii_case(name))
    };
    let mut rest = lines.iter().skip_while(|line| !is_field(line));
    let first = rest
        .next()
        .and_then(|line| line.split_once(':'))
        .map(|(_, value)| value);
    let continued = rest.take_while(|line| line.starts_with([' ', '\t'])).copied();
    first
        .into_iter()
        .chain(continued)
        .flat_map(str::split_whitespace)
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Source, deb822, one_line};

    fn check(found: Vec<Source>, expected: &[&str]) {
        let main = found.into_iter().filter(Source::is_main_archive);
        let found: Vec<String> = main.map(|source| format!("{} {}", source.uri, source.suite)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn deb822_sources() {
        let text = "\
Types: deb
# http://old.example/debian
URIs: http://mirror.example/debian
 http://second.example/debian
Suites: bookworm
Components: main contrib

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: sid
Components: main

Types: deb-src
URIs: http://source.example/debian
Suites: sid
Components: main
";
        check(
            deb822(text),
            &[
                "http://mirror.example/debian bookworm",
                "http://second.example/debian bookworm",
            ],
        );
    }

    #[test]
    fn one_line_sources() {
        let text = "\
# deb http://old.example/debian bookworm main
deb [arch=amd64 signed-by=/a/b.gpg] http://mirror.example/debian bookworm main # ours
deb-src http://mirror.example/debian bookworm main
deb http://mirror.example/debian-security bookworm-security main
deb http://else.example/repository ./
deb cdrom:[Debian]/ bookworm main
";
        check(one_line(text), &["http://mirror.example/debian bookworm"]);
    }
}
