/**
 * Flash images for the released P1 bootloader 2.2.0, and what it was seen to do with each (bootloader-run.ts): the
 * measure of the boot model. All need the released firmware.
 */
import type { BootloaderDecision } from '../../../src/boot/types.js';
import { concatBytes, formatAddress } from '../../../src/core/bytes.js';
import { firmwareFile } from '../firmware.js';
import { dctCopies, dump, noise } from '../synthetic.js';
import {
  crcReversed,
  erasedFront,
  type Fields,
  flipped,
  headed,
  headerInFront,
  sealed,
  TABLES,
  withEntry,
  withWord,
} from './module-edits.js';

export interface BootloaderImage {
  readonly name: string;
  readonly decision: BootloaderDecision;
  /** The bootloader accepts the system parts and reads the DCT through them. */
  readonly dctAccess: boolean;
  /** 1 MiB from 0x08000000. */
  readonly make: () => Uint8Array;
}

export const PLACES = {
  bootloader: 0x08000000,
  dct1: 0x08004000,
  dct2: 0x08008000,
  part1: 0x08020000,
  part2: 0x08060000,
  user: 0x080a0000,
  ota: 0x080c0000,
  factory: 0x080e0000,
} as const;

type Place = keyof typeof PLACES;

/** What lies where, other than the bootloader and parts of 2.2.0; null leaves a place erased. */
type Contents = { readonly [place in Place]?: Uint8Array | null };
type Make = () => Contents;

const bootloader = (): Uint8Array => firmwareFile('p1-bootloader@2.2.0+lto.bin');
const part1 = (release = '2.2.0'): Uint8Array => firmwareFile(`p1-system-part1@${release}.bin`);
const part2 = (release = '2.2.0'): Uint8Array => firmwareFile(`p1-system-part2@${release}.bin`);
const oldPart1 = (): Uint8Array => firmwareFile('system-part1-0.5.2-p1.bin');
const oldPart2 = (): Uint8Array => firmwareFile('system-part2-0.5.2-p1.bin');
const photonPart1 = (): Uint8Array => firmwareFile('photon-system-part1@2.2.0.bin');
const photonPart2 = (): Uint8Array => firmwareFile('photon-system-part2@2.2.0.bin');
const tinker = (): Uint8Array => firmwareFile('tinker-0.4.5-p1.bin');
const mono = (): Uint8Array => firmwareFile('RC4_unlocker.bin');

function configured(): Contents {
  const { copy1, copy2 } = dctCopies();
  return { dct1: copy1, dct2: copy2 };
}

/** 1 MiB with the released bootloader and parts 2.2.0, where the contents say nothing else. */
export function flashWith(contents: Contents): Uint8Array {
  const all: Contents = { bootloader: bootloader(), part1: part1(), part2: part2(), ...contents };
  const places = Object.entries(PLACES) as [Place, number][];
  return dump(
    places.flatMap(([place, address]) => {
      const bytes = all[place];
      return bytes ? [[address, bytes] as const] : [];
    }),
  );
}

function group(
  decision: BootloaderDecision,
  dctAccess: boolean,
  images: Readonly<Record<string, Make>>,
): readonly BootloaderImage[] {
  return Object.entries(images).map(([name, contents]) => {
    return { name, decision, dctAccess, make: () => flashWith(contents()) };
  });
}

const SECTOR = 0x20000;
const REGION = 0x40000;
const DCT = 0x4000;

