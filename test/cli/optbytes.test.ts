/** optbytes on the command line. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { run } from '../support/commands.js';
import { healthyDump } from '../support/synthetic.js';

const folder = mkdtempSync(join(tmpdir(), 'flashatlas-optbytes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(bytes: Uint8Array): string {
  const path = join(folder, `${bytes.length}.bin`);
  writeFileSync(path, bytes);
  return path;
}

const dump = file(healthyDump());

describe('optbytes', () => {
  it('decodes a word, option memory, and says when a dump has none', async () => {
    const word = await run('optbytes', 'decode', '0x0E1EAAED');
    expect(word.stdout).toContain('0, 5-8 (nWRP 0xE1E)');
    expect(word.stdout).toContain('level 0 (RDP 0xAA)');
    const memory = Uint8Array.of(0xef, 0xaa, 0x10, 0x55, 255, 255, 255, 255, 0xff, 0xff, 0, 0, 255, 255, 255, 255);
    const document = JSON.parse((await run('optbytes', 'decode', '--json', file(memory))).stdout);
    expect(document).toMatchObject({
      schema: 'flashatlas/optbytes-decode',
      optionBytes: { source: 'memory', optcr: '0x0FFFAAEC', complement: 'confirms' },
    });
    expect((await run('optbytes', 'decode', dump)).error).toMatchObject({ code: 'OPTION_NOT_IN_FILE' });
    expect((await run('optbytes', 'decode', '0x1FFFFFFFF')).error).toMatchObject({ code: 'OPTION_WORD' });
  });

  it('encodes what is asked for, from the chip default or from a word', async () => {
    const encode = async (...argv: readonly string[]): Promise<Record<string, unknown>> =>
      JSON.parse((await run('optbytes', 'encode', '--json', ...argv)).stdout);
    expect(await encode()).toMatchObject({ word: '0x0FFFAAEC', readsAs: '0x0FFFAAED', changes: [] });
    expect(await encode('--protect', '0,5-8')).toMatchObject({ word: '0x0E1EAAEC' });
    expect(await encode('--from', '0x0E1EAAED', '--unprotect', '5-8')).toMatchObject({ word: '0x0FFEAAEC' });
    expect(await encode('--from', '0x0E1EAAED', '--unprotect', 'all')).toMatchObject({ word: '0x0FFFAAEC' });
    expect(await encode('--bor', '3', '--watchdog', 'hardware')).toMatchObject({ word: '0x0FFFAAC0' });
    expect(await encode('--reset-on-stop', '--reset-on-standby')).toMatchObject({ word: '0x0FFFAA2C' });
    expect(await encode('--from', '0x0FFFAA2D', '--no-reset-on-stop')).toMatchObject({ word: '0x0FFFAA6C' });
    expect(await encode('--rdp', '1')).toMatchObject({
      word: '0x0FFF55EC',
      commands: {
        stFlash: 'st-flash --area=option write 0x0FFF55EC',
        openocd: expect.arrayContaining(['stm32f2x options_write 0 0xEC', 'stm32f2x lock 0']),
      },
    });
  });

  it('warns of a mass erase', async () => {
    const { stdout } = await run('optbytes', 'encode', '--from', '0x0FFF55ED', '--rdp', '0');
    expect(stdout).toContain('erases the whole flash');
    expect(stdout).toContain('stm32f2x unlock 0');
  });

  it('refuses level 2 with the reason, and settings that make no sense', async () => {
    for (const argv of [
      ['--rdp', '2'],
      ['--from', '0x0FFFCCED', '--rdp', '0'],
    ]) {
      const { error, code } = await run('optbytes', 'encode', ...argv);
      expect(code).toBe(2);
      expect(error).toMatchObject({ code: 'OPTION_RDP_LEVEL_2' });
      expect(error?.message).toContain('freezes the option bytes for good');
    }
    for (const [argv, code] of [
      [['encode', '--rdp', '3'], 'USAGE_BAD_CHOICE'],
      [['encode', '--protect', '12'], 'OPTION_SECTOR'],
      [['encode', '--protect', '8-5'], 'USAGE_BAD_SECTORS'],
      [['encode', '--from', '0xFFFFFFFF'], 'OPTION_FROM'],
      [['encode', '--reset-on-stop', '--no-reset-on-stop'], 'USAGE_EXCLUSIVE'],
      [['encode', '0x0FFFAAED'], 'USAGE_OPERANDS'],
      [['decode', '0x0FFFAAED', '--bor', 'off'], 'USAGE_OTHER_ACTION'],
      [['decode'], 'USAGE_OPERANDS'],
      [['decod'], 'USAGE_UNKNOWN_ACTION'],
    ] as const) {
      expect((await run('optbytes', ...argv)).error?.code).toBe(code);
    }
  });
});
