import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FLASH_SIZE, FlashController, OTP_SIZE, SECTORS } from './flash-controller.js';
import type { Faults } from './types.js';

const KEYR = 0x04;
const OPTKEYR = 0x08;
const SR = 0x0c;
const CR = 0x10;
const OPTCR = 0x14;
const PROGRAM_16 = 0x101;
const LOCK = 0x80000000;
const START = 0x10000;
const WRPERR = 1 << 4;
const PGPERR = 1 << 6;
const PGSERR = 1 << 7;

function controller(fill = 0xff, optcr = 0x0fffaaed, faults: Faults = {}): FlashController {
  return new FlashController(new Uint8Array(FLASH_SIZE).fill(fill), new Uint8Array(OTP_SIZE).fill(0xff), optcr, faults);
}

function unlocked(...options: Parameters<typeof controller>): FlashController {
  const flash = controller(...options);
  flash.writeRegister(KEYR, 0x45670123);
  flash.writeRegister(KEYR, 0xcdef89ab);
  return flash;
}

function eraseSector(flash: FlashController, sector: number): void {
  flash.writeRegister(CR, 2 | (sector << 3) | START);
  while ((flash.readRegister(SR) & (1 << 16)) !== 0);
}

function setOptions(flash: FlashController, value: number): void {
  flash.writeRegister(OPTKEYR, 0x08192a3b);
  flash.writeRegister(OPTKEYR, 0x4c5d6e7f);
  flash.writeRegister(OPTCR, value & ~3);
  flash.writeRegister(OPTCR, (value & ~3) | 2);
}

