/** Released modules need no repair, and get none; a patched one is sealed as its build would have been. */
import { expect, it } from 'vitest';
import { FlashatlasError } from '../../../src/core/errors.js';
import { loadBoard } from '../../../src/layout/load.js';
import { isDfuFile, repairImage } from '../../../src/operations/repair/repair.js';
import { readModule } from '../../../src/regions/module/decode.js';
import { describeWithFirmware, firmwareFile, firmwareFiles } from '../../support/firmware.js';
import { rawInput } from '../../support/synthetic.js';

const P1 = loadBoard('particle-p1');
/** Manufacturing images that were never sealed, and a pre-release with its CRC behind the end its header names. */
const EXCEPTIONS = /RC4_bootloader_pad|RC2_bootloader/;

describeWithFirmware('released firmware', () => {
  it('is left as it is', () => {
    let repaired = 0;
    for (const { path, package: source } of firmwareFiles) {
      const bytes = firmwareFile(`${source}:${path}`);
      if (EXCEPTIONS.test(path) || isDfuFile(bytes)) continue;
      try {
        const result = repairImage(rawInput(bytes), P1);
        expect(`${path}: ${result.changes.map(({ field }) => field)}`).toBe(`${path}: `);
        repaired++;
      } catch (error) {
        expect(error).toBeInstanceOf(FlashatlasError);
        expect(error).toMatchObject({ code: 'REPAIR_NO_MODULE' });
      }
    }
    expect(repaired).toBeGreaterThan(10);
  });

  it('is sealed again after a patch, wherever it was patched', () => {
    const bytes = firmwareFile('p1-system-part2@2.2.0.bin');
    for (const offset of [0x200, 0x10000, bytes.length - 60]) bytes[offset] = (bytes[offset] ?? 0) ^ 0xff;
    const { image, changes } = repairImage(rawInput(bytes), P1);
    expect(changes.map(({ field }) => field)).toEqual(['sha256', 'crc32']);
    const sealed = image?.bytes(image.span ?? { start: 0, end: 0 }) ?? new Uint8Array(0);
    expect(readModule(sealed, 0x08060000)).toMatchObject({ crc: 'ok', sha: 'ok' });
  });
});
