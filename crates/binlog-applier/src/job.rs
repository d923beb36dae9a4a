//! A transaction of the target that holds row changes alone, and how it is written.

use std::sync::Arc;

use binlog_parser::{EventType, FormatDescription};

use crate::change;
use crate::error::ApplyError;
use crate::framed::Framed;
use crate::group::Group;
use crate::target::Target;

/// How row changes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// As row events, but those that the target would take for something else.
    Events,
    /// As statements.
    Sql,
}

/// Groups of changes under one format description.
#[derive(Debug)]
pub(crate) struct Changes {
    pub(crate) format: Arc<FormatDescription>,
    pub(crate) groups: Vec<Group>,
}

/// A transaction of the target.
#[derive(Debug)]
pub(crate) struct Job {
    /// Jobs are numbered from 1, and are committed in this order.
    pub(crate) number: u64,
    /// The job that must be committed before this one begins.
    pub(crate) needs: u64,
    pub(crate) way: Way,
    pub(crate) changes: Changes,
    /// The statement that writes the checkpoint.
    pub(crate) checkpoint: String,
}

impl Changes {
    /// Writes the changes in the target's open transaction. For events the target must know their format description.
    pub(crate) fn write(&self, target: &mut Target, way: Way) -> Result<(), ApplyError> {
        let mut framed = Framed::default();
        target.set_source(self.format.flavour());
        for group in &self.groups {
            if way == Way::Events && self.can_be_framed(group) {
                framed.add(target, group)?;
            } else {
                framed.send(target)?;
                change::apply(target, group)?;
            }
        }
        framed.send(target)
    }

    /// Says that the target takes the tables' changes as SQL alone.
    pub(crate) fn refuse_events(&self) {
        for group in &self.groups {
            group.shape.plan.refuse_events();
        }
    }

    /// Whether a replica would do with the row events what the source did.
    fn can_be_framed(&self, group: &Group) -> bool {
        let is_wide = |event_type| self.format.table_id_len(event_type) == 6;
        group.shape.plan.takes_events() && is_wide(group.shape.event_type) && is_wide(EventType::TABLE_MAP)
    }
}

impl Job {
    /// Bytes of its changes.
    pub(crate) fn size(&self) -> usize {
        self.changes.groups.iter().map(|group| group.data.len()).sum()
    }

    /// Begins the target's transaction and writes the changes. The checkpoint and the commit are to follow.
    pub(crate) fn write(&self, target: &mut Target, way: Way) -> Result<(), ApplyError> {
        if way == Way::Events {
            target.describe(&self.changes.format)?;
        }
        target.begin()?;
        self.changes.write(target, way)
    }

    /// Writes the checkpoint and commits.
    pub(crate) fn commit(&self, target: &mut Target, name: &str) -> Result<(), ApplyError> {
        target.store(&self.checkpoint, name)?;
        target.commit()
    }
}
