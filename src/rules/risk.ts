/**
 * Rules about what can go wrong later: programs that can change protection or erase flash, and the ways back that this
 * content of the flash does not have.
 */
import { formatAddress, formatHex } from '../core/bytes.js';
import type { Finding } from '../core/finding.js';
import { rangeOf } from '../core/range.js';
import { formatCount } from '../core/words.js';
import type { Board, Region } from '../layout/types.js';
import type { DctReport } from '../regions/dct/decode.js';
import { findConstants } from '../regions/module/constants.js';
import type { LocatedModule, ModuleSurvey } from '../regions/module/find.js';
import { moduleTitle } from '../regions/module/words.js';
import type { OptionBytes } from '../regions/option-bytes.js';
import { atField, type FieldEvidence } from './dct-keys.js';
import { defineRule, report } from './rule.js';

export const writesOptionBytes = defineRule({
  id: 'risk/writes-option-bytes',
  severity: 'warning',
  title: 'Program can change option bytes',
  about: 'A user part holds both keys that unlock the option bytes, and the address of their registers.',
  why: 'Option bytes outlive every update: a brown-out level above what the supply delivers keeps the chip in reset for good, read protection shuts the debugger out, and level 2 cannot be undone.',
  source: 'RM0033, FLASH_OPTKEYR and FLASH_OPTCR',
  message: (e: { module: string; keys: string; register: string; at: string }) =>
    `${e.module} can write option bytes: it holds the unlock keys ${e.keys} (at ${e.at}) and the register address ${e.register}`,
  remedy: () =>
    'Find out what it writes: brown-out level 3 needs more than 2.98 V at every moment. On a board that already ran it, read FLASH_OPTCR (mdw 0x40023C14) and look with "flashatlas optbytes decode WORD".',
});

export const writesFlash = defineRule({
  id: 'risk/writes-flash',
  severity: 'note',
  title: 'Program can erase flash',
  about: 'A user part holds both keys that unlock the flash, and the address of its registers.',
  why: 'It can erase every sector that is not write protected, bootloader, keys and system parts among them; a mistake in an address, or a reset in the middle, is enough.',
  source: 'RM0033, FLASH_KEYR',
  message: (e: { module: string; keys: string; register: string; at: string; reach: string }) =>
    `${e.module} can erase and program flash by itself: it holds the unlock keys ${e.keys} (at ${e.at}) and the register address ${e.register}; ${e.reach}`,
});

export const factoryImageOverwritten = defineRule({
  id: 'risk/factory-image-overwritten',
  severity: 'warning',
  title: 'Factory image overwritten',
  about: 'An update in the OTA region reaches into the region of the factory image.',
  why: 'The OTA region contains the factory region: every update longer than 128 KiB, and so every system part, destroys the application that a factory reset would bring back.',
  source: 'hal/src/photon/ota_module_bounds.c @ v2.3.1',
  message: (e: { module: string; length: number; factory: string; had: string }) =>
    `${e.module} in the OTA region is ${formatCount(e.length)} bytes long and lies over the factory region at ${e.factory}${e.had ? `: ${e.had} is lost` : ': there is no factory image any more'}`,
  remedy: (e) => (e.had ? 'Write the factory image again after the update.' : undefined),
});

export const noFactoryReset = defineRule({
  id: 'risk/no-factory-reset',
  severity: 'note',
  title: 'Factory reset cannot work',
  about: 'The bootloader looks for the factory image where system part 2 lies, and the DCT names no other place.',
  why: 'Holding the button for a factory reset changes nothing on such a board, so that it is no way back from a bad application. Read from the sources, not tried on a board.',
  source: 'flash_mal.c and bootloader makefiles @ v0.4.9 to v1.4.0; P1 firmware from 0.4.4 on writes no factory record',
  message: (e: { bootloader: number; looksAt: string; unused: string }) =>
    `a factory reset cannot work here: bootloader ${e.bootloader} looks for the factory image at ${e.looksAt}, inside system part 2${e.unused ? `, and not at ${e.unused}, where there is one` : ''}`,
  remedy: () =>
    'Keep the application as a file and flash it over USB DFU. Bootloaders from version 500 on look at 0x080E0000.',
});

