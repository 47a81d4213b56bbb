/**
 * Prints "passed failed skipped" of a JSON report of vitest.
 *
 *   node .ci/count.mjs report.json EXIT_STATUS
 *
 * A file that could not be loaded has no tests but is a failure; so is a run that failed without saying where, one that
 * left no report, and one that ran nothing although it should have.
 */
import { readFileSync } from 'node:fs';

const [file = '', status = '1'] = process.argv.slice(2);

function read() {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

const report = read();
const results = report?.testResults ?? [];
const unloaded = results.filter(({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0);
const passed = report?.numPassedTests ?? 0;
let failed = (report?.numFailedTests ?? 0) + unloaded.length;
if (failed === 0 && (status !== '0' || report === undefined || passed === 0)) failed = 1;
console.log(`${passed} ${failed} ${(report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0)}`);
