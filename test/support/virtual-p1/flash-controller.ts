/**
 * Main flash, one-time programmable area and option bytes of an STM32F205xG, behind its flash interface (RM0033
 * section 2; PM0059): key sequences, sector and mass erase, programming that only clears bits, write and read
 * protection.
 */
import { BusError } from './bus.js';
import type { Faults, Operation } from './types.js';

export const FLASH_SIZE = 0x100000;
const KIB = 1024;
const SECTOR_SIZES = [16, 16, 16, 16, 64, 128, 128, 128, 128, 128, 128, 128].map((size) => size * KIB);
/** Start and size of each sector, relative to the start of the flash. */
export const SECTORS = SECTOR_SIZES.map((size, index) => {
  return { start: SECTOR_SIZES.slice(0, index).reduce((sum, each) => sum + each, 0), size };
});

export const OTP_SIZE = 528;
const OTP_DATA = 512;
const OTP_BLOCK = 32;

/** Offsets from 0x40023C00. */
const KEYR = 0x04;
const OPTKEYR = 0x08;
const SR = 0x0c;
const CR = 0x10;
const OPTCR = 0x14;

const KEYS = [0x45670123, 0xcdef89ab];
const OPTION_KEYS = [0x08192a3b, 0x4c5d6e7f];

const STATUS = { operation: 1 << 1, writeProtection: 1 << 4, parallelism: 1 << 6, sequence: 1 << 7, busy: 1 << 16 };
const ERRORS = 0xf2;
const CONTROL = { program: 1, sectorErase: 2, massErase: 4, start: 1 << 16, lock: 0x80000000 };
const OPTION_LOCK = 1;
const OPTION_START = 2;
const OPTION_BITS = 0x0fffffec;

const RDP_OPEN = 0xaa;
const RDP_CLOSED = 0xcc;

export type ReadProtection = 0 | 1 | 2;

function levelOf(optcr: number): ReadProtection {
  const rdp = (optcr >>> 8) & 0xff;
  if (rdp === RDP_OPEN) return 0;
  return rdp === RDP_CLOSED ? 2 : 1;
}

/** Two words in order; anything else locks until the next reset. */
class KeySequence {
  readonly #keys: readonly number[];
  #expected = 0;
  #spoilt = false;

  constructor(keys: readonly number[]) {
    this.#keys = keys;
  }

  reset(): void {
    this.#expected = 0;
    this.#spoilt = false;
  }

  /** True with the word that opens the lock. */
  take(word: number): boolean {
    if (this.#spoilt) return false;
    if (word !== this.#keys[this.#expected]) {
      this.#spoilt = true;
      return false;
    }
    this.#expected = (this.#expected + 1) % this.#keys.length;
    return this.#expected === 0;
  }
}

export class FlashController {
  readonly flash: Uint8Array;
  readonly otp: Uint8Array;
  readonly operations: Operation[] = [];
  /** Called before each erase and each program operation that is carried out. May throw to end the session. */
  beforeOperation: () => void = () => undefined;

  readonly #faults: Faults;
  readonly #view: DataView;
  readonly #keys = new KeySequence(KEYS);
  readonly #optionKeys = new KeySequence(OPTION_KEYS);
  #programmedOptions: number;
  #options: number;
  #level: ReadProtection;
  #status = 0;
  #control = CONTROL.lock;
  #busyReads = 0;

  constructor(flash: Uint8Array, otp: Uint8Array, optcr: number, faults: Faults) {
    this.flash = flash;
    this.otp = otp;
    this.#faults = faults;
    this.#view = new DataView(flash.buffer, flash.byteOffset, flash.length);
    this.#programmedOptions = optcr & OPTION_BITS;
    this.#options = this.#programmedOptions | OPTION_LOCK;
    this.#level = levelOf(optcr);
  }

