/**
 * Modules of two inputs, matched by what they are, not only by where they lie: the same function and index is compared
 * wherever it is, and content that moved is recognised by its bytes.
 */
import { equalBytes, formatAddress, toHex } from '../../core/bytes.js';
import { sha256 } from '../../core/checksums.js';
import { bytesWords, formatCount, listWords } from '../../core/words.js';
import { releasesOf } from '../../layout/catalog.js';
import type { ParticleModule } from '../../regions/module/decode.js';
import type { LocatedModule, ModuleRole } from '../../regions/module/find.js';
import { functionTitle } from '../../regions/module/words.js';
import { identify, type ModuleIdentity } from '../inspect/modules.js';
import type { ImageDelta } from './delta.js';
import { type ModulePartDifference, partBorders, partDifferences } from './module-parts.js';

/**
 * same: equal bytes at the same place. moved: equal bytes, elsewhere. copied: b has one more of a module that a has too.
 * resealed: the code is the same, only version, digests or dependencies differ. changed: code differs.
 */
export type ModuleChange = 'same' | 'moved' | 'copied' | 'resealed' | 'changed' | 'added' | 'removed';

export interface ModuleSide {
  /** Region it lies in, "other" outside any. */
  readonly region: string;
  readonly role: ModuleRole;
  readonly address: number;
  readonly length: number;
  readonly version: number;
  readonly release: string | null;
  readonly crc: string;
  readonly sha: string;
  readonly sha256: string | null;
  readonly known: boolean;
}

export interface ModuleDifference {
  readonly function: string;
  readonly index: number;
  readonly platformId: number;
  readonly change: ModuleChange;
  readonly a: ModuleSide | null;
  readonly b: ModuleSide | null;
  /** How many bytes differ; all of its bytes for a module that only one has. */
  readonly bytes: number;
  /** Which parts of the module differ, and by how many bytes. */
  readonly parts: readonly ModulePartDifference[];
  /** A clause without full stop: "system part 1 2.2.0 -> 2.3.1 (37 bytes: version, SHA-256 and CRC; code identical)". */
  readonly text: string;
}

type Matched = readonly [LocatedModule | null, LocatedModule | null];

/** @param delta of the two images, cut at the borders of the parts of modules (bordersOf). */
export function compareModules(
  a: readonly LocatedModule[],
  b: readonly LocatedModule[],
  delta: ImageDelta,
): ModuleDifference[] {
  let byContent: Map<string, LocatedModule[]> | undefined;
  const twinOf = (located: LocatedModule): LocatedModule | undefined => {
    byContent ??= groupBy(a, contentOf);
    return byContent.get(contentOf(located))?.[0];
  };
  return matchModules(a, b)
    .map((pair) => describe(pair, twinOf, delta))
    .sort((one, two) => placeOf(one) - placeOf(two));
}

function placeOf({ a, b }: ModuleDifference): number {
  return (b ?? a)?.address ?? 0;
}

/** First what lies where it lay, then what has the same bytes elsewhere, then what is the same thing elsewhere. */
function matchModules(a: readonly LocatedModule[], b: readonly LocatedModule[]): Matched[] {
  const [restA, restB] = [new Set(a), new Set(b)];
  const pairs: Matched[] = [];
  // Looked up by a key instead of each against each: a hostile dump can hold thousands of modules.
  const match = (detail: (located: LocatedModule) => number | string): void => {
    if (restA.size === 0 || restB.size === 0) return;
    const keyOf = (located: LocatedModule): string => `${thingOf(located)} ${detail(located)}`;
    const waiting = groupBy(restB, keyOf);
    for (const one of restA) {
      const two = waiting.get(keyOf(one))?.shift();
      if (!two) continue;
      pairs.push([one, two]);
      restA.delete(one);
      restB.delete(two);
    }
  };
  match(({ module }) => module.address);
  match(contentOf);
  match(() => '');
  for (const one of restA) pairs.push([one, null]);
  for (const two of restB) pairs.push([null, two]);
  return pairs;
}

function thingOf({ module }: LocatedModule): string {
  return `${module.function} ${module.info.moduleIndex}`;
}

function contentOf({ module }: LocatedModule): string {
  return toHex(sha256(module.bytes));
}

