//! Encrypted logs, read without their server.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use binlog_source::{FileOptions, FileSource, Input, Keys, Next, Source as _};
use binlog_testkit::{Flavour, Server, ServerOptions, binlog, run_binlog};
use mysql::prelude::Queryable as _;

/// A server with encrypted logs, and what is read of them.
struct Encrypted(Server);

impl Encrypted {
    fn start(options: ServerOptions) -> Result<Self> {
        Ok(Self(Server::start(options.encrypted())?))
    }

    /// Transactions small and large, closed logs, and one that is written.
    fn work(&self) -> Result<()> {
        self.0.execute([
            "CREATE DATABASE d",
            "CREATE TABLE d.t (a INT AUTO_INCREMENT PRIMARY KEY, b LONGTEXT)",
            "INSERT INTO d.t (b) VALUES ('one'), ('two'), (NULL)",
            "FLUSH BINARY LOGS",
        ])?;
        for len in 1..200 {
            self.0
                .execute([format!("INSERT INTO d.t (b) VALUES (REPEAT('x', {len}))")])?;
        }
        self.0.execute([
            "INSERT INTO d.t (b) VALUES (REPEAT('large', 600000))",
            "FLUSH BINARY LOGS",
            "UPDATE d.t SET b = 'three' WHERE a < 100",
            "FLUSH BINARY LOGS",
            "DELETE FROM d.t",
        ])
    }

    fn key_option(&self) -> &'static str {
        match self.0.options().flavour.is_mariadb() {
            true => "--file-key-management-filename",
            false => "--keyring-file",
        }
    }

    fn keys(&self) -> Result<Arc<Keys>> {
        let mut keys = Keys::default();
        match self.0.options().flavour.is_mariadb() {
            true => keys.add_file_key_management(&self.0.key_file(), None)?,
            false => keys.add_keyring_file(&self.0.key_file())?,
        }
        Ok(Arc::new(keys))
    }

    /// What a command says of these logs.
    fn run(&self, command: &[&str], sources: &[PathBuf]) -> Result<Output> {
        let mut run = binlog()?;
        run.args(command).arg(self.key_option()).arg(self.0.key_file());
        run.args(sources).stdin(Stdio::null());
        Ok(run.output()?)
    }

    /// Copies of its closed logs as the server sends them to replicas.
    fn sent(&self) -> Result<Vec<PathBuf>> {
        let folder = self.0.folder().join("sent");
        let from = self.0.url();
        run_binlog([
            "fetch".as_ref(),
            "--from".as_ref(),
            from.as_ref(),
            "--into".as_ref(),
            folder.as_os_str(),
        ])?;
        let closed = self.closed()?;
        Ok(closed
            .iter()
            .filter_map(|log| Some(folder.join(log.file_name()?)))
            .collect())
    }

    fn closed(&self) -> Result<Vec<PathBuf>> {
        let mut logs = self.0.binlogs()?;
        logs.pop();
        Ok(logs)
    }
}

/// A log's events, magic number and all.
fn decrypted(log: &Path, keys: &Arc<Keys>) -> Result<Vec<u8>> {
    let options = FileOptions {
        keys: Arc::clone(keys),
        ..FileOptions::default()
    };
    let mut source = FileSource::open(&[Input::Path(log.to_owned())], options)?;
    let mut bytes = binlog_parser::MAGIC.to_vec();
    while let Next::Chunk(chunk) = source.next()? {
        chunk.runs.iter().for_each(|run| bytes.extend_from_slice(&run.bytes));
    }
    Ok(bytes)
}

fn each(test: impl Fn(Flavour) -> Result<()>) -> Result<()> {
    Flavour::TESTED
        .into_iter()
        .try_for_each(|flavour| test(flavour).with_context(|| flavour.name()))
}

