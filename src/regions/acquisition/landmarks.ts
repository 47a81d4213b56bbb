/**
 * Landmarks: structures that occur in every firmware for these chips and that chance does not make, Particle module
 * headers and vector tables. They tell whether a dump was read correctly, and from which address.
 */
import { wordsOf } from '../../core/bytes.js';
import { crc32 } from '../../core/checksums.js';
import { HEADER_AFTER_VECTORS } from '../module/format.js';
import type { AddressMap } from '../unknown/address-map.js';
import { readVectorTable, viewOf } from '../unknown/pointers.js';
import { type PlausibleHeader, readPlausibleHeader } from '../unknown/remains.js';
import { VECTOR_COUNT } from '../vector-table.js';
import { byteAfterUndoing, someCandidate, type Transform, undoTransform } from './transform.js';

export interface ModuleLandmark {
  readonly kind: 'module';
  /** Offset of the module's first byte, which is the header's or that of the vector table before it. */
  readonly offset: number;
  readonly header: PlausibleHeader;
  /** Bytes with the CRC, as the header states. */
  readonly length: number;
  /** ok: the CRC matches; bad: it does not; cut-off: the bytes end before it; unchecked: too many candidates. */
  readonly crc: 'ok' | 'bad' | 'cut-off' | 'unchecked';
}

export interface VectorLandmark {
  readonly kind: 'vectors';
  readonly offset: number;
  readonly stackPointer: number;
  readonly resetVector: number;
  readonly handlers: number;
  /** Lowest address any handler points to. */
  readonly lowestTarget: number;
  readonly highestTarget: number;
}

export type Landmark = ModuleLandmark | VectorLandmark;

export interface LandmarkSearch {
  /** Positions tried: every `step` bytes from offset 0. Default 4. */
  readonly step?: number;
  /** CRCs computed at most over this many bytes, all modules together; default four times the input. */
  readonly checksumBytes?: number;
}

/** More landmarks than any flash holds; the search stops there. */
const MAX_LANDMARKS = 256;

/** Landmarks in offset order. Linear time. */
export function findLandmarks(bytes: Uint8Array, map: AddressMap, search: LandmarkSearch = {}): Landmark[] {
  const { step = 4 } = search;
  let budget = search.checksumBytes ?? bytes.length * 4;
  const view = viewOf(bytes);
  const landmarks: Landmark[] = [];
  let next = 0;
  const visit = (offset: number, kind: number): boolean => {
    if (offset < next) return true;
    if (kind === RAM) {
      const vectors = readVectors(view, offset, map);
      if (vectors) landmarks.push(vectors);
    } else {
      const header = readPlausibleHeader(view, offset, map);
      if (!header) return true;
      const size = Math.min(bytes.length, header.endAddress - header.startAddress);
      const module = checkModule(bytes, view, header, map, size * 2 <= budget);
      if (module.crc === 'ok' || module.crc === 'bad') budget -= size * 2;
      landmarks.push(module);
      next = offset + HEADER_BYTES;
    }
    return landmarks.length < MAX_LANDMARKS;
  };
  if (step === 4) visitWords(wordsOf(bytes), topBytes(map), visit);
  else visitBytes(bytes, step, topBytes(map), visit);
  return landmarks;
}

const HEADER_BYTES = 24;

/** Answers false to stop. */
type Visit = (offset: number, kind: number) => boolean;

/** Word-aligned places where a flash or RAM address is followed by a flash address, by their top bytes. */
function visitWords(words: Uint32Array, top: Uint8Array, visit: Visit): void {
  for (let index = 0; index + 1 < words.length; index++) {
    const kind = top[(words[index] as number) >>> 24] as number;
    if (kind === 0 || top[(words[index + 1] as number) >>> 24] !== FLASH) continue;
    if (!visit(index * 4, kind)) return;
  }
}

/** The same at any multiple of `step` bytes. */
function visitBytes(bytes: Uint8Array, step: number, top: Uint8Array, visit: Visit): void {
  for (let offset = 0; offset + 8 <= bytes.length; offset += step) {
    const kind = top[bytes[offset + 3] as number] as number;
    if (kind === 0 || top[bytes[offset + 7] as number] !== FLASH) continue;
    if (!visit(offset, kind)) return;
  }
}

/** Candidates looked at before a rearrangement is tried in full anyway; random bytes give eight per MiB. */
const MAX_CANDIDATES = 4096;

