/** Applies a plan to a dump, step by step, with the power cut where one wants it. */
import { UsageError } from '../../core/errors.js';
import { MemoryImage } from '../../core/image.js';
import { rangeOf } from '../../core/range.js';
import { formatCount } from '../../core/words.js';
import type { Memory } from '../../layout/types.js';
import { applyFlashOperation, type DctPair, type DctWriter, writeDctField } from '../../regions/dct/write.js';
import { type Access, type ControllerError, FlashController } from './flash-model.js';
import type { DctFacts, PlanStep } from './types.js';

/** The facts of a step that change the chip. */
export type SimulatedStep = Pick<
  PlanStep,
  'number' | 'op' | 'title' | 'by' | 'sectors' | 'range' | 'data' | 'optcr' | 'offset' | 'verifies'
>;

export interface SimulateOptions {
  readonly flash: Memory;
  /** FLASH_OPTCR of the chip; default: as delivered. */
  readonly optcr?: number | undefined;
  /** The power fails after this step; 0: before the first. */
  readonly cutAfter?: number | undefined;
  /** The power fails in the middle of this step. */
  readonly cutInside?: number | undefined;
  /** Who writes the DCT: the generation of system firmware that the bootloader asks. */
  readonly dct?: DctFacts | undefined;
}

export interface SimulatedEvent {
  /** Number of the step. */
  readonly step: number;
  readonly op: string;
  readonly result: 'done' | 'failed' | 'cut' | 'not-reached';
  readonly text: string;
}

export interface Simulation {
  /** What is known of the flash afterwards. */
  readonly image: MemoryImage;
  readonly optcr: number;
  /** failed: the tool stopped with an error; cut: the power failed. */
  readonly outcome: 'done' | 'failed' | 'cut';
  /** The step that failed or was cut, or null. */
  readonly stoppedAt: number | null;
  readonly log: readonly SimulatedEvent[];
}

const ERROR_WORDS: Readonly<Record<ControllerError, string>> = {
  WRPERR: 'a sector is write protected (WRPERR)',
  RDP: 'read protection keeps the debugger out',
  RDP2: 'read protection level 2 cannot be set or left',
  RANGE: 'the address is outside the flash',
};

/** @throws UsageError SIMULATE_NO_STEP for a cut at a step the plan does not have. */
export function simulate(
  { steps }: { readonly steps: readonly SimulatedStep[] },
  from: MemoryImage | null,
  options: SimulateOptions,
): Simulation {
  const { cutAfter, cutInside } = options;
  for (const cut of [cutAfter, cutInside]) requireStep(cut, steps.length, cut === cutInside ? 1 : 0);
  const chip = new FlashController(options.flash, from, options.optcr);
  const log: SimulatedEvent[] = [];
  let outcome: Simulation['outcome'] = 'done';
  let stoppedAt: number | null = null;
  const stop = (how: 'failed' | 'cut', at: number): void => {
    outcome = how;
    stoppedAt = at;
  };
  if (cutAfter === 0) stop('cut', 0);
  for (const step of steps) {
    const { number, op, title } = step;
    if (stoppedAt !== null) {
      log.push({ step: number, op, result: 'not-reached', text: title });
      continue;
    }
    if (number === cutInside) {
      interrupt(step, chip, options);
      log.push({ step: number, op, result: 'cut', text: `${title}: ${interruption(step)}` });
      stop('cut', number);
      continue;
    }
    const problem = apply(step, steps, chip, options);
    log.push({ step: number, op, result: problem ? 'failed' : 'done', text: problem ? `${title}: ${problem}` : title });
    if (problem) stop('failed', number);
    else if (number === cutAfter) stop('cut', number);
  }
  return { image: chip.image(), optcr: chip.optcr, outcome, stoppedAt, log };
}

/**
 * What a cut erase leaves undefined, as erased flash: what the board does with it can only be told of one state, and this
 * is the one it was on its way to.
 */
export function withUndefinedErased(
  image: MemoryImage,
  from: MemoryImage | null,
  flash: Memory,
): { readonly image: MemoryImage; readonly bytes: number } {
  const made = image.gaps(flash).flatMap((gap) => from?.parts(gap) ?? []);
  const erased = made.map((part) => ({ ...part, bytes: new Uint8Array(part.bytes.length).fill(0xff) }));
  const bytes = made.reduce((sum, part) => sum + part.bytes.length, 0);
  return { image: bytes === 0 ? image : image.merge(MemoryImage.fromSegments(erased)), bytes };
}

function requireStep(cut: number | undefined, count: number, first: 0 | 1): void {
  if (cut === undefined || (Number.isInteger(cut) && cut >= first && cut <= count)) return;
  throw new UsageError({
    code: 'SIMULATE_NO_STEP',
    what: 'the plan has no such step',
    expected: count === 0 ? 'a plan with steps' : `${first} to ${count}`,
    got: `${cut}`,
    help: 'The steps are numbered in the output of plan.',
  });
}

/** @returns what went wrong, or null. */
function apply(
  step: SimulatedStep,
  steps: readonly SimulatedStep[],
  chip: FlashController,
  options: SimulateOptions,
): string | null {
  const access: Access = step.by === 'tool' ? 'debugger' : 'flash-code';
  switch (step.op) {
    case 'unlock':
    case 'unprotect':
    case 'protect':
    case 'options':
      return words(applyOptions(step, chip));
    case 'erase':
      return words(firstError(step.sectors.map((sector) => () => chip.eraseSector(sector, access))));
    case 'program':
      return words(step.range && step.data ? chip.program(step.range.start, step.data, access) : null);
    case 'verify':
      return verify(step, steps, chip);
    case 'write-dct':
      return writeDct(step, chip, options);
    case 'install':
      return install(step, chip, options);
    case 'dump':
      return chip.readProtection === 0 || access === 'flash-code' ? null : ERROR_WORDS.RDP;
    default:
      return null;
  }
}

