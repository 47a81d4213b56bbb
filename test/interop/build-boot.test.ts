/** Images put together by `build`, started by the released bootloader in qemu: it must come to the jump. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { equalBytes, formatAddress, readU32 } from '../../src/core/bytes.js';
import { run } from '../support/commands.js';
import { describeWithFirmware, firmwareFile } from '../support/firmware.js';
import { type BootloaderRun, runBootloader } from '../support/qemu/bootloader-run.js';
import { QEMU } from '../support/qemu/machine.js';
import { healthyDump } from '../support/synthetic.js';
import { describeWithTools } from '../support/tools.js';

const RELEASED = {
  'boot.bin': 'p1-bootloader@2.2.0+lto.bin',
  'part1.bin': 'p1-system-part1@2.2.0.bin',
  'part2.bin': 'p1-system-part2@2.2.0.bin',
  'app.bin': 'tinker-0.4.5-p1.bin',
};
const SET = Object.keys(RELEASED);
const PRE_INIT_CALLS = ['0x080201B1', '0x0806056D'];

describeWithTools('the released bootloader in qemu', [QEMU], () => {
  describeWithFirmware('on images that build puts together from released modules', () => {
    let folder = '';
    const path = (name: string): string => join(folder, name);
    const paths = (names: readonly string[]): string[] => names.map(path);
    const get = (name: string): Uint8Array => new Uint8Array(readFileSync(path(name)));

    async function succeed(...argv: readonly string[]): Promise<void> {
      const [name = '', ...rest] = argv;
      const { code, stderr } = await run(name, ...rest);
      expect(code, stderr).toBe(0);
    }

    function expectJump({ decision, preInitCalls, dctAccess, jump }: BootloaderRun, flash: Uint8Array): void {
      expect(decision).toBe('jump');
      expect(preInitCalls.map(formatAddress)).toEqual(PRE_INIT_CALLS);
      expect(dctAccess).toBe(true);
      expect(jump).toEqual({ stack: readU32(flash, 0x20000), resetVector: readU32(flash, 0x20004) });
    }

    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'flashatlas-boot-'));
      for (const [name, released] of Object.entries(RELEASED)) writeFileSync(path(name), firmwareFile(released));
      writeFileSync(path('old.bin'), healthyDump());
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    it('jumps with both pre-init calls: DCT and EEPROM from the dump of a dead board', async () => {
      const from = ['--dct-from', path('old.bin'), '--eeprom-from', path('old.bin')];
      await succeed('build', ...paths(SET), ...from, '-o', path('restored.bin'));
      const flash = get('restored.bin');
      expect(equalBytes(flash.subarray(0x4000, 0x20000), get('old.bin').subarray(0x4000, 0x20000))).toBe(true);
      const seen = await runBootloader(flash);
      expectJump(seen, flash);
      expect(equalBytes(seen.flash, flash)).toBe(true);
    });

    it('jumps with both pre-init calls: a DCT of dct new with a key of keys new', async () => {
      await succeed('keys', 'new', '-o', path('device.der'));
      const keys = ['--device-key', path('device.der'), '--server-key', path('old.bin')];
      await succeed('dct', 'new', ...keys, '--set', 'wifi=Workshop:passphrase:wpa2', '-o', path('dct.bin'));
      await succeed('build', ...paths(SET), '--dct-from', path('dct.bin'), '-o', path('new.bin'));
      const flash = get('new.bin');
      expect(equalBytes(flash.subarray(0x4000, 0xc000), get('dct.bin'))).toBe(true);
      expectJump(await runBootloader(flash), flash);
      const { boot } = JSON.parse((await run('boot', '--json', path('new.bin'))).stdout);
      expect(boot).toMatchObject({ bootloader: 'jump', dctAccess: true, outcome: 'runs' });
    });

    it('jumps with both pre-init calls: a recipe with a fresh DCT, and with the key put in afterwards', async () => {
      const modules = SET.map((name) => `  - module: ${name}\n`).join('');
      const rest = 'dct:\n  fresh: true\nallow: [dct/device-key-missing]\noutputs: [fresh.bin]\n';
      writeFileSync(path('fresh.yaml'), `recipe: 1\nparts:\n${modules}${rest}`);
      await succeed('build', path('fresh.yaml'));
      await succeed('keys', 'new', path('fresh.bin'), '-o', path('keyed.bin'));
      for (const name of ['fresh.bin', 'keyed.bin']) {
        const flash = get(name);
        expectJump(await runBootloader(flash), flash);
      }
    });

    it('jumps without them where a byte of part 2 is damaged, which build refuses to make', async () => {
      const damaged = firmwareFile(RELEASED['part2.bin']).slice();
      damaged[0x8000] = (damaged[0x8000] ?? 0) ^ 1;
      writeFileSync(path('damaged.bin'), damaged);
      const parts = paths(['boot.bin', 'part1.bin', 'damaged.bin', 'app.bin']);
      const argv = [...parts, '--dct-from', path('old.bin'), '-o', path('refused.bin')];
      const refused = await run('build', ...argv);
      expect(refused.error).toMatchObject({ code: 'BUILD_REFUSED' });
      const rules = [...(refused.error?.help ?? '').matchAll(/--allow \S+/g)].flatMap(([text]) =>
        text.replace(/\.$/, '').split(' '),
      );
      await succeed('build', ...argv, ...rules);
      const seen = await runBootloader(get('refused.bin'));
      expect(seen).toMatchObject({ decision: 'jump', dctAccess: false, preInitCalls: [] });
    });
  });
});
