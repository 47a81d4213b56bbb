/** Rules about modules and places: does what lies here belong here, and is everything there that must be? */
import { formatAddress } from '../core/bytes.js';
import type { Finding } from '../core/finding.js';
import { formatCount } from '../core/words.js';
import type { Board } from '../layout/types.js';
import { type EmptyPlace, isMeantFor, type LocatedModule, properStart } from '../regions/module/find.js';
import { CRC_BYTES, MODULE_INFO } from '../regions/module/format.js';
import { functionTitle, moduleTitle, withArticle } from '../regions/module/words.js';
import { defineRule, report } from './rule.js';

export const wrongPlatform = defineRule({
  id: 'placement/wrong-platform',
  severity: 'error',
  title: 'Wrong platform',
  about: 'A module was built for another platform than the board.',
  why: 'Bootloader and firmware compare platform_id with their own: the bootloader does not start such a system part, and the firmware does not start such a user part.',
  source: 'FLASH_isUserModuleInfoValid in flash_mal.c, hal/src/stm32/ota_module.cpp @ v2.3.1',
  message: (e: { module: string; platform: string; platformId: number; board: string; expectedId: number }) =>
    `${e.module}: platform_id is ${e.platformId} (${e.platform}), the ${e.board} is platform ${e.expectedId}`,
  remedy: (e) => `Flash the ${e.board} file of the same release.`,
});

/** In place of everything the map of the wrong board would be blamed for. */
export const otherBoard = defineRule({
  id: wrongPlatform.id,
  severity: 'error',
  title: wrongPlatform.title,
  about: wrongPlatform.about,
  why: wrongPlatform.why,
  source: wrongPlatform.source,
  message: (e: {
    modules: number;
    platform: string;
    platformId: number;
    board: string;
    expectedId: number;
    useBoard: string;
    dump: boolean;
  }) =>
    `all ${e.modules} modules are for platform ${e.platformId} (${e.platform}), the ${e.board} is platform ${e.expectedId}: ${e.dump ? `this is a dump of ${article(e.platform)} ${e.platform}, or of a board with its firmware` : `these are files for ${article(e.platform)} ${e.platform}`}`,
  remedy: (e) =>
    `If the board is ${article(e.platform)} ${e.platform}, use --board ${e.useBoard}. If it is a ${e.board}, flash the files for ${e.board}.`,
});

function article(word: string): string {
  return /^[AEIOU]/i.test(word) ? 'an' : 'a';
}

export const wrongModule = defineRule({
  id: 'placement/wrong-module',
  severity: 'error',
  title: 'Wrong module in a region',
  about: 'A region holds a module of another kind or index than it is for.',
  why: 'What should be here was overwritten, and what is here is not run: firmware looks for every module at one fixed address.',
  source: 'hal/src/photon/ota_module_bounds.c @ v2.3.1',
  message: (e: { module: string; expected: string; belongs: string; bootloader: boolean }) =>
    e.bootloader
      ? `${e.module} lies in the place of the bootloader: the bootloader was overwritten, and the board does not start`
      : `${e.module} lies in the place of ${withArticle(e.expected)}; it belongs at ${e.belongs}`,
  remedy: (e) =>
    e.bootloader
      ? `Write the bootloader back with a debug probe (USB DFU cannot), and this module at ${e.belongs}.`
      : `Write ${withArticle(e.expected)} there, and this module at ${e.belongs}.`,
});

export const wrongAddress = defineRule({
  id: 'placement/wrong-start-address',
  severity: 'error',
  title: 'Wrong start address',
  about: 'A module lies at another address than it was linked for.',
  why: 'Code is linked for one address and its header says which; the firmware compares it with where the module lies and starts safe mode or a factory restore when they differ.',
  source: 'FLASH_isUserModuleInfoValid in flash_mal.c @ v2.3.1',
  message: (e: { module: string; linkedFor: string; found: string; expected: string }) =>
    e.found === e.linkedFor
      ? `${e.module}: module_start_address is ${e.linkedFor}, expected ${e.expected}: no module of its kind is started where it was linked for`
      : `${e.module}: module_start_address is ${e.linkedFor}, but it lies at ${e.found}: it was linked for another place and is not started here`,
  remedy: (e) =>
    e.found === e.linkedFor
      ? `Link it for ${e.expected}.`
      : `Link it for ${e.found}, or write it to ${e.linkedFor} if that region is meant for it.`,
});

export const pastRegion = defineRule({
  id: 'placement/past-region',
  severity: 'error',
  title: 'Reaches past its region',
  about: 'A module reaches past the end of its region.',
  why: 'The end of the module lies in the next region: writing that region destroys the module, and writing the module destroys what was there.',
  source: 'hal/src/photon/ota_module_bounds.c @ v2.3.1',
  message: (e: { module: string; region: string; end: string; limit: string }) =>
    `${e.module} ends at ${e.end}, past the end of ${e.region} at ${e.limit}`,
  remedy: () => 'Make the module smaller; what follows its region is overwritten otherwise.',
});

export const missing = defineRule({
  id: 'placement/missing',
  severity: 'error',
  title: 'Missing module',
  about: 'A region that must hold a module holds none.',
  why: 'Without bootloader or system parts the board does not start; without a user part it stays in safe mode.',
  source: 'bootloader/src/main.c, modules/shared/stm32f2xx/inc/system_part1_loader.c @ v2.3.1',
  message: (e: { module: string; application: boolean; state: string; address: string }) =>
    `${withArticle(e.module)} is missing: its region is ${e.state}`,
  remedy: (e) =>
    e.application
      ? `Flash the application, or Tinker, at ${e.address}.`
      : `Flash ${withArticle(e.module)} of the release that the other parts belong to.`,
});

