//! Applying one log to fresh servers that are as durable as in production.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use binlog_testkit::compare::compare;
use binlog_testkit::{Flavour, Server, ServerOptions};

use super::logs::{Load, TABLES};
use super::table::{Contender, markdown_times};
use super::{Programs, replica};

/// Workers of the servers' own replicas.
const WORKERS: [usize; 2] = [4, 8];

/// All that is measured, of each family of servers.
const LOADS: [(Flavour, Load); 5] = [
    (Flavour::MySql97, Load::Writes),
    (Flavour::MySql97, Load::Spread),
    (Flavour::MySql97, Load::Bulk),
    (Flavour::MariaDb118, Load::Writes),
    (Flavour::MariaDb118, Load::Bulk),
];

/// Our apply, the servers' replicas, and `mysqlbinlog | mysql` for the first load, by turns. What they make of the log must be the same.
/// `only` names servers by the front of their name.
pub(super) fn measure(programs: &Programs, size_mb: u64, rounds: usize, only: Option<&str>) -> Result<()> {
    let is_asked_for = |flavour: Flavour| only.is_none_or(|only| flavour.name().starts_with(only));
    for (flavour, load) in LOADS.into_iter().filter(|(flavour, _)| is_asked_for(*flavour)) {
        let log = load.log(flavour, size_mb)?;
        let with_text = (flavour, load) == (Flavour::MySql97, Load::Writes);
        println!(
            "\n{}",
            Race {
                programs,
                flavour,
                log: &log
            }
            .run(load, rounds, with_text)?
        );
    }
    Ok(())
}

struct Race<'r> {
    programs: &'r Programs,
    flavour: Flavour,
    log: &'r Path,
}

impl Race<'_> {
    fn run(&self, load: Load, rounds: usize, with_text: bool) -> Result<String> {
        let bytes = fs::metadata(self.log)
            .with_context(|| format!("no {}", self.log.display()))?
            .len();
        let mut ours = [
            (Contender::new("binlog apply --to URL FILE"), &[][..]),
            (
                Contender::new("binlog apply --to URL --via sql FILE"),
                &["--via", "sql"],
            ),
        ];
        let mut theirs = WORKERS.map(|workers| (Contender::new(format!("replica, {workers} workers")), workers));
        let mut text = Contender::new("mysqlbinlog FILE | mysql");
        let source = replica::source(self.flavour, self.log)?;
        for _ in 0..rounds {
            let expected = self.target()?;
            let (first, options) = &mut ours[0];
            first.run(vec![self.apply(options, &expected)])?;
            let same = |target: &Server, who: &Contender| {
                compare(&expected, target, &TABLES).with_context(|| format!("{} came to something else", who.name()))
            };
            let (second, options) = &mut ours[1];
            let target = self.target()?;
            second.run(vec![self.apply(options, &target)])?;
            same(&target, second)?;
            for (contender, workers) in &mut theirs {
                eprintln!("running {}", contender.name());
                let target = replica::server(&source, self.log, *workers)?;
                contender.add(replica::run(&target, self.log)?);
                same(&target, contender)?;
            }
            if with_text {
                let target = self.target()?;
                text.run(vec![self.mysqlbinlog(&target)?, target.client()?])?;
                same(&target, &text)?;
            }
        }
        let mut all: Vec<Contender> = ours.into_iter().map(|(contender, _)| contender).collect();
        all.extend(theirs.into_iter().map(|(contender, _)| contender));
        let (megabytes, name, words) = (bytes / 1_000_000, self.flavour.name(), load.words());
        if with_text {
            all.push(text);
        }
        let table = markdown_times(&all, 2, bytes, "times the replica with 4 workers");
        Ok(format!(
            "Applying {megabytes} MB ({words}) to a durable {name}, {rounds} rounds:\n\n{table}"
        ))
    }

    fn target(&self) -> Result<Server> {
        Server::start(ServerOptions::new(self.flavour).gtid().durable().server_id(2))
    }

    fn apply(&self, options: &[&str], target: &Server) -> Command {
        let mut command = Command::new(&self.programs.binlog);
        command
            .args(["apply", "--to", &target.url()])
            .args(options)
            .arg(self.log);
        command
    }

    fn mysqlbinlog(&self, target: &Server) -> Result<Command> {
        let mut command = target.installation().mysqlbinlog()?;
        command.arg(self.log);
        Ok(command)
    }
}
