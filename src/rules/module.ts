/** Rules about a single module: is it whole, sealed and plausible, whatever its neighbours are? */

import { formatAddress, formatHex, lengthWithout } from '../core/bytes.js';
import type { Finding } from '../core/finding.js';
import { formatCount } from '../core/words.js';
import type { ParticleModule } from '../regions/module/decode.js';
import type { EmptyPlace, LocatedModule } from '../regions/module/find.js';
import { CRC_BYTES, DIGEST_TO_END, MODULE_INFO, SUFFIX_SIZES } from '../regions/module/format.js';
import { moduleTitle } from '../regions/module/words.js';
import { defineRule, report } from './rule.js';

/** The first version number that no release for these boards reached (3.3.1 is 3302; 4.0.0 dropped them). */
const FIRST_UNSUPPORTED_VERSION = 4000;

export const crcMismatch = defineRule({
  id: 'module/crc-mismatch',
  severity: 'error',
  title: 'CRC mismatch',
  about: 'The CRC-32 behind a module does not match its bytes.',
  why: 'The firmware refuses an update with a wrong CRC and starts safe mode for an installed part; system part 1 is not checked at all and crashes instead.',
  source: 'hal/src/stm32/ota_module.cpp, hal/src/stm32f2xx/core_hal_stm32f2xx.c @ v2.3.1',
  message: (e: { module: string; stored: string; computed: string; erasedFrom: string }) =>
    `${e.module}: CRC is ${e.stored}, its bytes give ${e.computed}${e.erasedFrom ? `; everything from ${e.erasedFrom} to its end is erased` : ''}`,
  remedy: (e) =>
    e.erasedFrom
      ? 'The module was written only in part. Flash it again, whole.'
      : 'Flash the module again from its file. After a deliberate patch, recompute SHA-256 and CRC.',
});

export const neverSealed = defineRule({
  id: 'module/never-sealed',
  severity: 'warning',
  title: 'Never sealed',
  about: 'A module still holds the placeholders of the linker instead of digest and CRC.',
  why: 'The build replaces the placeholders last; firmware compares the CRC and rejects a module that still has them.',
  source: 'build/arm-tlm.mk, dynalib/inc/module_info.inc @ v2.3.1',
  message: (e: { module: string; production: boolean }) =>
    e.production
      ? `${e.module}: never sealed (CRC bytes 78 56 34 12), as the bootloaders of early 2015 left production`
      : `${e.module}: never sealed: it still has the linker's placeholder CRC 78 56 34 12, so the firmware will reject it`,
  remedy: (e) =>
    e.production ? 'Nothing to do.' : 'Use the .bin of the build, not the .elf or the .hex made from it.',
});

export const shaMismatch = defineRule({
  id: 'module/sha-mismatch',
  severity: 'warning',
  title: 'Stale SHA-256',
  about: 'The SHA-256 in a module is not the one of its bytes, though the CRC is right.',
  why: 'The digest is what the cloud identifies a module by, so that a patched module passes for the one it was made from.',
  source: 'build/arm-tlm.mk @ v2.3.1',
  message: (e: { module: string }) =>
    `${e.module}: CRC is right but the SHA-256 is stale: the module was changed and only its CRC was recomputed`,
  remedy: () =>
    'The device runs it all the same (only the CRC is checked); the cloud sees the old digest. Recompute both.',
});

export const truncated = defineRule({
  id: 'module/truncated',
  severity: 'error',
  title: 'Truncated module',
  about: 'A module is longer by its header than the bytes that are there.',
  why: 'The end of the code is missing, and with it the CRC that would tell: a board that is started with it crashes.',
  source: 'dynalib/inc/module_info.h @ v2.3.1',
  message: (e: { module: string; missing: number; length: number }) =>
    `${e.module}: ${formatCount(e.missing)} bytes missing of ${formatCount(e.length)}`,
  remedy: () => 'Get the file again (a download or a copy stopped early), or read the rest of the flash.',
});

