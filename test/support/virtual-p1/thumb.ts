/**
 * The instructions of ARMv7-M (ARM DDI 0403E, chapter A5) that small routines for working memory are made of: those by
 * which OpenOCD writes flash, computes checksums and looks for erased sectors. Everything else is an error.
 */
import type { Bus } from './bus.js';

export const PC = 15;

/** Why execution ended. idle: it waits in a loop for somebody else to change memory. */
export type Stop = 'breakpoint' | 'idle' | 'limit';

const REGISTERS = 16;
const SIGN = 0x80000000;

export class UnknownInstruction extends Error {
  constructor(address: number, first: number, second: number | null) {
    const words = [first, ...(second === null ? [] : [second])].map((word) => word.toString(16).padStart(4, '0'));
    super(`The virtual P1 cannot execute ${words.join(' ')} at 0x${address.toString(16)}`);
  }
}

/** ThumbExpandImm: twelve bits that stand for a constant. */
export function expandImmediate(bits: number): number {
  const byte = bits & 0xff;
  const kind = (bits >>> 8) & 0xf;
  if (kind === 0) return byte;
  if (kind === 1) return (byte | (byte << 16)) >>> 0;
  if (kind === 2) return ((byte << 8) | (byte << 24)) >>> 0;
  if (kind === 3) return (byte * 0x01010101) >>> 0;
  const rotation = bits >>> 7;
  const value = 0x80 | (bits & 0x7f);
  return ((value >>> rotation) | (value << (32 - rotation))) >>> 0;
}

export class ThumbProcessor {
  /** r0 to r12, sp, lr, pc. */
  readonly registers: Uint32Array;
  readonly #bus: Bus;
  #negative = false;
  #zero = false;
  #carry = false;
  #overflow = false;
  /** Conditions of the instructions that an IT instruction governs, next first. */
  #conditions: number[] = [];
  #stores = 0;
  readonly #seen: Uint32Array;

  constructor(registers: Uint32Array, bus: Bus) {
    this.registers = registers;
    this.#seen = registers.slice();
    this.#bus = bus;
  }

  /**
   * Executes from pc.
   *
   * @param limit instructions after which it ends in any case.
   * @throws UnknownInstruction, and BusError of the bus
   */
  run(limit: number): Stop {
    let target = -1;
    let stores = -1;
    for (let count = 0; count < limit; count++) {
      const address = this.registers[PC] ?? 0;
      const first = this.#bus.read(address, 2);
      if (first >>> 8 === 0xbe) return 'breakpoint';
      this.#step(address, first);
      const next = this.registers[PC] ?? 0;
      if (next > address) continue;
      // A jump backwards that finds everything as the last one did will find it so for ever.
      const isSame = next === target && this.#stores === stores && this.#isAsSeen();
      if (isSame) return 'idle';
      target = next;
      stores = this.#stores;
      this.#seen.set(this.registers);
    }
    return 'limit';
  }

  #isAsSeen(): boolean {
    for (let register = 0; register < REGISTERS; register++) {
      if (this.#seen[register] !== this.registers[register]) return false;
    }
    return true;
  }

  #step(address: number, first: number): void {
    const isWide = first >>> 11 >= 0x1d;
    const second = isWide ? this.#bus.read(address + 2, 2) : null;
    this.registers[PC] = address + (isWide ? 4 : 2);
    const condition = this.#conditions.shift();
    if (condition !== undefined && !this.#holds(condition)) return;
    const isKnown = second === null ? this.#narrow(address, first) : this.#wide(first, second);
    if (!isKnown) throw new UnknownInstruction(address, first, second);
  }

