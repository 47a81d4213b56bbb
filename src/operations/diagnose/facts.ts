/** What an inspection says, as the facts that the conditions of layouts/particle-causes.json ask for. */

import { compareReleases } from '../../layout/catalog.js';
import type { DependencyState } from '../../rules/dependency.js';
import type { Inspection } from '../inspect/inspect.js';
import type { InspectReport, ModuleReport, UnmetDependency } from '../inspect/report.js';
import type { OptionBytesSummary } from '../inspect/summaries.js';

export type FactValue = string | number | boolean;

export interface Facts {
  readonly values: Readonly<Record<string, FactValue>>;
  /** Rules that found something. */
  readonly rules: ReadonlySet<string>;
}

/** ok: whole and in its place. wrong: something else lies there. absent: the input does not hold the place. */
export type ModuleState = 'ok' | 'erased' | 'damaged' | 'wrong' | 'absent';

/** Short names of the places that start a board. */
const PLACES = { bootloader: 'bootloader', part1: 'system-part1', part2: 'system-part2', user: 'user' } as const;
/** Firmware up to here protects sectors at every start (hal/src/stm32f2xx/core_hal_stm32f2xx.c). */
const LAST_PROTECTING = '1.4.4';

/** Without a dump: nothing is known. */
export const NO_FACTS: Facts = {
  values: { input: 'none', bootloader: 'absent', part1: 'absent', part2: 'absent', user: 'absent', optcr: 'unknown' },
  rules: new Set(),
};

export function factsOf(inspection: Inspection): Facts {
  const { report } = inspection;
  const states = Object.entries(PLACES).map(([name, id]) => [name, moduleState(inspection, id)] as const);
  const values: Record<string, FactValue> = {
    input: report.kind === 'flash-dump' ? 'device' : report.kind === 'unknown' ? 'none' : 'part',
    ...Object.fromEntries(states),
    ...versionFacts(report),
    before070: inspection.configuration.generation.dctRules === 'before-0.7.0',
    factory: report.modules.some(({ role, crc }) => role === 'factory' && crc === 'ok') ? 'ok' : 'none',
    pending: report.pendingUpdate !== null,
    ...dctFacts(report),
    ...optionFacts(report.optionBytes),
  };
  return { values, rules: new Set(report.findings.map(({ rule }) => rule)) };
}

function moduleState({ report, board, survey }: Inspection, id: string): ModuleState {
  const region = survey.regions.find((candidate) => candidate.id === id) ?? board.regions.find((one) => one.id === id);
  if (!region) return 'absent';
  const module = report.modules.find(({ role, address }) => role === 'main' && address === region.start);
  if (module) return module.crc === 'ok' && module.missing === 0 ? 'ok' : 'damaged';
  const place = survey.emptyPlaces.find((candidate) => candidate.region.id === id);
  if (place && place.state !== 'absent') return place.state === 'other' ? 'wrong' : place.state;
  const other = report.modules.some(({ address }) => address === region.start);
  return other ? 'wrong' : 'absent';
}

function versionFacts(report: InspectReport): Record<string, FactValue> {
  const main = report.modules.filter(({ role }) => role === 'main');
  const open = report.dependencies === 'ok' ? [] : report.dependencies;
  const unmet = open.filter(({ found }) => found !== null);
  const missing = open.filter(({ found }) => found === null);
  const user = main.find((module) => module.function === 'user-part')?.dependencies;
  const protects =
    report.deviceOs !== null &&
    compareReleases(report.deviceOs, '0.4.0') >= 0 &&
    compareReleases(report.deviceOs, LAST_PROTECTING) <= 0;
  return {
    deviceOs: report.deviceOs ?? 'of unknown release',
    versions: main.map(moduleName).join(', '),
    dependencies: main.length === 0 ? 'unknown' : stateOf(open),
    unmet: unmet.map(need).join('; '),
    missing: missing.map(need).join('; '),
    userDependency: user === undefined ? 'unknown' : stateOf(user.filter(({ satisfied }) => !satisfied)),
    protectsAtBoot: protects,
  };
}

/** What open dependencies come to. A module that is not there at all is no question of versions. */
function stateOf(open: readonly DependencyState[]): 'met' | 'missing' | 'unmet' {
  if (open.length === 0) return 'met';
  return open.some(({ found }) => found !== null) ? 'unmet' : 'missing';
}

function need({ module, function: kind, index, minVersion }: UnmetDependency): string {
  return `${module} needs ${partName(kind, index)} ${minVersion} or newer`;
}

function partName(kind: string, index: number): string {
  return kind === 'system-part' ? `system part ${index} version` : kind.replace('-', ' ');
}

function moduleName({ function: kind, index, version, release }: ModuleReport): string {
  const name = kind === 'system-part' ? `system part ${index}` : kind.replace('-', ' ');
  return `${name} ${version}${release === null ? '' : ` (${release})`}`;
}

function dctFacts({ dct, findings }: InspectReport): Record<string, FactValue> {
  if (!dct) return { dct: 'absent', dctErased: false };
  const usable = dct.current !== null;
  const server = dct.serverPublicKey;
  const addressBad = findings.some(({ rule }) => rule === 'dct/server-address-invalid');
  const deviceKey = dct.devicePublicKey === 'matches-private' ? 'ok' : dct.devicePrivateKey;
  return {
    dct: usable ? 'current' : 'none',
    dctErased: dct.copies.every((copy) => copy === 'erased'),
    deviceKey: usable ? deviceKey : 'blank',
    serverKey: server === 'particle-rsa' || server === 'particle-ec' ? 'particle' : server,
    serverAddress: dct.serverAddress && !addressBad ? 'set' : 'none',
    serverName: dct.serverAddress ?? 'none',
    ...(usable ? { wifi: dct.wifi.hasCredentials ? 'set' : 'none' } : {}),
    claimed: dct.claimed,
    claimCode: dct.claimCode,
    deviceId: dct.deviceId ?? 'not stored',
    fingerprint: dct.deviceKeyFingerprint ?? 'none',
  };
}

/** Option bytes as facts; null: they were not read. */
export function optionFacts(options: OptionBytesSummary | null): Record<string, FactValue> {
  if (!options) return { optcr: 'unknown' };
  const shut = options.sectors.filter((sector) => sector.protected);
  const open = options.sectors.filter((sector) => !sector.protected);
  return {
    optcr: 'known',
    optcrWord: options.optcr,
    brownOutLevel: options.brownOut.level,
    readProtectionLevel: options.readProtection.level,
    protectedSectors: shut.length === 0 ? 'none' : shut.map(({ number }) => number).join(', '),
    openRegions: [...new Set(open.flatMap(({ regions }) => regions))].join(', ') || 'nothing',
  };
}

/** Every name that conditions and texts may use. */
export const FACT_NAMES: readonly string[] = [
  ...['input', 'bootloader', 'part1', 'part2', 'user', 'deviceOs', 'versions', 'dependencies', 'unmet', 'missing'],
  ...['userDependency', 'protectsAtBoot', 'before070', 'factory', 'pending', 'dct', 'dctErased', 'deviceKey'],
  ...['serverKey', 'serverAddress', 'serverName', 'wifi', 'claimed', 'claimCode', 'deviceId', 'fingerprint', 'optcr'],
  ...['optcrWord', 'brownOutLevel', 'readProtectionLevel', 'protectedSectors', 'openRegions'],
];
