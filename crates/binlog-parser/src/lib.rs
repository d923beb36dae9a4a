//! Bytes and typed views of MySQL and MariaDB binary logs, in both directions
