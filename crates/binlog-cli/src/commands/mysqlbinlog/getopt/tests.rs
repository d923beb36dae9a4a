use super::*;
use crate::commands::mysqlbinlog::messages::Program;

#[derive(Default)]
struct Given(Vec<String>);

impl Sink for Given {
    fn take(&mut self, option: &'static Spec, value: Value, _: &mut Messages<'_>) -> Result<(), Ending> {
        let value = match value {
            Value::Nothing => String::new(),
            Value::Flag(on) => format!("={}", u8::from(on)),
            Value::Number(number) => format!("={number}"),
            Value::Text(text) => format!("='{}'", text.to_string_lossy()),
        };
        self.0.push(format!("{}{value}", option.name));
        Ok(())
    }
}

fn check(line: &str, expected: &str, said: &str) {
    let stored = |text: &str| text.starts_with('@');
    let arguments = line.split_whitespace().map(|text| Argument {
        text: text.trim_start_matches('@').into(),
        stored: stored(text),
    });
    let path = "/bin/mysqlbinlog".to_owned();
    let (mut given, mut out) = (Given::default(), Vec::new());
    let mut messages = Messages::new(Program { path }, &mut out);
    match parse(arguments.collect(), &mut given, &mut messages) {
        Ok(files) => given
            .0
            .extend(files.iter().map(|file| file.to_string_lossy().into_owned())),
        Err(Ending(status)) => given.0.push(status.to_string()),
    }
    assert_eq!(given.0.join(" "), expected, "{line}");
    let out = String::from_utf8(out).unwrap().replace("mysqlbinlog: [", "[");
    assert_eq!(out.lines().collect::<Vec<_>>().join("|"), said, "{line}");
}

#[test]
fn what_is_taken() {
    check("-vvv x", "verbose verbose verbose x", "");
    check("-vsH", "verbose short-form=1 hexdump=1", "");
    check("a -o5 b -d shop c", "offset=5 database='shop' a b c", "");
    check("-vdshop", "verbose database='shop'", "");
    check("-d=shop", "database='=shop'", "");
    check(
        "--database=shop --database other",
        "database='shop' database='other'",
        "",
    );
    check("--database= -d -v", "database='' database='-v'", "");
    check("-v -- -v --x -", "verbose -v --x -", "");
    check("- -v", "verbose -", "");
    check(
        "--base64_output=never --default-auth=x",
        "base64-output='never' default_auth='x'",
        "",
    );
    check(
        "--hexdump --hexdump=0 --hexdump=ON --hexdump=false",
        "hexdump=1 hexdump=0 hexdump=1 hexdump=0",
        "",
    );
    check(
        "--skip-hexdump --disable_hexdump --enable-hexdump",
        "hexdump=0 hexdump=0 hexdump=1",
        "",
    );
    check(
        "--skip-hexdump=0 --skip-hexdump=1 --enable-hexdump=0",
        "hexdump=1 hexdump=0 hexdump=0",
        "",
    );
    check("--loose-skip-hexdump --skip-loose-hexdump", "hexdump=0 hexdump=1", "");
    check("--skip-gtids --skip-skip-gtids", "skip-gtids=1 skip-gtids=0", "");
    check("--skip-port --enable-port", "port=0 port=1", "");
    check("--skip-database --enable-database", "database='0' database", "");
    check("--maximum-offset=5", "offset=5", "");
    check("-p --password=", "password password=''", WARNED);
    check("--skip-password -px", "password='0' password='x'", WARNED);
    check("@--password=x @--user=me", "password='x' user='me'", "");
}

const WARNED: &str = "[Warning] Using a password on the command line interface can be insecure.";

#[test]
fn what_is_refused() {
    check("--verb", "2", "[ERROR] unknown option '--verb'.");
    check("--start=4", "7", "[ERROR] unknown variable 'start=4'.");
    check("--skip-x=3", "7", "[ERROR] unknown variable 'skip-x=3'.");
    check("--skip-", "2", "[ERROR] unknown option '--skip-'.");
    check("--Hexdump", "2", "[ERROR] unknown option '--Hexdump'.");
    check("--key.offset=3", "7", "[ERROR] unknown variable 'key.offset=3'.");
    check("--loose-x --loose-y=4 -v", "verbose", LOOSE);
    check("-vQ", "verbose 2", "[ERROR] /bin/mysqlbinlog: unknown option '-Q'.");
    check(
        "--hexdump=2",
        "",
        "[Warning] /bin/mysqlbinlog: ignoring option '--hexdump' due to invalid value '2'.",
    );
    let surplus = "[ERROR] /bin/mysqlbinlog: option '--verbose' cannot take an argument.";
    check("--verbose=0", "4", surplus);
    check("--skip-verbose", "4", surplus);
    check(
        "--debug",
        "12",
        "[ERROR] /bin/mysqlbinlog: Option 'debug' was used, but is disabled.",
    );
    check(
        "-#d",
        "12",
        "[ERROR] /bin/mysqlbinlog: Option '-#' was used, but is disabled.",
    );
    check("-o", "5", "[ERROR] /bin/mysqlbinlog: option '-o' requires an argument.");
    check(
        "--offset",
        "5",
        "[ERROR] /bin/mysqlbinlog: option '--offset' requires an argument.",
    );
    check(
        "@--offset 5",
        "5",
        "[ERROR] /bin/mysqlbinlog: option '--offset' requires an argument.",
    );
    check(
        "--port=",
        "5",
        "[ERROR] /bin/mysqlbinlog: Empty value for 'port' specified.",
    );
    let suffix = "[ERROR] Unknown suffix 'x' used for variable 'offset' (value 'x').";
    let setting = "[ERROR] /bin/mysqlbinlog: Error while setting value 'x' to 'offset'.";
    check("--loose-offset=x", "9", &format!("{suffix}|{setting}"));
}

const LOOSE: &str = "[Warning] unknown option '--loose-x'.|[Warning] unknown variable 'loose-y=4'.";