export const deviceKeyLost = defineRule({
  id: 'risk/device-key-lost',
  severity: 'warning',
  title: 'Device key would be lost',
  about: 'What is written replaces the device private key that is on the chip.',
  why: 'The cloud knows a board by this key. Without a copy it has to be registered anew.',
  source: 'hal/src/stm32f2xx/ota_flash_hal_stm32f2xx.cpp @ v2.2.0',
  message: (e: FieldEvidence & { replaced: boolean }) =>
    e.replaced
      ? `the device private key in DCT copy ${e.copy} is replaced by another one`
      : `the device private key in DCT copy ${e.copy} is erased, and nothing written has one`,
  remedy: () =>
    'Leave the DCT sectors out, or take the key along: "flashatlas dct get --show-secrets -o KEY_FILE DUMP device_private_key".',
});

export const updateEndsBadly = defineRule({
  id: 'risk/update-ends-badly',
  severity: 'error',
  title: 'Pending copy ends badly',
  about: 'What the next start copies leaves a board that does not run its application.',
  why: 'A module that waits is checked before it is copied, but not everything that depends on what it replaces: a board that runs now does not after its next reset.',
  source: 'bootloader/src/main.c, hal/src/stm32f2xx/core_hal_stm32f2xx.c @ v2.3.1',
  message: (e: { bytes: number; from: string; to: string; ends: string }) =>
    `at its next start the board copies ${formatCount(e.bytes)} bytes from ${e.from} to ${e.to}; after that it ${e.ends}`,
  remedy: () =>
    'Clear what asks for the copy before the board starts (the update flag or the slot in the DCT), or write what is missing beside it.',
});

export const riskRules = [
  writesOptionBytes,
  writesFlash,
  factoryImageOverwritten,
  noFactoryReset,
  deviceKeyLost,
  updateEndsBadly,
] as const;

/** RM0033, flash registers: the base that compilers load, and the registers themselves. */
const FLASH_REGISTERS = 0x40023c00;
const FLASH_KEYR = 0x40023c04;
const FLASH_OPTKEYR = 0x40023c08;
const FLASH_OPTCR = 0x40023c14;
const OPTION_KEYS = [0x08192a3b, 0x4c5d6e7f] as const;
const FLASH_KEYS = [0x45670123, 0xcdef89ab] as const;
const WANTED = [...OPTION_KEYS, ...FLASH_KEYS, FLASH_REGISTERS, FLASH_KEYR, FLASH_OPTKEYR, FLASH_OPTCR];

/** What a user part can do to the flash by itself; system parts are meant to do it. */
export function checkProgram({ module, region, role }: LocatedModule, optionBytes: OptionBytes | null): Finding[] {
  if (module.function !== 'user-part' || !['main', 'factory', 'parked', 'other'].includes(role)) return [];
  const found = findConstants(module.bytes, WANTED);
  const findings: Finding[] = [];
  const judge = (keys: readonly number[], registers: readonly number[]) => {
    const register = registers.find((value) => found.has(value));
    const [first] = keys.map((key) => found.get(key));
    if (register === undefined || first === undefined || !keys.every((key) => found.has(key))) return undefined;
    const start = module.address + first;
    return {
      place: { start, end: start + 4 },
      evidence: {
        module: moduleTitle(module),
        keys: keys.map((key) => formatHex(key, 8)).join(' and '),
        register: formatAddress(register),
        at: formatAddress(start),
      },
    };
  };
  const option = judge(OPTION_KEYS, [FLASH_OPTKEYR, FLASH_OPTCR, FLASH_REGISTERS]);
  if (option) findings.push(report(writesOptionBytes, option.place, option.evidence, { region: region?.id }));
  const flash = judge(FLASH_KEYS, [FLASH_KEYR, FLASH_REGISTERS]);
  if (flash) {
    const evidence = { ...flash.evidence, reach: reachOf(optionBytes) };
    findings.push(report(writesFlash, flash.place, evidence, { region: region?.id }));
  }
  return findings;
}

