/**
 * The test access port of IEEE 1149.1: its sixteen states, and the two ports of an STM32F205 on one chain
 * (TDI -> boundary scan -> processor -> TDO). Pure: edges in, bits out.
 */

export const STATES = [
  ...(['test-logic-reset', 'run-test-idle'] as const),
  ...(['select-dr', 'capture-dr', 'shift-dr', 'exit1-dr', 'pause-dr', 'exit2-dr', 'update-dr'] as const),
  ...(['select-ir', 'capture-ir', 'shift-ir', 'exit1-ir', 'pause-ir', 'exit2-ir', 'update-ir'] as const),
] as const;

export type TapState = (typeof STATES)[number];

/** For each state, where TMS 0 and TMS 1 lead at a rising edge of TCK. */
const TRANSITIONS: Readonly<Record<TapState, readonly [TapState, TapState]>> = {
  'test-logic-reset': ['run-test-idle', 'test-logic-reset'],
  'run-test-idle': ['run-test-idle', 'select-dr'],
  'select-dr': ['capture-dr', 'select-ir'],
  'capture-dr': ['shift-dr', 'exit1-dr'],
  'shift-dr': ['shift-dr', 'exit1-dr'],
  'exit1-dr': ['pause-dr', 'update-dr'],
  'pause-dr': ['pause-dr', 'exit2-dr'],
  'exit2-dr': ['shift-dr', 'update-dr'],
  'update-dr': ['run-test-idle', 'select-dr'],
  'select-ir': ['capture-ir', 'test-logic-reset'],
  'capture-ir': ['shift-ir', 'exit1-ir'],
  'shift-ir': ['shift-ir', 'exit1-ir'],
  'exit1-ir': ['pause-ir', 'update-ir'],
  'pause-ir': ['pause-ir', 'exit2-ir'],
  'exit2-ir': ['shift-ir', 'update-ir'],
  'update-ir': ['run-test-idle', 'select-dr'],
};

export function nextState(state: TapState, tms: 0 | 1): TapState {
  return TRANSITIONS[state][tms];
}

const NUMBER: Readonly<Record<TapState, number>> = Object.fromEntries(
  STATES.map((state, index) => [state, index]),
) as Record<TapState, number>;
/** The same by number, for the inner loop: [2 * state + tms]. */
const NEXT = Uint8Array.from(STATES.flatMap((state) => TRANSITIONS[state].map((next) => NUMBER[next])));

const RESET = NUMBER['test-logic-reset'];
const CAPTURE_DR = NUMBER['capture-dr'];
const SHIFT_DR = NUMBER['shift-dr'];
const UPDATE_DR = NUMBER['update-dr'];
const CAPTURE_IR = NUMBER['capture-ir'];
const SHIFT_IR = NUMBER['shift-ir'];
const UPDATE_IR = NUMBER['update-ir'];

/** Instruction of the processor's port, and the width of its data register (ARM IHI 0031, JTAG-DP). */
export const INSTRUCTIONS = { abort: 0x8, dpacc: 0xa, apacc: 0xb, idcode: 0xe, bypass: 0xf } as const;

export const PROCESSOR_IDCODE = 0x4ba00477;
export const BOUNDARY_IDCODE = 0x06411041;
const PROCESSOR_IR_BITS = 4;
const BOUNDARY_IR_BITS = 5;
const BOUNDARY_IDCODE_INSTRUCTION = 0x01;
const IDCODE_BITS = 32;
const ACCESS_BITS = 35;
const MOST_BITS = ACCESS_BITS + IDCODE_BITS;

/** What the processor's port reaches: a transaction of the debug port (`dpacc`) or of an access port (`apacc`). */
export interface DebugAccess {
  /** Result of the last read, which the next scan carries out. */
  readonly result: () => number;
  readonly access: (port: 'dp' | 'ap', isRead: boolean, address: number, data: number) => void;
}

/** Acknowledgement OK/FAULT of a JTAG-DP. */
const ACK_OK = 0b010;

