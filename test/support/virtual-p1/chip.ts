/** An STM32F205RG as a debugger sees it through its JTAG pins. */
import { type Bus, BusError } from './bus.js';
import { CoreDebug } from './core-debug.js';
import { DebugPort } from './debug-port.js';
import { FLASH_SIZE, FlashController, OTP_SIZE } from './flash-controller.js';
import { ScanChain } from './tap.js';
import type { Faults } from './types.js';

const FLASH_START = 0x08000000;
const OTP_START = 0x1fff7800;
const UNIQUE_ID_START = 0x1fff7a10;
const FLASH_SIZE_REGISTER = 0x1fff7a22;
const OPTION_BYTES_START = 0x1fffc000;
const OPTION_BYTES_SIZE = 16;
const SYSTEM_MEMORY_START = 0x1fff0000;
const SYSTEM_MEMORY_END = 0x20000000;
const SRAM_START = 0x20000000;
const SRAM_SIZE = 0x20000;
const PERIPHERALS_START = 0x40000000;
const PERIPHERALS_END = 0x60000000;
const FLASH_REGISTERS_START = 0x40023c00;
const FLASH_REGISTERS_SIZE = 0x18;
const BACKUP_SRAM_START = 0x40024000;
const BACKUP_SRAM_END = 0x40025000;
const CORE_START = 0xe0000000;
const CORE_END = 0xe0100000;

export interface ChipOptions {
  readonly flash: Uint8Array;
  readonly otp: Uint8Array;
  readonly optcr: number;
  readonly uniqueId: Uint8Array;
  readonly faults: Faults;
}

/** Bytes put together, lowest address first. */
function gather(address: number, size: number, byteAt: (address: number) => number): number {
  let value = 0;
  for (let index = 0; index < size; index++) value |= byteAt(address + index) << (8 * index);
  return value >>> 0;
}

/** Little-endian. */
function valueAt(memory: DataView, offset: number, size: number): number {
  if (size === 4) return memory.getUint32(offset, true);
  return size === 2 ? memory.getUint16(offset, true) : memory.getUint8(offset);
}

export class Chip implements Bus {
  readonly controller: FlashController;
  readonly pins: ScanChain;
  readonly #core: CoreDebug;
  readonly #uniqueId: Uint8Array;
  readonly #sram = new DataView(new ArrayBuffer(SRAM_SIZE));
  readonly #peripherals = new Map<number, number>();

  constructor({ flash, otp, optcr, uniqueId, faults }: ChipOptions) {
    if (flash.length !== FLASH_SIZE || otp.length !== OTP_SIZE) {
      throw new Error(`A chip has ${FLASH_SIZE} bytes of flash and ${OTP_SIZE} of OTP`);
    }
    this.controller = new FlashController(flash, otp, optcr, faults);
    this.#uniqueId = uniqueId;
    this.#core = new CoreDebug(this, () => this.reset());
    const read = (address: number, size: number): number => this.read(address, size);
    const write = (address: number, size: number, value: number): void => {
      this.write(address, size, value);
      this.#core.proceed();
    };
    this.pins = new ScanChain(new DebugPort({ read, write }));
    this.#core.reset();
  }

  /** A system reset: the debug port keeps its state. */
  reset(): void {
    this.controller.operations.push({ kind: 'reset' });
    this.#restart();
  }

  /** Off and on again. */
  cyclePower(): void {
    this.pins.reset();
    this.#restart();
  }

  #restart(): void {
    this.controller.reset();
    this.#peripherals.clear();
    this.#core.reset();
  }

  read(address: number, size: number): number {
    const inFlash = address - FLASH_START;
    if (inFlash >= 0 && inFlash < FLASH_SIZE) return this.controller.readFlash(inFlash, size);
    if (address < FLASH_SIZE) return this.controller.readFlash(address, size);
    if (address >= SYSTEM_MEMORY_START && address < SYSTEM_MEMORY_END) {
      return gather(address, size, (at) => this.#readSystemMemory(at));
    }
    if (address >= SRAM_START && address < SRAM_START + SRAM_SIZE) {
      return valueAt(this.#sram, address - SRAM_START, size);
    }
    const word = this.#readWord((address & ~3) >>> 0);
    return size === 4 ? word >>> 0 : (word >>> (8 * (address & 3))) & (size === 2 ? 0xffff : 0xff);
  }

  #readSystemMemory(address: number): number {
    if (address >= OTP_START && address < OTP_START + OTP_SIZE) return this.controller.readOtp(address - OTP_START);
    if (address >= UNIQUE_ID_START && address < UNIQUE_ID_START + this.#uniqueId.length) {
      return this.#uniqueId[address - UNIQUE_ID_START] ?? 0xff;
    }
    if (address === FLASH_SIZE_REGISTER) return (FLASH_SIZE / 1024) & 0xff;
    if (address === FLASH_SIZE_REGISTER + 1) return FLASH_SIZE / 1024 / 256;
    const option = address - OPTION_BYTES_START;
    return option >= 0 && option < OPTION_BYTES_SIZE ? this.controller.readOptionByte(option) : 0xff;
  }

  #readWord(address: number): number {
    if (address >= CORE_START && address < CORE_END) return this.#core.read(address);
    const register = address - FLASH_REGISTERS_START;
    if (register >= 0 && register < FLASH_REGISTERS_SIZE) return this.controller.readRegister(register);
    this.#insistOnPeripheral(address);
    return this.#peripherals.get(address) ?? 0;
  }

  write(address: number, size: number, value: number): void {
    const inFlash = address - FLASH_START;
    const inOtp = address - OTP_START;
    const inSram = address - SRAM_START;
    if (inFlash >= 0 && inFlash < FLASH_SIZE) this.controller.programFlash(inFlash, size, value);
    else if (inOtp >= 0 && inOtp < OTP_SIZE) this.controller.programOtp(inOtp, size, value);
    else if (inSram >= 0 && inSram < SRAM_SIZE) this.#writeSram(inSram, size, value);
    else this.#writeWord((address & ~3) >>> 0, this.#merged(address, size, value));
  }

  #writeSram(offset: number, size: number, value: number): void {
    for (let index = 0; index < size; index++) this.#sram.setUint8(offset + index, value >>> (8 * index));
  }

  /** A register written in part keeps its other bytes. */
  #merged(address: number, size: number, value: number): number {
    if (size === 4) return value;
    const shift = 8 * (address & 3);
    const mask = (size === 2 ? 0xffff : 0xff) << shift;
    return ((this.#readWord((address & ~3) >>> 0) & ~mask) | (value << shift)) >>> 0;
  }

  #writeWord(address: number, value: number): void {
    const register = address - FLASH_REGISTERS_START;
    if (address >= CORE_START && address < CORE_END) this.#core.write(address, value);
    else if (register >= 0 && register < FLASH_REGISTERS_SIZE) this.controller.writeRegister(register, value);
    else {
      this.#insistOnPeripheral(address);
      this.#peripherals.set(address, value);
    }
  }

  #insistOnPeripheral(address: number): void {
    const isBackup = address >= BACKUP_SRAM_START && address < BACKUP_SRAM_END;
    const isClosed = isBackup && this.controller.readProtection !== 0;
    if (address < PERIPHERALS_START || address >= PERIPHERALS_END || isClosed) throw new BusError(address);
  }
}
