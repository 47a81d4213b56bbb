/** Option bytes as data: the bits of a chip family, and the write protection that Particle firmware leaves. */
import { LayoutError } from '../core/errors.js';

export interface OptionField {
  /** Name in the reference manual: `BOR_LEV`. */
  readonly name: OptionFieldName;
  /** Bits of the register. */
  readonly mask: number;
  readonly shift: number;
  readonly about: string;
  readonly source: string;
}

export const OPTION_FIELDS = [
  'OPTLOCK',
  'OPTSTRT',
  'BOR_LEV',
  'WDG_SW',
  'nRST_STOP',
  'nRST_STDBY',
  'RDP',
  'nWRP',
] as const;
export type OptionFieldName = (typeof OPTION_FIELDS)[number];

export interface Volts {
  readonly min: number;
  readonly max: number;
}

export type BrownOutLevel = 0 | 1 | 2 | 3;

export interface BrownOut {
  /** Value of BOR_LEV. */
  readonly value: number;
  /** 0: off. 3: the highest threshold. */
  readonly level: BrownOutLevel;
  /** Supply the level is meant for, in volts. */
  readonly supply: Volts;
  /** Threshold of a falling supply, in volts. */
  readonly falling: Volts & { readonly typical: number };
}

export type ReadProtectionLevel = 0 | 1 | 2;

/** A half-word of the option memory and the register bits it holds. */
export interface OptionWord {
  readonly offset: number;
  readonly shift: number;
  /** Meaningful bits of the half-word. */
  readonly mask: number;
}

export interface OptionByteLayout {
  readonly id: string;
  readonly title: string;
  readonly register: { readonly name: string; readonly address: number; readonly default: number };
  readonly memory: { readonly start: number; readonly size: number; readonly words: readonly OptionWord[] };
  readonly fields: Readonly<Record<OptionFieldName, OptionField>>;
  /** Read protection by value of RDP; every other value is level 1. */
  readonly readProtection: {
    readonly levels: ReadonlyMap<number, ReadProtectionLevel>;
    readonly levelOneValue: number;
  };
  readonly brownOut: readonly BrownOut[];
}

/** Releases that leave a pattern; `to` null: up to the last one. */
export interface ProtectionLeft {
  readonly from: string;
  readonly to: string | null;
  readonly when: string;
}

export interface ProtectionPattern {
  readonly nwrp: number;
  /** Ids of the boards whose firmware leaves it. */
  readonly boards: readonly string[];
  readonly title: string;
  readonly left: readonly ProtectionLeft[];
}

/**
 * The content of `layouts/stm32f2-option-bytes.json` or a file like it.
 * @throws LayoutError OPTION_LAYOUT with the place of the mistake.
 */
export function parseOptionByteLayout(data: unknown, name: string): OptionByteLayout {
  const root = new Reader(data, name, '');
  const register = root.at('register');
  const memory = root.at('memory');
  const protection = root.at('readProtection');
  const levels = protection.at('levels').list((entry) => {
    const level = entry.at('level').number(0, 2) as ReadProtectionLevel;
    return [entry.at('value').hex(), level] as const;
  });
  return {
    id: root.at('id').text(),
    title: root.at('title').text(),
    register: {
      name: register.at('name').text(),
      address: register.at('address').hex(),
      default: register.at('default').hex(),
    },
    memory: {
      start: memory.at('start').hex(),
      size: memory.at('size').number(1, 4096),
      words: memory.at('words').list((word) => ({
        offset: word.at('offset').number(0, 4094),
        shift: word.at('shift').number(0, 16),
        mask: word.at('mask').hex(0xffff),
      })),
    },
    fields: readFields(root.at('fields')),
    readProtection: { levels: new Map(levels), levelOneValue: protection.at('levelOneValue').hex(0xff) },
    brownOut: root.at('brownOut').at('levels').list(readBrownOut),
  };
}

/**
 * The content of `layouts/particle-option-bytes.json` or a file like it.
 * @throws LayoutError OPTION_LAYOUT with the place of the mistake.
 */
