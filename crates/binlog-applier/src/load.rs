//! LOAD DATA in statement format: the file comes in blocks, the statement after them.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::Arc;

use binlog_parser::event::{AppendBlock, ExecuteLoadQuery};
use mysql::LocalInfileHandler;

use crate::error::{ApplyError, ApplyErrorKind};
use crate::statement;
use crate::target::Target;

/// All files that are not loaded yet take at most so many bytes.
const FILES_LEN: usize = 256 << 20;

/// Files that are not loaded yet, by the source's number.
#[derive(Debug, Default)]
pub(crate) struct Files {
    files: HashMap<u32, Vec<u8>>,
}

impl Files {
    pub(crate) fn append(&mut self, block: &AppendBlock<'_>) -> Result<(), ApplyError> {
        let held: usize = self.files.values().map(Vec::len).sum();
        if held + block.data.len() > FILES_LEN {
            return Err(unsupported("its file is larger than 256 MiB"));
        }
        let file = self.files.entry(block.file_id).or_default();
        if block.first {
            file.clear();
        }
        file.extend(block.data);
        Ok(())
    }

    pub(crate) fn delete(&mut self, file_id: u32) {
        self.files.remove(&file_id);
    }

    /// Runs the statement on the file.
    pub(crate) fn load(
        &mut self,
        target: &mut Target,
        load: &ExecuteLoadQuery<'_>,
        timestamp: u32,
    ) -> Result<(), ApplyError> {
        let Some(file) = self.files.remove(&load.file_id) else {
            return Err(unsupported("its file does not stand before it"));
        };
        let sql = load
            .with_local_file(b"binlog")
            .ok_or_else(|| unsupported("the place of the file name lies outside its text"))?;
        let file = Arc::new(file);
        target
            .conn
            .set_local_infile_handler(Some(LocalInfileHandler::new(move |_, server| server.write_all(&file))));
        let done = statement::run(target, &load.query, &sql, timestamp);
        target.conn.set_local_infile_handler(None);
        done
    }
}

fn unsupported(why: &'static str) -> ApplyError {
    ApplyErrorKind::Unsupported {
        what: "LOAD DATA".to_owned(),
        why,
    }
    .into()
}
