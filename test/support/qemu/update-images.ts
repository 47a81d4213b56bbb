/**
 * Flash images with records of pending updates in the DCT (platform_flash_modules_t, device-os
 * SPARK_Firmware_Driver/inc/dct.h), and which of them the released P1 bootloader 2.2.0 was seen to carry out.
 */
import { writeU16, writeU32 } from '../../../src/core/bytes.js';
import { buildDct } from '../../../src/regions/dct/edit.js';
import { noise, userPart } from '../synthetic.js';
import { flashWith, PLACES } from './bootloader-images.js';
import { flipped, headed, sealed } from './module-edits.js';

export interface UpdateImage {
  readonly name: string;
  /** For each record that is looked at, in order: the copy is made. */
  readonly accepted: readonly boolean[];
  /** 1 MiB from 0x08000000. */
  readonly make: () => Uint8Array;
}

interface Slot {
  readonly magic?: number;
  readonly sourceDevice?: number;
  readonly destinationDevice?: number;
  readonly source?: number;
  readonly destination?: number;
  readonly length?: number;
  readonly flags?: number;
  readonly function?: number;
}

const APPLICATION_SLOTS = 2852;
const SLOT_SIZE = 20;
const PENDING = 0xabcd;
const FACTORY = 0x0fac;
/** CRC 2, destination 4, function and length 8. */
const VERIFY_ALL = 0x0e;
const USER_PART = 5;

/** Small, so that few words have to be programmed. */
const application = (): Uint8Array => userPart({ size: 400 });
const LENGTH = application().length;

function record(slot: Slot): Uint8Array {
  const bytes = new Uint8Array(SLOT_SIZE).fill(0xff);
  writeU16(bytes, 0, slot.magic ?? PENDING);
  bytes[2] = slot.sourceDevice ?? 0;
  bytes[3] = slot.destinationDevice ?? 0;
  writeU32(bytes, 4, slot.source ?? PLACES.ota);
  writeU32(bytes, 8, slot.destination ?? PLACES.user);
  writeU32(bytes, 12, slot.length ?? LENGTH);
  bytes[16] = slot.flags ?? VERIFY_ALL;
  bytes[17] = slot.function ?? USER_PART;
  return bytes;
}

/** @param slots by number; 0 is the record of the factory reset. */
function image(slots: Readonly<Record<number, Slot>>, ota: Uint8Array, more: Parameters<typeof flashWith>[0] = {}) {
  const edits = Object.entries(slots).map(([number, slot]) => {
    return {
      section: 'application',
      offset: APPLICATION_SLOTS + SLOT_SIZE * Number(number),
      bytes: record(slot),
    } as const;
  });
  const { copy1, copy2 } = buildDct({ versionRecord: true, edits });
  return flashWith({ dct1: copy1, dct2: copy2, ota, ...more });
}

type Make = () => Uint8Array;

function group(accepted: readonly boolean[], images: Readonly<Record<string, Make>>): readonly UpdateImage[] {
  return Object.entries(images).map(([name, make]) => ({ name, accepted, make }));
}

const one = (slot: Slot, ota: Uint8Array = application()): Uint8Array => image({ 1: slot }, ota);
const inHeaderOf = (values: Parameters<typeof headed>[1]): Uint8Array => headed(application(), values, 0);

const MADE = group([true], {
  'an application': () => one({}),
  'an application, in the last slot': () => image({ 4: {} }, application()),
  'a longer copy than the module needs': () => one({ length: LENGTH + 8 }),
  'a copy whose length is no multiple of four': () => one({ length: LENGTH + 1 }),
  'a wrong CRC that nobody asks about': () => one({ flags: 0x0c }, flipped(application(), 200)),
  'another destination that nobody asks about': () => one({ flags: 0x0a, destination: PLACES.factory }),
  'another function that nobody asks about': () => one({ flags: 0x04, function: 4 }),
  'too short a length that nobody asks about': () => one({ flags: 0x04, length: 64 }),
  'a dependency nobody meets': () => one({}, sealed(inHeaderOf({ dependencyVersion: 9999 }))),
  'a resource of another platform': () => one({ function: 1 }, sealed(inHeaderOf({ platform: 6, function: 1 }))),
  'noise, and nothing to verify': () => one({ flags: 0, length: 256 }, noise(1024, 3)),
  'bits that mean nothing': () => one({ flags: 0xf0, length: 256 }, noise(1024, 3)),
});

