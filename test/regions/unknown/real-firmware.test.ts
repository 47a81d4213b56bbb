/**
 * The same detectors on released firmware. The files are not part of the project: they are looked up by SHA-256 in the
 * folder FLASHATLAS_FIRMWARE_CACHE (default .cache/firmware); without them the tests are skipped, but not where CI is set.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { concatBytes, equalBytes, toHex } from '../../../src/core/bytes.js';
import { sha256 } from '../../../src/core/checksums.js';
import { MemoryImage } from '../../../src/core/image.js';
import { examineAcquisition, TRANSFORMS, undoTransform } from '../../../src/regions/acquisition/index.js';
import { classifyBytes, findWifiFirmware, type StretchKind } from '../../../src/regions/unknown/index.js';
import { checkAcquisition } from '../../../src/rules/acquisition.js';
import { FLASH_START, testChip } from './synthetic.js';

const FOLDER =
  process.env.FLASHATLAS_FIRMWARE_CACHE ?? fileURLToPath(new URL('../../../.cache/firmware/', import.meta.url));

/** P1 unless the name says otherwise; digests of the published files. */
const FILES = {
  'system-part1 0.5.2': 'a1b37250985090361a8b96a3c025c49685e7980d548ec670e4b0da9ac004eae6',
  'system-part2 0.5.2': 'ecb7e896317415db28bd4a07012225e66a6b74c39e0e9876e837a613b220f059',
  'system-part1 1.5.0': '8e393f612fa8453c9268157e59d13e2b0312452a6ba574d0d69ad259fea83d86',
  'bootloader 2.2.0': '4d202d69c64f038e3b91bb98d88029d79efc9c8318d1238ece9bd2f6dafd70bd',
  'system-part1 2.2.0': '02dc6c980c37d21445dc8eb522709e3df57737f03c8bfedfb80779926c8556a5',
  'system-part2 2.2.0': '8e0fc3c4fbd53bb25acbe3a38407326487487d9ce32259934c3442c5a6120f29',
  'tinker 0.4.5': 'e4f6a51fb68407c39d535153d279ffa9a5ca09b9ee2dd2007d5c6469feff12f0',
} as const;
type Name = keyof typeof FILES;

function filesBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesBelow(path);
      return entry.isFile() && statSync(path).size <= 0x100000 ? [path] : [];
    });
  } catch {
    return [];
  }
}

const byDigest = new Map<string, Uint8Array>();
for (const path of filesBelow(FOLDER)) {
  const bytes = new Uint8Array(readFileSync(path));
  byDigest.set(toHex(sha256(bytes)), bytes);
}

const missing = Object.entries(FILES).filter(([, digest]) => !byDigest.has(digest));
const available = missing.length === 0;
if (!available && !process.env.CI) {
  console.warn(
    `Skipped: ${missing.length} firmware files are not in ${FOLDER} (${missing.map(([name]) => name).join(', ')}).`,
  );
}

function firmware(name: Name): Uint8Array {
  const bytes = byDigest.get(FILES[name]);
  if (!bytes) throw new Error(`${name} (${FILES[name]}) is not in ${FOLDER}`);
  return bytes;
}

/** A P1 with Device OS 2.2.0 and Tinker, everything else erased. */
function dump(): Uint8Array {
  const bytes = new Uint8Array(0x100000).fill(0xff);
  bytes.set(firmware('bootloader 2.2.0'), 0);
  bytes.set(firmware('system-part1 2.2.0'), 0x20000);
  bytes.set(firmware('system-part2 2.2.0'), 0x60000);
  bytes.set(firmware('tinker 0.4.5'), 0xa0000);
  return bytes;
}

