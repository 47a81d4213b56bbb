/** What the LED shows, in the words of a person: "cyan red", "breathing magenta", "blinking cyan with one red flash". */
import { UsageError } from '../core/errors.js';
import { type LedColour, type LedMode, type LedPattern, ledPattern, ledPatterns, sosCodes } from './led.js';
import { nearest } from './nearest.js';
import { isStopWord, suggestWords, wordsOf } from './word-match.js';

export interface LedMatch {
  /** The best first. */
  readonly patterns: readonly LedPattern[];
  /** Number of flashes after an SOS, when it was given. */
  readonly sos: number | null;
}

const COLOUR_WORDS: Readonly<Record<string, LedColour>> = {
  red: 'red',
  orange: 'orange',
  yellow: 'yellow',
  amber: 'yellow',
  green: 'green',
  cyan: 'cyan',
  turquoise: 'cyan',
  teal: 'cyan',
  aqua: 'cyan',
  blue: 'blue',
  magenta: 'magenta',
  purple: 'magenta',
  violet: 'magenta',
  pink: 'magenta',
  white: 'white',
};

const MODE_WORDS: Readonly<Record<string, LedMode>> = {
  blink: 'blink',
  blinks: 'blink',
  blinking: 'blink',
  flash: 'blink',
  flashes: 'blink',
  flashing: 'blink',
  toggling: 'blink',
  toggles: 'blink',
  breathe: 'breathe',
  breathes: 'breathe',
  breathing: 'breathe',
  pulsing: 'breathe',
  fading: 'breathe',
  solid: 'solid',
  steady: 'solid',
  stuck: 'solid',
  constant: 'solid',
  off: 'off',
  dark: 'off',
  dead: 'off',
  none: 'off',
  nothing: 'off',
  black: 'off',
  unlit: 'off',
  sos: 'sos',
  panic: 'sos',
};

const NUMBER_WORDS: Readonly<Record<string, number>> = { one: 1, single: 1, two: 2, three: 3, four: 4, five: 5 };
const SPEED_WORDS: Readonly<Record<string, 'fast' | 'slow'>> = {
  fast: 'fast',
  quick: 'fast',
  quickly: 'fast',
  rapid: 'fast',
  rapidly: 'fast',
  slow: 'slow',
  slowly: 'slow',
};
/** Said beside the colour, without a meaning for the match. */
const OTHER_WORDS = ['start', 'boot', 'reset', 'after', 'once', 'short', 'long', 'times', 'time', 'dim', 'd7', 'user'];
const FAST_MS = 100;
const SLOW_MS = 400;

interface Seen {
  readonly colours: readonly LedColour[];
  readonly mode: LedMode | undefined;
  readonly count: number | undefined;
  readonly speed: 'fast' | 'slow' | undefined;
  readonly words: readonly string[];
}

/**
 * The patterns that these words can mean.
 * @throws UsageError LED_UNKNOWN for words that say nothing about a light, LED_NO_PATTERN for a light no board shows
 */
export function matchLed(text: string): LedMatch {
  const named = ledPattern(wordsOf(text).join('-'));
  if (named) return { patterns: [named], sos: null };
  const seen = readWords(text);
  if (seen.mode === 'sos') return matchSos(text, seen);
  // The colour is what people are sure of; how it blinks, less so. A colour that only flashes between comes last.
  const anyMode = { ...seen, mode: undefined };
  const own = ledPatterns().filter(({ accent }) => accent === undefined || seen.colours.length > 1);
  const tries = [
    own.filter((pattern) => fits(pattern, seen)),
    own.filter((pattern) => fits(pattern, anyMode)),
    ledPatterns().filter((pattern) => fits(pattern, anyMode)),
  ];
  for (const patterns of tries) {
    if (patterns.length > 0) return { patterns: patterns.sort((a, b) => bonus(b, seen) - bonus(a, seen)), sos: null };
  }
  throw noPattern(text, seen);
}

function vocabulary(): string[] {
  const own = ledPatterns().flatMap(({ title, words = [] }) => [title, ...words].flatMap(wordsOf));
  const tables = [COLOUR_WORDS, MODE_WORDS, NUMBER_WORDS, SPEED_WORDS].flatMap((table) => Object.keys(table));
  return [...new Set([...tables, ...OTHER_WORDS, ...own])];
}

