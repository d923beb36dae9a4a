//! The algebra and the text of GTID sets, compared with what a server computes.

#![allow(
    clippy::indexing_slicing,
    reason = "a test that reads past its own data fails, and says where"
)]

use anyhow::{Result, ensure};
use binlog_parser::gtid::GtidSet;
use binlog_testkit::{Flavour, Server, ServerOptions};
use mysql::prelude::Queryable as _;

const PAIRS: usize = 300;
const SERVERS: [&str; 2] = [
    "3e11fa47-71ca-11e1-9e33-c80aa9429562",
    "F0000000-0000-0000-0000-000000000001",
];
const TAGS: [&str; 3] = ["", ":a", ":B_2"];

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    /// A set as a person may write it: intervals that overlap, in any order.
    fn set(&mut self) -> String {
        let parts = (0..self.below(6)).map(|_| self.part()).collect::<Vec<_>>();
        parts.join(",")
    }

    fn part(&mut self) -> String {
        let server = SERVERS[self.below(2) as usize];
        let tag = TAGS[self.below(3) as usize];
        let start = 1 + self.below(20);
        match self.below(3) {
            0 => format!("{server}{tag}:{start}"),
            1 => format!("{server}{tag}:{start}-{}", start + self.below(8)),
            _ => format!("{server}{tag}:{}-{}:{start}", start + 2, start + 2 + self.below(8)),
        }
    }
}

#[test]
fn sets_as_mysql_has_them() -> Result<()> {
    let server = Server::start(ServerOptions::new(Flavour::MySql97))?;
    let mut conn = server.conn()?;
    let mut numbers = Numbers(7);
    for _ in 0..PAIRS {
        let (left, right) = (numbers.set(), numbers.set());
        let of_server: Option<(String, String, String, bool)> = conn.exec_first(
            "SELECT REPLACE(GTID_SUBTRACT(?, ''), '\n', ''), REPLACE(GTID_SUBTRACT(?, ?), '\n', ''),
                    REPLACE(GTID_SUBTRACT(?, GTID_SUBTRACT(?, ?)), '\n', ''), GTID_SUBSET(?, ?)",
            (&left, &left, &right, &left, &left, &right, &left, &right),
        )?;
        let ours = computed(&left.parse()?, &right.parse()?);
        ensure!(
            of_server.as_ref() == Some(&ours),
            "{left} and {right}: {of_server:?}, not {ours:?}"
        );
    }
    Ok(())
}

/// The first set, the difference, what is common, and whether the first is part of the second.
fn computed(left: &GtidSet, right: &GtidSet) -> (String, String, String, bool) {
    let mut difference = left.clone();
    difference.subtract(right);
    (
        left.to_string(),
        difference.to_string(),
        left.intersection(right).to_string(),
        left.is_subset_of(right),
    )
}
