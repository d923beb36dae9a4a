use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;

use binlog_parser::gtid::{GtidSet, MariaDbGtid};

use super::*;
use crate::testing::{Log, checksummed, event, query};
use crate::{FileOptions, FileSource, Next, Source as _, SourceError};

const SERVER: &str = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

fn mysql(intervals: &str) -> Earlier {
    let set = match intervals {
        "" => GtidSet::default(),
        intervals => format!("{SERVER}:{intervals}").parse().unwrap(),
    };
    Earlier::MySql(set)
}

fn mariadb(gtids: &str) -> Earlier {
    let gtids = gtids.split(',').filter(|text| !text.is_empty());
    let gtids = gtids.map(|text| text.parse::<MariaDbGtid>().unwrap());
    Earlier::MariaDb(
        gtids
            .map(|gtid| ((gtid.domain, gtid.server_id), gtid.sequence))
            .collect(),
    )
}

#[test]
fn wanted_gtids_of_mysql() {
    let check = |before: &str, after: &str, wanted: &str, expected: bool| {
        let wanted = GtidProgress::parse_mysql(&format!("{SERVER}:{wanted}")).unwrap();
        let found = may_hold(&mysql(before), &mysql(after), &wanted);
        assert_eq!(found, expected, "{before} to {after}: {wanted}");
    };
    check("", "1-10", "11-20", false);
    check("", "1-10", "10-20", true);
    check("1-10", "1-20", "10", false);
    check("1-10", "1-20", "11", true);
    check("1-10", "1-9:20", "15", true);
    check("1-10:15", "1-30", "15", false);
    check("1-10", "1-10", "7", true);
    check("1-10", "1-20:audit:1-5", "5", false);
    check("1-10", "1-20:audit:1-5", "audit:5", true);
    let other = GtidProgress::parse_mariadb("0-1-5").unwrap();
    assert!(may_hold(&mysql(""), &mysql("1-10"), &other));
}

#[test]
fn wanted_gtids_of_mariadb() {
    let check = |before: &str, after: &str, wanted: &str, expected: bool| {
        let wanted = GtidProgress::parse_mariadb(wanted).unwrap();
        let found = may_hold(&mariadb(before), &mariadb(after), &wanted);
        assert_eq!(found, expected, "{before} to {after}: {wanted}");
    };
    check("", "0-1-10", "0-1-5", true);
    check("0-1-10", "0-1-20", "0-1-10", false);
    check("0-1-10", "0-1-20", "0-1-11", true);
    check("0-1-10", "0-1-20", "0-7-10", false);
    check("0-1-10", "0-1-20", "1-1-100", false);
    check("0-1-10,1-1-3", "0-1-20,1-1-3", "0-1-5,1-1-9", false);
    // A server that had none in the domain may begin anywhere.
    check("0-1-10", "0-1-10,0-2-20", "0-1-5", true);
    check("0-1-10", "0-1-9", "0-1-5", true);
    check("0-1-10,1-1-1", "0-1-20", "0-1-5", true);
    check("0-1-10", "0-1-10", "0-1-5", true);
}

#[test]
fn names_in_a_row() {
    let check = |log: &str, next: &str, expected: bool| {
        assert_eq!(follows(Path::new(log), Path::new(next)), expected, "{log}, {next}");
    };
    check("a/b.000001", "a/b.000002", true);
    check("a/b.000001.gz", "a/b.000003", true);
    check("a/b.000002", "a/b.000001", false);
    check("a/b.000001", "c/b.000002", false);
    check("a/b.000001", "a/c.000002", false);
    check("a/b", "a/c", false);
}

/// A log whose head was written at `begun`, with the GTIDs before it, and a transaction of that second.
struct Made {
    begun: u32,
    previous: &'static str,
    committed: u32,
    server_id: u8,
}

impl Made {
    fn bytes(&self) -> Vec<u8> {
        let mut log = Log::new();
        let mut description = log.events.remove(0);
        description[..4].copy_from_slice(&self.begun.to_le_bytes());
        description[5] = self.server_id;
        log.bytes.truncate(4);
        let mut previous = Vec::new();
        if let Earlier::MySql(set) = mysql(self.previous) {
            set.encode(&mut previous);
        }
        let mut gtid = vec![0; 25];
        gtid[17] = 1;
        gtid.push(2);
        gtid.extend([0; 16]);
        gtid.extend(&(u64::from(self.committed) * 1_000_000).to_le_bytes()[..7]);
        gtid.extend([40, 0, 0, 0, 0]);
        let events = vec![description, event(35, &previous), event(33, &gtid), query("insert")];
        log.with(events.into_iter().map(checksummed).collect()).bytes
    }
}

/// The names of the logs that are read of these, named `b.000001` and so on.
fn read(made: &[Made], seek: Seek, start_position: Option<u64>, change: impl Fn(&[PathBuf])) -> String {
    try_read(made, seek, start_position, change).unwrap()
}

