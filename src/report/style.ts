/** Colours as functions, so that reports never ask whether there is a terminal. */
import type { LedColour } from '../layout/led.js';

export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly green: (text: string) => string;
  readonly cyan: (text: string) => string;
  readonly magenta: (text: string) => string;
  /** One cell of a drawing of the status LED: a block in its colour, or its letter (small: half as bright). */
  readonly lamp: (colour: LedColour, bright: boolean) => string;
}

/** The colours and weights of text. */
export type Paint = Exclude<keyof Style, 'lamp'>;

const same = (text: string): string => text;

const DARK_CELL = '.';

function letter(colour: LedColour, bright: boolean): string {
  if (colour === 'off') return DARK_CELL;
  const first = colour.slice(0, 1);
  return bright ? first.toUpperCase() : first;
}

export const PLAIN: Style = {
  bold: same,
  dim: same,
  red: same,
  yellow: same,
  green: same,
  cyan: same,
  magenta: same,
  lamp: letter,
};

function sgr(open: number, close: number): (text: string) => string {
  return (text) => `\u001b[${open}m${text}\u001b[${close}m`;
}

/** The sixteen colours know no orange: it is their dark yellow, and yellow their bright one. */
const LAMPS: Readonly<Record<Exclude<LedColour, 'off'>, (text: string) => string>> = {
  red: sgr(91, 39),
  orange: sgr(33, 39),
  yellow: sgr(93, 39),
  green: sgr(92, 39),
  cyan: sgr(96, 39),
  blue: sgr(94, 39),
  magenta: sgr(95, 39),
  white: sgr(97, 39),
};

export const COLOURED: Style = {
  bold: sgr(1, 22),
  dim: sgr(2, 22),
  red: sgr(31, 39),
  yellow: sgr(33, 39),
  green: sgr(32, 39),
  cyan: sgr(36, 39),
  magenta: sgr(35, 39),
  lamp: (colour, bright) => (colour === 'off' ? DARK_CELL : LAMPS[colour](bright ? '█' : '▒')),
};
