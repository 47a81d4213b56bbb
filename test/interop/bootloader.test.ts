/** The boot model against the released bootloader 2.2.0 itself, run in qemu. */
import { expect, it } from 'vitest';
import type { BootCopy, BootPrediction, HeldButton } from '../../src/boot/types.js';
import { formatAddress, readU32 } from '../../src/core/bytes.js';
import { MemoryImage } from '../../src/core/image.js';
import { loadBoard } from '../../src/layout/load.js';
import { bootOf } from '../../src/operations/boot.js';
import { examineImage } from '../../src/operations/examine-image.js';
import type { Inspection } from '../../src/operations/inspect/inspect.js';
import { describeWithFirmware, firmwareFile } from '../support/firmware.js';
import { type BootloaderImage, bootloaderImages } from '../support/qemu/bootloader-images.js';
import { BOOTLOADER_PLACES, hasKnownBootloader, runBootloader } from '../support/qemu/bootloader-run.js';
import { QEMU } from '../support/qemu/machine.js';
import { buttonImages, updateImages } from '../support/qemu/update-images.js';
import { describeWithTools } from '../support/tools.js';

const board = loadBoard('particle-p1');

/** The times are those of bootloader/src/main.c, with something to spare. */
const HELD: readonly (readonly [button: HeldButton, milliseconds: number])[] = [
  ['safe-mode', 2000],
  ['dfu', 4000],
  ['factory-restore', 8000],
  ['factory-restore-clear-wifi', 11_000],
];

function inspectionOf(flash: Uint8Array): Inspection {
  const image = MemoryImage.fromBytes(flash, 0x08000000, { name: 'flash.bin', offset: 0 });
  return examineImage(image, board, { name: 'flash.bin' });
}

function predictionFor(flash: Uint8Array): BootPrediction | null {
  return inspectionOf(flash).report.boot;
}

/** What the bootloader does first on the way to the end that is predicted. */
function decisionOf(prediction: BootPrediction | null): string | null {
  const isRestored = prediction?.copies.some(({ kind, result }) => kind === 'factory-restore' && result === 'copied');
  if (isRestored) return 'factory-restore';
  return prediction?.outcome === 'dfu' ? 'dfu' : prediction && 'jump';
}

function buttonImage(name: string): Uint8Array {
  return buttonImages[name]?.() ?? new Uint8Array(0);
}

function placesOf({ source, destination, length }: Pick<BootCopy, 'source' | 'destination' | 'length'>) {
  return { source, destination, length };
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

  describeWithFirmware('and the boot model, on pending updates', () => {
    it.each(updateImages.map((image) => [image.name, image] as const))('%s', async (_, { make, accepted }) => {
      const flash = make();
      const run = await runBootloader(flash);
      expect(run.decision).toBe('jump');
      expect(
        run.copies.map(({ isAccepted }) => isAccepted),
        'the bootloader',
      ).toEqual(accepted);
      const copies = predictionFor(flash)?.copies.filter(({ kind }) => kind === 'pending-update');
      expect(
        copies?.map(({ result, ...copy }) => ({ ...placesOf(copy), isAccepted: result === 'copied' })),
        'the model',
      ).toEqual(run.copies);
    });

    it('an accepted one is in its place when the bootloader jumps', async () => {
      const flash = updateImages[0]?.make() ?? new Uint8Array(0);
      const run = await runBootloader(flash);
      const [copy] = run.copies;
      const length = copy?.length ?? 0;
      expect(length).toBeGreaterThan(400);
      expect(run.flash.subarray(0xa0000, 0xa0000 + length)).toEqual(flash.subarray(0xc0000, 0xc0000 + length));
    });
  });

  describeWithFirmware('and the boot model, with the button held', () => {
    const cases = Object.entries(buttonImages).flatMap(([name, make]) =>
      HELD.map(([button, heldFor]) => [name, button, make, heldFor] as const),
    );

    it.each(cases)('%s, %s', async (_, button, make, heldFor) => {
      const flash = make();
      const { decision } = await runBootloader(flash, { heldFor });
      expect(decisionOf(bootOf(inspectionOf(flash), button))).toBe(decision);
    });

    it('decide as the time goes by', async () => {
      const decide = (name: string) =>
        Promise.all(HELD.map(async ([, heldFor]) => (await runBootloader(buttonImage(name), { heldFor })).decision));
      expect(await decide('a factory image')).toEqual(['jump', 'dfu', 'factory-restore', 'factory-restore']);
      expect(await decide('no factory image')).toEqual(['jump', 'dfu', 'dfu', 'jump']);
    });
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
