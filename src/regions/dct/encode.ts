/** Field contents made from values, for images that are built or changed offline. The reverse of application.ts. */
import { fromHex, writeU16, writeU32 } from '../../core/bytes.js';
import { UsageError } from '../../core/errors.js';
import { type LedSignal, MAX_DOMAIN_BYTES } from './application.js';
import { dctField, dctRecord, recordMember } from './table.js';
import { wifiSecurityWord } from './wifi.js';

function valueError(what: string, expected: string, got: string): UsageError {
  return new UsageError({ code: 'DCT_BAD_VALUE', what, expected, got, help: 'Give a value that fits the field.' });
}

function put(bytes: Uint8Array, record: string, member: string, content: Uint8Array | number): void {
  const { offset, size } = recordMember(record, member);
  if (typeof content !== 'number') bytes.set(content.subarray(0, size), offset);
  else if (size === 1) bytes[offset] = content;
  else if (size === 2) writeU16(bytes, offset, content);
  else writeU32(bytes, offset, content);
}

export interface ServerAddressValue {
  /** Host name of at most 63 bytes (`$id` stands for the device ID) or dotted IPv4 address. */
  readonly address: string;
  /** Left to the firmware when missing. */
  readonly port?: number;
}

/**
 * A 128-byte server address record: as the firmware encodes it when a port is given, otherwise as in the factory image,
 * which ends the name with one zero and leaves the rest erased. @throws UsageError DCT_BAD_VALUE.
 */
export function encodeServerAddress({ address, port }: ServerAddressValue): Uint8Array {
  const record = 'server_address_t';
  const bytes = new Uint8Array(dctRecord(record).size).fill(0xff);
  const ip = ipv4Bytes(address);
  const text = ip ?? new TextEncoder().encode(address);
  if (text.length === 0 || text.length > MAX_DOMAIN_BYTES) {
    throw valueError('the server address does not fit', `1 to ${MAX_DOMAIN_BYTES} bytes`, `${text.length} bytes`);
  }
  const { offset, size } = recordMember(record, 'value');
  bytes.fill(0, offset, port === undefined ? offset + text.length + 1 : offset + size);
  put(bytes, record, 'type', ip ? 0 : 1);
  put(bytes, record, 'length', text.length);
  put(bytes, record, 'value', text);
  if (port !== undefined) {
    if (!Number.isInteger(port) || port < 1 || port > 65534) {
      throw valueError('the port is out of range', '1 to 65534', String(port));
    }
    bytes.set([port >> 8, port & 0xff], recordMember(record, 'port').offset);
  }
  return bytes;
}

function ipv4Bytes(text: string): Uint8Array | undefined {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return undefined;
  const numbers = text.split('.').map(Number);
  if (numbers.some((number) => number > 255)) {
    throw valueError('this is not an IPv4 address', 'four numbers from 0 to 255', text);
  }
  return new Uint8Array(numbers);
}

export interface ModuleSlotValue {
  readonly state: 'factory' | 'pending';
  readonly source: number;
  readonly destination: number;
  /** Module length and its CRC. */
  readonly length: number;
  readonly flags: number;
  /** Number of the module function: 2 bootloader, 3 monolithic, 4 system part, 5 user part. */
  readonly function: number;
}

/** A 20-byte module slot between two places in internal flash. */
export function encodeModuleSlot(slot: ModuleSlotValue): Uint8Array {
  const record = 'platform_flash_modules_t';
  const bytes = new Uint8Array(dctRecord(record).size).fill(0xff);
  put(bytes, record, 'magicNumber', slot.state === 'factory' ? 0x0fac : 0xabcd);
  put(bytes, record, 'sourceDeviceID', 0);
  put(bytes, record, 'destinationDeviceID', 0);
  put(bytes, record, 'sourceAddress', slot.source);
  put(bytes, record, 'destinationAddress', slot.destination);
  put(bytes, record, 'length', slot.length);
  put(bytes, record, 'flags', slot.flags);
  put(bytes, record, 'module_function', slot.function);
  return bytes;
}

/** A length byte and text, filled up with 0xFF: the SSID prefix. @throws UsageError DCT_BAD_VALUE. */
export function encodeSsidPrefix(prefix: string): Uint8Array {
  const bytes = new Uint8Array(dctField('ssid_prefix').size).fill(0xff);
  const text = new TextEncoder().encode(prefix);
  if (text.length === 0 || text.length >= bytes.length) {
    throw valueError('the SSID prefix does not fit', `1 to ${bytes.length - 1} bytes`, `${text.length} bytes`);
  }
  bytes[0] = text.length;
  bytes.set(text, 1);
  return bytes;
}

