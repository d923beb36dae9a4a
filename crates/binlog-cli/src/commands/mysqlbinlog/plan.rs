//! Settings that fit together, and where the output goes.

use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;

use binlog_dumper::mysqlbinlog::{Base64Output, SelectOptions, TextOptions};
use binlog_parser::gtid::GtidSet;
use jiff::tz::TimeZone;

use super::gtids;
use super::messages::{Ending, Messages};
use super::settings::{Base64, Remote, Settings};

/// Size of the buffer in front of the output.
const BUFFER: usize = 256 * 1024;
/// Who may read what is written: the owner and the group.
const MODE: u32 = 0o640;

/// What is to be done.
pub(super) struct Plan {
    pub(super) settings: Settings,
    pub(super) files: Vec<OsString>,
    pub(super) out: Box<dyn Write + Send + Sync>,
    pub(super) include_gtids: Option<GtidSet>,
    pub(super) exclude_gtids: Option<GtidSet>,
}

impl Plan {
    /// # Errors
    /// Settings that do not fit together, or an output that cannot be written, which was said.
    pub(super) fn new(settings: Settings, files: Vec<OsString>, messages: &mut Messages<'_>) -> Result<Self, Ending> {
        if settings.stop_position.is_some() && matches!(files.as_slice(), [only] if only == "-") {
            return fail("stop_position not allowed when input is STDIN", messages);
        }
        check_remote(&settings, messages)?;
        if settings.raw {
            check_raw(&settings, messages)?;
        }
        let out = open(&settings, messages)?;
        let include_gtids = gtid_set("include", settings.include_gtids.as_deref(), messages)?;
        let exclude_gtids = gtid_set("exclude", settings.exclude_gtids.as_deref(), messages)?;
        say_of_ids(&settings, messages);
        Ok(Self {
            settings,
            files,
            out,
            include_gtids,
            exclude_gtids,
        })
    }

    /// How it is printed.
    pub(super) fn text(&self) -> TextOptions {
        let settings = &self.settings;
        TextOptions {
            base64: match settings.base64 {
                Base64::Never => Base64Output::Never,
                Base64::Auto => Base64Output::Auto,
                Base64::DecodeRows => Base64Output::DecodeRows,
            },
            verbose: settings.verbose,
            short_form: settings.short_form,
            hexdump: settings.hexdump,
            print_table_metadata: settings.print_table_metadata,
            idempotent: settings.idempotent,
            require_row_format: settings.require_row_format,
            refuse_open: settings.refuse_open,
            disable_log_bin: settings.disable_log_bin,
            set_charset: settings.set_charset.as_ref().map(|name| name.as_bytes().to_vec()),
            rewrite_db: settings.rewrite_db.clone(),
            time_zone: TimeZone::system(),
        }
    }

    /// What is printed.
    pub(super) fn selection(&self) -> SelectOptions {
        let settings = &self.settings;
        SelectOptions {
            database: settings.database.as_ref().map(|name| name.as_bytes().to_vec()),
            offset: settings.offset,
            start_datetime: settings.start_datetime,
            stop_datetime: settings.stop_datetime,
            stop_position: None,
            server_id: Some(settings.server_id).filter(|id| *id != 0),
            server_id_bits: settings.server_id_bits,
            include_gtids: self.include_gtids.clone(),
            exclude_gtids: self.exclude_gtids.clone(),
            skip_gtids: settings.skip_gtids,
        }
    }
}

fn fail<T>(text: &str, messages: &mut Messages<'_>) -> Result<T, Ending> {
    messages.error(text);
    Err(Ending::FAILURE)
}

fn check_remote(settings: &Settings, messages: &mut Messages<'_>) -> Result<(), Ending> {
    if settings.remote_alias && settings.remote != Some(Remote::Names) {
        return fail(
            "The option read-from-remote-server cannot be used when read-from-remote-source is defined and is not equal \
             to BINLOG-DUMP-NON-GTIDS",
            messages,
        );
    }
    let far = settings
        .start_position
        .is_some_and(|position| position > u64::from(u32::MAX));
    if settings.remote.is_some() && far {
        return fail(
            "The option --start-position cannot be used with values greater than 4 GiB (4294967854), when one of \
             read-from-remote-server or read-from-remote-source is used.",
            messages,
        );
    }
    Ok(())
}

fn check_raw(settings: &Settings, messages: &mut Messages<'_>) -> Result<(), Ending> {
    if settings.database.is_some() {
        messages.warning("The --database option is ignored with --raw mode");
    }
    if settings.remote.is_none() {
        return fail(
            "The --raw flag requires one of --read-from-remote-source or --read-from-remote-server",
            messages,
        );
    }
    if settings.include_gtids.is_some() {
        return fail("You cannot use --include-gtids and --raw together.", messages);
    }
    if settings.remote == Some(Remote::Names) && settings.exclude_gtids.is_some() {
        return fail(
            "You cannot use both of --exclude-gtids and --raw together with one of --read-from-remote-server or \
             --read-from-remote-source=BINLOG-DUMP-NON-GTID.",
            messages,
        );
    }
    if settings.stop_position.is_some() {
        messages.warning("The --stop-position option is ignored in raw mode");
    }
    if settings.stop_datetime.is_some() {
        messages.warning("The --stop-datetime option is ignored in raw mode");
    }
    Ok(())
}

/// Logs as they are go to files of their own.
fn open(settings: &Settings, messages: &mut Messages<'_>) -> Result<Box<dyn Write + Send + Sync>, Ending> {
    let Some(path) = settings.result_file.as_ref().filter(|_| !settings.raw) else {
        return Ok(Box::new(BufWriter::with_capacity(BUFFER, io::stdout())));
    };
    match create(path, messages) {
        Ok(file) => Ok(Box::new(BufWriter::with_capacity(BUFFER, file))),
        Err(_) => {
            let path = path.to_string_lossy();
            fail(&format!("Could not create log file '{path}'"), messages)
        }
    }
}

/// Creates a file as mysqlbinlog does.
pub(super) fn create(path: &OsStr, messages: &mut Messages<'_>) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let created = options.write(true).create(true).truncate(true).mode(MODE).open(path);
    created.inspect_err(|error| {
        let path = path.to_string_lossy();
        messages.refused(format_args!("Can't create/write to file '{path}'"), error);
    })
}

fn gtid_set(which: &str, text: Option<&OsStr>, messages: &mut Messages<'_>) -> Result<Option<GtidSet>, Ending> {
    let Some(text) = text else { return Ok(None) };
    match gtids::parse(text.as_bytes()) {
        Ok(set) => Ok(Some(set)),
        Err(why) => {
            let text = text.to_string_lossy();
            fail(
                &format!("Could not configure --{which}-gtids '{text}': {why}"),
                messages,
            )
        }
    }
}

/// Ids that make no sense are told of, and used.
fn say_of_ids(settings: &Settings, messages: &mut Messages<'_>) {
    if settings.connection_server_id == Some(0) && settings.stop_never {
        messages.error("Cannot set --server-id=0 when --stop-never is specified.");
    }
    if let (Some(own), Some(old)) = (settings.connection_server_id, settings.stop_never_server_id) {
        messages.error(format_args!(
            "Cannot set --connection-server-id= {own} and--stop-never-slave-server-id= {old}. "
        ));
    }
}
