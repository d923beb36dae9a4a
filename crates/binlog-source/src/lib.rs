//! Where binary log events come from: files, directories, pipes and live servers, cut into chunks