export function parseProtectionPatterns(data: unknown, name: string): ProtectionPattern[] {
  return new Reader(data, name, '').at('patterns').list((pattern) => ({
    nwrp: pattern.at('nwrp').hex(0xffff),
    boards: pattern.at('boards').list((board) => board.text()),
    title: pattern.at('title').text(),
    left: pattern.at('left').list((left) => ({
      from: left.at('from').text(),
      to: left.at('to').isNull() ? null : left.at('to').text(),
      when: left.at('when').text(),
    })),
  }));
}

function readFields(reader: Reader): Record<OptionFieldName, OptionField> {
  const fields: Partial<Record<OptionFieldName, OptionField>> = {};
  for (const field of reader.list(readField)) fields[field.name] = field;
  for (const name of OPTION_FIELDS) {
    if (!fields[name]) throw reader.error(`a field ${name}`, 'none');
  }
  return fields as Record<OptionFieldName, OptionField>;
}

function readField(reader: Reader): OptionField {
  const name = reader.at('name').text();
  const known = OPTION_FIELDS.find((candidate) => candidate === name);
  if (!known) throw reader.at('name').error(OPTION_FIELDS.join(', '), name);
  const mask = reader.at('mask').hex();
  if (mask === 0) throw reader.at('mask').error('at least one bit', '0x0');
  // The lowest bit of the mask: 31 - clz32 counts from the top.
  const shift = 31 - Math.clz32(mask & -mask);
  return { name: known, mask, shift, about: reader.at('about').text(), source: reader.at('source').text() };
}

function readBrownOut(reader: Reader): BrownOut {
  const volts = (at: Reader): Volts => ({ min: at.at('min').number(0, 10), max: at.at('max').number(0, 10) });
  const falling = reader.at('falling');
  return {
    value: reader.at('value').number(0, 3),
    level: reader.at('level').number(0, 3) as BrownOutLevel,
    supply: volts(reader.at('supply')),
    falling: { ...volts(falling), typical: falling.at('typical').number(0, 10) },
  };
}

/** A value in a JSON file together with its JSON pointer. */
class Reader {
  constructor(
    private readonly value: unknown,
    private readonly file: string,
    private readonly pointer: string,
  ) {}

  error(expected: string, got: string): LayoutError {
    return new LayoutError({
      code: 'OPTION_LAYOUT',
      what: 'description of option bytes is not usable',
      where: `${this.file}${this.pointer === '' ? '' : `, ${this.pointer}`}`,
      expected,
      got,
      help: 'Correct the file; layouts/stm32f2-option-bytes.json shows the shape.',
    });
  }

  private kind(): string {
    return this.value === null ? 'null' : Array.isArray(this.value) ? 'a list' : `${typeof this.value}`;
  }

  at(key: string): Reader {
    if (typeof this.value !== 'object' || this.value === null) throw this.error('an object', this.kind());
    return new Reader((this.value as Record<string, unknown>)[key], this.file, `${this.pointer}/${key}`);
  }

  isNull(): boolean {
    return this.value === null;
  }

  text(): string {
    if (typeof this.value !== 'string' || this.value === '') throw this.error('a text', this.kind());
    return this.value;
  }

  number(min: number, max: number): number {
    if (typeof this.value === 'number' && this.value >= min && this.value <= max) return this.value;
    throw this.error(
      `a number between ${min} and ${max}`,
      typeof this.value === 'number' ? `${this.value}` : this.kind(),
    );
  }

  hex(max = 0xffffffff): number {
    const text = this.text();
    const number = /^0x[0-9A-F]{1,8}$/.test(text) ? Number(text) : Number.NaN;
    if (number <= max) return number;
    throw this.error(`0x and upper-case digits, at most 0x${max.toString(16).toUpperCase()}`, text);
  }

  list<T>(read: (entry: Reader) => T): T[] {
    if (!Array.isArray(this.value)) throw this.error('a list', this.kind());
    return this.value.map((entry, index) => read(new Reader(entry, this.file, `${this.pointer}/${index}`)));
  }
}
