/**
 * Reading the parsed JSON of a chip or board file: every value knows its JSON pointer, and a value of the wrong kind is
 * a problem with a place, never a TypeError.
 */
import { type ErrorDetails, LayoutError } from '../core/errors.js';

/** A value together with the place it was read from: `my.board.json#/regions/2`. */
export interface Located<T> {
  readonly value: T;
  readonly where: string;
}

/** Details of a problem in a layout file; `where` is empty only for an id that no file gave. */
export type ProblemDetails = ErrorDetails & { readonly where: string };

/**
 * Where problems go. Loading stops at the first one; checking wants all of them. Problems of form (a missing key, a
 * number instead of a string) are kept apart, because the schema check words those.
 */
export class Problems {
  readonly found: ProblemDetails[] = [];
  private malformedCount = 0;

  constructor(private readonly mode: 'throw' | 'collect') {}

  /** A value of the wrong form. */
  malformed(details: ProblemDetails): void {
    if (this.mode === 'throw') throw new LayoutError(details);
    this.malformedCount++;
  }

  /** A value of the right form that cannot be. */
  wrong(details: ProblemDetails): void {
    if (this.mode === 'throw') throw new LayoutError({ ...details, where: details.where || undefined });
    this.found.push(details);
  }

  /** False once a value had the wrong form, and an entry therefore may be missing from what was read. */
  get wellFormed(): boolean {
    return this.malformedCount === 0;
  }

  /** Number of problems so far, of either kind. */
  get count(): number {
    return this.found.length + this.malformedCount;
  }
}

const FORM_HELP =
  'Compare the file with the JSON Schema named in its "$schema" key, or with one of the built-in files.';
/** No list in a layout file is longer; keeps a hostile file from costing more than reading it. */
export const MAX_ITEMS = 256;

export class Field {
  constructor(
    readonly value: unknown,
    readonly where: string,
    private readonly problems: Problems,
  ) {}

  /** The value behind `key`; undefined when the key is absent. */
  optional(key: string): Field | undefined {
    const record = this.record();
    if (!record || !Object.hasOwn(record, key)) return undefined;
    return new Field(record[key], `${this.where}/${escapePointer(key)}`, this.problems);
  }

  /** The value behind `key`; reports an absent key. */
  required(key: string): Field {
    const field = this.optional(key);
    if (!field && this.record()) {
      this.problems.malformed({
        code: 'LAYOUT_MISSING_KEY',
        what: `the key "${key}" is missing`,
        where: this.where,
        help: `Add "${key}". ${FORM_HELP}`,
      });
    }
    return field ?? new Field(undefined, `${this.where}/${escapePointer(key)}`, new Problems('collect'));
  }

  text(): string {
    if (typeof this.value === 'string' && this.value.trim() !== '') return this.value;
    this.refuse('a text that is not empty');
    return '';
  }

  oneOf<const Name extends string>(names: readonly [Name, ...Name[]]): Name {
    const name = names.find((candidate) => candidate === this.value);
    if (name !== undefined) return name;
    this.refuse(`one of ${names.join(', ')}`);
    return names[0];
  }

  integer(minimum: number, maximum: number): number {
    const { value } = this;
    if (typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= maximum) return value;
    this.refuse(`a whole number from ${minimum} to ${maximum}`);
    return minimum;
  }

  /** A hexadecimal text of at most eight digits: `"0x080A0000"`. */
  hex(): number {
    if (typeof this.value === 'string' && /^0x[0-9A-Fa-f]{1,8}$/.test(this.value)) return Number(this.value);
    this.refuse('a hexadecimal number in quotes, such as "0x080A0000"');
    return 0;
  }

  list(): Field[] {
    if (!Array.isArray(this.value) || this.value.length > MAX_ITEMS) {
      this.refuse(`a list of at most ${MAX_ITEMS} entries`);
      return [];
    }
    // Array.from, because map() passes over the holes of a list that was not read from JSON.
    return Array.from(this.value, (item: unknown, index) => new Field(item, `${this.where}/${index}`, this.problems));
  }

  /** Reads every entry of a list and leaves out those that are not sound. */
  entries<T>(read: (entry: Field) => T): Located<T>[] {
    return this.list().flatMap((entry) => {
      const before = this.problems.count;
      const value = read(entry);
      return this.problems.count === before ? [{ value, where: entry.where }] : [];
    });
  }

  private record(): Record<string, unknown> | undefined {
    const { value } = this;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
    this.refuse('an object in braces');
    return undefined;
  }

  private refuse(expected: string): void {
    this.problems.malformed({
      code: 'LAYOUT_BAD_VALUE',
      what: 'wrong value',
      where: this.where,
      expected,
      got: describeValue(this.value),
      help: FORM_HELP,
    });
  }
}

/** RFC 6901: `~` and `/` have a meaning in a JSON pointer. */
export function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}

export function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object') return 'an object';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