function readWords(text: string): Seen {
  const words = wordsOf(text);
  const known = vocabulary();
  const strange = words.filter((word) => !known.includes(word) && !isStopWord(word) && !/^\d+$/.test(word));
  const colours = [...new Set(words.flatMap((word) => COLOUR_WORDS[word] ?? []))];
  const modes = words.flatMap((word) => MODE_WORDS[word] ?? []);
  const named = ledPatterns().some((pattern) => wordBonus(pattern, words) > 0);
  const misspelt = strange.some((word) => word.length >= 4 && nearest(word, known) !== undefined);
  if (misspelt || (colours.length === 0 && modes.length === 0 && !named)) throw unknown(text, known);
  const count = words.map((word) => NUMBER_WORDS[word] ?? (/^\d{1,2}$/.test(word) ? Number(word) : undefined));
  return {
    colours,
    mode: modeOf(modes, colours),
    count: count.find((value) => value !== undefined),
    speed: words.map((word) => SPEED_WORDS[word]).find((value) => value !== undefined),
    words,
  };
}

/** "flash" beside a second colour is that of the second colour. */
function modeOf(modes: readonly LedMode[], colours: readonly LedColour[]): LedMode | undefined {
  if (modes.includes('sos')) return 'sos';
  if (colours.length > 1) return undefined;
  return modes[0];
}

function fits({ colour, accent, mode, words = [] }: LedPattern, seen: Seen): boolean {
  const [first, second, ...more] = seen.colours;
  if (seen.mode !== undefined && mode !== seen.mode) return false;
  if (first === undefined) return seen.mode === 'off' ? mode === 'off' : words.some((word) => says(seen.words, word));
  if (more.length > 0) return false;
  if (second === undefined) return accent ? accent.colour === first : colour === first;
  if (!accent) return false;
  const pair = [colour, accent.colour];
  const flashes = seen.count === undefined || accent.flashes === seen.count;
  return pair.includes(first) && pair.includes(second) && flashes;
}

function says(words: readonly string[], phrase: string): boolean {
  return wordsOf(phrase).every((word) => words.includes(word));
}

function wordBonus({ words = [] }: LedPattern, said: readonly string[]): number {
  return words.filter((word) => says(said, word)).length;
}

function bonus(pattern: LedPattern, seen: Seen): number {
  const period = pattern.steps.reduce((total, { ms }) => total + ms, 0);
  const speed = (seen.speed === 'fast' && period <= FAST_MS) || (seen.speed === 'slow' && period >= SLOW_MS) ? 1 : 0;
  // At start everything is fast, and short: a speed that is seen belongs to a running board.
  const stage = seen.speed !== undefined && pattern.stage === 'running' ? 1 : 0;
  return wordBonus(pattern, seen.words) + speed + stage;
}

function matchSos(text: string, { count }: Seen): LedMatch {
  const pattern = ledPattern('sos');
  const codes = sosCodes();
  if (count !== undefined && !codes.some(({ code }) => code === count)) {
    throw new UsageError({
      code: 'LED_NO_SOS_CODE',
      what: 'no SOS code has this number of flashes',
      expected: `1 to ${codes.length}`,
      got: JSON.stringify(text.slice(0, 60)),
      help: 'Count the flashes between the SOS and the long pause again.',
    });
  }
  return { patterns: pattern ? [pattern] : [], sos: count ?? null };
}

function unknown(text: string, known: readonly string[]): UsageError {
  const better = suggestWords(text, known);
  return new UsageError({
    code: 'LED_UNKNOWN',
    what: 'these words name no light that is known',
    expected: 'a colour and how it behaves, such as "cyan red", "breathing magenta", "white", "off" or "sos 1"',
    got: JSON.stringify(text.slice(0, 60)),
    help: better === undefined ? 'The list: flashatlas explain led' : `Did you mean "${better}"?`,
  });
}

function noPattern(text: string, seen: Seen): UsageError {
  const near = ledPatterns().filter(({ colour }) => seen.colours.includes(colour));
  return new UsageError({
    code: 'LED_NO_PATTERN',
    what: 'no board shows this light',
    ...(near.length === 0 ? {} : { expected: near.map(({ title }) => title).join('; ') }),
    got: JSON.stringify(text.slice(0, 60)),
    help: 'The list: flashatlas explain led',
  });
}
