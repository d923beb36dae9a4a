//! `binlog mysqlbinlog` against the real program: the same bytes on stdout, the same messages, the same exit status, the
//! same files, for every stored log, for damaged ones, and for logs that a server writes meanwhile.

#[path = "mysqlbinlog/case.rs"]
mod case;
#[path = "mysqlbinlog/corpus.rs"]
mod corpus;
#[path = "mysqlbinlog/damage.rs"]
mod damage;
#[path = "mysqlbinlog/descriptions.rs"]
mod descriptions;
#[path = "mysqlbinlog/difference.rs"]
mod difference;
#[path = "mysqlbinlog/judge.rs"]
mod judge;
#[path = "mysqlbinlog/logs.rs"]
mod logs;
#[path = "mysqlbinlog/options.rs"]
mod options;
#[path = "mysqlbinlog/program.rs"]
mod program;
#[path = "mysqlbinlog/selection.rs"]
mod selection;

use anyhow::{Result, ensure};

use case::{Case, Log};
use judge::{Verdict, judge};
use logs::{fixture, fixtures};
use options::{ADDITIONS, FOREIGN, OUTPUTS, TELLING, ZONES};

/// Each log with each of the options.
fn each(logs: &[Log], options: &[&[&str]]) -> Vec<Case> {
    let pairs = logs
        .iter()
        .flat_map(|log| options.iter().map(move |options| (log, options)));
    pairs.map(|(log, options)| selection::case(log, options)).collect()
}

/// Judges, and sees to it that the real program did print in so many of a hundred cases.
fn check(cases: &[Case], least: usize) -> Result<Verdict> {
    let verdict = judge(cases)?;
    ensure!(verdict.successes * 100 >= verdict.cases * least, "{verdict:?}");
    Ok(verdict)
}

#[test]
fn outputs() -> Result<()> {
    let mut logs = fixtures("mysql-9.7")?;
    logs.extend(fixtures("mysql-5.6")?);
    check(&each(&logs, OUTPUTS), 80)?;
    Ok(())
}

#[test]
fn additions() -> Result<()> {
    let mut logs = fixtures("mysql-9.7")?;
    logs.extend(fixtures("mysql-5.6")?);
    check(&each(&logs, ADDITIONS), 60)?;
    Ok(())
}

#[test]
fn logs_of_mariadb() -> Result<()> {
    check(&each(&fixtures("mariadb")?, FOREIGN), 0)?;
    Ok(())
}

#[test]
fn positions() -> Result<()> {
    let names = [
        "mysql-9.7/gtid.2.binlog",
        "mysql-9.7/compressed.binlog",
        "mysql-9.7/mixed.binlog",
        "mysql-9.7/load.binlog",
        "mysql-9.7/rows-query.binlog",
        "mysql-9.7/replica.4.relaylog",
        "mysql-5.6/gtid.1.binlog",
    ];
    check(&of_each(&names, selection::positions)?, 50)?;
    Ok(())
}

#[test]
fn datetimes() -> Result<()> {
    let names = [
        "mysql-9.7/gtid.2.binlog",
        "mysql-9.7/compressed.binlog",
        "mysql-5.6/mixed.binlog",
    ];
    let mut cases = of_each(&names, selection::datetimes)?;
    for zone in ZONES {
        let log = fixture("mysql-9.7/mixed.binlog");
        cases.extend(selection::datetimes(&log)?.into_iter().map(|case| case.zone(zone)));
        cases.push(selection::case(&log, &["-vv", "-H"]).zone(zone));
    }
    check(&cases, 50)?;
    Ok(())
}

#[test]
fn transactions() -> Result<()> {
    let names = [
        "mysql-9.7/gtid.1.binlog",
        "mysql-9.7/gtid.2.binlog",
        "mysql-9.7/row.binlog",
        "mysql-5.6/gtid.2.binlog",
    ];
    check(&of_each(&names, selection::by_gtid)?, 50)?;
    Ok(())
}

fn of_each(names: &[&str], cases: impl Fn(&Log) -> Result<Vec<Case>>) -> Result<Vec<Case>> {
    let cases: Result<Vec<_>> = names.iter().map(|name| cases(&fixture(name))).collect();
    Ok(cases?.concat())
}