/// Byte for byte what the server sends, and what all commands make of it.
#[test]
fn as_the_server_sends_them() -> Result<()> {
    each(|flavour| {
        let encrypted = Encrypted::start(ServerOptions::new(flavour))?;
        encrypted.work()?;
        let (sent, closed) = (encrypted.sent()?, encrypted.closed()?);
        for (sent, log) in sent.iter().zip(&closed) {
            ensure!(fs::read(sent)? != fs::read(log)?, "{} is not encrypted", log.display());
            let found = decrypted(log, &encrypted.keys()?)?;
            ensure!(found == fs::read(sent)?, "{} comes out otherwise", log.display());
        }
        for command in [
            &["info"][..],
            &["dump"],
            &["dump", "--format", "json"],
            &["filter", "--table", "d.*"],
        ] {
            let (found, expected) = (encrypted.run(command, &closed)?, encrypted.run(command, &sent)?);
            ensure!(found.status.success(), "{command:?}: {}", stderr(&found));
            ensure!(found.stdout == expected.stdout, "{command:?} says other things");
        }
        Ok(())
    })
}

#[test]
fn positions_are_the_servers() -> Result<()> {
    each(|flavour| {
        let encrypted = Encrypted::start(ServerOptions::new(flavour))?;
        encrypted.work()?;
        let (sent, closed) = (encrypted.sent()?, encrypted.closed()?);
        let (sent, log) = (&sent[1], &closed[1]);
        let name = log.file_name().context("no name")?.to_string_lossy();
        let statement = format!("SHOW BINLOG EVENTS IN '{name}'");
        let rows: Vec<mysql::Row> = encrypted.0.conn()?.query(statement)?;
        let positions = rows.iter().filter_map(|row| row.get::<u64, _>("Pos"));
        for position in positions.step_by(97) {
            let at = position.to_string();
            let command = ["filter", "--start-position", &at];
            let (found, expected) = (
                encrypted.run(&command, std::slice::from_ref(log))?,
                encrypted.run(&command, std::slice::from_ref(sent))?,
            );
            ensure!(found.status.success(), "{at}: {}", stderr(&found));
            ensure!(found.stdout == expected.stdout, "from {at} other things come");
        }
        Ok(())
    })
}

