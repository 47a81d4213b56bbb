/** Values of a recipe with their place: file, line and key are in every message. */
import { FormatError } from '../../core/errors.js';
import { ADDRESS_SPACE_END, type Range } from '../../core/range.js';
import { describeValue } from '../../layout/fields.js';
import { nearest } from '../../layout/nearest.js';
import type { YamlNode } from './yaml.js';

const MULTIPLIERS: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 * 1024 };
/** No list of a recipe is longer. */
const MAX_ITEMS = 5000;

export class RecipeField {
  constructor(
    readonly node: YamlNode,
    /** Key path: `parts[2].at`; empty for the whole recipe. */
    readonly path: string,
    readonly name: string,
    /** Values below this field may be secrets: no message quotes them. */
    readonly secret = false,
  ) {}

  get where(): string {
    return `${this.name}, line ${this.node.line}${this.path ? `, ${this.path}` : ''}`;
  }

  /** Keys and their fields, in file order. */
  entries(): [string, RecipeField][] {
    if (this.node.kind !== 'map') throw this.bad('keys with values');
    if (this.node.entries.length > MAX_ITEMS) throw this.bad(`at most ${MAX_ITEMS} keys`);
    return this.node.entries.map(({ key, node }) => [key, this.child(node, key)]);
  }

  /** The fields of a map whose keys are known. @throws FormatError RECIPE_UNKNOWN_KEY, RECIPE_MISSING_KEY */
  keys(known: readonly string[], required: readonly string[] = []): ReadonlyMap<string, RecipeField> {
    const fields = new Map(this.entries());
    for (const [key, field] of fields) {
      if (known.includes(key)) continue;
      const near = nearest(key, known);
      throw new FormatError({
        code: 'RECIPE_UNKNOWN_KEY',
        what: `the key ${describeValue(key)} means nothing here`,
        where: `${this.name}, line ${field.node.line}${this.path ? `, ${this.path}` : ''}`,
        expected: known.join(', '),
        line: field.node.line,
        help: near ? `Did you mean ${near}?` : 'Remove it.',
      });
    }
    for (const key of required) if (!fields.has(key)) throw this.missing(key);
    return fields;
  }

  items(): RecipeField[] {
    if (this.node.kind !== 'list') throw this.bad('a list, every entry behind a dash');
    if (this.node.items.length > MAX_ITEMS) throw this.bad(`at most ${MAX_ITEMS} entries`);
    return this.node.items.map(
      (node, index) => new RecipeField(node, `${this.path}[${index}]`, this.name, this.secret),
    );
  }

  get isMap(): boolean {
    return this.node.kind === 'map';
  }

  get isList(): boolean {
    return this.node.kind === 'list';
  }

  get value(): unknown {
    return this.node.kind === 'value' ? this.node.value : undefined;
  }

  /** The same field, with its value kept out of messages. */
  asSecret(): RecipeField {
    return new RecipeField(this.node, this.path, this.name, true);
  }

  text(expected = 'a text'): string {
    const { value } = this;
    if (typeof value === 'string' && value.trim() !== '') return value;
    throw this.bad(expected);
  }

  flag(): boolean {
    const { value } = this;
    if (typeof value === 'boolean') return value;
    throw this.bad('true or false');
  }

  oneOf<const Name extends string>(names: readonly Name[]): Name {
    const { value } = this;
    const name = names.find((candidate) => candidate === value);
    if (name !== undefined) return name;
    const near = typeof value === 'string' ? nearest(value, names) : undefined;
    throw this.bad(`one of ${names.join(', ')}`, near ? `Did you mean ${near}?` : undefined);
  }

  /** A whole number: 16384, 0x4000, 16K or 1M. */
  integer(minimum: number, maximum: number, expected = `a whole number from ${minimum} to ${maximum}`): number {
    const number = numberOf(this.value);
    if (number !== undefined && number >= minimum && number <= maximum) return number;
    throw this.bad(expected);
  }

  address(): number {
    return this.integer(0, ADDRESS_SPACE_END - 1, 'an address, such as 0x080A0000');
  }

  /** START-END with END inside, or START+SIZE. */
  range(): Range {
    const parts = typeof this.value === 'string' ? /^([^-+]+)([-+])([^-+]+)$/.exec(this.value) : null;
    const start = numberOf(parts?.[1]?.trim());
    const second = numberOf(parts?.[3]?.trim());
    if (start !== undefined && second !== undefined) {
      const end = parts?.[2] === '+' ? start + second : second + 1;
      if (end > start && end <= ADDRESS_SPACE_END) return { start, end };
    }
    throw this.bad('a range, such as 0x080C0000-0x080C00FF or 0x080C0000+256');
  }

  /** A value that cannot be used. */
  bad(
    expected: string,
    help = 'Correct the value. README and layouts/recipe.schema.json describe every key.',
  ): FormatError {
    const { node } = this;
    const got = node.kind === 'map' ? 'keys with values' : node.kind === 'list' ? 'a list' : describeValue(node.value);
    return new FormatError({
      code: 'RECIPE_BAD_VALUE',
      what: 'wrong value',
      where: this.where,
      expected,
      got: this.secret && node.kind === 'value' ? 'something else (not shown, it may be a secret)' : got,
      line: node.line,
      help,
    });
  }

  missing(key: string): FormatError {
    return new FormatError({
      code: 'RECIPE_MISSING_KEY',
      what: `the key ${key} is missing`,
      where: this.where,
      line: this.node.line,
      help: `Add ${key}.`,
    });
  }

  private child(node: YamlNode, key: string): RecipeField {
    return new RecipeField(node, this.path ? `${this.path}.${key}` : key, this.name, this.secret);
  }
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined;
  if (typeof value !== 'string') return undefined;
  const hex = /^0x[0-9a-f]{1,9}$/i.exec(value);
  if (hex) return Number.parseInt(value.slice(2), 16);
  const decimal = /^(\d{1,10})([KM]?)$/i.exec(value);
  return decimal ? Number(decimal[1]) * (MULTIPLIERS[(decimal[2] ?? '').toUpperCase()] ?? 1) : undefined;
}
