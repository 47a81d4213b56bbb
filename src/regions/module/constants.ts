/**
 * 32-bit constants that code works with, found without disassembling it: words of literal pools, and the pairs of MOVW
 * and MOVT that a compiler for Cortex-M3 writes instead (ARMv7-M, A7.7.76 encoding T3 and A7.7.79).
 */
import { readU16, readU32 } from '../../core/bytes.js';

/** Halfwords between a MOVW and its MOVT; schedulers put a few other instructions between them. */
const MAX_DISTANCE = 16;
const MOVW = 0xf240;
const MOVT = 0xf2c0;
/** i and imm4 are free. */
const OPCODE_MASK = 0xfbf0;

/** Which of these constants stand in the code, by the offset of the first place of each. */
export function findConstants(code: Uint8Array, wanted: readonly number[]): Map<number, number> {
  const found = new Map<number, number>();
  const note = (value: number, offset: number): void => {
    if (wanted.includes(value) && !found.has(value)) found.set(value, offset);
  };
  for (let offset = 0; offset + 4 <= code.length; offset += 2) {
    if (offset % 4 === 0) note(readU32(code, offset), offset);
    if ((readU16(code, offset) & OPCODE_MASK) !== MOVW) continue;
    const high = matchingMovt(code, offset);
    if (high !== undefined) note(((high << 16) | immediate(code, offset)) >>> 0, offset);
  }
  return found;
}

/** The upper half that a MOVT to the same register gives soon after. */
function matchingMovt(code: Uint8Array, from: number): number | undefined {
  const register = destination(code, from);
  const last = Math.min(code.length - 4, from + 2 * MAX_DISTANCE);
  for (let offset = from + 4; offset <= last; offset += 2) {
    if ((readU16(code, offset) & OPCODE_MASK) === MOVT && destination(code, offset) === register) {
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