#[test]
fn pipes_and_packed_logs() -> Result<()> {
    each(|flavour| {
        let encrypted = Encrypted::start(ServerOptions::new(flavour))?;
        encrypted.work()?;
        let closed = encrypted.closed()?;
        let all: Vec<u8> = closed.iter().map(fs::read).collect::<Result<Vec<_>, _>>()?.concat();
        let mut run = binlog()?;
        run.args(["dump", "-", encrypted.key_option()])
            .arg(encrypted.0.key_file());
        let mut child = run.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut stdin = child.stdin.take().context("no stdin")?;
        let writer = std::thread::spawn(move || stdin.write_all(&all));
        let piped = child.wait_with_output()?;
        writer.join().ok().context("the writer panicked")??;
        ensure!(piped.status.success(), "stdin: {}", stderr(&piped));
        let files = encrypted.run(&["dump"], &closed)?;
        let statements = |output: &Output| {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            text.lines()
                .filter(|line| !line.starts_with("--") && !line.starts_with('#'))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        ensure!(statements(&piped) == statements(&files), "stdin says other things");
        Ok(())
    })
}

/// The header, the key, and what comes after: each error names what to do.
#[test]
fn what_does_not_open() -> Result<()> {
    each(|flavour| {
        let encrypted = Encrypted::start(ServerOptions::new(flavour))?;
        encrypted.work()?;
        let log = encrypted.closed()?.swap_remove(0);
        let bytes = fs::read(&log)?;
        let copy = encrypted.0.folder().join(log.file_name().context("no name")?);
        let refused = |keys: &[&str], flipped: Option<usize>| -> Result<String> {
            let mut damaged = bytes.clone();
            if let Some(at) = flipped {
                damaged[at] ^= 1;
            }
            fs::write(&copy, damaged)?;
            let output = binlog()?.arg("dump").args(keys).arg(&copy).output()?;
            ensure!(
                output.status.code() == Some(1),
                "{keys:?}, byte {flipped:?}: {}",
                output.status
            );
            Ok(stderr(&output))
        };
        let says = |said: String, words: &str| {
            ensure!(said.contains(words), "it does not say {words:?}: {said}");
            ensure!(said.contains("hint: "), "it has no hint: {said}");
            Ok(())
        };
        let file = encrypted.0.key_file().display().to_string();
        let right = [encrypted.key_option(), &file];
        says(refused(&[], None)?, "no keys were given; it needs key")?;
        let wrong = wrong_keys(&encrypted)?.display().to_string();
        says(
            refused(&[encrypted.key_option(), &wrong], None)?,
            "does not open with the given key",
        )?;
        if flavour.is_mariadb() {
            says(refused(&right, Some(280))?, "checksum")?;
            says(refused(&right, Some(bytes.len() - 60))?, "checksum")?;
        } else {
            says(refused(&right, Some(5))?, "encryption header is damaged")?;
            says(
                refused(&right, Some(30))?,
                "is not among the keys given: MySQLReplicationKey_",
            )?;
            says(refused(&right, Some(70))?, "does not open with the given key")?;
            says(refused(&right, Some(600))?, "checksum")?;
        }
        Ok(())
    })
}

/// The server's key file with other keys of the same ids.
fn wrong_keys(encrypted: &Encrypted) -> Result<PathBuf> {
    let text = fs::read_to_string(encrypted.0.key_file())?;
    let path = encrypted.0.folder().join("wrong");
    let (start, end) = match encrypted.0.options().flavour.is_mariadb() {
        true => ("1;", "\n"),
        false => ("\"data\":\"", "\""),
    };
    let mut wrong = String::new();
    for (index, part) in text.split(start).enumerate() {
        let (key, rest) = part.split_once(end).unwrap_or((part, ""));
        match index {
            0 => wrong.push_str(part),
            _ => wrong.push_str(&format!("{start}{}{end}{rest}", key.chars().rev().collect::<String>())),
        }
    }
    ensure!(wrong != text, "no key was found");
    fs::write(&path, wrong)?;
    Ok(path)
}

/// Several keys, and plain logs between encrypted ones.
#[test]
fn a_folder_of_rotated_keys() -> Result<()> {
    let encrypted = Encrypted::start(ServerOptions::new(Flavour::MySql97))?;
    let old = encrypted.0.folder().join("old");
    fs::copy(encrypted.0.key_file(), &old)?;
    encrypted.work()?;
    encrypted.0.execute([
        "SET GLOBAL binlog_encryption = OFF",
        "CREATE TABLE d.u (a INT)",
        "FLUSH BINARY LOGS",
        "SET GLOBAL binlog_encryption = ON",
        "INSERT INTO d.u VALUES (1)",
        "ALTER INSTANCE ROTATE BINLOG MASTER KEY",
        "INSERT INTO d.u VALUES (2)",
        "FLUSH BINARY LOGS",
    ])?;
    let (sent, closed) = (encrypted.sent()?, encrypted.closed()?);
    let heads = closed.iter().map(fs::read).collect::<Result<Vec<_>, _>>()?;
    let plain = heads
        .iter()
        .filter(|log| log.starts_with(&binlog_parser::MAGIC))
        .count();
    ensure!(
        plain > 0 && plain < heads.len(),
        "{plain} of {} logs are plain",
        heads.len()
    );
    for (sent, log) in sent.iter().zip(&closed) {
        ensure!(
            decrypted(log, &encrypted.keys()?)? == fs::read(sent)?,
            "{}",
            log.display()
        );
    }
    let whole = encrypted.run(&["info"], &[encrypted.0.datadir().join("binlog.index")])?;
    ensure!(whole.status.success(), "{}", stderr(&whole));
    let mut run = binlog()?;
    let output = run.args(["info", "--keyring-file"]).arg(&old).args(&closed).output()?;
    ensure!(
        stderr(&output).contains("is not among the keys given: "),
        "{}",
        stderr(&output)
    );
    Ok(())
}

/// The other algorithm of `file_key_management`, a list of keys that is encrypted, and a key alone.
#[test]
fn mariadb_keys_of_all_kinds() -> Result<()> {
    for flavour in [Flavour::MariaDb118, Flavour::MariaDb1011] {
        let options = ServerOptions::new(flavour).arg("--file-key-management-encryption-algorithm=AES_CTR");
        let encrypted = Encrypted::start(options)?;
        encrypted.work()?;
        let (sent, closed) = (encrypted.sent()?, encrypted.closed()?);
        for (sent, log) in sent.iter().zip(&closed) {
            ensure!(
                decrypted(log, &encrypted.keys()?)? == fs::read(sent)?,
                "{}",
                log.display()
            );
        }
        let key = "a7addd9adea9978fda19f21e6be987880e68ac92632ca052e5bb42b1a506939a";
        let path = encrypted.0.folder().join("key");
        fs::write(&path, format!("{key}\n"))?;
        let by_file = binlog()?
            .args(["dump", "--binlog-key-file"])
            .arg(&path)
            .args(&closed)
            .output()?;
        let by_environment = binlog()?.arg("dump").env("BINLOG_KEY", key).args(&closed).output()?;
        let expected = encrypted.run(&["dump"], &closed)?;
        for output in [by_file, by_environment] {
            ensure!(output.status.success(), "{}", stderr(&output));
            ensure!(output.stdout == expected.stdout, "{flavour}: other things");
        }
    }
    Ok(())
}

/// `# id;key` and key 1 of the testkit, by `openssl enc -aes-256-cbc -md sha1 -S 0102030405060708 -k 'a secret'`.
const SEALED_LIST: &[u8] = b"\
    f96f94e537660f4ae33cbe9a54c897999d39d711a1044b9605f7bd72711fce996bb1c23e46efc48fa77a1dd70e1d326e\
    c001b8e6cb520c35b82ea8070e98c80292b4aa17dc59e6464d701fcf0ac02ff3";

/// A list of keys that is itself encrypted, as the server reads it.
#[test]
fn an_encrypted_list_of_keys() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    let list = SEALED_LIST
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair)?, 16).map_err(Into::into));
    let list = list.collect::<Result<Vec<u8>>>()?;
    fs::write(
        path("list"),
        [b"Salted__", &[1, 2, 3, 4, 5, 6, 7, 8][..], &list].concat(),
    )?;
    fs::write(path("secret"), "a secret\n")?;
    fs::write(path("wrong"), "another secret")?;
    let options = ServerOptions::new(Flavour::MariaDb118).args([
        format!("--file-key-management-filename={}", path("list")),
        format!("--file-key-management-filekey=FILE:{}", path("secret")),
    ]);
    let encrypted = Encrypted::start(options)?;
    encrypted.work()?;
    let closed = encrypted.closed()?;
    let run = |filekey: &[&str]| -> Result<Output> {
        let mut run = binlog()?;
        run.args(["dump", "--file-key-management-filename", &path("list")])
            .args(filekey);
        Ok(run.args(&closed).output()?)
    };
    let opened = run(&["--file-key-management-filekey", &format!("FILE:{}", path("secret"))])?;
    ensure!(opened.status.success(), "{}", stderr(&opened));
    ensure!(
        opened.stdout == encrypted.run(&["dump"], &encrypted.sent()?)?.stdout,
        "other things"
    );
    let wrong = run(&["--file-key-management-filekey", &format!("FILE:{}", path("wrong"))])?;
    ensure!(stderr(&wrong).contains("does not open"), "{}", stderr(&wrong));
    ensure!(
        stderr(&run(&[])?).contains("no file_key_management_filekey was given"),
        "it says otherwise"
    );
    let told = run(&["--file-key-management-filekey", "hunter2"])?;
    ensure!(
        told.status.code() == Some(2) && !stderr(&told).contains("hunter2"),
        "{}",
        stderr(&told)
    );
    Ok(())
}

