/** The boot model against the released bootloader 2.2.0 itself, run in qemu. */
import { expect, it } from 'vitest';
import type { BootPrediction } from '../../src/boot/types.js';
import { formatAddress, readU32 } from '../../src/core/bytes.js';
import { MemoryImage } from '../../src/core/image.js';
import { loadBoard } from '../../src/layout/load.js';
import { examineImage } from '../../src/operations/examine-image.js';
import { describeWithFirmware, firmwareFile } from '../support/firmware.js';
import { type BootloaderImage, bootloaderImages } from '../support/qemu/bootloader-images.js';
import { BOOTLOADER_PLACES, hasKnownBootloader, runBootloader } from '../support/qemu/bootloader-run.js';
import { QEMU } from '../support/qemu/machine.js';
import { describeWithTools } from '../support/tools.js';

const board = loadBoard('particle-p1');

function predictionFor(flash: Uint8Array): BootPrediction | null {
  const image = MemoryImage.fromBytes(flash, 0x08000000, { name: 'flash.bin', offset: 0 });
  return examineImage(image, board, { name: 'flash.bin' }).report.boot;
}

function imageNamed(wanted: string): Uint8Array {
  const image = bootloaderImages.find(({ name }) => name === wanted);
  if (!image) throw new Error(`There is no image called ${wanted}`);
  return image.make();
}

async function compare({ make, decision, dctAccess }: BootloaderImage): Promise<void> {
  const seen = { decision, dctAccess };
  const flash = make();
  const run = await runBootloader(flash);
  expect({ decision: run.decision, dctAccess: run.dctAccess }, 'the bootloader').toEqual(seen);
  expect(run.decision === 'lockup' || hasKnownBootloader(flash)).toBe(true);
  const prediction = predictionFor(flash);
  expect({ decision: prediction?.bootloader, dctAccess: prediction?.dctAccess }, 'the model').toEqual(seen);
}

describeWithTools('the released bootloader in qemu', [QEMU], () => {
  describeWithFirmware('and the boot model', () => {
    it('are compared on at least sixty images with names of their own', () => {
      expect(new Set(bootloaderImages.map(({ name }) => name)).size).toBe(bootloaderImages.length);
      expect(bootloaderImages.length).toBeGreaterThanOrEqual(60);
    });

    it.each(bootloaderImages.map((image) => [image.name, image] as const))('%s', (_, image) => compare(image));
  });

  describeWithFirmware('at work', () => {
    it('checks part 2, then part 1, calls the pre-init of both, and jumps', async () => {
      const flash = imageNamed('2.2.0 with a configured DCT');
      const run = await runBootloader(flash);
      expect(run.crcCalls.map(({ address, size }) => [formatAddress(address), size])).toEqual([
        ['0x08060000', firmwareFile('p1-system-part2@2.2.0.bin').length - 4],
        ['0x08020000', firmwareFile('p1-system-part1@2.2.0.bin').length - 4],
      ]);
      expect(run.preInitCalls.map(formatAddress)).toEqual(['0x080201B1', '0x0806056D']);
      expect(run.jump).toEqual({ stack: readU32(flash, 0x20000), resetVector: readU32(flash, 0x20004) });
      expect(run).toMatchObject({ factoryResetTried: false, pc: BOOTLOADER_PLACES.jump });
    });

    it('tries a factory reset before it falls to DFU', async () => {
      const run = await runBootloader(imageNamed('only the bootloader'));
      expect(run).toMatchObject({ decision: 'dfu', factoryResetTried: true, crcCalls: [], jump: null });
    });

    it('is stuck where a size is beyond the flash', async () => {
      const flash = imageNamed('part 1 missing, factory copy: Tinker 0.4.5');
      flash.set([0xfc, 0xff, 0x09, 0x08], 0xe0004);
      expect(await runBootloader(flash)).toMatchObject({ decision: 'stuck', factoryResetTried: true });
    });
  });
});
