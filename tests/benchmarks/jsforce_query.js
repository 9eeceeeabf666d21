// Count the records of a query with jsforce: node jsforce_query.js HOST SOQL. Prints JSON: rows, seconds, cpu, anon (bytes).
const fs = require("fs");
const jsforce = require("jsforce");

const [host, soql] = process.argv.slice(2);
const anon = () => 1024 * Number(/RssAnon:\s+(\d+)/.exec(fs.readFileSync("/proc/self/status", "latin1"))[1]);

async function counted(soql) {
  const connection = new jsforce.Connection({ instanceUrl: `http://${host}`, accessToken: "token", version: "66.0" });
  const stream = await connection.bulk2.query(soql, { pollInterval: 10, pollTimeout: 600000 });
  let rows = 0;
  // With on("record"), one record and the end of a million never came (jsforce 3.10.16, 2026-11).
  for await (const _ of stream) rows += 1;
  return rows;
}

async function main() {
  const before = anon();
  let most = 0;
  const watcher = setInterval(() => (most = Math.max(most, anon() - before)), 4);
  const [begun, worked] = [performance.now(), process.cpuUsage()];
  const rows = await counted(soql);
  const seconds = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(worked);
  clearInterval(watcher);
  console.log(JSON.stringify({ rows, seconds, cpu: (user + system) / 1e6, anon: most }));
}

main();
