/** What the status LED shows and why, from layouts/particle-led.json. */
import { requireData } from './require-data.js';

export const LED_COLOURS = ['off', 'red', 'orange', 'yellow', 'green', 'cyan', 'blue', 'magenta', 'white'] as const;
export type LedColour = (typeof LED_COLOURS)[number];

export const LED_MODES = ['off', 'solid', 'blink', 'breathe', 'sos'] as const;
export type LedMode = (typeof LED_MODES)[number];

/** source: read in the file named. derived: follows from sources, not seen on hardware. hypothesis: neither. */
export const BASES = ['source', 'derived', 'hypothesis'] as const;
export type Basis = (typeof BASES)[number];

export interface LedStep {
  readonly colour: LedColour;
  readonly ms: number;
  /** The brightness rises or falls during the step. */
  readonly fade?: 'in' | 'out';
}

export interface LedPattern {
  readonly id: string;
  /** "cyan with one red flash" */
  readonly title: string;
  readonly colour: LedColour;
  readonly mode: LedMode;
  /** A second colour that flashes between. */
  readonly accent?: { readonly colour: LedColour; readonly flashes: number };
  /** Who drives the LED: reset (nobody), bootloader, system (while it starts), running. */
  readonly stage: 'reset' | 'bootloader' | 'system' | 'running';
  /** One round, for drawing. */
  readonly steps: readonly LedStep[];
  readonly timing: string;
  readonly meaning: string;
  /** What in flash leads to it; null where flash has no part in it. */
  readonly flash: string | null;
  /** The user can choose other colours: the colour alone proves nothing. */
  readonly themed: boolean;
  /** Device OS releases; null where the sources read set no limit. */
  readonly since: string | null;
  readonly until: string | null;
  readonly basis: Basis;
  /** Basis of `flash`. */
  readonly causeBasis: Basis;
  readonly note?: string;
  /** Ids of patterns that are easily taken for this one. */
  readonly similar?: readonly string[];
  /** Other words people use for it. */
  readonly words?: readonly string[];
  readonly source: string;
}

export interface SosCode {
  /** Flashes after the SOS. */
  readonly code: number;
  readonly name: string;
  readonly meaning: string;
  readonly since: string | null;
  readonly source: string;
}

/** Milliseconds of the SOS signal; every mark is followed by a pause of its own length. */
interface SosTiming {
  readonly morse: readonly number[];
  /** Marks per letter. */
  readonly marks: number;
  readonly pause: number;
  readonly flash: number;
  readonly end: number;
}

interface LedFile {
  readonly themedSince: string;
  readonly patterns: readonly LedPattern[];
  readonly sos: SosTiming & { readonly codes: readonly SosCode[] };
}

let file: LedFile | undefined;

/** @throws LayoutError LAYOUT_MISSING_DATA */
function ledFile(): LedFile {
  file ??= requireData<LedFile>('particle-led.json');
  return file;
}

/** Every pattern, in the order in which a board shows them from reset on. */
export function ledPatterns(): readonly LedPattern[] {
  return ledFile().patterns;
}

/** The pattern with this id, or undefined. */
export function ledPattern(id: string): LedPattern | undefined {
  return ledPatterns().find((pattern) => pattern.id === id);
}

/** The first release in which the user can choose the colours. */
export function ledThemesSince(): string {
  return ledFile().themedSince;
}

/** The numbers of flashes after an SOS, ascending. */
export function sosCodes(): readonly SosCode[] {
  return ledFile().sos.codes;
}

/** One round of the SOS signal with this number of flashes. */
export function sosSteps(code: number): LedStep[] {
  const { morse, marks, pause, flash, end } = ledFile().sos;
  const mark = (ms: number): LedStep[] => [
    { colour: 'red', ms },
    { colour: 'off', ms },
  ];
  const repeat = (ms: number, times: number): LedStep[] => Array.from({ length: times }, () => mark(ms)).flat();
  return [
    ...morse.flatMap((ms) => repeat(ms, marks)),
    { colour: 'off', ms: pause },
    ...repeat(flash, code),
    { colour: 'off', ms: end },
  ];
}
