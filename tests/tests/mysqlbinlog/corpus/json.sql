-- JSON of every kind, and changes inside of it.

DROP DATABASE IF EXISTS corpus;
CREATE DATABASE corpus;
USE corpus;
CREATE TABLE j (id INT PRIMARY KEY, doc JSON, other JSON);
INSERT INTO j VALUES
  (1, '{"a": 1, "b": [1, 2, 3], "c": {"d": "deep", "e": null, "f": true}}', '[]'),
  (2, '[1, -1, 32767, 32768, 65535, 65536, -32769, 2147483647, 2147483648, 4294967296, -9223372036854775808, 18446744073709551615]', '{}'),
  (3, '[1.5, -0.0, 1e300, 1e-300, 0.1, 123456789.123456789, 1e16, 100000000000000000000]', 'null'),
  (4, '"text with \\"quotes\\", \\\\ backslashes, \\n lines, \\u0000 NUL, \\u00e4 and 😀"', 'true'),
  (5, '{"": 1, "käse": 2, "a b": 3, "quote\\"d": 4}', 'false'),
  (6, NULL, NULL),
  (7, JSON_OBJECT('date', DATE '2024-02-29', 'time', TIME '-12:34:56.789', 'dt', TIMESTAMP '2024-02-29 12:34:56.000001', 'dec', 1.50, 'bin', CAST(x'00ff' AS BINARY), 'bit', b'101', 'year', CAST(2024 AS YEAR)),
    JSON_ARRAY(CAST('0.00001' AS DECIMAL(20,10)), ST_GeomFromText('POINT(1 2)'), CAST(5 AS JSON), NULL, TRUE)),
  (8, JSON_OBJECT('long', REPEAT('x', 70000), 'k', JSON_ARRAY(REPEAT('y', 200))), '"x"'),
  (9, '[[[[[[[[[[]]]]]]]]]]', '{"a": {"a": {"a": {"a": {}}}}}');
UPDATE j SET doc = JSON_SET(doc, '$.a', 2) WHERE id = 1;
UPDATE j SET doc = JSON_REPLACE(doc, '$.b[1]', 'x', '$.c.d', JSON_ARRAY(1, 2)) WHERE id = 1;
UPDATE j SET doc = JSON_REMOVE(doc, '$.b[0]', '$.c.e') WHERE id = 1;
UPDATE j SET doc = JSON_SET(doc, '$.z', 'new'), other = JSON_SET(other, '$[0]', 5) WHERE id = 1;
UPDATE j SET doc = JSON_SET(doc, '$[0]', 99, '$[11]', -1), other = JSON_SET(other, '$.n', NULL) WHERE id = 2;
UPDATE j SET doc = JSON_SET(doc, '$.long', 'short', '$.k[0]', JSON_OBJECT('deep', CAST('2024-01-01' AS DATE))) WHERE id = 8;
UPDATE j SET doc = JSON_SET(doc, '$."käse"', 'it''s \\ "x"', '$."a b"', 1.50) WHERE id = 5;
UPDATE j SET doc = JSON_REMOVE(doc, '$."quote\\"d"') WHERE id = 5;
UPDATE j SET doc = JSON_SET(doc, '$.a', 3), id = id + 100 WHERE id = 1;
UPDATE j SET doc = doc WHERE id = 2;
UPDATE j SET doc = NULL WHERE id = 3;
UPDATE j SET doc = '{"whole": "new"}' WHERE id = 4;
UPDATE j SET doc = JSON_SET(doc, '$[0][0]', JSON_ARRAY()) WHERE id = 9;
UPDATE j SET other = JSON_ARRAY_APPEND(other, '$', 1);
UPDATE j SET doc = JSON_MERGE_PATCH(doc, '{"a": null}') WHERE id > 100;
UPDATE j SET doc = JSON_ARRAY_INSERT(doc, '$[1]', 'inserted') WHERE id = 2;
BEGIN;
UPDATE j SET doc = JSON_SET(doc, '$[1]', 5) WHERE id = 2;
UPDATE j SET doc = JSON_SET(doc, '$[2]', REPEAT('z', 300)) WHERE id = 2;
COMMIT;
CREATE TABLE two (id INT PRIMARY KEY, a JSON, v VARCHAR(5), b JSON, c JSON DEFAULT (JSON_ARRAY()));
INSERT INTO two (id, a, v, b) VALUES (1, '{"x": [1, {"y": 2}]}', 'v', '[0]'), (2, '{"x": [1, {"y": 2}]}', 'v', '[0]');
UPDATE two SET a = JSON_SET(a, '$.x[1].y', 'changed'), v = 'w', b = JSON_SET(b, '$[0]', 1);
UPDATE two SET b = JSON_REPLACE(b, '$[0]', 2);
DELETE FROM two;
DELETE FROM j;
DROP DATABASE corpus;
