import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/core/bytes.js';
import { sha256 } from '../../../src/core/checksums.js';
import { FlashatlasError } from '../../../src/core/errors.js';
import { MemoryImage } from '../../../src/core/image.js';
import { plan } from '../../../src/operations/plan/plan.js';
import { planDocument, readPlanFile } from '../../../src/operations/plan/plan-file.js';
import { simulate } from '../../../src/operations/plan/simulate.js';
import type { Plan } from '../../../src/operations/plan/types.js';
import { renderJson } from '../../../src/report/json.js';
import { bootloader, systemPart1, userPart } from '../../support/synthetic.js';
import { board, flash, healthy } from './arbitrary.js';

const PROTECTED = 0x0e1eaaec;
const image = MemoryImage.fromSegments([
  { address: 0x08020000, bytes: systemPart1(2302) },
  { address: 0x080a0000, bytes: userPart({ version: 7 }) },
]);
const made = plan(healthy, { image }, board, { optcr: PROTECTED });
const text = renderJson(planDocument(made, { from: { path: 'dump.bin', size: 1, sha256: '00' }, to: [] }));

function reader(of: Plan) {
  return (name: string): Uint8Array => {
    const file = of.files.find((candidate) => candidate.name === name);
    if (file) return file.content;
    throw new Error(`asked for ${name}`);
  };
}

const read = (document: string) => readPlanFile(document, 'plan.json', reader(made));
const changed = (change: (document: Record<string, unknown>) => void): string => {
  const document = JSON.parse(text);
  change(document);
  return JSON.stringify(document);
};

