/** Repairs the counts and sizes of a DfuSe file (UM0391) from what is really there. */
import { equalBytes, readU32, writeU32 } from '../../core/bytes.js';
import type { Patch } from './patch.js';

const PREFIX_BYTES = 11;
const IMAGE_SIZE = 6;
const TARGET_COUNT = 10;
const TARGET_BYTES = 274;
const TARGET_SIZE = 266;
const ELEMENT_COUNT = 270;
const ELEMENT_BYTES = 8;
const MAX_TARGETS = 255;
const ascii = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const PREFIX_SIGNATURE = ascii('DfuSe');
const TARGET_SIGNATURE = ascii('Target');

/** The data of one element, for whoever wants to look into it. */
export interface ElementPlace {
  readonly address: number;
  readonly offset: number;
  readonly size: number;
}

/**
 * Walks the targets by the sizes of their elements, which say themselves whether they are right: each must end at another
 * element, at the next target, or where the content ends.
 * @param end where the content ends and the suffix begins
 * @returns the elements, or null when the walk came to no end, which is then a refusal
 */
export function repairDfuse(patch: Patch, end: number): ElementPlace[] | null {
  if (end < PREFIX_BYTES) {
    patch.refusals.push({ what: 'the DfuSe file', why: 'its prefix is cut off' });
    return null;
  }
  patch.set(0, PREFIX_SIGNATURE, 'szSignature', 'it is written "DfuSe"');
  patch.set(5, Uint8Array.of(1), 'bVersion', 'there is only version 1', 'u8');
  const places: ElementPlace[] = [];
  let offset = PREFIX_BYTES;
  let targets = 0;
  while (offset < end) {
    const next = repairTarget(patch, offset, end, places);
    if (next === null || ++targets > MAX_TARGETS) {
      const what = `target ${targets + 1} of the DfuSe file`;
      patch.refusals.push({ what, why: 'its elements do not end where another target or the suffix begins' });
      return null;
    }
    offset = next;
  }
  patch.set(TARGET_COUNT, Uint8Array.of(targets), 'bTargets', `the file holds ${targets}`, 'u8');
  const size = readU32(patch.bytes, IMAGE_SIZE);
  // Some programs count the suffix too; dfu-util and DfuSe take both.
  if (size !== end && size !== patch.bytes.length) {
    patch.set(IMAGE_SIZE, word(end), 'DFUImageSize', 'the content has this size', 'u32');
  }
  return places;
}

function isTarget(bytes: Uint8Array, offset: number): boolean {
  return equalBytes(bytes.subarray(offset, offset + TARGET_SIGNATURE.length), TARGET_SIGNATURE);
}

/** One past the target, or null when it cannot be followed. */
function repairTarget(patch: Patch, offset: number, end: number, places: ElementPlace[]): number | null {
  if (offset + TARGET_BYTES > end || !isTarget(patch.bytes, offset)) return null;
  const start = offset + TARGET_BYTES;
  const stated = start + readU32(patch.bytes, offset + TARGET_SIZE);
  const statedCount = readU32(patch.bytes, offset + ELEMENT_COUNT);
  let position = start;
  let count = 0;
  while (position < end && !(count > 0 && isTarget(patch.bytes, position))) {
    if (position + ELEMENT_BYTES > end) return null;
    const address = readU32(patch.bytes, position);
    let size = readU32(patch.bytes, position + 4);
    const data = position + ELEMENT_BYTES;
    if (size > end - data) {
      // The last element by the count, in a target whose own size fits: its size is the wrong one.
      const fits = stated > data && (stated === end || (stated < end && isTarget(patch.bytes, stated)));
      if (!fits || count + 1 !== statedCount) return null;
      size = stated - data;
      patch.set(position + 4, word(size), 'dwElementSize', 'the target ends there', 'u32');
    }
    places.push({ address, offset: data, size });
    position = data + size;
    count++;
  }
  patch.set(offset + TARGET_SIZE, word(position - start), 'dwTargetSize', 'its elements have this size', 'u32');
  patch.set(offset + ELEMENT_COUNT, word(count), 'dwNbElements', `the target holds ${count}`, 'u32');
  return position;
}

function word(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  writeU32(bytes, 0, value);
  return bytes;
}