/** Both parts are accepted: the jump, with the DCT at hand. */
const ACCEPTED = group('jump', true, {
  '2.2.0 complete, DCT erased': () => ({}),
  '2.2.0 with a configured DCT': configured,
  '2.2.0 with DCT, application and factory copy': () => ({ ...configured(), user: tinker(), factory: tinker() }),
  '2.2.0 with noise in both DCT sectors': () => ({ dct1: noise(DCT, 3), dct2: noise(DCT, 4) }),
  '2.2.0 with zeros in both DCT sectors': () => ({ dct1: new Uint8Array(DCT), dct2: new Uint8Array(DCT) }),
  '2.2.0 with noise in the place of the application': () => ({ user: noise(SECTOR, 5) }),
  '2.2.0 with an application for Photon': () => ({ user: firmwareFile('tinker-0.4.5-photon.bin') }),
  '2.2.0 with an application whose CRC is wrong': () => ({ user: flipped(tinker(), 2000) }),
  '2.2.0 with an update left in the OTA region': () => ({ ota: part1() }),
  '2.3.1 parts': () => ({ part1: part1('2.3.1'), part2: part2('2.3.1') }),
  '2.3.1 parts with a configured DCT': () => ({ ...configured(), part1: part1('2.3.1'), part2: part2('2.3.1') }),
  '1.5.0 parts': () => ({ part1: part1('1.5.0'), part2: part2('1.5.0') }),
  'part 1 of 2.3.1, part 2 of 2.2.0': () => ({ part1: part1('2.3.1') }),
  'part 1 of 2.2.0, part 2 of 1.5.0': () => ({ part2: part2('1.5.0') }),
  'part 1: a bit of the body, CRC right': () => ({ part1: sealed(flipped(part1(), 0x12345)) }),
  'part 1: a bit of the digest, CRC right': () => ({ part1: sealed(flipped(part1(), part1().length - 20)) }),
  'part 1: a byte behind its CRC': () => ({ part1: concatBytes([part1(), Uint8Array.of(0)]) }),
});

/** The bootloader looks at the header of part 1 only: the jump, whatever comes after it. */
const WITHOUT_DCT = group('jump', false, {
  '0.5.2 parts': () => ({ part1: oldPart1(), part2: oldPart2() }),
  '0.5.2 parts with a configured DCT': () => ({ ...configured(), part1: oldPart1(), part2: oldPart2() }),
  'P1 part 1, Photon part 2': () => ({ part2: photonPart2() }),
  'part 1 of 2.2.0, part 2 of 2.3.1': () => ({ part2: part2('2.3.1') }),
  'part 1 of 1.5.0, part 2 of 2.2.0': () => ({ part1: part1('1.5.0') }),
  'part 1 of 0.5.2, part 2 of 2.2.0': () => ({ part1: oldPart1() }),
  'part 1 of 2.2.0, part 2 of 0.5.2': () => ({ part2: oldPart2() }),
  'part 1 in both places': () => ({ part2: part1() }),
  'monolithic firmware with the platform of the P1': () => ({ part1: headed(mono(), { platform: 8 }), part2: null }),
  'part 2 missing': () => ({ part2: null }),
  'part 2 all zeros': () => ({ part2: new Uint8Array(REGION) }),
  'noise in the place of part 2': () => ({ part2: noise(REGION, 7) }),
  'part 1: second sector erased': () => ({ part1: part1().subarray(0, SECTOR) }),
  'part 2: first sector erased': () => ({ part2: erasedFront(part2(), SECTOR) }),
  'part 2: second sector erased': () => ({ part2: part2().subarray(0, SECTOR) }),
  'part 1: header in front': () => ({ part1: headerInFront(part1()) }),
  'part 2: header in front': () => ({ part2: headerInFront(part2()) }),
  'part 1: reset vector erased': () => ({ part1: withWord(part1(), 4, 0xffffffff) }),
  'part 1: a bit of the body': () => ({ part1: flipped(part1(), 0x12345) }),
  'part 1: a bit of the last byte': () => ({ part1: flipped(part1(), part1().length - 5, 0x80) }),
  'part 1: a bit of the CRC': () => ({ part1: flipped(part1(), part1().length - 1) }),
  'part 2: a bit of the body': () => ({ part2: flipped(part2(), 0x23456, 0x10) }),
  'part 2: a bit of the last byte': () => ({ part2: flipped(part2(), part2().length - 5) }),
  'part 2: CRC erased': () => ({ part2: withWord(part2(), part2().length - 4, 0xffffffff) }),
  'part 2: CRC in the other byte order': () => ({ part2: crcReversed(part2()) }),
  'both parts: a bit of the body': () => ({ part1: flipped(part1(), 0x999), part2: flipped(part2(), 0x999) }),
  'part 1 corrupt in its body, factory copy': () => ({ part1: flipped(part1(), 0x777), factory: tinker() }),
});

