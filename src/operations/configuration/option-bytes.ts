/** optbytes: option bytes from a word or a file, and a word from settings. */
import { formatHex } from '../../core/bytes.js';
import { BuildError, FormatError, UsageError } from '../../core/errors.js';
import { type Finding, type Verdict, verdictOf } from '../../core/finding.js';
import type { Board } from '../../layout/types.js';
import {
  decodeOptionMemory,
  decodeOptionRegister,
  encodeOptionMemory,
  encodeOptionRegister,
  type OptionByteContext,
  type OptionBytes,
  type OptionSettings,
  settingsOf,
} from '../../regions/option-bytes.js';
import { explainOptionBytes } from '../../regions/option-consequences.js';
import { checkProtection } from '../../rules/protection.js';
import { optionByteContext } from '../inspect/extra-memory.js';
import type { InspectInput } from '../inspect/inspect.js';

export interface OptionInspection {
  readonly bytes: OptionBytes;
  readonly consequences: readonly string[];
  readonly findings: readonly Finding[];
  readonly verdict: Verdict;
}

/** @throws FormatError OPTION_WORD */
export function inspectOptionWord(word: number, board: Board): OptionInspection {
  const context = optionByteContext(board);
  return judged(decodeOptionRegister(word, context), context);
}

/** A file of exactly the option memory, or an input that holds its addresses. @throws FormatError OPTION_NOT_IN_FILE */
export function inspectOptionFile(input: InspectInput, board: Board): OptionInspection {
  const context = optionByteContext(board);
  const { start, size } = context.layout.memory;
  const loose = input.addressSource === 'assumed' && input.image.byteCount === size ? input.image.span : undefined;
  const bytes = input.image.bytes(loose ?? { start, end: start + size });
  if (bytes) return judged(decodeOptionMemory(bytes, context), context);
  throw new FormatError({
    code: 'OPTION_NOT_IN_FILE',
    what: 'there are no option bytes in this input',
    where: input.path,
    expected: `${size} bytes read from ${formatHex(start, 8)}, or an image that holds them`,
    got: `${input.image.byteCount} bytes`,
    help: `A dump of the flash does not hold them: read ${size} bytes from ${formatHex(start, 8)}, or give the value of ${context.layout.register.name}.`,
  });
}

function judged(bytes: OptionBytes, context: OptionByteContext): OptionInspection {
  const findings = checkProtection(bytes, { layout: context.layout });
  const consequences = explainOptionBytes(bytes).map(({ text }) => text);
  return { bytes, consequences, findings, verdict: verdictOf(findings) };
}

/** What the user asked to change; what is left out stays as it is in `from`. */
export interface OptionRequest extends Omit<OptionSettings, 'protectedSectors'> {
  readonly protect?: readonly number[] | undefined;
  readonly unprotect?: readonly number[] | undefined;
  /** FLASH_OPTCR as it is now; default: as the chip is delivered. */
  readonly from?: number | undefined;
}

export interface OptionEncoding {
  /** What to write: lock and start bit 0. */
  readonly word: number;
  /** What the register reads back afterwards, locked. */
  readonly readsAs: number;
  readonly memory: Uint8Array;
  readonly inspection: OptionInspection;
  readonly from: OptionBytes;
  /** What changes against `from`, as clauses. */
  readonly changes: readonly string[];
  /** What writing the word does to the chip at once, as sentences. */
  readonly warnings: readonly string[];
  readonly commands: { readonly stFlash: string; readonly openocd: readonly string[] };
}

/** @throws BuildError OPTION_RDP_LEVEL_2, OPTION_SECTOR; FormatError OPTION_WORD; UsageError OPTION_FROM */
export function encodeOptions(request: OptionRequest, board: Board): OptionEncoding {
  const context = optionByteContext(board);
  const { layout, sectors = [] } = context;
  const { protect = [], unprotect = [], from: word = layout.register.default, ...wanted } = request;
  const from = decodeOptionRegister(word, context);
  requirePlausible(from);
  const known = sectors.map(({ number }) => number);
  for (const number of [...protect, ...unprotect]) requireSector(number, known);
  const base = settingsOf(from, layout);
  const level = wanted.readProtection ?? base.readProtection;
  const { readProtectionValue, ...rest } = base;
  const protectedSectors = new Set([...(base.protectedSectors ?? []), ...protect]);
  for (const number of unprotect) protectedSectors.delete(number);
  const keepsValue = level === 1 && from.readProtection.level === 1 && readProtectionValue !== undefined;
  // A chip at level 2 refuses every write, whatever is asked for.
  const readProtection = from.readProtection.level === 2 ? 2 : level;
  const settings: OptionSettings = {
    ...rest,
    ...wanted,
    ...(readProtection === undefined ? {} : { readProtection }),
    ...(keepsValue ? { readProtectionValue } : {}),
    protectedSectors: [...protectedSectors],
  };
  const encoded = encodeOptionRegister(settings, layout);
  const bytes = decodeOptionRegister(encoded, context);
  return {
    word: encoded,
    readsAs: (encoded | layout.fields.OPTLOCK.mask) >>> 0,
    memory: encodeOptionMemory(encoded, layout),
    inspection: judged(bytes, context),
    from,
    changes: changesBetween(from, bytes),
    warnings: warningsOf(from, bytes),
    commands: {
      stFlash: `st-flash --area=option write ${formatHex(encoded, 8)}`,
      openocd: openocdCommands(from, bytes),
    },
  };
}

