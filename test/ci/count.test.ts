/** What .ci/run counts: a run may not look better than it was. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ROOT } from '../support/source-files.js';

const folder = mkdtempSync(join(tmpdir(), 'flashatlas-count-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly object[] }[];
}

function report(passed: number, failed: number, more: Partial<Report> = {}): Report {
  return {
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: 0,
    numTodoTests: 0,
    testResults: [],
    ...more,
  };
}

function count(content: Report | string | undefined, status: number): string {
  const file = join(folder, 'report.json');
  rmSync(file, { force: true });
  if (content !== undefined) writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  const run = spawnSync(process.execPath, [join(ROOT, '.ci/count.mjs'), file, `${status}`], { encoding: 'utf8' });
  return run.stdout.trim();
}

describe('the count of a run', () => {
  it.each([
    ['of passed, failed and skipped tests', report(7, 2, { numPendingTests: 3, numTodoTests: 1 }), 1, '7 2 4'],
    ['of a good run', report(7, 0), 0, '7 0 0'],
    [
      'has one failure for a file that could not be loaded',
      report(7, 0, { testResults: [{ status: 'failed', assertionResults: [] }] }),
      1,
      '7 1 0',
    ],
    ['has a failure when the run failed and no test did', report(7, 0), 1, '7 1 0'],
    ['has a failure when nothing was run', report(0, 0), 0, '0 1 0'],
    ['has a failure when there is no report', undefined, 0, '0 1 0'],
    ['has a failure when the report is cut off', '{"numPassedTests": 7', 0, '0 1 0'],
  ])('%s', (_, content, status, expected) => expect(count(content, status)).toBe(expected));
});
