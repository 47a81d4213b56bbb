/** Values of the application section: what the bytes of each field mean to Device OS. */
import { formatHex, readU32, toHex } from '../../core/bytes.js';
import { escapeText } from '../../core/text.js';
import { dctRecord, recordMember } from './table.js';
import { fillState, ipv4Text, ipv4WordText, memberBytes, memberNumber, untilFiller, valueWord } from './values.js';

const ADDRESS = 'server_address_t';
const SLOT = 'platform_flash_modules_t';
const DOMAIN = 1;
const IPV4 = 0;
/** Longer names run into the port, although the parser accepts them. */
export const MAX_DOMAIN_BYTES = 63;

export interface ServerAddress {
  readonly state: 'blank' | 'zero' | 'set' | 'invalid';
  /** Host name (`$id` stands for the device ID) or dotted IPv4 address. */
  readonly address: string | null;
  /** Null when the record leaves the port to the firmware (0 or 0xFFFF). */
  readonly port: number | null;
  /** Why the record is not usable; null otherwise. */
  readonly reason: string | null;
}

/** Decodes a 128-byte server address record. The port is big-endian. */
export function decodeServerAddress(bytes: Uint8Array): ServerAddress {
  const stored = memberNumber(bytes, ADDRESS, 'port');
  const port = stored === 0 || stored === 0xffff ? null : stored;
  const [type, length] = [memberNumber(bytes, ADDRESS, 'type'), memberNumber(bytes, ADDRESS, 'length')];
  const value = memberBytes(bytes, ADDRESS, 'value');
  const invalid = (reason: string): ServerAddress => ({ state: 'invalid', address: null, port, reason });
  if (type === 0xff) return { state: 'blank', address: null, port: null, reason: null };
  if (type === IPV4) {
    const state = fillState(bytes) === 'zero' ? 'zero' : 'set';
    if (state === 'set' && length !== 4) return invalid(`an IPv4 address of ${length} bytes`);
    return { state, address: ipv4Text(value), port, reason: null };
  }
  if (type !== DOMAIN) return invalid(`address type ${type} is neither a host name nor IPv4`);
  if (length === 0) return invalid('the host name is empty');
  if (length > MAX_DOMAIN_BYTES) return invalid(`a host name of ${length} bytes runs into the port`);
  const name = untilFiller(value.subarray(0, length));
  if (name.length < length) return invalid(`the host name ends after ${name.length} of ${length} bytes`);
  return { state: 'set', address: escapeText(name), port, reason: null };
}

export interface ModuleSlot {
  readonly slot: number;
  /** factory: slot 0 filled in; pending: copied at the next reset; consumed: zeroed by an old bootloader. */
  readonly state: 'free' | 'factory' | 'pending' | 'consumed' | 'ignored';
  readonly source: number;
  readonly sourceDevice: string;
  readonly destination: number;
  readonly destinationDevice: string;
  readonly length: number;
  readonly flags: number;
  readonly function: string;
}

const SLOT_PENDING = 0xabcd;
const SLOT_FACTORY = 0x0fac;

/** Decodes the module slots: slot 0 is the factory reset record, the others are pending copies. */
export function decodeModuleSlots(bytes: Uint8Array): ModuleSlot[] {
  const { size } = dctRecord(SLOT);
  const slots: ModuleSlot[] = [];
  for (let slot = 0; (slot + 1) * size <= bytes.length; slot++) {
    const record = bytes.subarray(slot * size, (slot + 1) * size);
    const word = (member: string): string => {
      const value = memberNumber(record, SLOT, member);
      return valueWord(recordMember(SLOT, member), value) ?? String(value);
    };
    slots.push({
      slot,
      state: slotState(slot, record),
      source: memberNumber(record, SLOT, 'sourceAddress'),
      sourceDevice: word('sourceDeviceID'),
      destination: memberNumber(record, SLOT, 'destinationAddress'),
      destinationDevice: word('destinationDeviceID'),
      length: memberNumber(record, SLOT, 'length'),
      flags: memberNumber(record, SLOT, 'flags'),
      function: word('module_function'),
    });
  }
  return slots;
}

function slotState(slot: number, record: Uint8Array): ModuleSlot['state'] {
  const magic = memberNumber(record, SLOT, 'magicNumber');
  if (magic === 0xffff) return 'free';
  if (slot === 0) return magic === SLOT_FACTORY ? 'factory' : fillState(record) === 'zero' ? 'consumed' : 'ignored';
  if (magic === SLOT_PENDING) return 'pending';
  return fillState(record) === 'zero' ? 'consumed' : 'ignored';
}

export interface LedSignal {
  readonly signal: string;
  /** `#RRGGBB`. */
  readonly color: string;
  readonly pattern: string;
  readonly periodMilliseconds: number;
}

const LED_SIGNALS = [
  'NETWORK_OFF',
  'NETWORK_ON',
  'NETWORK_CONNECTING',
  'NETWORK_DHCP',
  'NETWORK_CONNECTED',
  'CLOUD_CONNECTING',
  'CLOUD_HANDSHAKE',
  'CLOUD_CONNECTED',
  'SAFE_MODE',
  'LISTENING_MODE',
  'DFU_MODE',
  'FIRMWARE_UPDATE',
  'POWER_OFF',
] as const;
const LED_PATTERNS: Readonly<Record<number, string>> = { 1: 'solid', 2: 'blink', 3: 'fade', 15: 'custom' };
const LED_THEME_VERSION = 1;
const LED_PERIOD_MILLISECONDS = 50;

