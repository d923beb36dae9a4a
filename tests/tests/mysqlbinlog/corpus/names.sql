-- Statements and names whose text is hard: quotes, delimiters, comments, length, emptiness.

DROP DATABASE IF EXISTS corpus;
CREATE DATABASE corpus;
DROP DATABASE IF EXISTS `a ``db` ;
CREATE DATABASE `a ``db`;
USE `a ``db`;
CREATE TABLE `t;'"\\` (`c ``1` INT, `käse` VARCHAR(10), `日本語` INT, `-- x` INT, `/*!*/` INT, `%s%d` INT);
INSERT INTO `t;'"\\` VALUES (1, 'a', 2, 3, 4, 5);
UPDATE `t;'"\\` SET `-- x` = 9 WHERE `/*!*/` = 4;
DELETE FROM `t;'"\\`;
USE corpus;
INSERT INTO `a ``db`.`t;'"\\` VALUES (1, NULL, 2, 3, 4, 5);
CREATE TABLE `1234567890123456789012345678901234567890123456789012345678901234` (
  `1234567890123456789012345678901234567890123456789012345678901234` INT PRIMARY KEY,
  `ääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääääää` INT);
INSERT INTO `1234567890123456789012345678901234567890123456789012345678901234` VALUES (1, 2);
DROP DATABASE IF EXISTS `1234567890123456789012345678901234567890123456789012345678901234`;
CREATE DATABASE `1234567890123456789012345678901234567890123456789012345678901234`;
USE `1234567890123456789012345678901234567890123456789012345678901234`;
CREATE TABLE t (a INT);
INSERT INTO t VALUES (1);
DROP DATABASE `1234567890123456789012345678901234567890123456789012345678901234`;
USE corpus;
CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v LONGTEXT) COMMENT 'the table''s; comment';
INSERT INTO t (v) VALUES ('a;b'), ("c\"d"), ('e/*!*/;f'), ('\'\\'), ('\0\Z\b'), ('line
in two'), ('	tab'), ('%s %d %%'), (N'national'), (_utf8mb4'ä');
INSERT INTO t (v) VALUES ('') /* a comment; */ ;
/* first a comment */ INSERT INTO t (v) VALUES ('x');
INSERT /*+ SET_VAR(sort_buffer_size = 262144) */ INTO t (v) VALUES ('hint');
INSERT INTO t (v) VALUES ('BEGIN'), ('COMMIT'), ('ROLLBACK');
begin;
insert into t (v) values ('small letters');
commit;
/* a comment */ BEGIN;
INSERT INTO t (v) VALUES ('after a comment');
COMMIT /* and one here */;
BEGIN WORK;
INSERT INTO t (v) VALUES ('work');
COMMIT WORK AND CHAIN;
INSERT INTO t (v) VALUES ('chained');
ROLLBACK AND NO CHAIN;
DELIMITER $$
INSERT INTO t (v) VALUES (';')$$
CREATE TRIGGER `a trigger` BEFORE DELETE ON t FOR EACH ROW BEGIN /*!50003 SET @x = ';' */; -- end;
SET @y = '$';
END$$
DELIMITER ;
INSERT INTO t (v) VALUES ('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa');
DELETE FROM t WHERE id = 1;
-- In some of these character sets the second byte of a character is that of a backslash.
SET NAMES gbk;
INSERT INTO t (v) VALUES (_gbk x'd55c');
SET NAMES sjis;
INSERT INTO t (v) VALUES ('plain');
SET NAMES utf8mb4;
CREATE TABLE `cpb` (a INT COMMENT 'ä日😀', b ENUM('a''b', 'c,d', 'ä;', '日') COMMENT '', c SET('x', 'y"z'));
INSERT INTO cpb VALUES (1, 'a''b', 'x,y"z'), (2, '日', ''), (NULL, NULL, NULL);
ALTER TABLE cpb RENAME TO `c p b`;
RENAME TABLE `c p b` TO cpb, t TO t2, t2 TO t;
DROP TABLE cpb, `1234567890123456789012345678901234567890123456789012345678901234`;
DROP DATABASE `a ``db`;
DROP DATABASE corpus;
