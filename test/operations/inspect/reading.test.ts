/** Dumps that were read wrongly: what is said about the reading, and what is not said about the board. */
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/bytes.js';
import { loadBoard } from '../../../src/layout/load.js';
import { inspectDct } from '../../../src/operations/configuration/dct.js';
import { inspect } from '../../../src/operations/inspect/inspect.js';
import { renderInspection } from '../../../src/report/inspect.js';
import { PLAIN } from '../../../src/report/style.js';
import { healthyDump, rawInput } from '../../support/synthetic.js';

const board = loadBoard('particle-p1');
const FLASH_BYTES = 0x100000;
const look = (bytes: Uint8Array) => inspect(rawInput(bytes), board);
const rulesOf = (bytes: Uint8Array) => look(bytes).findings.map(({ rule }) => rule);

describe('a dump with bytes in front of the flash', () => {
  const front = new Uint8Array(256);

  it('is a flash dump with the excess in front and nowhere else', () => {
    const { kind, input, findings, modules } = look(concatBytes([front, healthyDump()]));
    expect(kind).toBe('flash-dump');
    expect(input.base).toBe(0x07ffff00);
    expect(modules).toHaveLength(look(healthyDump()).modules.length);
    expect(findings.filter(({ rule }) => rule.startsWith('acquisition/'))).toMatchObject([
      { rule: 'acquisition/odd-offset', start: 0x07ffff00, end: 0x08100000 },
    ]);
  });

  it('is too long by what follows the flash', () => {
    const { findings } = look(concatBytes([front, healthyDump(), new Uint8Array(100)]));
    expect(findings.find(({ rule }) => rule === 'acquisition/too-long')).toMatchObject({
      ...{ start: 0x08100000, end: 0x08100064 },
      evidence: { longBy: 100 },
    });
  });
});

describe('a dump that cannot be read', () => {
  const unreadable: readonly (readonly [string, string, Uint8Array])[] = [
    ['zeros', 'acquisition/all-zero', new Uint8Array(FLASH_BYTES)],
    ['one unit', 'acquisition/constant-unit', new Uint8Array(FLASH_BYTES).map((_, index) => index & 15)],
    ['a stuck bit', 'acquisition/stuck-data-line', healthyDump().map((byte) => byte | 0x10)],
    [
      'three bytes in front',
      'acquisition/odd-offset',
      concatBytes([new Uint8Array(3), healthyDump()]).slice(0, FLASH_BYTES),
    ],
  ];

  it.each(unreadable)('is judged as a reading only: %s', (_, rule, bytes) => {
    expect(rulesOf(bytes)).toEqual([rule]);
    const text = renderInspection(look(bytes), { style: PLAIN, width: 1000 });
    expect(text).toContain('The content was not judged');
    expect(text).not.toContain('dependencies met');
  });

  it('is not so when it is blank, but a blank board does not start', () => {
    const blank = new Uint8Array(FLASH_BYTES).fill(0xff);
    expect(rulesOf(blank)).toContain('placement/missing');
    const findings = [...look(blank).findings, ...inspectDct(rawInput(blank), board, false).findings];
    const tables = findings.filter(({ rule }) => rule === 'dct/no-usable-copy');
    expect(tables).toHaveLength(2);
    for (const { message } of tables) expect(message).toContain('The board does not start');
  });
});
