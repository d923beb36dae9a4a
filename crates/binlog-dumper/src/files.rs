//! Files of LOAD DATA statements, on their way to where the text says that they are.

use std::collections::HashMap;
use std::sync::Arc;

use binlog_parser::event::AppendBlock;

use crate::at::At;

/// A block of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileBlock {
    /// The file's name, without a folder.
    pub name: Arc<str>,
    /// Whether the file begins with it.
    pub is_first: bool,
    /// What the block holds.
    pub data: Vec<u8>,
}

/// Names of the files that are not loaded yet, by the source's number.
#[derive(Debug, Default)]
pub(crate) struct Files {
    names: HashMap<u32, Arc<str>>,
}

impl Files {
    /// Takes a block. `None` where the beginning of its file was not seen.
    pub(crate) fn block(&mut self, at: At<'_, '_>, block: &AppendBlock<'_>) -> Option<FileBlock> {
        if block.first {
            self.names.insert(block.file_id, name(at));
        }
        let name = self.names.get(&block.file_id)?;
        Some(FileBlock {
            name: Arc::clone(name),
            is_first: block.first,
            data: block.data.to_vec(),
        })
    }

    /// The name of a file that is not given again.
    pub(crate) fn take(&mut self, file_id: u32) -> Option<Arc<str>> {
        self.names.remove(&file_id)
    }
}

/// By the log and the position of the file's first block.
fn name(at: At<'_, '_>) -> Arc<str> {
    let plain = |letter: char| match letter {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' => letter,
        _ => '_',
    };
    let log: String = at.chunk.file.chars().map(plain).collect();
    format!("{log}-{}.data", at.raw.offset).into()
}