function requirePlausible(from: OptionBytes): void {
  const [doubt] = from.doubts;
  if (doubt === undefined) return;
  throw new UsageError({
    code: 'OPTION_FROM',
    what: 'the word to start from is not an option word',
    where: '--from',
    got: doubt,
    help: 'Read FLASH_OPTCR again, with the board powered and the core halted.',
  });
}

function requireSector(number: number, known: readonly number[]): void {
  if (known.includes(number)) return;
  throw new BuildError({
    code: 'OPTION_SECTOR',
    what: 'the chip has no such sector',
    expected: `a sector from ${known[0] ?? 0} to ${known.at(-1) ?? 0}`,
    got: `${number}`,
    help: 'See the sectors of the board: flashatlas layouts show particle-p1.',
  });
}

function changesBetween(from: OptionBytes, to: OptionBytes): string[] {
  const changes: string[] = [];
  const note = (name: string, before: string | number, after: string | number): void => {
    if (before !== after) changes.push(`${name} ${before} -> ${after}`);
  };
  note('read protection level', from.readProtection.level, to.readProtection.level);
  note('brown-out reset', brownOutName(from), brownOutName(to));
  note('watchdog', from.watchdog, to.watchdog);
  note('reset on Stop', onOff(from.resetOnStop), onOff(to.resetOnStop));
  note('reset on Standby', onOff(from.resetOnStandby), onOff(to.resetOnStandby));
  note('write-protected sectors', protectedNames(from), protectedNames(to));
  return changes;
}

export function brownOutName({ brownOut: { level } }: OptionBytes): string {
  return level === 0 ? 'off' : `level ${level}`;
}

function onOff(value: boolean): string {
  return value ? 'on' : 'off';
}

/** "0, 5-8" or "none". */
export function protectedNames({ sectors }: OptionBytes): string {
  const runs = protectedRuns(sectors.filter((sector) => sector.protected).map(({ number }) => number));
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(', ') || 'none';
}

function protectedRuns(numbers: readonly number[]): [first: number, last: number][] {
  const runs: [number, number][] = [];
  for (const number of numbers) {
    const run = runs.at(-1);
    if (run && run[1] === number - 1) run[1] = number;
    else runs.push([number, number]);
  }
  return runs;
}

function warningsOf(from: OptionBytes, to: OptionBytes): string[] {
  if (from.readProtection.level === 1 && to.readProtection.level === 0) {
    return ['Writing this word erases the whole flash and the backup SRAM: it lowers the read protection to level 0.'];
  }
  if (from.readProtection.level === 0 && to.readProtection.level === 1) {
    return [
      'After the next power-on no debugger can read the flash. Going back to level 0 erases it: make a dump before.',
    ];
  }
  return [];
}

/** OpenOCD 0.12 has a command for each group of bits; each of them writes the option bytes at once. */
function openocdCommands(from: OptionBytes, to: OptionBytes): string[] {
  const commands = ['init', 'reset halt', 'flash probe 0'];
  if (from.readProtection.level === 1 && to.readProtection.level === 0) commands.push('stm32f2x unlock 0');
  const runs = protectedRuns(to.sectors.filter((sector) => sector.protected).map(({ number }) => number));
  commands.push('flash protect 0 0 last off');
  for (const [first, last] of runs) commands.push(`flash protect 0 ${first} ${last} on`);
  commands.push(`stm32f2x options_write 0 ${formatHex(to.optcr & 0xfc, 2)}`);
  if (to.readProtection.level === 1) commands.push('stm32f2x lock 0');
  return commands;
}
