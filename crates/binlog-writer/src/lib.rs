//! Events to valid binary log files
