import { concatBytes, writeU32 } from '../../../src/core/bytes.js';
import type { Finding } from '../../../src/core/finding.js';
import { checkOnto, checkSet } from '../../../src/operations/check/check.js';
import { buildModule, sealModule } from '../../../src/regions/module/build.js';
import {
  bootloader,
  dctCopies,
  healthyDump,
  rawInput,
  systemPart1,
  systemPart2,
  userPart,
} from '../../support/synthetic.js';
import { slotsWith, withCopies } from './dct.js';
import { checked, P1_BOARD, patched, type Sample, type Samples } from './sample.js';

const PART1 = 0x20000;
const PART2 = 0x60000;
const USER = 0xa0000;
const FACTORY = 0xe0000;
const HEADER = 0x184;

const silent = () => checked(healthyDump());

/** The healthy device with one module replaced; its sectors are erased first. */
export function withModule(offset: number, module: Uint8Array, device = healthyDump()): Uint8Array {
  const size = offset === 0 ? 0x4000 : offset === PART1 || offset === PART2 ? 0x40000 : 0x20000;
  const bytes = device.slice();
  bytes.fill(0xff, offset, Math.min(bytes.length, offset + Math.max(size, module.length)));
  bytes.set(module, offset);
  return bytes;
}

const of = (offset: number, module: () => Uint8Array, also: readonly string[] = []): Sample => ({
  fires: () => checked(withModule(offset, module())),
  silent,
  also,
});

/** A user part whose code begins with these words. */
export function programWith(...words: readonly number[]): Uint8Array {
  const payload = new Uint8Array(400 + 4 * words.length);
  for (const [index, word] of words.entries()) writeU32(payload, 200 + 4 * index, word);
  return buildModule({ startAddress: 0x080a0000, platformId: 8, functionId: 5, index: 1, version: 6, payload });
}

/** A system part 2 that carries a bootloader of this version, as those of 0.4.3 to 0.6.4 do. */
export function carrying(version: number, carried: number): Uint8Array {
  const inner = bootloader(carried);
  const payload = concatBytes([new Uint8Array(160_000).fill(0x5a), inner, new Uint8Array(1000).fill(0x5a)]);
  const dependencies = [{ functionId: 4, index: 1, version }];
  const vectors = { initialStackPointer: 0x20020000, reset: 0x08060201 };
  const startAddress = 0x08060000;
  return buildModule({ startAddress, platformId: 8, functionId: 4, index: 2, version, dependencies, vectors, payload });
}

/** Bootloader 7 and system parts of 0.6.4, configured. */
function device064(part2: Uint8Array, boot = bootloader(7)): Uint8Array {
  const device = withModule(0, boot, withModule(PART1, systemPart1(110)));
  return withModule(PART2, part2, device);
}

const sealed = (module: Uint8Array, change: (module: Uint8Array) => void): Uint8Array => {
  const copy = module.slice();
  change(copy);
  return sealModule(copy);
};

function onto(chip: Uint8Array, ...files: readonly (readonly [Uint8Array, number?])[]) {
  const inputs = files.map(([bytes, base], index) => ({ ...rawInput(bytes, base), path: `file${index}.bin` }));
  return checkOnto(rawInput(chip), inputs, P1_BOARD, { ignore: ['release/unknown-build'] }).report.findings;
}

function set(...files: readonly Uint8Array[]) {
  const inputs = files.map((bytes, index) => ({ ...rawInput(bytes), path: `file${index}.bin` }));
  return checkSet(inputs, P1_BOARD, { ignore: ['release/unknown-build'] }).report.findings;
}

const withFactory = (): Uint8Array => withModule(FACTORY, userPart());
const OPTION_KEYS = [0x08192a3b, 0x4c5d6e7f];
const FLASH_KEYS = [0x45670123, 0xcdef89ab];

export const moduleSamples: Samples = {
  'module/crc-mismatch': of(PART1, () => patched(systemPart1(), 0x1000, 0x99)),
  'module/never-sealed': of(PART1, () => {
    const module = systemPart1().slice();
    module.set([0x78, 0x56, 0x34, 0x12], module.length - 4);
    module.set(
      Uint8Array.from({ length: 32 }, (_, index) => index + 1),
      module.length - 38,
    );
    return module;
  }),
  'module/sha-mismatch': of(PART1, () => {
    const module = systemPart1();
    const changed = patched(module, 0x1000, 0x99);
    const whole = sealModule(changed);
    // The CRC of a module with the digest it had before the change.
    whole.set(module.subarray(module.length - 38, module.length - 6), module.length - 38);
    return resealCrc(whole);
  }),
  'module/truncated': {
    fires: () => checked(systemPart1().slice(0, 90_000)),
    silent: () => checked(systemPart1()),
    also: ['acquisition/truncated'],
  },
  'module/damaged-header': of(PART1, () => patched(systemPart1(), HEADER + 4, 0, 0, 0, 0), ['dependency/missing']),
  'module/flags-set': of(PART1, () => sealed(systemPart1(), (module) => module.set([2], HEADER + 9))),
  'module/odd-header': of(PART1, () => sealed(systemPart1(), (module) => module.set([7], HEADER + 8))),
  'module/unknown-version': of(0, () => bootloader(1007)),
  'module/version-after-support': of(0, () => bootloader(4000)),
  'container/not-recognised': {
    fires: () => checked(new TextEncoder().encode('<!DOCTYPE html><html><body>Not found</body></html>')),
    silent,
  },
  'container/trailing-bytes': {
    fires: () => checked(concatBytes([userPart(), Uint8Array.from({ length: 500 }, (_, index) => (index * 7) & 0x7f)])),
    silent: () => checked(userPart()),
  },
};