/** Product id and version; the ten unused half-words stay erased. */
export function encodeProductStore(productId: number, productVersion: number): Uint8Array {
  const bytes = new Uint8Array(dctField('product_store').size).fill(0xff);
  writeU16(bytes, 0, productId);
  writeU16(bytes, 2, productVersion);
  return bytes;
}

export interface NetworkValue {
  /** 1 to 32 bytes. */
  readonly ssid: string | Uint8Array;
  /** A security name such as WPA2_AES. */
  readonly security: string;
  /** Passphrase or key, at most 64 bytes. */
  readonly key?: string | Uint8Array;
  readonly channel?: number;
}

/**
 * The list of stored networks (605 bytes), newest first; unused entries are zero. @throws UsageError DCT_BAD_VALUE,
 * whose message never holds the key.
 */
export function encodeStoredNetworks(networks: readonly NetworkValue[]): Uint8Array {
  const { size: listSize, count = 0 } = dctField('wifi.stored_ap_list');
  if (networks.length > count) throw valueError('too many networks', `at most ${count}`, String(networks.length));
  const bytes = new Uint8Array(listSize);
  const { size } = dctRecord('wiced_config_ap_entry_t');
  for (const [index, network] of networks.entries()) {
    encodeNetwork(bytes.subarray(index * size, (index + 1) * size), network);
  }
  return bytes;
}

function encodeNetwork(entry: Uint8Array, network: NetworkValue): void {
  const [ssid, key] = [toBytes(network.ssid), toBytes(network.key ?? '')];
  if (ssid.length < 1 || ssid.length > 32) throw valueError('the SSID does not fit', '1 to 32 bytes', `${ssid.length}`);
  if (key.length > 64) throw valueError('the network key does not fit', 'at most 64 bytes', `${key.length} bytes`);
  const security = wifiSecurityWord(network.security);
  if (security === undefined) {
    throw valueError('unknown Wi-Fi security', 'a name such as WPA2_AES', JSON.stringify(network.security));
  }
  put(entry, 'wiced_ap_info_t', 'SSID.length', ssid.length);
  put(entry, 'wiced_ap_info_t', 'SSID.value', ssid);
  put(entry, 'wiced_ap_info_t', 'security', security);
  put(entry, 'wiced_ap_info_t', 'channel', network.channel ?? 0);
  put(entry, 'wiced_config_ap_entry_t', 'security_key_length', key.length);
  put(entry, 'wiced_config_ap_entry_t', 'security_key', key);
}

/** The access point of listening mode as Device OS writes it: open, channel 11. */
export function encodeSoftAp(ssid: string | Uint8Array): Uint8Array {
  const record = 'wiced_config_soft_ap_t';
  const bytes = new Uint8Array(dctRecord(record).size);
  const text = toBytes(ssid);
  if (text.length < 1 || text.length > 32) throw valueError('the SSID does not fit', '1 to 32 bytes', `${text.length}`);
  put(bytes, record, 'SSID', new Uint8Array([text.length, ...text]));
  put(bytes, record, 'channel', 11);
  put(bytes, record, 'details_valid', 1);
  return bytes;
}

function toBytes(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? new TextEncoder().encode(text) : text;
}

const LED_PATTERN_NUMBERS: Readonly<Record<string, number>> = { solid: 1, blink: 2, fade: 3, custom: 15 };

/** An LED theme (64 bytes, filled up with 0xFF) from the signals `decodeLedTheme` gives. @throws UsageError DCT_BAD_VALUE. */
export function encodeLedTheme(signals: readonly LedSignal[]): Uint8Array {
  const bytes = new Uint8Array(dctField('led_theme').size).fill(0xff);
  if (signals.length !== 13) throw valueError('an LED theme has 13 signals', '13', String(signals.length));
  bytes[0] = 1;
  for (const [index, { color, pattern, periodMilliseconds }] of signals.entries()) {
    const rgb = fromHex(color.slice(1));
    const number = LED_PATTERN_NUMBERS[pattern];
    if (rgb?.length !== 3 || number === undefined || periodMilliseconds > 255 * 50) {
      throw valueError('an LED signal cannot be encoded', 'color #RRGGBB, known pattern, at most 12750 ms', color);
    }
    const [red, green, blue] = [...rgb].map((channel) => channel >> 4) as [number, number, number];
    bytes.set([(red << 4) | green, (blue << 4) | number, Math.floor(periodMilliseconds / 50)], 1 + index * 3);
  }
  return bytes;
}
