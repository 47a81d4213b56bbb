/** EEPROM content in words: `4=42`, `10=1,2,3`, `16=u32:100000`, `0=hex:…`, `0=text:…`, and whole contents in files. */
import { fromHex } from '../../core/bytes.js';
import { FormatError, UsageError } from '../../core/errors.js';

/** A block that a program writes at once, as EEPROM.put() does. */
export interface EepromPut {
  readonly index: number;
  readonly data: Uint8Array;
}

/** Number types of EEPROM.put(), as the processor stores them: little-endian. */
const TYPES: Readonly<
  Record<string, { readonly size: number; readonly write: (view: DataView, value: number) => void }>
> = {
  u8: { size: 1, write: (view, value) => view.setUint8(0, value) },
  u16: { size: 2, write: (view, value) => view.setUint16(0, value, true) },
  u32: { size: 4, write: (view, value) => view.setUint32(0, value, true) },
  i8: { size: 1, write: (view, value) => view.setInt8(0, value) },
  i16: { size: 2, write: (view, value) => view.setInt16(0, value, true) },
  i32: { size: 4, write: (view, value) => view.setInt32(0, value, true) },
  float: { size: 4, write: (view, value) => view.setFloat32(0, value, true) },
  double: { size: 8, write: (view, value) => view.setFloat64(0, value, true) },
};

/**
 * `INDEX=VALUE`. A value is bytes with commas between them, `hex:…`, `text:…`, `u16:…` and the like, or `@FILE`.
 * @throws UsageError EEPROM_BAD_VALUE; what readFile throws
 */
export function parsePut(text: string, readFile?: (path: string) => Uint8Array): EepromPut {
  const parts = /^(0x[0-9a-f]{1,4}|\d{1,5})=(.*)$/is.exec(text);
  if (!parts) throw badValue('INDEX=VALUE, such as 4=42 or 16=u32:100000', text);
  return { index: Number(parts[1]), data: valueBytes(parts[2] as string, text, readFile) };
}

function valueBytes(value: string, text: string, readFile?: (path: string) => Uint8Array): Uint8Array {
  if (value.startsWith('@') && readFile) return readFile(value.slice(1));
  const typed = /^([a-z0-9]+):(.*)$/is.exec(value);
  const [, kind = '', content = ''] = typed ?? [];
  if (kind === 'text') {
    // What a command line becomes where it is no UTF-8.
    if (content.includes('\ufffd')) throw badValue('text in UTF-8; other bytes as hex:', text);
    return new TextEncoder().encode(content);
  }
  if (kind === 'hex') {
    const digits = content.replace(/[\s:]/g, '').toLowerCase();
    const bytes = /^([0-9a-f]{2})+$/.test(digits) ? fromHex(digits) : undefined;
    if (bytes) return bytes;
    throw badValue('an even number of hexadecimal digits after hex:', text);
  }
  if (typed) return numberBytes(kind, content, text);
  const numbers = value.split(',').map((part) => part.trim());
  if (numbers.every((part) => /^(0x[0-9a-f]{1,2}|\d{1,3})$/i.test(part) && Number(part) <= 0xff)) {
    return Uint8Array.from(numbers.map(Number));
  }
  throw badValue('bytes from 0 to 255 with commas between them, or hex:, text:, u32: and the like', text);
}

function numberBytes(kind: string, content: string, text: string): Uint8Array {
  const type = Object.hasOwn(TYPES, kind) ? TYPES[kind] : undefined;
  const value = content.trim() === '' ? Number.NaN : Number(content);
  if (!type || Number.isNaN(value)) throw badValue(`a number after ${Object.keys(TYPES).join(':, ')}:`, text);
  const whole = kind !== 'float' && kind !== 'double';
  const limit = 2 ** (8 * type.size);
  const [low, high] = kind.startsWith('u') ? [0, limit - 1] : [-limit / 2, limit / 2 - 1];
  if (whole && !(Number.isInteger(value) && value >= low && value <= high)) {
    throw badValue(`an integer from ${low} to ${high} for ${kind}`, text);
  }
  const bytes = new Uint8Array(type.size);
  type.write(new DataView(bytes.buffer), value);
  return bytes;
}

function badValue(expected: string, text: string): UsageError {
  return new UsageError({
    code: 'EEPROM_BAD_VALUE',
    what: 'this is nothing to store in the EEPROM',
    expected,
    got: JSON.stringify(text.slice(0, 60)),
    help: 'Write for example --set 4=42, --set 10=1,2,3 or --set 16=u32:100000.',
  });
}

/**
 * The blocks that bring a content file into the EEPROM. JSON: an object of index and byte (also below `values` or
 * `eeprom.values`, as `eeprom show --json` prints it), or an array from index 0. Anything else: the content itself.
 * @throws FormatError EEPROM_BAD_DATA
 */
export function putsOfFile(file: Uint8Array, name: string): EepromPut[] {
  if (file.length === 0) throw badData(name, 'JSON or the bytes of the EEPROM', 'an empty file');
  const first = file.find((byte) => byte > 0x20);
  if (first !== 0x7b && first !== 0x5b) return [{ index: 0, data: file }];
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(file));
  } catch {
    // A content may well begin with a brace.
    return [{ index: 0, data: file }];
  }
  return blocksOf(valuesOf(document, name));
}

function valuesOf(document: unknown, name: string): Map<number, number> {
  if (Array.isArray(document)) return checked([...document.entries()], name);
  const object = document as { values?: unknown; eeprom?: { values?: unknown } };
  const values = object.values ?? object.eeprom?.values ?? object;
  if (typeof values !== 'object' || values === null) throw badData(name, 'an object of index and byte', 'other JSON');
  return checked(
    Object.entries(values).map(([index, value]) => [/^\d{1,5}$/.test(index) ? Number(index) : Number.NaN, value]),
    name,
  );
}

function checked(entries: readonly (readonly [number, unknown])[], name: string): Map<number, number> {
  const values = new Map<number, number>();
  for (const [index, value] of entries) {
    const isByte = typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xff;
    if (!Number.isInteger(index) || !isByte) throw badData(name, 'indices with bytes from 0 to 255', 'something else');
    values.set(index, value);
  }
  if (values.size === 0) throw badData(name, 'at least one byte', 'none');
  return values;
}

/** Neighbouring bytes as one block, ascending. */
function blocksOf(values: ReadonlyMap<number, number>): EepromPut[] {
  const blocks: { index: number; bytes: number[] }[] = [];
  for (const [index, value] of [...values].sort(([a], [b]) => a - b)) {
    const last = blocks.at(-1);
    if (last && last.index + last.bytes.length === index) last.bytes.push(value);
    else blocks.push({ index, bytes: [value] });
  }
  return blocks.map(({ index, bytes }) => ({ index, data: Uint8Array.from(bytes) }));
}

function badData(where: string, expected: string, got: string): FormatError {
  return new FormatError({
    code: 'EEPROM_BAD_DATA',
    what: 'the file holds no EEPROM content',
    where,
    expected,
    got,
    help: 'Give JSON such as {"0": 1, "1": 255}, or the bytes as a binary file.',
  });
}

/** A content for a file: JSON of index and byte, 255 left out, or all bytes. */
export function contentFile(logical: Uint8Array, form: 'json' | 'bin'): Uint8Array {
  if (form === 'bin') return logical;
  const values = [...logical.entries()].filter(([, value]) => value !== 0xff);
  return new TextEncoder().encode(`${JSON.stringify(Object.fromEntries(values), null, 2)}\n`);
}
