-- The report: what it says of usual and unusual bases. How it looks is tested by test/t/080_report.pl.
SET client_min_messages = warning;
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
-- The page as text: what details hide is left out, and so are the time at which it was made and the day of today.
CREATE FUNCTION pg_temp.words(html text) RETURNS text LANGUAGE sql
BEGIN ATOMIC
	WITH shown AS (
		SELECT regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(html, '<(style|title)>[^<]*<', '<', 'g'), '<text[^<]*<', '<', 'g'), '<details>.*?</details>', '', 'g'), '<footer>.*</footer>', ''), '</(p|li|tr|caption|h1|h2)>', E'\n', 'g'), '<[^>]*>', ' ', 'g') AS text)
	SELECT btrim(regexp_replace(regexp_replace(regexp_replace(replace(text, '&nbsp;', '_'), '(history since|erst seit) +[^ ]+', '\1 today'), ' {2,}', ' ', 'g'), ' *\n[ \n]*', E'\n', 'g'), E' \n') FROM shown;
END;

-- Figures, below a thousand and beyond all measure.
SELECT figure, customer_value_internal.html_number(customer_value_internal.report_words('en', 'amount', NULL), figure),
	customer_value_internal.html_number(customer_value_internal.report_words('de', 'amount', NULL), figure)
FROM unnest('{NULL, 0, 12, -12.5, 0.00000066, 999.994, 999.996, -1234.5, 8300065.81, 999999999999999, 1e15, -1.2345e29, 1e300, NaN, Infinity, -Infinity}'::numeric[]) figure;
SELECT share, customer_value_internal.html_percent(customer_value_internal.report_words('en', 'amount', NULL), share),
	customer_value_internal.html_percent(customer_value_internal.report_words('de-AT', 'amount', NULL), share)
FROM unnest('{NULL, 0.737, -12.3456, 1e20, -1e-5, NaN, Infinity}'::float8[]) share;

-- A base without customers, and one that is not classed yet.
CREATE TABLE sale (client text, day date, amount numeric);
SELECT customer_value.create_base('few', key => 'text');
SELECT pg_temp.words(few.report());
SELECT customer_value.track_orders('few', 'sale', customer => 'client', at => 'day', amount => 'amount');
INSERT INTO sale VALUES ('O''Neil & <Sons>', '2026-01-03', 70), ('b', '2026-01-20', 20), ('c', '2026-02-01', 10.5);
SELECT pg_temp.words(few.report());
-- Three customers, no rules, no outlook, in both languages.
SELECT customer_value.rebalance('few', '2026-02-10');
SELECT pg_temp.words(few.report('EUR'));
SELECT pg_temp.words(customer_value.report('few', language => 'de'));
-- Nothing but refunds.
UPDATE sale SET amount = - amount;
SELECT customer_value.rebalance('few', '2026-02-10');
SELECT pg_temp.words(few.report());
SELECT customer_value.drop_base('few');

-- Rules, a period, and an outlook; whatever users write is text and nothing else.
TRUNCATE sale;
INSERT INTO sale SELECT format('<b>%s</b>', c), date '2026-01-31' - 30 * k * (1 + c % 3) - c, 100 * c FROM generate_series(1, 40) c, generate_series(0, 5) k;
SELECT customer_value.create_base('shop & "co"', key => 'text', period => '12 months', rules => '{"segments": [{"name": "<i>''top''", "from": 60}, {"name": "standard"}],
	"criteria": [{"fact": "amount_12m", "weight": 1, "points": [[0, 0], [20000, 100]]}]}');