const REFUSED = group([false], {
  'a wrong CRC': () => one({}, flipped(application(), 200)),
  'a wrong CRC, and only the CRC is asked about': () => one({ flags: 0x02 }, flipped(application(), 200)),
  'a module for Photon': () => one({}, sealed(inHeaderOf({ platform: 6 }))),
  'another destination': () => one({ destination: PLACES.factory }),
  'another function': () => one({ function: 4 }),
  'a length without the CRC': () => one({ length: LENGTH - 4 }),
  'an erased source': () => one({ source: PLACES.factory }),
  'a source in the serial flash': () => one({ sourceDevice: 1 }),
  'a destination in the serial flash': () => one({ destinationDevice: 1 }),
  'a source in front of the flash': () => one({ source: 0x07fffff0 }),
  'a source that ends behind the flash': () => one({ source: 0x080fff00, length: 0x200 }),
  'a destination that ends behind the flash': () => one({ flags: 0, destination: 0x080fff00, length: 0x102 + 0x100 }),
  'a module of no length': () => one({}, inHeaderOf({ end: PLACES.user })),
});

const IGNORED = group([], {
  'a free slot': () => one({ magic: 0xffff }),
  'a used slot': () => one({ magic: 0 }),
  'the magic of the factory slot elsewhere': () => one({ magic: FACTORY }),
  'a pending magic in the factory slot': () => image({ 0: {} }, application()),
  'the factory slot': () => image({ 0: { magic: FACTORY } }, application()),
  'a pending update without access to the DCT': () => image({ 1: {} }, application(), { part2: null }),
});

const SEVERAL: readonly UpdateImage[] = [
  ...group([true, true], { 'two slots': () => image({ 1: {}, 3: {} }, application()) }),
  ...group([false, true], {
    'a refused one, then a good one': () => image({ 1: { function: 4 }, 2: {} }, application()),
    'one that becomes possible by the next in the wrong order': () =>
      image({ 1: { source: PLACES.factory }, 2: { flags: 0, destination: PLACES.factory } }, application()),
  }),
  ...group([true, true, false], {
    'one that becomes possible by the one before it': () =>
      image(
        { 1: { flags: 0, destination: PLACES.factory }, 2: { source: PLACES.factory }, 4: { length: 8 } },
        application(),
      ),
  }),
];

/** What decides whether the button can ask for a factory restore; none that the system firmware would ask for later. */
export const buttonImages: Readonly<Record<string, () => Uint8Array>> = {
  'no factory image': () => flashWith({}),
  'a factory image': () => flashWith({ user: application(), factory: application() }),
  'a factory image with a wrong CRC': () => flashWith({ factory: flipped(application(), 200) }),
  'a factory image for Photon': () => flashWith({ factory: sealed(inHeaderOf({ platform: 6 })) }),
  'a factory image recorded elsewhere': () => image({ 0: { magic: FACTORY } }, application()),
  'an empty place recorded, a factory image where none is': () =>
    image({ 0: { magic: FACTORY } }, noise(16, 1), { factory: application() }),
  'a pending update': () => image({ 1: {} }, application()),
  'part 1 missing, a factory image': () => flashWith({ part1: null, factory: application() }),
  'part 1 missing, no factory image': () => flashWith({ part1: null }),
  'no access to the DCT, a factory image': () => flashWith({ part2: null, factory: application() }),
};

export const updateImages: readonly UpdateImage[] = [...MADE, ...REFUSED, ...IGNORED, ...SEVERAL];
