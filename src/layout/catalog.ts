/**
 * Releases and released modules of the STM32F2 Particle boards: which release has which module versions, and which
 * exact build some bytes are. A version does not identify a build (several bootloaders exist twice under one version),
 * so content is looked up by SHA-256 and versions by number.
 *
 * The facts and their sources are in layouts/particle-releases.json and layouts/particle-modules.json; each file is
 * read when the first lookup needs it.
 */
import { findRows, readData } from '#data';
import { LayoutError } from '../core/errors.js';
import { platformOf } from './platforms.js';

/** A module as its header names it; `function` is the name, as in `bootloader`, `system-part`, `user-part`. */
export interface ModuleVersion {
  readonly platformId: number;
  readonly function: string;
  readonly index: number;
  readonly version: number;
}

export interface RequiredModule {
  readonly function: string;
  readonly index: number;
  readonly minVersion: number;
}

/** A module that a release builds. */
export interface ExpectedModule {
  readonly function: string;
  readonly index: number;
  readonly version: number;
  readonly dependencies: readonly RequiredModule[];
}

/** The bootloader image stored in the sources of a release. */
export interface EmbeddedBootloader {
  readonly version: number;
  /** True when the system firmware of the release writes it to the bootloader sector by itself. */
  readonly installedBySystem: boolean;
}

export interface Release {
  /** `2.2.0`, `0.7.0-rc.6`: the tag without its `v`. */
  readonly name: string;
  readonly tag: string;
  /** Day of the tag, `2021-09-16`. */
  readonly date: string;
  readonly prerelease: boolean;
  /** What System.version() says. */
  readonly versionString: string;
  /** A doubt about the release, in words. */
  readonly note: string | undefined;
}

/** One exact build of a module. */
export interface ModuleBuild extends ModuleVersion {
  /** SHA-256 of the module from its first byte to the end of its CRC, lower-case hexadecimal. */
  readonly sha256: string;
  /** Bytes, CRC included. */
  readonly size: number;
  /** `release-system-part`, `tinker`, `manufacturing-image` … */
  readonly kind: string;
  /** Releases that shipped exactly these bytes, oldest first; empty when it was not part of a release. */
  readonly releases: readonly string[];
  /** The four bytes after the module, in file order. */
  readonly crc32: string;
  /** False when the CRC and the digest are the linker's placeholders. */
  readonly sealed: boolean;
  /** Modules that carry this one as payload: their SHA-256 and the offset in them. */
  readonly embeddedIn: readonly { readonly sha256: string; readonly offset: number }[];
  /** A package or commit that holds the module. */
  readonly source: string;
}

interface PlatformRow {
  readonly bootloader: number;
  readonly systemParts: readonly number[];
  readonly user: number;
  /** By part index or `user`: `system-part 1 >= 2202, bootloader 0 >= 1003`. */
  readonly needs: Readonly<Record<string, string>>;
  readonly embeddedBootloader?: number;
  readonly installsIt?: boolean;
}

type PlatformName = 'p1' | 'photon' | 'electron';

interface ReleaseRow extends Partial<Record<PlatformName, PlatformRow>> {
  readonly name: string;
  readonly tag: string;
  readonly date: string;
  readonly prerelease: boolean;
  readonly versionString?: string;
  readonly note?: string;
}

interface ReleaseFile {
  readonly releases: readonly ReleaseRow[];
}

interface ModuleRow extends ModuleVersion {
  readonly sha256: string;
  readonly size: number;
  readonly kind: string;
  readonly releases: readonly string[];
  readonly crc32: string;
  readonly sealed?: boolean;
  readonly embeddedIn?: readonly (readonly [string, number])[];
  readonly source: string;
}

const MODULES = 'particle-modules.json';
const RELEASES = 'particle-releases.json';

/** @throws LayoutError CATALOG_MISSING */
function required<T>(content: T | undefined, name: string): T {
  if (content !== undefined) return content;
  throw new LayoutError({
    code: 'CATALOG_MISSING',
    what: 'a file of the module catalogue is missing',
    where: `layouts/${name}`,
    help: 'Install flashatlas again; its package is incomplete.',
  });
}

function readCatalog(name: string): unknown {
  return required(readData(name), name);
}

