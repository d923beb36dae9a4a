//! The `binlog` command.

fn main() {}
