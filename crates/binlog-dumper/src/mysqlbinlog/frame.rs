//! What stands around logs, and in place of what was left out of them.

use binlog_parser::{EventFlags, EventHeader};

use super::page::Page;
use super::printer::{Effects, Printer};
use super::text::end_statement;

impl Printer {
    /// Puts on the page what stands before all events.
    pub fn begin(&mut self, page: &mut Page) {
        let out = &mut page.text;
        out.extend(
            b"# The proper term is pseudo_replica_mode, but we use this compatibility alias\n\
              # to make the statement usable on server versions 8.0.24 and older.\n\
              /*!50530 SET @@SESSION.PSEUDO_SLAVE_MODE=1*/;\n",
        );
        if self.options.disable_log_bin {
            out.extend(b"/*!32316 SET @OLD_SQL_LOG_BIN=@@SQL_LOG_BIN, SQL_LOG_BIN=0*/;\n");
        }
        out.extend(b"/*!50003 SET @OLD_COMPLETION_TYPE=@@COMPLETION_TYPE,COMPLETION_TYPE=0*/;\n");
        if let Some(charset) = &self.options.set_charset {
            out.extend(
                b"\n/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;\
                  \n/*!40101 SET @OLD_CHARACTER_SET_RESULTS=@@CHARACTER_SET_RESULTS */;\
                  \n/*!40101 SET @OLD_COLLATION_CONNECTION=@@COLLATION_CONNECTION */;\
                  \n/*!40101 SET NAMES ",
            );
            out.extend(charset);
            out.extend(b" */;\n");
        }
        if self.options.idempotent {
            out.extend(b"/*!50700 SET @@SESSION.RBR_EXEC_MODE=IDEMPOTENT*/;\n\n");
        }
        if self.options.require_row_format {
            out.extend(b"/*!80019 SET @@SESSION.REQUIRE_ROW_FORMAT=1*/;\n\n");
        }
        out.extend(b"DELIMITER /*!*/;\n");
    }

    /// Puts on the page what follows the last log.
    pub fn end(&mut self, effects: &mut dyn Effects, page: &mut Page) {
        if !self.session.variables.is_empty() {
            effects.warn(UNUSED_VARIABLES);
        } else if self.session.unfinished {
            effects.warn(UNFINISHED_ROWS);
        }
        page.text.extend(b"DELIMITER ;\n");
    }

    /// Puts on the page what ends the text of the last log.
    pub fn end_logs(&mut self, page: &mut Page) {
        if self.session.skipped {
            self.added_commit(page);
        }
        self.leave_gtid(&mut page.text);
    }

    /// The text of a log ends where another server's log begins: at its format description, but for one that a server
    /// wrote for its relay log or sent again.
    pub(super) fn begin_log(&mut self, header: &EventHeader, page: &mut Page) {
        if header.flags.contains(EventFlags::RELAY_LOG) {
            return;
        }
        if std::mem::replace(&mut self.session.in_log, true) && header.log_pos != 0 {
            self.leave_gtid(&mut page.text);
            self.session.seen_gtid = false;
            self.session.in_transaction = false;
        }
    }

    /// Puts on the page what stands after all.
    pub fn finish(&self, page: &mut Page) {
        let out = &mut page.text;
        out.extend(b"# End of log file\n/*!50003 SET COMPLETION_TYPE=@OLD_COMPLETION_TYPE*/;\n");
        if self.options.disable_log_bin {
            out.extend(b"/*!32316 SET SQL_LOG_BIN=@OLD_SQL_LOG_BIN*/;\n");
        }
        if self.options.set_charset.is_some() {
            out.extend(
                b"/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;\n\
                  /*!40101 SET CHARACTER_SET_RESULTS=@OLD_CHARACTER_SET_RESULTS */;\n\
                  /*!40101 SET COLLATION_CONNECTION=@OLD_COLLATION_CONNECTION */;\n",
            );
        }
        out.extend(b"/*!50530 SET @@SESSION.PSEUDO_SLAVE_MODE=0*/;\n");
        if self.options.idempotent {
            out.extend(b"/*!50700 SET @@SESSION.RBR_EXEC_MODE=STRICT*/;\n");
        }
    }

    /// What stands at the end of a stream of logs in place of a GTID that nothing used.
    fn leave_gtid(&mut self, out: &mut Vec<u8>) {
        if !self.session.in_transaction && self.session.gtid_next_valid {
            out.extend(b"BEGIN /*added by mysqlbinlog */ ");
            end_statement(out);
        }
        if self.session.in_transaction || self.session.gtid_next_valid {
            out.extend(b"ROLLBACK /* added by mysqlbinlog */ ");
            end_statement(out);
        }
        if !self.selection.options().skip_gtids {
            out.extend(b"SET @@SESSION.GTID_NEXT= 'AUTOMATIC' /* added by mysqlbinlog */ ");
            end_statement(out);
        }
        self.session.gtid_next_valid = false;
    }

    /// Ends a transaction of which something was left out.
    pub(super) fn added_commit(&mut self, page: &mut Page) {
        page.text.extend(b"COMMIT /* added by mysqlbinlog */");
        end_statement(&mut page.text);
        self.session.skipped = false;
    }
}

const UNUSED_VARIABLES: &str = "The range of printed events ends with an Intvar_event, Rand_event or User_var_event with no \
     matching Query_log_event. This might be because the last statement was not fully written to the log, or because you \
     are using a --stop-position or --stop-datetime that refers to an event in the middle of a statement. The event(s) \
     from the partial statement have not been written to output. ";
const UNFINISHED_ROWS: &str = "The range of printed events ends with a row event or a table map event that does not have the \
     STMT_END_F flag set. This might be because the last statement was not fully written to the log, or because you are \
     using a --stop-position or --stop-datetime that refers to an event in the middle of a statement. The event(s) from \
     the partial statement have not been written to output.";