/** Rows by a part of their JSON: an inspection asks for a handful of them, and parsing them all would take longer. */
function moduleRowsWith(part: string): readonly ModuleRow[] {
  return required(findRows(MODULES, part), MODULES) as readonly ModuleRow[];
}

let releaseFile: ReleaseFile | undefined;
let moduleRows: readonly ModuleRow[] | undefined;

function releases(): ReleaseFile {
  releaseFile ??= readCatalog(RELEASES) as ReleaseFile;
  return releaseFile;
}

function modules(): readonly ModuleRow[] {
  moduleRows ??= (readCatalog(MODULES) as { readonly modules: readonly ModuleRow[] }).modules;
  return moduleRows;
}

/** A tag builds the same for P1 and Photon unless its row says otherwise. */
function platformRow(row: ReleaseRow, platformId: number): PlatformRow | undefined {
  switch (platformOf(platformId)?.name) {
    case 'P1':
      return row.p1;
    case 'Photon':
      return row.photon ?? row.p1;
    case 'Electron':
      return row.electron;
    default:
      return undefined;
  }
}

/** What every row holds that has this version for the module; rows of other modules may hold it too. */
function partOfVersion({ function: name, index, version }: ModuleVersion): string {
  if (name === 'bootloader') return `"bootloader":${version},`;
  if (name === 'user-part') return `"user":${version},`;
  return index === 1 ? `"systemParts":[${version},` : `,${version}`;
}

function versionIn(row: PlatformRow, name: string, index: number): number | undefined {
  if (name === 'bootloader') return index === 0 ? row.bootloader : undefined;
  if (name === 'system-part') return row.systemParts[index - 1];
  if (name === 'user-part') return index === 1 ? row.user : undefined;
  return undefined;
}

/**
 * Names of the releases that build a module with this version: finals before pre-releases, each in ascending order. For a
 * user part these are the releases whose sources it may have been built with.
 */
export function releasesOf(module: ModuleVersion): string[] {
  const candidates = required(findRows(RELEASES, partOfVersion(module)), RELEASES) as readonly ReleaseRow[];
  const rows = candidates.filter((row) => {
    const platform = platformRow(row, module.platformId);
    return platform !== undefined && versionIn(platform, module.function, module.index) === module.version;
  });
  // The file is in ascending order.
  return [...rows.filter((row) => !row.prerelease), ...rows.filter((row) => row.prerelease)].map((row) => row.name);
}

/** The release a system part version stands for, the final one if there is a choice. */
export function systemVersionRelease(version: number, platformId: number): string | undefined {
  return releasesOf({ platformId, function: 'system-part', index: 1, version })[0];
}

/** Takes `2.2.0`, or the tag `v2.2.0`. */
function findRelease(name: string): ReleaseRow | undefined {
  return releases().releases.find((row) => row.name === name || row.tag === name);
}

function toRelease(row: ReleaseRow): Release {
  const { name, tag, date, prerelease, versionString = name, note } = row;
  return { name, tag, date, prerelease, versionString, note };
}

/** A release by its name or its tag; undefined when there is none. */
export function releaseByName(name: string): Release | undefined {
  const row = findRelease(name);
  return row && toRelease(row);
}

/** Every release, or those of one platform, in ascending order. */
export function allReleases(platformId?: number): Release[] {
  const rows = releases().releases;
  const chosen = platformId === undefined ? rows : rows.filter((row) => platformRow(row, platformId) !== undefined);
  return chosen.map(toRelease);
}

function requirements(row: PlatformRow, key: string): RequiredModule[] {
  const found = (row.needs[key] ?? '').matchAll(/([a-z-]+) (\d+) >= (\d+)/g);
  return [...found].map(([, name = '', index, minVersion]) => ({
    function: name,
    index: Number(index),
    minVersion: Number(minVersion),
  }));
}

/**
 * What a release builds for a platform: bootloader, system parts in order of their index, and a user part built with
 * it. Undefined when the release does not exist or has nothing for the platform.
 */
export function expectedModules(releaseName: string, platformId: number): ExpectedModule[] | undefined {
  const release = findRelease(releaseName);
  const row = release && platformRow(release, platformId);
  if (!row) return undefined;
  return [
    { function: 'bootloader', index: 0, version: row.bootloader, dependencies: [] },
    ...row.systemParts.map((version, position) => ({
      function: 'system-part',
      index: position + 1,
      version,
      dependencies: requirements(row, String(position + 1)),
    })),
    { function: 'user-part', index: 1, version: row.user, dependencies: requirements(row, 'user') },
  ];
}