export const damagedHeader = defineRule({
  id: 'module/damaged-header',
  severity: 'error',
  title: 'Damaged module header',
  about: 'The bytes where a module header belongs are close to one, but cannot be one.',
  why: 'The bootloader starts system part 1 by its header alone and the firmware starts the user part by it: with a wrong field the board falls into DFU mode or safe mode.',
  source: 'FLASH_isUserModuleInfoValid in flash_mal.c @ v2.3.1',
  message: (e: { region: string; fields: string }) => `${e.region}: the module header is damaged: ${e.fields}`,
  remedy: () => 'Erase the sector and flash the module again.',
});

export const flagsSet = defineRule({
  id: 'module/flags-set',
  severity: 'warning',
  title: 'Flags of a later platform',
  about: 'A module has flags that only later platforms use.',
  why: 'No STM32F2 firmware reads this byte, so that a compressed or encrypted payload would be installed and run as if it were code.',
  source: 'dynalib/inc/module_info.h @ v2.3.1 and v5.0.0',
  message: (e: { module: string; flags: string }) =>
    `${e.module}: flags ${e.flags} are set; firmware for STM32F2 ignores them and would install a compressed or encrypted payload as it is`,
  remedy: () => 'Use a module built for this board.',
});

export const oddHeader = defineRule({
  id: 'module/odd-header',
  severity: 'warning',
  title: 'Unusual header field',
  about: 'A field that is constant in all released modules has another value.',
  why: 'Firmware does not look at these fields; that one differs from all released modules points to another tool or to damage.',
  source: '87 of 87 released STM32F2 modules',
  message: (e: { module: string; field: string; expected: string; got: string }) =>
    `${e.module}: ${e.field} is ${e.got}; every released module has ${e.expected}`,
});

export const unknownVersion = defineRule({
  id: 'module/unknown-version',
  severity: 'warning',
  title: 'Version of no release',
  about: 'No release has this version of a system module.',
  why: 'Nothing is known of what such a module needs or how it starts, so that this report may be wrong about it.',
  source: 'modules/shared/system_module_version.mk of every device-os tag',
  message: (e: { module: string }) => `${e.module}: no known Device OS release has this version`,
  remedy: () => 'A private build is fine if you made it. Otherwise compare with the official file of the release.',
});

export const impossibleVersion = defineRule({
  id: 'module/version-after-support',
  severity: 'warning',
  title: 'Version from after support ended',
  about: 'A system module claims a version newer than the last release for its board.',
  why: 'The last release for Photon, P1 and Electron is 3.3.1 (system version 3302, bootloader 1100): a higher version comes from a file for another board, or from a damaged header.',
  source: 'build/platform-id.mk @ v3.3.1 and v4.0.0-alpha.1',
  message: (e: { module: string }) =>
    `${e.module}: this board's last release is 3.3.1 (3302); versions from 4000 on cannot be genuine`,
});

export const moduleRules = [
  crcMismatch,
  neverSealed,
  shaMismatch,
  truncated,
  damagedHeader,
  flagsSet,
  oddHeader,
  unknownVersion,
  impossibleVersion,
] as const;

export interface ModuleKnowledge {
  /** True when the catalogue has this exact build. */
  readonly known: boolean;
  /** Release names of the version; empty when no release has it. */
  readonly releases: readonly string[];
}

/** What can be said about one module without looking at anything else. A board runs without its factory copy. */
export function checkModule(located: LocatedModule, knowledge: ModuleKnowledge): Finding[] {
  const findings = checkInstalled(located, knowledge);
  if (located.role !== 'factory') return findings;
  return findings.map((finding) => (finding.severity === 'error' ? { ...finding, severity: 'warning' } : finding));
}

