-- insight/report_words: what the report says, by language, and how it writes figures

CREATE FUNCTION customer_value_internal.report_languages() RETURNS TABLE (language text, words jsonb)
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $sql$
	VALUES ('en', jsonb $json$ {
		"title": "customer value", "day": "FMDD Mon YYYY", "moment": "FMDD Mon YYYY, HH24:MI", "grouping": ",", "decimal": ".", "percent": "%s%%",
		"basis_amount": "Revenue", "basis_margin": "Margin", "basis_orders": "Orders", "basis_clv": "Expected value",
		"of_amount": "of the revenue", "of_margin": "of the margin", "of_orders": "of the orders", "of_clv": "of the expected value",
		"by_amount": "revenue", "by_margin": "margin", "by_orders": "orders", "by_clv": "expected value",
		"subtitle": "Customers by %s, as of %s.", "subtitle_period": "Customers by %1$s from %3$s to %2$s.", "currency_is": "All amounts in %s.", "currency_unknown": "Amounts are in the currency of the orders.",
		"nobody": "There are no customers yet. They come with the orders of a table that this base tracks:",
		"unsettled": "The customers are not classed yet. This does it:",
		"more": "What this means", "key_figures": "Key figures",
		"customers": "Customers", "customer_count": "%s customers", "one_customer": "%s customer", "group": "Group", "segment_class": "Segment, class", "class": "Class", "unclassed": "not classed",
		"expected": "Expected in a year", "at_stake": "At stake", "change": "In a month", "moves": "Customers moved", "top_fifth": "Share of the best 20%%",
		"margin": "Margin",
		"pareto": "Who carries the business",
		"pareto_finding": "The best 20%% of the customers bring %1$s %2$s; 80%% of it comes from the best %3$s.",
		"pareto_best": "The best customer brings %1$s %2$s.",
		"pareto_none": "No customer is above zero: nobody carries the business yet.",
		"pareto_label": "Curve: share %1$s that the best customers bring, from 0 to 100%% of the customers",
		"pareto_axis": "customers, best first", "pareto_dot": "the best 20%% bring %s",
		"pareto_means": "The customers stand in line, the best first. The curve says which share %1$s they bring together; the dashed line is how it would be if all were alike. The Gini coefficient, 0 where all are alike and near 1 where one has everything, is %2$s.",
		"groups": "Segments and classes", "classes": "Classes",
		"groups_finding": "The strongest group, %1$s, is %2$s of the customers and brings %3$s %4$s.",
		"groups_caption": "Best first, with shares of the customers and %s", "groups_one": "All customers are in one group: %1$s.",
		"groups_means": "The classes come from sorting by %1$s, the best first: class A carries the first %2$s of the total, the others follow. The segments come from the rule set of the base. Bars and percentages are shares of all customers and of the total. The last column compares the number of customers with a month ago.",
		"migration": "Who has moved in the last month",
		"migration_finding": "Moved to another group: %1$s. Came: %2$s. Left or merged: %3$s.", "new": "new customer", "gone": "left or merged", "history_since": "There is history since %s only.",
		"migration_caption": "Most frequent moves first", "migration_none": "Nobody has moved to another group, come or left.",
		"migration_means": "A move is a change of segment or class in the last month; what changed and changed back is none. Customers whose records were merged or forgotten count as left.",
		"before": "From", "after": "To",
		"cohorts": "Who comes back",
		"cohorts_finding_month": "Of all new customers, %s ordered again in the month after the first.",
		"cohorts_finding_quarter": "Of all new customers, %s ordered again in the quarter after the first.",
		"cohorts_finding_year": "Of all new customers, %s ordered again in the year after the first.",
		"cohorts_young": "All customers are too new to have come back later.",
		"cohorts_none": "There are no orders yet.",
		"cohorts_means_month": "Each row is the customers whose first order fell into a month, with their number; each column says which share of them in percent ordered so many months later. Cells with a dashed frame belong to a month that is not over.",
		"cohorts_means_quarter": "Each row is the customers whose first order fell into a quarter, with their number; each column says which share of them in percent ordered so many quarters later. Cells with a dashed frame belong to a quarter that is not over.",
		"cohorts_means_year": "Each row is the customers whose first order fell into a year, with their number; each column says which share of them in percent ordered so many years later. Cells with a dashed frame belong to a year that is not over.",
		"cohorts_caption_month": "Share in percent who ordered again, by month of the first order and months since",
		"cohorts_caption_quarter": "Share in percent who ordered again, by quarter of the first order and quarters since",
		"cohorts_caption_year": "Share in percent who ordered again, by year of the first order and years since",
		"cohort_month": "First month", "cohort_quarter": "First quarter", "cohort_year": "First year",
		"risk": "Who may be leaving",
		"risk_finding": "In doubt: %1$s, with %2$s at stake. Taken for lost: %3$s.",
		"risk_listed": "The %s with most at stake:",
		"risk_none": "Nobody is in doubt. Taken for lost: %s.",
		"risk_missing": "There is no outlook yet. This makes it:",
		"risk_no_model": "No lifetime model fits these customers, so nothing is known of who may be leaving.",
		"risk_means": "A lifetime model says from the rhythm of the orders how probably a customer is still one, and what it will bring in the next year. In doubt is whoever is still a customer with a probability of %1$s to %2$s; those below are taken for lost. At stake is the loss to expect: the value if still a customer × the probability that it is none any more. An order is due when the customer's own rhythm says so.",
		"outlook_day": "This outlook is of %s, another day than the rest of the page.",
		"model_is": "Model: %1$s, fitted to %2$s.", "model_open": "The fit has not converged: take these figures for a guess.",
		"customer": "Customer", "alive": "Still a customer", "due": "Order due", "overdue": "overdue",
		"left_out": "without %s (value infinite or not known)",
		"made": "Made on %s by customer_value %s."
	} $json$), ('de', $json$ {
		"title": "Kundenwert", "day": "DD.MM.YYYY", "moment": "DD.MM.YYYY, HH24:MI", "grouping": ".", "decimal": ",", "percent": "%s %%",
		"basis_amount": "Umsatz", "basis_margin": "Deckungsbeitrag", "basis_orders": "Bestellungen", "basis_clv": "Erwarteter Wert",
		"of_amount": "des Umsatzes", "of_margin": "des Deckungsbeitrags", "of_orders": "der Bestellungen", "of_clv": "des erwarteten Werts",
		"by_amount": "Umsatz", "by_margin": "Deckungsbeitrag", "by_orders": "Bestellungen", "by_clv": "erwartetem Wert",
		"subtitle": "Kunden nach %s, Stand %s.", "subtitle_period": "Kunden nach %1$s vom %3$s bis %2$s.", "currency_is": "Alle Beträge in %s.", "currency_unknown": "Beträge in der Währung der Bestellungen.",
		"nobody": "Noch gibt es keine Kunden. Sie kommen mit den Bestellungen einer Tabelle, der diese Basis folgt:",
		"unsettled": "Die Kunden sind noch nicht eingeteilt. Das tut:",
		"more": "Was das heißt", "key_figures": "Kennzahlen",
		"customers": "Kunden", "customer_count": "%s Kunden", "one_customer": "%s Kunde", "group": "Gruppe", "segment_class": "Segment, Klasse", "class": "Klasse", "unclassed": "nicht eingeteilt",
		"expected": "Erwartet in einem Jahr", "at_stake": "Auf dem Spiel", "change": "Seit einem Monat", "moves": "Kunden gewechselt", "top_fifth": "Anteil der besten 20 %%",
		"margin": "Deckungsbeitrag",
		"pareto": "Wer das Geschäft trägt",
		"pareto_finding": "Die besten 20 %% der Kunden bringen %1$s %2$s; 80 %% davon kommen von den besten %3$s.",
		"pareto_best": "Der beste Kunde bringt %1$s %2$s.",
		"pareto_none": "Kein Kunde liegt über null: Noch trägt niemand das Geschäft.",
		"pareto_label": "Kurve: Anteil %1$s, den die besten Kunden bringen, von 0 bis 100 %% der Kunden",
		"pareto_axis": "Kunden, die besten zuerst", "pareto_dot": "die besten 20 %% bringen %s",
		"pareto_means": "Die Kunden stehen in einer Reihe, die besten zuerst. Die Kurve sagt, welchen Anteil %1$s sie zusammen bringen; die gestrichelte Linie gälte, wären alle gleich. Der Gini-Koeffizient, 0 wenn alle gleich sind und nahe 1 wenn einer alles hat, ist %2$s.",
		"groups": "Segmente und Klassen", "classes": "Klassen",
		"groups_finding": "Die stärkste Gruppe, %1$s, umfasst %2$s der Kunden und bringt %3$s %4$s.",
		"groups_caption": "Die besten zuerst, mit Anteilen der Kunden und %s", "groups_one": "Alle Kunden sind in einer Gruppe: %1$s.",
		"groups_means": "Die Klassen entstehen durch Sortieren nach %1$s, die besten zuerst: Klasse A trägt die ersten %2$s der Summe, die anderen folgen. Die Segmente kommen aus dem Regelwerk der Basis. Balken und Prozente sind Anteile an allen Kunden und an der Summe. Die letzte Spalte vergleicht die Zahl der Kunden mit der vor einem Monat.",
		"migration": "Wer im letzten Monat gewechselt hat",
		"migration_finding": "In eine andere Gruppe gewechselt: %1$s. Gekommen: %2$s. Gegangen oder zusammengelegt: %3$s.", "new": "neuer Kunde", "gone": "gegangen oder zusammengelegt", "history_since": "Geschichte gibt es erst seit %s.",
		"migration_caption": "Die häufigsten Wechsel zuerst", "migration_none": "Niemand hat die Gruppe gewechselt, ist gekommen oder gegangen.",
		"migration_means": "Ein Wechsel ist eine Änderung von Segment oder Klasse im letzten Monat; was sich änderte und wieder zurück, ist keiner. Zusammengelegte und vergessene Kunden zählen als gegangen.",
		"before": "Von", "after": "Nach",
		"cohorts": "Wer wiederkommt",
		"cohorts_finding_month": "Von allen neuen Kunden haben %s im Monat nach dem ersten wieder bestellt.",
		"cohorts_finding_quarter": "Von allen neuen Kunden haben %s im Quartal nach dem ersten wieder bestellt.",
		"cohorts_finding_year": "Von allen neuen Kunden haben %s im Jahr nach dem ersten wieder bestellt.",
		"cohorts_young": "Alle Kunden sind noch zu neu, um später wiedergekommen zu sein.",
		"cohorts_none": "Noch gibt es keine Bestellungen.",
		"cohorts_means_month": "Eine Zeile sind die Kunden, deren erste Bestellung in einen Monat fiel, mit ihrer Zahl; eine Spalte sagt, wie viel Prozent davon so viele Monate später bestellt haben. Zellen mit gestricheltem Rand gehören zu einem Monat, der nicht vorbei ist.",
		"cohorts_means_quarter": "Eine Zeile sind die Kunden, deren erste Bestellung in ein Quartal fiel, mit ihrer Zahl; eine Spalte sagt, wie viel Prozent davon so viele Quartale später bestellt haben. Zellen mit gestricheltem Rand gehören zu einem Quartal, das nicht vorbei ist.",
		"cohorts_means_year": "Eine Zeile sind die Kunden, deren erste Bestellung in ein Jahr fiel, mit ihrer Zahl; eine Spalte sagt, wie viel Prozent davon so viele Jahre später bestellt haben. Zellen mit gestricheltem Rand gehören zu einem Jahr, das nicht vorbei ist.",
		"cohorts_caption_month": "Anteil in Prozent, der wieder bestellt hat, nach Monat der ersten Bestellung und Monaten seither",
		"cohorts_caption_quarter": "Anteil in Prozent, der wieder bestellt hat, nach Quartal der ersten Bestellung und Quartalen seither",
		"cohorts_caption_year": "Anteil in Prozent, der wieder bestellt hat, nach Jahr der ersten Bestellung und Jahren seither",
		"cohort_month": "Erster Monat", "cohort_quarter": "Erstes Quartal", "cohort_year": "Erstes Jahr",
		"risk": "Wer vielleicht geht",
		"risk_finding": "Ungewiss: %1$s, mit denen %2$s auf dem Spiel stehen. Für verloren gehalten: %3$s.",
		"risk_listed": "Die %s, bei denen am meisten auf dem Spiel steht:",
		"risk_none": "Bei niemandem ist es ungewiss. Für verloren gehalten: %s.",
		"risk_missing": "Noch gibt es keinen Ausblick. Ihn macht:",
		"risk_no_model": "Kein Modell passt auf diese Kunden; wer vielleicht geht, ist nicht bekannt.",
		"risk_means": "Ein Modell sagt aus dem Rhythmus der Bestellungen, wie wahrscheinlich ein Kunde noch Kunde ist und was er im nächsten Jahr bringt. Ungewiss ist, wer mit einer Wahrscheinlichkeit von %1$s bis %2$s noch Kunde ist; wer darunter liegt, gilt als verloren. Auf dem Spiel steht der zu erwartende Verlust: der Wert, falls noch Kunde, × die Wahrscheinlichkeit, dass er es nicht mehr ist. Eine Bestellung ist fällig, wenn der eigene Rhythmus des Kunden es sagt.",
		"outlook_day": "Dieser Ausblick ist vom %s, einem anderen Tag als der Rest der Seite.",
		"model_is": "Modell: %1$s, angepasst an %2$s.", "model_open": "Die Anpassung ist nicht konvergiert: Diese Zahlen sind nur geschätzt.",
		"customer": "Kunde", "alive": "Noch Kunde", "due": "Bestellung fällig", "overdue": "überfällig",
		"left_out": "ohne %s (Wert unendlich oder unbekannt)",
		"made": "Erstellt am %s mit customer_value %s."
	} $json$::jsonb)