describe('the flash of an STM32F205', () => {
  it('has twelve sectors that fill 1 MiB', () => {
    expect(SECTORS.map(({ start }) => start)).toEqual([
      ...[0, 0x4000, 0x8000, 0xc000, 0x10000],
      ...[0x20000, 0x40000, 0x60000, 0x80000, 0xa0000, 0xc0000, 0xe0000],
    ]);
    expect(SECTORS.reduce((sum, { size }) => sum + size, 0)).toBe(FLASH_SIZE);
  });

  it('erases one sector and nothing else', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 11 }), (sector) => {
        const flash = unlocked(0);
        eraseSector(flash, sector);
        const { start, size } = SECTORS[sector] ?? { start: 0, size: 0 };
        expect(flash.flash.indexOf(0xff)).toBe(start);
        expect(flash.flash.lastIndexOf(0xff)).toBe(start + size - 1);
        expect(flash.flash.subarray(start, start + size).every((byte) => byte === 0xff)).toBe(true);
      }),
      { numRuns: 12 },
    );
  });

  it('only ever clears bits when it programs', () => {
    const word = fc.integer({ min: 0, max: 0xffff });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: FLASH_SIZE / 2 - 1 }), fc.array(word, { maxLength: 4 }), (index, words) => {
        const flash = unlocked();
        flash.writeRegister(CR, PROGRAM_16);
        for (const value of words) flash.programFlash(2 * index, 2, value);
        expect(flash.readFlash(2 * index, 2)).toBe(words.reduce((all, value) => all & value, 0xffff));
        expect(flash.readRegister(SR)).toBe(0);
      }),
      { numRuns: 20 },
    );
  });

  it('refuses a program operation that is locked, without PG, or of another size', () => {
    const locked = controller();
    locked.writeRegister(CR, PROGRAM_16);
    locked.programFlash(0, 2, 0);
    expect(locked.readRegister(SR)).toBe(PGSERR);
    expect(locked.readRegister(CR)).toBe(LOCK);

    const flash = unlocked();
    flash.programFlash(0, 2, 0);
    expect(flash.readRegister(SR)).toBe(PGSERR);
    flash.writeRegister(SR, PGSERR);
    expect(flash.readRegister(SR)).toBe(0);
    flash.writeRegister(CR, PROGRAM_16);
    flash.programFlash(0, 4, 0);
    expect(flash.readRegister(SR)).toBe(PGPERR);
    expect(flash.readFlash(0, 4)).toBe(0xffffffff);
  });

  it('stays locked after a wrong key until it is reset', () => {
    const flash = controller();
    for (const key of [0x45670123, 0, 0x45670123, 0xcdef89ab]) flash.writeRegister(KEYR, key);
    expect(flash.readRegister(CR)).toBe(LOCK);
    flash.reset();
    for (const key of [0x45670123, 0xcdef89ab]) flash.writeRegister(KEYR, key);
    expect(flash.readRegister(CR)).toBe(0);
  });

  it('leaves protected sectors alone', () => {
    const flash = unlocked(0x55, 0x0ffeaaed);
    eraseSector(flash, 0);
    expect(flash.readRegister(SR)).toBe(WRPERR);
    flash.writeRegister(SR, WRPERR);
    flash.writeRegister(CR, PROGRAM_16);
    flash.programFlash(0x10, 2, 0);
    expect(flash.readRegister(SR)).toBe(WRPERR);
    flash.writeRegister(CR, 4 | START);
    expect(flash.flash.every((byte) => byte === 0x55)).toBe(true);
    eraseSector(flash, 1);
    expect(flash.readFlash(0x4000, 4)).toBe(0xffffffff);
  });

  it('stores option bytes when told to start, and shows them after a reset', () => {
    const flash = controller();
    flash.writeRegister(OPTCR, 0x0e1eaaec);
    expect(flash.optcr).toBe(0x0fffaaed);
    setOptions(flash, 0x0e1eaaed);
    expect(flash.optcr).toBe(0x0e1eaaed);
    flash.reset();
    expect(flash.readRegister(OPTCR)).toBe(0x0e1eaaed);
    expect([0, 1, 8, 9].map((offset) => flash.readOptionByte(offset))).toEqual([0xef, 0xaa, 0x1e, 0xfe]);
  });

  it('closes at the reset after RDP 1, and is erased on the way back, but for the OTP area', () => {
    const flash = controller(0x12);
    flash.otp[0] = 0x41;
    setOptions(flash, 0x0ffe55ed);
    expect(flash.readFlash(0, 1)).toBe(0x12);
    flash.reset();
    expect(() => flash.readFlash(0, 4)).toThrow('bus error at 0x8000000');
    setOptions(flash, 0x0ffeaaed);
    flash.reset();
    expect(flash.readFlash(0, 4)).toBe(0xffffffff);
    expect(flash.readOtp(0)).toBe(0x41);
    expect(flash.operations.map(({ kind }) => kind)).toEqual(['options', 'options', 'mass-erase']);
  });

  it('changes no option byte at level 2', () => {
    const flash = controller(0xff, 0x0fffcced);
    setOptions(flash, 0x0fffaaed);
    expect(flash.optcr).toBe(0x0fffcced);
    expect(flash.operations).toEqual([{ kind: 'refused', what: 'option bytes at level 2' }]);
  });

  it('locks blocks of the OTP area by their lock bytes', () => {
    const flash = unlocked();
    flash.writeRegister(CR, 1);
    flash.programOtp(32, 1, 0x0f);
    flash.programOtp(512 + 1, 1, 0);
    flash.programOtp(32, 1, 0);
    flash.programOtp(64, 1, 0);
    expect([flash.readOtp(32), flash.readOtp(64)]).toEqual([0x0f, 0]);
    expect(flash.readRegister(SR)).toBe(WRPERR);
  });

  it('has the faults it is told to have', () => {
    const faults: Faults = {
      failingSectors: [{ sector: 1 }, { sector: 2, isReported: true }],
      stuckBits: [{ address: 0x0800c001, bit: 7, value: 0 }],
    };
    const flash = unlocked(0, undefined, faults);
    eraseSector(flash, 1);
    expect([flash.readFlash(0x4000, 4), flash.readRegister(SR)]).toEqual([0, 0]);
    eraseSector(flash, 2);
    expect([flash.readFlash(0x8000, 4), flash.readRegister(SR)]).toEqual([0, 2]);
    eraseSector(flash, 3);
    expect(flash.readFlash(0xc000, 4)).toBe(0xffff7fff);
  });
});