/** All checks of the modules pass, but a table of theirs names a function that lies outside the module. */
const WITHOUT_FUNCTIONS = group('jump', false, {
  'part 1: pre-init erased': () => {
    return { part1: withEntry(part1(), PLACES.part1, TABLES.preInitOfPart1, 0, 0xffffffff) };
  },
  'part 1: its table at 0, where the flash is seen too': () => {
    return { part1: sealed(withWord(part1(), TABLES.preInitOfPart1, 0)) };
  },
  'part 2: pre-init in RAM': () => {
    return { part2: withEntry(part2(), PLACES.part2, TABLES.preInitOfPart2, 0, 0x20000001) };
  },
  'part 2: DCT reader in another module': () => {
    return { part2: withEntry(part2(), PLACES.part2, TABLES.dctOfPart2, 0, 0x08020201) };
  },
  'part 2: DCT writer 0': () => ({ part2: withEntry(part2(), PLACES.part2, TABLES.dctOfPart2, 4, 0) }),
});

/** Part 1 is refused, and there is nothing to restore. */
const REFUSED = group('dfu', false, {
  'Photon parts 2.2.0': () => ({ part1: photonPart1(), part2: photonPart2() }),
  'Photon part 1, P1 part 2': () => ({ part1: photonPart1() }),
  'Photon part 1 of 0.4.3': () => ({ part1: firmwareFile('043_system-part1.bin') }),
  'an Electron part of the same address': () => ({ part1: firmwareFile('electron-system-part2@2.2.0.bin') }),
  'an Electron part with its header in front': () => ({ part1: firmwareFile('electron-system-part1@2.2.0.bin') }),
  'parts exchanged': () => ({ part1: part2(), part2: part1() }),
  'part 2 in both places': () => ({ part1: part2() }),
  'an application in the place of part 1': () => ({ part1: tinker() }),
  'a bootloader in the place of part 1': () => ({ part1: bootloader() }),
  'monolithic firmware of the Photon': () => ({ part1: mono(), part2: null }),
  'only the bootloader': () => ({ part1: null, part2: null }),
  'part 1 missing': () => ({ part1: null }),
  'part 1 missing, application present': () => ({ part1: null, user: tinker() }),
  'part 1 all zeros': () => ({ part1: new Uint8Array(REGION) }),
  'noise in the place of part 1': () => ({ part1: noise(REGION, 6) }),
  'part 1: first sector erased': () => ({ part1: erasedFront(part1(), SECTOR) }),
});

const NOTHING_TO_RUN = group('lockup', false, {
  'an erased chip': () => ({ bootloader: null, part1: null, part2: null }),
  'sector 0 erased': () => ({ bootloader: null }),
  'sector 0 all zeros': () => ({ bootloader: new Uint8Array(DCT) }),
});

type HeaderRow = readonly [what: string, values: Fields, decision: BootloaderDecision, dctAccessWhenSealed: boolean];

