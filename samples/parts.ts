/**
 * Made-up modules and configuration, from which the sample dumps (make.ts) and many tests are put together. Sizes and
 * contents are invented; layout, versions and dependencies are those of real releases.
 */
import { fromHex } from '../src/core/bytes.js';
import { buildDct, type DctEdit } from '../src/regions/dct/edit.js';
import {
  encodeServerAddress,
  encodeSoftAp,
  encodeSsidPrefix,
  encodeStoredNetworks,
} from '../src/regions/dct/encode.js';
import { buildEeprom } from '../src/regions/eeprom/index.js';
import { buildModule, type ModuleSpecification } from '../src/regions/module/build.js';
import keys from './keys.json' with { type: 'json' };

export const FLASH_START = 0x08000000;
export const FLASH_SIZE = 0x100000;
export const P1 = 8;
const STACK_TOP = 0x20020000;

/** Bytes without meaning that compress well: a short block over and over, numbered. */
function filler(size: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let offset = 0; offset < size; offset++) {
    bytes[offset] = offset % 64 === 0 ? offset / 64 : (Math.imul(offset % 64, 37) + seed) & 0xff;
  }
  return bytes;
}

type Part = Partial<Omit<ModuleSpecification, 'payload'>> & { readonly size?: number };
type PartDefaults = Omit<ModuleSpecification, 'platformId' | 'payload'> & { readonly size: number };

function make(defaults: PartDefaults, more: Part): Uint8Array {
  const { size, ...spec } = { platformId: P1, ...defaults, ...more };
  return buildModule({ ...spec, payload: filler(size, spec.functionId + spec.index) });
}

function vectors(start: number) {
  return { initialStackPointer: STACK_TOP, reset: start + 0x201 };
}

export function bootloader(version = 1006, more: Part = {}): Uint8Array {
  const startAddress = 0x08000000;
  const part = { startAddress, functionId: 2, index: 0, version, vectors: vectors(startAddress) };
  return make({ ...part, size: 14_000 }, more);
}

export function systemPart1(version = 2202, more: Part = {}): Uint8Array {
  const startAddress = 0x08020000;
  // Up to 0.7.0 part 1 needs nothing.
  const dependencies = version < 300 ? [] : [{ functionId: 4, index: 2, version: version < 1403 ? 204 : 207 }];
  const part = { startAddress, functionId: 4, index: 1, version, dependencies, vectors: vectors(startAddress) };
  return make({ ...part, size: 180_000 }, more);
}

export function systemPart2(version = 2202, more: Part = {}): Uint8Array {
  const startAddress = 0x08060000;
  const lockStep = { functionId: 4, index: 1, version };
  const dependencies = version < 200 ? [lockStep] : [lockStep, { functionId: 2, index: 0, version: 1003 }];
  const part = { startAddress, functionId: 4, index: 2, version, dependencies, vectors: vectors(startAddress) };
  return make({ ...part, size: 200_000 }, more);
}

export function userPart(more: Part = {}): Uint8Array {
  const dependencies = [{ functionId: 4, index: 2, version: 6 }];
  return make({ startAddress: 0x080a0000, functionId: 5, index: 1, version: 6, dependencies, size: 9_000 }, more);
}

function key(name: 'devicePrivate' | 'devicePublic' | 'serverPublic'): Uint8Array {
  return fromHex(keys[name]) ?? new Uint8Array(0);
}

/** Secrets of the sample configuration; tests prove that no output holds them. */
export const SAMPLE_SECRETS = {
  passphrase: 'correct horse battery staple',
  claimCode: 'cLaImC0deOfTheSampleDumpThatIsSixtyThreeCharactersLongAndNoMor3',
  deviceSecret: 'SAMPLESECRET015',
  privateKey: key('devicePrivate'),
} as const;

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

function padded(bytes: Uint8Array, size: number): Uint8Array {
  const field = new Uint8Array(size);
  field.set(bytes);
  return field;
}

export interface Copies {
  readonly copy1: Uint8Array;
  readonly copy2: Uint8Array;
}

/** A configured DCT: keys, claim, one network, then further edits. Copy 1 holds it; copy 2 is erased. */
export function dctCopies(
  options: { readonly versionRecord?: boolean; readonly edits?: readonly DctEdit[] } = {},
): Copies {
  return buildDct({
    versionRecord: options.versionRecord ?? true,
    edits: [
      { field: 'wifi.device_configured', bytes: Uint8Array.of(1) },
      {
        field: 'wifi.stored_ap_list',
        bytes: encodeStoredNetworks([
          { ssid: 'Workshop', security: 'WPA2_AES', key: SAMPLE_SECRETS.passphrase, channel: 6 },
        ]),
      },
      { field: 'wifi.soft_ap_settings', bytes: encodeSoftAp('Photon-7H2K4C') },
      { field: 'device_private_key', bytes: key('devicePrivate') },
      { field: 'device_public_key', bytes: padded(key('devicePublic'), 384) },
      { field: 'server_public_key', bytes: key('serverPublic') },
      {
        field: 'server_address',
        bytes: encodeServerAddress({ address: 'device.spark.io', port: 5683 }),
      },
      { field: 'claim_code', bytes: ascii(SAMPLE_SECRETS.claimCode) },
      { field: 'claimed', bytes: ascii('1') },
      { field: 'ssid_prefix', bytes: encodeSsidPrefix('Photon') },
      { field: 'device_code', bytes: ascii('7H2K4C') },
      { field: 'device_secret', bytes: ascii(SAMPLE_SECRETS.deviceSecret) },
      { field: 'device_id', bytes: fromHex('340026000447343134383839') ?? new Uint8Array(12) },
      ...(options.edits ?? []),
    ],
  });
}

export function eepromPages(): { page1: Uint8Array; page2: Uint8Array } {
  return buildEeprom(new Map([...ascii('counter=42')].map((byte, index) => [index, byte])));
}

/** A full dump, erased where nothing is placed. */
export function dump(parts: readonly (readonly [address: number, bytes: Uint8Array])[]): Uint8Array {
  const bytes = new Uint8Array(FLASH_SIZE).fill(0xff);
  for (const [address, part] of parts) bytes.set(part, address - FLASH_START);
  return bytes;
}

/** A configured device that runs 2.2.0 and has nothing wrong with it. */
export function healthyDump(): Uint8Array {
  const { copy1, copy2 } = dctCopies();
  const { page1, page2 } = eepromPages();
  return dump([
    [0x08000000, bootloader()],
    [0x08004000, copy1],
    [0x08008000, copy2],
    [0x0800c000, page1],
    [0x08010000, page2],
    [0x08020000, systemPart1()],
    [0x08060000, systemPart2()],
    [0x080a0000, userPart()],
  ]);
}

/** Chip erased, bootloader and parts of 0.5.2 flashed, application flashed, nothing else: no keys, no credentials. */
export function erasedThenFlashedDump(): Uint8Array {
  return dump([
    [0x08000000, bootloader(7)],
    [0x08020000, systemPart1(17)],
    [0x08060000, systemPart2(17)],
    [0x080a0000, userPart()],
  ]);
}
