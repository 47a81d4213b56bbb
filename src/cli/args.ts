/**
 * Command-line arguments. `arg` splits them; numbers, choices and unknown words are checked here, because `arg` turns
 * "zz" into NaN without complaint and knows no commands.
 */
import arg from 'arg';
import { UsageError } from '../core/errors.js';
import { nearest } from '../layout/nearest.js';

/** An option of a command. */
export interface Option {
  readonly type: 'flag' | 'text' | 'number' | 'list';
  readonly about: string;
  /** Placeholder in the help: FILE, ADDRESS. */
  readonly value?: string;
  readonly choices?: readonly string[];
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

/** @throws UsageError for unknown options, missing values, bad numbers and bad choices. */
export function parseArguments(argv: readonly string[], options: Options): ParsedArguments {
  const spec: Record<string, BooleanConstructor | StringConstructor | [StringConstructor]> = {};
  for (const [name, option] of Object.entries(options)) {
    spec[name] = option.type === 'flag' ? Boolean : option.type === 'list' ? [String] : String;
  }
  const parsed = parseWithSuggestions(spec, argv);
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
    if (option.type === 'number' && typeof value === 'string') numbers.set(name, parseNumber(value, name));
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