  /** What is stored, as FLASH_OPTCR shows it after a reset. */
  get optcr(): number {
    return (this.#programmedOptions | OPTION_LOCK) >>> 0;
  }

  /** In force since the last reset. */
  get readProtection(): ReadProtection {
    return this.#level;
  }

  reset(): void {
    this.#keys.reset();
    this.#optionKeys.reset();
    this.#control = CONTROL.lock;
    this.#status = 0;
    this.#busyReads = 0;
    this.#options = this.#programmedOptions | OPTION_LOCK;
    this.#level = levelOf(this.#programmedOptions);
  }

  /** @param offset from the start of the flash. @throws BusError under read protection */
  readFlash(offset: number, size: number): number {
    if (this.#level !== 0) throw new BusError(0x08000000 + offset);
    if (size === 4) return this.#view.getUint32(offset, true);
    return size === 2 ? this.#view.getUint16(offset, true) : this.#view.getUint8(offset);
  }

  readOtp(offset: number): number {
    return this.otp[offset] ?? 0xff;
  }

  /** The read view of the option bytes at 0x1FFFC000: RDP and user byte, then the write protection at +8. */
  readOptionByte(offset: number): number {
    const word = this.#programmedOptions;
    if (offset === 0) return (word & 0xec) | 0x03;
    if (offset === 1) return (word >>> 8) & 0xff;
    if (offset === 8) return (word >>> 16) & 0xff;
    return offset === 9 ? ((word >>> 24) & 0x0f) | 0xf0 : 0xff;
  }

  readRegister(offset: number): number {
    if (offset === SR) return this.#readStatus();
    if (offset === CR) return this.#control >>> 0;
    return offset === OPTCR ? this.#options >>> 0 : 0;
  }

  #readStatus(): number {
    if (this.#busyReads === 0) return this.#status;
    this.#busyReads--;
    return this.#status | STATUS.busy;
  }

  writeRegister(offset: number, value: number): void {
    if (offset === KEYR) {
      if (this.#keys.take(value)) this.#control &= ~CONTROL.lock;
    } else if (offset === OPTKEYR) {
      if (this.#optionKeys.take(value)) this.#options &= ~OPTION_LOCK;
    } else if (offset === SR) this.#status &= ~(value & ERRORS);
    else if (offset === CR) this.#writeControl(value);
    else if (offset === OPTCR) this.#writeOptions(value);
  }

  #writeControl(value: number): void {
    if ((this.#control & CONTROL.lock) !== 0) return;
    this.#control = value & ~CONTROL.start;
    if ((value & CONTROL.start) === 0) return;
    if ((value & CONTROL.massErase) !== 0) this.#massErase();
    else if ((value & CONTROL.sectorErase) !== 0) this.#eraseSector((value >>> 3) & 0xf);
  }

  #refuse(status: number, what: string): void {
    this.#status |= status;
    this.operations.push({ kind: 'refused', what });
  }

  #isClosed(sector: number): boolean {
    return this.#level !== 0 || ((this.#programmedOptions >>> (16 + sector)) & 1) === 0;
  }

  #eraseSector(sector: number): void {
    if (!SECTORS[sector]) this.#refuse(STATUS.sequence, `erase of sector ${sector}`);
    else if (this.#isClosed(sector)) this.#refuse(STATUS.writeProtection, `erase of protected sector ${sector}`);
    else {
      this.#begin({ kind: 'erase', sector });
      this.#clear(sector);
    }
  }

  #massErase(): void {
    if (SECTORS.some((_, sector) => this.#isClosed(sector))) {
      this.#refuse(STATUS.writeProtection, 'mass erase with a protected sector');
      return;
    }
    this.#begin({ kind: 'mass-erase' });
    for (const sector of SECTORS.keys()) this.#clear(sector);
  }

  #begin(operation: Operation): void {
    this.beforeOperation();
    this.#busyReads = 1;
    this.operations.push(operation);
  }

  #clear(sector: number): void {
    const place = SECTORS[sector];
    if (!place) return;
    const fault = this.#faults.failingSectors?.find((each) => each.sector === sector);
    if (fault?.isReported) this.#status |= STATUS.operation;
    if (fault) return;
    this.flash.fill(0xff, place.start, place.start + place.size);
    for (const { address } of this.#faults.stuckBits ?? []) this.#stick(address - 0x08000000);
  }

  #stick(offset: number): void {
    for (const { address, bit, value } of this.#faults.stuckBits ?? []) {
      if (address - 0x08000000 !== offset) continue;
      const byte = this.flash[offset] ?? 0;
      this.flash[offset] = value === 0 ? byte & ~(1 << bit) : byte | (1 << bit);
    }
  }

  /** A write to the flash itself. @param offset from its start */
  programFlash(offset: number, size: number, value: number): void {
    const sector = SECTORS.findIndex(({ start, size: length }) => offset >= start && offset < start + length);
    const isClosed = this.#isClosed(sector);
    if (isClosed) this.#refuse(STATUS.writeProtection, `program in protected sector ${sector}`);
    if (isClosed || !this.#mayProgram(size)) return;
    this.beforeOperation();
    this.#logProgram(0x08000000 + offset, size);
    this.#burn(this.flash, offset, size, value);
    for (let index = 0; index < size; index++) this.#stick(offset + index);
  }

  programOtp(offset: number, size: number, value: number): void {
    const isLocked = offset < OTP_DATA && this.otp[OTP_DATA + Math.floor(offset / OTP_BLOCK)] === 0;
    if (isLocked) this.#refuse(STATUS.writeProtection, 'program in a locked block of the OTP area');
    if (isLocked || !this.#mayProgram(size)) return;
    this.beforeOperation();
    this.#logProgram(0x1fff7800 + offset, size);
    this.#burn(this.otp, offset, size, value);
  }

  #mayProgram(size: number): boolean {
    if ((this.#control & CONTROL.program) === 0 || (this.#control & CONTROL.lock) !== 0) {
      this.#refuse(STATUS.sequence, 'program without PG');
      return false;
    }
    if (1 << ((this.#control >>> 8) & 3) !== size) {
      this.#refuse(STATUS.parallelism, `program of ${size} bytes with another PSIZE`);
      return false;
    }
    return true;
  }

  /** Programming turns ones into zeros and nothing else. */
  #burn(memory: Uint8Array, offset: number, size: number, value: number): void {
    for (let index = 0; index < size; index++) {
      memory[offset + index] = (memory[offset + index] ?? 0) & (value >>> (8 * index));
    }
  }

  #logProgram(address: number, size: number): void {
    const last = this.operations.at(-1);
    if (last?.kind === 'program' && last.address + last.size === address) last.size += size;
    else this.operations.push({ kind: 'program', address, size });
  }

  #writeOptions(value: number): void {
    if ((this.#options & OPTION_LOCK) !== 0) return;
    this.#options = (value & OPTION_BITS) | (value & OPTION_LOCK);
    if ((value & OPTION_START) !== 0) this.#programOptions();
  }

  #programOptions(): void {
    const wanted = this.#options & OPTION_BITS;
    if (this.#level === 2) {
      this.#refuse(STATUS.writeProtection, 'option bytes at level 2');
      return;
    }
    this.#begin({ kind: 'options', optcr: (wanted | OPTION_LOCK) >>> 0 });
    // Going back from level 1 erases everything, protected sectors too, before the level falls.
    if (levelOf(this.#programmedOptions) === 1 && levelOf(wanted) === 0) {
      this.operations.push({ kind: 'mass-erase' });
      for (const sector of SECTORS.keys()) this.#clear(sector);
    }
    this.#programmedOptions = wanted;
  }
}
