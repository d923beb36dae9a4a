//! The options that change what is printed.

/// Forms of output, for every log.
pub(crate) const OUTPUTS: &[&[&str]] = &[
    &[],
    &["-v"],
    &["-vv"],
    &["-v", "-v", "-v"],
    &["--base64-output=never"],
    &["--base64-output=never", "-v"],
    &["--base64-output=decode-rows"],
    &["--base64-output=decode-rows", "-v"],
    &["--base64-output=decode-rows", "-vv"],
    &["--base64-output=auto"],
    &["--base64-output=auto", "-vv"],
    &["-s"],
    &["-s", "-v"],
    &["-s", "-vv", "--base64-output=decode-rows"],
    &["-H"],
    &["-H", "-vv"],
    &["-H", "-s"],
    &["-H", "-v", "--base64-output=decode-rows"],
    &["-H", "--base64-output=never"],
    &["--print-table-metadata"],
    &["--print-table-metadata", "-vv"],
    &["--print-table-metadata", "-v", "--base64-output=never"],
    &["--print-table-metadata", "-s", "-H"],
];

/// Options that say something about the whole output, or leave some of it out.
pub(crate) const ADDITIONS: &[&[&str]] = &[
    &["-d", "shop"],
    &["-d", "shop", "-vv"],
    &["-d", "SHOP", "-v"],
    &["-d", "other", "-v", "--base64-output=decode-rows"],
    &["-d", "nothing"],
    &["-d", "nothing", "-s"],
    &["--rewrite-db=shop->other"],
    &["--rewrite-db=shop->a longer `name", "-vv", "--print-table-metadata"],
    &["--rewrite-db=shop->s", "--rewrite-db=s->t", "-H", "-v"],
    &["--rewrite-db=other->shop", "-d", "shop", "-v"],
    &["--rewrite-db=shop->x", "-d", "x", "-v", "-s"],
    &["--skip-gtids"],
    &["--skip-gtids", "-v", "-s"],
    &["--skip-gtids", "-H", "--base64-output=decode-rows"],
    &["-D"],
    &["-i"],
    &["-i", "-v", "-s"],
    &["--set-charset=latin1"],
    &["-D", "-i", "--set-charset=utf8mb4", "-vv", "-H"],
    &["-f"],
    &["-f", "-c", "-v"],
    &["-c"],
    &["-c", "-H", "-v"],
    &["--server-id=1", "-v"],
    &["--server-id=7"],
    &["--server-id-bits=7", "--server-id=1"],
    &["-o", "1"],
    &["-o", "5", "-v"],
    &["-o", "100000"],
    &["--require-row-format"],
    &["--require-row-format", "-v"],
    &["--binlog-row-event-max-size=256", "-v"],
    &["--skip-force-if-open"],
];

/// The most telling of both, for logs of which there are many.
pub(crate) const TELLING: &[&[&str]] = &[
    &[],
    &["-v", "--print-table-metadata"],
    &["-vv", "-c"],
    &["-s", "-v"],
    &["-H", "-vv"],
    &["--base64-output=decode-rows", "-v"],
    &["--base64-output=never"],
    &["--skip-gtids", "-D", "-i", "--set-charset=latin1"],
    &["-d", "corpus", "-v"],
    &["--rewrite-db=corpus->a longer name", "-vv"],
    &["--require-row-format"],
    &["-o", "7", "-v"],
];

/// For logs that the real program gives up early.
pub(crate) const FOREIGN: &[&[&str]] = &[
    &[],
    &["-v"],
    &["-s"],
    &["-H"],
    &["-f"],
    &["-f", "-vv", "-c"],
    &["-c"],
    &["-d", "shop"],
    &["--base64-output=decode-rows", "-v"],
    &["--skip-gtids"],
    &["-o", "2"],
];

/// Times zones by their rules, so that no database of zones is needed: halves of hours, summer, and both together.
pub(crate) const ZONES: &[&str] = &["XXX-5:30", "YYY+3:30", "CET-1CEST,M3.5.0,M10.5.0/3", "Europe/Berlin"];