/** True when undoing a transform would reveal a landmark, found without transforming everything. */
export function revealsLandmark(bytes: Uint8Array, map: AddressMap, transform: Transform): boolean {
  const flashOrRam = topBytes(map);
  const flash = flashOrRam.map((kind) => (kind === FLASH ? 1 : 0));
  let candidates = 0;
  return someCandidate(bytes, transform, { first: flashOrRam, second: flash }, (offset) => {
    // The third word: the reserved byte of a header is zero, the NMI handler lies in flash or is absent.
    const isVectors = flashOrRam[byteAfterUndoing(bytes, transform, offset + 3)] === RAM;
    const third = byteAfterUndoing(bytes, transform, offset + (isVectors ? 11 : 8));
    if (third !== 0 && !(isVectors && flash[third] === 1)) return false;
    if (++candidates > MAX_CANDIDATES) return true;
    const end = Math.min(bytes.length, offset + VECTOR_COUNT * 4);
    const view = viewOf(undoTransform(bytes.subarray(offset, end), transform));
    return readPlausibleHeader(view, 0, map) !== undefined || readVectorTable(view, 0, map) !== undefined;
  });
}

const FLASH = 1;
const RAM = 2;

function topBytes(map: AddressMap): Uint8Array {
  const top = new Uint8Array(256);
  for (const range of map.ram) top[range.start >>> 24] = RAM;
  for (const range of map.flash) top[range.start >>> 24] = FLASH;
  return top;
}

function checkModule(
  bytes: Uint8Array,
  view: DataView,
  header: PlausibleHeader,
  map: AddressMap,
  affordable: boolean,
): ModuleLandmark {
  const size = header.endAddress - header.startAddress;
  const length = size + 4;
  const behindVectors = header.offset - HEADER_AFTER_VECTORS;
  const hasVectors = behindVectors >= 0 && startsWithStackPointer(view, behindVectors, map);
  const offsets = hasVectors ? [behindVectors, header.offset] : [header.offset, behindVectors];
  for (const offset of affordable ? offsets : []) {
    if (offset < 0 || offset + length > bytes.length) continue;
    if (crc32(bytes.subarray(offset, offset + size)) === view.getUint32(offset + size, false)) {
      return { kind: 'module', offset, header, length, crc: 'ok' };
    }
  }
  const offset = hasVectors ? behindVectors : header.offset;
  const crc = offset + length > bytes.length ? 'cut-off' : affordable ? 'bad' : 'unchecked';
  return { kind: 'module', offset, header, length, crc };
}

/** A module with its header at 0x184 begins with a stack pointer and a reset vector; one without does not. */
function startsWithStackPointer(view: DataView, offset: number, map: AddressMap): boolean {
  const stackPointer = view.getUint32(offset, true);
  const reset = view.getUint32(offset + 4, true);
  return (
    map.ram.some((ram) => stackPointer > ram.start && stackPointer <= ram.end) &&
    map.flash.some((flash) => reset >= flash.start && reset < flash.end)
  );
}

function readVectors(view: DataView, offset: number, map: AddressMap): VectorLandmark | undefined {
  const table = readVectorTable(view, offset, map);
  if (!table) return undefined;
  let lowestTarget = table.resetVector;
  let highestTarget = table.resetVector;
  for (let index = 2; index < Math.min(table.words, VECTOR_COUNT); index++) {
    const word = view.getUint32(offset + index * 4, true);
    if (word === 0) continue;
    lowestTarget = Math.min(lowestTarget, word);
    highestTarget = Math.max(highestTarget, word);
  }
  const { stackPointer, resetVector, handlers } = table;
  return { kind: 'vectors', offset, stackPointer, resetVector, handlers, lowestTarget, highestTarget };
}

/**
 * How much landmarks weigh: a right CRC cannot be chance, a full vector table hardly, a header alone could be a copy of
 * one in a table of builds.
 */
export function weightOf(landmarks: readonly Landmark[]): number {
  let weight = 0;
  for (const landmark of landmarks) weight += landmarkWeight(landmark);
  return weight;
}

export function landmarkWeight(landmark: Landmark): number {
  if (landmark.kind === 'module') return landmark.crc === 'ok' ? 10 : 3;
  return landmark.handlers >= 7 ? 4 : 1;
}
