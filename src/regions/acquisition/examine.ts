/**
 * Was the dump read correctly? Looks for what goes wrong between a chip and a file: protection, lost transfers, swapped
 * bytes, broken lines, wrong lengths and wrong addresses. Only states what the bytes show, with the figures.
 */
import { formatAddress, isFilledWith } from '../../core/bytes.js';
import { LayoutError } from '../../core/errors.js';
import type { MemoryImage } from '../../core/image.js';
import { type Range, sizeOf } from '../../core/range.js';
import type { Chip, Memory } from '../../layout/types.js';
import { type AddressMap, addressMapOf } from '../unknown/address-map.js';
import { type BaseInference, inferBase } from './base.js';
import { type Appended, findDfuSuffix, findGluedModules, type GluedModule } from './glue.js';
import { findLandmarks, type Landmark, revealsLandmark, weightOf } from './landmarks.js';
import {
  constantUnit,
  ignoredAddressBits,
  type Repetition,
  type StuckAddressLine,
  splitIgnoredBits,
} from './repetition.js';
import { findStuckDataLine, type StuckDataLine } from './stuck-data.js';
import { TRANSFORMS, type Transform, undoTransform } from './transform.js';
import { findDroppedChunks, type ZeroRun } from './zero-runs.js';

export interface AcquisitionReport {
  /** What was examined: the largest contiguous range of the image. */
  readonly range: Range;
  /** How the bytes were rearranged; undoTransform() with it gives the chip's bytes. */
  readonly transform: Transform | null;
  readonly repeat: Repetition | null;
  readonly stuck: StuckDataLine | StuckAddressLine | null;
  /** The bytes are what a protected or failed read gives. False for a blank chip, see `blank`. */
  readonly readProtected: boolean;
  /** Everything is 0xFF: erased, or read in a way that gives 0xFF. */
  readonly blank: boolean;
  /** The unit of 1 to 16 bytes that fills everything, or null. */
  readonly constantUnit: { readonly size: number; readonly hex: string } | null;
  /** The bytes end before something that began in them does. */
  readonly truncated: boolean;
  /** Bytes missing to the end of the cut-off module, or of the flash for a dump of the whole chip. */
  readonly shortBy: number;
  /** Bytes beyond the end of the flash. */
  readonly longBy: number;
  readonly base: BaseInference | null;
  /**
   * Bytes between a multiple of 1 KiB of the flash and the first byte, when the dump begins in between; negative for
   * bytes put in front of it; null when it begins where dumps begin.
   */
  readonly oddOffset: number | null;
  readonly gluedModules: readonly GluedModule[];
  readonly appended: Appended | null;
  /** Zeros from one transfer boundary to another; offsets count from `range.start`. */
  readonly droppedChunks: readonly ZeroRun[];
  readonly evidence: Readonly<Record<string, string | number | boolean>>;
  /** One sentence for everything that was found; empty for a dump without peculiarities. */
  readonly sentences: readonly string[];
}

type Draft = { -readonly [K in keyof AcquisitionReport]: AcquisitionReport[K] } & {
  sentences: string[];
  evidence: Record<string, string | number | boolean>;
};

/** A rearrangement is only believed when it reveals more than one header could by chance (see weightOf). */
const MIN_TRANSFORM_WEIGHT = 4;
/** Dumps begin at multiples of this, whatever tool made them. */
const BASE_GRANULE = 1024;

/**
 * Examines an image, usually one raw dump. Runs in time linear in the image.
 * @throws LayoutError CHIP_WITHOUT_FLASH when the chip has no flash memory to compare with.
 */