/** Protection is set per sector, as the tools do: the other option bits stay as the chip has them. */
function applyOptions(step: SimulatedStep, chip: FlashController): ControllerError | null {
  if (step.op === 'unprotect') return chip.protect(step.sectors, false);
  if (step.op === 'protect') return chip.protect(step.sectors, true);
  return step.optcr === null ? null : chip.writeOptions(step.optcr);
}

function firstError(actions: readonly (() => ControllerError | null)[]): ControllerError | null {
  for (const action of actions) {
    const error = action();
    if (error) return error;
  }
  return null;
}

function words(error: ControllerError | null): string | null {
  return error && ERROR_WORDS[error];
}

function verify(step: SimulatedStep, steps: readonly SimulatedStep[], chip: FlashController): string | null {
  const compared = new Set(step.verifies);
  const wrong = steps
    .filter(({ number }) => compared.has(number))
    .find((written) => written?.range && written.data && !chip.holds(written.range.start, written.data));
  return wrong ? `step ${wrong.number} left other bytes than it should` : null;
}

/** The bootloader hands the bytes to the DCT code of the system firmware, which makes a new copy. */
function writeDct(step: SimulatedStep, chip: FlashController, options: SimulateOptions): string | null {
  if (!options.dct || step.data === null || step.offset === null) return 'nothing is known about the DCT';
  return changeDct(chip, options.dct, options.dct.writer, step.offset, step.data);
}

function changeDct(
  chip: FlashController,
  { copies }: DctFacts,
  writer: DctWriter,
  offset: number,
  bytes: Uint8Array,
): string | null {
  const pair = readPair(chip, copies);
  if (!pair) return 'the DCT is not known';
  putPair(chip, copies, writeDctField(pair, { section: 'application', offset, bytes }, writer));
  return null;
}

const COPY_BYTES = 16_384;

function readPair(chip: FlashController, [first, second]: readonly [number, number]): DctPair | undefined {
  const copy1 = chip.bytes(rangeOf(first, COPY_BYTES));
  const copy2 = chip.bytes(rangeOf(second, COPY_BYTES));
  return copy1 && copy2 && { copy1, copy2 };
}

function putPair(chip: FlashController, copies: readonly [number, number], { copy1, copy2 }: DctPair): void {
  for (const [start, bytes] of [
    [copies[0], copy1],
    [copies[1], copy2],
  ] as const) {
    const sector = chip.flash.sectors.find((candidate) => candidate.start === start);
    if (!sector || chip.holds(start, bytes)) continue;
    chip.eraseSector(sector.number, 'flash-code');
    chip.program(start, bytes, 'flash-code');
  }
}

/** Device OS finds the OTA flag, clears it, and copies the bootloader to sector 0. */
function install(step: SimulatedStep, chip: FlashController, { dct }: SimulateOptions): string | null {
  if (!step.range || !step.data) return null;
  if (step.offset !== null && dct) {
    const problem = changeDct(chip, dct, dct.systemWriter, step.offset, Uint8Array.of(0xff));
    if (problem) return problem;
  }
  const protectedBefore = step.sectors.filter((sector) => chip.isProtected(sector));
  chip.protect(protectedBefore, false);
  for (const sector of step.sectors) chip.eraseSector(sector, 'flash-code');
  const error = chip.program(step.range.start, step.data, 'flash-code');
  // "only re-protected after a bootloader update": every release from 0.8.0 on does that.
  chip.protect(step.sectors, true);
  return words(error);
}

/** Half of what the step does; the sector that was being erased holds nothing defined. */
function interrupt(step: SimulatedStep, chip: FlashController, { dct }: SimulateOptions): void {
  const access: Access = step.by === 'tool' ? 'debugger' : 'flash-code';
  if (step.op === 'erase') {
    const half = Math.floor(step.sectors.length / 2);
    for (const sector of step.sectors.slice(0, half)) chip.eraseSector(sector, access);
    const interrupted = step.sectors[half];
    if (interrupted !== undefined && !chip.isProtected(interrupted)) chip.interruptErase(interrupted);
  }
  if (step.op === 'program' && step.range && step.data) {
    chip.program(step.range.start, step.data.subarray(0, step.data.length >> 1), access);
  }
  const pair = step.op === 'write-dct' && dct ? readPair(chip, dct.copies) : undefined;
  if (pair && dct && step.data && step.offset !== null) {
    const { operations } = writeDctField(
      pair,
      { section: 'application', offset: step.offset, bytes: step.data },
      dct.writer,
    );
    const half = operations.slice(0, operations.length >> 1);
    putPair(chip, dct.copies, half.reduce(applyFlashOperation, pair));
  }
}

function interruption({ op, sectors, data }: SimulatedStep): string {
  if (op === 'erase') {
    const interrupted = sectors[Math.floor(sectors.length / 2)];
    return `the power fails; what sector ${interrupted} holds now is not defined, and it may read as erased without being so`;
  }
  if (op === 'program' && data) {
    return `the power fails after ${formatCount(data.length >> 1)} of ${formatCount(data.length)} bytes`;
  }
  return op === 'write-dct' ? 'the power fails while the new copy is written' : 'the power fails';
}
