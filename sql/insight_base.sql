-- Insight on a live base: contacts, touchpoints, complaints, overview and report.
SET client_min_messages = warning;
\set SHOW_CONTEXT never
SET timezone = 'UTC';
CREATE TABLE sale (client text, day date, amount numeric, cost numeric);
INSERT INTO sale SELECT 'c' || c, current_date - 30 * k - c, 100 * c, 60 * c FROM generate_series(1, 10) c, generate_series(0, 5) k;
CREATE TABLE contact (client varchar, at timestamp, channel text, "why?" text, agent text, stars smallint);
INSERT INTO contact SELECT 'c' || c, now()::timestamp - interval '20 days' * k - interval '1 hour', CASE WHEN c % 2 = 0 THEN 'phone' ELSE 'branch' END,
	CASE WHEN c = 10 THEN 'Complaint: late' WHEN c = 9 AND k = 1 THEN 'Reklamation' ELSE 'advice' END, 'ann', 1 + c % 5
FROM generate_series(1, 10) c, generate_series(1, 3) k;
INSERT INTO contact VALUES ('c1', now()::timestamp - interval '2 years', 'branch', 'old', 'bob', 1), ('stranger', now()::timestamp - interval '1 day', ' ', NULL, NULL, NULL),
	(NULL, now()::timestamp, 'phone', 'complaint', 'ann', 1);
SELECT customer_value.create_base('shop', key => 'text', rules => '{"segments": [{"name": "individual", "from": 60}, {"name": "standard"}],
	"criteria": [{"fact": "amount_12m", "weight": 1, "points": [[0, 0], [5000, 100]]}]}');
SELECT length(shop.report()) > 1000 AS empty_report;
SELECT count(*) AS empty_overview FROM shop.overview;
SELECT count(*) AS no_contacts FROM shop.contact;
SELECT customer_value.track_orders('shop', 'sale', customer => 'client', at => 'day', amount => 'amount', cost => 'cost');
SELECT customer_value.rebalance('shop') AS moved;

SELECT customer_value.track_contacts('shop', 'contact', customer => 'client', at => 'at', touchpoint => 'channel', reason => 'why?',
	employee => 'agent', rating => 'stars');
-- Actual: who meets us where, why, how often, with whom and how well.
SELECT touchpoint, segment, reason, employee, contacts, customers, round(rating, 2) AS rating FROM shop.touchpoint_actual
ORDER BY touchpoint, segment, reason;
-- Target, task and control.
INSERT INTO shop.touchpoint_target (touchpoint, segment, contacts_per_year, rating) VALUES ('phone', 'individual', 12, 4), ('phone', NULL, 2, NULL), ('visit', NULL, 1, 3);
INSERT INTO shop.touchpoint_task (touchpoint, what, who, due, budget) VALUES ('phone', 'train the team', 'ann', current_date - 1, 500), ('phone', 'new line', 'bob', current_date + 9, 250);
SELECT touchpoint, segment, customers, round(contacts_per_year, 3) AS actual, contacts_target AS target, round(contacts_gap, 3) AS gap,
	round(rating, 3) AS rating, rating_target, open_tasks, overdue_tasks, open_budget FROM shop.touchpoint_gap;
UPDATE shop.touchpoint_task SET done = current_date WHERE who = 'ann';
SELECT touchpoint, open_tasks, overdue_tasks, open_budget FROM shop.touchpoint_gap WHERE segment IS NULL;
-- Complaints: reasons that say so, whatever the case.
SELECT segment, customers, complaints, complainants, round(complaint_rate::numeric, 4) AS rate, repeat_rate, stay_rate, round(rating, 2) AS rating FROM shop.complaint_kpi;

-- Refused, with a message that says which.
INSERT INTO shop.touchpoint_target (touchpoint, contacts_per_year) VALUES (' ', 1);
INSERT INTO shop.touchpoint_target (touchpoint, segment, contacts_per_year) VALUES ('fair', 'vip', 1);
INSERT INTO shop.touchpoint_target (touchpoint, contacts_per_year) VALUES ('fair', -1);
INSERT INTO shop.touchpoint_target (touchpoint) VALUES ('fair');
INSERT INTO shop.touchpoint_target (touchpoint, contacts_per_year) VALUES ('visit', 2);
\set VERBOSITY terse
INSERT INTO shop.touchpoint_task (touchpoint, what, who) VALUES ('phone', 'train', 'ann');
INSERT INTO shop.touchpoint_task (touchpoint, what, who, due) VALUES ('phone', '', 'ann', current_date);
INSERT INTO shop.touchpoint_task (touchpoint, what, who, due, budget) VALUES ('phone', 'train', 'ann', current_date, -5);
UPDATE shop.touchpoint_task SET done = current_date - 2;
\set VERBOSITY default
SELECT customer_value.track_contacts('shop', 'contact', 'client', 'at', 'channel');
\echo :LAST_ERROR_SQLSTATE
SELECT customer_value.track_contacts('shop', 'contact', 'client', 'at', NULL);
SELECT customer_value.track_contacts('shop', 'contact', 'client', 'at', 'place');
SELECT customer_value.track_contacts('shop', 'contact', 'stars', 'at', 'channel');
SELECT customer_value.track_contacts('shop', 'contact', 'client', 'channel', 'channel');
SELECT customer_value.track_contacts('shop', 'contact', 'client', 'at', 'channel', rating => 'agent');
SELECT customer_value.track_contacts('shop', 'contact', 'client', 'at', 'channel', complaint => '(');
CREATE TEMP TABLE fleeting (client text, at date, channel text);
SELECT customer_value.track_contacts('shop', 'fleeting', 'client', 'at', 'channel');
CREATE ROLE regress_insight_base;
GRANT regress_insight_base TO CURRENT_USER;
GRANT CREATE ON DATABASE :"DBNAME" TO regress_insight_base;
SET ROLE regress_insight_base;
SELECT customer_value.create_base('theirs', key => 'text');
SELECT customer_value.track_contacts('theirs', 'public.contact', 'client', 'at', 'channel');
\echo :LAST_ERROR_SQLSTATE
SELECT customer_value.track_contacts('shop', 'public.contact', 'client', 'at', 'channel');
SELECT customer_value.drop_base('theirs');
RESET ROLE;
DROP OWNED BY regress_insight_base;
DROP ROLE regress_insight_base;
SELECT customer_value.track_contacts('nowhere', 'contact', 'client', 'at', 'channel');

