//! DATE, TIME, DATETIME and TIMESTAMP in all stored forms.

/// DATE. Zero and partial dates (month or day 0) are values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date {
    /// 0 to 9999
    pub year: u16,
    /// 0 to 12
    pub month: u8,
    /// 0 to 31
    pub day: u8,
}

/// TIME: from -838:59:59 to 838:59:59.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time {
    /// Sign.
    pub negative: bool,
    /// 0 to 838
    pub hours: u16,
    /// 0 to 59
    pub minutes: u8,
    /// 0 to 59
    pub seconds: u8,
    /// 0 to 999999
    pub microseconds: u32,
    /// Fraction digits of the column, 0 to 6.
    pub decimals: u8,
}

/// DATETIME, in no time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateTime {
    /// Date part.
    pub date: Date,
    /// 0 to 23
    pub hours: u8,
    /// 0 to 59
    pub minutes: u8,
    /// 0 to 59
    pub seconds: u8,
    /// 0 to 999999
    pub microseconds: u32,
    /// Fraction digits of the column, 0 to 6.
    pub decimals: u8,
}

/// TIMESTAMP: an instant; 0 seconds and 0 microseconds is the zero date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timestamp {
    /// Seconds since 1970 UTC. MariaDB 11.5 on uses all 32 bits unsigned.
    pub seconds: u32,
    /// 0 to 999999
    pub microseconds: u32,
    /// Fraction digits of the column, 0 to 6.
    pub decimals: u8,
}
