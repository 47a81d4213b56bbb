/** Bytes under repair, with a record of everything that was changed in them. */
import { copyBytes, equalBytes, formatHex, readU16, readU32, toHex } from '../../core/bytes.js';

export interface ByteChange {
  /** Name of the field as its format calls it: module_end_address, sha256, dwCRC. */
  readonly field: string;
  /** Where the bytes begin, in the file or in the image. */
  readonly offset: number;
  /** Target address of the first byte; null when the file has no place in flash. */
  readonly address: number | null;
  /** Hexadecimal, or a count where bytes were taken away; empty where they were added. */
  readonly before: string;
  /** Hexadecimal; empty where bytes were taken away. */
  readonly after: string;
  /** Values of a number field in words; null for other content. */
  readonly values: { readonly before: string; readonly after: string } | null;
  /** Why, as a clause. */
  readonly reason: string;
}

/** Something that is wrong and was left as it is. */
export interface Refusal {
  /** What, as a clause: "the CRC of system part 2". */
  readonly what: string;
  readonly why: string;
}

/** How a field is put in words. */
export type FieldForm = 'bytes' | 'u8' | 'u16' | 'u32' | 'address';

const SHOWN_BYTES = 64;

export class Patch {
  #bytes: Uint8Array;
  readonly changes: ByteChange[] = [];
  readonly refusals: Refusal[] = [];
  /** Remarks on what the result is worth, as sentences. */
  readonly notes: string[] = [];

  /** @param address of the first byte; null when there is none */
  constructor(
    bytes: Uint8Array,
    readonly address: number | null = null,
  ) {
    this.#bytes = copyBytes(bytes);
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Replaces bytes, unless they are right already. */
  set(offset: number, content: Uint8Array, field: string, reason: string, form: FieldForm = 'bytes'): void {
    const old = copyBytes(this.#bytes, offset, offset + content.length);
    if (equalBytes(old, content)) return;
    this.#bytes.set(content, offset);
    const values = form === 'bytes' ? null : { before: valueWords(old, form), after: valueWords(content, form) };
    this.#record({ field, offset, before: hexOf(old), after: hexOf(content), values, reason });
  }

  /** Takes bytes away. */
  cut(offset: number, size: number, field: string, reason: string): void {
    if (size === 0) return;
    const old = copyBytes(this.#bytes, offset, offset + size);
    const rest = this.#bytes;
    this.#bytes = new Uint8Array(rest.length - size);
    this.#bytes.set(rest.subarray(0, offset));
    this.#bytes.set(rest.subarray(offset + size), offset);
    this.#record({ field, offset, before: fillerOf(old), after: '', values: null, reason });
  }

  /** Puts bytes behind the others. */
  append(content: Uint8Array, field: string, reason: string): void {
    const offset = this.#bytes.length;
    const longer = new Uint8Array(offset + content.length);
    longer.set(this.#bytes);
    longer.set(content, offset);
    this.#bytes = longer;
    this.#record({ field, offset, before: '', after: hexOf(content), values: null, reason });
  }

  /** Takes over what was changed in a part that begins at `offset`. The part must have kept its length. */
  adopt(part: Patch, offset: number): void {
    this.#bytes.set(part.bytes, offset);
    for (const change of part.changes) this.changes.push({ ...change, offset: change.offset + offset });
    this.refusals.push(...part.refusals);
    this.notes.push(...part.notes);
  }

  #record(change: Omit<ByteChange, 'address'>): void {
    this.changes.push({ ...change, address: this.address === null ? null : this.address + change.offset });
  }
}

/** Bytes that were cut off may be anything, a key too; only padding and line ends are told. */
function fillerOf(bytes: Uint8Array): string {
  const [first] = bytes;
  if (bytes.every((byte) => byte === 0x0d || byte === 0x0a)) return hexOf(bytes);
  const constant = (first === 0 || first === 0xff) && bytes.every((byte) => byte === first);
  return constant ? `${bytes.length} bytes of ${formatHex(first ?? 0, 2)}` : `${bytes.length} bytes`;
}

function hexOf(bytes: Uint8Array): string {
  const shown = toHex(bytes.subarray(0, SHOWN_BYTES));
  return bytes.length > SHOWN_BYTES ? `${shown} and ${bytes.length - SHOWN_BYTES} more bytes` : shown;
}

function valueWords(bytes: Uint8Array, form: Exclude<FieldForm, 'bytes'>): string {
  if (form === 'u8') return `${bytes[0]}`;
  if (form === 'u16') return `${readU16(bytes, 0)}`;
  return form === 'u32' ? `${readU32(bytes, 0)}` : formatHex(readU32(bytes, 0), 8);
}