export const samePlace = defineRule({
  id: 'placement/same-place',
  severity: 'error',
  title: 'Two files for one place',
  about: 'Files that are judged together claim the same addresses.',
  why: 'Only one of them can be there: which one depends on the order in which they are flashed.',
  source: 'addresses in the module headers, or in the files',
  message: (e: { first: string; second: string; at: string; bytes: number; same: boolean }) =>
    e.same
      ? `${e.second} brings the same bytes for ${e.at} as ${e.first}`
      : `${e.first} and ${e.second} both claim ${formatCount(e.bytes)} bytes from ${e.at} on, with different content; the later one is judged`,
  remedy: (e) => (e.same ? undefined : 'Leave one of them out.'),
});

export const placementRules = [wrongPlatform, wrongModule, wrongAddress, pastRegion, missing, samePlace] as const;

/** The platform all modules are for, where it is not that of the board. One module alone is no device. */
export function commonForeignPlatform(modules: readonly LocatedModule[], board: Board): number | null {
  const [first] = modules;
  if (!first || !board.platform || modules.length < 2) return null;
  const id = first.module.info.platformId;
  return id !== board.platform.id && modules.every(({ module }) => module.info.platformId === id) ? id : null;
}

/** The one finding about a dump that was read with the map of the wrong board. */
export function checkBoard(modules: readonly LocatedModule[], board: Board, other: Board, dump: boolean): Finding[] {
  const [first] = modules;
  if (!first || !board.platform || !other.platform) return [];
  const evidence = {
    modules: modules.length,
    platform: other.platform.name,
    platformId: other.platform.id,
    board: board.name,
    expectedId: board.platform.id,
    useBoard: other.id,
    dump,
  };
  const start = first.module.address + first.module.headerOffset + MODULE_INFO.field('platformId').offset;
  const place = { start, end: start + MODULE_INFO.field('platformId').size };
  return [report(otherBoard, place, evidence, { region: first.region?.id })];
}

/** Copies legitimately carry another address. */
const COPIES: readonly string[] = ['factory', 'ota', 'parked'];

export function checkPlacement(located: LocatedModule, board: Board): Finding[] {
  const { module, region } = located;
  const findings: Finding[] = [];
  const title = moduleTitle(module);
  const header = module.address + module.headerOffset;
  const field = (name: 'platformId' | 'moduleFunction' | 'moduleStartAddress') => {
    const place = MODULE_INFO.field(name);
    return { start: header + place.offset, end: header + place.offset + place.size };
  };
  if (board.platform && module.info.platformId !== board.platform.id) {
    const evidence = {
      module: title,
      platform: module.platform ?? 'unknown',
      platformId: module.info.platformId,
      board: board.name,
      expectedId: board.platform.id,
    };
    findings.push(report(wrongPlatform, field('platformId'), evidence, { region: region?.id }));
  }
  if (COPIES.includes(located.role)) return findings;
  const expected = properStart(module, board);
  if (located.role === 'other' && expected !== null && module.info.moduleStartAddress === module.address) {
    const linkedFor = formatAddress(module.address);
    const evidence = { module: title, linkedFor, found: linkedFor, expected: formatAddress(expected) };
    findings.push(report(wrongAddress, field('moduleStartAddress'), evidence, { region: region?.id }));
  }
  if (!region?.module || region.start !== module.address) return findings;
  if (!isMeantFor(module, region)) {
    const expected = functionTitle(region.module.function, region.module.index);
    const belongs = formatAddress(ownStart(located, board));
    const bootloader = region.module.function === 'bootloader';
    const evidence = { module: title, expected, belongs, bootloader };
    // Where it was linked for, and how far it reaches, matters in its own region only.
    return [...findings, report(wrongModule, field('moduleFunction'), evidence, { region: region.id })];
  }
  if (module.info.moduleStartAddress !== module.address) {
    const evidence = {
      module: title,
      linkedFor: formatAddress(module.info.moduleStartAddress),
      found: formatAddress(module.address),
      expected: formatAddress(region.start),
    };
    findings.push(report(wrongAddress, field('moduleStartAddress'), evidence, { region: region.id }));
  }
  if (module.info.moduleEndAddress + CRC_BYTES > region.end && module.info.moduleStartAddress === region.start) {
    const evidence = {
      module: title,
      region: region.title,
      end: formatAddress(module.info.moduleEndAddress + CRC_BYTES),
      limit: formatAddress(region.end),
    };
    findings.push(report(pastRegion, { start: region.end, end: module.end }, evidence, { region: region.id }));
  }
  return findings;
}

/** Where the board keeps this kind of module, else where it was linked for. */
function ownStart({ module }: LocatedModule, board: Board): number {
  const { moduleIndex, moduleStartAddress } = module.info;
  const own = board.regions.filter(
    (region) =>
      region.role !== 'factory' && region.module?.function === module.function && region.module.index === moduleIndex,
  );
  const linked = own.find((region) => region.start === moduleStartAddress);
  return (linked ?? own[0])?.start ?? moduleStartAddress;
}

const STATE_WORDS = { absent: 'not in this image', erased: 'erased', other: 'filled with something else', damaged: '' };

/** For a whole device: places that must not be empty. A damaged header has its own rule. */
export function checkEmptyPlace({ region, state }: EmptyPlace): Finding[] {
  if (!region.module || state === 'damaged') return [];
  const module = functionTitle(region.module.function, region.module.index);
  const application = region.module.function === 'user-part';
  const evidence = { module, application, state: STATE_WORDS[state], address: formatAddress(region.start) };
  return [report(missing, region, evidence, { region: region.id })];
}
