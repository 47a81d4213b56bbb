/** flashatlas boot: the text, the document, the options. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../support/commands.js';
import { erasedThenFlashedDump, healthyDump, userPart } from '../support/synthetic.js';

let folder = '';
const file = (name: string) => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flashatlas-boot-'));
  writeFileSync(file('healthy.bin'), healthyDump());
  writeFileSync(file('erased.bin'), erasedThenFlashedDump());
  writeFileSync(file('user.bin'), userPart());
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('flashatlas boot', () => {
  it('says where the board ends, how it looks, and every check on the way', async () => {
    const { code, stdout } = await run('boot', file('erased.bin'));
    expect(code).toBe(0);
    expect(stdout).toContain('At reset    the board waits in listening mode for Wi-Fi credentials');
    expect(stdout).toContain('LED         blue, blinking');
    expect(stdout).toContain('cyan with one red flash');
    expect(stdout).toMatch(/\n 1 {2}reset, 0x08000000\n {4}stack pointer/);
    expect(stdout).toContain('source: bootloader/src/main.c @ v2.3.1');
    expect(stdout).toContain('Bootloader  jump, it reads the DCT (button released, no request waiting)');
  });

  it('follows the button and the option word', async () => {
    const dfu = await run('boot', '--button', 'dfu', file('healthy.bin'));
    expect(dfu.stdout).toContain('At reset    the board waits in DFU mode');
    const weak = await run('boot', '--optcr', '0x0FFFAAE1', file('healthy.bin'));
    expect(weak.stdout).toContain('if the supply does not reach 2.88 V: it does not start, LED dark');
    const unknown = await run('boot', '--button', 'df', file('healthy.bin'));
    expect(unknown.error?.code).toBe('USAGE_BAD_CHOICE');
  });

  it('gives one document', async () => {
    const { code, stdout } = await run('boot', '--json', '--button', 'safe-mode', file('healthy.bin'));
    const document = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(document).toMatchObject({
      schema: 'flashatlas/boot',
      schemaVersion: 1,
      board: 'particle-p1',
      button: 'safe-mode',
      verdict: 'pass',
      boot: { bootloader: 'jump', dctAccess: true, outcome: 'safe-mode', led: 'safe-mode' },
    });
    expect(document.boot.steps[0]).toMatchObject({ stage: 'reset', address: '0x08000000' });
    expect(document.boot.copies).toEqual([]);
  });

  it('refuses what is no device', async () => {
    const { code, error } = await run('boot', file('user.bin'));
    expect(code).toBe(2);
    expect(error).toMatchObject({ code: 'BOOT_NO_DEVICE', got: 'user part version 6 for P1' });
  });
});

describe('the section of inspect', () => {
  it('has one line for each step, and none in brief', async () => {
    const { stdout } = await run('inspect', file('healthy.bin'));
    expect(stdout).toContain('\nBoot\n  At reset    the board runs its application, connected to the cloud\n');
    expect(stdout).toContain('   1  reset, stack pointer and reset vector');
    const brief = await run('inspect', '--brief', file('healthy.bin'));
    expect(brief.stdout).toContain('\nBoot\n');
    expect(brief.stdout).not.toContain('stack pointer and reset vector');
    const module = await run('inspect', file('user.bin'));
    expect(module.stdout).not.toContain('\nBoot\n');
  });
});
