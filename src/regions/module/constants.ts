/**
 * 32-bit constants that code works with, found without disassembling it, in the three ways in which compilers for
 * Cortex-M3 bring them about: words of literal pools; pairs of MOVW and MOVT; and the sum of a constant and an immediate
 * whose four bytes are the same. (ARMv7-M Architecture Reference Manual: MOV encoding T3, MOVT T1, ADD T3.)
 *
 * The last one is no curiosity: the second of the two keys that unlock flash registers never stands in released code. GCC
 * makes it from the first with ADD.W #0x88888888 or #0x44444444.
 */
import { indexOfBytes } from '#bytes';
import { readU16, readU32 } from '../../core/bytes.js';

/** Halfwords between a MOVW and its MOVT; schedulers put a few other instructions between them. */
const MAX_DISTANCE = 16;
/** A literal lies at most this far behind the instruction that loads it. */
const LITERAL_REACH = 4096;

const MOVW = 0xf240;
const MOVT = 0xf2c0;
/** i and imm4 are free. */
const MOVE_MASK = 0xfbf0;
/** With i = 0, as the repeated byte needs it; S and Rn are free. */
const ADD_IMMEDIATE = 0xf100;
const ADD_MASK = 0xffe0;
/** imm3 = 3: the byte four times. */
const FOUR_TIMES = 0x3000;
const IMM3_MASK = 0xf000;

/** Which of these constants the code works with, by the offset of the first place of each. */
export function findConstants(code: Uint8Array, wanted: readonly number[]): Map<number, number> {
  if (!wanted.some((value) => mayHold(code, value))) return new Map();
  const places = new Map<number, number[]>(wanted.map((value) => [value, []]));
  const sums: { readonly added: number; readonly offset: number }[] = [];
  for (let offset = 0; offset + 4 <= code.length; offset += 2) {
    if (offset % 4 === 0) places.get(readU32(code, offset))?.push(offset);
    const opcode = readU16(code, offset);
    if ((opcode & MOVE_MASK) === MOVW) {
      const high = matchingMovt(code, offset);
      if (high !== undefined) places.get(((high << 16) | immediate(code, offset)) >>> 0)?.push(offset);
    } else if ((opcode & ADD_MASK) === ADD_IMMEDIATE && (readU16(code, offset + 2) & IMM3_MASK) === FOUR_TIMES) {
      sums.push({ added: ((code[offset + 2] as number) * 0x01010101) >>> 0, offset });
    }
  }
  const found = new Map<number, number>();
  for (const value of wanted) {
    const offset = places.get(value)?.[0] ?? sumPlace(value, places, sums);
    if (offset !== undefined) found.set(value, offset);
  }
  return found;
}

/** False when neither the word nor the MOVW of its lower half is there; found natively, since most code holds neither. */
function mayHold(code: Uint8Array, value: number): boolean {
  const low = value & 0xffff;
  const move = MOVW | (low >> 12) | ((low & 0x800) >> 1);
  return (
    indexOfBytes(code, Uint8Array.of(value, value >> 8, value >> 16, value >> 24)) >= 0 ||
    indexOfBytes(code, Uint8Array.of(move, move >> 8, low)) >= 0
  );
}

/** Where a value is made from another constant that is wanted and near. */
function sumPlace(
  value: number,
  places: ReadonlyMap<number, readonly number[]>,
  sums: readonly { readonly added: number; readonly offset: number }[],
): number | undefined {
  return sums.find(({ added, offset }) => isNear(offset, places.get((value - added) >>> 0) ?? []))?.offset;
}

/** Whether one of these ascending places is within reach. */
function isNear(offset: number, places: readonly number[]): boolean {
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((places[middle] as number) < offset - LITERAL_REACH) low = middle + 1;
    else high = middle;
  }
  const next = places[low];
  return next !== undefined && next <= offset + LITERAL_REACH;
}

/** The upper half that a MOVT to the same register gives soon after. */
function matchingMovt(code: Uint8Array, from: number): number | undefined {
  const register = destination(code, from);
  const last = Math.min(code.length - 4, from + 2 * MAX_DISTANCE);
  for (let offset = from + 4; offset <= last; offset += 2) {
    if ((readU16(code, offset) & MOVE_MASK) === MOVT && destination(code, offset) === register) {
      return immediate(code, offset);
    }
  }
  return undefined;
}

function destination(code: Uint8Array, offset: number): number {
  return (readU16(code, offset + 2) >> 8) & 0xf;
}

/** imm4:i:imm3:imm8. */
function immediate(code: Uint8Array, offset: number): number {
  const first = readU16(code, offset);
  const second = readU16(code, offset + 2);
  return ((first & 0xf) << 12) | ((first & 0x400) << 1) | ((second & 0x7000) >> 4) | (second & 0xff);
}
