/** Which parts of a module differ between two builds of it. */
import { formatCount } from '../../core/words.js';
import type { ParticleModule } from '../../regions/module/decode.js';
import { CRC_BYTES, MODULE_INFO, MODULE_SUFFIX, PRODUCT_FIELDS } from '../../regions/module/format.js';
import { type ImageDelta, rangesIn } from './delta.js';
import { countDifferences } from './runs.js';

export interface ModulePartDifference {
  readonly name: string;
  /** How many of its bytes differ. */
  readonly bytes: number;
  /** Vector table and code, as against what the build writes about them. */
  readonly isCode: boolean;
}

interface Stretch {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly isCode?: boolean;
}

/** Fields of the header in words; what a reader calls them, not what the C structure does. */
const HEADER_WORDS: Readonly<Record<string, string>> = {
  moduleStartAddress: 'start address',
  moduleEndAddress: 'end address',
  reserved: 'reserved byte',
  flags: 'flags',
  moduleVersion: 'version',
  platformId: 'platform',
  moduleFunction: 'function',
  moduleIndex: 'index',
  dependency: 'dependency',
  dependency2: 'second dependency',
};

/**
 * Parts that differ, in address order. Two modules of different length have their code compared up to the shorter end.
 * @param delta of the images, cut at partBorders of both.
 */
export function partDifferences(a: ParticleModule, b: ParticleModule, delta: ImageDelta): ModulePartDifference[] {
  const sameShape = a.length === b.length && a.suffix?.size === b.suffix?.size;
  if (a.address === b.address && sameShape && a.missing + b.missing === 0 && a.headerOffset === b.headerOffset) {
    return partsFromRanges(a, delta);
  }
  if (a.headerOffset !== b.headerOffset || a.missing > 0 || b.missing > 0) return [wholeDifference(a, b)];
  const [partsA, partsB] = [stretchesOf(a), stretchesOf(b)];
  const onlyInB = partsB.filter(({ name }) => !partsA.some((one) => one.name === name));
  return [...partsA, ...onlyInB].flatMap((part) => {
    const two = partsB.find(({ name }) => name === part.name);
    const isShared = two !== undefined && two !== part;
    const bytes = isShared ? stretchDifference(a.bytes, part, b.bytes, two) : part.end - part.start;
    return bytes > 0 ? [{ name: part.name, bytes, isCode: part.isCode === true }] : [];
  });
}

/** Sums up the ranges in each part: they end at its borders, so no byte is looked at twice. */
function partsFromRanges(module: ParticleModule, delta: ImageDelta): ModulePartDifference[] {
  return stretchesOf(module).flatMap(({ name, start, end, isCode = false }) => {
    const place = { start: module.address + start, end: module.address + end };
    const bytes = rangesIn(delta, place).reduce((sum, range) => sum + range.bytes, 0);
    return bytes > 0 ? [{ name, bytes, isCode }] : [];
  });
}

function wholeDifference(a: ParticleModule, b: ParticleModule): ModulePartDifference {
  const whole = (module: ParticleModule): Stretch => ({ name: '', start: 0, end: module.bytes.length });
  const bytes = stretchDifference(a.bytes, whole(a), b.bytes, whole(b));
  return { name: `the whole module (${formatCount(a.bytes.length)} bytes)`, bytes, isCode: true };
}

/** Differing bytes up to the end of the shorter stretch, and what the longer one has more. */
function stretchDifference(a: Uint8Array, one: Stretch, b: Uint8Array, two: Stretch): number {
  const [sizeA, sizeB] = [one.end - one.start, two.end - two.start];
  const common = Math.min(sizeA, sizeB);
  const differing = countDifferences(
    a.subarray(one.start, one.start + common),
    b.subarray(two.start, two.start + common),
  );
  return differing + Math.abs(sizeA - sizeB);
}

/** Addresses at which parts of a module begin and end. */
export function partBorders(module: ParticleModule): number[] {
  const { address, end } = module;
  if (module.missing > 0) return [address, end];
  return stretchesOf(module).flatMap((part) => [address + part.start, address + part.end]);
}

function stretchesOf({ headerOffset, length, suffix }: ParticleModule): Stretch[] {
  const bodyStart = headerOffset + MODULE_INFO.size;
  const end = length - CRC_BYTES;
  const suffixStart = suffix ? end - MODULE_SUFFIX.size : end;
  const productStart = suffix && suffix.size > MODULE_SUFFIX.size ? suffixStart - PRODUCT_FIELDS.size : suffixStart;
  const stretches: Stretch[] = [
    { name: 'vector table', start: 0, end: headerOffset, isCode: true },
    ...MODULE_INFO.fields.map(({ name, offset, size }) => {
      const start = headerOffset + offset;
      return { name: HEADER_WORDS[name] ?? name, start, end: start + size };
    }),
    { name: 'code', start: bodyStart, end: productStart, isCode: true },
  ];
  if (productStart < suffixStart) stretches.push(...fieldsAt(PRODUCT_FIELDS.fields, PRODUCT_WORDS, productStart));
  if (suffix) stretches.push(...fieldsAt(MODULE_SUFFIX.fields, SUFFIX_WORDS, suffixStart));
  return [...stretches, { name: 'CRC', start: end, end: length }];
}

const PRODUCT_WORDS: Readonly<Record<string, string>> = { productId: 'product id', productVersion: 'product version' };
const SUFFIX_WORDS: Readonly<Record<string, string>> = {
  reserved: 'reserved word of the suffix',
  sha256: 'SHA-256',
  size: 'suffix size',
};

type Fields = readonly { readonly name: string; readonly offset: number; readonly size: number }[];

function fieldsAt(fields: Fields, words: Readonly<Record<string, string>>, start: number): Stretch[] {
  return fields.map(({ name, offset, size }) => {
    const from = start + offset;
    return { name: words[name] ?? name, start: from, end: from + size };
  });
}
