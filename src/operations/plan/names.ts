/** What a plan keeps, changes and loses, by the names people know it by. */
import { equalBytes } from '../../core/bytes.js';
import type { MemoryImage } from '../../core/image.js';
import {
  intersect,
  mergeRanges,
  type Range,
  rangeOf,
  rangesWithin,
  sizeOf,
  subtractRanges,
  totalSize,
} from '../../core/range.js';
import type { Memory, Region } from '../../layout/types.js';
import type { Inspection } from '../inspect/inspect.js';
import type { SectorWork } from './sectors.js';
import type { Change, NamedRange } from './types.js';
import { moduleName, moduleVersion } from './words.js';

export interface NamingInput {
  readonly flash: Memory;
  readonly regions: readonly Region[];
  readonly fromImage: MemoryImage | null;
  readonly from: Inspection | null;
  /** What the target defines, after what is left out. */
  readonly target: MemoryImage;
  readonly result: MemoryImage;
  readonly after: Inspection;
  readonly works: readonly SectorWork[];
  /** True when the whole chip is erased first. */
  readonly massErase: boolean;
  /** Ranges that code on the board writes anew without changing what they say. */
  readonly rewritten: readonly Range[];
}

export interface Names {
  readonly kept: NamedRange[];
  readonly lost: NamedRange[];
  readonly changes: Change[];
}

interface Item extends Range {
  readonly what: string;
}

export function nameEffects(input: NamingInput): Names {
  if (!input.fromImage || !input.from) return nameWorstCase(input);
  const items = itemsOf(input.from);
  const itemsAfter = itemsOf(input.after);
  const cut = cutterOf(items);
  const nameOf = firstNameOf(items);
  const lost = lostRanges(input)
    .flatMap(cut)
    .filter((range) => input.fromImage?.gaps(range).length !== 0 || differences(range, input).all > 0)
    .map((range) => describeLoss(range, nameOf(range), input));
  const kept: NamedRange[] = [];
  const changes = moduleChanges(input);
  const told = startsOf(changes);
  const afterwards = firstByStart(itemsAfter);
  for (const item of items) {
    const { all, own } = differences(item, input);
    if (all === 0) {
      kept.push({ ...item, bytes: sizeOf(item), reason: keptReason(item, input) });
    } else if (all === own && !told.has(item.start)) {
      told.add(item.start);
      const byBoard = input.rewritten.some((range) => intersect(range, item));
      changes.push({
        ...item,
        what: `${item.what}: ${byBoard ? 'written anew by the board' : afterWords(item, input, afterwards)}`,
        bytes: all,
      });
    }
  }
  for (const { start } of items) told.add(start);
  const all = [...changes, ...newItems(itemsAfter, told, input), ...fieldChanges(input)];
  return { kept, lost, changes: all.sort((a, b) => a.start - b.start) };
}

function startsOf(ranges: readonly Range[]): Set<number> {
  return new Set(ranges.map(({ start }) => start));
}

/** What begins at an address; the first of several. */
function firstByStart<T extends Range>(items: readonly T[]): ReadonlyMap<number, T> {
  return new Map(items.toReversed().map((item) => [item.start, item]));
}

/** Modules, DCT copies, EEPROM pages, and what nobody recognises, in address order. */
function itemsOf({ report, configuration }: Inspection): Item[] {
  const items: Item[] = report.modules.map((module) => ({
    what: `${moduleName(module)} ${moduleVersion(module)}`,
    start: module.address,
    end: module.address + module.length - module.missing,
  }));
  for (const [index, region] of (configuration.dctRegions ?? []).entries()) {
    const state = configuration.dct?.copies[index];
    if (state === undefined || state === 'absent' || state === 'erased') continue;
    items.push({ what: `DCT copy ${index + 1} (${DCT_STATES[state] ?? state})`, start: region.start, end: region.end });
  }
  for (const [index, region] of (configuration.eepromRegions ?? []).entries()) {
    const page = index === 0 ? configuration.eeprom?.page1 : configuration.eeprom?.page2;
    if (!page || page.state === 'erased') continue;
    if (items.some((item) => intersect(item, region))) continue;
    items.push({ what: `EEPROM page ${index + 1} (${page.state})`, start: region.start, end: region.end });
  }
  const taken = mergeRanges(items);
  for (const { start, end } of report.leftovers) {
    if (rangesWithin(taken, { start, end }).length === 0) items.push({ what: 'bytes nobody recognises', start, end });
  }
  return items.sort((a, b) => a.start - b.start);
}

