-- The type clv_model: written by hand, printed, stored, sent.
SELECT '{"model": "bg/nbd", "params": {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}}'::clv_model;
SELECT '{"params": {"beta": 11.67, "s": 0.606, "alpha": 10.58, "r": 0.553}, "model": "pareto/nbd", "unit_days": 1,
	"spend": {"q": 3.74, "p": 6.25, "v": 15.45}, "std_errors": null, "notes": []}'::clv_model;
SELECT '{"model": "sbg", "params": {"alpha": 0.704, "beta": 1.182}}'::clv_model;

-- Everything it can hold comes back as it went in, whatever the settings.
CREATE TEMP TABLE model (id int, m clv_model);
INSERT INTO model VALUES (1, '{"model": "mbg/nbd", "params": {"r": 0.1, "alpha": 1e-9, "a": 1e9, "b": 0.3333333333333333},
	"std_errors": {"r": 0.01, "alpha": null, "a": 0, "b": 1e300}, "loglik": -9582.4292066739, "customers": 2357, "unit_days": 30.4375,
	"as_of": "1997-09-30", "spend": {"p": 6.25, "q": 3.74, "v": 15.45, "std_errors": {"p": 1, "q": 2, "v": 3}, "loglik": -4055.9,
	"customers": 946}, "converged": false, "notes": ["say \"what\"", "", "größer\n"]}');
SET extra_float_digits = -15;
SET datestyle = german;
SELECT m FROM model;
SELECT m::text = m::text::clv_model::text AS text, m::text = m::jsonb::clv_model::text AS jsonb FROM model;
RESET extra_float_digits;
RESET datestyle;
SELECT m::jsonb -> 'spend' FROM model;
SELECT get_byte(clv_model_send(m), 0) AS version, convert_from(substr(clv_model_send(m), 2), 'UTF8') = m::text AS same FROM model;

-- The covariance of the logarithms of the parameters, to the last digit.
SELECT '{"model": "sbg", "params": {"alpha": 0.704, "beta": 1.182}, "covariance": [[0.1, -0.30000000000000004], [-0.30000000000000004, 1e2]]}'::clv_model;
SELECT ('{"model": "bg/nbd", "params": {"r": 1, "alpha": 1, "a": 1, "b": 1}, "covariance": [[1,0,0,0],[0,0,0,0],[0,0,2,1],[0,0,1,0.5]],
	"spend": {"p": 1, "q": 2, "v": 3, "covariance": [[1,1,1],[1,1,1],[1,1,1]]}}'::clv_model)::jsonb::clv_model;

