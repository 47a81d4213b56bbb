/** Recognises record files by their first lines; the two formats differ in their marks only. */
import type { Detection } from './format.js';
import { PAIR_INVALID, pairAt } from './hex-digits.js';

const DETECT_BYTES = 8192;
const ZERO = 0x30;

interface RecordShape {
  /** Where the digits of a record begin, when its mark stands at a position; otherwise -1. */
  digitsAt(text: Uint8Array, position: number): number;
  /** Bytes of a whole record whose count byte is given. */
  recordBytes(count: number): number;
  /** Low byte of the sum of a sound record. */
  readonly sum: number;
  readonly name: string;
}

const INTEL_HEX: RecordShape = {
  digitsAt: (text, position) => (text[position] === 0x3a ? position + 1 : -1),
  recordBytes: (count) => count + 5,
  sum: 0,
  name: 'Intel HEX record',
};
const S_RECORD: RecordShape = {
  digitsAt(text, position) {
    const type = (text[position + 1] ?? 0) - ZERO;
    return ((text[position] ?? 0) | 0x20) === 0x73 && type >= 0 && type <= 9 ? position + 2 : -1;
  },
  recordBytes: (count) => Math.max(4, count + 1),
  sum: 0xff,
  name: 'S-record',
};

export const detectIntelHex = (bytes: Uint8Array): Detection | null => detectRecords(bytes, INTEL_HEX);
export const detectSrec = (bytes: Uint8Array): Detection | null => detectRecords(bytes, S_RECORD);

/** True when an S-record begins at the position. */
export const beginsSrecord = (text: Uint8Array, position: number): boolean => beginsRecord(text, position, S_RECORD);
/** True when an Intel HEX record begins at the position. */
export const beginsIntelHex = (text: Uint8Array, position: number): boolean => beginsRecord(text, position, INTEL_HEX);

/** A sound record at the very beginning is certain; behind other text, or damaged at the beginning, it is likely. */
function detectRecords(bytes: Uint8Array, shape: RecordShape): Detection | null {
  let fallback: Detection | null = null;
  let atStart = true;
  const end = Math.min(bytes.length, DETECT_BYTES);
  for (let position = 0; position < end && bytes[position] !== 0; position++) {
    const code = bytes[position] as number;
    const previous = position === 0 ? 0 : (bytes[position - 1] as number);
    if ((previous <= 0x20 || previous > 0x7e) && shape.digitsAt(bytes, position) >= 0) {
      if (isSound(bytes, position, shape)) {
        if (atStart) return { confidence: 'certain', reason: `begins with a sound ${shape.name}` };
        return { confidence: 'likely', reason: `has lines that are a ${shape.name} each` };
      }
      if (atStart && beginsRecord(bytes, position, shape)) {
        fallback = { confidence: 'likely', reason: `begins like an ${shape.name}` };
      }
    }
    // A byte order mark does not count as text.
    if (code > 0x20 && code < 0x7f) atStart = false;
  }
  return fallback;
}

/** Three bytes of digits, so that a word of text is not taken for a record. */
function beginsRecord(text: Uint8Array, position: number, shape: RecordShape): boolean {
  const start = shape.digitsAt(text, position);
  if (start < 0) return false;
  return [0, 2, 4].every((offset) => (pairAt(text, start + offset) & PAIR_INVALID) === 0);
}

function isSound(text: Uint8Array, position: number, shape: RecordShape): boolean {
  const start = shape.digitsAt(text, position);
  const size = shape.recordBytes(pairAt(text, start) & 0xff);
  let sum = 0;
  for (let index = 0; index < size; index++) {
    const entry = pairAt(text, start + index * 2);
    if ((entry & PAIR_INVALID) !== 0) return false;
    sum += entry;
  }
  return (sum & 0xff) === shape.sum;
}
