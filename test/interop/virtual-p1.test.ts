/** The real OpenOCD on the virtual P1: what the tests of flashing plans rely on. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { noise } from '../support/synthetic.js';
import { describeWithTools } from '../support/tools.js';
import {
  OPENOCD,
  type OpenocdOptions,
  type OpenocdRun,
  runOpenocd,
  startVirtualP1,
  type VirtualP1,
  type VirtualP1Options,
} from '../support/virtual-p1/index.js';

const FILE = noise(1500, 3);
const FILES = { 'data.bin': FILE };
const USER = 0xa0000;
const PART_1 = 0x20000;
const ERASED = 0xff;

/** Sectors 0 and 5 to 8 protected, as device-os 0.4.7 to 0.7 leaves a board. */
const PROTECTED = 0x0e1eaaed;

async function virtualP1(options: VirtualP1Options = {}): Promise<VirtualP1> {
  const p1 = await startVirtualP1(options);
  onTestFinished(() => p1.stop());
  return p1;
}

/** A session that begins with `init` and `reset halt`. */
function session(p1: VirtualP1, lines: readonly string[], options: OpenocdOptions = {}): Promise<OpenocdRun> {
  return runOpenocd(['init', 'reset halt', ...lines, 'shutdown', ''].join('\n'), p1, { files: FILES, ...options });
}

async function succeed(p1: VirtualP1, ...lines: readonly string[]): Promise<string> {
  const { status, log } = await session(p1, lines);
  expect(status, log).toBe(0);
  return log;
}

async function fail(p1: VirtualP1, ...lines: readonly string[]): Promise<string> {
  const { status, log } = await session(p1, lines);
  expect(status, log).toBe(1);
  return log;
}

const holds = (p1: VirtualP1, offset: number, bytes: Uint8Array): boolean =>
  Buffer.compare(p1.flash.subarray(offset, offset + bytes.length), bytes) === 0;

const isErased = (p1: VirtualP1, start: number, end: number): boolean =>
  p1.flash.subarray(start, end).every((byte) => byte === ERASED);

const done = (p1: VirtualP1) => p1.operations.filter(({ kind }) => kind !== 'reset');

