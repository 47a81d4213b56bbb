/**
 * What a board does at reset, followed step by step through bootloader and system firmware until it stays somewhere. A
 * flash dump does not hold the backup registers, the button, the supply or the network: what depends on them is named as
 * a condition, and the other ends as alternatives.
 */
import { MemoryImage } from '../core/image.js';
import { mergeRanges, rangeOf, sizeOf } from '../core/range.js';
import type { Board } from '../layout/types.js';
import type { DctReport } from '../regions/dct/decode.js';
import type { Eeprom } from '../regions/eeprom/index.js';
import { flashOf, type ModuleSurvey } from '../regions/module/find.js';
import { CRC_BYTES, HEADER_AFTER_VECTORS, MODULE_INFO } from '../regions/module/format.js';
import type { OptionBytes } from '../regions/option-bytes.js';
import { noteAlternatives, noteOptionBytes } from './alternatives.js';
import { applicationRefusal, type BootloaderResult, readProgram, resetRefusal, runBootloader } from './bootloader.js';
import { type End, reachNetwork } from './cloud.js';
import { bootFacts, type PlatformFacts, platformFacts } from './facts.js';
import type { BootloaderProgram, Machine } from './machine.js';
import { FlashMemory, type KnownCrc } from './memory.js';
import { StoredDct } from './stored.js';
import { runSystem, type SystemResult } from './system.js';
import { Trace } from './trace.js';
import type { BootCopy, BootloaderDecision, BootPrediction, HeldButton } from './types.js';

export interface BootInput {
  readonly image: MemoryImage;
  readonly board: Board;
  readonly survey: ModuleSurvey;
  readonly dct: DctReport | null;
  readonly eeprom: Eeprom | null;
  /** Null: not known. */
  readonly optionBytes: OptionBytes | null;
}

const MAX_ROUNDS = 8;
const RELEASED: HeldButton = 'released';
const DERIVED = 'derived: not seen on hardware';

/** Null when the image is no device that the model covers: another platform, or places of the firmware are not in it. */
export function predictBoot(input: BootInput, button: HeldButton = RELEASED): BootPrediction | null {
  const machine = machineOf(input);
  if (!machine) return null;
  const run = follow(machine, button);
  // The contract's decision is the one with the button released.
  const plain = button === RELEASED ? run : follow(machineOf(input) ?? machine, RELEASED);
  noteAlternatives(machine, run, button);
  const { outcome, led } = noteOptionBytes(machine.trace, input.optionBytes, run.end);
  const { trace, platform, copies } = machine;
  trace.lower(platform.confidence);
  const { steps, alternatives, conditions, confidence } = trace;
  const { bootloader, dctAccess } = plain;
  return { bootloader, dctAccess, outcome, led, confidence, conditions, alternatives, steps, copies };
}

export interface AppliedUpdates {
  readonly image: MemoryImage;
  /** Copies made and refused, in order. */
  readonly copies: readonly BootCopy[];
}

/**
 * The flash after the copies that the next reset brings: pending updates, a factory restore, what system firmware
 * installs at its start. The image itself when there are none, or when it is no device.
 */
export function applyPendingUpdates(input: BootInput): AppliedUpdates {
  const machine = machineOf(input);
  if (!machine) return { image: input.image, copies: [] };
  follow(machine, RELEASED);
  const { memory, copies } = machine;
  return { image: memory.revision === 0 ? input.image : withFlash(input.image, memory), copies };
}

/** The image with the flash as it became; what was absent stays absent unless something was written there. */
function withFlash(image: MemoryImage, memory: FlashMemory): MemoryImage {
  const flash = { start: memory.start, end: memory.end };
  const present = image.parts(flash).map(({ address, bytes }) => ({ start: address, end: address + bytes.length }));
  const inside = mergeRanges([...present, ...memory.written]).flatMap((range) => {
    const bytes = memory.bytes(range.start, sizeOf(range));
    return bytes ? [{ address: range.start, bytes }] : [];
  });
  return MemoryImage.fromSegments([...image.without(flash).segments, ...inside]);
}

function machineOf({ image, board, survey, dct, eeprom }: BootInput): Machine | undefined {
  const platform = platformFacts(board.platform?.id);
  if (!platform) return undefined;
  const flash = flashOf(board);
  if (!placesPresent(image, flash.start, platform)) return undefined;
  const trace = new Trace();
  const gaps = image.gaps(flash);
  if (gaps.length > 0) trace.assume('what the input does not hold is erased');
  const bytes = image.bytes(flash) ?? image.read(flash, 0xff);
  const memory = new FlashMemory(bytes, flash.start, knownCrcs(survey));
  const common = { facts: bootFacts(), platform, sectors: flash.sectors, survey, eeprom };
  return { ...common, memory, dct: new StoredDct(dct, memory), trace, copies: [], factoryRecordWritten: false };
}