/** The bootloader image in the sources of a release; undefined when it has none for the platform. */
export function embeddedBootloader(releaseName: string, platformId: number): EmbeddedBootloader | undefined {
  const release = findRelease(releaseName);
  const row = release && platformRow(release, platformId);
  if (row?.embeddedBootloader === undefined) return undefined;
  return { version: row.embeddedBootloader, installedBySystem: row.installsIt === true };
}

function toBuild(row: ModuleRow): ModuleBuild {
  const embeddedIn = (row.embeddedIn ?? []).map(([sha256, offset]) => ({ sha256, offset }));
  return { ...row, sealed: row.sealed ?? true, embeddedIn };
}

/** The released build with this SHA-256 (lower-case hexadecimal, CRC included); undefined when it is unknown. */
export function buildOf(sha256: string): ModuleBuild | undefined {
  const row = moduleRowsWith(`{"sha256":${JSON.stringify(sha256)},`)[0];
  return row && toBuild(row);
}

/** Every released build of a platform. */
export function allBuilds(platformId: number): ModuleBuild[] {
  return modules()
    .filter((row) => row.platformId === platformId)
    .map(toBuild);
}

/** All released builds that carry one version. */
export function buildsOf(module: ModuleVersion): ModuleBuild[] {
  const { platformId, function: name, index, version } = module;
  const part = JSON.stringify({ platformId, function: name, index, version }).slice(1, -1);
  return moduleRowsWith(`,${part},`).map(toBuild);
}

/** Bootloaders that a released system part or application carries as payload, with their offsets in it. */
export function payloadsOf(sha256: string): { readonly build: ModuleBuild; readonly offset: number }[] {
  return modules().flatMap((row) =>
    (row.embeddedIn ?? [])
      .filter(([carrier]) => carrier === sha256)
      .map(([, offset]) => ({ build: toBuild(row), offset })),
  );
}

/** `0.8.0-rc.25-mesh` as [0, 8, 0] and ['rc', 25, 'mesh']; `rc2` and `.rc.6` of early tags count as `rc.2`, `rc.6`. */
function splitRelease(name: string): { readonly numbers: number[]; readonly stage: (number | string)[] } {
  const main = /^v?(\d+(?:\.\d+)*)/.exec(name);
  const rest = name.slice(main?.[0].length ?? 0);
  const stage = rest
    .replace(/([-.][a-z]+)(\d+)(?=[-.]|$)/g, '$1.$2')
    .split(/[-.]/)
    .filter((word) => word !== '')
    .map((word) => (/^\d+$/.test(word) ? Number(word) : word));
  return { numbers: (main?.[1] ?? '').split('.').map(Number), stage };
}

function compareWords(a: number | string | undefined, b: number | string | undefined): number {
  if (a === b) return 0;
  if (a === undefined) return -1;
  if (b === undefined) return 1;
  // As in semantic versioning, numbers come before words.
  if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1;
  return a < b ? -1 : 1;
}

function compareLists(a: readonly (number | string)[], b: readonly (number | string)[]): number {
  for (let position = 0; position < Math.max(a.length, b.length); position++) {
    const order = compareWords(a[position], b[position]);
    if (order !== 0) return order;
  }
  return 0;
}

/**
 * Order of release names: below zero when `a` comes before `b`. As in semantic versioning a pre-release comes before
 * its release (`0.7.0-rc.6`, `0.7.0`) and numbers compare as numbers; a fourth number comes after (`0.4.6`, `0.4.6.1`).
 */
export function compareReleases(a: string, b: string): number {
  const left = splitRelease(a);
  const right = splitRelease(b);
  const order = compareLists(left.numbers, right.numbers);
  if (order !== 0) return order;
  if (left.stage.length === 0 || right.stage.length === 0) {
    const byStage = Number(left.stage.length === 0) - Number(right.stage.length === 0);
    if (byStage !== 0) return byStage;
  }
  return compareLists(left.stage, right.stage) || (a < b ? -1 : a > b ? 1 : 0);
}
