import { describe, expect, it } from 'vitest';
import { MemoryImage } from '../../../src/core/image.js';
import {
  DEFAULT_OPTCR,
  FlashController,
  isProtectedIn,
  withProtection,
} from '../../../src/operations/plan/flash-model.js';
import { flash } from './arbitrary.js';

const USER = 0x080a0000;
const PROTECTED = 0x0e1eaaec;

function chip(bytes: readonly number[] = [], optcr = DEFAULT_OPTCR): FlashController {
  return new FlashController(
    flash,
    bytes.length > 0 ? MemoryImage.fromBytes(Uint8Array.from(bytes), USER) : null,
    optcr,
  );
}

describe('the flash controller', () => {
  it('clears bits and never sets one', () => {
    const controller = chip([0xff, 0xf0, 0x55, 0x00]);
    expect(controller.program(USER, Uint8Array.of(0x0f, 0x0f, 0xff, 0xff))).toBeNull();
    expect(controller.image().bytes({ start: USER, end: USER + 4 })).toEqual(Uint8Array.of(0x0f, 0x00, 0x55, 0x00));
  });

  it('erases a whole sector to 0xFF, and nothing beside it', () => {
    const controller = chip([1, 2]);
    expect(controller.eraseSector(9)).toBeNull();
    expect(controller.byteAt(USER)).toBe(0xff);
    expect(controller.byteAt(USER + 0x1ffff)).toBe(0xff);
    expect(controller.byteAt(USER + 0x20000)).toBeUndefined();
    expect(controller.byteAt(USER - 1)).toBeUndefined();
  });

  it('does not know what nobody has read: programming tells only of zeros', () => {
    const controller = chip([1]);
    controller.program(USER + 4, Uint8Array.of(0x00, 0x12, 0xff));
    expect(controller.image().ranges()).toEqual([
      { start: USER, end: USER + 1 },
      { start: USER + 4, end: USER + 5 },
    ]);
    expect(controller.holds(USER + 4, Uint8Array.of(0))).toBe(true);
    expect(controller.holds(USER + 4, Uint8Array.of(0, 0x12))).toBe(false);
  });

  it('refuses a protected sector, for erasing and for programming, and changes nothing', () => {
    const controller = new FlashController(flash, MemoryImage.fromBytes(Uint8Array.of(7), 0x08020000), PROTECTED);
    expect(controller.eraseSector(5)).toBe('WRPERR');
    expect(controller.program(0x08020000, Uint8Array.of(0))).toBe('WRPERR');
    expect(controller.program(0x0801fffe, Uint8Array.of(0, 0, 0))).toBe('WRPERR');
    expect(controller.byteAt(0x08020000)).toBe(7);
    expect(controller.eraseSector(9)).toBeNull();
    expect(controller.protect([5], false)).toBeNull();
    expect(controller.optcr).toBe(0x0e3eaaec);
    expect(controller.eraseSector(5)).toBeNull();
  });

  it('keeps a debugger out at level 1, and lets code from flash work', () => {
    const controller = chip([1], 0x0fff55ec);
    expect(controller.readProtection).toBe(1);
    expect(controller.eraseSector(9)).toBe('RDP');
    expect(controller.program(USER, Uint8Array.of(0))).toBe('RDP');
    expect(controller.eraseSector(9, 'flash-code')).toBeNull();
  });

  it('erases everything when level 1 is left, and only then', () => {
    const controller = chip([1], 0x0fff00ec);
    expect(controller.writeOptions(0x0fff55e0)).toBeNull();
    expect(controller.byteAt(USER)).toBe(1);
    expect(controller.writeOptions(0x0fffaae0)).toBeNull();
    expect(controller.byteAt(USER)).toBe(0xff);
    expect(controller.byteAt(flash.start)).toBe(0xff);
    expect(controller.optcr).toBe(0x0fffaae0);
  });

  it('never goes to level 2, and never leaves it', () => {
    const open = chip();
    expect(open.writeOptions(0x0fffccec)).toBe('RDP2');
    expect(open.optcr).toBe(DEFAULT_OPTCR);
    const closed = chip([], 0x0fffccec);
    expect(closed.readProtection).toBe(2);
    expect(closed.writeOptions(DEFAULT_OPTCR)).toBe('RDP2');
    expect(closed.protect([0], true)).toBe('RDP2');
  });

  it('has no place outside the flash', () => {
    const controller = chip();
    expect(controller.eraseSector(12)).toBe('RANGE');
    expect(controller.program(0x1fff7800, Uint8Array.of(0))).toBe('RANGE');
    expect(controller.program(flash.end - 1, Uint8Array.of(0, 0))).toBe('RANGE');
  });

  it('leaves nothing defined in a sector whose erase was interrupted', () => {
    const controller = chip([1, 2, 3]);
    controller.interruptErase(9);
    expect(controller.image().byteCount).toBe(0);
  });

  it('stores no lock and no start bit', () => {
    expect(chip([], 0x0fffaaed).optcr).toBe(0x0fffaaec);
  });

  it('tells and changes protection in a word', () => {
    expect([0, 1, 5, 8, 9].map((sector) => isProtectedIn(PROTECTED, sector))).toEqual([true, false, true, true, false]);
    expect(withProtection(PROTECTED, [0, 5], false)).toBe(0x0e3faaec);
    expect(withProtection(0x0fffaaed, [0, 5, 6, 7, 8], true)).toBe(PROTECTED);
  });
});
