/**
 * A reader for the few DER structures of key files (X.690): definite lengths only, every length checked against the
 * element it lies in. Nothing here recurses; a caller walks as deep as the structure it expects.
 */
import { FormatError } from '../../core/errors.js';

export const TAG_INTEGER = 0x02;
export const TAG_BIT_STRING = 0x03;
export const TAG_OCTET_STRING = 0x04;
export const TAG_NULL = 0x05;
export const TAG_OBJECT_ID = 0x06;
export const TAG_SEQUENCE = 0x30;
/** Context-specific, constructed: the optional fields of an SEC 1 key. */
export const TAG_CONTEXT_0 = 0xa0;
export const TAG_CONTEXT_1 = 0xa1;

const TAG_NAMES: Readonly<Record<number, string>> = {
  [TAG_INTEGER]: 'INTEGER',
  [TAG_BIT_STRING]: 'BIT STRING',
  [TAG_OCTET_STRING]: 'OCTET STRING',
  [TAG_NULL]: 'NULL',
  [TAG_OBJECT_ID]: 'OBJECT IDENTIFIER',
  [TAG_SEQUENCE]: 'SEQUENCE',
  [TAG_CONTEXT_0]: '[0]',
  [TAG_CONTEXT_1]: '[1]',
};

/** Longest length field read; four length bytes already exceed any key. */
const MAX_LENGTH_BYTES = 4;

export interface DerElement {
  readonly tag: number;
  /** Offset of the tag byte. */
  readonly offset: number;
  /** Offset of the first content byte. */
  readonly start: number;
  /** One past the last content byte. */
  readonly end: number;
}

/** Reads elements one after another inside `start … end` of `bytes`. */
export class DerReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #position: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#position = start;
    this.#end = end;
  }

  get position(): number {
    return this.#position;
  }

  get atEnd(): boolean {
    return this.#position >= this.#end;
  }

  /** Tag of the next element, or undefined at the end. */
  peekTag(): number | undefined {
    return this.atEnd ? undefined : this.#bytes[this.#position];
  }

  /** The next element, which must have the tag `tag`. @throws FormatError DER_TRUNCATED, DER_UNEXPECTED, DER_LENGTH. */
  next(tag: number): DerElement {
    const offset = this.#position;
    const found = this.peekTag();
    if (found === undefined) throw truncated(offset, `${tagName(tag)} is missing`);
    if (found !== tag) {
      throw new FormatError({
        code: 'DER_UNEXPECTED',
        what: 'the key has another structure than expected',
        where: `offset ${offset}`,
        expected: tagName(tag),
        got: tagName(found),
        offset,
        help: 'Give a key in DER form: PKCS#1, PKCS#8, SEC 1 or SubjectPublicKeyInfo.',
      });
    }
    const start = this.#contentStart(offset);
    const end = start + this.#length;
    if (end > this.#end) {
      throw truncated(offset, `${tagName(tag)} of ${this.#length} bytes has ${this.#end - start} left`);
    }
    this.#position = end;
    return { tag, offset, start, end };
  }

  /** Opens the next element as a reader of its own. */
  enter(tag: number): DerReader {
    const { start, end } = this.next(tag);
    return new DerReader(this.#bytes, start, end);
  }

  /** Content of the next element (a view, not a copy). */
  content(tag: number): Uint8Array {
    const { start, end } = this.next(tag);
    return this.#bytes.subarray(start, end);
  }

  /** Content of a BIT STRING that holds whole bytes. */
  bitString(): Uint8Array {
    const content = this.content(TAG_BIT_STRING);
    if (content[0] !== 0) throw lengthError(this.#position, 'a BIT STRING of whole bytes');
    return content.subarray(1);
  }

  /**
   * The next INTEGER as unsigned big-endian bytes without leading zeros. Keys made by the firmware carry a leading zero
   * in every integer, needed or not, so more zeros than DER allows are accepted.
   */
  integer(): Uint8Array {
    const content = this.content(TAG_INTEGER);
    if (content.length === 0) throw lengthError(this.#position, 'an INTEGER of at least one byte');
    let first = 0;
    while (first < content.length - 1 && content[first] === 0) first++;
    return content.subarray(first);
  }

  #length = 0;

  /** Reads the length field after the tag at `offset` into #length and gives the offset of the content. */
  #contentStart(offset: number): number {
    const first = offset + 1 < this.#end ? this.#bytes[offset + 1] : undefined;
    if (first === undefined) throw truncated(offset, 'a length is missing');
    if (first < 0x80) {
      this.#length = first;
      return offset + 2;
    }
    const count = first & 0x7f;
    if (count === 0 || count > MAX_LENGTH_BYTES) throw lengthError(offset + 1, 'a definite length of 1 to 4 bytes');
    if (offset + 2 + count > this.#end) throw truncated(offset, 'a length is cut off');
    let length = 0;
    for (let index = 0; index < count; index++) length = length * 256 + (this.#bytes[offset + 2 + index] as number);
    this.#length = length;
    return offset + 2 + count;
  }
}

function tagName(tag: number): string {
  return TAG_NAMES[tag] ?? `tag 0x${tag.toString(16).toUpperCase().padStart(2, '0')}`;
}

function truncated(offset: number, got: string): FormatError {
  return new FormatError({
    code: 'DER_TRUNCATED',
    what: 'the key is cut off',
    where: `offset ${offset}`,
    got,
    offset,
    help: 'Give the whole key. A key that was cut when it was written cannot be completed.',
  });
}

function lengthError(offset: number, expected: string): FormatError {
  return new FormatError({
    code: 'DER_LENGTH',
    what: 'the key has an unusable length',
    where: `offset ${offset}`,
    expected,
    offset,
    help: 'Give a key in DER form: PKCS#1, PKCS#8, SEC 1 or SubjectPublicKeyInfo.',
  });
}

/** Encodes one element; `content` is the concatenation of the parts. */
export function encodeDer(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const size = parts.reduce((total, part) => total + part.length, 0);
  const lengthBytes: number[] = [];
  if (size < 0x80) lengthBytes.push(size);
  else {
    for (let rest = size; rest > 0; rest = Math.floor(rest / 256)) lengthBytes.unshift(rest % 256);
    lengthBytes.unshift(0x80 | lengthBytes.length);
  }
  const bytes = new Uint8Array(1 + lengthBytes.length + size);
  bytes[0] = tag;
  bytes.set(lengthBytes, 1);
  let offset = 1 + lengthBytes.length;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** Encodes an unsigned big-endian number as a DER INTEGER with exactly the zeros DER asks for. */
export function encodeInteger(value: Uint8Array): Uint8Array {
  let first = 0;
  while (first < value.length - 1 && value[first] === 0) first++;
  const body = value.subarray(first);
  const needsZero = ((body[0] ?? 0) & 0x80) !== 0;
  return encodeDer(TAG_INTEGER, needsZero ? new Uint8Array([0]) : new Uint8Array(0), body.length ? body : ZERO);
}

const ZERO = new Uint8Array([0]);
