//! What changes the text.

use jiff::tz::TimeZone;

/// Form of rows and format descriptions: `--base64-output`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Base64Output {
    /// BINLOG statements.
    #[default]
    Auto,
    /// None: a log with rows is an error.
    Never,
    /// None; rows are commented at most.
    DecodeRows,
}

/// What changes the text.
#[derive(Debug, Clone)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own, and any may be given with any"
)]
pub struct TextOptions {
    /// `--base64-output`
    pub base64: Base64Output,
    /// `-v`: rows as comments; twice: with their types, and the statements behind them.
    pub verbose: u32,
    /// `--short-form`
    pub short_form: bool,
    /// `--hexdump`
    pub hexdump: bool,
    /// `--print-table-metadata`
    pub print_table_metadata: bool,
    /// `--idempotent`
    pub idempotent: bool,
    /// `--require-row-format`
    pub require_row_format: bool,
    /// `--skip-force-if-open`: logs that are in use are refused.
    pub refuse_open: bool,
    /// `--disable-log-bin`
    pub disable_log_bin: bool,
    /// `--set-charset`
    pub set_charset: Option<Vec<u8>>,
    /// `--rewrite-db`: from, to. Of several for one database the first counts.
    pub rewrite_db: Vec<(Vec<u8>, Vec<u8>)>,
    /// In which events' times are told.
    pub time_zone: TimeZone,
}

impl Default for TextOptions {
    fn default() -> Self {
        Self {
            base64: Base64Output::Auto,
            verbose: 0,
            short_form: false,
            hexdump: false,
            print_table_metadata: false,
            idempotent: false,
            require_row_format: false,
            refuse_open: false,
            disable_log_bin: false,
            set_charset: None,
            rewrite_db: Vec::new(),
            time_zone: TimeZone::UTC,
        }
    }
}

impl TextOptions {
    /// What `--rewrite-db` makes of the name of a database.
    pub(super) fn database<'a>(&'a self, name: &'a [u8]) -> &'a [u8] {
        let rule = self.rewrite_db.iter().find(|(from, _)| from == name);
        rule.map_or(name, |(_, to)| to)
    }
}
