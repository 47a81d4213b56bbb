/** flashatlas diff: exit codes, text, JSON, hex, and many files. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dctCopies } from '../../samples/parts.js';
import { MemoryImage } from '../../src/core/image.js';
import { writeAny } from '../../src/formats/index.js';
import { requireRoom } from '../../src/operations/diff/matrix.js';
import { dctSection, writeDctField } from '../../src/regions/dct/index.js';
import { run } from '../support/commands.js';
import { erasedThenFlashedDump, FLASH_START, healthyDump, systemPart1 } from '../support/synthetic.js';

let folder = '';
const healthy = healthyDump();

function write(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flashatlas-diff-'));
  const image = MemoryImage.fromBytes(healthy, FLASH_START);
  write('healthy.bin', healthy);
  write('healthy.hex', writeAny(image, 'intel-hex'));
  write('healthy.dfu', writeAny(image, 'dfuse'));
  write('erased.bin', erasedThenFlashedDump());
  write('part1.hex', writeAny(MemoryImage.fromBytes(systemPart1(2302), 0x08020000), 'intel-hex'));
  const updated = healthy.slice();
  updated.set(systemPart1(2302), 0x20000);
  write('updated.bin', updated);
  const pair = writeDctField(
    dctCopies(),
    { section: 'application', offset: 1825, bytes: Uint8Array.of(0x30) },
    '0.7.0',
  );
  const written = healthy.slice();
  written.set(pair.copy1, 0x4000);
  written.set(pair.copy2, 0x8000);
  write('written.bin', written);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string): string => join(folder, name);
const diff = (...args: readonly string[]) =>
  run('diff', ...args.map((arg) => (/\.(bin|hex|dfu)$/.test(arg) ? file(arg) : arg)));

describe('exit codes', () => {
  it('are 0 for the same flash in any format', async () => {
    for (const other of ['healthy.bin', 'healthy.hex', 'healthy.dfu']) {
      const { code, stdout } = await diff('healthy.bin', other);
      expect(code).toBe(0);
      expect(stdout).toContain('Equal: both hold the same 1,048,576 bytes.');
    }
  });

  it('are 1 for a difference and 2 for what cannot be compared', async () => {
    expect((await diff('healthy.bin', 'updated.bin')).code).toBe(1);
    expect((await diff('healthy.bin')).error).toMatchObject({ code: 'USAGE_TWO_FILES' });
    expect((await diff()).error).toMatchObject({ code: 'USAGE_NO_FILES' });
    expect((await diff('-', '-')).error).toMatchObject({ code: 'USAGE_STDIN_TWICE' });
    expect((await diff('healthy.bin', 'missing.bin')).error).toMatchObject({ code: 'INPUT_NOT_FOUND' });
  });

  it('and DfuSe files for the DCT are compared by field', async () => {
    const { offset, size } = dctSection('wiced', 'application');
    const section = healthy.slice(0x4000 + offset, 0x4000 + offset + size);
    const file = (name: string, bytes: Uint8Array): string =>
      write(name, writeAny(MemoryImage.fromBytes(bytes, 0), 'dfuse', { alternate: 1 }));
    const one = file('section.dfu', section);
    section[1825] = 0x30;
    const two = file('other.dfu', section);
    const { code, stdout } = await run('diff', one, two);
    expect(code).toBe(1);
    expect(stdout).toContain('1 byte differs: DCT: claimed changed; everything else is equal.');
    expect((await run('diff', one, write('healthy2.bin', healthy))).code).toBe(0);
  });

  it('are 0 for a part of a dump with --common', async () => {
    expect((await diff('part1.hex', 'updated.bin')).code).toBe(1);
    const { code, stdout } = await diff('--common', 'part1.hex', 'updated.bin');
    expect(code).toBe(0);
    expect(stdout).toMatch(/Equal: both hold the same 180,\d+ bytes\./);
  });
});

describe('text', () => {
  it('begins with the answer', async () => {
    const { stdout } = await diff('healthy.bin', 'updated.bin');
    const [, , , answer] = stdout.split('\n');
    expect(answer).toMatch(
      /^2 of 12 sectors differ: system part 1 2\.2\.0 -> 2\.3\.1 \(\d+ bytes: version, SHA-256 and CRC;/,
    );
    expect(stdout).toContain('system part 2 2.2.0 is identical');
    expect(stdout).toContain('To turn a into b, sectors 5 and 6 must be erased.');
    expect(stdout).not.toMatch(/\s$\n\n\n/m);
  });

  it('tells a write of the firmware in the words of the field', async () => {
    const { stdout } = await diff('healthy.bin', 'written.bin');
    expect(stdout).toContain('2 of 12 sectors differ: DCT: claimed changed; everything else is equal.');
    expect(stdout).toMatch(/^claimed {2}claimed {2}not claimed$/m);
    expect(stdout).toContain('The copy in use moved from 1 to 2');
    expect(stdout).toContain('version.sequence 1 -> 2');
    expect(stdout).toContain(
      'Nothing has to be erased to turn a into b. Sectors 1 and 2 can be programmed as they are.',
    );
  });

  it('never has a line that is only half there', async () => {
    for (const pair of [
      ['erased.bin', 'healthy.bin'],
      ['healthy.bin', 'erased.bin'],
      ['part1.hex', 'healthy.bin'],
    ] as const) {
      const { stdout } = await diff(...pair);
      expect(stdout).not.toMatch(/undefined|NaN|\[object|null| $/m);
    }
  });

  it('--stat has one line for each region that differs', async () => {
    expect((await diff('--stat', 'healthy.bin', 'written.bin')).stdout).toMatch(
      / dct1 \| +\d+ ~\n dct2 \| [\d,]+ ~+\n [\d,]+ bytes differ \(~\), sectors to erase: none\n$/,
    );
    expect((await diff('--stat', 'healthy.bin', 'healthy.hex')).stdout).toBe('equal\n');
    expect((await diff('--stat', 'part1.hex', 'healthy.bin')).stdout).toContain('only in b (+)');
  });

  it('option words are compared', async () => {
    const { code, stdout } = await diff(
      '--optcr-a',
      '0x0FFFAAED',
      '--optcr-b',
      '0x0FFFAAE1',
      'healthy.bin',
      'healthy.bin',
    );
    expect(code).toBe(1);
    expect(stdout).toMatch(/brown-out reset +off +level 3/);
  });
});

describe('--hex', () => {
  it('shows both sides with the name of the field', async () => {
    const { stdout } = await diff('--hex', 'healthy.bin', 'updated.bin');
    expect(stdout).toMatch(/^0x0802018E {2}9a {24}fe {23}module > module_info > module_version = 2202 -> 2302$/m);
  });

  it('stops at the limit and says so', async () => {
    const { stdout } = await diff('--hex', '--limit', '3', 'erased.bin', 'healthy.bin');
    expect(stdout.split('\nBytes\n')[1]?.match(/^0x/gm)).toHaveLength(3);
    expect(stdout).toMatch(/\d+ more rows: --limit 0 shows all\n$/);
  });

  it('masks what is secret in either, and gives rows to programs', async () => {
    const masked = await diff('--hex', '--limit', '0', 'erased.bin', 'healthy.bin');
    expect(masked.stdout).toMatch(/ff ff ff ff.* {3}\*\*|\*\* \*\* /);
    const { hex } = JSON.parse((await diff('--hex', '--json', '--limit', '0', 'erased.bin', 'healthy.bin')).stdout);
    const key = hex.rows.find(({ name }: { name: string | null }) => name?.endsWith('device_private_key'));
    expect(key).toMatchObject({ masked: true, before: null, after: null });
    const open = await diff('--hex', '--limit', '0', '--show-secrets', 'erased.bin', 'healthy.bin');
    expect(open.stdout).not.toContain('** **');
  });
});

describe('--json', () => {
  it('has the fields of the contract and no contents', async () => {
    const { code, stdout } = await diff('--json', 'healthy.bin', 'written.bin');
    expect(code).toBe(1);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({
      schema: 'flashatlas/diff',
      schemaVersion: 1,
      tool: { name: 'flashatlas' },
      inputs: [{ base: '0x08000000', size: 1048576 }, { format: 'bin' }],
      equal: false,
      dct: { currentCopy: [1, 2], fields: { claimed: 'changed', device_private_key: 'same' } },
      sectorsToErase: [],
      findings: [],
      verdict: 'pass',
    });
    expect(document.regions[1]).toMatchObject({ id: 'dct1', changed: true, start: '0x08004000' });
    expect(document.regions[1].ranges[0]).toEqual({
      start: '0x08004009',
      end: '0x0800400A',
      kind: 'changed',
      bytes: 1,
    });
    expect(document.modules[0]).toMatchObject({ change: 'same', a: { known: false, sha: 'ok' } });
    expect(document.modules[0].a.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(stdout).not.toMatch(/"(before|after)": \{/);
  });
});

describe('--matrix', () => {
  it('says how far apart every two are and who shares what', async () => {
    const { code, stdout } = await diff('--matrix', 'healthy.bin', 'updated.bin', 'healthy.hex', 'written.bin');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^system-part1 +A +B +A +A +A: system part 1 2\.2\.0, B: system part 1 2\.3\.1$/m);
    expect(stdout).toMatch(/^dct2 +\. +\. +\. +A$/m);
    expect(stdout).toMatch(/^dct values +A +A +A +B$/m);
    expect(stdout).toMatch(/^1 +- +37 +0 +[\d,]+$/m);
  });

  it('is what three files get, with a hint', async () => {
    const { stdout, stderr } = await diff('healthy.bin', 'updated.bin', 'erased.bin');
    expect(stdout).toContain('Who shares what');
    expect(stderr).toContain('3 files: compared as --matrix does.');
    expect((await diff('--matrix', 'healthy.bin', 'healthy.hex')).code).toBe(0);
  });

  it('gives its tables to programs, and refuses what would never end', async () => {
    const document = JSON.parse((await diff('--matrix', '--json', 'healthy.bin', 'part1.hex')).stdout);
    expect(document).toMatchObject({ schema: 'flashatlas/diff-matrix', equal: false, verdict: 'pass' });
    expect(document.pairs).toEqual([
      { a: 1, b: 2, same: expect.any(Number), changed: 37, onlyA: expect.any(Number), onlyB: 0 },
    ]);
    expect(document.regions.find(({ id }: { id: string }) => id === 'bootloader').classes).toEqual(['A', '-']);
    const many = await diff('--matrix', ...Array<string>(65).fill('healthy.bin'));
    expect(many.error).toMatchObject({ code: 'DIFF_TOO_MANY' });
    expect(() => requireRoom((512 << 20) + 1)).toThrow(expect.objectContaining({ code: 'DIFF_TOO_LARGE' }));
    expect(() => requireRoom(512 << 20)).not.toThrow();
  });
});
