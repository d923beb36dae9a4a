use super::*;

pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().map(|c| (c as char).to_digit(16).unwrap() as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn decode(event_type: EventType, body: &[u8]) -> Result<GtidEvent, FieldError> {
    match event_type {
        EventType::GTID_TAGGED => GtidEvent::decode_tagged(body),
        _ => GtidEvent::decode(body, event_type == EventType::ANONYMOUS_GTID),
    }
}

fn summary(event: &GtidEvent) -> String {
    let fields = [
        event.immediate_commit_timestamp,
        event.original_commit_timestamp,
        event.transaction_length,
        event.immediate_server_version.map(u64::from),
        event.original_server_version.map(u64::from),
        event.commit_group_ticket,
    ];
    let gtid = event.gtid.as_ref().map_or("-".to_owned(), Gtid::to_string);
    let head = format!(
        "{gtid} {} {} {}",
        event.flags, event.last_committed, event.sequence_number
    );
    fields
        .iter()
        .flatten()
        .fold(head, |text, field| format!("{text} {field}"))
}

/// The body reads as expected, comes out as it was read, and no cut of it panics.
pub(crate) fn check(event_type: EventType, body: &str, expected: &str) {
    let body = hex(body);
    let event = decode(event_type, &body).unwrap();
    assert_eq!(summary(&event), expected);
    assert!(event.tail.is_empty());
    assert_eq!(event.event_type(), event_type);
    let mut out = Vec::new();
    event.encode(&mut out, event_type).unwrap();
    assert_eq!(out, body);
    for cut in 0..body.len() {
        let _ = decode(event_type, &body[..cut]);
    }
}

const HEAD: &str = "01414e4fa8e6cd11f1924902fc000000010300000000000000";
const CLOCK: &str = "0202000000000000000300000000000000";
const SHORT: &str = "414e4fa8-e6cd-11f1-9249-02fc00000001:3 1";

#[test]
fn every_generation() {
    // MySQL 5.6 wrote the first; 9.7 the one with versions, and its parts with an origin.
    #[rustfmt::skip]
    let cases = [
        ("", "", " 0 0"),
        (CLOCK, "", " 2 3"),
        (CLOCK, "a9e401ebe56006", " 2 3 1795390466811049 1795390466811049"),
        (CLOCK, "a9e401ebe5608640222018240a06", " 2 3 1795390466811049 1700000000123456"),
        (CLOCK, "a9e401ebe56006fc1501", " 2 3 1795390466811049 1795390466811049 277"),
        (CLOCK, "a9e401ebe56006fc150150620100", " 2 3 1795390466811049 1795390466811049 277 90704 90704"),
        (CLOCK, "328e02ebe5608640222018240a06fc710150620180a4380100", " 2 3 1795390466854450 1700000000123456 369 90704 80036"),
        (CLOCK, "a9e401ebe56006fc1501506201000700000000000000", " 2 3 1795390466811049 1795390466811049 277 90704 90704 7"),
    ];
    for (clock, rest, expected) in cases {
        check(
            EventType::GTID,
            &format!("{HEAD}{clock}{rest}"),
            &format!("{SHORT}{expected}"),
        );
    }
    let nobody = "00".repeat(24);
    check(EventType::ANONYMOUS_GTID, &format!("00{nobody}{CLOCK}"), "- 0 2 3");
}

#[test]
fn unknown_tails_are_kept() {
    let zeros = format!("02{}", "00".repeat(16));
    for tail in ["01ff", "03", "0000", &zeros, &format!("{zeros}010203")] {
        let body = hex(&format!("{HEAD}{tail}"));
        let event = GtidEvent::decode(&body, false).unwrap();
        let mut out = Vec::new();
        event.encode(&mut out, EventType::GTID).unwrap();
        assert_eq!((out, &*event.tail), (body, &*hex(tail)));
    }
}

#[test]
fn what_is_wrong_is_named() {
    let zero = "00".repeat(25);
    let max = format!("{}ffffffffffffff7f", "00".repeat(17));
    #[rustfmt::skip]
    let cases = [
        ("", false, "flags: need 1 bytes, have 0"),
        (&zero[..48], true, "gno: need 8 bytes, have 7"),
        (&zero, false, "gno: 0 is not from 1 to 2^63 - 2"),
        (&max, false, "gno: 9223372036854775807 is not from 1 to 2^63 - 2"),
        (HEAD, true, "gno: 3 is not 0 in an ANONYMOUS_GTID"),
        (&format!("{HEAD}0200"), false, "last committed: need 8 bytes, have 1"),
        (&format!("{HEAD}{CLOCK}a9e401ebe56086"), false, "original commit timestamp: need 7 bytes, have 0"),
        (&format!("{HEAD}{CLOCK}a9e401ebe56006ff"), false, "transaction length: 255 starts no length-encoded integer"),
        (&format!("{HEAD}{CLOCK}a9e401ebe56006fc0100"), false, "transaction length: 1 is not in its shortest form"),
        (&format!("{HEAD}{CLOCK}01000000000080{}", "01000000000000"), false, "original commit timestamp: 1 is that of this server too, and would not stand there"),
        (&format!("00{}01{}", "00".repeat(15), "00".repeat(8)), true, "sid: 1 is not 0 in an ANONYMOUS_GTID"),
    ];
    for (body, anonymous, expected) in cases {
        let error = GtidEvent::decode(&hex(body), anonymous).unwrap_err();
        assert_eq!(error.to_string(), expected, "{body}");
    }
}

#[test]
fn what_no_layout_holds() {
    let tagged = "414e4fa8-e6cd-11f1-9249-02fc00000001:tag:1".parse().ok();
    let untagged = "414e4fa8-e6cd-11f1-9249-02fc00000001:1".parse().ok();
    let none = GtidEvent::default;
    #[rustfmt::skip]
    let cases = [
        (GtidEvent { gtid: tagged, ..none() }, EventType::GTID),
        (GtidEvent { gtid: untagged, ..none() }, EventType::ANONYMOUS_GTID),
        (none(), EventType::GTID),
        (none(), EventType::GTID_TAGGED),
        (none(), EventType::QUERY),
        (GtidEvent { immediate_commit_timestamp: Some(1 << 55), ..none() }, EventType::ANONYMOUS_GTID),
        (GtidEvent { original_commit_timestamp: Some(1 << 56), ..none() }, EventType::ANONYMOUS_GTID),
        (GtidEvent { immediate_server_version: Some(1 << 31), ..none() }, EventType::ANONYMOUS_GTID),
    ];
    for (event, event_type) in cases {
        assert!(event.encode(&mut Vec::new(), event_type).is_err(), "{event:?}");
    }
}
