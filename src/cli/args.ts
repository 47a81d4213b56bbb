/**
 * Command-line arguments. `arg` splits them; numbers, choices and unknown words are checked here, because `arg` turns
 * "zz" into NaN without complaint and knows no commands.
 */
import arg from 'arg';
import { UsageError } from '../core/errors.js';
import type { Range } from '../core/range.js';
import { nearest } from '../layout/nearest.js';

/** An option of a command. */
export interface Option {
  readonly type: 'flag' | 'text' | 'number' | 'list';
  readonly about: string;
  /** Placeholder in the help: FILE, ADDRESS. */
  readonly value?: string;
  readonly choices?: readonly string[];
  /** Numbers: may be negative. */
  readonly signed?: boolean;
  /** Numbers: the value when the option stands alone, that is when no number follows it. */
  readonly alone?: string;
}

export type Options = Readonly<Record<string, Option>>;

export interface ParsedArguments {
  readonly operands: readonly string[];
  flag(name: string): boolean;
  text(name: string): string | undefined;
  number(name: string): number | undefined;
  list(name: string): readonly string[];
  has(name: string): boolean;
}

const MULTIPLIERS: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 * 1024, G: 1024 * 1024 * 1024 };

/** `0x…`, decimal, and decimal with K, M or G. @throws UsageError USAGE_BAD_NUMBER */
export function parseNumber(text: string, what: string): number {
  const hex = /^0x([0-9a-f]{1,12})$/i.exec(text);
  if (hex) return Number.parseInt(hex[1] as string, 16);
  const decimal = /^(\d{1,15})([KMG]?)$/i.exec(text);
  const value = decimal
    ? Number(decimal[1]) * (MULTIPLIERS[(decimal[2] as string).toUpperCase()] as number)
    : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new UsageError({
    code: 'USAGE_BAD_NUMBER',
    what: `${what} is not a number`,
    expected: '0x… hexadecimal, decimal, or decimal with K, M or G',
    got: JSON.stringify(text),
    help: 'Write for example 0x08000000, 16384, 64K or 1M.',
  });
}

/** `parseNumber`, and the same with a minus sign. @throws UsageError USAGE_BAD_NUMBER */
function parseSignedNumber(text: string, what: string): number {
  return text.startsWith('-') ? 0 - parseNumber(text.slice(1), what) : parseNumber(text, what);
}

/** START-END with END inside, or START+SIZE. @throws UsageError USAGE_BAD_RANGE */
export function parseRange(text: string, option = '--range'): Range {
  const parts = /^([^-+]+)([-+])([^-+]+)$/.exec(text);
  if (parts) {
    const start = parseNumber(parts[1] as string, `the start of ${option}`);
    const value = parseNumber(parts[3] as string, `the end of ${option}`);
    const end = parts[2] === '+' ? start + value : value + 1;
    if (end > start && end <= 2 ** 32) return { start, end };
  }
  throw new UsageError({
    code: 'USAGE_BAD_RANGE',
    what: 'this is not a range of addresses',
    where: option === '--range' ? undefined : option,
    expected: 'START-END or START+SIZE',
    got: JSON.stringify(text),
    help: 'Write for example 0x08004000-0x0800403F or 0x08004000+64.',
  });
}

/** @throws UsageError for unknown options, missing values, bad numbers and bad choices. */
export function parseArguments(argv: readonly string[], options: Options): ParsedArguments {
  const spec: Record<string, BooleanConstructor | StringConstructor | [StringConstructor]> = {};
  for (const [name, option] of Object.entries(options)) {
    spec[name] = option.type === 'flag' ? Boolean : option.type === 'list' ? [String] : String;
  }
  const parsed = parseWithSuggestions(spec, joinNumbers(argv, options));
  const values = parsed as unknown as Record<string, unknown>;
  for (const [name, option] of Object.entries(options)) {
    const value = values[name];
    if (option.choices && typeof value === 'string' && !option.choices.includes(value)) {
      throw new UsageError({
        code: 'USAGE_BAD_CHOICE',
        what: `${name} does not take this value`,
        expected: option.choices.join(', '),
        got: JSON.stringify(value),
        help: suggestion(value, option.choices) ?? 'Choose one of the values listed.',
      });
    }
  }
  const numbers = new Map<string, number>();
  for (const [name, option] of Object.entries(options)) {
    const value = values[name];
    if (option.type === 'number' && typeof value === 'string') {
      numbers.set(name, option.signed ? parseSignedNumber(value, name) : parseNumber(value, name));
    }
  }
  return {
    operands: parsed._,
    flag: (name) => values[name] === true,
    text: (name) => values[name] as string | undefined,
    number: (name) => numbers.get(name),
    list: (name) => (values[name] as string[] | undefined) ?? [],
    has: (name) => values[name] !== undefined,
  };
}

/**
 * Writes `--offset -4` as `--offset=-4`, which `arg` would take for an option without value, and gives options that
 * stand alone their value.
 */
function joinNumbers(argv: readonly string[], options: Options): string[] {
  const joined: string[] = [];
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index] as string;
    if (word === '--') return [...joined, ...argv.slice(index)];
    const option = Object.hasOwn(options, word) ? options[word] : undefined;
    const next = argv[index + 1] ?? '';
    if (option?.signed && /^-\d/.test(next)) {
      joined.push(`${word}=${next}`);
      index++;
    } else if (option?.alone !== undefined && !/^(0x[0-9a-f]+|\d+)$/i.test(next)) {
      joined.push(`${word}=${option.alone}`);
    } else joined.push(word);
  }
  return joined;
}

function parseWithSuggestions(spec: arg.Spec, argv: readonly string[]): arg.Result<arg.Spec> {
  try {
    return arg(spec, { argv: [...argv] });
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ArgError') throw error;
    const word = /(--?[\w-]+)/.exec(error.message)?.[1] ?? '';
    const unknown = 'code' in error && error.code === 'ARG_UNKNOWN_OPTION';
    throw new UsageError({
      code: unknown ? 'USAGE_UNKNOWN_OPTION' : 'USAGE_BAD_OPTION',
      what: unknown ? `unknown option ${word}` : lowerFirst(error.message),
      help:
        (unknown ? suggestion(word, Object.keys(spec)) : undefined) ?? 'See --help for the options of this command.',
    });
  }
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}

/** "Did you mean …?" or undefined when nothing is near. */
export function suggestion(word: string, candidates: readonly string[]): string | undefined {
  const best = nearest(word, candidates);
  return best === undefined ? undefined : `Did you mean ${best}?`;
}
