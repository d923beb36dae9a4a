//! What holds of the filter for every log and every rule.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use binlog_dumper::{Dump as _, JsonDumper};
use binlog_filter::{Filter, Policy, RuleSet, Selection};
use binlog_parser::{Chunk, Event};
use binlog_source::{FileOptions, FileSource, Input, Next, Source as _};
use binlog_testkit::{Flavour, binlog};
use binlog_writer::Writer;
use serde_json::Value;

/// So small that statements are cut.
const CHUNK: usize = 200;

/// The row events of a table by their bytes, without the flags: the filter says in them where a statement ends. How
/// often each is there.
type Changes = BTreeMap<(String, u8, Vec<u8>), usize>;

fn fixtures() -> Result<Vec<PathBuf>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    let mut logs = Vec::new();
    for flavour in Flavour::ALL {
        for entry in fs::read_dir(root.join(flavour.name()))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "binlog") {
                logs.push(path);
            }
        }
    }
    ensure!(logs.len() > 40, "only {} fixtures", logs.len());
    Ok(logs)
}

fn source(log: &Path) -> Result<FileSource> {
    let options = FileOptions {
        chunk_limit: CHUNK,
        ..FileOptions::default()
    };
    Ok(FileSource::open(&[Input::Path(log.to_owned())], options)?)
}

fn chunks(log: &Path) -> Result<Vec<Chunk>> {
    let (mut source, mut chunks) = (source(log)?, Vec::new());
    while let Next::Chunk(chunk) = source.next()? {
        chunks.push(chunk);
    }
    Ok(chunks)
}

fn filtered(log: &Path, selection: &Selection) -> Result<Vec<Chunk>> {
    let mut filter = Filter::new(RuleSet::compile(selection)?);
    let chunks = chunks(log)?.into_iter();
    chunks.map(|chunk| Ok(filter.apply(chunk)?)).collect()
}

fn changes(chunks: &[Chunk]) -> Result<Changes> {
    const FLAGS: std::ops::Range<usize> = 6..8;
    let mut changes = Changes::new();
    for chunk in chunks {
        let mut decoder = chunk.decoder();
        for raw in chunk.events() {
            let raw = raw?;
            if let Event::Rows(rows) = decoder.decode(&raw)? {
                let mut body = raw.body().to_vec();
                body.drain(FLAGS);
                let table = format!("{}.{}", rows.table.schema, rows.table.table);
                *changes.entry((table, raw.header.event_type.0, body)).or_default() += 1;
            }
        }
    }
    Ok(changes)
}

fn rules(set: impl Fn(&mut Selection)) -> Selection {
    let mut selection = Selection {
        on_mixed: Policy::Drop,
        on_unparsed: Policy::Drop,
        ..Selection::default()
    };
    set(&mut selection);
    selection
}

/// A rule and its opposite.
fn opposites() -> [[Selection; 2]; 4] {
    let list = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let pattern = "*.*s";
    [
        [
            rules(|selection| selection.tables = list(&[pattern])),
            rules(|selection| selection.not_tables = list(&[pattern])),
        ],
        [
            rules(|selection| selection.tables = list(&["/orders|integers|_/"])),
            rules(|selection| selection.not_tables = list(&["/orders|integers|_/"])),
        ],
        [
            rules(|selection| selection.databases = list(&["shop"])),
            rules(|selection| selection.not_databases = list(&["shop"])),
        ],
        [
            rules(|selection| selection.kinds = list(&["insert"])),
            rules(|selection| selection.kinds = list(&["update", "delete", "ddl", "statement"])),
        ],
    ]
}

#[test]
fn a_rule_and_its_opposite_share_all_rows() -> Result<()> {
    let mut parted = 0;
    for log in fixtures()? {
        let all = changes(&chunks(&log)?)?;
        for (number, pair) in opposites().iter().enumerate() {
            let what = || format!("{} by pair {number}", log.display());
            let [one, other] = pair;
            let one = changes(&filtered(&log, one).with_context(what)?)?;
            let other = changes(&filtered(&log, other).with_context(what)?)?;
            parted += usize::from(!one.is_empty() && !other.is_empty());
            let mut both = one;
            for (change, count) in other {
                *both.entry(change).or_default() += count;
            }
            ensure!(both == all, "{}", what());
        }
    }
    ensure!(parted > 50, "only {parted} logs were parted");
    Ok(())
}

