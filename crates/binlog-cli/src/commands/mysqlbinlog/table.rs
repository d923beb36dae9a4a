//! The options of mysqlbinlog 9.7.

/// One option.
#[derive(Debug)]
pub(super) struct Spec {
    /// Its long name. `-` and `_` are the same.
    pub(super) name: &'static str,
    /// Its short name.
    pub(super) short: Option<u8>,
    /// What it takes.
    pub(super) form: Form,
    /// What `--help` says of it.
    pub(super) help: &'static str,
}

/// What an option takes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    /// Nothing, or after a `=` whether it is on.
    Flag,
    /// Nothing.
    Action,
    /// It is known, and refused.
    Disabled,
    /// A text.
    Text,
    /// A text, or nothing: then it is asked for.
    Password,
    /// A number.
    Number(Limits),
}

/// What numbers are taken. Others are adjusted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) signed: bool,
    pub(super) min: i128,
    pub(super) max: i128,
    /// It is a multiple of this.
    pub(super) block: i128,
}

const fn unsigned(min: u64, max: u64) -> Form {
    Form::Number(Limits {
        signed: false,
        min: min as i128,
        max: max as i128,
        block: 1,
    })
}

const fn signed(min: i64, max: i64) -> Form {
    Form::Number(Limits {
        signed: true,
        min: min as i128,
        max: max as i128,
        block: 1,
    })
}

const ROW_EVENT_MAX_SIZE: Form = Form::Number(Limits {
    signed: false,
    min: 256,
    max: u64::MAX as i128,
    block: 256,
});

const fn long(name: &'static str, form: Form, help: &'static str) -> Spec {
    Spec {
        name,
        short: None,
        form,
        help,
    }
}

const fn both(name: &'static str, short: u8, form: Form, help: &'static str) -> Spec {
    Spec {
        name,
        short: Some(short),
        form,
        help,
    }
}

use Form::{Action, Disabled, Flag, Password, Text};