-- Several sources; the first one goes again.
CREATE TABLE mail (client text, sent date, box text);
INSERT INTO mail VALUES ('c1', current_date - 2, 'info');
SELECT customer_value.track_contacts('shop', 'mail', 'client', 'sent', 'box');
SELECT touchpoint, count(*), bool_or(complaint) AS complaints FROM shop.contact GROUP BY touchpoint ORDER BY touchpoint;
SELECT customer_value.untrack_contacts('shop', 'public.contact');
SELECT touchpoint, reason, rating, complaint FROM shop.contact;
SELECT customer_value.untrack_contacts('shop', 'public.contact');
\echo :LAST_ERROR_SQLSTATE

-- Overview: shares add up; customers that were there when the base began were so a month ago; one comes, and one moves.
SELECT segment, abc_class, customers, round(customer_share::numeric, 4) AS customer_share, value, round(value_share::numeric, 4) AS value_share,
	margin, month_ago, change FROM shop.overview;
SELECT round(sum(customer_share)::numeric, 9) AS customers, round(sum(value_share)::numeric, 9) AS value FROM shop.overview;
UPDATE shop.cutoffs SET history_since = now() - interval '2 months';
UPDATE shop.customer SET added = now() - interval '40 days' WHERE customer_id <> 'c10';
SELECT sum(month_ago) AS month_ago, sum(change) AS change FROM shop.overview;
INSERT INTO sale VALUES ('c1', current_date, 20000, 1);
SELECT customer_id, old_segment, old_class, segment, abc_class FROM shop.moved ORDER BY customer_id COLLATE "C";
SELECT segment, abc_class, customers, month_ago, change FROM shop.overview;
-- Who left or was merged was there a month ago, as migration has it.
BEGIN;
SELECT customer_value.merge_customers('shop', 'c1', 'c2');
SELECT customer_value.forget('shop', 'c3', 'asked for it');
DELETE FROM shop.customer WHERE customer_id = 'c4';
SELECT customer_id, old_segment, old_class, segment, abc_class FROM shop.moved WHERE gone ORDER BY customer_id COLLATE "C";
SELECT segment, abc_class, customers, month_ago, change FROM shop.overview;
SELECT old_value AS segment, sum(customers) AS month_ago FROM customer_value.migration('shop', now() - interval '1 month') WHERE what = 'segment' AND old_value IS NOT NULL GROUP BY 1 ORDER BY 1;
SELECT DISTINCT history_since < now() - interval '1 month' AS as_said FROM shop.overview;
ROLLBACK;

-- The report: one page, closed tags, no script, nothing from elsewhere, names escaped.
INSERT INTO sale VALUES ('<b>"&', current_date, 5, 1);
SELECT customer_value.refresh_outlook('shop', model => '{"model": "mbg/nbd", "params": {"r": 0.7, "alpha": 10, "a": 0.5, "b": 0.86}, "loglik": -1,
	"customers": 11, "unit_days": 7, "as_of": "2026-01-01", "spend": {"p": 5.1, "q": 4.1, "v": 21.5, "loglik": -1, "customers": 11}, "converged": true}') AS customers;
SELECT customer_value.report('nowhere');
CREATE TEMP TABLE page AS SELECT shop.report() AS html;
SELECT html LIKE '<!DOCTYPE html>%</html>%' AS a_page, html ~* '<script|https?:|url\(' AS foreign, html LIKE '%&lt;b&gt;&quot;&amp;%' AS escaped, html LIKE '%<b>"&%' AS raw,
	(SELECT count(*) FROM regexp_matches(html, '<h2 ', 'g')) AS sections FROM page;
SELECT bool_and((SELECT count(*) FROM regexp_matches(html, '<' || tag || '[ >]', 'g')) = (SELECT count(*) FROM regexp_matches(html, '</' || tag || '>', 'g'))) AS closed
FROM page, unnest('{html,head,body,style,header,main,footer,section,h1,h2,p,ul,li,b,details,summary,table,caption,thead,tbody,tr,th,td,svg,text,span,small,bdi,data,time}'::text[]) tag;

-- A source that is dropped with all that hangs on it takes the views along; the base can be dropped all the same.
DROP TABLE mail CASCADE;
SELECT customer_value.drop_base('shop');
SELECT count(*) AS left_over FROM pg_class WHERE relnamespace::regnamespace::text = 'shop';
DROP TABLE sale, contact;
