/**
 * Changes of the device configuration in words, as the command line and recipes give them: `serverAddress` =
 * `cloud.example.com:5683`, `wifi` = `Workshop:passphrase:wpa2`, `device_private_key` = `@device.pem`.
 */
import { copyBytes, fromHex } from '../../core/bytes.js';
import { UsageError } from '../../core/errors.js';
import {
  DCT_COPY_BYTES,
  type DctEdit,
  type DctField,
  dctField,
  dctSection,
  fieldKey,
  toWrite,
} from '../../regions/dct/index.js';
import { looksLikePem } from '../../regions/keys/pem.js';
import { deviceKeyEdits, devicePublicEdit, requirePrivateKey, requirePublicKey, serverKeyEdit } from './dct-keys.js';
import { type DctTarget, dctTarget } from './dct-names.js';
import { badValue, encodeLeaf } from './dct-values.js';
import { wifiSectionWith } from './dct-wifi.js';

export interface DctAssignment {
  /** JSON name (`serverAddress`), device-os name (`server_address`), member (`product_store.productId`), place (`application+34`). */
  readonly name: string;
  /** In words; `hex:…`, `@FILE`, `blank`, or `text:…` for a text that looks like one of these. */
  readonly value: string;
}

export interface DctWordsOptions {
  /** The copy that is changed, which networks are added to. Null or missing: a fresh table. */
  readonly current?: Uint8Array | null | undefined;
  /** Content of the file of an `@FILE`. Missing: files are refused. */
  readonly readFile?: ((path: string) => Uint8Array) | undefined;
}

/**
 * One edit per write the firmware would make, in the order given; later assignments see what earlier ones did. A field
 * is always written whole, so that nothing of an older, longer content stays behind.
 * @throws UsageError DCT_NO_FIELD, DCT_BAD_VALUE, DCT_NO_FILES; BuildError KEY_*; what readFile throws. No message holds
 * a value of a secret field.
 */
export function dctEdits(assignments: readonly DctAssignment[], options: DctWordsOptions = {}): DctEdit[] {
  const copy = options.current ? copyBytes(options.current) : new Uint8Array(DCT_COPY_BYTES).fill(0xff);
  return assignments.flatMap((assignment) => {
    const edits = editsOf(assignment, copy, options);
    for (const edit of edits) copy.set(edit.bytes, placeOf(edit));
    return edits;
  });
}

/** Where an edit lies, from the start of the copy. */
function placeOf(edit: DctEdit): number {
  const { section, offset } = toWrite(edit);
  return dctSection('wiced', section).offset + offset;
}

/** What a command line or a file becomes where it is no UTF-8. */
const REPLACEMENT = '\ufffd';

function editsOf({ name, value }: DctAssignment, copy: Uint8Array, options: DctWordsOptions): DctEdit[] {
  if (value.includes(REPLACEMENT)) throw badValue({ name, secret: true }, 'text in UTF-8; other bytes as hex:BYTES');
  const target = dctTarget(name);
  if (target.kind === 'wifi') {
    const { offset, size } = dctSection('wiced', 'wifi');
    const country = placeOf({ field: 'country_code', bytes: new Uint8Array(0) });
    const bytes = wifiSectionWith(copy.subarray(offset, offset + size), value, copy.subarray(country, country + 4));
    return [{ section: 'wifi', offset: 0, bytes }];
  }
  const raw = rawContent(value, name, options);
  if (target.kind === 'place') return [exactBytes(target, raw, name)];
  if (target.kind === 'field') return fieldEdits(target.field, value, raw);
  const { field, member, offset } = target;
  const bytes = raw ? fitted(raw.bytes, member.size, member) : encodeLeaf(member, plainText(value));
  return [{ section: field.section, offset: field.offset + offset, bytes }];
}

interface RawContent {
  readonly bytes: Uint8Array;
  /** Name of the file it comes from; null for hexadecimal digits. */
  readonly file: string | null;
}

/** Bytes of `hex:…`, `@FILE` and `blank`; undefined for words. */
function rawContent(value: string, name: string, { readFile }: DctWordsOptions): RawContent | undefined {
  if (value === 'blank') return { bytes: new Uint8Array(0), file: null };
  if (value.startsWith('hex:')) {
    const digits = value.slice(4).replace(/[\s:]/g, '').toLowerCase();
    const bytes = /^([0-9a-f]{2})*$/.test(digits) ? fromHex(digits) : undefined;
    if (bytes) return { bytes, file: null };
    throw badValue({ name, secret: true }, 'an even number of hexadecimal digits after hex:');
  }
  if (!value.startsWith('@')) return undefined;
  const path = value.slice(1);
  if (path !== '' && readFile) return { bytes: readFile(path), file: path };
  throw new UsageError({
    code: 'DCT_NO_FILES',
    what: path === '' ? 'the file to take the value from has no name' : 'values cannot come from files here',
    where: name,
    help: 'Write NAME=@FILE, or text:@… for a text that begins with @.',
  });
}

function plainText(value: string): string {
  return value.startsWith('text:') ? value.slice('text:'.length) : value;
}

function exactBytes(
  { section, offset }: Extract<DctTarget, { kind: 'place' }>,
  raw: RawContent | undefined,
  name: string,
): DctEdit {
  if (raw && raw.bytes.length > 0) return { section, offset, bytes: raw.bytes };
  throw badValue({ name, secret: true }, 'hex:BYTES or @FILE for a place in a section');
}

/** A field's bytes, filled up with 0xFF. @throws UsageError DCT_BAD_VALUE */
function fitted(content: Uint8Array, size: number, leaf: Pick<DctField, 'name'>): Uint8Array {
  if (content.length > size) throw badValue(leaf, `at most ${byteCount(size)}`, byteCount(content.length));
  const bytes = new Uint8Array(size).fill(0xff);
  bytes.set(content);
  return bytes;
}

function byteCount(size: number): string {
  return `${size} byte${size === 1 ? '' : 's'}`;
}

function fieldEdits(field: DctField, value: string, raw: RawContent | undefined): DctEdit[] {
  const key = fieldKey(field);
  if (field.kind === 'key-private' || field.kind === 'key-public') return keyEdits(field, raw);
  if (!raw) return [{ field: key, bytes: encodeLeaf(field, plainText(value)) }];
  const isText = field.kind === 'pem' && raw.file !== null;
  if (isText && looksLikePem(raw.bytes)) return [{ field: key, bytes: encodeLeaf(field, latin1(raw.bytes)) }];
  return [{ field: key, bytes: fitted(raw.bytes, field.size, field) }];
}

function latin1(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes);
}

/** A file is read as a key and judged; digits are taken as they are. The server address inside its key field stays. */
function keyEdits(field: DctField, raw: RawContent | undefined): DctEdit[] {
  const key = fieldKey(field);
  if (!raw) throw badValue(field, '@FILE with a key in DER or PEM form, or hex:BYTES');
  const slot = field.name.startsWith('alt_') ? 'ec' : 'rsa';
  if (raw.file !== null) {
    if (field.kind === 'key-private') return deviceKeyEdits(requirePrivateKey(raw.bytes, raw.file), slot);
    const open = requirePublicKey(raw.bytes, raw.file);
    return [field.name.includes('server') ? serverKeyEdit(open, slot) : devicePublicEdit(open, slot)];
  }
  const address = dctField('server_address').offset - field.offset;
  const own = key === 'server_public_key' && raw.bytes.length <= address ? address : field.size;
  return [{ field: key, bytes: fitted(raw.bytes, own, field) }];
}
