//! Logs in which format descriptions stand in many orders, as relay logs have them.

use std::sync::Arc;

use anyhow::{Context as _, Result};

use super::case::{Case, Change, Log};
use super::logs::boundaries;

/// `R`elay log's own, sent `A`gain, `N`ew; then GTID and BEGIN.
const LETTERS: &str = "RANGB";
const RELAY_LOG: u8 = 0x40;
const ARTIFICIAL: u8 = 0x20;

/// Every word of three letters that begins with a format description, alone and behind another log.
pub(crate) fn orders(log: &Log) -> Result<Vec<Case>> {
    let bytes = log.bytes()?;
    let places = boundaries(&bytes)?;
    let mut events = places
        .iter()
        .zip(places.iter().skip(1))
        .filter_map(|(from, to)| bytes.get(*from..*to));
    let description = events.next().context("no event")?;
    let gtid = events.by_ref().find(|event| event.get(4) == Some(&33));
    let (gtid, begin) = (gtid.context("no GTID")?, events.next().context("no BEGIN")?);
    let event = |letter| match letter {
        'R' => marked(description, RELAY_LOG, true),
        'A' => marked(description, ARTIFICIAL, false),
        'N' => description.to_vec(),
        'G' => gtid.to_vec(),
        _ => begin.to_vec(),
    };
    let made = |word: &str| {
        let bytes: Vec<u8> = b"\xfebin".iter().copied().chain(word.chars().flat_map(event)).collect();
        Log::made(word, &Arc::new(bytes), Change::Append(b""))
    };
    let mut cases = Vec::new();
    for first in LETTERS.get(..3).unwrap_or_default().chars() {
        for second in LETTERS.chars() {
            for third in LETTERS.chars() {
                let log = made(&format!("{first}{second}{third}"));
                cases.push(Case::new(["-v"], [log.clone()]));
                cases.push(Case::new(["-s"], [made("RAGN"), log.clone()]));
                cases.push(Case::new(["--skip-gtids"], [log, made("NGB")]));
            }
        }
    }
    Ok(cases)
}

/// The event with this flag, and where it ends or not.
fn marked(event: &[u8], flag: u8, ends: bool) -> Vec<u8> {
    let mut event = event.to_vec();
    if let Some(flags) = event.get_mut(17) {
        *flags |= flag;
    }
    if let Some(end) = event.get_mut(13..17).filter(|_| !ends) {
        end.fill(0);
    }
    event
}