/** Decodes the LED theme; null when the field holds none (version byte other than 1) and the default applies. */
export function decodeLedTheme(bytes: Uint8Array): LedSignal[] | null {
  if (bytes[0] !== LED_THEME_VERSION) return null;
  return LED_SIGNALS.map((signal, index) => {
    const [first, second, period] = [...bytes.subarray(1 + index * 3, 4 + index * 3)] as [number, number, number];
    // Colours keep four bits per channel: value v stands for v * 17.
    const channels = [first >> 4, first & 15, second >> 4].map((value) => (value * 17).toString(16).padStart(2, '0'));
    return {
      signal,
      color: `#${channels.join('').toUpperCase()}`,
      pattern: LED_PATTERNS[second & 15] ?? `pattern ${second & 15}`,
      periodMilliseconds: period * LED_PERIOD_MILLISECONDS,
    };
  });
}

/** Country letters and revision digit; null when the firmware falls back to Japan. */
export function decodeCountry(bytes: Uint8Array): { country: string; revision: string | null } | null {
  if (bytes[0] === 0 || bytes[0] === 0xff) return null;
  const revision = bytes[2] ?? 0;
  return {
    country: escapeText(bytes.subarray(0, 2)),
    revision: revision === 0 || revision === 0xff ? null : escapeText(bytes.subarray(2, 3)),
  };
}

/** The listening-mode code of 4 or 6 characters; null when the firmware would make a new one. */
export function decodeDeviceCode(bytes: Uint8Array): string | null {
  const first = bytes[0] ?? 0;
  if (first === 0 || first >= 0x80) return null;
  const fifth = bytes[4] ?? 0;
  const length = fifth >= 0x20 && fifth <= 0x7f ? 6 : 4;
  return escapeText(untilFiller(bytes.subarray(0, length)));
}

/** True when the stored secret overrides the one in OTP: all 15 characters printable. */
export function isDeviceSecret(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte >= 0x20 && byte <= 0x7e);
}

/** Names answered by the DNS of listening mode; the list ends at the first 0x00 or 0xFF where a name would start. */
export function decodeHostNames(bytes: Uint8Array): string[] {
  const names: string[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    if (bytes[offset] === 0 || bytes[offset] === 0xff) break;
    const end = bytes.indexOf(0, offset);
    names.push(escapeText(bytes.subarray(offset, end < 0 ? bytes.length : end)));
    offset = end < 0 ? bytes.length : end + 1;
  }
  return names;
}

export interface IpConfig {
  readonly mode: 'static' | 'dhcp';
  readonly host: string;
  readonly netmask: string;
  readonly gateway: string;
  readonly dns1: string;
  readonly dns2: string;
}

/** Static addresses; mode 1 is static, everything else DHCP. Addresses are read as little-endian words. */
export function decodeIpConfig(bytes: Uint8Array): IpConfig {
  const address = (member: string): string => ipv4WordText(memberBytes(bytes, 'static_ip_config_t', member));
  return {
    mode: memberNumber(bytes, 'static_ip_config_t', 'config_mode') === 1 ? 'static' : 'dhcp',
    host: address('host'),
    netmask: address('netmask'),
    gateway: address('gateway'),
    dns1: address('dns1'),
    dns2: address('dns2'),
  };
}

/** A product id or version; 0xFFFF means none. */
export function decodeProduct(bytes: Uint8Array, member: 'productId' | 'productVersion'): number | null {
  const value = memberNumber(bytes, 'product_store_t', member);
  return value === 0xffff ? null : value;
}

/** The unique id of the chip as the firmware stored it (24 hexadecimal digits); null when it has not. */
export function decodeDeviceId(bytes: Uint8Array): string | null {
  return bytes[0] === 0xff || fillState(bytes) === 'zero' ? null : toHex(bytes);
}

/** Members of a record as `name value` with the words of the table, leaving out padding and what is blank. */
export function recordWords(record: string, bytes: Uint8Array): string[] {
  return dctRecord(record)
    .fields.filter((member) => !member.secret && member.size <= 4 && member.kind !== 'padding')
    .flatMap((member) => {
      const value = memberNumber(bytes, record, member.name);
      const word = valueWord(member, value);
      if (word) return [`${member.name} ${word}`];
      const blank = fillState(memberBytes(bytes, record, member.name)) !== 'set';
      // A byte is a count or a number, such as a Wi-Fi channel; wider values are flags and marks.
      return blank ? [] : [`${member.name} ${value > 9 && member.size > 1 ? formatHex(value) : value}`];
    });
}

/** The bits 0 and 1 of the feature flags; bit 1 is stored inverted. */
export function featureFlagWords(bytes: Uint8Array): string {
  const flags = readU32(bytes, 0);
  const reset = flags % 2 === 1 ? 'reset information enabled' : 'reset information disabled';
  return Math.floor(flags / 2) % 2 === 0 ? `${reset}, LED overridden at boot` : reset;
}