$sql$;

COMMENT ON FUNCTION customer_value_internal.report_languages() IS
'the words of the report: one row a language; what a language does not say is said in English. Sentences are patterns of format()';


CREATE FUNCTION customer_value_internal.html(words text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN replace(replace(replace(replace(replace(words, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;'), '''', '&#39;');

COMMENT ON FUNCTION customer_value_internal.html(text) IS 'text as HTML shows it, in attributes, too';


CREATE FUNCTION customer_value_internal.html_data(words text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN '<bdi>' || customer_value_internal.html(words) || '</bdi>';

COMMENT ON FUNCTION customer_value_internal.html_data(text) IS 'what a user has written, in HTML: in whatever direction it runs, the text around it stays as it is';


CREATE FUNCTION customer_value_internal.report_words(language text, basis text, currency text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	spoken constant text := lower(left(language, 2));
	words jsonb;
BEGIN
	SELECT jsonb_object_agg(w.key, replace(customer_value_internal.html(w.value), ' %%', '&nbsp;%%') ORDER BY l.language = spoken) INTO words
	FROM customer_value_internal.report_languages() l, jsonb_each_text(l.words) w
	WHERE l.language IN ('en', spoken) HAVING bool_or(l.language = spoken);
	IF words IS NULL THEN
		RAISE invalid_parameter_value USING
			MESSAGE = format('the report does not speak language "%s"', language),
			HINT = (SELECT format('It speaks %s.', string_agg(l.language, ', ' ORDER BY l.language)) FROM customer_value_internal.report_languages() l);
	END IF;
	RETURN words || jsonb_build_object('language', spoken, 'basis', words -> ('basis_' || basis), 'by', words -> ('by_' || basis), 'of', words -> ('of_' || basis),
		'currency', customer_value_internal.html_data(currency), 'basis_currency', CASE WHEN basis <> 'orders' THEN customer_value_internal.html_data(currency) END);
END
$$;

COMMENT ON FUNCTION customer_value_internal.report_words(text, text, text) IS
'the words for a page in a language, as HTML, on a base with this basis, and the currency; first argument of all parts of the report';


CREATE FUNCTION customer_value_internal.html_digits(words jsonb, figure numeric, decimals text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN replace(translate(CASE WHEN abs(figure) >= 1e15 THEN btrim(to_char(figure, '9.99EEEE')) ELSE to_char(figure, 'FM9,999,999,999,999,990' || decimals) END,
	',.', (words ->> 'grouping') || (words ->> 'decimal')), '-', '&minus;');

COMMENT ON FUNCTION customer_value_internal.html_digits(jsonb, numeric, text) IS
'a number in groups of three, with decimals as to_char() has them, from 1e15 on with an exponent; the marks are those of the language';


CREATE FUNCTION customer_value_internal.html_number(words jsonb, figure numeric) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
	WHEN figure IS NULL OR figure = 'NaN' THEN '&ndash;'
	WHEN abs(figure) = 'Infinity' THEN CASE WHEN figure < 0 THEN '&minus;' ELSE '' END || '&infin;'
	ELSE format('<data value="%s">%s</data>', figure, customer_value_internal.html_digits(words, figure,
		CASE WHEN abs(round(figure, 2)) >= 1000 OR figure = trunc(figure) THEN '' ELSE '.00' END))
	END;

COMMENT ON FUNCTION customer_value_internal.html_number(jsonb, numeric) IS
'a figure, below 1000 with two decimals unless whole, with its exact value for machines; a dash for null';


CREATE FUNCTION customer_value_internal.html_percent(words jsonb, share float8) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN abs(share) < 'Infinity' THEN format('<data value="%s">%s</data>', share,
		replace(format(words ->> 'percent', customer_value_internal.html_digits(words, 100 * share::numeric, '.0')), ' ', '&nbsp;'))
	ELSE '&ndash;' END;

COMMENT ON FUNCTION customer_value_internal.html_percent(jsonb, float8) IS 'a share as a percentage with one decimal; a dash for null';


CREATE FUNCTION customer_value_internal.html_money(words jsonb, figure numeric, currency text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN customer_value_internal.html_number(words, figure) || coalesce('&nbsp;' || currency, '');

COMMENT ON FUNCTION customer_value_internal.html_money(jsonb, numeric, text) IS 'a figure with its currency, where one is known';


CREATE FUNCTION customer_value_internal.html_day(words jsonb, day date) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN day <= date '294276-12-31' AND isfinite(day) -- a timestamp, since to_char() makes a date a moment of the session's time zone
	THEN format('<time datetime="%s">%s</time>', to_char(day::timestamp, 'YYYY-MM-DD'), replace(to_char(day::timestamp, words ->> 'day'), ' ', '&nbsp;'))
	WHEN isfinite(day) THEN day::text ELSE '&ndash;' END;

COMMENT ON FUNCTION customer_value_internal.html_day(jsonb, date) IS 'a day as the language writes it; a dash for null';


CREATE FUNCTION customer_value_internal.html_customers(words jsonb, customers bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN format(words ->> CASE customers WHEN 1 THEN 'one_customer' ELSE 'customer_count' END, customer_value_internal.html_number(words, customers));

COMMENT ON FUNCTION customer_value_internal.html_customers(jsonb, bigint) IS 'so many customers, in words';


CREATE FUNCTION customer_value_internal.html_group(words jsonb, segment text, abc_class text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(customer_value_internal.html_data(nullif(concat_ws(' ', segment, abc_class), '')), words ->> 'unclassed');

COMMENT ON FUNCTION customer_value_internal.html_group(jsonb, text, text) IS 'segment and class of a customer, in HTML';


CREATE FUNCTION customer_value_internal.html_bar(share float8) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN format('<span class="bar" aria-hidden="true"><span style="width:%s%%"></span></span>', round((100 * least(greatest(coalesce(share, 0), 0), 1))::numeric, 1));

COMMENT ON FUNCTION customer_value_internal.html_bar(float8) IS 'a bar that fills this share of its place';


CREATE FUNCTION customer_value_internal.html_row(columns text[], cells text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT '<tr role="row">' || string_agg(CASE WHEN u.i = 1 THEN format('<th scope="row" role="rowheader">%s</th>', u.cell)
		ELSE format('<td role="cell" data-label="%s">%s</td>', regexp_replace(u.label, '<[^>]*>', '', 'g'), u.cell) END, '' ORDER BY u.i) || '</tr>'
	FROM unnest(columns, cells) WITH ORDINALITY AS u(label, cell, i) WHERE u.label IS NOT NULL;
END;

COMMENT ON FUNCTION customer_value_internal.html_row(text[], text[]) IS
'a row of a table, its first cell the heading; on a narrow screen each cell carries its column''s name. A column without a name is left out';


CREATE FUNCTION customer_value_internal.html_table(id text, caption text, columns text[], rows text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
	SELECT format('<table id="%s" class="cards" role="table"><caption>%s</caption><thead role="rowgroup"><tr role="row">%s</tr></thead><tbody role="rowgroup">%s</tbody></table>', id, caption,
		string_agg(format('<th scope="col" role="columnheader">%s</th>', u.label), '' ORDER BY u.i), rows)
	FROM unnest(columns) WITH ORDINALITY AS u(label, i) WHERE u.label IS NOT NULL AND rows IS NOT NULL HAVING count(*) > 0;
END;

COMMENT ON FUNCTION customer_value_internal.html_table(text, text, text[], text) IS
'a table whose rows become cards on a narrow screen; the roles keep it a table for screen readers then. Null without rows';


CREATE FUNCTION customer_value_internal.html_section(words jsonb, id text, heading text, finding text, means text, content text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN format('<section aria-labelledby="%1$s-heading"><h2 id="%1$s-heading">%2$s</h2><p class="finding">%3$s</p><details><summary>%4$s</summary><p>%5$s</p></details>%6$s</section>',
	id, heading, finding, words ->> 'more', means, content);

COMMENT ON FUNCTION customer_value_internal.html_section(jsonb, text, text, text, text, text) IS
'a section of the report: heading, its finding in a sentence, what it means on demand, and the figures';
