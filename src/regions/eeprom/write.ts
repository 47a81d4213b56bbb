/**
 * Replays EEPROM writes on two pages exactly as firmware makes them, with power failing where asked: what a board's flash
 * looks like after a program has run, or after an accident.
 */
import { BuildError } from '../../core/errors.js';
import { FlashModel, PowerLoss } from './flash-model.js';
import { CAPACITY, type Generation, HEADER_BYTES, type PageNumber } from './pages.js';
import {
  activePageOf,
  clearCurrent,
  erasePendingCurrent,
  initCurrent,
  putCurrent,
  swapCurrent,
} from './write-current.js';
import { formatLegacy, initLegacy, writeLegacy } from './write-legacy.js';

/**
 * init: start of the firmware. put: write a block (legacy: byte by byte). perform-pending-erase and swap: current
 * generation only. clear: erase everything. power: the supply comes back, or keeps up, for `flashOperations` further
 * program or erase operations; null: for good.
 */
export type EepromOperation =
  | { readonly operation: 'init' | 'perform-pending-erase' | 'swap' | 'clear' }
  | { readonly operation: 'put'; readonly index: number; readonly data: Uint8Array }
  | { readonly operation: 'power'; readonly flashOperations: number | null };

export interface EepromWriteOptions {
  /** Default: current. */
  readonly generation?: Generation;
  /** Bytes a program can store. Default: 2048; 2047 in 0.5.0. */
  readonly capacity?: number;
}

/**
 * done: finished. interrupted: power failed during it. no-power: power had failed before. rejected: firmware ignores it,
 * because the block does not fit the capacity or no page is active. failed: firmware gave up, because the values do not
 * fit the page they were to be copied to.
 */
export type StepResult = 'done' | 'interrupted' | 'no-power' | 'rejected' | 'failed';

export interface EepromStep {
  readonly operation: EepromOperation;
  readonly result: StepResult;
  /** Program and erase operations it took. */
  readonly flashOperations: number;
}

export interface EepromWriteResult {
  /** New arrays; the inputs stay as they were. */
  readonly page1: Uint8Array;
  readonly page2: Uint8Array;
  readonly steps: readonly EepromStep[];
}

const MAX_PAGE_BYTES = 0x10000;

/**
 * @throws BuildError EEPROM_PAGE_SIZE when a page is no multiple of four bytes, empty or longer than 64 KiB (firmware's
 * limit); EEPROM_INDEX when a put has an index that is no integer between 0 and 65535; EEPROM_POWER for a negative number
 * of flash operations; EEPROM_NO_SUCH_OPERATION when legacy firmware has no such operation.
 */
export function writeEeprom(
  page1: Uint8Array,
  page2: Uint8Array,
  operations: Iterable<EepromOperation>,
  options: EepromWriteOptions = {},
): EepromWriteResult {
  requirePage(page1, 1);
  requirePage(page2, 2);
  const flash = new FlashModel(page1, page2);
  const steps: EepromStep[] = [];
  let powered = true;
  for (const operation of operations) {
    if (operation.operation === 'power') {
      flash.allow(powerOf(operation.flashOperations));
      powered = true;
      steps.push({ operation, result: 'done', flashOperations: 0 });
      continue;
    }
    requireOperation(operation, options.generation ?? 'current');
    const before = flash.operations;
    const result = powered ? run(flash, operation, options) : 'no-power';
    if (result === 'interrupted') powered = false;
    steps.push({ operation, result, flashOperations: flash.operations - before });
  }
  return { page1: flash.page1, page2: flash.page2, steps };
}

type FlashOperation = Exclude<EepromOperation, { operation: 'power' }>;

function run(flash: FlashModel, operation: FlashOperation, options: EepromWriteOptions): StepResult {
  const capacity = options.capacity ?? CAPACITY;
  try {
    return options.generation === 'legacy'
      ? runLegacy(flash, operation, capacity)
      : runCurrent(flash, operation, capacity);
  } catch (error) {
    if (error instanceof PowerLoss) return 'interrupted';
    throw error;
  }
}

function runCurrent(flash: FlashModel, operation: FlashOperation, capacity: number): StepResult {
  if (operation.operation === 'init') initCurrent(flash);
  else if (operation.operation === 'clear') clearCurrent(flash);
  else {
    const active = activePageOf(flash);
    return active === null ? 'rejected' : runOnPage(flash, active, operation, capacity);
  }
  return 'done';
}

function runOnPage(flash: FlashModel, active: PageNumber, operation: FlashOperation, capacity: number): StepResult {
  if (operation.operation === 'put') {
    if (operation.index + operation.data.length > capacity) return 'rejected';
    return putCurrent(flash, active, operation.index, operation.data) ? 'done' : 'failed';
  }
  if (operation.operation === 'swap') return swapCurrent(flash, active, 0, new Uint8Array(0)) ? 'done' : 'failed';
  erasePendingCurrent(flash, active);
  return 'done';
}

function runLegacy(flash: FlashModel, operation: FlashOperation, capacity: number): StepResult {
  if (operation.operation === 'init') initLegacy(flash);
  else if (operation.operation === 'clear') formatLegacy(flash);
  else if (operation.operation === 'put') {
    let written = 0;
    for (const [position, value] of operation.data.entries()) {
      // The limit is checked per byte: what fits is written.
      if (operation.index + position >= capacity) break;
      writeLegacy(flash, operation.index + position, value);
      written++;
    }
    if (written === 0 && operation.data.length > 0) return 'rejected';
  }
  return 'done';
}

function requirePage(page: Uint8Array, number: PageNumber): void {
  if (page.length > HEADER_BYTES && page.length <= MAX_PAGE_BYTES && page.length % 4 === 0) return;
  throw new BuildError({
    code: 'EEPROM_PAGE_SIZE',
    what: `EEPROM page ${number} has an impossible size`,
    expected: `a multiple of 4 bytes, from 8 to ${MAX_PAGE_BYTES}`,
    got: `${page.length} bytes`,
    help: 'Give the whole sector: 16384 bytes for page 1 and 65536 bytes for page 2 on STM32F205.',
  });
}

function powerOf(flashOperations: number | null): number {
  if (flashOperations === null) return Number.POSITIVE_INFINITY;
  if (Number.isInteger(flashOperations) && flashOperations >= 0) return flashOperations;
  throw new BuildError({
    code: 'EEPROM_POWER',
    what: 'number of flash operations is not usable',
    expected: 'null, or an integer from 0 on',
    got: `${flashOperations}`,
    help: 'Give the number of program and erase operations before the power fails, or null for none.',
  });
}

function requireOperation(operation: FlashOperation, generation: Generation): void {
  if (operation.operation === 'put') {
    if (Number.isInteger(operation.index) && operation.index >= 0 && operation.index <= 0xffff) return;
    throw new BuildError({
      code: 'EEPROM_INDEX',
      what: 'EEPROM index is not usable',
      expected: 'an integer between 0 and 65535',
      got: `${operation.index}`,
      help: 'Give the index of the first byte to write, counted from 0.',
    });
  }
  if (generation === 'current' || operation.operation === 'init' || operation.operation === 'clear') return;
  throw new BuildError({
    code: 'EEPROM_NO_SUCH_OPERATION',
    what: `legacy firmware has no operation ${operation.operation}`,
    expected: 'init, put or clear',
    got: operation.operation,
    help: 'Leave it out, or replay the writes as the current generation makes them.',
  });
}