const HEADERS_OF_PART_1: readonly HeaderRow[] = [
  ['start 0', { start: 0 }, 'dfu', false],
  ['start one byte later', { start: 0x08020001 }, 'dfu', false],
  ['start in the next sector', { start: 0x08040000 }, 'dfu', false],
  ['start erased', { start: 0xffffffff }, 'dfu', false],
  ['end at the end of the flash', { end: 0x08100000 }, 'jump', false],
  ['end behind the end of the flash', { end: 0x08100001 }, 'dfu', false],
  ['end erased', { end: 0xffffffff }, 'dfu', false],
  ['end 0', { end: 0 }, 'jump', false],
  ['end at its start', { end: 0x08020000 }, 'jump', false],
  ['end in front of its start', { end: 0x0801fffc }, 'jump', false],
  ['end four bytes late', { end: 0x0805af58 }, 'jump', false],
  ['end behind its region', { end: 0x08060004 }, 'jump', false],
  ['platform Photon', { platform: 6 }, 'dfu', false],
  ['platform Electron', { platform: 10 }, 'dfu', false],
  ['platform 0', { platform: 0 }, 'dfu', false],
  ['platform with a bit in its high byte', { platform: 0x0108 }, 'dfu', false],
  ['function user part', { function: 5 }, 'jump', false],
  ['function monolithic firmware', { function: 3 }, 'jump', false],
  ['index 2', { index: 2 }, 'jump', false],
  ['version one less than needed', { version: 2201 }, 'jump', false],
  ['version 0', { version: 0 }, 'jump', false],
  ['version erased', { version: 0xffff }, 'jump', true],
  ['flags set', { flags: 0x02 }, 'jump', true],
  ['reserved byte set', { reserved: 0xff }, 'jump', true],
  ['a dependency nobody meets', { dependencyVersion: 9999 }, 'jump', true],
];

const HEADERS_OF_PART_2: readonly HeaderRow[] = [
  ['start 0', { start: 0 }, 'jump', false],
  ['start one byte later', { start: 0x08060001 }, 'jump', false],
  ['end behind its region', { end: 0x080a0004 }, 'jump', false],
  ['end behind the end of the flash', { end: 0x08100001 }, 'jump', false],
  ['end at its start', { end: 0x08060000 }, 'jump', false],
  ['end four bytes early', { end: 0x0809fb60 }, 'jump', false],
  ['platform Photon', { platform: 6 }, 'jump', false],
  ['function user part', { function: 5 }, 'jump', false],
  ['index 1', { index: 1 }, 'jump', false],
  ['version 199', { version: 199 }, 'jump', false],
  ['version 200', { version: 200 }, 'jump', true],
  ['version 0', { version: 0 }, 'jump', false],
  ['version erased', { version: 0xffff }, 'jump', true],
  ['flags set', { flags: 0x08 }, 'jump', true],
  ['part 1 one version newer needed', { dependencyVersion: 2203 }, 'jump', false],
  ['part 1 of any version needed', { dependencyVersion: 0 }, 'jump', true],
  ['no first dependency, but its version', { dependencyFunction: 0, dependencyVersion: 9999 }, 'jump', false],
  ['a first dependency on another module', { dependencyFunction: 2, dependencyIndex: 0 }, 'jump', true],
  ['a newer bootloader needed', { secondDependencyVersion: 9999 }, 'jump', true],
];

/** Each header with the CRC made right again and with the CRC as it was: then there is never access to the DCT. */
function headers(place: 'part1' | 'part2', rows: readonly HeaderRow[]): readonly BootloaderImage[] {
  const part = place === 'part1' ? part1 : part2;
  const name = place === 'part1' ? 'part 1' : 'part 2';
  return rows.flatMap(([what, values, decision, dctAccess]) => [
    ...group(decision, dctAccess, {
      [`${name}: ${what}, CRC right`]: () => ({ [place]: sealed(headed(part(), values)) }),
    }),
    ...group(decision, false, { [`${name}: ${what}, CRC stale`]: () => ({ [place]: headed(part(), values) }) }),
  ]);
}

/** Only the bits 0x2FF10000 of the first word, which must be 0x20000000, tell a vector table from a header. */
const GOOD_STACK_WORDS = [0x20000000, 0x2000ffff, 0x200e0000, 0x30020000, 0xf00effff];
const BAD_STACK_WORDS = [0x20010000, 0x20100000, 0x21020000, 0x28020000, 0x10020000, 0x00000000, 0xffffffff];