/** Bootloader and system parts decide everything: without their beginnings there is no device to speak of. */
function placesPresent(image: MemoryImage, bootloader: number, platform: PlatformFacts): boolean {
  const head = HEADER_AFTER_VECTORS + MODULE_INFO.size;
  return [bootloader, platform.application, platform.next].every(
    (start) => image.bytes(rangeOf(start, head)) !== undefined,
  );
}

/** What the survey has computed is not computed again. */
function* knownCrcs({ modules }: ModuleSurvey): Iterable<KnownCrc> {
  for (const { module } of modules) {
    if (module.missing > 0) continue;
    yield { address: module.address, length: module.length - CRC_BYTES, good: module.crc === 'ok' };
  }
}

interface Run {
  readonly bootloader: BootloaderDecision;
  readonly dctAccess: boolean;
  readonly end: End;
  /** Null: sector 0 holds no bootloader. */
  readonly program: BootloaderProgram | null;
}

/** What one start leads to: an end, or another start. */
type Next = { readonly end: End } | { readonly factoryReset: boolean };

/** From reset to reset until the board stays somewhere. */
function follow(machine: Machine, button: HeldButton): Run {
  let decided: Omit<Run, 'end'> | undefined;
  let factoryReset = false;
  let asked = 0;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    if (round > 0) machine.trace.step('reset', `start ${round + 1}`, 'as before, but for what follows', null, DERIVED);
    const refusal = resetRefusal(machine);
    const program = refusal === null ? readProgram(machine) : null;
    if (!program) {
      const run = { bootloader: 'lockup' as const, dctAccess: false, program: null, ...decided };
      return { ...run, end: noProgram(machine, refusal) };
    }
    const result = runBootloader(machine, program, round === 0 ? button : RELEASED, { factoryReset });
    if (result.kind !== 'reset') decided ??= { bootloader: decisionOf(result), dctAccess: result.dctAccess, program };
    const next = afterBootloader(machine, result);
    if ('end' in next && decided) return { ...decided, end: next.end };
    factoryReset = 'factoryReset' in next && next.factoryReset;
    if (factoryReset && ++asked > 1) break;
  }
  return { bootloader: 'jump', dctAccess: false, program: null, ...decided, end: resetLoop(machine) };
}

function decisionOf({ kind }: BootloaderResult): BootloaderDecision {
  if (kind === 'restored') return 'factory-restore';
  return kind === 'jump' || kind === 'dfu' ? kind : 'lockup';
}

function noProgram({ trace, memory }: Machine, refusal: string | null): End {
  if (refusal === null) {
    trace.lower('possible');
    const result = 'no Particle bootloader; what it does is not known';
    trace.step(
      'reset',
      'the program in sector 0',
      result,
      memory.start,
      'the header that every bootloader has is missing',
    );
  }
  return { outcome: 'no-start', led: 'dark' };
}

function resetLoop({ trace }: Machine): End {
  trace.lower('likely');
  trace.step(
    'system',
    'the start after that',
    'it ends at the same place, and the board resets again and again',
    null,
    DERIVED,
  );
  return { outcome: 'reset-loop', led: 'system-starting' };
}

function afterBootloader(machine: Machine, result: BootloaderResult): Next {
  const { trace } = machine;
  switch (result.kind) {
    case 'overwritten':
      return { end: overwritten(trace) };
    case 'dfu':
      return { end: { outcome: 'dfu', led: 'dfu' } };
    case 'reset':
      return { factoryReset: false };
    case 'restored': {
      if (!result.fallback || applicationRefusal(machine, result.program) === null) return { factoryReset: false };
      trace.lower('likely');
      trace.step(
        'bootloader',
        'the start after the restore',
        'the firmware is still not valid, so red, restore and reset follow each other without end',
        null,
        DERIVED,
      );
      return { end: { outcome: 'reset-loop', led: 'restore-attempt' } };
    }
    case 'jump':
      return afterSystem(machine, runSystem(machine, result.program, result.safeMode), result.clearWifi);
  }
}

function overwritten(trace: Trace): End {
  trace.lower('likely');
  trace.step('bootloader', 'the copy to sector 0', 'the bootloader erases itself while it runs', null, DERIVED);
  return { outcome: 'no-start', led: 'dark' };
}

function afterSystem(machine: Machine, result: SystemResult, clearWifi: boolean): Next {
  switch (result.kind) {
    case 'hang':
      return { end: { outcome: 'hang', led: 'dark' } };
    case 'fault':
      return { end: { outcome: 'fault', led: 'sos' } };
    case 'factory-reset':
      return { factoryReset: true };
    case 'reset':
      return { factoryReset: false };
    case 'overwritten':
      return { end: overwritten(machine.trace) };
    case 'runs':
      return { end: reachNetwork(machine, result, clearWifi) };
  }
}