function reachOf(optionBytes: OptionBytes | null): string {
  if (!optionBytes) return 'it reaches every sector that is not write protected';
  const open = optionBytes.sectors.filter((sector) => !sector.protected).map(({ number }) => number);
  if (open.length === 0) return 'every sector is write protected, but a program can take that away';
  return `not write protected are the sectors ${open.join(', ')}`;
}

/** An update that waits for the next start and is long enough to lie over the factory region. */
export function checkFactoryRegion(awaited: readonly LocatedModule[], regions: readonly Region[]): Finding[] {
  return awaited.flatMap((located) => overFactory(located, regions, ''));
}

/** @param had the factory image that was there before, in words; empty when there was none */
export function overFactory({ module }: LocatedModule, regions: readonly Region[], had: string): Finding[] {
  const factory = regions.find(({ role, overlays }) => role === 'factory' && overlays.includes('ota'));
  if (!factory || module.address >= factory.start || module.end <= factory.start) return [];
  const place = { start: factory.start, end: Math.min(module.end, factory.end) };
  const evidence = {
    module: moduleTitle(module),
    length: module.length,
    factory: formatAddress(factory.start),
    had,
  };
  return [report(factoryImageOverwritten, place, evidence, { region: factory.id, severity: had ? 'warning' : 'note' })];
}

/** The P1; other boards record their factory image at every start. */
const P1 = 8;
/** Firmware before 0.4.4 recorded it on the P1 too. */
const FIRST_WITHOUT_RECORD = 5;
/** From here on the built-in default is the region of the factory user part. */
const FIRST_WITH_MODULAR_DEFAULT = 500;
/** The built-in default of older ones. */
const OLD_FACTORY_SOURCE = 0x08080000;

export function checkFactoryReset(survey: ModuleSurvey, dct: DctReport | null, board: Board): Finding[] {
  if (board.platform?.id !== P1 || !dct || dct.copies.includes('absent')) return [];
  const main = survey.modules.filter(({ role }) => role === 'main');
  const bootloader = main.find(({ module }) => module.function === 'bootloader');
  const part2 = main.find(({ module }) => module.function === 'system-part' && module.info.moduleIndex === 2);
  if (!bootloader || !part2) return [];
  const { moduleVersion } = bootloader.module.info;
  if (moduleVersion >= FIRST_WITH_MODULAR_DEFAULT || part2.module.info.moduleVersion < FIRST_WITHOUT_RECORD) return [];
  if ((dct.moduleSlots ?? []).some(({ state }) => state === 'factory')) return [];
  if (part2.module.address > OLD_FACTORY_SOURCE || part2.module.end <= OLD_FACTORY_SOURCE) return [];
  const unused = survey.modules.find(({ role }) => role === 'factory');
  const evidence = {
    bootloader: moduleVersion,
    looksAt: formatAddress(OLD_FACTORY_SOURCE),
    unused: unused ? formatAddress(unused.module.address) : '',
  };
  const place = { start: bootloader.module.address, end: bootloader.module.end };
  return [report(noFactoryReset, place, evidence, { region: bootloader.region?.id })];
}

export interface LastCopy {
  readonly source: number;
  readonly destination: number;
  readonly length: number;
}

/** @param ends what the board does after the copy, behind "it" */
export function checkUpdate({ source, destination, length }: LastCopy, ends: string, survey: ModuleSurvey): Finding {
  const region = survey.regions.find(({ start }) => start === destination);
  const evidence = { bytes: length, from: formatAddress(source), to: formatAddress(destination), ends };
  return report(updateEndsBadly, rangeOf(destination, length), evidence, { region: region?.id });
}

/** A usable private key that is on the chip now and not afterwards. */
export function checkDeviceKey(before: DctReport | null, after: DctReport | null): Finding[] {
  const lost = before?.deviceKeyFingerprint ?? null;
  if (!before || lost === null || before.current === null || lost === after?.deviceKeyFingerprint) return [];
  const replaced = (after?.deviceKeyFingerprint ?? null) !== null;
  return [atField(deviceKeyLost, before, 'device_private_key', { replaced })];
}
