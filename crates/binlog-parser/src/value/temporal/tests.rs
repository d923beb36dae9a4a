use super::*;

fn read<T: ToString>(
    bytes: &[u8],
    decode: impl FnOnce(&mut Reader<'_>) -> Result<T, FieldError>,
) -> Result<String, FieldError> {
    let mut reader = Reader::new(bytes);
    let value = decode(&mut reader)?;
    assert!(reader.is_empty(), "{bytes:02x?}");
    Ok(value.to_string())
}

#[test]
fn dates() {
    let check = |bytes, expected| assert_eq!(read(bytes, Date::decode).unwrap(), expected);
    check(&[0, 0, 0], "0000-00-00");
    check(&[0x5d, 0xd0, 0x0f], "2024-02-29");
    check(&[0x9f, 0x1f, 0x4e], "9999-12-31");
}

#[test]
fn times() {
    let check = |bytes, decimals, expected| {
        assert_eq!(read(bytes, |reader| Time::decode(reader, decimals)).unwrap(), expected);
    };
    check(&[0x80, 0, 0], 0, "00:00:00");
    check(&[0x80, 0xc8, 0xb8], 0, "12:34:56");
    check(&[0x7f, 0xff, 0xff, 0xce], 1, "-00:00:00.5");
    check(&[0x7f, 0xff, 0xff, 0xce], 2, "-00:00:00.50");
    check(&[0x80, 0, 1, 0x27, 0x06], 4, "00:00:01.9990");
    check(&[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff], 6, "-00:00:00.000001");
    check(&[0xb4, 0x6e, 0xfb, 0, 0, 0], 6, "838:59:59.000000");
    check(&[0x4b, 0x91, 0x05], 0, "-838:59:59");
    assert!(read(&[0x80, 0, 0], |reader| Time::decode(reader, 7)).is_err());
}

#[test]
fn date_times() {
    let check = |bytes, decimals, expected| {
        assert_eq!(
            read(bytes, |reader| DateTime::decode(reader, decimals)).unwrap(),
            expected
        );
    };
    check(&[0x80, 0, 0, 0, 0], 0, "0000-00-00 00:00:00");
    check(&[0xfe, 0xf3, 0xff, 0x7e, 0xfb], 0, "9999-12-31 23:59:59");
    check(&[0x99, 0xb2, 0xbb, 0x7e, 0xfb, 0x28], 1, "2024-02-29 23:59:59.4");
}

/// As MariaDB writes them with mysql56_temporal_format=OFF.
#[test]
fn old_forms() {
    let time = |bytes, expected| assert_eq!(read(bytes, Time::decode_old).unwrap(), expected);
    time(&[0x59, 0x0a, 0x80], "-838:59:59");
    time(&[0xff, 0xff, 0xff], "-00:00:01");
    let date_time = |bytes, expected| assert_eq!(read(bytes, DateTime::decode_old).unwrap(), expected);
    date_time(&[0x77, 0x87, 0xd1, 0x05, 0xf1, 0x5a, 0, 0], "9999-12-31 23:59:59");
    date_time(&[0; 8], "0000-00-00 00:00:00");
    // TIME(3) and DATETIME(6) of the same server, which have other forms.
    assert!(read(&[0x00, 0xb3, 0xce], Time::decode_old).is_err());
    assert!(read(&[0x02, 0x76, 0x10, 0xe4, 0xea, 0x2e, 0, 7], DateTime::decode_old).is_err());
}

#[test]
fn timestamps() {
    let check = |bytes, decimals, seconds: &str, utc: &str| {
        let stamp = Timestamp::decode(&mut Reader::new(bytes), decimals).unwrap();
        assert_eq!((&*stamp.to_string(), &*stamp.to_utc().to_string()), (seconds, utc));
    };
    check(&[0, 0, 0, 0], 0, "0", "0000-00-00 00:00:00");
    check(&[0, 0, 0, 1, 0x27, 0x06], 3, "1.999", "1970-01-01 00:00:01.999");
    check(&[0x38, 0xbb, 0x61, 0xff], 0, "951804415", "2000-02-29 06:06:55");
    check(
        &[0xff, 0xff, 0xff, 0xff, 0x0f, 0x42, 0x3f],
        6,
        "4294967295.999999",
        "2106-02-07 06:28:15.999999",
    );
}
