/**
 * The flash controller of an STM32F2 (RM0033): a sector erases to 0xFF, programming only clears bits, a protected sector
 * takes neither. Bytes that nobody has read are unknown until they are erased or programmed to zero.
 */
import { equalBytes, isFilledWith, u32 } from '../../core/bytes.js';
import { MemoryImage } from '../../core/image.js';
import { overlaps, type Range } from '../../core/range.js';
import type { Memory, Sector } from '../../layout/types.js';

const ERASED = 0xff;
const NWRP_SHIFT = 16;
const RDP_SHIFT = 8;
const RDP_LOCKED_FOR_EVER = 0xcc;
/** What the controller keeps of an option word: nWRP, RDP and the user bits, not the lock and start bits. */
export const STORED_OPTION_BITS = 0x0fffffec;
export const NWRP_BITS = 0x0fff0000;
export const USER_BITS = 0xec;
export const RDP_MASK = 0xff00;
/** RDP at level 0, in its place. */
export const RDP_OPEN = 0xaa00;
export const DEFAULT_OPTCR = 0x0fffaaec;

/** Why the controller did not do it. WRPERR: write protected. RDP: read protection keeps the debugger out. */
export type ControllerError = 'WRPERR' | 'RDP' | 'RDP2' | 'RANGE';

/** Who asks: a debugger meets read protection, code that runs from flash does not. */
export type Access = 'debugger' | 'flash-code';

export class FlashController {
  readonly flash: Memory;
  readonly #bytes: Uint8Array;
  /** 1 where the value is known. */
  readonly #known: Uint8Array;
  #optcr: number;

  /** @param optcr FLASH_OPTCR; default: as the chip is delivered. */
  constructor(flash: Memory, image: MemoryImage | null, optcr = DEFAULT_OPTCR) {
    this.flash = flash;
    this.#bytes = new Uint8Array(flash.end - flash.start).fill(ERASED);
    this.#known = new Uint8Array(this.#bytes.length);
    this.#optcr = u32(optcr & STORED_OPTION_BITS);
    for (const part of image?.parts(flash) ?? []) {
      const offset = part.address - flash.start;
      this.#bytes.set(part.bytes, offset);
      this.#known.fill(1, offset, offset + part.bytes.length);
    }
  }

  /** The stored option bits. */
  get optcr(): number {
    return this.#optcr;
  }