const DCT_STATES: Readonly<Record<string, string>> = {
  current: 'in use',
  stale: 'superseded',
  'write-incomplete': 'not complete',
};

/** Bytes of an item that differ in the end: all of them, and those the target asked for. */
function differences(
  item: Range,
  { flash, fromImage, result, target, rewritten }: NamingInput,
): { all: number; own: number } {
  let [all, own] = [0, 0];
  const inFlash = intersect(item, flash);
  if (!inFlash || !fromImage) return { all, own };
  for (const { address, bytes } of fromImage.parts(inFlash)) {
    const range = rangeOf(address, bytes.length);
    const after = result.read(range, 0);
    const unknown = result.gaps(range);
    if (unknown.length === 0 && equalBytes(bytes, after)) continue;
    const count = ({ start, end }: Range): number => {
      let differing = 0;
      for (let index = start - address; index < end - address; index++) if (bytes[index] !== after[index]) differing++;
      return differing;
    };
    const asked = [...target.parts(range).map((part) => rangeOf(part.address, part.bytes.length)), ...rewritten];
    const foreign = subtractRanges(range, asked);
    const known = subtractRanges(range, unknown);
    const inAll = sum(known, count) + totalSize(unknown);
    const notOwn = subtractRanges(range, [...asked, ...unknown]);
    all += inAll;
    own += inAll - sum(notOwn, count) - (totalSize(foreign) - totalSize(notOwn));
  }
  return { all, own };
}

function sum(ranges: readonly Range[], count: (range: Range) => number): number {
  return ranges.reduce((total, range) => total + count(range), 0);
}

function keptReason(item: Range, { works, target, massErase }: NamingInput): string {
  if (massErase) return 'the whole chip is erased, and it is written again';
  const touched = works.filter(({ sector }) => intersect(sector, item));
  if (touched.some(({ erase }) => erase)) {
    const given = totalSize(target.parts(item).map(({ address, bytes }) => rangeOf(address, bytes.length)));
    return given >= sizeOf(item)
      ? 'the target has the same; its sector is erased and written again'
      : 'its sector is erased, and it is written again';
  }
  return target.parts(item).length > 0 ? 'the target has the same' : 'not touched';
}

/** Every byte that changes without the target asking for it, and every unread byte that is erased. */
export function lostRanges({ flash, fromImage, target, works, massErase }: NamingInput): Range[] {
  if (massErase) {
    const given = target.ranges();
    const known = fromImage ? fromImage.parts(flash).map(({ address, bytes }) => rangeOf(address, bytes.length)) : [];
    const erased = new Uint8Array(sizeOf(flash)).fill(0xff);
    return [
      ...subtractRanges(flash, [...known, ...given]),
      ...known
        .flatMap((range) => subtractRanges(range, rangesWithin(given, range)))
        .flatMap((range) => changedSpan(range, erased, flash.start, fromImage)),
    ].sort((a, b) => a.start - b.start);
  }
  return works
    .filter(({ erase }) => erase)
    .flatMap(({ sector, final, unknown }) => {
      const others = subtractRanges(sector, [
        ...target.parts(sector).map(({ address, bytes }) => rangeOf(address, bytes.length)),
        ...unknown,
      ]);
      const changed = others.flatMap((range) => changedSpan(range, final, sector.start, fromImage));
      return [...unknown, ...changed];
    })
    .sort((a, b) => a.start - b.start);
}

