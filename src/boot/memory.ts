/**
 * Flash as the firmware reads it: by address, without judgement. An address outside it has no value, where the processor
 * would raise a fault. Writing copies the bytes first, so that the image it came from stays as it is.
 */
import { copyBytes, readU32, readU32BigEndian, u32 } from '../core/bytes.js';
import { moduleCrc } from '../core/checksums.js';
import type { Range } from '../core/range.js';
import { CRC_BYTES, HEADER_AFTER_VECTORS, MODULE_INFO, type ModuleInfo } from '../regions/module/format.js';
import { looksLikeStackPointer } from '../regions/vector-table.js';

/** unreadable: the range leaves the flash, which is a bus fault. */
export type CrcResult = 'good' | 'bad' | 'unreadable';

export interface KnownCrc {
  readonly address: number;
  /** Without the four bytes of the CRC. */
  readonly length: number;
  readonly good: boolean;
}

export interface Header {
  /** Where the 24 bytes of module_info_t lie. */
  readonly address: number;
  readonly info: ModuleInfo;
}

export class FlashMemory {
  /** Counts the writes, so that two states can be told apart. */
  revision = 0;
  /** What was erased or programmed, in order; ranges may overlap. */
  readonly written: Range[] = [];
  readonly start: number;
  #bytes: Uint8Array;
  #owned = false;
  readonly #crcs = new Map<string, CrcResult>();

  /** @param known checksums that were computed before, by place and length. */
  constructor(bytes: Uint8Array, start: number, known: Iterable<KnownCrc> = []) {
    this.#bytes = bytes;
    this.start = start;
    for (const { address, length, good } of known) this.#crcs.set(`${address}+${length}`, good ? 'good' : 'bad');
  }

  get end(): number {
    return this.start + this.#bytes.length;
  }

  /** The content as it is now; do not write to it. */
  get content(): Uint8Array {
    return this.#bytes;
  }

  holds(address: number, size: number): boolean {
    return address >= this.start && size >= 0 && address + size <= this.end;
  }

  /** A view; undefined when the range leaves the flash. */
  bytes(address: number, size: number): Uint8Array | undefined {
    if (!this.holds(address, size)) return undefined;
    return this.#bytes.subarray(address - this.start, address - this.start + size);
  }

  word(address: number): number | undefined {
    return this.holds(address, 4) ? readU32(this.#bytes, address - this.start) : undefined;
  }

  /** The header of the module at an address, found by the first word and not checked at all (FLASH_ModuleInfo). */
  header(address: number): Header | undefined {
    const first = this.word(address);
    if (first === undefined) return undefined;
    const at = address + (looksLikeStackPointer(first) ? HEADER_AFTER_VECTORS : 0);
    const bytes = this.bytes(at, MODULE_INFO.size);
    return bytes && { address: at, info: MODULE_INFO.decode(bytes) };
  }

  /** Compares the CRC of a range with the big-endian word behind it; a length of 0 never passes (FLASH_VerifyCRC32). */
  verifyCrc(address: number, length: number): CrcResult {
    if (length === 0) return 'bad';
    const key = `${address}+${length}`;
    const known = this.#crcs.get(key);
    if (known) return known;
    const bytes = this.bytes(address, length + CRC_BYTES);
    if (!bytes) return 'unreadable';
    const good = readU32BigEndian(bytes, length) === moduleCrc(bytes.subarray(0, length));
    const result = good ? 'good' : 'bad';
    this.#crcs.set(key, result);
    return result;
  }

  erase({ start, end }: Range): void {
    this.written.push({ start, end });
    this.#own().fill(0xff, Math.max(start - this.start, 0), Math.max(end - this.start, 0));
  }

  /** Programming only clears bits. What lies outside the flash is lost. */
  program(address: number, bytes: Uint8Array): void {
    const target = this.#own();
    this.written.push({ start: address, end: Math.min(address + bytes.length, this.end) });
    for (let index = 0; index < bytes.length; index++) {
      const offset = address - this.start + index;
      if (offset >= 0 && offset < target.length) target[offset] = (target[offset] as number) & (bytes[index] as number);
    }
  }

  #own(): Uint8Array {
    if (!this.#owned) this.#bytes = copyBytes(this.#bytes);
    this.#owned = true;
    this.#crcs.clear();
    this.revision++;
    return this.#bytes;
  }
}

/** Length of a module by its header, as the firmware computes it: 32 bits, whatever they give. */
export function lengthOf({ moduleStartAddress, moduleEndAddress }: ModuleInfo): number {
  return u32(moduleEndAddress - moduleStartAddress);
}
