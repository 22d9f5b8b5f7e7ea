-- Exercises the SQL engine, its file handling and, through it, the C library.
.mode list
CREATE TABLE words(id INTEGER PRIMARY KEY, word TEXT NOT NULL, n INTEGER, weight REAL, data BLOB);
WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 20000)
INSERT INTO words(word, n, weight, data)
SELECT 'word' || (i * 7919 % 20011), i % 97, i / 7.0, zeroblob(i % 16) FROM c;
CREATE INDEX by_word ON words(word);
CREATE INDEX by_n ON words(n, weight DESC);
CREATE TABLE groups(n INTEGER PRIMARY KEY, name TEXT) WITHOUT ROWID;
INSERT INTO groups SELECT DISTINCT n, printf('group-%03d', n) FROM words;
SELECT count(*), sum(n), round(avg(weight), 6), max(word), min(word) FROM words;
SELECT g.name, count(*), printf('%.4f', total(w.weight)) FROM words w JOIN groups g USING (n) GROUP BY g.name ORDER BY g.name LIMIT 12;
SELECT word, weight, rank() OVER (PARTITION BY n ORDER BY weight DESC) AS r FROM words WHERE n < 3 ORDER BY n, r LIMIT 9;
EXPLAIN QUERY PLAN SELECT * FROM words WHERE word = 'word5';
SELECT id, word FROM words WHERE word IN ('word1', 'word77', 'word20000') ORDER BY id;
SELECT json_group_array(json_object('n', n, 'name', name)) FROM (SELECT * FROM groups ORDER BY n LIMIT 5);
SELECT hex(data), length(data), quote(weight), typeof(weight) FROM words WHERE id IN (3, 31, 20000);
SELECT upper(replace('abcabc', 'b', 'x')), substr('hello', 2, 3), instr('hello', 'l'), abs(-5), 7 / 2, 7 / 2.0, 7 % 3, 1e300 * 1e10;
SELECT date('2020-02-29', '+1 year'), strftime('%s', '2001-09-09 01:46:40'), julianday('2000-01-01');
SELECT sqrt(2) IS NOT NULL OR 1, printf('%!.15g', 0.1), 9223372036854775807 + 0, 9223372036854775807 + 1;
BEGIN;
UPDATE words SET weight = weight * 2 WHERE n = 5;
DELETE FROM words WHERE n BETWEEN 10 AND 20;
SAVEPOINT s;
DELETE FROM words;
SELECT count(*) FROM words;
ROLLBACK TO s;
COMMIT;
SELECT count(*), round(sum(weight), 3) FROM words;
BEGIN;
DROP TABLE groups;
ROLLBACK;
SELECT count(*) FROM groups;
CREATE TABLE tree(id INTEGER PRIMARY KEY, parent REFERENCES tree(id));
INSERT INTO tree WITH RECURSIVE c(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM c WHERE i < 500) SELECT i, nullif(i / 2, 0) FROM c;
WITH RECURSIVE up(id, depth) AS (VALUES(499, 0) UNION ALL SELECT parent, depth + 1 FROM tree JOIN up USING (id) WHERE parent IS NOT NULL)
SELECT group_concat(id, '>') FROM up;
INSERT INTO words(id, word) VALUES (1, 'duplicate');
SELECT * FROM nosuchtable;
PRAGMA integrity_check;
VACUUM;
PRAGMA page_count;
.dump tree
SELECT count(*) FROM words WHERE word LIKE 'word1%';
