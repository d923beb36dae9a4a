//! What is written down before a statement that commits by itself, so that after an interruption
//! the target itself tells whether it was done. See `docs/decisions/0003-exactly-once.md`.

use binlog_parser::event::Flavour;
use binlog_schema::sql::{push_identifier, push_table};
use binlog_schema::{Object, StatementKind, Touched, Unparsed};

use crate::checkpoint::Checkpoint;
use crate::error::{ApplyError, ApplyErrorKind};
use crate::target::Target;

/// What to do when the intent is found after an interruption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Compare the objects with what they were: unchanged, run it again; changed, it was done.
    Compare,
    /// As `Compare`, but it may leave the objects as they were: unchanged decides nothing.
    CompareOrAsk,
    /// Running it again leads to the same.
    Repeat,
    /// It made tables which its transaction then fills: drop them, and run the transaction again.
    Undo,
    /// Nothing tells.
    Ask,
}

/// An object and what it looked like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Print {
    /// As after `SHOW CREATE`: ``TABLE `a`.`b` ``.
    pub(crate) object: String,
    /// Hash of its definition; `None` where there was none.
    pub(crate) state: Option<u64>,
}

/// The intent to run a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Intent {
    /// The statement, shortened.
    pub(crate) sql: String,
    /// What to do after an interruption.
    pub(crate) remedy: Remedy,
    /// The objects before the statement.
    pub(crate) before: Vec<Print>,
    /// Where the target stands once it is done.
    pub(crate) after: Checkpoint,
}

/// What an intent that was found means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The statement was done.
    Done,
    /// It was not, or running it again leads to the same.
    Again,
}

impl Remedy {
    const ALL: [Self; 5] = [Self::Compare, Self::CompareOrAsk, Self::Repeat, Self::Undo, Self::Ask];

    /// As it stands in the checkpoint's row.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Compare => "compare",
            Self::CompareOrAsk => "compare or ask",
            Self::Repeat => "repeat",
            Self::Undo => "undo",
            Self::Ask => "ask",
        }
    }

    /// The remedy for a statement that is a transaction of its own.
    pub(crate) fn of(touched: &Result<Touched, Unparsed>, sql: &[u8]) -> Self {
        use StatementKind as Kind;
        let Ok(touched) = touched else {
            return Self::Ask;
        };
        match touched.kind {
            Kind::Truncate | Kind::Maintenance | Kind::Set | Kind::Account => Self::Repeat,
            Kind::DropTable | Kind::DropView | Kind::DropDatabase => Self::Repeat,
            _ if touched.writes.is_empty() || touched.writes.contains(&Object::Global) => Self::Ask,
            Kind::RenameTable if words(sql, b"TO") < touched.writes.len() => Self::Compare,
            Kind::RenameTable => Self::CompareOrAsk,
            Kind::AlterTable if words(sql, b"EXCHANGE") > 0 => Self::CompareOrAsk,
            kind if kind.is_ddl() => Self::Compare,
            _ => Self::Ask,
        }
    }
}

/// How often the letters stand in the text. Counting some too often is harmless here: tables can only
/// be swapped by at least as many renames as there are names.
fn words(sql: &[u8], word: &[u8]) -> usize {
    sql.windows(word.len())
        .filter(|part| part.eq_ignore_ascii_case(word))
        .count()
}

impl Intent {
    pub(crate) fn parse(sql: String, remedy: &str, before: &str, after: Checkpoint) -> Result<Self, String> {
        let unknown = || format!("its intent's remedy {remedy:?} is not known to this version");
        let remedy = Remedy::ALL
            .into_iter()
            .find(|known| known.name() == remedy)
            .ok_or_else(unknown)?;
        let before = before.lines().map(Print::parse).collect::<Result<_, _>>()?;
        Ok(Self {
            sql,
            remedy,
            before,
            after,
        })
    }

    /// The objects as text, a line each.
    pub(crate) fn before_text(&self) -> String {
        let lines: Vec<String> = self.before.iter().map(Print::text).collect();
        lines.join("\n")
    }

    /// Finds out whether the statement was done, or makes undone what was half done.
    pub(crate) fn resolve(&self, target: &mut Target, name: &str) -> Result<Outcome, ApplyError> {
        let changed = self.changed(target)?;
        match self.remedy {
            Remedy::Compare | Remedy::CompareOrAsk if !changed.is_empty() => Ok(Outcome::Done),
            Remedy::Compare | Remedy::Repeat => Ok(Outcome::Again),
            Remedy::Undo => {
                for print in changed.iter().filter(|print| print.state.is_none()) {
                    target.run(&format!("DROP {}", print.object), "undoing an interrupted CREATE TABLE")?;
                }
                Ok(Outcome::Again)
            }
            Remedy::CompareOrAsk | Remedy::Ask => Err(ApplyErrorKind::Undecided {
                sql: self.sql.clone(),
                name: name.to_owned(),
            }
            .into()),
        }
    }

