// jsforce, unmodified, works on an org: node jsforce_work.js URL < {token, tasks}. Prints JSON, a result a task.
const fs = require("node:fs");
const jsforce = require("jsforce");

const { token, tasks } = JSON.parse(fs.readFileSync(0, "utf8"));
const org = new jsforce.Connection({ instanceUrl: process.argv[2], accessToken: token, version: "62.0" });
org.bulk.pollInterval = org.bulk2.pollInterval = 10;
org.bulk.pollTimeout = org.bulk2.pollTimeout = 60000;

const WORK = {
  load2: ({ sobject, operation, records, key }) =>
    org.bulk2.loadAndWaitForResults({ object: sobject, operation, input: records, externalIdFieldName: key }),
  query2: async ({ soql, scanAll }) => (await org.bulk2.query(soql, { scanAll })).toArray(),
  load1: ({ sobject, operation, records, key }) => org.bulk.load(sobject, operation, { extIdField: key }, records),
  query1: async ({ soql }) => (await org.bulk.query(soql)).toArray(),
  collect: ({ sobject, method, records, key }) => org.sobject(sobject)[method](records, ...(key ? [key] : [])),
  query: ({ soql }) => org.query(soql),
  describe: ({ sobject }) => org.describe(sobject),
  describeGlobal: () => org.describeGlobal(),
};

async function main() {
  const results = [];
  for (const { work, ...given } of tasks) {
    try {
      results.push({ value: await WORK[work](given) });
    } catch (error) {
      results.push({ error: error.errorCode ?? error.name, message: error.message });
    }
  }
  process.stdout.write(JSON.stringify(results));
}

main();