function resealCrc(module: Uint8Array): Uint8Array {
  const sealedAgain = sealModule(module);
  const digest = module.subarray(module.length - 38, module.length - 6);
  sealedAgain.set(digest, module.length - 38);
  return withCrc(sealedAgain);
}

function withCrc(module: Uint8Array): Uint8Array {
  const body = module.subarray(0, module.length - 4);
  let crc = 0xffffffff;
  for (const byte of body) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  const value = ~crc >>> 0;
  return patched(module, module.length - 4, value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
}

export const placementSamples: Samples = {
  'placement/wrong-platform': of(USER, () => userPart({ platformId: 6 })),
  'placement/wrong-module': of(PART1, () => systemPart1(2202, { index: 3 }), [
    'dependency/missing',
    'module/unknown-version',
  ]),
  'placement/wrong-start-address': of(USER, () => userPart({ startAddress: 0x080c0000 })),
  'placement/past-region': of(USER, () => programOf(0x20000 - 40)),
  'placement/missing': { fires: () => checked(withModule(0, new Uint8Array(0))), silent, also: ['dependency/missing'] },
  'placement/same-place': {
    fires: () => set(userPart(), userPart({ version: 5 })),
    silent: () => set(userPart(), systemPart2(), systemPart1()),
  },
};

function programOf(bytes: number): Uint8Array {
  const place = { startAddress: 0x080a0000, platformId: 8, functionId: 5, index: 1, version: 6 };
  return buildModule({ ...place, payload: new Uint8Array(bytes) });
}

export const dependencySamples: Samples = {
  'dependency/unmet': of(0, () => bootloader(501)),
  'dependency/missing': {
    fires: () => checked(withModule(PART1, new Uint8Array(0))),
    silent,
    also: ['placement/missing'],
  },
  'dependency/mixed-generations': of(0, () => bootloader(11), ['dependency/unmet', 'risk/no-factory-reset']),
  'dependency/second-not-checked': of(USER, () =>
    sealed(userPart(), (module) => {
      module.copyWithin(20, 16, 20);
      writeU32(module, 16, 0);
    }),
  ),
};

export const releaseSamples: Samples = {
  'release/unknown-build': {
    fires: () => checked(healthyDump(), { ignore: [] }),
    silent: () => checked(userPart(), { ignore: [] }),
  },
  'release/mixed': of(PART1, () => systemPart1(2302)),
  'release/bootloader-replaced': {
    fires: () => checked(device064(carrying(110, 11))),
    silent: () => checked(device064(carrying(110, 7))),
    also: ['risk/no-factory-reset'],
  },
  'release/downgrade': {
    fires: () => onto(healthyDump(), [systemPart1(1502)], [systemPart2(1502)]),
    silent: () => onto(healthyDump(), [systemPart1(2302)], [systemPart2(2302)]),
  },
};

export const riskSamples: Samples = {
  'risk/writes-option-bytes': of(USER, () => programWith(...OPTION_KEYS, 0x40023c14)),
  'risk/writes-flash': of(USER, () => programWith(...FLASH_KEYS, 0x40023c00)),
  'risk/factory-image-overwritten': {
    fires: () => onto(withFactory(), [systemPart1(), 0x080c0000]),
    silent: () => onto(withFactory(), [userPart(), 0x080c0000]),
  },
  'risk/no-factory-reset': {
    fires: () => checked(device064(systemPart2(110))),
    silent: () => {
      const edits = [{ field: 'flash_modules', bytes: slotsWith(0, 'factory') }];
      return checked(withCopies(dctCopies({ edits }), device064(systemPart2(110))));
    },
  },
  'risk/device-key-lost': {
    fires: () => {
      const { copy2 } = dctCopies();
      const edits = [{ field: 'device_private_key', bytes: new Uint8Array(1216).fill(0xff) }];
      return onto(healthyDump(), [dctCopies({ edits }).copy1, 0x08004000], [copy2, 0x08008000]);
    },
    silent: () => onto(healthyDump(), [dctCopies().copy1, 0x08004000]),
    also: ['dct/device-key-missing'],
  },
  'risk/update-ends-badly': {
    fires: () => withUpdate(bootloader(501)),
    silent: () => withUpdate(bootloader(1003)),
    also: ['dct/ota-flag-set'],
  },
};

/** The healthy device, which needs bootloader 1003, with the update flag set for this module in the OTA region. */
function withUpdate(module: Uint8Array): readonly Finding[] {
  const edits = [{ field: 'ota_update_flag', bytes: Uint8Array.of(0xa5) }];
  const device = withCopies(dctCopies({ edits }));
  device.set(module, 0xc0000);
  return checked(device);
}