function groupBy<T>(items: Iterable<T>, keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

/** Where ranges of differing bytes have to end so that what differs in each part of a module can be told from them. */
export function bordersOf(modules: readonly LocatedModule[]): number[] {
  return modules.flatMap(({ module }) => partBorders(module));
}

function describe(
  [one, two]: Matched,
  twinOf: (located: LocatedModule) => LocatedModule | undefined,
  delta: ImageDelta,
): ModuleDifference {
  const { module } = (two ?? one) as LocatedModule;
  const equal = one && two ? equalBytes(one.module.bytes, two.module.bytes) : false;
  const sideA = one && sideOf(one);
  const twin = !one && two ? twinOf(two) : undefined;
  const sideB = two && sideOf(two);
  const parts = one && two && !equal ? partDifferences(one.module, two.module, delta) : [];
  const bytes = one && two ? parts.reduce((total, part) => total + part.bytes, 0) : module.bytes.length;
  const change = changeOf(one, two, equal, parts, twin !== undefined);
  const what = functionTitle(module.function, module.info.moduleIndex);
  return {
    function: module.function,
    index: module.info.moduleIndex,
    platformId: module.info.platformId,
    change,
    a: sideA,
    b: sideB,
    bytes,
    parts,
    text: textOf(what, change, sideA, sideB, parts, bytes, twin && placeWords(sideOf(twin))),
  };
}

function changeOf(
  one: LocatedModule | null,
  two: LocatedModule | null,
  equal: boolean,
  parts: readonly ModulePartDifference[],
  copied: boolean,
): ModuleChange {
  if (!two) return 'removed';
  if (!one) return copied ? 'copied' : 'added';
  if (equal) return one.module.address === two.module.address ? 'same' : 'moved';
  return parts.some(({ isCode }) => isCode) ? 'changed' : 'resealed';
}

/** The release that builds a module of this version; null for a user part, whose version is its maker's own number. */
export function releaseOf({ info, function: name }: ParticleModule): string | null {
  if (name === 'user-part') return null;
  const { platformId, moduleIndex: index, moduleVersion: version } = info;
  return releasesOf({ platformId, function: name, index, version })[0] ?? null;
}

function sideOf({ module, region, role }: LocatedModule): ModuleSide {
  let identity: ModuleIdentity | undefined;
  const known = (): ModuleIdentity => {
    identity ??= identify(module);
    return identity;
  };
  return {
    ...{ region: region?.id ?? 'other', role, address: module.address, length: module.length },
    ...{ version: module.info.moduleVersion, release: releaseOf(module), crc: module.crc },
    // Digests are for the document; a text does without, and that is most of the time a comparison takes.
    get sha() {
      return module.sha;
    },
    get sha256() {
      return known().sha256;
    },
    get known() {
      return known().known;
    },
  };
}

function textOf(
  what: string,
  change: ModuleChange,
  a: ModuleSide | null,
  b: ModuleSide | null,
  parts: readonly ModulePartDifference[],
  bytes: number,
  twin: string | undefined,
): string {
  const now = (b ?? a) as ModuleSide;
  const name = `${what} ${versionWords(now)}`;
  if (!a || !b) {
    const where = placeWords(now);
    if (change === 'copied') return `${name} is in ${where} too, with the bytes that ${twin} has in a`;
    return `${name} (${bytesWords(bytes)}) is only in ${a ? 'a' : 'b'}, in ${where}`;
  }
  if (change === 'same') return `${name} is identical`;
  const way = `from ${placeWords(a)} to ${placeWords(b)}`;
  if (change === 'moved') return `${name} has moved ${way}`;
  const moved = a.address === b.address ? '' : `, moved ${way}`;
  const damage = b.crc === a.crc ? '' : `; its CRC is ${b.crc} in b and ${a.crc} in a`;
  return `${what} ${stepWords(a, b)} (${sizeWords(a, b, parts, bytes)})${moved}${damage}`;
}

function sizeWords(a: ModuleSide, b: ModuleSide, parts: readonly ModulePartDifference[], bytes: number): string {
  const names = parts.map(({ name }) => name);
  if (!parts.some(({ isCode }) => isCode)) return `${bytesWords(bytes)}: ${listWords(names)}; code identical`;
  // Behind the first byte that was put in, everything stands elsewhere: how many bytes differ says nothing.
  if (a.length !== b.length) return `code differs, ${formatCount(a.length)} -> ${formatCount(b.length)} bytes`;
  return `${formatCount(bytes)} of ${bytesWords(a.length)}`;
}

function stepWords(a: ModuleSide, b: ModuleSide): string {
  const [from, to] = [versionWords(a), versionWords(b)];
  if (from !== to) return `${from} -> ${to}`;
  return a.version === b.version ? `${from}, other content` : `version ${a.version} -> version ${b.version}`;
}

/** The release where the build or version names one. */
function versionWords({ release, version }: ModuleSide): string {
  return release ?? `version ${version}`;
}

function placeWords({ region, address }: ModuleSide): string {
  return region === 'other' ? formatAddress(address) : region;
}