export function examineAcquisition(image: MemoryImage, chip: Chip): AcquisitionReport {
  const flash = chip.memories.find((memory) => memory.kind === 'flash');
  if (!flash) {
    throw new LayoutError({
      code: 'CHIP_WITHOUT_FLASH',
      what: `chip ${chip.id} has no flash memory`,
      expected: 'a memory of kind flash',
      help: 'Add the flash to the chip file.',
    });
  }
  const range = largestRange(image);
  const draft = emptyReport(range);
  if (sizeOf(range) === 0) {
    draft.sentences.push('The image is empty.');
    return draft;
  }
  // Every part of the range is present, so the fill value is never used.
  const bytes = image.bytes(range) ?? image.read(range, 0xff);
  if (examineConstant(bytes, draft)) {
    examineLength(bytes, [], flash, draft);
    return draft;
  }
  const map = addressMapOf(chip);
  const { content, landmarks } = examineOrder(bytes, map, draft);
  examineLines(content, landmarks, map, draft);
  examineBase(content, landmarks, flash, draft);
  draft.gluedModules = findGluedModules(landmarks);
  if (draft.gluedModules.length > 0) {
    draft.base = null;
    draft.oddOffset = null;
    const list = draft.gluedModules.map((module) => formatAddress(module.startAddress)).join(', ');
    draft.sentences.push(`${draft.gluedModules.length} modules follow each other in the file but belong to ${list}.`);
  }
  examineLength(content, landmarks, flash, draft);
  examineChunks(content, draft);
  return draft;
}

function largestRange(image: MemoryImage): Range {
  let largest: Range = { start: 0, end: 0 };
  for (const range of image.ranges()) if (sizeOf(range) > sizeOf(largest)) largest = range;
  return largest;
}

function emptyReport(range: Range): Draft {
  return {
    range,
    transform: null,
    repeat: null,
    stuck: null,
    readProtected: false,
    blank: false,
    constantUnit: null,
    truncated: false,
    shortBy: 0,
    longBy: 0,
    base: null,
    oddOffset: null,
    gluedModules: [],
    appended: null,
    droppedChunks: [],
    evidence: {},
    sentences: [],
  };
}