function checkInstalled({ module, region }: LocatedModule, knowledge: ModuleKnowledge): Finding[] {
  const findings: Finding[] = [];
  const title = moduleTitle(module);
  const whole = { start: module.address, end: module.end };
  const inRegion = { region: region?.id };
  if (module.missing > 0) {
    findings.push(
      report(truncated, whole, { module: title, missing: module.missing, length: module.length }, inRegion),
    );
    return findings;
  }
  findings.push(...checkSeal(module, title, region?.id, knowledge.known));
  findings.push(...checkFields(module, title, region?.id));
  const versioned = module.function === 'system-part' || module.function === 'bootloader';
  if (versioned && module.crc !== 'bad') {
    if (module.info.moduleVersion >= FIRST_UNSUPPORTED_VERSION) {
      findings.push(report(impossibleVersion, whole, { module: title }, inRegion));
    } else if (knowledge.releases.length === 0 && !knowledge.known) {
      findings.push(report(unknownVersion, whole, { module: title }, inRegion));
    }
  }
  return findings;
}

function checkSeal(module: ParticleModule, title: string, region: string | undefined, known: boolean): Finding[] {
  const crcPlace = { start: module.end - CRC_BYTES, end: module.end };
  if (module.crc === 'bad') {
    const evidence = {
      module: title,
      stored: formatHex(module.crcStored ?? 0, 8),
      computed: formatHex(module.crcComputed ?? 0, 8),
      erasedFrom: erasedTail(module),
    };
    return [report(crcMismatch, crcPlace, evidence, { region })];
  }
  if (module.crc === 'placeholder') {
    const severity = known ? 'note' : 'warning';
    return [report(neverSealed, crcPlace, { module: title, production: known }, { region, severity })];
  }
  if (module.sha === 'bad') {
    const start = module.end - CRC_BYTES - DIGEST_TO_END;
    return [report(shaMismatch, { start, end: start + 32 }, { module: title }, { region })];
  }
  return [];
}

/** Where the erased end of a half-written module begins, or "" when its end is not erased. */
function erasedTail(module: ParticleModule): string {
  const offset = lengthWithout(module.bytes, 0xff);
  // The last bytes are digest, size and CRC; a short run of 0xFF there is not an erased tail.
  return module.bytes.length - offset > 64 ? formatAddress(module.address + offset) : '';
}

function checkFields(module: ParticleModule, title: string, region: string | undefined): Finding[] {
  const findings: Finding[] = [];
  const header = module.address + module.headerOffset;
  const field = (name: 'flags' | 'reserved' | 'moduleEndAddress') => {
    const place = MODULE_INFO.field(name);
    return { start: header + place.offset, end: header + place.offset + place.size };
  };
  if (module.info.flags !== 0) {
    const evidence = { module: title, flags: formatHex(module.info.flags, 2) };
    findings.push(report(flagsSet, field('flags'), evidence, { region }));
  }
  if (module.info.reserved !== 0) {
    const evidence = { module: title, field: 'reserved', expected: '0', got: `${module.info.reserved}` };
    findings.push(report(oddHeader, field('reserved'), evidence, { region }));
  }
  if (module.length % 4 !== 0) {
    const evidence = { module: title, field: 'length', expected: 'a multiple of 4', got: `${module.length}` };
    findings.push(report(oddHeader, field('moduleEndAddress'), evidence, { region }));
  }
  if (module.suffix && !SUFFIX_SIZES.includes(module.suffix.size)) {
    const end = module.end - CRC_BYTES;
    const evidence = { module: title, field: 'suffix size', expected: '36 or 40', got: `${module.suffix.size}` };
    findings.push(report(oddHeader, { start: end - 2, end }, evidence, { region }));
  }
  return findings;
}

/** A place that should begin with a module and begins with a ruined header. */
export function checkDamagedPlace({ region, damaged }: EmptyPlace): Finding[] {
  if (!damaged) return [];
  const fields = damaged.problems.map(({ field, expected, got }) => `${field} is ${got}, expected ${expected}`);
  const start = region.start + damaged.headerOffset;
  const evidence = { region: region.title, fields: fields.join('; ') };
  return [report(damagedHeader, { start, end: start + MODULE_INFO.size }, evidence, { region: region.id })];
}