/// Several logs, pipes, result files, and what is no log.
#[test]
fn inputs() -> Result<()> {
    let gtid = [
        "mysql-9.7/gtid.1.binlog",
        "mysql-9.7/gtid.2.binlog",
        "mysql-9.7/gtid.3.binlog",
    ]
    .map(fixture);
    let mixture = [
        "mysql-9.7/statement.binlog",
        "mysql-5.6/context.binlog",
        "mysql-9.7/row.binlog",
    ]
    .map(fixture);
    let loads = ["mysql-9.7/load.binlog", "mysql-5.6/load.binlog"].map(fixture);
    let killed = ["mysql-9.7/killed.1.binlog", "mysql-9.7/killed.2.binlog"].map(fixture);
    let foreign = ["mariadb-11.8/row.binlog", "mysql-9.7/row.binlog"].map(fixture);
    let mut cases = Vec::new();
    for logs in [&gtid[..], &mixture, &loads, &killed, &foreign] {
        for options in [OUTPUTS, ADDITIONS, INPUTS].concat() {
            cases.push(Case::new(options.iter().copied(), logs));
        }
    }
    for log in gtid.iter().chain(&mixture).chain(&loads) {
        for options in [
            &[][..],
            &["-v"],
            &["-c", "-H"],
            &["--start-position=4"],
            &["-j", "400"],
            &["--stop-position=500"],
        ] {
            cases.push(selection::case(log, options).piped("-"));
        }
    }
    cases.extend(["", "nowhere", ".", "/", "/dev/null"].map(|file| Case::new([file], [])));
    cases.push(Case::new(["nowhere", "-v"], gtid));
    cases.push(Case::new::<&str>([], []));
    let stored = [
        "mysql-9.7/archived.binlog.gz",
        "mysql-9.7/encrypted.1.cipher",
        "README.md",
    ];
    cases.extend(each(&stored.map(fixture), FOREIGN));
    check(&cases, 60)?;
    Ok(())
}

/// Options that mean something for several logs, or for files that are written.
const INPUTS: &[&[&str]] = &[
    &["--start-position=1000", "-v"],
    &["--stop-position=1000", "-v"],
    &["-j", "500", "--stop-position=900"],
    &["-r", "result"],
    &["--result-file=result", "-v", "-s"],
    &["-r", "no folder/result"],
    &["-r", ""],
    &["-l", "."],
    &["--local-load=no folder"],
    &["-l", "../run/"],
    &["-o", "12"],
    &["--include-gtids=x"],
];

/// What is said of options themselves.
#[test]
fn command_lines() -> Result<()> {
    let log = fixture("mysql-9.7/mixed.binlog");
    check(&each(&[log], LINES), 30)?;
    Ok(())
}

const LINES: &[&[&str]] = &[
    &["--verb"],
    &["--verbose", "--verbose"],
    &["-vvv"],
    &["-vsH"],
    &["--hex"],
    &["--s"],
    &["--st"],
    &["--start=4"],
    &["--short"],
    &["--skip-hexdump"],
    &["--disable-hexdump"],
    &["--enable-hexdump"],
    &["--hexdump=0"],
    &["--hexdump=1"],
    &["--hexdump=maybe"],
    &["--hexdump=on"],
    &["--skip-verbose"],
    &["--verbose=0"],
    &["--verbose=2"],
    &["--verbose=x"],
    &["-v0"],
    &["--loose-nothing"],
    &["--loose-hexdump"],
    &["--nothing"],
    &["-Q"],
    &["-vQ"],
    &["--base64-output"],
    &["--base64-output="],
    &["--base64-output=always"],
    &["--base64-output=n"],
    &["--base64-output=decode"],
    &["--base64-output=1"],
    &["--base64-output", "never"],
    &["--base64_output=never"],
    &["--skip-base64-output"],
    &["-d"],
    &["-dshop"],
    &["-d=shop"],
    &["--database"],
    &["--database=", "-v"],
    &["--database=shop", "--database=other"],
    &["--rewrite-db=x"],
    &["--rewrite-db=->x"],
    &["--rewrite-db=x->"],
    &["--rewrite-db=x->y", "--rewrite-db=x->z", "-v"],
    &["--rewrite-db= shop -> other ", "-v"],
    &["--rewrite-db=shop", "-v"],
    &["--rewrite-db", "shop->x", "-v"],
    &["--offset=-1"],
    &["--offset=x"],
    &["--offset=1k"],
    &["-o1"],
    &["--offset=99999999999999999999999"],
    &["--start-position=4k"],
    &["--start-position=4.5"],
    &["--stop-position=1e3"],
    &["--server-id=-1"],
    &["--server-id=x"],
    &["--server-id-bits=40"],
    &["--server-id-bits=3"],
    &["--binlog-row-event-max-size=1"],
    &["--binlog-row-event-max-size=300"],
    &["--open-files-limit=10"],
    &["--open-files-limit=0"],
    &["--raw"],
    &["--stop-never"],
    &["-t"],
    &["--to-last-log"],
    &["--raw", "-r", "x"],
    &["--read-from-remote-source=x"],
    &["--set-charset=nothing"],
    &["--set-charset="],
    &["--set-charset=latin1", "--set-charset=utf8mb4"],
    &["--character-sets-dir=/nowhere"],
    &["--debug"],
    &["-#d"],
    &["--debug-check"],
    &["--debug-info"],
    &["--include-gtids"],
    &["--compress"],
    &["--compression-algorithms=x"],
    &["--compression-algorithms=zstd"],
    &["--zstd-compression-level=30"],
    &["--ssl-mode=x"],
    &["--ssl-mode=disabled"],
    &["--ssl-fips-mode=x"],
    &["--tls-version=TLSv1.3"],
    &["--protocol=x"],
    &["--protocol=tcp"],
    &["--user=x", "--host=y", "--port=3", "--socket=z", "--password=w"],
    &["-uroot", "-px", "-P3", "-S/x", "-hy"],
    &["--stop-never-slave-server-id=5"],
    &["--connection-server-id=5"],
    &["--connection-server-id=5", "--stop-never-slave-server-id=6"],
    &["--print-defaults"],
    &["--defaults-file=/nowhere"],
    &["--no-login-paths"],
    &["--login-path=x"],
    &["--", "-v"],
    &["--bind-address=127.0.0.1"],
    &["--require-row-format=0"],
    &["--idempotent", "--skip-idempotent"],
    &["--skip-skip-gtids"],
    &["--skip-gtids=0"],
    &["--gtids"],
    &["--include-gtids=x", "--skip-gtids"],
    &["--start-datetime"],
    &["--local-load"],
    &["--result-file"],
    &["-r"],
    &["--force-if-open=0"],
    &["-F"],
    &["--get-server-public-key"],
    &["--plugin-dir=/nowhere"],
    &["--default-auth=x"],
    &["-?x"],
];

