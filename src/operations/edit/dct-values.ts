/** The content of a DCT field from a value in words, by the kind of the field. The reverse of regions/dct/words.ts. */
import { fromHex, writeU16, writeU32 } from '../../core/bytes.js';
import { UsageError } from '../../core/errors.js';
import { encodeProductStore, encodeServerAddress, encodeSsidPrefix } from '../../regions/dct/index.js';
import { type DctLeaf, dctRecord } from '../../regions/dct/table.js';
import { wifiSecurityWord } from '../../regions/dct/wifi.js';

/** Explains what a value must look like. The value itself is not repeated: it may be a secret that lost its way. */
export function badValue(leaf: Pick<DctLeaf, 'name' | 'secret'>, expected: string, got?: string): UsageError {
  return new UsageError({
    code: 'DCT_BAD_VALUE',
    what: 'the value does not fit the field',
    where: leaf.name,
    expected,
    got: leaf.secret ? undefined : got,
    help: 'Any field also takes hex:BYTES, @FILE, and blank for erased.',
  });
}

/** The bytes of the whole field. @throws UsageError DCT_BAD_VALUE */
export function encodeLeaf(leaf: DctLeaf, value: string): Uint8Array {
  const encode = ENCODERS[leaf.kind];
  if (encode) return encode(leaf, value);
  if (leaf.size <= 4 && leaf.kind !== 'bytes') return numberBytes(leaf, value);
  throw badValue(leaf, leaf.record === undefined ? 'hex:BYTES or @FILE' : recordHelp(leaf));
}

function recordHelp({ name, record = '', count }: DctLeaf): string {
  const member = dctRecord(record).fields[0]?.name ?? 'member';
  return `hex:BYTES, @FILE, or a value for one member, such as ${name}${count === undefined ? '' : '[0]'}.${member}`;
}

type Encoder = (leaf: DctLeaf, value: string) => Uint8Array;

const ENCODERS: Partial<Record<DctLeaf['kind'], Encoder>> = {
  text: (leaf, value) => textBytes(leaf, value, 0),
  'length-text': lengthText,
  'host-names': hostNames,
  mac: macBytes,
  ipv4: (leaf, value) => ipv4Word(leaf, value),
  port: portBytes,
  security: securityBytes,
  'wiced-country': wicedCountry,
  country: countryBytes,
  'server-address': serverAddress,
  'ip-config': ipConfig,
  'feature-flags': (leaf, value) => numberBytes(leaf, value),
  'claim-code': (leaf, value) => textBytes(leaf, value, 0),
  claimed: (leaf, value) => Uint8Array.of(yesOrNo(leaf, value) ? 0x31 : 0xff),
  'device-code': deviceCode,
  'device-id': deviceId,
  'device-secret': deviceSecret,
  'product-store': productStore,
  'led-theme': (leaf, value) => {
    if (value === 'default') return new Uint8Array(leaf.size).fill(0xff);
    throw badValue(leaf, 'default, hex:BYTES or @FILE', value);
  },
  pem: pemBytes,
};

const PRINTABLE = /^[\x20-\x7e]*$/;

function textBytes(leaf: DctLeaf, value: string, filler: number): Uint8Array {
  const bytes = new Uint8Array(leaf.size).fill(filler);
  if (!PRINTABLE.test(value) || value.length > leaf.size) {
    throw badValue(leaf, `at most ${leaf.size} printable ASCII characters`, `${value.length} characters`);
  }
  bytes.set(new TextEncoder().encode(value));
  return bytes;
}

function lengthText(leaf: DctLeaf, value: string): Uint8Array {
  if (leaf.name === 'ssid_prefix') return encodeSsidPrefix(value);
  const text = new TextEncoder().encode(value);
  if (text.length >= leaf.size) throw badValue(leaf, `at most ${leaf.size - 1} bytes`, `${text.length} bytes`);
  const bytes = new Uint8Array(leaf.size);
  bytes[0] = text.length;
  bytes.set(text, 1);
  return bytes;
}

