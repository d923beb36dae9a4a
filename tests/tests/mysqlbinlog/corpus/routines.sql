-- Stored programs, views, accounts: statements with statements inside, and what runs them.

SET GLOBAL log_bin_trust_function_creators = 1;
DROP DATABASE IF EXISTS corpus;
CREATE DATABASE corpus;
USE corpus;
CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(100), n INT DEFAULT 0);
CREATE TABLE log_of (id INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(200), at TIMESTAMP(6) NULL);

DELIMITER //
CREATE PROCEDURE add_one(IN word VARCHAR(50), INOUT counter INT)
  COMMENT 'adds; "one" row'
BEGIN
  -- a comment inside; with a delimiter
  DECLARE local INT DEFAULT 7;
  DECLARE CONTINUE HANDLER FOR SQLEXCEPTION SET counter = -1;
  SET counter = counter + 1;
  INSERT INTO t (v, n) VALUES (word, local), (CONCAT(word, ';/*!*/;'), counter);
  UPDATE t SET n = n + local WHERE v = word;
END//
CREATE FUNCTION doubled(x INT) RETURNS INT DETERMINISTIC RETURN x * 2//
CREATE FUNCTION noted(word VARCHAR(20) CHARSET latin1) RETURNS VARCHAR(40) CHARSET utf8mb4 MODIFIES SQL DATA
BEGIN
  INSERT INTO log_of (what, at) VALUES (word, NOW(6));
  RETURN CONCAT('<', word, '>');
END//
CREATE DEFINER = 'root'@'localhost' TRIGGER before_t BEFORE INSERT ON t FOR EACH ROW
BEGIN
  SET @last_word = NEW.v;
  IF NEW.n > 100 THEN SET NEW.n = 100; END IF;
END//
CREATE TRIGGER after_t AFTER UPDATE ON t FOR EACH ROW INSERT INTO log_of (what) VALUES (CONCAT(OLD.v, '->', NEW.v))//
CREATE EVENT IF NOT EXISTS `an event` ON SCHEDULE EVERY 5 YEAR STARTS '2037-05-05 05:05:05' ON COMPLETION PRESERVE DISABLE
  COMMENT 'it''s' DO BEGIN INSERT INTO t (v) VALUES ('by event'); DELETE FROM t; END//
CREATE PROCEDURE loops(n INT)
BEGIN
  DECLARE i INT DEFAULT 0;
  WHILE i < n DO
    INSERT INTO t (v, n) VALUES (CONCAT('loop ', i), i);
    SET i = i + 1;
  END WHILE;
  SET @sum = (SELECT SUM(t.n) FROM t);
END//
DELIMITER ;

SET @counter = 5;
CALL add_one('first', @counter);
CALL add_one('käse', @counter);
INSERT INTO t (v, n) VALUES (noted('called'), doubled(3));
INSERT INTO t (v) SELECT noted('again') FROM t LIMIT 2;
SELECT noted('in a select');
CALL loops(3);
UPDATE t SET n = doubled(n), v = noted('update') ORDER BY id LIMIT 2;
DELETE FROM t WHERE noted('delete') = 'never';
PREPARE changing FROM 'INSERT INTO t (v, n) VALUES (?, ?)';
SET @word = 'it''s \\ "prepared"', @number = 9;
EXECUTE changing USING @word, @number;
DEALLOCATE PREPARE changing;
ALTER EVENT `an event` RENAME TO `another``event`;
ALTER PROCEDURE loops SQL SECURITY INVOKER COMMENT 'loops';
CREATE ALGORITHM = MERGE DEFINER = 'root'@'localhost' SQL SECURITY INVOKER VIEW seen (id, word) AS SELECT id, v FROM t WHERE n > 1 WITH LOCAL CHECK OPTION;
CREATE OR REPLACE VIEW joined AS SELECT t.id, log_of.what FROM t LEFT JOIN log_of ON t.id = log_of.id;
INSERT INTO t (v, n) VALUES ('through no view', 3);
UPDATE seen SET word = 'through a view' LIMIT 1;
DROP VIEW seen, joined;
DROP EVENT `another``event`;
DROP TRIGGER after_t;
DROP TRIGGER IF EXISTS nowhere;
DROP PROCEDURE IF EXISTS nowhere;
DROP FUNCTION doubled;

CREATE USER IF NOT EXISTS 'a user'@'%' IDENTIFIED BY 'secret; ''quoted''' REQUIRE SSL WITH MAX_QUERIES_PER_HOUR 5 PASSWORD EXPIRE INTERVAL 3 DAY ACCOUNT LOCK;
CREATE USER 'käse'@'localhost' IDENTIFIED WITH caching_sha2_password BY 'x' COMMENT 'a comment';
ALTER USER 'a user'@'%' IDENTIFIED BY 'other' RETAIN CURRENT PASSWORD;
ALTER USER 'käse'@'localhost' ATTRIBUTE '{"a": [1, "b"]}';
CREATE ROLE reader, 'writer'@'localhost';
GRANT SELECT, INSERT (v, n), UPDATE (v) ON corpus.t TO reader, 'a user'@'%' WITH GRANT OPTION;
GRANT reader TO 'a user'@'%' WITH ADMIN OPTION;
GRANT EXECUTE ON PROCEDURE corpus.loops TO 'writer'@'localhost';
GRANT BACKUP_ADMIN ON *.* TO 'writer'@'localhost';
SET DEFAULT ROLE reader TO 'a user'@'%';
REVOKE INSERT (v) ON corpus.t FROM 'a user'@'%';
REVOKE IF EXISTS ALL PRIVILEGES, GRANT OPTION FROM 'a user'@'%' IGNORE UNKNOWN USER;
SET PASSWORD FOR 'käse'@'localhost' = 'new';
RENAME USER 'käse'@'localhost' TO 'käse2'@'localhost';
DROP USER 'a user'@'%', 'käse2'@'localhost';
DROP ROLE reader, 'writer'@'localhost';
FLUSH PRIVILEGES;
FLUSH TABLES t;
ANALYZE TABLE t;
OPTIMIZE TABLE t;
CREATE SERVER far FOREIGN DATA WRAPPER mysql OPTIONS (USER 'x', HOST 'y', DATABASE 'z', PASSWORD 'p');
DROP SERVER far;
DROP DATABASE corpus;
