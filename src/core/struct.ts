/**
 * Structures on flash, declared once: decoding, encoding, size and field offsets come from one table.
 *
 *     const dependency = struct('ModuleDependency', [['function', 'u8'], ['index', 'u8'], ['version', 'u16']]);
 *
 * Integers are little-endian unless the kind says `be`. binary-parser decodes; it truncates buffers silently and throws
 * a bare RangeError past the end, so bounds are checked here first. A Struct never searches: probing every address of a
 * dump belongs to a DataView prefilter.
 */
import { Parser } from 'binary-parser';
import { FormatError } from './errors.js';

interface IntegerKinds {
  u8: number;
  u16: number;
  u32: number;
  i8: number;
  i16: number;
  i32: number;
  u16be: number;
  u32be: number;
}

export type IntegerKind = keyof IntegerKinds;

/** A run of raw bytes, decoded as a copy. */
export interface BytesKind {
  readonly bytes: number;
}

/** `count` equal elements. */
export interface ArrayKind {
  readonly count: number;
  readonly of: IntegerKind | StructShape;
}

export type FieldKind = IntegerKind | BytesKind | ArrayKind | StructShape;

export type FieldList = readonly (readonly [name: string, kind: FieldKind])[];

type KindValue<K> = K extends IntegerKind
  ? number
  : K extends BytesKind
    ? Uint8Array
    : K extends { readonly of: infer E }
      ? KindValue<E>[]
      : K extends { decode(bytes: Uint8Array): infer V }
        ? V
        : never;

type ListValue<L extends FieldList> = { [F in L[number] as F[0]]: KindValue<F[1]> };

/** Resolves an intersection of mapped types for readable editor hints. */
type Flat<T> = { [K in keyof T]: T[K] };

export interface FieldPlace {
  readonly name: string;
  /** Bytes from the start of the structure. */
  readonly offset: number;
  readonly size: number;
  readonly kind: FieldKind;
}

/** What a structure is, whatever its values. */
export interface StructShape {
  readonly name: string;
  /** Total size in bytes. */
  readonly size: number;
  readonly fields: readonly FieldPlace[];
}

/**
 * The compiled readers, for structures that hold other ones. Beside the structures and not in them, because the types that
 * binary-parser publishes cannot be found by those who use ours.
 */
const parsers = new WeakMap<StructShape, Parser>();

function parserOf(shape: StructShape): Parser {
  const parser = parsers.get(shape);
  if (!parser) throw declarationError(shape.name, '(not declared with struct)');
  return parser;
}

export interface Struct<V> extends StructShape {
  /** Reads the structure at `offset`. @throws FormatError STRUCT_TRUNCATED naming structure, field and offset. */
  decode(bytes: Uint8Array, offset?: number): V;
  /** The structure's bytes. @throws FormatError STRUCT_BAD_VALUE naming structure and field. */
  encode(value: V): Uint8Array;
  /** Place of a field. @throws FormatError STRUCT_NO_FIELD. */
  field(name: keyof V & string): FieldPlace;
}

export type StructValue<S> = S extends { decode(bytes: Uint8Array): infer V } ? V : never;

const INTEGERS: Readonly<Record<IntegerKind, { size: number; min: number; max: number; bigEndian: boolean }>> = {
  u8: { size: 1, min: 0, max: 0xff, bigEndian: false },
  u16: { size: 2, min: 0, max: 0xffff, bigEndian: false },
  u32: { size: 4, min: 0, max: 0xffffffff, bigEndian: false },
  i8: { size: 1, min: -0x80, max: 0x7f, bigEndian: false },
  i16: { size: 2, min: -0x8000, max: 0x7fff, bigEndian: false },
  i32: { size: 4, min: -0x80000000, max: 0x7fffffff, bigEndian: false },
  u16be: { size: 2, min: 0, max: 0xffff, bigEndian: true },
  u32be: { size: 4, min: 0, max: 0xffffffff, bigEndian: true },
};

const PARSER_TYPES = {
  u8: 'uint8',
  u16: 'uint16le',
  u32: 'uint32le',
  i8: 'int8',
  i16: 'int16le',
  i32: 'int32le',
  u16be: 'uint16be',
  u32be: 'uint32be',
} as const;