  get readProtection(): 0 | 1 | 2 {
    const value = (this.#optcr >>> RDP_SHIFT) & 0xff;
    return value === RDP_OPEN >>> RDP_SHIFT ? 0 : value === RDP_LOCKED_FOR_EVER ? 2 : 1;
  }

  isProtected(sector: number): boolean {
    return ((this.#optcr >>> (NWRP_SHIFT + sector)) & 1) === 0;
  }

  /** Known bytes, as an image; what is unknown is absent. */
  image(name = 'simulation'): MemoryImage {
    const segments: { address: number; bytes: Uint8Array; source: { name: string } }[] = [];
    for (let start = this.#known.indexOf(1); start >= 0; ) {
      const gap = this.#known.indexOf(0, start);
      const end = gap < 0 ? this.#known.length : gap;
      segments.push({ address: this.flash.start + start, bytes: this.#bytes.slice(start, end), source: { name } });
      start = gap < 0 ? -1 : this.#known.indexOf(1, end);
    }
    return MemoryImage.fromSegments(segments);
  }

  /** A byte, or undefined when it is unknown. */
  byteAt(address: number): number | undefined {
    const offset = address - this.flash.start;
    return this.#known[offset] === 1 ? this.#bytes[offset] : undefined;
  }

  /** A copy of a range inside the flash, or undefined when a byte of it is unknown. */
  bytes({ start, end }: Range): Uint8Array | undefined {
    const [from, to] = [start - this.flash.start, end - this.flash.start];
    if (from < 0 || to > this.#bytes.length || !isFilledWith(this.#known, 1, from, to)) return undefined;
    return this.#bytes.slice(from, to);
  }

  /** True when the flash holds exactly these bytes there. */
  holds(address: number, bytes: Uint8Array): boolean {
    const offset = address - this.flash.start;
    const end = offset + bytes.length;
    if (bytes.length > 0 && !isFilledWith(this.#known, 1, offset, end)) return false;
    return equalBytes(this.#bytes.subarray(offset, end), bytes);
  }

  eraseSector(number: number, access: Access = 'debugger'): ControllerError | null {
    const sector = this.#sector(number);
    if (!sector) return 'RANGE';
    const refused = this.#refusal(sector, access);
    if (refused) return refused;
    this.#fill(sector, ERASED, 1);
    return null;
  }

  /** Power fails in the middle of an erase: what the sector holds then is not defined. */
  interruptErase(number: number): void {
    const sector = this.#sector(number);
    if (sector) this.#fill(sector, ERASED, 0);
  }

  /** Clears bits: new = old AND data. */
  program(address: number, data: Uint8Array, access: Access = 'debugger'): ControllerError | null {
    const range = { start: address, end: address + data.length };
    if (range.start < this.flash.start || range.end > this.flash.end) return 'RANGE';
    for (const sector of this.flash.sectors) {
      const refused = overlaps(sector, range) ? this.#refusal(sector, access) : null;
      if (refused) return refused;
    }
    const offset = address - this.flash.start;
    const bytes = this.#bytes;
    const known = this.#known;
    for (let index = 0, place = offset; index < data.length; index++, place++) {
      const value = data[index] as number;
      if (known[place] === 1) bytes[place] = (bytes[place] as number) & value;
      else if (value === 0) {
        bytes[place] = 0;
        known[place] = 1;
      }
    }
    return null;
  }

  /** @param word OPTCR without lock and start bits; level 2 is never accepted, leaving level 1 erases everything. */
  writeOptions(word: number): ControllerError | null {
    const before = this.readProtection;
    const level = (word >>> RDP_SHIFT) & 0xff;
    if (before === 2 || level === RDP_LOCKED_FOR_EVER) return 'RDP2';
    if (before === 1 && level === RDP_OPEN >>> RDP_SHIFT) this.massErase();
    this.#optcr = u32(word & STORED_OPTION_BITS);
    return null;
  }

  /** Sets or lifts the write protection of sectors; everything else stays. */
  protect(sectors: readonly number[], on: boolean): ControllerError | null {
    const bits = sectors.reduce((sum, number) => u32(sum | (1 << (NWRP_SHIFT + number))), 0);
    return this.writeOptions(on ? u32(this.#optcr & ~bits) : u32(this.#optcr | bits));
  }

  massErase(): void {
    this.#bytes.fill(ERASED);
    this.#known.fill(1);
  }

  #sector(number: number): Sector | undefined {
    return this.flash.sectors.find((sector) => sector.number === number);
  }

  #fill(range: Range, value: number, known: 0 | 1): void {
    this.#bytes.fill(value, range.start - this.flash.start, range.end - this.flash.start);
    this.#known.fill(known, range.start - this.flash.start, range.end - this.flash.start);
  }

  #refusal(sector: Sector, access: Access): ControllerError | null {
    if (access === 'debugger' && this.readProtection !== 0) return 'RDP';
    return this.isProtected(sector.number) ? 'WRPERR' : null;
  }
}

/** The option word with the write protection of some sectors set or lifted. */
export function withProtection(optcr: number, sectors: readonly number[], on: boolean): number {
  const bits = sectors.reduce((sum, number) => u32(sum | (1 << (NWRP_SHIFT + number))), 0);
  return on ? u32(optcr & ~bits & STORED_OPTION_BITS) : u32((optcr | bits) & STORED_OPTION_BITS);
}

export function isProtectedIn(optcr: number, sector: number): boolean {
  return ((optcr >>> (NWRP_SHIFT + sector)) & 1) === 0;
}