function hostNames(leaf: DctLeaf, value: string): Uint8Array {
  const names = value.split(',').map((name) => name.trim());
  const text = names.map((name) => `${name}\0`).join('');
  if (names.some((name) => !/^[\x21-\x7e]+$/.test(name)) || text.length > leaf.size) {
    throw badValue(leaf, `host names with commas between them, at most ${leaf.size} bytes with one zero after each`);
  }
  const bytes = new Uint8Array(leaf.size).fill(0xff);
  bytes.set(new TextEncoder().encode(text));
  return bytes;
}

function pemBytes(leaf: DctLeaf, value: string): Uint8Array {
  if (value.length >= leaf.size) throw badValue(leaf, `at most ${leaf.size - 1} characters`, `${value.length}`);
  if (!value.includes('-----BEGIN ')) throw badValue(leaf, 'PEM text, best from a file: @client.pem');
  const bytes = new Uint8Array(leaf.size);
  const text = new TextEncoder().encode(value);
  bytes.set(text.subarray(0, leaf.size - 1));
  return bytes;
}

function macBytes(leaf: DctLeaf, value: string): Uint8Array {
  const bytes = /^([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i.test(value) ? fromHex(value.replace(/[:-]/g, '')) : undefined;
  if (!bytes) throw badValue(leaf, 'six bytes such as 02:AB:00:11:22:33', value);
  return bytes;
}

/** Address bytes in reverse, as the HAL keeps its numeric addresses (facts: see regions/dct/application.ts). */
function ipv4Word(leaf: DctLeaf, value: string): Uint8Array {
  const numbers = /^\d{1,3}(\.\d{1,3}){3}$/.test(value) ? value.split('.').map(Number) : [];
  if (numbers.length !== 4 || numbers.some((number) => number > 255)) {
    throw badValue(leaf, 'an address such as 192.168.1.20', value);
  }
  return Uint8Array.from(numbers).reverse();
}

function ipConfig(leaf: DctLeaf, value: string): Uint8Array {
  const bytes = new Uint8Array(leaf.size);
  if (value.toLowerCase() === 'dhcp') return bytes;
  const addresses = value.replace(/^static:/i, '').split(',');
  if (addresses.length < 3 || addresses.length > 5) {
    throw badValue(leaf, 'dhcp, or static:ADDRESS,NETMASK,GATEWAY,DNS1,DNS2', value);
  }
  bytes[0] = 1;
  for (const [index, address] of addresses.entries()) bytes.set(ipv4Word(leaf, address.trim()), 4 + index * 4);
  return bytes;
}

function portBytes(leaf: DctLeaf, value: string): Uint8Array {
  const port = wholeNumber(value);
  if (port === undefined || port > 0xffff) throw badValue(leaf, 'a port from 1 to 65534, or 65535 for default', value);
  return Uint8Array.of(port >> 8, port & 0xff);
}

function securityBytes(leaf: DctLeaf, value: string): Uint8Array {
  const word = wifiSecurityWord(value.toUpperCase()) ?? wholeNumber(value);
  if (word === undefined || word > 0xffff_ffff) throw badValue(leaf, 'a name such as WPA2_AES, or a number', value);
  const bytes = new Uint8Array(leaf.size);
  writeU32(bytes, 0, word);
  return bytes;
}

/** `GB`, `GB/4`, as the reports print a country; the revision is one hexadecimal digit, kept as a character. */
function countryBytes(leaf: DctLeaf, value: string): Uint8Array {
  const parts = /^([a-z]{2})(?:\/([0-9a-f]))?$/i.exec(value);
  if (!parts) throw badValue(leaf, 'two letters, with a revision if there is one: GB or GB/4', value);
  const [letters, revision] = [(parts[1] as string).toUpperCase(), parts[2] ?? '0'];
  return Uint8Array.of(letters.charCodeAt(0), letters.charCodeAt(1), revision.toUpperCase().charCodeAt(0), 0);
}

function wicedCountry(leaf: DctLeaf, value: string): Uint8Array {
  const parts = /^([a-z]{2})(?:\/(\d{1,5}))?$/i.exec(value);
  const revision = Number(parts?.[2] ?? 0);
  if (!parts || revision > 0xffff)
    throw badValue(leaf, 'two letters, with a revision if there is one: GB or GB/4', value);
  const letters = (parts[1] as string).toUpperCase();
  return Uint8Array.of(letters.charCodeAt(0), letters.charCodeAt(1), revision & 0xff, revision >> 8);
}

/** `HOST`, `HOST:PORT`. */
function serverAddress(leaf: DctLeaf, value: string): Uint8Array {
  const parts = /^([^:\s]+)(?::(\d{1,5}))?$/.exec(value);
  if (!parts || !PRINTABLE.test(value)) throw badValue(leaf, 'HOST or HOST:PORT', value);
  const address = parts[1] as string;
  return encodeServerAddress(parts[2] === undefined ? { address } : { address, port: Number(parts[2]) });
}

const YES: readonly string[] = ['yes', 'true', '1', 'claimed'];
const NO: readonly string[] = ['no', 'false', '0', 'unclaimed'];

function yesOrNo(leaf: DctLeaf, value: string): boolean {
  const word = value.toLowerCase();
  if (!YES.includes(word) && !NO.includes(word)) throw badValue(leaf, 'yes or no', value);
  return YES.includes(word);
}

function deviceCode(leaf: DctLeaf, value: string): Uint8Array {
  const fits = /^[\x21-\x7e]+$/.test(value) && (value.length === 4 || value.length === leaf.size);
  if (!fits) throw badValue(leaf, '4 or 6 characters; the firmware draws from 2-9 and A-Z without I and O', value);
  // A fifth character outside 0x20 to 0x7F makes it a code of four.
  return textBytes(leaf, value, 0xff);
}

function deviceId(leaf: DctLeaf, value: string): Uint8Array {
  const bytes = /^[0-9a-f]+$/i.test(value) ? fromHex(value.toLowerCase()) : undefined;
  if (bytes?.length !== leaf.size) throw badValue(leaf, `${leaf.size * 2} hexadecimal digits`, value);
  return bytes;
}

function deviceSecret(leaf: DctLeaf, value: string): Uint8Array {
  if (value.length !== leaf.size) throw badValue(leaf, `${leaf.size} printable ASCII characters`);
  return textBytes(leaf, value, 0);
}

/** `ID` or `ID:VERSION`. */
function productStore(leaf: DctLeaf, value: string): Uint8Array {
  const [id, version = 0xffff, ...more] = value.split(':').map(wholeNumber);
  if (id === undefined || version === undefined || more.length > 0 || id > 0xffff || version > 0xffff) {
    throw badValue(leaf, 'ID or ID:VERSION, each from 0 to 65535', value);
  }
  return encodeProductStore(id, version);
}

/** A number, or a word of the table: `external` for antenna_selection. */
function numberBytes(leaf: DctLeaf, value: string): Uint8Array {
  const words = Object.entries(leaf.values ?? {});
  const wanted = value.toLowerCase();
  const named =
    words.find(([, word]) => word.toLowerCase() === wanted) ??
    words.find(([, word]) => word.toLowerCase().startsWith(wanted) && wanted.length > 2);
  const number = named ? Number(named[0]) : wholeNumber(value);
  const limit = 2 ** (8 * leaf.size) - 1;
  if (number === undefined || number > limit) {
    const list = words.map(([, word]) => word).join(', ');
    throw badValue(leaf, `${list === '' ? '' : `${list}, or `}a number from 0 to ${limit}`, value);
  }
  const bytes = new Uint8Array(leaf.size);
  if (leaf.size === 1) bytes[0] = number;
  else if (leaf.size === 2) writeU16(bytes, 0, number);
  else writeU32(bytes, 0, number);
  return bytes;
}

function wholeNumber(text: string): number | undefined {
  return /^(0x[0-9a-f]{1,8}|\d{1,10})$/i.test(text) ? Number(text) : undefined;
}