function stackWords(words: readonly number[], isGood: boolean): readonly BootloaderImage[] {
  return words.flatMap((word) => [
    ...group(isGood ? 'jump' : 'dfu', isGood, {
      [`part 1: stack word ${formatAddress(word)}`]: () => ({ part1: sealed(withWord(part1(), 0, word)) }),
    }),
    ...group('jump', isGood, {
      [`part 2: stack word ${formatAddress(word)}`]: () => ({ part2: sealed(withWord(part2(), 0, word)) }),
    }),
  ]);
}

/** An application that fills its 128 KiB, CRC included. */
function longestApplication(): Uint8Array {
  const bytes = new Uint8Array(SECTOR).fill(0x5a);
  bytes.set(tinker());
  return sealed(inHeaderOf(bytes, { end: PLACES.user + bytes.length - 4 }));
}

/** The header of an application is its first bytes. */
function inHeaderOf(application: Uint8Array, values: Fields): Uint8Array {
  return headed(application, values, 0);
}

const RESTORED: Readonly<Record<string, () => Uint8Array>> = {
  'Tinker 0.4.5': tinker,
  'Tinker of 2015': () => firmwareFile('p1_tinker.bin'),
  'an application that fills its region': longestApplication,
  'another index and version': () => sealed(inHeaderOf(tinker(), { index: 7, version: 0 })),
  'a dependency nobody meets': () => sealed(inHeaderOf(tinker(), { dependencyVersion: 9999 })),
};

const NOT_RESTORED: Readonly<Record<string, () => Uint8Array>> = {
  'Tinker for Photon': () => firmwareFile('tinker-0.4.5-photon.bin'),
  'Tinker for Electron': () => firmwareFile('electron_tinker.bin'),
  'a bit of the body': () => flipped(tinker(), 3000),
  'CRC erased': () => withWord(tinker(), tinker().length - 4, 0xffffffff),
  'start elsewhere': () => sealed(inHeaderOf(tinker(), { start: PLACES.factory })),
  'end at its start': () => inHeaderOf(tinker(), { end: PLACES.user }),
  'end behind its region': () => inHeaderOf(tinker(), { end: PLACES.ota }),
  'function system part': () => sealed(inHeaderOf(tinker(), { function: 4 })),
  'function resource': () => sealed(inHeaderOf(tinker(), { function: 1 })),
  'a system part': () => part1().subarray(0, SECTOR),
  'a bootloader': bootloader,
  zeros: () => new Uint8Array(SECTOR),
  noise: () => noise(SECTOR, 8),
};

/** What a factory reset finds at 0x080E0000 when part 1 is missing. */
function factoryCopies(
  decision: BootloaderDecision,
  copies: Readonly<Record<string, () => Uint8Array>>,
): readonly BootloaderImage[] {
  return Object.entries(copies).flatMap(([name, factory]) =>
    group(decision, false, {
      [`part 1 missing, factory copy: ${name}`]: () => ({ part1: null, factory: factory() }),
    }),
  );
}

const MORE_RESTORED = group('factory-restore', false, {
  'both parts missing, factory copy': () => ({ part1: null, part2: null, factory: tinker() }),
  'part 1 for Photon, factory copy': () => ({ part1: photonPart1(), factory: tinker() }),
  'part 1 missing, configured DCT, factory copy': () => ({ ...configured(), part1: null, factory: tinker() }),
});

export const bootloaderImages: readonly BootloaderImage[] = [
  ...ACCEPTED,
  ...WITHOUT_DCT,
  ...WITHOUT_FUNCTIONS,
  ...REFUSED,
  ...NOTHING_TO_RUN,
  ...headers('part1', HEADERS_OF_PART_1),
  ...headers('part2', HEADERS_OF_PART_2),
  ...stackWords(GOOD_STACK_WORDS, true),
  ...stackWords(BAD_STACK_WORDS, false),
  ...factoryCopies('factory-restore', RESTORED),
  ...factoryCopies('dfu', NOT_RESTORED),
  ...MORE_RESTORED,
];
