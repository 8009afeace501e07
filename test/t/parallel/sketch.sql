SELECT concentration_sketch(amount) FROM purchase
SELECT concentration_sketch(f) FROM purchase
SELECT concentration_sketch(b) FROM purchase
SELECT concentration_sketch(amount, 0.001) FROM purchase
SELECT concentration_sketch(f, 0.1) FROM purchase
SELECT concentration_sketch(b, 0.03) FROM purchase
SELECT concentration_sketch(f) FILTER (WHERE customer = 17) FROM purchase
SELECT customer % 5, concentration_sketch(amount) FROM purchase GROUP BY 1 ORDER BY 1
SELECT gini(s), herfindahl(s), pareto_share(s), pareto_population(s), lorenz_curve(s, 7), abc_cutoffs(s), abc_cutoffs_computed(s) FROM (SELECT concentration_sketch(amount) AS s FROM purchase OFFSET 0) AS x
SELECT sum(format('{"accuracy": 0.01, "zero": %s, "buckets": [[%s, 1]]}', customer % 2, customer + 1)::concentration_sketch) FROM purchase