#[test]
fn cut_logs() -> Result<()> {
    let names = [
        "mysql-9.7/nothing.1.binlog",
        "mysql-9.7/gtid.1.binlog",
        "mysql-9.7/mixed.binlog",
        "mysql-9.7/open.binlog",
        "mysql-9.7/no-checksum.binlog",
        "mysql-9.7/replica.2.relaylog",
        "mysql-5.6/load.binlog",
        "mariadb-11.8/nothing.1.binlog",
    ];
    check(&of_each(&names, damage::cut)?, 10)?;
    Ok(())
}

#[test]
fn flipped_bits() -> Result<()> {
    let few = ["mysql-9.7/nothing.1.binlog", "mysql-9.7/gtid.3.binlog"];
    let mut cases = of_each(&few, |log| damage::flipped(log, 1))?;
    let many = [
        "mysql-9.7/statement.binlog",
        "mysql-9.7/row-minimal.binlog",
        "mysql-5.6/context.binlog",
    ];
    cases.extend(of_each(&many, |log| damage::flipped(log, 23))?);
    check(&cases, 0)?;
    Ok(())
}

#[test]
fn odd_bodies() -> Result<()> {
    let names = [
        "mysql-9.7/mixed.binlog",
        "mysql-9.7/replica.binlog",
        "mysql-9.7/partitions.binlog",
        "mysql-9.7/compressed.binlog",
        "mysql-9.7/partial-json-compressed.binlog",
        "mysql-5.6/mixed.binlog",
    ];
    check(&of_each(&names, damage::bodies)?, 20)?;
    Ok(())
}

#[test]
fn typed_arrays() -> Result<()> {
    check(&of_each(&["mysql-9.7/typed-array.binlog"], damage::typed_arrays)?, 20)?;
    Ok(())
}

#[test]
fn odd_headers() -> Result<()> {
    let names = [
        "mysql-9.7/mixed.binlog",
        "mysql-9.7/gtid.1.binlog",
        "mysql-5.6/mixed.binlog",
    ];
    let mut cases = of_each(&names, damage::headers)?;
    cases.extend(of_each(&names, damage::longer)?);
    check(&cases, 5)?;
    Ok(())
}

/// Format descriptions within and between logs.
#[test]
fn descriptions() -> Result<()> {
    check(&of_each(&["mysql-9.7/gtid.1.binlog"], descriptions::orders)?, 90)?;
    Ok(())
}

#[test]
fn anonymous_transactions() -> Result<()> {
    let corpus = corpus::anonymous()?;
    check(&each(&corpus.logs, TELLING), 70)?;
    Ok(())
}

#[test]
fn transactions_with_gtids() -> Result<()> {
    let corpus = corpus::with_gtids()?;
    check(&each(&corpus.logs, TELLING), 70)?;
    Ok(())
}

#[test]
fn replicas() -> Result<()> {
    let corpus = corpus::replica()?;
    check(&each(&corpus.logs, TELLING), 70)?;
    Ok(())
}

#[test]
fn crashed_servers() -> Result<()> {
    let corpus = corpus::crashed()?;
    check(&each(&corpus.logs, TELLING), 50)?;
    Ok(())
}
