//! Events to text: SQL and JSON Lines
