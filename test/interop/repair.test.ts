/** What repair writes, judged by the tools of others: pmod, dfu-suffix, dfuse-pack. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { concatBytes, writeU32 } from '../../src/core/bytes.js';
import { appendDfuSuffix } from '../../src/formats/dfu-suffix.js';
import { buildDfuseFile, dfuseIds } from '../../src/formats/dfuse-file.js';
import { run } from '../support/commands.js';
import { installPmod } from '../support/pmod.mjs';
import { bootloader, noise, systemPart1, systemPart2, userPart } from '../support/synthetic.js';
import { describeWithTools, runTool, useTool } from '../support/tools.js';

let folder = '';
const path = (name: string): string => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flashatlas-repair-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a file and repairs it into another. */
async function repaired(name: string, bytes: Uint8Array, ...args: readonly string[]): Promise<string> {
  writeFileSync(path(`damaged-${name}`), bytes);
  const outcome = await run('repair', path(`damaged-${name}`), '-o', path(name), '--force', ...args);
  expect(`${outcome.code} ${outcome.stderr}`).toMatch(/^0 /);
  return path(name);
}

function pmodOrNothing(): string | null {
  try {
    return installPmod();
  } catch (error) {
    if (process.env.CI) throw error;
    console.log(`Notice: "modules, against pmod" is skipped: ${error instanceof Error ? error.message : error}`);
    return null;
  }
}
const pmod = pmodOrNothing();

describe.skipIf(pmod === null)('modules, against pmod of binary-version-reader', () => {
  const judge = (file: string): string => useTool(process.execPath, [pmod ?? '', file], folder);

  it.each([
    ['bootloader', bootloader()],
    ['system part 1', systemPart1()],
    ['system part 2', systemPart2()],
    ['user part', userPart()],
  ])('%s: refused when it was patched, taken when it was repaired', async (name, module) => {
    const bytes = module.slice();
    bytes[1000] = (bytes[1000] ?? 0) ^ 1;
    writeFileSync(path('damaged.bin'), bytes);
    expect(judge(path('damaged.bin'))).toContain('crc: { ok: false');
    expect(judge(await repaired(`${name}.bin`, bytes))).toContain('crc: { ok: true');
  });

  it('a lost end address and changed fields', async () => {
    const bytes = userPart();
    writeU32(bytes, 4, 0x080b_f000);
    const sets = [
      '--set',
      'version=77',
      '--set',
      'product-id=8',
      '--set',
      'product-version=3',
      '--set',
      'platform=photon',
    ];
    const report = judge(await repaired('fields.bin', bytes, ...sets, '--set', 'dependency=system-part2:1300'));
    for (const words of [
      'crc: { ok: true',
      'moduleVersion: 77',
      'platformID: 6',
      'productId: 8',
      'productVersion: 3',
      'depModuleVersion: 1300',
      `moduleEndAddy: '${(0x080a0000 + bytes.length - 4).toString(16)}'`,
    ]) {
      expect(report).toContain(words);
    }
  });

  it('a program that was wrapped', async () => {
    const program = noise(3001);
    writeU32(program, 0, 0x080a0100);
    writeFileSync(path('raw.bin'), program);
    const args = ['--version', '5', '--depends', 'system-part2:1300', '--product-id', '9', '-o', path('wrapped.bin')];
    const outcome = await run('wrap', path('raw.bin'), ...args);
    expect(outcome.code).toBe(0);
    const report = judge(path('wrapped.bin'));
    for (const words of [
      'crc: { ok: true',
      'moduleVersion: 5',
      'platformID: 8',
      "moduleStartAddy: '80a0000'",
      'productId: 9',
    ]) {
      expect(report).toContain(words);
    }
    expect(
      readFileSync(path('wrapped.bin'))
        .subarray(24, 24 + program.length)
        .equals(program),
    ).toBe(true);
  });
});

describeWithTools('DFU files, against dfu-suffix', ['dfu-suffix'], () => {
  const ids = { vendor: 0x2b04, product: 0xd008, device: 0xffff, dfuVersion: 0x0100 };
  const file = appendDfuSuffix(userPart(), ids);
  const damaged: readonly (readonly [string, Uint8Array])[] = [
    ['CRC', flip(file, file.length - 2)],
    ['payload', flip(file, 300)],
    ['stray bytes', concatBytes([file, Uint8Array.of(10)])],
    ['padding', concatBytes([file, new Uint8Array(2000)])],
    ['two suffixes', appendDfuSuffix(file, ids)],
  ];

  it.each(damaged)('%s', async (name, bytes) => {
    const good = await repaired(`${name}.dfu`, bytes);
    const { status, output } = runTool('dfu-suffix', ['-c', good], folder);
    expect(output).toMatch(/Vendor ID:\s+0x2B04/i);
    expect(status).toBe(0);
    // dfu-util would write what is left of a second suffix to flash.
    useTool('dfu-suffix', ['-D', good], folder);
    expect(runTool('dfu-suffix', ['-c', good], folder).status).not.toBe(0);
  });
});

function flip(bytes: Uint8Array, offset: number): Uint8Array {
  const copy = bytes.slice();
  copy[offset] = (copy[offset] ?? 0) ^ 0x10;
  return copy;
}

describeWithTools('DfuSe files, against dfuse-pack', ['dfuse-pack', 'dfu-suffix'], () => {
  const elements = [
    { address: 0x080a0000, bytes: userPart() },
    { address: 0x08060000, bytes: noise(64) },
  ];
  const target = { alternate: 0, named: 1, nameBytes: new TextEncoder().encode('Internal Flash'), elements };
  const file = buildDfuseFile([target], dfuseIds(0x2b04, 0xd008));
  const put = (offset: number, value: number): Uint8Array => {
    const bytes = file.slice();
    writeU32(bytes, offset, value);
    return bytes;
  };

  it.each([
    ['image size', put(6, 1)],
    ['target size', put(11 + 266, 1)],
    ['element count', put(11 + 270, 4)],
    ['suffix', file.slice(0, -16)],
    ['CRC', flip(file, file.length - 1)],
    ['module', flip(file, 11 + 274 + 8 + 500)],
  ])('%s', async (name, bytes) => {
    const good = await repaired(`${name}.dfu`, bytes);
    const output = useTool('dfuse-pack', ['-d', good], folder);
    expect(output).toMatch(/080a0000/i);
    expect(output).not.toMatch(/error|mismatch|bad/i);
    expect(runTool('dfu-suffix', ['-c', good], folder).output).toMatch(/Product ID:\s+0xD008/i);
  });
});