/** True when the bytes are one unit over and over, so that nothing else can be learned from them. */
function examineConstant(bytes: Uint8Array, draft: Draft): boolean {
  const size = constantUnit(bytes);
  if (size === 0) return false;
  const hex = Array.from(bytes.subarray(0, size), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  draft.constantUnit = { size, hex };
  draft.evidence.unit = hex;
  if (size === 1 && bytes[0] === 0xff) {
    draft.blank = true;
    draft.sentences.push(
      `All ${bytes.length} bytes are 0xFF: the flash is erased, or the read failed in a way that gives 0xFF; the bytes cannot tell which.`,
    );
    return true;
  }
  draft.readProtected = true;
  draft.sentences.push(
    size === 1 && bytes[0] === 0
      ? `All ${bytes.length} bytes are 0x00, which flash never is by itself: the read was refused (read protection) or failed.`
      : `The same ${size === 1 ? 'byte' : `${size} bytes`} (${hex}) ${size === 1 ? 'fills' : 'fill'} all ${bytes.length} bytes: the read failed, the address did not advance or the chip did not answer.`,
  );
  return true;
}

interface Ordered {
  /** The bytes with any rearrangement undone. */
  readonly content: Uint8Array;
  readonly landmarks: readonly Landmark[];
}

/** Looks for landmarks as the bytes are; failing that, in every other order, and then at every offset. */
function examineOrder(bytes: Uint8Array, map: AddressMap, draft: Draft): Ordered {
  const landmarks = findLandmarks(bytes, map);
  if (weightOf(landmarks) >= MIN_TRANSFORM_WEIGHT) return { content: bytes, landmarks };
  let best: (Ordered & { transform: Transform; weight: number }) | undefined;
  for (const transform of TRANSFORMS) {
    if (!revealsLandmark(bytes, map, transform)) continue;
    const content = undoTransform(bytes, transform);
    const found = findLandmarks(content, map);
    const weight = weightOf(found);
    if (weight < MIN_TRANSFORM_WEIGHT || weight <= (best?.weight ?? weightOf(landmarks))) continue;
    best = { transform, weight, content, landmarks: found };
  }
  if (best) {
    draft.transform = best.transform;
    draft.evidence.landmarks = best.landmarks.length;
    draft.sentences.push(
      `Undoing ${best.transform} brings out ${describeLandmarks(best.landmarks)}; as they are, the bytes have ${landmarks.length === 0 ? 'none' : 'fewer'}.`,
    );
    return best;
  }
  const shifted = findLandmarks(bytes, map, { step: 1 });
  return { content: bytes, landmarks: weightOf(shifted) > weightOf(landmarks) ? shifted : landmarks };
}

function describeLandmarks(landmarks: readonly Landmark[]): string {
  const modules = landmarks.filter((landmark) => landmark.kind === 'module');
  const verified = modules.filter((landmark) => landmark.kind === 'module' && landmark.crc === 'ok').length;
  const tables = landmarks.length - modules.length;
  const parts = [
    modules.length > 0
      ? `${modules.length} module header${modules.length === 1 ? '' : 's'} (${verified} with a right CRC)`
      : '',
    tables > 0 ? `${tables} vector table${tables === 1 ? '' : 's'}` : '',
  ];
  return parts.filter((part) => part !== '').join(' and ');
}

function examineLines(content: Uint8Array, landmarks: readonly Landmark[], map: AddressMap, draft: Draft): void {
  const ignored = hasOnlyApplications(content, landmarks) ? [] : ignoredAddressBits(content);
  const { period, lines } = splitIgnoredBits(ignored, content.length);
  if (period !== undefined) {
    draft.repeat = { period };
    draft.sentences.push(
      `The content repeats every ${period} bytes: the chip is smaller than the dump, or the address lines above bit ${Math.log2(period) - 1} have no effect.`,
    );
  }
  const [bit] = lines;
  if (bit !== undefined) {
    const level = stuckLevel(bit, landmarks, draft.range.start);
    draft.stuck = { kind: 'address', bit, level };
    draft.evidence.ignoredAddressBits = lines.join(', ');
    draft.sentences.push(
      `Bytes whose addresses differ only in bit ${bit} are equal throughout: address line ${bit} has no effect${level === null ? '' : `, it reads as ${level}`}.`,
    );
    return;
  }
  const line = findStuckDataLine(content, map);
  if (!line) return;
  draft.stuck = line;
  draft.evidence.proofs = line.proofs;
  draft.sentences.push(
    `Bit ${line.bit} of every ${line.width}-bit unit is ${line.level}, also in ${line.proofs} place${line.proofs === 1 ? '' : 's'} where ${line.level === 0 ? 'erased flash or a vector table has a 1' : 'everything else is 0'}.`,
  );
}

/** module_function of a user part. */
const USER_PART = 5;

/**
 * True when there is nothing but user parts and erased flash: the factory area holds a copy of the user part by design,
 * and a dump of just these two areas would look as if an address line had no effect.
 */
function hasOnlyApplications(content: Uint8Array, landmarks: readonly Landmark[]): boolean {
  let position = 0;
  let applications = 0;
  for (const landmark of landmarks) {
    if (landmark.kind !== 'module' || landmark.crc !== 'ok') continue;
    if (landmark.header.function !== USER_PART || landmark.offset < position) return false;
    if (!isErased(content, position, landmark.offset)) return false;
    position = landmark.offset + landmark.length;
    applications++;
  }
  return applications > 1 && isErased(content, position, content.length);
}

function isErased(bytes: Uint8Array, start: number, end: number): boolean {
  return start >= end || isFilledWith(bytes, 0xff, start, end);
}

/** A module found twice, once where its header says: the other half is the one that cannot be read. */
function stuckLevel(bit: number, landmarks: readonly Landmark[], base: number): 0 | 1 | null {
  for (const landmark of landmarks) {
    if (landmark.kind !== 'module') continue;
    const own = landmark.header.startAddress - base;
    if (own === landmark.offset || own === (landmark.offset ^ (1 << bit)) >>> 0) {
      return (own & (1 << bit)) === 0 ? 0 : 1;
    }
  }
  return null;
}

function examineBase(content: Uint8Array, landmarks: readonly Landmark[], flash: Memory, draft: Draft): void {
  const base = inferBase(landmarks, content.length, flash, draft.range.start);
  if (!base) return;
  draft.base = base;
  const beyond = base.address - flash.start;
  const odd = beyond < 0 ? beyond : beyond % BASE_GRANULE;
  const starts = landmarks[0]?.offset === 0;
  if (odd === 0 || !base.proven || (starts && beyond >= 0)) return;
  draft.oddOffset = odd;
  draft.sentences.push(
    odd < 0
      ? `${-odd} byte${odd === -1 ? '' : 's'} stand in front of the content: what belongs to ${formatAddress(flash.start)} is at offset ${-odd}.`
      : `The first byte belongs to ${formatAddress(base.address)}, ${odd} byte${odd === 1 ? '' : 's'} after a boundary where dumps begin.`,
  );
}

function examineLength(content: Uint8Array, landmarks: readonly Landmark[], flash: Memory, draft: Draft): void {
  const size = sizeOf(flash);
  const { length } = content;
  draft.appended = findDfuSuffix(content) ?? null;
  if (draft.appended) {
    draft.sentences.push(
      `The last ${draft.appended.length} bytes are a DFU suffix (CRC ${draft.appended.crc}), not flash content.`,
    );
  }
  const base = draft.base?.address ?? draft.range.start;
  // Bytes in front of the flash are reported as such; cutting them off at the end too would cut off flash.
  const front = Math.max(0, -(draft.oddOffset ?? 0));
  if (length > size + front) {
    draft.longBy = length - size - front;
    draft.appended ??= tail(content, size + front);
    const others = front > 0 ? ` and the ${front} in front of it` : '';
    draft.sentences.push(`${length} bytes are ${draft.longBy} more than the ${size} bytes of flash${others}.`);
    return;
  }
  const cut = landmarks.find(
    (landmark) =>
      landmark.kind === 'module' &&
      landmark.crc === 'cut-off' &&
      (landmark.offset === 0 || landmark.header.startAddress - landmark.offset === base),
  );
  if (cut?.kind === 'module' && base + length < flash.end) {
    draft.truncated = true;
    draft.shortBy = cut.offset + cut.length - length;
    draft.sentences.push(
      `The module at offset ${cut.offset} is ${cut.length} bytes long by its header, ${draft.shortBy} more than there are.`,
    );
    return;
  }
  examineDumpEnd(length, landmarks, base, flash, draft);
}

/** A dump of a whole chip ends with the flash; one that ends elsewhere was aborted, or meant to be a part. */
function examineDumpEnd(
  length: number,
  landmarks: readonly Landmark[],
  base: number,
  flash: Memory,
  draft: Draft,
): void {
  if (base !== flash.start || length === sizeOf(flash) || draft.gluedModules.length > 0) return;
  const installed = landmarks.filter(
    (landmark) => landmark.kind === 'module' && landmark.header.startAddress - landmark.offset === base,
  );
  if (installed.length < 2) return;
  const end = base + length;
  const endsWithModule = installed.some(
    (landmark) => landmark.kind === 'module' && landmark.offset + landmark.length === length,
  );
  if (endsWithModule) return;
  draft.shortBy = sizeOf(flash) - length;
  if (flash.sectors.some((sector) => sector.end === end)) {
    draft.sentences.push(
      `The dump ends at ${formatAddress(end)}, a sector boundary ${draft.shortBy} bytes before the end of flash.`,
    );
    return;
  }
  draft.truncated = true;
  draft.sentences.push(
    `The dump ends at ${formatAddress(end)}, in the middle of a sector and ${draft.shortBy} bytes before the end of flash.`,
  );
}

function tail(content: Uint8Array, size: number): Appended {
  const rest = content.subarray(size);
  const erased = rest.every((byte) => byte === 0xff);
  return { kind: erased ? 'erased' : 'other', offset: size, length: rest.length };
}

function examineChunks(content: Uint8Array, draft: Draft): void {
  draft.droppedChunks = findDroppedChunks(content, draft.base?.address ?? draft.range.start);
  const [first] = draft.droppedChunks;
  if (!first) return;
  const count = draft.droppedChunks.length;
  draft.sentences.push(
    `${count === 1 ? 'A stretch' : `${count} stretches`} of zeros from one multiple of ${first.chunk} bytes to another, the first at ${formatAddress(draft.range.start + first.offset)} (${first.length} bytes): transfers that were lost.`,
  );
}
