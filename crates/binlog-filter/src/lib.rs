//! One compiled rule set: which transactions, statements and rows are kept
