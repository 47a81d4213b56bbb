import { describe, expect, it } from 'vitest';
import { fromHex, writeU32 } from '../../../src/core/bytes.js';
import { findConstants } from '../../../src/regions/module/constants.js';
import { describeWithFirmware, firmwareFile } from '../../support/firmware.js';
import { stopwatch } from '../../support/growth.js';
import { noise } from '../../support/synthetic.js';

const KEY = 0x08192a3b;
const code = (hex: string): Uint8Array => fromHex(hex.replaceAll(' ', '')) ?? new Uint8Array(0);

describe('constants in code', () => {
  it('are found in literal pools, which are aligned', () => {
    const pool = new Uint8Array(64);
    writeU32(pool, 40, KEY);
    expect(findConstants(pool, [KEY, 1])).toEqual(new Map([[40, KEY]].map(([offset, value]) => [value, offset])));
    const shifted = new Uint8Array(64);
    writeU32(shifted, 42, KEY);
    expect(findConstants(shifted, [KEY])).toEqual(new Map());
  });

  it('are found in pairs of MOVW and MOVT, as an assembler writes them', () => {
    // movw r0, #0x2a3b; movt r0, #0x0819
    expect(findConstants(code('42f63b20 c0f61900'), [KEY])).toEqual(new Map([[KEY, 0]]));
    // nop; movw r0, #0x2a3b; movs r1, #1; movt r0, #0x0819
    expect(findConstants(code('00bf 42f63b20 0121 c0f61900'), [KEY])).toEqual(new Map([[KEY, 2]]));
    // movt to another register
    expect(findConstants(code('42f63b20 c0f61901'), [KEY])).toEqual(new Map());
    // movw without movt, and a movt that is cut off
    expect(findConstants(code('42f63b20 c0f6'), [KEY])).toEqual(new Map());
  });

  it('are found where they are made from another constant', () => {
    // add.w r2, r2, #0x44444444 and the first key in the pool behind it
    const made = new Uint8Array(64);
    made.set([0x02, 0xf1, 0x44, 0x32], 10);
    writeU32(made, 40, KEY);
    expect(findConstants(made, [KEY, 0x4c5d6e7f])).toEqual(
      new Map([
        [KEY, 40],
        [0x4c5d6e7f, 10],
      ]),
    );
    // The addition alone, or too far from what it would be added to.
    expect(findConstants(made.slice(0, 40), [KEY, 0x4c5d6e7f])).toEqual(new Map());
    const far = new Uint8Array(8192);
    far.set(made.subarray(0, 20));
    writeU32(far, 8000, KEY);
    expect(findConstants(far, [KEY, 0x4c5d6e7f])).toEqual(new Map([[KEY, 8000]]));
  });

  it('take bounded time, whatever the bytes are', () => {
    const worst = new Uint8Array(0x20000);
    for (let offset = 0; offset < worst.length; offset += 4) worst.set([0x42, 0xf6, 0x3b, 0x20], offset);
    const spent = stopwatch();
    expect(findConstants(worst, [KEY])).toEqual(new Map());
    for (let offset = 0; offset < worst.length; offset += 4) {
      if (offset % 8 === 0) writeU32(worst, offset, KEY);
      else worst.set([0x02, 0xf1, 0x45, 0x32], offset);
    }
    expect(findConstants(worst, [KEY, 0x4c5d6e7f])).toEqual(new Map([[KEY, 0]]));
    const apart = new Uint8Array(0x20000);
    for (let offset = 0; offset < 0xf000; offset += 4) {
      writeU32(apart, offset, KEY);
      apart.set([0x02, 0xf1, 0x44, 0x32], 0x11000 + offset);
    }
    expect(findConstants(apart, [KEY, 0x4c5d6e7f])).toEqual(new Map([[KEY, 0]]));
    for (const bytes of [noise(0x20000), new Uint8Array(3), new Uint8Array(0)]) findConstants(bytes, [KEY]);
    expect(spent()).toBeLessThan(5000);
  });
});

describeWithFirmware('constants in released code', () => {
  const keys = [0x45670123, 0xcdef89ab, 0x08192a3b, 0x4c5d6e7f];
  const of = (name: string) => findConstants(firmwareFile(name), keys);

  it.each([
    'particle-cli@2.16.0:assets/updates/p1-bootloader@2.2.0+lto.bin',
    'p1-bootloader@1.5.0+lto.bin',
    'particle-cli@2.16.0:assets/updates/p1-system-part2@2.2.0.bin',
    'system-part2-0.5.2-p1.bin',
  ])('both pairs of keys are in %s, which writes flash and option bytes', (name) => {
    expect([...of(name).keys()]).toEqual(keys);
  });

  it('no key is in system part 1 or in a user part', () => {
    for (const name of [
      'particle-cli@2.16.0:assets/updates/p1-system-part1@2.2.0.bin',
      'tinker-0.4.5-p1.bin',
      'p1_doctor.bin',
    ]) {
      expect(of(name)).toEqual(new Map());
    }
  });
});