describeWithTools('OpenOCD and the virtual P1', [OPENOCD], () => {
  describe('identification', () => {
    it('finds both ports, the processor and twelve sectors', async () => {
      const log = await succeed(await virtualP1(), 'flash probe 0', 'echo [flash info 0]');
      expect(log).toContain('stm32f2x.cpu tap/device found: 0x4ba00477');
      expect(log).toContain('stm32f2x.bs tap/device found: 0x06411041');
      expect(log).toContain('Cortex-M3 r2p0 processor detected');
      expect(log).toContain('target has 6 breakpoints, 4 watchpoints');
      expect(log).toContain('device id = 0x20036411');
      expect(log).toContain('flash size = 1024 KiB');
      expect(log).toContain('# 11: 0x000e0000 (0x20000 128kB) not protected');
      expect(log).not.toContain('# 12:');
    });

    it('reads unique id, flash size, option bytes, OTP area and flash', async () => {
      const flash = noise(0x100000, 9);
      const otp = noise(528, 10);
      const p1 = await virtualP1({
        flash,
        otp,
        optcr: PROTECTED,
        uniqueId: Uint8Array.from({ length: 12 }, (_, i) => i),
      });
      const log = await succeed(
        p1,
        'echo [mdb 0x1FFF7A10 12]',
        'echo [mdh 0x1FFF7A22]',
        'echo [mdw 0x40023C14]',
        'echo "[mdh 0x1FFFC000][mdh 0x1FFFC008]"',
        'echo [mdb 0x1FFF7800 16]',
        'echo [mdb 0x080FFFF0 16]',
        'echo [stm32f2x options_read 0]',
      );
      const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
      expect(log).toContain('0x1fff7a10: 00 01 02 03 04 05 06 07 08 09 0a 0b');
      expect(log).toContain('0x1fff7a22: 0400');
      expect(log).toContain('0x40023c14: 0e1eaaed');
      expect(log).toMatch(/0x1fffc000: aaef\s+0x1fffc008: fe1e/);
      expect(log).toContain(`0x1fff7800: ${hex(otp.subarray(0, 16))}`);
      expect(log).toContain(`0x080ffff0: ${hex(flash.subarray(0xffff0))}`);
      expect(log).toContain('stm32f2x user_options 0xEC');
    });
  });

  describe('writing', () => {
    it('restores the user part and leaves everything else', async () => {
      const before = noise(0x100000, 9);
      const p1 = await virtualP1({ flash: before });
      await succeed(
        p1,
        'flash probe 0',
        'flash erase_sector 0 9 9',
        `flash write_bank 0 data.bin ${USER}`,
        `flash verify_bank 0 data.bin ${USER}`,
        'reset run',
      );
      expect(p1.operations).toEqual([
        { kind: 'reset' },
        { kind: 'erase', sector: 9 },
        { kind: 'program', address: 0x080a0000, size: FILE.length },
        { kind: 'reset' },
      ]);
      expect(holds(p1, USER, FILE)).toBe(true);
      expect(isErased(p1, USER + FILE.length, USER + 0x20000)).toBe(true);
      expect(holds(p1, 0, before.subarray(0, USER))).toBe(true);
      expect(holds(p1, 0xc0000, before.subarray(0xc0000))).toBe(true);
    });

    it('takes the write protection off and puts it back', async () => {
      const p1 = await virtualP1({ flash: noise(0x100000, 9), optcr: PROTECTED });
      await succeed(
        p1,
        'flash protect 0 5 8 off',
        'flash erase_sector 0 5 6',
        `flash write_bank 0 data.bin ${PART_1}`,
        `flash verify_bank 0 data.bin ${PART_1}`,
        'flash protect 0 5 8 on',
        'reset run',
      );
      expect(done(p1)).toEqual([
        { kind: 'options', optcr: 0x0ffeaaed },
        { kind: 'erase', sector: 5 },
        { kind: 'erase', sector: 6 },
        { kind: 'program', address: 0x08020000, size: FILE.length },
        { kind: 'options', optcr: PROTECTED },
      ]);
      expect(p1.optcr).toBe(PROTECTED);
      expect(holds(p1, PART_1, FILE)).toBe(true);
    });

    it('cannot set bits without an erase, and verification says so', async () => {
      const before = noise(0x100000, 9);
      const p1 = await virtualP1({ flash: before });
      const log = await fail(p1, `flash write_bank 0 data.bin ${USER}`, `flash verify_bank 0 data.bin ${USER}`);
      expect(log).toContain('contents differ');
      expect(
        holds(
          p1,
          USER,
          FILE.map((byte, index) => byte & (before[USER + index] ?? 0)),
        ),
      ).toBe(true);
    });

    it('may clear more bits in words that are programmed already', async () => {
      const p1 = await virtualP1({ flash: new Uint8Array(0x100000).fill(0xf0) });
      await succeed(p1, 'flash fillw 0x080A0000 0x30303030 4');
      expect(holds(p1, USER, new Uint8Array(16).fill(0x30))).toBe(true);
    });

    it('fails on a protected sector, which stays as it was', async () => {
      const before = noise(0x100000, 9);
      const p1 = await virtualP1({ flash: before, optcr: PROTECTED });
      expect(await fail(p1, 'flash erase_sector 0 5 5')).toContain('failed erasing sectors 5 to 5');
      expect(await fail(p1, `flash write_bank 0 data.bin ${PART_1}`)).toContain('flash memory write protected');
      expect(done(p1)[0]).toEqual({ kind: 'refused', what: 'erase of protected sector 5' });
      expect(holds(p1, 0, before)).toBe(true);
    });

    it('goes through a routine in RAM, which also verifies and looks for erased sectors', async () => {
      const big = noise(20_000, 4);
      const p1 = await virtualP1();
      const lines = [
        `flash write_bank 0 big.bin ${USER}`,
        'verify_image big.bin 0x080a0000 bin',
        'flash erase_check 0',
        'echo [flash info 0]',
      ];
      const { status, log } = await session(p1, lines, { files: { 'big.bin': big } });
      expect(status, log).toBe(0);
      expect(log).not.toContain('falling back');
      expect(done(p1)).toEqual([{ kind: 'program', address: 0x080a0000, size: big.length }]);
      expect(holds(p1, USER, big)).toBe(true);
    });

    it('goes through the debug port alone when there is no RAM to work in', async () => {
      const p1 = await virtualP1({ optcr: PROTECTED });
      const direct = { workArea: 0 };
      const { status, log } = await session(p1, [`flash write_bank 0 data.bin ${USER}`], direct);
      expect(status, log).toBe(0);
      expect(log).toContain('falling back to single memory accesses');
      expect(holds(p1, USER, FILE)).toBe(true);
      const refused = await session(p1, [`flash write_bank 0 data.bin ${PART_1}`], direct);
      expect(refused.status).toBe(1);
      expect(refused.log).toContain('stm32x device protected');
    });

    it('pads every sector that write_image touches', async () => {
      const p1 = await virtualP1({ flash: new Uint8Array(0x100000) });
      await succeed(p1, 'flash write_image erase data.bin 0x080a0000 bin');
      expect(done(p1)).toEqual([
        { kind: 'erase', sector: 9 },
        { kind: 'program', address: 0x080a0000, size: 0x20000 },
      ]);
    });

    it('programs a block of the OTP area, and no locked one', async () => {
      const block = noise(32, 6);
      const otp = new Uint8Array(528).fill(0xff);
      otp[512 + 1] = 0;
      const p1 = await virtualP1({ otp });
      const files = { 'block.bin': block };
      const first = await session(p1, ['stm32f2x otp 1 enable', 'flash write_bank 1 block.bin 0'], { files });
      expect(first.status, first.log).toBe(0);
      expect(p1.otp).toEqual(Uint8Array.from([...block, ...otp.subarray(32)]));
      expect(done(p1)).toEqual([{ kind: 'program', address: 0x1fff7800, size: 32 }]);
      const second = await session(p1, ['stm32f2x otp 1 enable', 'flash write_bank 1 block.bin 32'], { files });
      expect(second.status, second.log).toBe(1);
      expect(p1.otp[32]).toBe(ERASED);
    });
  });

  describe('option bytes and read protection', () => {
    it('writes user options and keeps the rest', async () => {
      const p1 = await virtualP1({ optcr: PROTECTED });
      await succeed(p1, 'stm32f2x options_write 0 0xE0');
      expect(p1.optcr).toBe(0x0e1eaae1);
    });

    it('at level 1 refuses to read, at level 0 again has an erased flash', async () => {
      const p1 = await virtualP1({ flash: noise(0x100000, 9), otp: noise(528, 2) });
      await succeed(p1, 'stm32f2x lock 0');
      expect(p1.optcr).toBe(0x0fff00ed);
      const log = await fail(p1, 'echo [mdw 0x1FFF7800]', 'mdw 0x08000000');
      expect(log).toContain('0x1fff7800: ');
      expect(log).toContain('Failed to read memory at 0x08000000');
      expect(isErased(p1, 0, 0x100000)).toBe(false);

      await succeed(p1, 'stm32f2x unlock 0');
      expect(isErased(p1, 0, 0x100000)).toBe(true);
      expect(p1.otp).toEqual(noise(528, 2));
      expect(done(p1).slice(-2)).toEqual([{ kind: 'options', optcr: 0x0fffaaed }, { kind: 'mass-erase' }]);
      await succeed(p1, 'mdw 0x08000000');
    });

    it('erases everything at once, unless a sector is protected', async () => {
      const open = await virtualP1({ flash: noise(0x100000, 9) });
      await succeed(open, 'stm32f2x mass_erase 0');
      expect(isErased(open, 0, 0x100000)).toBe(true);
      const closed = await virtualP1({ flash: noise(0x100000, 9), optcr: PROTECTED });
      await session(closed, ['stm32f2x mass_erase 0']);
      expect(done(closed)).toEqual([{ kind: 'refused', what: 'mass erase with a protected sector' }]);
    });
  });

  describe('faults', () => {
    const replace = [
      'flash erase_sector 0 9 9',
      `flash write_bank 0 data.bin ${USER}`,
      `flash verify_bank 0 data.bin ${USER}`,
    ];

    it('a sector that will not erase is seen by the verification, or at once when the chip says so', async () => {
      const flash = new Uint8Array(0x100000);
      const silent = await virtualP1({ flash, faults: { failingSectors: [{ sector: 9 }] } });
      expect(await fail(silent, ...replace)).toContain('contents differ');
      const reported = await virtualP1({ flash, faults: { failingSectors: [{ sector: 9, isReported: true }] } });
      expect(await fail(reported, ...replace)).toContain('failed erasing sectors 9 to 9');
      expect(isErased(await virtualP1({ faults: { failingSectors: [{ sector: 9 }] } }), 0, 0x100000)).toBe(true);
    });

    it('a stuck bit is seen by the verification', async () => {
      const value = ((FILE[700] ?? 0) & 4) === 0 ? 1 : 0;
      const p1 = await virtualP1({ faults: { stuckBits: [{ address: 0x080a0000 + 700, bit: 2, value }] } });
      expect(await fail(p1, ...replace)).toContain('diff 0 address 0x000a02bc');
    });

    it('a lost link ends OpenOCD with an error, and the chip keeps what was done', async () => {
      const p1 = await virtualP1({ flash: noise(0x100000, 9), faults: { linkDropsAfter: 101 } });
      const { status } = await session(p1, replace);
      expect(status).not.toBe(0);
      expect(done(p1)).toEqual([
        { kind: 'erase', sector: 9 },
        { kind: 'program', address: 0x080a0000, size: 200 },
      ]);
      expect(holds(p1, USER, FILE.subarray(0, 200))).toBe(true);
      expect(isErased(p1, USER + 200, USER + 0x20000)).toBe(true);
    });

    it('after a power failure the flash is locked again, and the next session works', async () => {
      const p1 = await virtualP1({ flash: noise(0x100000, 9), faults: { powerFailsAfter: 1 } });
      const { status } = await session(p1, replace);
      expect(status).not.toBe(0);
      expect(done(p1)).toEqual([{ kind: 'erase', sector: 9 }]);
      expect(await succeed(p1, 'echo [mdw 0x40023C10]')).toContain('0x40023c10: 80000000');
    });
  });

  describe('running OpenOCD', () => {
    it('gives the exit code of a script that fails', async () => {
      expect(await fail(await virtualP1(), 'no_such_command')).toContain('invalid command name "no_such_command"');
      expect(await fail(await virtualP1(), 'flash write_bank 0 absent.bin 0')).toContain('absent.bin');
    });

    it('ends a script that does not end', async () => {
      const p1 = await virtualP1();
      const run = await runOpenocd('init\n', p1, { timeLimit: 1500 });
      expect(run.status).toBeNull();
      expect(run.milliseconds).toBeGreaterThan(1000);
    });
  });
});
