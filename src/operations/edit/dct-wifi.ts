/** `wifi=SSID:PASSPHRASE:SECURITY`: a network put into the list as device-os does (hal/src/photon/wlan_hal.cpp @ v2.3.1). */
import { copyBytes, fromHex } from '../../core/bytes.js';
import { UsageError } from '../../core/errors.js';
import { dctField, dctSection, encodeStoredNetworks } from '../../regions/dct/index.js';
import { dctRecord } from '../../regions/dct/table.js';
import { memberBytes, memberNumber } from '../../regions/dct/values.js';
import { wifiSecurityWord } from '../../regions/dct/wifi.js';

const ENTRY = 'wiced_config_ap_entry_t';
const ACCESS_POINT = 'wiced_ap_info_t';
const ENTERPRISE = 0x0200_0000;

/** The words of `particle serial wifi` and of the phone applications, beside the names of the JSON output. */
const SECURITY_WORDS: Readonly<Record<string, string>> = {
  open: 'OPEN',
  none: 'OPEN',
  wep: 'WEP',
  wpa: 'WPA_TKIP',
  wpa2: 'WPA2_AES',
  'wpa2-mixed': 'WPA2_MIXED',
};

export interface WifiWords {
  readonly ssid: string;
  readonly key: Uint8Array;
  readonly security: string;
}

/**
 * The parts of `SSID[:PASSPHRASE[:SECURITY]]`; `\:` stands for a colon in a name and `\\` for a backslash. Without
 * security: open when there is no passphrase, else WPA2. @throws UsageError DCT_BAD_VALUE, never with a passphrase in it.
 */
export function parseWifi(value: string): WifiWords {
  const [ssid = '', passphrase = '', word, ...more] = splitEscaped(value);
  const security = securityName(word ?? (passphrase === '' ? 'open' : 'wpa2'));
  if (more.length > 0 || security === undefined) {
    throw wifiError(
      more.length > 0 ? 'the network has more than three parts' : 'the third part names no kind of Wi-Fi security',
      `SSID:PASSPHRASE:SECURITY with ${Object.keys(SECURITY_WORDS).join(', ')} or a name such as WPA2_AES`,
    );
  }
  const size = new TextEncoder().encode(ssid).length;
  if (size < 1 || size > 32) throw wifiError('the SSID does not fit', '1 to 32 bytes', `${size} bytes`);
  return { ssid, security, key: keyBytes(passphrase, security) };
}

function securityName(word: string): string | undefined {
  const known = Object.hasOwn(SECURITY_WORDS, word.toLowerCase())
    ? SECURITY_WORDS[word.toLowerCase()]
    : word.toUpperCase();
  return known !== undefined && wifiSecurityWord(known) !== undefined ? known : undefined;
}

function keyBytes(passphrase: string, security: string): Uint8Array {
  const bytes = new TextEncoder().encode(passphrase);
  const got = `${bytes.length} bytes`;
  if (security === 'OPEN' || security.endsWith('_ENTERPRISE')) {
    if (bytes.length > 0) throw wifiError('this network takes no passphrase', 'an empty second part', got);
    return bytes;
  }
  if (security.startsWith('WEP')) {
    const key = /^([0-9a-f]{10}|[0-9a-f]{26})$/i.test(passphrase) ? fromHex(passphrase.toLowerCase()) : undefined;
    if (!key) throw wifiError('this is no WEP key', '10 or 26 hexadecimal digits', got);
    return key;
  }
  const isPsk = bytes.length === 64 && /^[0-9a-f]{64}$/i.test(passphrase);
  if (isPsk || (bytes.length >= 8 && bytes.length <= 63)) return bytes;
  throw wifiError('no access point takes a passphrase of this length', '8 to 63 bytes, or 64 hexadecimal digits', got);
}

function wifiError(what: string, expected: string, got?: string): UsageError {
  return new UsageError({
    code: 'DCT_BAD_VALUE',
    what,
    where: 'wifi',
    expected,
    got,
    help: 'Write \\: for a colon inside a part, for example wifi=Workshop:secret\\:word:wpa2.',
  });
}

function splitEscaped(text: string): string[] {
  const parts = [''];
  for (let index = 0; index < text.length; index++) {
    const character = text[index] as string;
    const next = text[index + 1];
    if (character === '\\' && (next === ':' || next === '\\')) {
      parts[parts.length - 1] += next;
      index++;
    } else if (character === ':') parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts;
}

/**
 * The whole Wi-Fi section (844 bytes) with a network added: in the place of one with the same SSID, else first, the
 * others moving down and the fifth lost. An empty value forgets all networks and keeps the rest of the section.
 * @param section the section as it is; one that was never set up is initialised as the firmware does at its next start
 * @param country four bytes of the country field of the application section
 */
export function wifiSectionWith(section: Uint8Array, value: string, country: Uint8Array): Uint8Array {
  const next = initialised(section, country);
  const { offset, size } = dctField('wifi.stored_ap_list');
  if (value === '') {
    next.fill(0, offset, offset + size);
    return next;
  }
  const network = parseWifi(value);
  const entry = encodeStoredNetworks([network]).subarray(0, dctRecord(ENTRY).size);
  next.set(listWith(next.subarray(offset, offset + size), entry), offset);
  return next;
}

function initialised(section: Uint8Array, country: Uint8Array): Uint8Array {
  if (section[0] === 1) return copyBytes(section);
  const fresh = new Uint8Array(dctSection('wiced', 'wifi').size);
  fresh[0] = 1;
  fresh.set(wicedCountry(country), dctField('wifi.country_code').offset);
  return fresh;
}

/** Letters and a revision of one hexadecimal digit, or Japan, as the firmware takes a country that is not set. */
function wicedCountry(country: Uint8Array): Uint8Array {
  const [first = 0xff, second = 0, digit = 0] = country;
  if (first === 0xff || first === 0) return Uint8Array.of(0x4a, 0x50, 0, 0);
  const revision = Number.parseInt(String.fromCharCode(digit), 16);
  return Uint8Array.of(first, second, Number.isNaN(revision) ? 0 : revision, 0);
}

function listWith(list: Uint8Array, entry: Uint8Array): Uint8Array {
  const size = entry.length;
  const entries = Array.from({ length: Math.floor(list.length / size) }, (_, index) =>
    copyBytes(list, index * size, (index + 1) * size),
  );
  const same = entries.findIndex((candidate) => ssidOf(candidate) === ssidOf(entry));
  if (same >= 0) entries[same] = entry;
  else entries.unshift(entry);
  const isEnterprise = (candidate: Uint8Array): boolean =>
    Math.floor(memberNumber(candidate, ACCESS_POINT, 'security') / ENTERPRISE) % 2 === 1;
  // The firmware keeps one enterprise network, because there is one place for its credentials.
  const kept = entries.filter((candidate) => candidate === entry || !(isEnterprise(entry) && isEnterprise(candidate)));
  const result = new Uint8Array(list.length);
  for (const [index, candidate] of kept.slice(0, entries.length).entries()) {
    if ((index + 1) * size <= result.length) result.set(candidate, index * size);
  }
  return result;
}

function ssidOf(entry: Uint8Array): string {
  const length = Math.min(32, memberNumber(entry, ACCESS_POINT, 'SSID.length'));
  return String.fromCharCode(...memberBytes(entry, ACCESS_POINT, 'SSID.value').subarray(0, length));
}