describe.skipIf(!available && !process.env.CI)('released firmware', () => {
  it.each([
    ['system-part1 2.2.0', { start: 89_068, end: 238_392 }, 215_172, true, '5.90.230.22', 'Oct 23 2017 09:30:44'],
    ['system-part1 1.5.0', { start: 86_420, end: 235_744 }, 215_172, true, '5.90.230.22', 'Oct 23 2017 09:30:44'],
    ['system-part1 0.5.2', { start: 38_008, end: 248_420 }, 210_412, false, '5.90.230.12', 'Nov  7 2014 16:03:45'],
  ] as const)('finds the Wi-Fi firmware of %s', (name, stored, size, compressed, version, built) => {
    const bytes = firmware(name);
    expect(findWifiFirmware(bytes)).toMatchObject({
      stored,
      size,
      compressed,
      version,
      built,
      foundBy: 'resource-handle',
    });
    const blinded = bytes.slice();
    blinded.fill(0, 0x19c, 0x1bc);
    expect(findWifiFirmware(blinded)).toMatchObject({ compressed, version, foundBy: 'search' });
  });

  it('finds none in other modules', () => {
    for (const name of ['system-part2 2.2.0', 'bootloader 2.2.0', 'tinker 0.4.5'] as const) {
      expect(findWifiFirmware(firmware(name))).toBeUndefined();
    }
  });

  it('names most of every module, and its code as code', () => {
    for (const [name, address, codeShare] of [
      ['bootloader 2.2.0', 0x08000000, 0.7],
      ['system-part2 2.2.0', 0x08060000, 0.75],
      ['system-part2 0.5.2', 0x08060000, 0.7],
      ['tinker 0.4.5', 0x080a0000, 0.6],
    ] as const) {
      const bytes = firmware(name);
      for (const level of ['full', 'quick'] as const) {
        const sizes = new Map<StretchKind, number>();
        for (const { kind, start, end } of classifyBytes(bytes, address, { level })) {
          sizes.set(kind, (sizes.get(kind) ?? 0) + end - start);
        }
        expect((sizes.get('thumb-code') ?? 0) / bytes.length, `${name} ${level}`).toBeGreaterThan(codeShare);
        expect(sizes.get('compressed-or-encrypted') ?? 0, `${name} ${level}`).toBe(0);
      }
    }
  });

  it('finds the compressed image of system part 1 as one stretch', () => {
    const stretches = classifyBytes(firmware('system-part1 2.2.0'), 0x08020000, { level: 'full' });
    expect(stretches.filter((stretch) => stretch.kind === 'deflate')).toMatchObject([
      { start: 0x08020000 + 89_068, end: 0x08020000 + 238_392, details: { inflatedSize: 215_172 } },
    ]);
  });

  it('judges a good dump as good, and its damaged forms as what they are', () => {
    const chip = testChip();
    const good = dump();
    const examine = (bytes: Uint8Array) => examineAcquisition(MemoryImage.fromBytes(bytes, FLASH_START), chip);
    expect(checkAcquisition(examine(good))).toEqual([]);
    for (const transform of TRANSFORMS) {
      const swapped = undoTransform(good, transform);
      expect(examine(swapped).transform).toBe(transform);
      expect(equalBytes(undoTransform(swapped, transform), good)).toBe(true);
    }
    for (let bit = 0; bit < 8; bit++) {
      expect(examine(good.map((byte) => byte & ~(1 << bit))).stuck).toMatchObject({ kind: 'data', bit, level: 0 });
    }
    for (const bit of [10, 13, 16, 17]) {
      const folded = good.map((_, offset) => good[offset & ~(1 << bit)] as number);
      expect(examine(folded).stuck).toMatchObject({ kind: 'address', bit });
    }
    const half = good.subarray(0, 0x80000);
    expect(examine(concatBytes([half, half])).repeat).toEqual({ period: 0x80000 });
    expect(examine(good.subarray(0, 0x70000)).truncated).toBe(true);
    expect(examine(good.subarray(1)).oddOffset).toBe(1);
  });

  it('lists glued system parts', () => {
    const chip = testChip();
    const glued = concatBytes([
      firmware('system-part1 2.2.0'),
      firmware('system-part2 2.2.0'),
      firmware('tinker 0.4.5'),
    ]);
    expect(examineAcquisition(MemoryImage.fromBytes(glued, 0x08020000), chip).gluedModules).toEqual([
      { offset: 0, startAddress: 0x08020000, length: 241_496 },
      { offset: 241_496, startAddress: 0x08060000, length: 260_968 },
      { offset: 502_464, startAddress: 0x080a0000, length: 5_324 },
    ]);
  });
});
