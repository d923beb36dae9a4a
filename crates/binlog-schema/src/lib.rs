//! What a table looks like at a position, and which tables a statement touches