/// What a replica has fetched lies in its relay logs, under its own keys.
#[test]
fn relay_logs() -> Result<()> {
    each(|flavour| {
        let source = Server::start(ServerOptions::new(flavour))?;
        source.execute([
            "CREATE DATABASE d",
            "CREATE TABLE d.t (a INT)",
            "INSERT INTO d.t VALUES (1), (2)",
        ])?;
        let options = ServerOptions::new(flavour)
            .server_id(2)
            .args(["--relay-log=relay", "--skip-slave-start"]);
        let replica = Encrypted::start(options)?;
        let (name, change, start) = match flavour.is_mariadb() {
            true => ("MASTER", "CHANGE MASTER TO", "START SLAVE IO_THREAD"),
            false => ("SOURCE", "CHANGE REPLICATION SOURCE TO", "START REPLICA IO_THREAD"),
        };
        let more = if flavour.is_mariadb() {
            "MASTER_SSL = 0"
        } else {
            "GET_SOURCE_PUBLIC_KEY = 1"
        };
        replica.0.execute([
            format!(
                "{change} {name}_HOST = '127.0.0.1', {name}_PORT = {}, {name}_USER = 'root', {name}_PASSWORD = '',
                 {name}_LOG_FILE = 'binlog.000001', {name}_LOG_POS = 4, {more}",
                source.port()
            ),
            start.to_owned(),
        ])?;
        let wanted = last_transaction(&source)?;
        let relay = || relay_events(&replica);
        for _ in 0..300 {
            if relay().is_ok_and(|bytes| contains(&bytes, &wanted)) {
                return Ok(());
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        ensure!(
            contains(&relay()?, &wanted),
            "the relay logs do not hold the transaction"
        );
        Ok(())
    })
}

/// The rows and the commit at the end of a plain log.
fn last_transaction(source: &Server) -> Result<Vec<u8>> {
    let log = fs::read(source.binlogs()?.first().context("no log")?)?;
    Ok(log.split_at(log.len() - 100).1.to_vec())
}

fn relay_events(replica: &Encrypted) -> Result<Vec<u8>> {
    let index = fs::read_to_string(replica.0.datadir().join("relay.index"))?;
    let mut all = Vec::new();
    for name in index.lines() {
        let log = replica.0.datadir().join(name.trim_start_matches("./"));
        ensure!(!contains(&fs::read(&log)?, b"CREATE TABLE"), "{name} is not encrypted");
        all.extend(decrypted(&log, &replica.keys()?)?);
    }
    Ok(all)
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// A log that is still written is read as far as it goes, and followed.
#[test]
fn a_log_that_is_written() -> Result<()> {
    each(|flavour| {
        let encrypted = Encrypted::start(ServerOptions::new(flavour))?;
        encrypted.0.execute(["CREATE DATABASE d", "CREATE TABLE d.t (a INT)"])?;
        let log = encrypted.0.binlogs()?.pop().context("no log")?;
        let options = FileOptions {
            keys: encrypted.keys()?,
            follow: true,
            ..FileOptions::default()
        };
        let mut source = FileSource::open(&[Input::Path(log)], options)?;
        let mut end = 0;
        for value in 0..20 {
            encrypted.0.execute([format!("INSERT INTO d.t VALUES ({value})")])?;
            let (_, position) = encrypted.0.binlog_position()?;
            while end < position {
                if let Next::Chunk(chunk) = source.next()? {
                    end = chunk.end;
                }
            }
            ensure!(end == position, "at {end}, the server at {position}");
        }
        Ok(())
    })
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
