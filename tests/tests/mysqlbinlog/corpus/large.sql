-- Statements, rows and transactions that are large.

DROP DATABASE IF EXISTS corpus;
CREATE DATABASE corpus;
USE corpus;
CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(200), b LONGBLOB);
INSERT INTO t (v) VALUES ('a'), ('b'), ('c'), ('d'), ('e'), ('f'), ('g'), ('h'), ('i'), ('j');
INSERT INTO t (v) SELECT REPEAT(a.v, 150) FROM t a, t b, t c;
UPDATE t SET v = CONCAT(LEFT(v, 100), id);
BEGIN;
UPDATE t SET b = REPEAT('x', 100);
DELETE FROM t WHERE id % 3 = 0;
INSERT INTO t (b) VALUES (REPEAT(x'00', 300000)), (REPEAT('ab''', 100000)), (RANDOM_BYTES(1000));
COMMIT;
UPDATE t SET b = CONCAT(b, 'x') WHERE LENGTH(b) > 1000;
SET @long = REPEAT('y', 500000);
INSERT INTO t (b) VALUES (@long);
CREATE TABLE copied SELECT * FROM t;
DELETE FROM t;
DROP DATABASE corpus;