-- What is not a model is refused by name.
\set VERBOSITY terse
SELECT ''::clv_model;
SELECT '[]'::clv_model;
SELECT '"bg/nbd"'::clv_model;
SELECT '{"model": "bg/nbd"'::clv_model;
SELECT '{}'::clv_model;
SELECT '{"model": 1}'::clv_model;
SELECT '{"model": "nbd", "params": {}}'::clv_model;
SELECT '{"model": "bg/nbd"}'::clv_model;
SELECT '{"model": "bg/nbd", "params": []}'::clv_model;
SELECT '{"model": "bg/nbd", "params": {"r": 1, "alpha": 1, "a": 1}}'::clv_model;
SELECT '{"model": "bg/nbd", "params": {"r": 1, "alpha": 1, "a": 1, "b": null}}'::clv_model;
SELECT '{"model": "bg/nbd", "params": {"r": 1, "alpha": 1, "a": 1, "b": 1, "s": 1}}'::clv_model;
SELECT '{"model": "bg/nbd", "params": {"r": -1, "alpha": 1, "a": 1, "b": 1}}'::clv_model;
SELECT '{"model": "bg/nbd", "params": {"r": 1, "alpha": 0, "a": 1, "b": 1}}'::clv_model;
SELECT '{"model": "bg/nbd", "params": {"r": 1, "alpha": 1, "a": 1e400, "b": 1}}'::clv_model;
SELECT '{"model": "bg/nbd", "params": {"r": 1, "alpha": 1, "a": 1e16, "b": 1}}'::clv_model;
SELECT '{"model": "bg/nbd", "params": {"r": 1, "alpha": 1, "a": 1e-400, "b": 1}}'::clv_model;
SELECT '{"model": "bg/nbd", "params": {"r": NaN, "alpha": 1, "a": 1, "b": 1}}'::clv_model;
SELECT '{"model": "bg/nbd", "params": {"r": "1", "alpha": 1, "a": 1, "b": 1}}'::clv_model;
SELECT '{"model": "pareto/nbd", "params": {"r": 1, "alpha": 1, "a": 1, "b": 1}}'::clv_model;
SELECT format('{"model": "sbg", "params": {"alpha": 1, "beta": 1}, %s}', x)::clv_model
FROM unnest('{"\"unit\": 7"}'::text[]) x;
SELECT '{"model": "sbg", "params": {"alpha": 1, "beta": 1}, "unit_days": 0}'::clv_model;
SELECT '{"model": "sbg", "params": {"alpha": 1, "beta": 1}, "unit_days": -7}'::clv_model;
SELECT '{"model": "sbg", "params": {"alpha": 1, "beta": 1}, "customers": 1.5}'::clv_model;
SELECT '{"model": "sbg", "params": {"alpha": 1, "beta": 1}, "customers": -1}'::clv_model;
SELECT '{"model": "sbg", "params": {"alpha": 1, "beta": 1}, "loglik": "x"}'::clv_model;
SELECT '{"model": "sbg", "params": {"alpha": 1, "beta": 1}, "std_errors": {"alpha": -1}}'::clv_model;
SELECT '{"model": "sbg", "params": {"alpha": 1, "beta": 1}, "std_errors": {"a": 1}}'::clv_model;
SELECT '{"model": "sbg", "params": {"alpha": 1, "beta": 1}, "as_of": "1997-02-29"}'::clv_model;
SELECT '{"model": "sbg", "params": {"alpha": 1, "beta": 1}, "as_of": "97-2-9"}'::clv_model;
SELECT '{"model": "sbg", "params": {"alpha": 1, "beta": 1}, "as_of": 1997}'::clv_model;
SELECT '{"model": "sbg", "params": {"alpha": 1, "beta": 1}, "converged": 1}'::clv_model;
SELECT '{"model": "sbg", "params": {"alpha": 1, "beta": 1}, "notes": "x"}'::clv_model;
SELECT '{"model": "sbg", "params": {"alpha": 1, "beta": 1}, "notes": [1]}'::clv_model;
SELECT '{"model": "sbg", "params": {"alpha": 1, "beta": 1}, "spend": {"p": 1, "q": 1}}'::clv_model;
SELECT '{"model": "sbg", "params": {"alpha": 1, "beta": 1}, "spend": {"p": 1, "q": -1, "v": 1}}'::clv_model;
SELECT '{"model": "sbg", "params": {"alpha": 1, "beta": 1}, "spend": {"p": 1, "q": 1, "v": 1, "w": 1}}'::clv_model;
SELECT '{"model": "sbg", "params": {"alpha": 1, "beta": 1}, "spend": 1}'::clv_model;
SELECT ('{"model": "sbg", "params": {"alpha": 1, "beta": 1}, "notes": ["' || repeat('x', 70000) || '"]}')::clv_model;
SELECT '[1]'::jsonb::clv_model;
SELECT format('{"model": "sbg", "params": {"alpha": 1, "beta": 1}, "covariance": %s}', x)::clv_model FROM (VALUES ('1')) v(x);
SELECT '{"model": "sbg", "params": {"alpha": 1, "beta": 1}, "covariance": [1, 0, 0, 1]}'::clv_model;
SELECT '{"model": "sbg", "params": {"alpha": 1, "beta": 1}, "covariance": [[1, 0], [0]]}'::clv_model;
SELECT '{"model": "sbg", "params": {"alpha": 1, "beta": 1}, "covariance": [[1, 0], [0, null]]}'::clv_model;
SELECT '{"model": "sbg", "params": {"alpha": 1, "beta": 1}, "covariance": [[1, 0], [0, 1e400]]}'::clv_model;
SELECT '{"model": "sbg", "params": {"alpha": 1, "beta": 1}, "covariance": [[1, 0.5], [0.4, 1]]}'::clv_model;
SELECT '{"model": "sbg", "params": {"alpha": 1, "beta": 1}, "covariance": [[1, 2], [2, 1]]}'::clv_model;
SELECT '{"model": "sbg", "params": {"alpha": 1, "beta": 1}, "covariance": [[-1, 0], [0, 1]]}'::clv_model;
SELECT '{"model": "sbg", "params": {"alpha": 1, "beta": 1}, "spend": {"p": 1, "q": 1, "v": 1, "covariance": [[1, 2], [2, 1]]}}'::clv_model;
