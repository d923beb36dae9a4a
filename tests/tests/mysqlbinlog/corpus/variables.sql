-- User variables of every type, character set and odd name.

DROP DATABASE IF EXISTS corpus;
CREATE DATABASE corpus;
USE corpus;
CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, v LONGBLOB);
SET @i = 0, @j = -1, @k = 9223372036854775807, @l = -9223372036854775808, @m = 18446744073709551615, @o = 9223372036854775808;
INSERT INTO t (v) VALUES (@i), (@j), (@k), (@l), (@m), (@o);
SET @r = 0e0, @s = -0e0, @a = 1e0, @b = 0.1e0, @c = 1e15, @d = 1e16, @e = 1e100, @f = 1.7976931348623157e308, @g = 2.2250738585072014e-308,
  @h = 123456789.123456789e0, @x = -1.5e-5, @y = 1e-4, @z = 3.141592653589793e0, @w = 5e-324, @v = 12345678901234567890e0;
INSERT INTO t (v) VALUES (@r), (@s), (@a), (@b), (@c), (@d), (@e), (@f), (@g), (@h), (@x), (@y), (@z), (@w), (@v);
SET @p = 0.0, @q = -0.5, @dd = 1.10, @ee = 99999999999999999999999999999999999999999999999999999999999999999,
  @ff = -0.000000000000000000000000000001, @gg = 12345678901234567890.123456789, @hh = CAST(5 AS DECIMAL(10,4)), @ii = 000.100;
INSERT INTO t (v) VALUES (@p), (@q), (@dd), (@ee), (@ff), (@gg), (@hh), (@ii);
SET @s1 = '', @s2 = 'a', @s3 = 'it''s', @s4 = '\0\n\r\Z\\"', @s5 = _binary x'', @s6 = x'00', @s7 = _latin1 'x', @s8 = _utf16 x'0041',
  @s9 = _ucs2 x'0041', @s10 = _utf32 x'00000041', @s11 = _sjis x'835c', @s12 = _gbk x'd55c', @s13 = _big5 x'a45c', @s14 = _koi8r x'c1',
  @s15 = _utf8mb3 'ä', @s16 = _utf8mb4 '😀', @s17 = _cp932 x'835c', @s18 = _gb18030 x'81308130', @s19 = _euckr x'b0a1', @s20 = _ujis x'a4a2',
  @s21 = _utf16le x'4100', @s22 = _ascii 'a', @s23 = _swe7 'a', @s24 = _tis620 x'a1', @s25 = _geostd8 'a', @s26 = _eucjpms x'a4a2';
INSERT INTO t (v) VALUES (@s1), (@s2), (@s3), (@s4), (@s5), (@s6), (@s7), (@s8), (@s9), (@s10), (@s11), (@s12), (@s13), (@s14), (@s15), (@s16),
  (@s17), (@s18), (@s19), (@s20), (@s21), (@s22), (@s23), (@s24), (@s25), (@s26);
SET @c1 = _utf8mb4 'x' COLLATE utf8mb4_bin, @c2 = _latin1 'x' COLLATE latin1_german2_ci, @c3 = _utf8mb4 'x' COLLATE utf8mb4_zh_0900_as_cs,
  @c4 = 'x' COLLATE utf8mb4_unicode_520_ci, @c5 = REPEAT('ab''c', 2000), @c6 = REPEAT(x'fe', 300);
INSERT INTO t (v) VALUES (@c1), (@c2), (@c3), (@c4), (@c5), (@c6);
SET @n1 = NULL, @n2 = CAST(NULL AS SIGNED), @n3 = CAST(NULL AS DECIMAL), @never_set = @never_set2;
INSERT INTO t (v) VALUES (@n1), (@n2), (@n3), (@never_set), (@not_even_this);
SET @`with space` = 1, @`back``tick` = 2, @`quote'` = 3, @`semi;colon` = 4, @`käse` = 5, @`日本` = 6, @`dollar$.dot` = 7, @z = 8,
  @a_very_long_name_of_a_variable_that_has_sixty_four_characters_12 = 9, @UPPER = 10;
INSERT INTO t (v) VALUES (@`with space`), (@`back``tick`), (@`quote'`), (@`semi;colon`), (@`käse`), (@`日本`), (@`dollar$.dot`), (@z),
  (@a_very_long_name_of_a_variable_that_has_sixty_four_characters_12), (@upper);
SET @date = DATE '2024-02-29', @time = TIME '-837:59:59.5', @dt = TIMESTAMP '2024-02-29 23:59:59.999999', @json = JSON_OBJECT('a', 1.50),
  @bit = b'1010', @hex = 0xff, @point = ST_GeomFromText('POINT(1 2)'), @bool = TRUE, @year = CAST(2024 AS YEAR);
INSERT INTO t (v) VALUES (@date), (@time), (@dt), (@json), (@bit), (@hex), (@point), (@bool), (@year);
INSERT INTO t (v) VALUES (@assigned := 5), (@assigned := @assigned + 1);
UPDATE t SET v = @row := COALESCE(@row, 0) + 1 ORDER BY id LIMIT 3;
SET NAMES latin1;
SET @in_latin1 = 'x';
INSERT INTO t (v) VALUES (@in_latin1);
SET NAMES utf8mb4;
DROP DATABASE corpus;