describe('plan.json', () => {
  it('has the contract of plan', () => {
    const document = JSON.parse(text);
    expect(document).toMatchObject({
      schema: 'flashatlas/plan',
      schemaVersion: 1,
      tool: { name: 'flashatlas' },
      flashingTool: { id: 'openocd', version: '0.12', probe: 'stlink' },
      optcr: { before: '0x0E1EAAEC', after: '0x0E1EAAEC' },
      after: { verdict: expect.any(String), boot: expect.any(Object) },
      lost: [],
      script: made.script,
    });
    expect(document.steps[2]).toMatchObject({
      op: 'erase',
      sectors: [5, 6],
      range: { start: '0x08020000', end: '0x08060000' },
      bytes: 0x40000,
      ms: { typical: 4000, max: 8000 },
    });
    expect(document.kept[0]).toMatchObject({ what: 'bootloader 2.2.0', start: '0x08000000' });
    expect(document.steps.some((step: object) => 'data' in step)).toBe(false);
  });

  it('is simulated as the plan itself', () => {
    const stored = read(text);
    const there = simulate(stored, healthy, { flash, optcr: stored.optcr ?? undefined });
    const here = simulate(made, healthy, { flash, optcr: PROTECTED });
    expect(there.image.equals(here.image)).toBe(true);
    expect(there.log).toEqual(here.log);
  });

  it('carries how the board writes its DCT', () => {
    const dfu = plan(healthy, { image: MemoryImage.fromBytes(bootloader(1007), flash.start) }, board, {
      tool: 'dfu-util',
    });
    const document = renderJson(planDocument(dfu, { from: null, to: [] }));
    const stored = readPlanFile(document, 'plan.json', reader(dfu));
    expect(stored.dct).toEqual(dfu.dct);
    const { image: after } = simulate(stored, healthy, { flash, dct: stored.dct ?? undefined });
    expect(after.equals(dfu.result)).toBe(true);
  });

  it.each([
    ['no JSON', '{', '', 'something else'],
    ['another document', '{"schema":"flashatlas/inspect"}', '/schema', 'another string'],
    ['a list', '[]', '/schema', 'nothing'],
    ['null', 'null', '', 'null'],
    ['no steps', changed((d) => delete d.steps), '/steps', 'nothing'],
    [
      'an unknown operation',
      changed((d) => Object.assign((d.steps as object[])[0] ?? {}, { op: 'boom' })),
      '/steps/0/op',
      'another string',
    ],
    [
      'a wrong number',
      changed((d) => Object.assign((d.steps as object[])[1] ?? {}, { number: 7 })),
      '/steps/1/number',
      '7',
    ],
    [
      'a sector that is none',
      changed((d) => Object.assign((d.steps as object[])[2] ?? {}, { sectors: [1e9] })),
      '/steps/2/sectors/0',
      '1000000000',
    ],
    [
      'a range of another size',
      changed((d) =>
        Object.assign((d.steps as object[])[4] ?? {}, { range: { start: '0x08000000', end: '0x08000001' } }),
      ),
      '/steps/4/range',
      'another object',
    ],
    [
      'an address that is none',
      changed((d) => Object.assign((d.steps as object[])[2] ?? {}, { range: { start: 5, end: 6 } })),
      '/steps/2/range/start',
      '5',
    ],
    [
      'an option word that is none',
      changed((d) => Object.assign(d, { optcr: { before: 'x' } })),
      '/optcr/before',
      'another string',
    ],
    ['an unknown writer', changed((d) => Object.assign(d, { dct: { writer: '9' } })), '/dct/writer', 'another string'],
    [
      'one copy only',
      changed((d) => Object.assign(d, { dct: { writer: '0.7.0', systemWriter: '0.7.0', copies: ['0x08004000'] } })),
      '/dct/copies',
      'a list of 1',
    ],
    [
      'a verification of a later step',
      changed((d) => Object.assign((d.steps as object[])[5] ?? {}, { verifies: [99] })),
      '/steps/5/verifies/0',
      '99',
    ],
    [
      'a step verified twice',
      changed((d) => Object.assign((d.steps as object[])[5] ?? {}, { verifies: [5, 5] })),
      '/steps/5/verifies/1',
      '5',
    ],
    [
      'copies that are no addresses',
      changed((d) => Object.assign(d, { dct: { writer: '0.7.0', systemWriter: '0.7.0', copies: [1, 2] } })),
      '/dct/copies/0',
      '1',
    ],
  ])('refuses %s', (_, document, pointer, got) => {
    expect(() => read(document)).toThrowError(
      expect.objectContaining({
        code: 'PLAN_FILE',
        where: pointer === '' ? 'plan.json' : `plan.json, ${pointer}`,
        got,
      }),
    );
  });

  it('reads data only beside it, and only what the plan was made with', () => {
    for (const file of ['../secret', '/etc/passwd', '.hidden', 'a/b', 'a\\b', '']) {
      const document = changed((d) => Object.assign((d.steps as object[])[4] ?? {}, { file }));
      expect(() => read(document)).toThrowError(expect.objectContaining({ code: 'PLAN_FILE' }));
    }
    const other = () => readPlanFile(text, 'plan.json', () => Uint8Array.of(1));
    expect(other).toThrowError(expect.objectContaining({ code: 'PLAN_FILE_DATA', where: 'system-part1-08020200.bin' }));
  });

  it('refuses more data than any flash holds, also when it is one file again and again', () => {
    const content = new Uint8Array(1 << 20);
    const step = {
      op: 'program',
      title: 'program',
      by: 'tool',
      sectors: [],
      range: { start: '0x08000000', end: '0x08100000' },
      verifies: [],
      file: 'a.bin',
      fileSha256: toHex(sha256(content)),
    };
    let reads = 0;
    const readSteps = (count: number) => {
      const steps = Array.from({ length: count }, (_, index) => ({ ...step, number: index + 1 }));
      return readPlanFile(
        changed((d) => Object.assign(d, { steps })),
        'plan.json',
        () => {
          reads++;
          return content;
        },
      );
    };
    expect(readSteps(64).steps).toHaveLength(64);
    expect(reads).toBe(1);
    expect(() => readSteps(65)).toThrowError(
      expect.objectContaining({
        code: 'PLAN_FILE',
        where: 'plan.json, /steps/64/file',
        expected: 'at most 67,108,864 bytes of data in all',
      }),
    );
  });

  it('gives a plan or one of our errors, whatever is in it', () => {
    const document = JSON.parse(text);
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(...Object.keys(document)), fc.nat(), (value, key, index) => {
        const damaged = structuredClone(document);
        if (key === 'steps') {
          const step = damaged.steps[index % damaged.steps.length];
          const keys = Object.keys(step);
          step[keys[index % keys.length] ?? ''] = value;
        } else damaged[key] = value;
        try {
          const stored = read(JSON.stringify(damaged));
          simulate(stored, healthy, { flash, optcr: stored.optcr ?? undefined, dct: stored.dct ?? undefined });
        } catch (error) {
          if (!(error instanceof FlashatlasError) && !String(error).includes('asked for')) throw error;
        }
      }),
      { numRuns: 200 },
    );
  });
});
