-- exact aggregates of each type; the cut-offs of positive values alone and of all
SELECT abc_cutoffs(amount), abc_cutoffs(b), abc_cutoffs(f) FROM purchase
SELECT abc_cutoffs(amount, '{0.5,0.9}'), abc_cutoffs(b, '{0.1}'), abc_cutoffs(f, '{0.25,0.5,0.75}') FROM purchase
SELECT abc_cutoffs_computed(amount), abc_cutoffs_computed(b), abc_cutoffs_computed(f) FROM purchase
SELECT pareto_share(amount), pareto_share(b), pareto_share(f), pareto_share(f, 0.01) FROM purchase
SELECT pareto_population(amount), pareto_population(b), pareto_population(f), pareto_population(amount, 0.5) FROM purchase
SELECT gini(amount), gini(b), gini(f), herfindahl(amount), herfindahl(b), herfindahl(f) FROM purchase
SELECT lorenz_curve(amount, 20), lorenz_curve(b, 20), lorenz_curve(f, 20) FROM purchase
-- groups of few values, wide numbers, and groups with nothing in them
SELECT customer, gini(amount), pareto_share(b), abc_cutoffs(f, '{0.7}') FROM purchase GROUP BY customer ORDER BY customer
SELECT abc_cutoffs(amount * 1e20 + 0.000001), gini(amount * 1e20 + 0.000001) FROM purchase
SELECT abc_cutoffs(CASE WHEN customer % 2 = 0 THEN amount ELSE amount / 8 END), abc_cutoffs(amount) FILTER (WHERE customer < 0) FROM purchase
SELECT abc_cutoffs(amount * 1e20 + 1e-20), abc_cutoffs_computed(amount * 1e20 + 1e-20), gini(amount * 1e20 + 1e-20) FROM purchase
SELECT pareto_share(amount * 1e20 + 1e-20), pareto_population(amount * 1e20 + 1e-20), herfindahl(amount * 1e20 + 1e-20) FROM purchase
SELECT abc_cutoffs(CASE WHEN customer = 7 THEN amount * 1e30 ELSE amount END) FROM purchase
SELECT abc_cutoffs(CASE WHEN customer = 7 THEN -1e60 ELSE amount END, '{0.5,0.9,0.99}') FROM purchase
