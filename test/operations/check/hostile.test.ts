/** Any bytes at all give a result or one of our errors, in bounded time; so do files in very many pieces. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FlashatlasError } from '../../../src/core/errors.js';
import { MemoryImage } from '../../../src/core/image.js';
import { loadBoard } from '../../../src/layout/load.js';
import { checkFile, checkOnto, checkSet } from '../../../src/operations/check/check.js';
import type { CheckResult } from '../../../src/operations/check/report.js';
import type { InspectInput } from '../../../src/operations/inspect/inspect.js';
import { renderCheck } from '../../../src/report/check.js';
import { renderGithub } from '../../../src/report/github.js';
import { renderJson } from '../../../src/report/json.js';
import { renderJunit } from '../../../src/report/junit.js';
import { renderSarif } from '../../../src/report/sarif.js';
import { PLAIN } from '../../../src/report/style.js';
import { stopwatch } from '../../support/growth.js';
import { healthyDump, rawInput, userPart } from '../../support/synthetic.js';

const board = loadBoard('particle-p1');
/** Generous for a slow machine, and far below what a quadratic step needs. */
const BUDGET_MS = 20_000;

function render(result: CheckResult): void {
  const { report } = result;
  expect(['pass', 'warn', 'fail']).toContain(report.verdict);
  expect(report.counts.error + report.counts.warning + report.counts.note).toBe(report.findings.length);
  for (const text of [renderCheck(result, { style: PLAIN, width: 80 }), renderJunit(report), renderGithub(report)]) {
    expect(text).not.toMatch(/undefined|NaN|\[object/);
  }
  JSON.parse(renderJson(report));
  JSON.parse(renderSarif(result));
}

function ours(run: () => CheckResult): void {
  try {
    render(run());
  } catch (error) {
    expect(error).toBeInstanceOf(FlashatlasError);
  }
}

/** A module, or the beginning of a device, with bytes changed and its end cut off. */
const damaged = fc
  .record({
    whole: fc.constantFrom(userPart(), healthyDump().subarray(0, 0x30000)),
    changes: fc.array(fc.tuple(fc.nat(0x2ffff), fc.nat(255)), { maxLength: 8 }),
    length: fc.nat(0x30000),
  })
  .map(({ whole, changes, length }) => {
    const bytes = whole.slice();
    for (const [offset, value] of changes) bytes[offset % bytes.length] = value;
    return bytes.subarray(0, Math.max(1, length % bytes.length));
  });
const content = fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 600 }), damaged);
const base = fc.option(fc.constantFrom(0, 0x08000000, 0x08004000, 0x080a0000, 0x080c0000, 0x1fffc000, 0xfffff000), {
  nil: undefined,
});

describe('any bytes', () => {
  it('alone', () => {
    fc.assert(
      fc.property(content, base, (bytes, address) => ours(() => checkFile(rawInput(bytes, address), board))),
      { numRuns: 60 },
    );
  });

  it('as a set, and onto a chip', () => {
    const files = fc.array(fc.tuple(content, base), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(files, content, (list, chip) => {
        // Bytes that reach beyond 4 GiB are refused before anything is judged.
        const inputs = () =>
          list.map(([bytes, address], index) => ({ ...rawInput(bytes, address), path: `${index}.bin` }));
        ours(() => checkSet(inputs(), board));
        ours(() => checkOnto(rawInput(chip, 0x08000000), inputs(), board));
        ours(() => checkOnto(rawInput(healthyDump()), inputs(), board));
      }),
      { numRuns: 15 },
    );
  });
});

describe('files in very many pieces', () => {
  /** Every other pair of bytes of a part of the flash. */
  const pieces = (shift: number): InspectInput => {
    const segments = Array.from({ length: 10_000 }, (_, index) => ({
      address: 0x08020000 + shift + 4 * index,
      bytes: Uint8Array.of(index & 0xff, 7),
    }));
    const image = MemoryImage.fromSegments(segments);
    return { ...rawInput(new Uint8Array(1)), image, addressSource: 'file', path: `pieces${shift}.hex` };
  };

  it('are judged in bounded time', () => {
    const spent = stopwatch();
    render(checkSet([pieces(0), pieces(2), pieces(1)], board));
    render(checkOnto(rawInput(healthyDump()), [pieces(0), pieces(2)], board));
    expect(spent()).toBeLessThan(BUDGET_MS);
  });
});