/** Cuts ranges where items begin and end, so that each has a line of its own. */
function cutterOf(items: readonly Range[]): (range: Range) => Range[] {
  const edges = [...new Set(items.flatMap(({ start, end }) => [start, end]))].sort((a, b) => a - b);
  // What lies between two edges next to each other, from the first edge on.
  const between = edges.slice(1).map((end, index) => ({ start: edges[index] as number, end }));
  const first = edges[0] ?? 0;
  const last = edges.at(-1) ?? 0;
  return ({ start, end }) => [
    ...(start < first ? [{ start, end: Math.min(end, first) }] : []),
    ...rangesWithin(between, { start, end }).map((part) => ({
      start: Math.max(part.start, start),
      end: Math.min(part.end, end),
    })),
    ...(end > last ? [{ start: Math.max(start, last), end }] : []),
  ];
}

/** Names the first of the items, which are in address order and may overlap, that shares an address with a range. */
function firstNameOf(items: readonly Item[]): (range: Range) => string | undefined {
  // Disjoint: each item from where no item before it reaches.
  const reach: (Item & Range)[] = [];
  let end = 0;
  for (const item of items) {
    if (item.end <= end) continue;
    reach.push({ ...item, start: Math.max(item.start, end) });
    end = item.end;
  }
  return (range) => rangesWithin(reach, range)[0]?.what;
}

/** From the first to the last byte that changes, in a stretch the target says nothing about. */
function changedSpan(range: Range, final: Uint8Array, base: number, from: MemoryImage | null): Range[] {
  const old = from?.read(range, 0xff);
  if (!old) return [];
  const now = final.subarray(range.start - base, range.end - base);
  let start = 0;
  while (start < old.length && old[start] === now[start]) start++;
  let end = old.length;
  while (end > start && old[end - 1] === now[end - 1]) end--;
  return end > start ? [{ start: range.start + start, end: range.start + end }] : [];
}

function describeLoss(
  range: Range,
  itemName: string | undefined,
  { fromImage, regions, massErase }: NamingInput,
): NamedRange {
  const unread = fromImage !== null && fromImage.parts(range).length === 0;
  const place = placeName(range, regions);
  if (unread) {
    return {
      ...range,
      what: `whatever is in ${place}`,
      bytes: sizeOf(range),
      reason: `the dump does not hold it, and ${massErase ? 'the whole chip' : 'its sector'} is erased`,
    };
  }
  return {
    ...range,
    what: `the end of ${itemName ?? `the content of ${place}`}`,
    bytes: sizeOf(range),
    reason: 'it is replaced by a shorter one',
  };
}

function placeName(range: Range, regions: readonly Region[]): string {
  const inside = regions.filter((region) => intersect(region, range)).sort((a, b) => sizeOf(a) - sizeOf(b));
  return inside[0] ? `the region ${inside[0].id}` : 'flash';
}

/** Modules of the target against what stands in their place. */
function moduleChanges({ from, after, target, fromImage }: NamingInput): Change[] {
  const changes: Change[] = [];
  const standing = new Map(from?.report.modules.toReversed().map((module) => [module.address, module]));
  for (const module of after.report.modules) {
    const range = rangeOf(module.address, module.length - module.missing);
    if (target.parts(range).length === 0) continue;
    const bytes = countChanged(range, target, fromImage);
    if (bytes === 0) continue;
    const before = standing.get(module.address);
    const name = moduleName(module);
    const now = moduleVersion(module);
    const then = before && moduleVersion(before);
    const sameName = before !== undefined && moduleName(before) === name;
    const what = !before
      ? `${name} ${now}: new`
      : sameName && then === now
        ? `${name} ${now}: another build`
        : sameName
          ? `${name}: ${then} -> ${now}`
          : `${moduleName(before)} ${then} -> ${name} ${now}`;
    changes.push({ what, ...range, bytes });
  }
  return changes;
}

