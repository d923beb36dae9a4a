//! Fetch, filter, apply, supervised: a replica without a server