/// All of them, in the order of the help.
pub(super) const OPTIONS: &[Spec] = &[
    both("help", b'?', Action, "Show this help."),
    long(
        "base64-output",
        Text,
        "BINLOG statements in base64: 'auto' (the default) for rows and format descriptions, 'never', or 'decode-rows': with -v as comments alone.",
    ),
    long("bind-address", Text, "Connect from this address."),
    long("character-sets-dir", Text, "Accepted, and of no effect."),
    both("database", b'd', Text, "Print what belongs to this database alone."),
    long(
        "rewrite-db",
        Text,
        "FROM->TO: print what belongs to one database as that of another.",
    ),
    both("debug", b'#', Disabled, "Refused."),
    long("debug-check", Disabled, "Refused."),
    long("debug-info", Disabled, "Refused."),
    long("default_auth", Text, "Plugin by which to log in first."),
    both(
        "disable-log-bin",
        b'D',
        Flag,
        "The output turns binary logging off while it runs.",
    ),
    both(
        "force-if-open",
        b'F',
        Flag,
        "Read logs that are in use, and let them end inside an event; on by default.",
    ),
    both("force-read", b'f', Flag, "Accepted, and of no effect."),
    both("hexdump", b'H', Flag, "Add each event's bytes as comments."),
    both("host", b'h', Text, "Server to read from."),
    both("idempotent", b'i', Flag, "The output runs in idempotent mode."),
    both(
        "local-load",
        b'l',
        Text,
        "Folder for the files of LOAD DATA statements.",
    ),
    both("offset", b'o', unsigned(0, u64::MAX), "Pass over so many events."),
    both("password", b'p', Password, "Password; without a value it is asked for."),
    long("plugin_dir", Text, "Accepted, and of no effect."),
    both("port", b'P', signed(0, i32::MAX as i64), "Port of the server."),
    long("protocol", Text, "How to connect: tcp or socket."),
    both(
        "read-from-remote-server",
        b'R',
        Flag,
        "Read from a server, by names of logs.",
    ),
    long(
        "read-from-remote-master",
        Text,
        "Old name of --read-from-remote-source.",
    ),
    long(
        "read-from-remote-source",
        Text,
        "Read from a server: BINLOG-DUMP-NON-GTIDS (as -R) or BINLOG-DUMP-GTIDS.",
    ),
    long("raw", Flag, "With -R: write the logs themselves."),
    both(
        "result-file",
        b'r',
        Text,
        "Write to this file; with --raw the beginning of the files' names.",
    ),
    long("server-id", unsigned(0, u64::MAX), "Print events of this server alone."),
    long("server-id-bits", unsigned(7, 32), "So many bits of server ids count."),
    long("set-charset", Text, "Add SET NAMES with this character set."),
    both("short-form", b's', Flag, "Statements alone: no comments, no rows."),
    both("socket", b'S', Text, "Socket of the server."),
    long("server-public-key-path", Text, "RSA key of the server, PEM."),
    long("get-server-public-key", Flag, "Ask the server for its RSA key."),
    long(
        "ssl-mode",
        Text,
        "DISABLED, PREFERRED, REQUIRED, VERIFY_CA or VERIFY_IDENTITY.",
    ),
    long("ssl-ca", Text, "Certificates of authorities, PEM."),
    long("ssl-capath", Text, "Folder of certificates of authorities."),
    long("ssl-cert", Text, "Own certificate, PEM."),
    long("ssl-cipher", Text, "Ciphers to use."),
    long("ssl-key", Text, "Key of the own certificate, PEM."),
    long("ssl-crl", Text, "Revoked certificates."),
    long("ssl-crlpath", Text, "Folder of revoked certificates."),
    long("tls-version", Text, "Versions of TLS to use: TLSv1.2, TLSv1.3."),
    long("ssl-fips-mode", Text, "OFF, ON or STRICT."),
    long("tls-ciphersuites", Text, "Ciphers of TLS 1.3 to use."),
    long("ssl-session-data", Text, "File of a session to take up."),
    long(
        "ssl-session-data-continue-on-failed-reuse",
        Flag,
        "Connect also where the session cannot be taken up.",
    ),
    long("tls-sni-servername", Text, "Name to ask the server for."),
    long(
        "start-datetime",
        Text,
        "Begin with the first event at or after this local time.",
    ),
    both(
        "start-position",
        b'j',
        unsigned(4, u64::MAX),
        "Begin at this position of the first log.",
    ),
    long(
        "stop-datetime",
        Text,
        "End before the first event at or after this local time.",
    ),
    long("stop-never", Flag, "With -R: at the end wait for more."),
    long(
        "stop-never-slave-server-id",
        signed(-1, 0xffff_ffff),
        "Old name of --connection-server-id.",
    ),
    long(
        "connection-server-id",
        signed(-1, 0xffff_ffff),
        "With -R: the id under which to read.",
    ),
    long(
        "stop-position",
        unsigned(4, u64::MAX),
        "End before the first event at or after this position of the last log.",
    ),
    both(
        "to-last-log",
        b't',
        Flag,
        "With -R: go on to the end of the server's last log.",
    ),
    both("user", b'u', Text, "User to log in as."),
    both(
        "verbose",
        b'v',
        Action,
        "Print row changes as comments; twice: with the columns' types.",
    ),
    both("version", b'V', Action, "Show the version."),
    long(
        "open_files_limit",
        unsigned(8, u32::MAX as u64),
        "Accepted, and of no effect.",
    ),
    both("verify-binlog-checksum", b'c', Flag, "Verify checksums."),
    long(
        "binlog-row-event-max-size",
        ROW_EVENT_MAX_SIZE,
        "Accepted, and of no effect.",
    ),
    long("skip-gtids", Flag, "Leave GTIDs out."),
    long("include-gtids", Text, "Print these transactions alone."),
    long("exclude-gtids", Text, "Print all but these transactions."),
    long("print-table-metadata", Flag, "Print what tables say of their columns."),
    both("compress", b'C', Flag, "Old form of --compression-algorithms."),
    long("compression-algorithms", Text, "How the connection may be compressed."),
    long(
        "zstd-compression-level",
        unsigned(1, 22),
        "Level of zstd on the connection.",
    ),
    long("require-row-format", Flag, "Fail at what is not logged as rows."),
];

/// The option of this long name.
pub(super) fn named(name: &[u8]) -> Option<&'static Spec> {
    OPTIONS.iter().find(|option| is_same(option.name.as_bytes(), name))
}

/// The option of this letter.
pub(super) fn lettered(letter: u8) -> Option<&'static Spec> {
    OPTIONS.iter().find(|option| option.short == Some(letter))
}

/// Whether two names differ in nothing but `-` and `_`.
pub(super) fn is_same(one: &[u8], other: &[u8]) -> bool {
    let plain = |byte: &u8| if *byte == b'-' { b'_' } else { *byte };
    one.len() == other.len() && one.iter().map(plain).eq(other.iter().map(plain))
}