SELECT customer_value.track_orders('shop & "co"', 'sale', customer => 'client', at => 'day', amount => 'amount');
SELECT customer_value.rebalance('shop & "co"', '2026-01-31');
UPDATE "shop & ""co""".settings SET at_risk_to = 0.9;
SELECT customer_value.refresh_outlook('shop & "co"', model => '{"model": "mbg/nbd", "params": {"r": 0.7, "alpha": 10, "a": 0.5, "b": 0.86}, "loglik": -1,
	"customers": 40, "unit_days": 7, "as_of": "2026-01-01", "spend": {"p": 5.1, "q": 4.1, "v": 21.5, "loglik": -1, "customers": 40}, "converged": false, "notes": ["a < b"]}');
CREATE TEMP TABLE page AS SELECT language, "shop & ""co""".report('<u>', language, 3) AS html FROM unnest('{en,de}'::text[]) language;
SELECT language, html ~ '<b>\d|<i>|<u>|''top''' AS raw, html ~ '&lt;b&gt;\d+&lt;/b&gt;' AND html ~ '&lt;i&gt;&#39;top&#39;' AND html ~ '&lt;u&gt;' AS escaped,
	html ~ format('<html lang="%s">', language) AS lang, (SELECT count(*) FROM regexp_matches(html, '<details>', 'g')) AS definitions,
	(SELECT count(*) FROM regexp_matches(substring(html FROM '<table id="risk".*?</table>'), '<tr ', 'g')) AS listed
FROM page ORDER BY language DESC;
SELECT pg_temp.words(html) FROM page WHERE language = 'en';
-- Every sentence exists in every language, with the same places to fill.
SELECT l.language, w.key FROM customer_value_internal.report_languages() e, jsonb_each_text(e.words) w, customer_value_internal.report_languages() l
WHERE e.language = 'en' AND w.key <> 'percent' AND (SELECT array_agg(m[1] ORDER BY m[1]) FROM regexp_matches(replace(w.value, '%%', ''), '%(\d\$)?s', 'g') m)
	IS DISTINCT FROM (SELECT array_agg(m[1] ORDER BY m[1]) FROM regexp_matches(replace(l.words ->> w.key, '%%', ''), '%(\d\$)?s', 'g') m) OR NOT l.words ? w.key;

-- Refused.
SELECT customer_value.report('nowhere');
SELECT customer_value.report(NULL);
SELECT "shop & ""co""".report(language => 'fr');
SELECT "shop & ""co""".report(language => NULL);
SELECT "shop & ""co""".report(top => 0);
SELECT "shop & ""co""".report(currency => ' ');
SELECT customer_value.drop_base('shop & "co"');

-- One order at the end of all days and one before all history: the others are shown all the same, month by month.
TRUNCATE sale;
INSERT INTO sale SELECT 'c' || i, date '2025-01-01' + i, i FROM generate_series(1, 50) i;
INSERT INTO sale VALUES ('far', '5874897-12-31', 5), ('before', '4713-01-01 BC', 7), ('large', '2025-02-02', 9e19);
SELECT customer_value.create_base('odd', key => 'text');
SELECT customer_value.track_orders('odd', 'sale', customer => 'client', at => 'day', amount => 'amount');
SELECT customer_value.rebalance('odd', '2025-04-01');
SELECT substring(page FROM '53 Customers.*Revenue'), substring(page FROM 'First month.*leaving') FROM pg_temp.words(odd.report()) page;
SELECT customer_value.drop_base('odd');
DROP TABLE sale;

-- A day is a day in every session's time zone, the first that there is too.
CREATE TABLE first_sale AS SELECT 1 AS customer, date '4714-11-24 BC' AS day, 5 AS amount;
SELECT customer_value.create_base('old_shop');
SELECT customer_value.track_orders('old_shop', 'first_sale', 'customer', 'day', 'amount');
SELECT customer_value.rebalance('old_shop', '4714-11-24 BC');
SET timezone = 'Asia/Tokyo';
SELECT old_shop.report() LIKE '%</html>%' AS tokyo;
SET timezone = 'America/Adak';
SELECT old_shop.report() LIKE '%</html>%' AS adak;
RESET timezone;
SELECT customer_value.drop_base('old_shop');
DROP TABLE first_sale;
