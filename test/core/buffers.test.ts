/** Callers under node hand over Buffers, whose slice() shares memory: results must be the same and inputs untouched. */
import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { copyBytes, equalBytes } from '../../src/core/bytes.js';
import { loadBoard } from '../../src/layout/load.js';
import { convert } from '../../src/operations/convert.js';
import { addDfuSuffix, removeDfuSuffix } from '../../src/operations/dfu.js';
import { inspect } from '../../src/operations/inspect/inspect.js';
import { openImage } from '../../src/operations/open.js';
import { sealModule } from '../../src/regions/module/build.js';
import { bootloader, healthyDump, userPart } from '../support/synthetic.js';

const board = loadBoard('particle-p1');

/** At an odd place of a larger pool, as small Buffers are. */
function pooled(bytes: Uint8Array): Buffer {
  const pool = Buffer.alloc(bytes.length + 64);
  pool.set(bytes, 17);
  return pool.subarray(17, 17 + bytes.length);
}

describe('Buffers as input', () => {
  it('are copied where a copy is promised', () => {
    const buffer = pooled(userPart());
    copyBytes(buffer).fill(0);
    sealModule(buffer).fill(0);
    expect(new Uint8Array(buffer)).toEqual(userPart());
  });

  it('give the report that plain arrays give', () => {
    for (const bytes of [healthyDump(), bootloader(), userPart()]) {
      const buffer = pooled(bytes);
      const [plain, other] = [bytes, buffer].map((input) => inspect(openImage(input, { path: 'dump.bin' }), board));
      expect(JSON.stringify(other)).toBe(JSON.stringify(plain));
      expect(equalBytes(buffer, bytes)).toBe(true);
    }
  });

  it('convert and carry suffixes as plain arrays do', () => {
    const bytes = userPart();
    const image = openImage(pooled(bytes), { path: 'user.bin', base: 0x080a0000 }).image;
    const hex = convert([{ name: 'user.bin', image }], 'intel-hex').bytes;
    expect(openImage(Buffer.from(hex), { path: 'user.hex' }).image.equals(image)).toBe(true);
    const suffixed = addDfuSuffix(pooled(bytes), 'user.bin');
    expect(new Uint8Array(removeDfuSuffix(Buffer.from(suffixed), 'user.dfu'))).toEqual(bytes);
  });
});
