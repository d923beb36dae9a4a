//! Transactions to a target server, with the checkpoint in the same transaction
