/** Rules about releases: do the installed parts belong together, and what will the firmware change about that itself? */
import type { Finding } from '../core/finding.js';
import type { EmbeddedModule, LocatedModule, ModuleSurvey } from '../regions/module/find.js';
import { functionTitle, moduleTitle } from '../regions/module/words.js';
import { dependencyStates, installedModule } from './dependency.js';
import { defineRule, report } from './rule.js';

export const unknownBuild = defineRule({
  id: 'release/unknown-build',
  severity: 'note',
  title: 'Not a released build',
  about: 'A module has the version of a release, but not the bytes of a build that is known.',
  why: 'It may be patched, built privately from the same sources, or a release build that the catalogue does not have: the release notes then need not be true of it.',
  source: 'SHA-256 of the released files',
  message: (e: { modules: string; count: number }) =>
    e.count === 1
      ? `${e.modules} is not one of the known builds of this version`
      : `${e.modules} are not known builds of these versions`,
});

export const mixedReleases = defineRule({
  id: 'release/mixed',
  severity: 'warning',
  title: 'System parts of different releases',
  about: 'System parts of different releases are installed, though they meet what each asks of the other.',
  why: 'An update stopped half-way, or the parts were flashed from different folders. Versions are minimums, so that the board starts, but nobody built or tested this pair.',
  source: 'modules/shared/system_module_version.mk of every device-os tag',
  message: (e: { parts: string }) => `the system parts are of different releases: ${e.parts}`,
  remedy: () => 'Flash all system parts of one release.',
});

export const bootloaderReplaced = defineRule({
  id: 'release/bootloader-replaced',
  severity: 'note',
  title: 'Firmware replaces the bootloader',
  about: 'The system firmware carries another bootloader and installs it at its next start.',
  why: 'Sector 0 is erased and written while the board runs: without power at that moment it has no bootloader and does not start again.',
  source:
    'bootloader images in system part 2 of 0.4.3 to 0.6.4; 0.5.5, 0.6.3 and 0.6.4 also go back from 100 and later',
  message: (e: { installed: number; carried: number; inside: string }) =>
    `at its next start the firmware replaces bootloader ${e.installed} by the ${e.carried < e.installed ? 'older' : 'newer'} bootloader ${e.carried} that ${e.inside} carries`,
  remedy: () => 'Keep the power on during the first start.',
});

export const downgrade = defineRule({
  id: 'release/downgrade',
  severity: 'warning',
  title: 'Downgrade',
  about: 'What is written is older than what was on the chip.',
  why: 'Older firmware reads what newer firmware wrote by its own rules: before 0.7.0 another DCT copy may count, before 0.5.0 other EEPROM values.',
  source: 'wiced_dct_internal_common.o of 0.6.4 and 0.7.0; services/inc/eeprom_emulation.h @ v0.5.0',
  message: (e: { from: number; to: number; dct: boolean; eeprom: boolean }) => {
    const other = [e.dct ? 'the DCT' : '', e.eeprom ? 'the EEPROM' : ''].filter(Boolean).join(' and ');
    return `the system goes back from version ${e.from} to ${e.to}${other ? `, which reads ${other} by other rules` : ''}`;
  },
  remedy: (e) =>
    e.dct || e.eeprom ? 'Save a dump first, and compare keys and networks after the first start.' : undefined,
});

export const releaseRules = [unknownBuild, mixedReleases, bootloaderReplaced, downgrade] as const;

export interface BuildKnowledge {
  readonly known: boolean;
  readonly releases: readonly string[];
  /** How many builds of this version the catalogue has. */
  readonly buildsOfVersion: number;
}

/** One finding for all modules: a private build differs in every one of them. */
export function checkBuilds(identities: ReadonlyMap<LocatedModule, BuildKnowledge>): Finding[] {
  const unknown = [...identities]
    .filter(([{ module, role }, identity]) => role === 'main' && module.crc === 'ok' && isUnknownBuild(identity))
    .filter(([{ module }]) => module.function === 'system-part' || module.function === 'bootloader')
    .map(([located]) => located);
  const [first] = unknown;
  if (!first) return [];
  const modules = joinWords(unknown.map(({ module }) => moduleTitle(module)));
  const place = { start: first.module.address, end: first.module.end };
  return [report(unknownBuild, place, { modules, count: unknown.length }, { region: first.region?.id })];
}

function isUnknownBuild({ known, releases, buildsOfVersion }: BuildKnowledge): boolean {
  return !known && releases.length > 0 && buildsOfVersion > 0;
}

function joinWords(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/** Silent where a dependency between the parts is not met: that is said already, and graver. */
export function checkMixedReleases(
  survey: ModuleSurvey,
  releaseOf: (located: LocatedModule) => string | null,
): Finding[] {
  const parts = survey.modules.filter(({ module, role }) => role === 'main' && module.function === 'system-part');
  const [first] = parts;
  if (!first || new Set(parts.map(({ module }) => module.info.moduleVersion)).size < 2) return [];
  const unmet = parts.some((part) =>
    dependencyStates(part, survey.modules).some((state) => state.function === 'system-part' && !state.satisfied),
  );
  if (unmet) return [];
  const words = parts.map((part) => {
    const release = releaseOf(part);
    return `${moduleTitle(part.module)}${release ? ` of ${release}` : ''}`;
  });
  const place = { start: first.module.address, end: first.module.end };
  return [report(mixedReleases, place, { parts: joinWords(words) }, { region: first.region?.id })];
}

/** System versions that also put an older bootloader in the place of one from 100 on: 0.5.5, 0.6.3 and 0.6.4. */
const GO_BACK: readonly number[] = [23, 109, 110];
const FIRST_OF_070 = 100;

export function checkEmbeddedBootloader(survey: ModuleSurvey): Finding[] {
  return survey.embedded.flatMap(({ inside, module }: EmbeddedModule) => {
    if (module.function !== 'bootloader' || inside.role !== 'main' || module.crc !== 'ok') return [];
    const installed = installedModule(survey.modules, module.info.moduleFunction, 0);
    if (!installed || module.info.platformId !== installed.module.info.platformId) return [];
    const versions = { installed: installed.module.info.moduleVersion, carried: module.info.moduleVersion };
    const goesBack = GO_BACK.includes(inside.module.info.moduleVersion) && versions.installed >= FIRST_OF_070;
    if (versions.carried <= versions.installed && !(goesBack && versions.carried < versions.installed)) return [];
    const { moduleIndex } = inside.module.info;
    const evidence = { ...versions, inside: functionTitle(inside.module.function, moduleIndex) };
    const place = { start: installed.module.address, end: installed.module.end };
    return [report(bootloaderReplaced, place, evidence, { region: installed.region?.id })];
  });
}

/** First system versions with the DCT rules of 0.7.0 and the EEPROM rules of 0.5.0. */
const DCT_OF_070 = 200;
const EEPROM_OF_050 = 12;

/** @param before and after: the system versions, null where there is no single one. */
export function checkDowngrade(before: number | null, after: number | null, survey: ModuleSurvey): Finding[] {
  if (before === null || after === null || after >= before) return [];
  const dct = before >= DCT_OF_070 && after < DCT_OF_070;
  const eeprom = before >= EEPROM_OF_050 && after < EEPROM_OF_050;
  const part = survey.modules.find(({ module, role }) => role === 'main' && module.function === 'system-part');
  const place = part ? { start: part.module.address, end: part.module.end } : { start: 0, end: 0 };
  const severity = dct || eeprom ? 'warning' : 'note';
  return [report(downgrade, place, { from: before, to: after, dct, eeprom }, { region: part?.region?.id, severity })];
}