/** Configuration where there was none. @param known where an item was before, or is spoken of already */
function newItems(after: readonly Item[], known: ReadonlySet<number>, { fromImage, result }: NamingInput): Change[] {
  return after
    .filter(({ start }) => !known.has(start))
    .map((item) => ({ ...item, what: `${item.what}: new`, bytes: countChanged(item, result, fromImage) }))
    .filter(({ bytes }) => bytes > 0);
}

function countChanged(range: Range, target: MemoryImage, from: MemoryImage | null): number {
  let count = 0;
  for (const { address, bytes } of target.parts(range)) {
    const old = from?.bytes(rangeOf(address, bytes.length));
    if (old && equalBytes(old, bytes)) continue;
    for (let index = 0; index < bytes.length; index++) if (!old || old[index] !== bytes[index]) count++;
  }
  return count;
}

function afterWords(item: Range, { result }: NamingInput, afterwards: ReadonlyMap<number, Item>): string {
  const bytes = result.bytes(item);
  if (bytes?.every((byte) => byte === 0xff)) return 'erased';
  const now = afterwards.get(item.start);
  return now ? `becomes ${now.what}` : 'replaced';
}

/** What the configuration says before and after; secrets only as kinds of keys, as inspect shows them. */
function fieldChanges({ from, after }: NamingInput): Change[] {
  const [then, now] = [from?.report.dct, after.report.dct];
  const region = after.configuration.dctRegions?.[(now?.current ?? 1) - 1];
  if (!now || !region) return [];
  const rows: readonly (readonly [string, string | undefined, string])[] = [
    ['device private key', then?.devicePrivateKey, now.devicePrivateKey],
    ['device public key', then?.devicePublicKey, now.devicePublicKey],
    ['server public key', then?.serverPublicKey, now.serverPublicKey],
    [
      'device key, by its fingerprint',
      then?.deviceKeyFingerprint ?? now.deviceKeyFingerprint ?? '',
      now.deviceKeyFingerprint ?? '',
    ],
    [
      'server key, by its fingerprint',
      then?.serverKeyFingerprint ?? now.serverKeyFingerprint ?? '',
      now.serverKeyFingerprint ?? '',
    ],
    ['server address', then?.serverAddress ?? 'none', now.serverAddress ?? 'none'],
    ['claimed', yesNo(then?.claimed), yesNo(now.claimed)],
    ['Wi-Fi networks', `${then?.wifi.networks.length ?? 0}`, `${now.wifi.networks.length}`],
  ];
  return rows
    .filter(([, before, later]) => (before ?? 'blank') !== later && later !== '')
    .map(([name, before, later]) => ({
      what: `${name}: ${before ?? 'blank'} -> ${later}`,
      start: region.start,
      end: region.end,
      bytes: 0,
    }));
}

function yesNo(value: boolean | undefined): string {
  return value ? 'yes' : 'no';
}

/** Nothing is known of the chip: what is erased may have held anything. */
function nameWorstCase(input: NamingInput): Names {
  const { flash, regions, works, massErase } = input;
  const erased = massErase ? [...flash.sectors] : works.filter(({ erase }) => erase).map(({ sector }) => sector);
  const kept = regions
    .filter((region) => !erased.some((sector) => intersect(sector, region)))
    .map((region) => ({
      what: `whatever is in the region ${region.id}`,
      start: region.start,
      end: region.end,
      bytes: sizeOf(region),
      reason: 'not touched',
    }));
  const lost = lostRanges(input)
    .flatMap(cutterOf(regions))
    .map((range) => ({
      ...range,
      what: `whatever is in ${placeName(range, regions)}`,
      bytes: sizeOf(range),
      reason: `${massErase ? 'the whole chip' : 'its sector'} is erased, and nobody has read it`,
    }));
  return { kept, lost, changes: moduleChanges(input) };
}
