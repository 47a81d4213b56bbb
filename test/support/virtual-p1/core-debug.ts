/**
 * The debug side of a Cortex-M3: halting, resetting, register transfer, breakpoint and watchpoint units that keep what
 * is written (ARM DDI 0403E, chapter C1). All in the range from 0xE0000000. It executes what a debugger puts into RAM,
 * as OpenOCD does with its routines for writing flash; the firmware in the flash it does not.
 */
import { type Bus, BusError } from './bus.js';
import { PC, ThumbProcessor } from './thumb.js';

const CPUID = 0xe000ed00;
const AIRCR = 0xe000ed0c;
const DFSR = 0xe000ed30;
const DHCSR = 0xe000edf0;
const DCRSR = 0xe000edf4;
const DCRDR = 0xe000edf8;
const DEMCR = 0xe000edfc;
const FP_CTRL = 0xe0002000;
const DWT_CTRL = 0xe0001000;

const CORTEX_M3_R2P0 = 0x412fc230;
const DBGMCU_IDCODE = 0xe0042000;
/** STM32F2xx, revision X. */
const CHIP_ID = 0x20036411;
/** Six instruction and two literal comparators. */
const BREAKPOINT_UNIT = 0x260;
const WATCHPOINT_UNIT = 0x40000000;

const KEY = 0xa05f;
const RESET_KEY = 0x05fa;
const DEBUG_ENABLED = 1;
const HALT = 2;
const STEP = 4;
const REGISTER_READY = 1 << 16;
const HALTED = 1 << 17;
const WAS_RESET = 1 << 25;
const SYSTEM_RESET_REQUEST = 4;
const CATCH_RESET = 1;
const HALT_REQUESTED = 1;
const VECTOR_CAUGHT = 8;

const BREAKPOINT_HIT = 2;
/** More than any routine of OpenOCD needs between two accesses of the debugger. */
const MOST_INSTRUCTIONS = 100_000_000;

const REGISTERS = 32;
const SP = 13;
const XPSR = 16;
const MAIN_SP = 17;
const RAM_START = 0x20000000;
const RAM_END = 0x20020000;
const THUMB = 0x01000000;

export class CoreDebug {
  readonly #bus: Bus;
  readonly #processor: ThumbProcessor;
  /** Resets everything but this core's debug settings. */
  readonly #onReset: () => void;
  readonly #registers = new Uint32Array(REGISTERS);
  readonly #plain = new Map<number, number>();
  #isHalted = false;
  #wasReset = true;
  #control = 0;
  #exceptions = 0;
  #faults = 0;
  #breakpoints = BREAKPOINT_UNIT;
  #transfer = 0;

  /** @param bus what the processor reaches, for its vectors and its programs. */
  constructor(bus: Bus, onReset: () => void) {
    this.#bus = bus;
    this.#onReset = onReset;
    this.#processor = new ThumbProcessor(this.#registers, bus);
  }

  /** After a write of the debugger to memory: a program may have waited for it. */
  proceed(): void {
    const pc = this.#registers[PC] ?? 0;
    if (this.#isHalted || pc < RAM_START || pc >= RAM_END) return;
    try {
      if (this.#processor.run(MOST_INSTRUCTIONS) === 'breakpoint') this.#halt(BREAKPOINT_HIT);
    } catch (error) {
      if (!(error instanceof BusError)) throw error;
      // Debuggers have faults caught.
      this.#halt(VECTOR_CAUGHT);
    }
  }

  #halt(why: number): void {
    this.#isHalted = true;
    this.#control |= HALT;
    this.#faults |= why;
  }

  /** Stack pointer and reset handler are read from the flash; erased or unreadable flash gives what it gives. */
  reset(): void {
    this.#wasReset = true;
    this.#registers.fill(0);
    this.#registers[XPSR] = THUMB;
    try {
      this.#registers[SP] = this.#bus.read(0x08000000, 4) & ~3;
      this.#registers[MAIN_SP] = this.#registers[SP] ?? 0;
      this.#registers[PC] = this.#bus.read(0x08000004, 4) & ~1;
    } catch {
      // Read protection: the values stay zero.
    }
    this.#isHalted = (this.#exceptions & CATCH_RESET) !== 0 && (this.#control & DEBUG_ENABLED) !== 0;
    if (this.#isHalted) this.#faults |= VECTOR_CAUGHT;
  }

  read(address: number): number {
    switch (address) {
      case CPUID:
        return CORTEX_M3_R2P0;
      case DBGMCU_IDCODE:
        return CHIP_ID;
      case DHCSR: {
        const reset = this.#wasReset ? WAS_RESET : 0;
        this.#wasReset = false;
        return this.#control | REGISTER_READY | (this.#isHalted ? HALTED : 0) | reset;
      }
      case DCRDR:
        return this.#transfer;
      case DEMCR:
        return this.#exceptions;
      case DFSR:
        return this.#faults;
      case AIRCR:
        return 0xfa050000;
      case FP_CTRL:
        return this.#breakpoints;
      case DWT_CTRL:
        return WATCHPOINT_UNIT;
      default:
        return this.#plain.get(address) ?? 0;
    }
  }

  write(address: number, value: number): void {
    switch (address) {
      case DHCSR:
        if (value >>> 16 === KEY) this.#setControl(value & 0xf);
        break;
      case DCRSR:
        this.#transferRegister(value);
        break;
      case DCRDR:
        this.#transfer = value;
        break;
      case DEMCR:
        this.#exceptions = value;
        break;
      case DFSR:
        this.#faults &= ~value;
        break;
      case AIRCR:
        if (value >>> 16 === RESET_KEY && (value & SYSTEM_RESET_REQUEST) !== 0) this.#onReset();
        break;
      case FP_CTRL:
        if ((value & 2) !== 0) this.#breakpoints = BREAKPOINT_UNIT | (value & 1);
        break;
      default:
        this.#plain.set(address, value);
    }
  }

  #setControl(control: number): void {
    this.#control = control;
    const halts = (control & DEBUG_ENABLED) !== 0 && (control & (HALT | STEP)) !== 0;
    if (halts && !this.#isHalted) this.#faults |= HALT_REQUESTED;
    this.#isHalted = halts;
    if (!halts) this.proceed();
  }

  #transferRegister(select: number): void {
    const register = select & (REGISTERS - 1);
    if ((select & 0x10000) !== 0) this.#registers[register] = this.#transfer;
    else this.#transfer = this.#registers[register] ?? 0;
  }
}
