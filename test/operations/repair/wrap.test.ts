import { describe, expect, it } from 'vitest';
import { writeU32 } from '../../../src/core/bytes.js';
import { MemoryImage } from '../../../src/core/image.js';
import { loadBoard } from '../../../src/layout/load.js';
import { wrapProgram } from '../../../src/operations/repair/wrap.js';
import { readModule } from '../../../src/regions/module/decode.js';
import { noise, userPart } from '../../support/synthetic.js';

const P1 = loadBoard('particle-p1');
const DEPENDENCY = { functionId: 4, index: 2, version: 1300 };

function program(size = 1001): Uint8Array {
  const bytes = noise(size);
  if (size >= 4) writeU32(bytes, 0, 0x080a0100);
  return bytes;
}

const wrap = (bytes: Uint8Array, address?: number, options = {}) =>
  wrapProgram(MemoryImage.fromBytes(bytes, address ?? 0), address !== undefined, 'program', P1, {
    version: 3,
    ...options,
  });

describe('wrap', () => {
  it('puts header, product fields, digest and CRC around a program', () => {
    const { module, startAddress, notes } = wrap(program(), undefined, {
      dependencies: [DEPENDENCY],
      productId: 8,
      productVersion: 2,
    });
    expect(startAddress).toBe(0x080a0000);
    expect(readModule(module, startAddress)).toMatchObject({
      crc: 'ok',
      sha: 'ok',
      function: 'user-part',
      info: { moduleVersion: 3, platformId: 8, moduleIndex: 1 },
      suffix: { size: 40, productId: 8, productVersion: 2 },
      dependencies: [{ function: 'system-part', index: 2, minVersion: 1300 }],
    });
    expect(module.subarray(24, 24 + 1001)).toEqual(program());
    expect(module.length % 4).toBe(0);
    expect(notes).toEqual([expect.stringContaining('cannot be checked here')]);
  });

  it('takes a program with addresses only from its own place', () => {
    expect(wrap(program(), 0x080a0018).module).toEqual(wrap(program()).module);
    expect(() => wrap(program(), 0x080a0000)).toThrow(
      'the program is linked for another place at program: expected a first byte at 0x080A0018, behind the module header, got 0x080A0000',
    );
    expect(() => wrap(program(), 0x08000000)).toThrow(expect.objectContaining({ code: 'WRAP_WRONG_ADDRESS' }));
  });

  it('says what looks odd', () => {
    const { notes } = wrap(noise(100));
    expect(notes[0]).toContain('is no address in the user region');
    expect(notes.at(-1)).toContain('It depends on nothing');
  });

  it('refuses what cannot become a module', () => {
    expect(() => wrap(new Uint8Array(0))).toThrow(expect.objectContaining({ code: 'WRAP_EMPTY' }));
    expect(() => wrap(userPart())).toThrow(expect.objectContaining({ code: 'WRAP_IS_MODULE' }));
    expect(() => wrap(program(128 * 1024))).toThrow(
      expect.objectContaining({ code: 'WRAP_TOO_LARGE', expected: 'at most 131072 bytes' }),
    );
    expect(() => wrap(program(), undefined, { dependencies: [DEPENDENCY, DEPENDENCY, DEPENDENCY] })).toThrow(
      expect.objectContaining({ code: 'WRAP_DEPENDENCIES' }),
    );
    expect(() =>
      wrapProgram(MemoryImage.fromBytes(program(), 0), false, 'program', loadBoard('stm32f205-generic'), {
        version: 1,
      }),
    ).toThrow(expect.objectContaining({ code: 'WRAP_NO_REGION' }));
  });
});