function isAccess(instruction: number): boolean {
  return instruction === INSTRUCTIONS.dpacc || instruction === INSTRUCTIONS.apacc || instruction === INSTRUCTIONS.abort;
}

/** Both ports. A register being shifted is a ring of bits: position 0 goes to TDO next. */
export class ScanChain {
  readonly #debug: DebugAccess;
  #state = RESET;
  #processorIr: number = INSTRUCTIONS.idcode;
  #boundaryIr = BOUNDARY_IDCODE_INSTRUCTION;
  readonly #bits = new Uint8Array(MOST_BITS);
  #length = 1;
  #position = 0;

  constructor(debug: DebugAccess) {
    this.#debug = debug;
  }

  get state(): TapState {
    return STATES[this.#state] ?? 'test-logic-reset';
  }

  /** The level of TDO before the next rising edge; 1 (pulled up) where no register is shifted. */
  get tdo(): 0 | 1 {
    if (this.#state !== SHIFT_DR && this.#state !== SHIFT_IR) return 1;
    return this.#bits[this.#position] === 0 ? 0 : 1;
  }

  /** TRST, or five ones on TMS. */
  reset(): void {
    this.#state = RESET;
    this.#processorIr = INSTRUCTIONS.idcode;
    this.#boundaryIr = BOUNDARY_IDCODE_INSTRUCTION;
  }

  /** A rising edge of TCK. */
  clock(tms: number, tdi: number): void {
    const from = this.#state;
    if (from === SHIFT_DR || from === SHIFT_IR) {
      this.#bits[this.#position] = tdi;
      this.#position = this.#position + 1 === this.#length ? 0 : this.#position + 1;
    }
    const to = NEXT[2 * from + tms] ?? RESET;
    this.#state = to;
    if (to === from) return;
    if (to === CAPTURE_DR) this.#captureData();
    else if (to === UPDATE_DR) this.#updateData();
    else if (to === CAPTURE_IR) this.#captureInstruction();
    else if (to === UPDATE_IR) this.#updateInstruction();
    else if (to === RESET) this.reset();
  }

  #put(offset: number, width: number, value: number): number {
    for (let bit = 0; bit < width; bit++) this.#bits[offset + bit] = (value >>> bit) & 1;
    return offset + width;
  }

  #get(offset: number, width: number): number {
    let value = 0;
    for (let bit = 0; bit < width; bit++) {
      const at = this.#position + offset + bit;
      if (this.#bits[at < this.#length ? at : at - this.#length] === 1) value |= 1 << bit;
    }
    return value >>> 0;
  }

  #begin(length: number): void {
    this.#length = length;
    this.#position = 0;
  }

  #captureInstruction(): void {
    this.#begin(this.#put(this.#put(0, PROCESSOR_IR_BITS, 1), BOUNDARY_IR_BITS, 1));
  }

  #updateInstruction(): void {
    this.#processorIr = this.#get(0, PROCESSOR_IR_BITS);
    this.#boundaryIr = this.#get(PROCESSOR_IR_BITS, BOUNDARY_IR_BITS);
  }

  #captureData(): void {
    let offset = 0;
    if (isAccess(this.#processorIr)) {
      offset = this.#put(this.#put(offset, 3, ACK_OK), 32, this.#debug.result());
    } else if (this.#processorIr === INSTRUCTIONS.idcode) offset = this.#put(offset, IDCODE_BITS, PROCESSOR_IDCODE);
    else offset = this.#put(offset, 1, 0);
    const hasIdcode = this.#boundaryIr === BOUNDARY_IDCODE_INSTRUCTION;
    this.#begin(hasIdcode ? this.#put(offset, IDCODE_BITS, BOUNDARY_IDCODE) : this.#put(offset, 1, 0));
  }

  #updateData(): void {
    if (this.#processorIr !== INSTRUCTIONS.dpacc && this.#processorIr !== INSTRUCTIONS.apacc) return;
    const port = this.#processorIr === INSTRUCTIONS.dpacc ? 'dp' : 'ap';
    this.#debug.access(port, this.#get(0, 1) === 1, this.#get(1, 2) << 2, this.#get(3, 32));
  }
}