/** Declares a structure. Names must be unique and sizes positive; a mistake throws at declaration. */
export function struct<const L extends FieldList>(name: string, list: L): Struct<Flat<ListValue<L>>> {
  const fields: FieldPlace[] = [];
  let size = 0;
  let parser = new Parser();
  for (const [fieldName, kind] of list) {
    const fieldSize = kindSize(kind);
    if (fieldSize <= 0 || fields.some((field) => field.name === fieldName)) {
      throw declarationError(name, fieldName);
    }
    fields.push({ name: fieldName, offset: size, size: fieldSize, kind });
    parser = addToParser(parser, fieldName, kind);
    size += fieldSize;
  }
  const byName = new Map(fields.map((field) => [field.name, field]));

  const declared: Struct<Flat<ListValue<L>>> = {
    name,
    size,
    fields,
    decode(bytes, offset = 0) {
      requireStruct(name, fields, size, bytes, offset);
      return parser.parse(bytes.subarray(offset, offset + size)) as Flat<ListValue<L>>;
    },
    encode(value) {
      const bytes = new Uint8Array(size);
      const view = new DataView(bytes.buffer);
      for (const { name: fieldName, offset, kind } of fields) {
        writeKind(bytes, view, offset, kind, (value as Record<string, unknown>)[fieldName], `${name}.${fieldName}`);
      }
      return bytes;
    },
    field(fieldName) {
      const place = byName.get(fieldName);
      if (!place) throw declarationError(name, fieldName);
      return place;
    },
  };
  parsers.set(declared, parser);
  return declared;
}

function kindSize(kind: FieldKind): number {
  if (typeof kind === 'string') return INTEGERS[kind].size;
  if ('bytes' in kind) return kind.bytes;
  if ('of' in kind) return kind.count * kindSize(kind.of);
  return kind.size;
}

function addToParser(parser: Parser, name: string, kind: FieldKind): Parser {
  if (typeof kind === 'string') return parser[PARSER_TYPES[kind]](name);
  // A copy, because binary-parser's buffers are views that would keep a whole dump alive.
  if ('bytes' in kind) return parser.buffer(name, { length: kind.bytes, clone: true });
  if ('of' in kind) {
    return parser.array(name, {
      type: typeof kind.of === 'string' ? PARSER_TYPES[kind.of] : parserOf(kind.of),
      length: kind.count,
    });
  }
  return parser.nest(name, { type: parserOf(kind) });
}

function requireStruct(
  name: string,
  fields: readonly FieldPlace[],
  size: number,
  bytes: Uint8Array,
  offset: number,
): void {
  if (Number.isInteger(offset) && offset >= 0 && offset + size <= bytes.length) return;
  const available = Math.max(0, bytes.length - Math.max(0, offset));
  const missing = fields.find((field) => field.offset + field.size > available) ?? fields[0];
  throw new FormatError({
    code: 'STRUCT_TRUNCATED',
    what: `${name} is cut off in field ${missing?.name ?? '?'}`,
    where: `offset ${offset + (missing?.offset ?? 0)}`,
    expected: `${size} bytes`,
    got: `${available} bytes`,
    offset,
    help: 'The input ends too early. Read or download it again and compare its size.',
  });
}

function declarationError(structName: string, fieldName: string): FormatError {
  return new FormatError({
    code: 'STRUCT_NO_FIELD',
    what: `${structName} has no usable field ${fieldName}`,
    help: 'This is a mistake in a structure declaration, not in your file. Please report it.',
  });
}

function valueError(path: string, expected: string, got: unknown): FormatError {
  return new FormatError({
    code: 'STRUCT_BAD_VALUE',
    what: `value of ${path} cannot be encoded`,
    expected,
    got: got instanceof Uint8Array ? `${got.length} bytes` : typeof got === 'number' ? `${got}` : typeof got,
    help: 'Give a value that fits the field.',
  });
}

function writeKind(
  bytes: Uint8Array,
  view: DataView,
  offset: number,
  kind: FieldKind,
  value: unknown,
  path: string,
): void {
  if (typeof kind === 'string') {
    writeInteger(view, offset, kind, value, path);
    return;
  }
  if ('bytes' in kind) {
    if (!(value instanceof Uint8Array) || value.length !== kind.bytes) {
      throw valueError(path, `${kind.bytes} bytes`, value);
    }
    bytes.set(value, offset);
    return;
  }
  if ('of' in kind) {
    if (!Array.isArray(value) || value.length !== kind.count) throw valueError(path, `${kind.count} elements`, value);
    const step = kindSize(kind.of);
    for (const [index, element] of value.entries()) {
      writeKind(bytes, view, offset + index * step, kind.of, element, `${path}[${index}]`);
    }
    return;
  }
  if (typeof value !== 'object' || value === null) throw valueError(path, 'an object', value);
  for (const field of kind.fields) {
    const part = (value as Record<string, unknown>)[field.name];
    writeKind(bytes, view, offset + field.offset, field.kind, part, `${path}.${field.name}`);
  }
}

function writeInteger(view: DataView, offset: number, kind: IntegerKind, value: unknown, path: string): void {
  const { size, min, max, bigEndian } = INTEGERS[kind];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw valueError(path, `an integer between ${min} and ${max}`, value);
  }
  if (size === 1) view.setUint8(offset, value & 0xff);
  else if (size === 2) view.setUint16(offset, value & 0xffff, !bigEndian);
  else view.setUint32(offset, value >>> 0, !bigEndian);
}