fn try_read(
    made: &[Made],
    seek: Seek,
    start_position: Option<u64>,
    change: impl Fn(&[PathBuf]),
) -> Result<String, SourceError> {
    let folder = tempfile::tempdir().unwrap();
    let path = |number| folder.path().join(format!("b.{:06}", number + 1));
    let paths: Vec<PathBuf> = (0..made.len()).map(path).collect();
    for (made, path) in made.iter().zip(&paths) {
        fs::write(path, made.bytes()).unwrap();
    }
    change(&paths);
    let options = FileOptions {
        seek,
        start_position,
        ..FileOptions::default()
    };
    let inputs: Vec<Input> = paths.into_iter().map(Input::Path).collect();
    let mut source = FileSource::open(&inputs, options).unwrap();
    let mut names = String::new();
    while let Next::Chunk(chunk) = source.next()? {
        names.push_str(chunk.file.strip_prefix("b.00000").unwrap());
    }
    Ok(names)
}

fn four() -> [Made; 4] {
    let made = |begun, previous, committed| Made {
        begun,
        previous,
        committed,
        server_id: 1,
    };
    [
        made(1000, "", 1001),
        made(2000, "1-10", 2001),
        made(3000, "1-20", 3500),
        made(4000, "1-30", 4001),
    ]
}

#[test]
fn logs_are_passed_over_by_time() {
    let check = |since: u32, expected: &str| {
        let seek = Seek {
            since: Some(since),
            ..Seek::default()
        };
        assert_eq!(read(&four(), seek, None, |_| {}), expected, "{since}");
    };
    check(0, "1234");
    check(2001, "1234");
    check(2002, "234");
    // The statement in which the third log was begun took 500 seconds.
    check(3200, "234");
    check(3501, "34");
    check(9000, "4");
}

#[test]
fn logs_are_passed_over_by_the_time_of_their_file() {
    let check = |modified: u64, since: u32, expected: &str| {
        let seek = Seek {
            since: Some(since),
            ..Seek::default()
        };
        let touch = |paths: &[PathBuf]| {
            let file = File::options().append(true).open(&paths[0]).unwrap();
            file.set_modified(UNIX_EPOCH + Duration::from_secs(modified)).unwrap();
        };
        let mut made = four();
        made.iter_mut().for_each(|made| made.committed = 100_000);
        assert_eq!(read(&made, seek, None, touch), expected, "{modified}, {since}");
    };
    check(2500, 2503, "234");
    check(2500, 2502, "1234");
    // Not when it was written: the next log was begun later.
    check(1999, 2600, "1234");
}

#[test]
fn logs_are_passed_over_by_gtid() {
    let check = |wanted: &str, expected: &str| {
        let gtids = GtidProgress::parse_mysql(&format!("{SERVER}:{wanted}")).unwrap();
        let seek = Seek {
            gtids: Some(gtids),
            ..Seek::default()
        };
        assert_eq!(read(&four(), seek, None, |_| {}), expected, "{wanted}");
    };
    check("1", "14");
    check("10-11", "124");
    check("5:25", "134");
    check("31-40", "4");
}

#[test]
fn when_in_doubt_logs_are_read() {
    let seek = || Seek {
        since: Some(9000),
        gtids: None,
    };
    let changed = |change: fn(&mut [Made; 4])| {
        let mut made = four();
        change(&mut made);
        read(&made, seek(), None, |_| {})
    };
    assert_eq!(changed(|made| made[1].server_id = 2), "124");
    assert_eq!(changed(|made| made[1].begun = 500), "14");
    assert_eq!(changed(|made| made[2].begun = 0), "234");
    let damage = |at: usize| {
        move |paths: &[PathBuf]| {
            let mut bytes = fs::read(&paths[1]).unwrap();
            bytes[at] ^= 1;
            fs::write(&paths[1], bytes).unwrap();
        }
    };
    let found = try_read(&four(), seek(), None, damage(30)).unwrap_err();
    assert!(found.to_string().starts_with("b.000002 at 4"), "{found}");
    assert_eq!(read(&four(), seek(), Some(4), |_| {}), "4");
    let first = four()[0].bytes();
    let at = u64::from(u32::from_le_bytes(first[17..21].try_into().unwrap()));
    assert_eq!(read(&four(), seek(), Some(at), |_| {}), "14");
}

#[test]
fn bodies_of_logs_that_are_passed_over_are_not_read() {
    let seek = Seek {
        since: Some(3501),
        gtids: None,
    };
    let ruin = |paths: &[PathBuf]| {
        for path in &paths[..2] {
            let bytes = fs::read(path).unwrap();
            let body = query("insert").len();
            let garbage = vec![0xa5; 1 << 20];
            fs::write(path, [&bytes[..bytes.len() - body], &garbage].concat()).unwrap();
        }
    };
    assert_eq!(read(&four(), seek, None, ruin), "34");
}

#[test]
fn heads_of_packed_logs() {
    let seek = Seek {
        since: Some(3501),
        gtids: None,
    };
    let pack = |paths: &[PathBuf]| {
        for (number, path) in paths.iter().enumerate() {
            let bytes = fs::read(path).unwrap();
            let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            gzip.write_all(&bytes).unwrap();
            let packed = match number % 2 {
                0 => gzip.finish().unwrap(),
                _ => zstd::encode_all(&*bytes, 0).unwrap(),
            };
            fs::write(path, packed).unwrap();
        }
    };
    assert_eq!(read(&four(), seek, None, pack), "34");
}
