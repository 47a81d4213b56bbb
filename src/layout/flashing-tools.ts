/** Tools that write flash, probes and flash timing, from layouts/flashing-tools.json; old syntax from openocd-syntax.json. */
import { LayoutError } from '../core/errors.js';
import { requireData } from './require-data.js';

export const TOOL_IDS = ['openocd', 'st-flash', 'dfu-util', 'cubeprogrammer', 'jlink', 'particle-cli'] as const;
export type ToolId = (typeof TOOL_IDS)[number];
export const PROBE_IDS = ['stlink', 'jlink', 'cmsis-dap'] as const;
export type ProbeId = (typeof PROBE_IDS)[number];

/** Width of an erase step inside the chip; it follows from the supply and from what the tool sets. */
export type Parallelism = 'x8' | 'x16' | 'x32';
/** Milliseconds. */
export type TypicalAndMax = readonly [typical: number, max: number];

export interface ToolProfile {
  readonly id: ToolId;
  readonly title: string;
  /** The version whose syntax is written. */
  readonly version: string;
  /** swd: by a debugger. dfu: by the bootloader of the board, with what that refuses. */
  readonly route: 'swd' | 'dfu';
  /** explicit: erases what it is told to. by-write: every sector it writes to, whether that is needed or not. */
  readonly erasing: 'explicit' | 'by-write';
  readonly parallelism: Parallelism;
  /** Bytes programmed at once. */
  readonly programUnit: number;
  /** Length of a write is rounded up to this. */
  readonly roundTo: number;
  /** How it changes write protection: sector by sector, as one option word, without being asked, or not at all. */
  readonly protection: 'sectors' | 'word' | 'itself' | 'none';
  readonly linkBytesPerSecond: number;
  readonly startMilliseconds: number;
  /** False: from manuals, never run here. */
  readonly checked: boolean;
  readonly about: string;
  readonly source: string;
}

export interface ProbeProfile {
  readonly id: ProbeId;
  readonly title: string;
  /** Configuration file of OpenOCD. */
  readonly interface: string;
  /** To be selected, or null when it must not be. */
  readonly transport: string | null;
  readonly note: string;
}

export interface FlashTiming {
  readonly program: { readonly typicalMicroseconds: number; readonly maxMicroseconds: number };
  readonly erase: readonly ({ readonly size: string } & Readonly<Record<Parallelism, TypicalAndMax>>)[];
  readonly massErase: Readonly<Record<Parallelism, TypicalAndMax>>;
  readonly optionBytes: TypicalAndMax;
  readonly checked: boolean;
  readonly source: string;
}

interface ToolsFile {
  readonly timing: FlashTiming;
  readonly probes: readonly ProbeProfile[];
  readonly tools: readonly ToolProfile[];
}

/** A line of an old script and what stands for it today; `new` null: nothing does. */
export interface SyntaxRule {
  readonly old: string;
  readonly new: string | null;
  readonly state: 'deprecated' | 'gone' | 'changed';
  readonly note: string;
}

export interface SyntaxFile {
  readonly rules: readonly SyntaxRule[];
  readonly dangers: readonly { readonly match: string; readonly note: string }[];
}

function file(): ToolsFile {
  return requireData<ToolsFile>('flashing-tools.json');
}

/** @throws LayoutError LAYOUT_UNKNOWN_TOOL */
export function toolProfile(id: ToolId): ToolProfile {
  const found = file().tools.find((tool) => tool.id === id);
  if (found) return found;
  throw unknown('tool', id);
}

/** @throws LayoutError LAYOUT_UNKNOWN_TOOL */
export function probeProfile(id: ProbeId): ProbeProfile {
  const found = file().probes.find((probe) => probe.id === id);
  if (found) return found;
  throw unknown('probe', id);
}

function unknown(kind: string, id: string): LayoutError {
  return new LayoutError({
    code: 'LAYOUT_UNKNOWN_TOOL',
    what: `there is no ${kind} ${JSON.stringify(id)}`,
    where: 'layouts/flashing-tools.json',
    help: 'Use one of the names in that file.',
  });
}

export function flashTiming(): FlashTiming {
  return file().timing;
}

export function openocdSyntax(): SyntaxFile {
  return requireData<SyntaxFile>('openocd-syntax.json');
}
