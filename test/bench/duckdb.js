// duckdb.js DATABASE SQL [RUNS]: runs SQL in DuckDB and prints the milliseconds of each of RUNS runs after an
// uncounted one; without RUNS once, printing nothing. @duckdb/node-api is looked for below WORK.
const { createRequire } = require('module');
const { DuckDBInstance } = createRequire(process.env.WORK + '/duckdb/')('@duckdb/node-api');

(async () => {
	const [database, sql, runs] = process.argv.slice(2);
	const instance = await DuckDBInstance.create(database);
	const connection = await instance.connect();

	for (let run = 0; run <= Number(runs ?? 0); run++) {
		const start = process.hrtime.bigint();
		await connection.runAndReadAll(sql);
		if (run > 0) console.log(Number(process.hrtime.bigint() - start) / 1e6);
	}
	connection.closeSync();
	instance.closeSync();
})().catch((error) => {
	console.error(error.message);
	process.exit(1);
});
