//! Options that say which events are read.

use anyhow::{Context as _, Result};

use super::case::{Case, Log};
use super::logs::{boundaries, gtids, times};

/// From and up to each event, and places inside of events.
pub(crate) fn positions(log: &Log) -> Result<Vec<Case>> {
    let places = boundaries(&log.bytes()?)?;
    let mut cases = Vec::new();
    for place in &places {
        cases.push(case(log, &[&format!("--start-position={place}"), "-v"]));
        cases.push(case(log, &[&format!("--stop-position={place}"), "-v"]));
        let inside = place + 7;
        cases.push(case(log, &["--stop-position", &inside.to_string()]));
    }
    for (start, stop) in places.iter().zip(places.iter().skip(2)).step_by(3) {
        cases.push(case(
            log,
            &["-j", &start.to_string(), "--stop-position", &stop.to_string(), "-H"],
        ));
    }
    let odd = [
        "0",
        "1",
        "3",
        "5",
        "27",
        "130",
        "100000000",
        "4294967296",
        "18446744073709551615",
        "-1",
        "x",
    ];
    for place in odd {
        cases.push(case(log, &["--start-position", place]));
        cases.push(case(log, &["--stop-position", place]));
    }
    Ok(cases)
}

/// Around each time that the log has, in each form that a time is written in.
pub(crate) fn datetimes(log: &Log) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for time in times(&log.bytes()?)? {
        for around in [time.saturating_sub(1), time, time.saturating_add(1)] {
            let text = written(around);
            cases.push(case(log, &["--start-datetime", &text, "-v"]));
            cases.push(case(log, &["--stop-datetime", &text, "-v"]));
            cases.push(case(
                log,
                &[
                    "--start-datetime",
                    &text,
                    "--stop-datetime",
                    "2037-01-01 00:00:00",
                    "-s",
                ],
            ));
        }
    }
    for text in FORMS {
        cases.push(case(log, &["--start-datetime", text]));
        cases.push(case(log, &["--stop-datetime", text]));
    }
    Ok(cases)
}

/// How a time may be written, well and badly.
const FORMS: &[&str] = &[
    "20231114221320",
    "231114221320",
    "2023-11-14",
    "20231114",
    "2023-11-14 22:13",
    "2023-11-14T22:13:20",
    "2023-11-14 22:13:20.5",
    "2023/11/14 22.13.20",
    "23-11-14 22:13:20",
    "2023-11-14 22:13:20+02:00",
    "2023-11-14 22:13:20Z",
    "2023-13-01",
    "2023-02-30",
    "0000-00-00",
    "1969-12-31 23:59:59",
    "1970-01-01 00:00:00",
    "2038-01-19 03:14:07",
    "2038-01-19 03:14:08",
    "2106-02-07 06:28:16",
    "9999-12-31",
    "",
    "now",
    "2023-11-14 22:13:20 and more",
];

/// Transactions alone, in pairs, in ranges, and sets of other forms.
pub(crate) fn by_gtid(log: &Log) -> Result<Vec<Case>> {
    let all = gtids(log)?;
    let first = all.first().context("no GTID")?;
    let (server, _) = first.split_once(':').context("no GTID")?;
    let mut sets = all.clone();
    sets.extend(all.windows(2).map(|pair| pair.join(",")));
    for of_server in [
        "1",
        "1-2",
        "1-3:5-6",
        "2-1000000000",
        "tagged:1-5",
        "1:tagged:1-9",
        "0",
        "1-",
        "1:1",
        "9223372036854775807",
    ] {
        sets.push(format!("{server}:{of_server}"));
        sets.push(format!("{},\n {first}", format!("{server}:{of_server}").to_uppercase()));
    }
    sets.extend(["", "x", "00000000-0000-0000-0000-000000000001:1", ","].map(str::to_owned));
    let mut cases = Vec::new();
    for set in &sets {
        cases.push(case(log, &["--include-gtids", set, "-v"]));
        cases.push(case(log, &["--exclude-gtids", set, "-v"]));
        cases.push(case(log, &["--include-gtids", set, "--skip-gtids"]));
    }
    cases.push(case(
        log,
        &["--include-gtids", &all.join(","), "--exclude-gtids", first],
    ));
    Ok(cases)
}

pub(crate) fn case(log: &Log, options: &[&str]) -> Case {
    Case::new(options.iter().copied(), [log.clone()])
}

/// Seconds since 1970 as UTC's date and time.
fn written(seconds: u32) -> String {
    let (days, of_day) = (i64::from(seconds / 86400), seconds % 86400);
    let (year, month, day) = date(days);
    format!(
        "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}",
        of_day / 3600,
        of_day / 60 % 60,
        of_day % 60
    )
}

/// The date so many days after 1970-01-01, counted in years that begin in March.
const fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let of_era_years = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * of_era_years + of_era_years / 4 - of_era_years / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + of_era_years + (month <= 2) as i64, month, day)
}