  get #inBlock(): boolean {
    return this.#conditions.length > 0;
  }

  #get(register: number): number {
    return this.registers[register] ?? 0;
  }

  #set(register: number, value: number): void {
    this.registers[register] = value >>> 0;
  }

  #holds(condition: number): boolean {
    const result = [
      this.#zero,
      this.#carry,
      this.#negative,
      this.#overflow,
      this.#carry && !this.#zero,
      this.#negative === this.#overflow,
      this.#negative === this.#overflow && !this.#zero,
      true,
    ][condition >>> 1];
    return (condition & 1) === 1 && condition !== 15 ? !result : result === true;
  }

  #flags(value: number): number {
    this.#negative = (value & SIGN) !== 0;
    this.#zero = value >>> 0 === 0;
    return value >>> 0;
  }

  #add(left: number, right: number, carry: number, setsFlags: boolean): number {
    const sum = (left >>> 0) + (right >>> 0) + carry;
    const result = sum >>> 0;
    if (setsFlags) {
      this.#flags(result);
      this.#carry = sum > 0xffffffff;
      this.#overflow = ((left ^ result) & (right ^ result) & SIGN) !== 0;
    }
    return result;
  }

  #subtract(left: number, right: number, setsFlags: boolean): number {
    return this.#add(left, ~right >>> 0, 1, setsFlags);
  }

  #load(address: number, size: number): number {
    return this.#bus.read(address >>> 0, size);
  }

  #store(address: number, size: number, value: number): void {
    this.#stores++;
    this.#bus.write(address >>> 0, size, size === 4 ? value : value & ((1 << (8 * size)) - 1));
  }

  #narrow(address: number, code: number): boolean {
    const high = code >>> 11;
    if (high < 0x03) return this.#shift(code);
    if (high === 0x03) return this.#addSubtract(code);
    if (high < 0x08) return this.#immediate(code);
    if (high === 0x08) return (code & 0x400) === 0 ? this.#dataProcessing(code) : this.#special(code);
    if (high === 0x09) {
      this.#set((code >>> 8) & 7, this.#load(((address + 4) & ~3) + 4 * (code & 0xff), 4));
      return true;
    }
    if (high < 0x0c) return this.#transferByRegister(code);
    if (high < 0x12) return this.#transferByOffset(code);
    if (high === 0x16 || high === 0x17) return this.#miscellaneous(address, code);
    return this.#branch(address, code);
  }

  /** LSL, LSR, ASR by a constant. */
  #shift(code: number): boolean {
    const value = this.#get((code >>> 3) & 7);
    const count = (code >>> 6) & 31;
    const kind = code >>> 11;
    let result = value;
    if (kind === 0) {
      if (count > 0) this.#carry = ((value >>> (32 - count)) & 1) === 1;
      result = count === 0 ? value : value << count;
    } else {
      const places = count === 0 ? 32 : count;
      const isSigned = kind === 2;
      this.#carry = ((value >>> (places - 1)) & 1) === 1;
      if (places === 32) result = isSigned && (value & SIGN) !== 0 ? -1 : 0;
      else result = isSigned ? value >> places : value >>> places;
    }
    this.#set(code & 7, this.#flags(result));
    return true;
  }

  /** ADD and SUB of two registers, or of a register and three bits. */
  #addSubtract(code: number): boolean {
    const left = this.#get((code >>> 3) & 7);
    const field = (code >>> 6) & 7;
    const right = (code & 0x400) !== 0 ? field : this.#get(field);
    const setsFlags = !this.#inBlock;
    const isSubtraction = (code & 0x200) !== 0;
    this.#set(code & 7, isSubtraction ? this.#subtract(left, right, setsFlags) : this.#add(left, right, 0, setsFlags));
    return true;
  }

  /** MOV, CMP, ADD, SUB with eight bits. */
  #immediate(code: number): boolean {
    const register = (code >>> 8) & 7;
    const value = code & 0xff;
    const kind = (code >>> 11) & 3;
    const setsFlags = !this.#inBlock;
    if (kind === 0) this.#set(register, setsFlags ? this.#flags(value) : value);
    else if (kind === 1) this.#subtract(this.#get(register), value, true);
    else if (kind === 2) this.#set(register, this.#add(this.#get(register), value, 0, setsFlags));
    else this.#set(register, this.#subtract(this.#get(register), value, setsFlags));
    return true;
  }

  #dataProcessing(code: number): boolean {
    const target = code & 7;
    const left = this.#get(target);
    const right = this.#get((code >>> 3) & 7);
    switch ((code >>> 6) & 15) {
      case 0:
        this.#set(target, this.#flags(left & right));
        return true;
      case 1:
        this.#set(target, this.#flags(left ^ right));
        return true;
      case 8:
        this.#flags(left & right);
        return true;
      case 10:
        this.#subtract(left, right, true);
        return true;
      case 12:
        this.#set(target, this.#flags(left | right));
        return true;
      case 14:
        this.#set(target, this.#flags(left & ~right));
        return true;
      case 15:
        this.#set(target, this.#flags(~right));
        return true;
      default:
        return false;
    }
  }

  /** ADD, CMP and MOV with all registers; BX. */
  #special(code: number): boolean {
    const target = (code & 7) | ((code >>> 4) & 8);
    const value = this.#get((code >>> 3) & 15);
    const kind = (code >>> 8) & 3;
    if (kind === 0) this.#set(target, this.#get(target) + value);
    else if (kind === 1) this.#subtract(this.#get(target), value, true);
    else if (kind === 2) this.#set(target, value);
    else if ((code & 0x80) === 0) this.#set(PC, value & ~1);
    return kind !== 3 || (code & 0x80) === 0;
  }

  #transferByRegister(code: number): boolean {
    const address = this.#get((code >>> 3) & 7) + this.#get((code >>> 6) & 7);
    const register = code & 7;
    const sizes = [4, 2, 1, 0, 4, 2, 1, 0];
    const kind = (code >>> 9) & 7;
    const size = sizes[kind] ?? 0;
    if (size === 0) return false;
    if (kind < 4) this.#store(address, size, this.#get(register));
    else this.#set(register, this.#load(address, size));
    return true;
  }

  #transferByOffset(code: number): boolean {
    const group = code >>> 12;
    const size = group === 6 ? 4 : group === 7 ? 1 : 2;
    const address = this.#get((code >>> 3) & 7) + size * ((code >>> 6) & 31);
    if ((code & 0x800) === 0) this.#store(address, size, this.#get(code & 7));
    else this.#set(code & 7, this.#load(address, size));
    return true;
  }

  /** CBZ, CBNZ, IT, NOP. */
  #miscellaneous(address: number, code: number): boolean {
    if ((code & 0x500) === 0x100) {
      const isZero = this.#get(code & 7) === 0;
      const distance = ((code >>> 3) & 0x1f) * 2 + ((code & 0x200) !== 0 ? 0x40 : 0);
      if (isZero === ((code & 0x800) === 0)) this.#set(PC, address + 4 + distance);
      return true;
    }
    if (code >>> 8 !== 0xbf) return false;
    const mask = code & 15;
    const first = (code >>> 4) & 15;
    if (mask === 0) return true;
    // The lowest bit set ends the mask; those above it are the last bits of the conditions after the first.
    const more = 3 - Math.log2(mask & -mask);
    this.#conditions = [first];
    for (let index = 0; index < more; index++) this.#conditions.push((first & ~1) | ((mask >>> (3 - index)) & 1));
    return true;
  }

  #branch(address: number, code: number): boolean {
    const group = code >>> 12;
    if (group === 13 && ((code >>> 8) & 15) < 14) {
      const distance = ((code & 0xff) << 24) >> 23;
      if (this.#holds((code >>> 8) & 15)) this.#set(PC, address + 4 + distance);
      return true;
    }
    if (code >>> 11 !== 0x1c) return false;
    this.#set(PC, address + 4 + (((code & 0x7ff) << 21) >> 20));
    return true;
  }

  #wide(first: number, second: number): boolean {
    // DSB, DMB, ISB: everything is in order anyway.
    if (first === 0xf3bf && second >>> 8 === 0x8f) return true;
    if (first >>> 9 === 0x7c) return this.#wideTransfer(first, second);
    if ((first & 0xfa00) === 0xf000 && (second & 0x8000) === 0) return this.#wideImmediate(first, second);
    return false;
  }

  /** LDR and STR of one, two or four bytes: offset of twelve bits, or of eight with index. */
  #wideTransfer(first: number, second: number): boolean {
    const size = [1, 2, 4, 0][(first >>> 5) & 3] ?? 0;
    const isSigned = (first & 0x100) !== 0;
    const base = first & 15;
    const register = second >>> 12;
    if (size === 0 || isSigned || base === PC) return false;
    const start = this.#get(base);
    let address = start;
    if ((first & 0x80) !== 0) address = start + (second & 0xfff);
    else {
      if ((second & 0x800) === 0) return false;
      const moved = start + ((second & 0x200) !== 0 ? second & 0xff : -(second & 0xff));
      address = (second & 0x400) !== 0 ? moved : start;
      if ((second & 0x100) !== 0) this.#set(base, moved);
    }
    if ((first & 0x10) === 0) this.#store(address, size, this.#get(register));
    else this.#set(register, this.#load(address, size));
    return true;
  }

  #wideImmediate(first: number, second: number): boolean {
    const value = expandImmediate(((first & 0x400) << 1) | ((second >>> 4) & 0x700) | (second & 0xff));
    const left = this.#get(first & 15);
    const target = (second >>> 8) & 15;
    const setsFlags = (first & 0x10) !== 0;
    const logical = (result: number): number => (setsFlags ? this.#flags(result) : result);
    let result: number;
    switch ((first >>> 5) & 15) {
      case 0:
        result = logical(left & value);
        break;
      case 1:
        result = logical(left & ~value);
        break;
      case 2:
        result = logical((first & 15) === PC ? value : left | value);
        break;
      case 4:
        result = logical(left ^ value);
        break;
      case 8:
        result = this.#add(left, value, 0, setsFlags);
        break;
      case 13:
        result = this.#subtract(left, value, setsFlags);
        break;
      default:
        return false;
    }
    // TST, TEQ, CMN and CMP name pc as their target.
    if (target !== PC) this.#set(target, result);
    return true;
  }
}