    /// Whether none of the objects is there.
    pub(crate) fn leaves_nothing(&self, target: &mut Target) -> Result<bool, ApplyError> {
        for print in &self.before {
            if state(target, &print.object)?.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Keeps events that came from the source from running on the target too, as replicas do: what they change
    /// comes from the source.
    pub(crate) fn disable_events(&self, target: &mut Target) -> Result<(), ApplyError> {
        let events = self.before.iter().filter(|print| print.object.starts_with("EVENT "));
        for print in events {
            if state(target, &print.object)?.is_some() {
                let place = if target.flavour == Flavour::MariaDb {
                    "SLAVE"
                } else {
                    "REPLICA"
                };
                let sql = format!("ALTER {} DISABLE ON {place}", print.object);
                target.run(&sql, "disabling an event of the source")?;
            }
        }
        Ok(())
    }

    fn changed(&self, target: &mut Target) -> Result<Vec<&Print>, ApplyError> {
        let mut changed = Vec::new();
        for print in &self.before {
            if state(target, &print.object)? != print.state {
                changed.push(print);
            }
        }
        Ok(changed)
    }
}

impl Print {
    fn text(&self) -> String {
        match self.state {
            Some(hash) => format!("{hash:016x} {}", self.object),
            None => format!("absent {}", self.object),
        }
    }

    fn parse(line: &str) -> Result<Self, String> {
        let bad = || format!("its intent names no object: {line:?}");
        let (state, object) = line.split_once(' ').ok_or_else(bad)?;
        let state = match state {
            "absent" => None,
            hash => Some(u64::from_str_radix(hash, 16).map_err(|_| bad())?),
        };
        Ok(Self {
            object: object.to_owned(),
            state,
        })
    }
}

/// What the objects look like now.
pub(crate) fn prints(target: &mut Target, objects: &[Object]) -> Result<Vec<Print>, ApplyError> {
    let names = objects.iter().flat_map(names);
    names
        .map(|object| {
            let state = state(target, &object)?;
            Ok(Print { object, state })
        })
        .collect()
}

/// The object as `SHOW CREATE` names it. A routine may be either kind.
fn names(object: &Object) -> Vec<String> {
    let two = |word: &str, schema: &str, name: &str| {
        let mut out = Vec::new();
        push_table(&mut out, schema, name);
        format!("{word} {}", String::from_utf8_lossy(&out))
    };
    match object {
        Object::Table(name) => vec![two("TABLE", &name.schema, &name.table)],
        Object::Schema(schema) => {
            let mut out = Vec::new();
            push_identifier(&mut out, schema);
            vec![format!("DATABASE {}", String::from_utf8_lossy(&out))]
        }
        Object::Routine { schema, name } => ["PROCEDURE", "FUNCTION"].map(|word| two(word, schema, name)).to_vec(),
        Object::Trigger { schema, name, .. } => vec![two("TRIGGER", schema, name)],
        Object::Event { schema, name } => vec![two("EVENT", schema, name)],
        _ => Vec::new(),
    }
}

/// Hash of an object's definition.
fn state(target: &mut Target, object: &str) -> Result<Option<u64>, ApplyError> {
    let definition = target.definition(object)?;
    Ok(definition.map(|text| hash(without_counter(&text).as_bytes())))
}

/// `AUTO_INCREMENT=5` is not part of the definition: a server that restarts may count anew.
fn without_counter(definition: &str) -> String {
    let mut parts = definition.split(" AUTO_INCREMENT=");
    let first = parts.next().unwrap_or_default();
    let rest = parts.map(|part| part.trim_start_matches(|letter: char| letter.is_ascii_digit()));
    std::iter::once(first).chain(rest).collect()
}

/// FNV-1a: the same in every version of the program.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_intent_is_read_as_it_was_written() {
        let intent = Intent {
            sql: "ALTER TABLE a.b ADD c INT".to_owned(),
            remedy: Remedy::CompareOrAsk,
            before: vec![
                Print {
                    object: "TABLE `a`.`b c`".to_owned(),
                    state: Some(hash(b"x")),
                },
                Print {
                    object: "TABLE `a`.`d`".to_owned(),
                    state: None,
                },
            ],
            after: Checkpoint::default(),
        };
        let text = intent.before_text();
        let again = Intent::parse(intent.sql.clone(), intent.remedy.name(), &text, Checkpoint::default());
        assert_eq!(again, Ok(intent));
    }

    #[test]
    fn the_counter_is_no_definition() {
        let check = |text: &str, expected: &str| assert_eq!(without_counter(text), expected);
        check(
            "x) ENGINE=InnoDB AUTO_INCREMENT=17 DEFAULT y",
            "x) ENGINE=InnoDB DEFAULT y",
        );
        check("x) ENGINE=InnoDB", "x) ENGINE=InnoDB");
    }
}