/// Lines of row changes, without where they stand: that is another place in a filtered log.
fn row_lines(chunks: &[Chunk], is_wanted: impl Fn(&str, &str) -> bool) -> Result<Vec<Value>> {
    let (mut dumper, mut text) = (JsonDumper::new(), Vec::new());
    for chunk in chunks {
        dumper.chunk(chunk, &mut text)?;
    }
    let mut lines = Vec::new();
    for line in String::from_utf8(text)?.lines() {
        let mut line: Value = serde_json::from_str(line)?;
        let text = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let is_row = line.get("row").is_some_and(Value::is_u64);
        if is_row && is_wanted(&text("schema"), &text("table")) {
            let object = line.as_object_mut().context("no object")?;
            for place in ["position", "end", "transaction"] {
                object.remove(place);
            }
            lines.push(line);
        }
    }
    Ok(lines)
}

/// The lines of a filtered log are those that the rules select of the whole log's lines.
#[test]
fn dumps_of_filtered_logs_are_the_selected_lines() -> Result<()> {
    let selection = Selection {
        tables: vec!["/\\.(orders|items|i.*|t.*)$/".to_owned()],
        on_mixed: Policy::Keep,
        on_unparsed: Policy::Keep,
        ..Selection::default()
    };
    let rules = RuleSet::compile(&selection)?;
    let folder = tempfile::tempdir()?;
    let mut compared = 0;
    // In these events were lost: a dump ends there.
    let is_whole = |log: &&PathBuf| !log.to_string_lossy().contains("/incident");
    for log in fixtures()?.iter().filter(is_whole) {
        let what = || log.display().to_string();
        let expected = row_lines(&chunks(log)?, |schema, table| rules.keeps_table(schema, table)).with_context(what)?;
        let path = folder.path().join(log.file_name().context("no name")?);
        let mut writer = Writer::new(Vec::new());
        for chunk in filtered(log, &selection).with_context(what)? {
            writer.write(&chunk)?;
        }
        fs::write(&path, writer.finish()?)?;
        let found = row_lines(&chunks(&path)?, |_, _| true).with_context(what)?;
        ensure!(
            expected == found,
            "{}: {} lines became {}",
            what(),
            expected.len(),
            found.len()
        );
        compared += found.len();
    }
    ensure!(compared > 300, "only {compared} lines");
    Ok(())
}

/// The same rules on the command line, in files and in both.
#[test]
fn rules_from_files() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (one, other) = (folder.path().join("one.toml"), folder.path().join("other.toml"));
    fs::write(
        &one,
        "# What is wanted.\ntable = [\"types.keys*\", \"types.integers\"]\n",
    )?;
    fs::write(&other, "kind = \"insert\"\nnot-table = \"types.keys2\"\n")?;
    let log = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/mysql-9.7/row.binlog");
    let run = |arguments: &[&str]| -> Result<Vec<u8>> {
        let output = binlog()?.arg("filter").args(arguments).arg(&log).output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(output.stdout)
    };
    let path = |file: &Path| file.to_string_lossy().into_owned();
    let whole = run(&[
        "--table=types.keys*",
        "--table=types.integers",
        "--kind=insert",
        "--not-table=types.keys2",
    ])?;
    ensure!(
        whole == run(&["--rules", &path(&one), "--rules", &path(&other)])?,
        "in two files"
    );
    let mixed = run(&[
        "--rules",
        &path(&other),
        "--table=types.keys*",
        "--table=types.integers",
    ])?;
    ensure!(whole == mixed, "in one file");
    ensure!(whole != run(&["--rules", &path(&one)])?, "the second file says nothing");
    Ok(())
}
