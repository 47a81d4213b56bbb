/** The status LED drawn over time, and in words. */
import { wrapText } from '../core/words.js';
import type { Basis, LedColour, LedPattern, LedStep, SosCode } from '../layout/led.js';
import { type Fact, renderFacts } from './facts.js';
import type { Style } from './style.js';

/** Milliseconds a cell may stand for, and how much of a step that fades. */
const CELLS = [50, 100, 150];
const FADE_PART = 20;
/** What a drawing shows at least: a single blink would look like a steady light. */
const MIN_MS = 2000;
const INDENT = '  ';

/** How far a statement can be trusted, as a remark behind it; empty for what was read in a source. */
export function basisRemark(basis: Basis): string {
  if (basis === 'source') return '';
  return basis === 'derived' ? ' (Derived from sources, not seen on hardware.)' : ' (A hypothesis: not verified.)';
}

/** The drawing of some steps and what a cell stands for. */
export function drawLed(steps: readonly LedStep[], style: Style, width: number): string {
  const once = steps.reduce((total, step) => total + step.ms, 0);
  const rounds = Math.max(1, Math.ceil(MIN_MS / once));
  const all = Array.from({ length: rounds }, () => steps).flat();
  const cell = cellFor(steps);
  const cells = all.flatMap((step) => stepCells(step, cell, style));
  const perLine = Math.max(20, Math.min(width, 100) - INDENT.length);
  const lines: string[] = [];
  for (let index = 0; index < cells.length; index += perLine) {
    lines.push(INDENT + cells.slice(index, index + perLine).join(''));
  }
  const legend = legendOf(steps, style);
  return `${lines.join('\n')}\n${style.dim(`${INDENT}one sign is ${cell} ms; ${legend}`)}`;
}

/** The coarsest cell that every light is a multiple of. */
function cellFor(steps: readonly LedStep[]): number {
  const lit = steps.filter(({ colour }) => colour !== 'off');
  const units = lit.map((step) => (step.fade ? step.ms / FADE_PART : step.ms));
  if (units.length === 0) return CELLS.at(-1) ?? 1;
  return CELLS.filter((cell) => units.every((ms) => ms % cell === 0)).at(-1) ?? (CELLS[0] as number);
}

function stepCells(step: LedStep, cell: number, style: Style): string[] {
  const count = Math.max(1, Math.round(step.ms / cell));
  return Array.from({ length: count }, (_, index) => fadedCell(step, (index + 0.5) / count, style));
}

function fadedCell({ colour, fade }: LedStep, progress: number, style: Style): string {
  if (!fade) return style.lamp(colour, true);
  const brightness = fade === 'in' ? progress : 1 - progress;
  return brightness < 0.15 ? style.lamp('off', true) : style.lamp(colour, brightness >= 0.5);
}

function legendOf(steps: readonly LedStep[], style: Style): string {
  const colours = [...new Set(steps.map(({ colour }) => colour))].filter((colour) => colour !== 'off');
  const named = colours.map((colour: LedColour) => `${style.lamp(colour, true)} ${colour}`);
  const faded = steps.find(({ fade }) => fade);
  const half = faded ? [`${style.lamp(faded.colour, false)} half as bright`] : [];
  return [...named, ...half, `${style.lamp('off', true)} dark`].join(', ');
}

const STAGES: Readonly<Record<LedPattern['stage'], string>> = {
  reset: 'nothing: no program drives the LED',
  bootloader: 'the bootloader',
  system: 'the system firmware while it starts',
  running: 'the system firmware',
};

/** A pattern drawn, and everything that is known about it. */
export function renderLedPattern(pattern: LedPattern, style: Style, width: number): string {
  const facts: Fact[] = [
    ['Means', pattern.meaning + basisRemark(pattern.basis)],
    ...(pattern.flash === null ? [] : [['In flash', pattern.flash + basisRemark(pattern.causeBasis)] as Fact]),
    ['Shown by', STAGES[pattern.stage]],
    ['Timing', pattern.timing],
    ...(pattern.note === undefined ? [] : [['Note', pattern.note] as Fact]),
    ['Source', pattern.source],
  ];
  return `${style.bold(capital(pattern.title))} (${pattern.id})\n${drawLed(pattern.steps, style, width)}\n${renderFacts(facts, width)}\n`;
}

/** How a pattern looks, for use behind the word LED: "cyan, breathing", "dark". */
export function lookOf({ title }: LedPattern): string {
  return title.replace(/^RGB LED /, '');
}

/** A pattern in one paragraph: how it looks and what it means. */
export function ledInWords(pattern: LedPattern): string {
  return `${capital(pattern.title)}: ${pattern.meaning}${basisRemark(pattern.basis)}`;
}

/** An SOS with its number of flashes drawn, and what it says. */
export function renderSosCode(code: SosCode, steps: readonly LedStep[], style: Style, width: number): string {
  const since = code.since === null ? '' : ` Known since ${code.since}.`;
  const flashes = `${code.code} flash${code.code === 1 ? '' : 'es'}`;
  const head = `${style.bold(`Red SOS, then ${flashes}: ${code.name}`)}`;
  const words = wrapText(`${code.meaning}${since}`, width, INDENT);
  return `${head}\n${drawLed(steps, style, width)}\n${words}\n${wrapText(`Source: ${code.source}`, width, INDENT)}\n`;
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
