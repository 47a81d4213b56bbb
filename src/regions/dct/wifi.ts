/** The Wi-Fi section: stored networks and the access point of listening mode (hal/src/photon/wlan_hal.cpp @ v2.3.1). */
import { formatHex, isFilledWith } from '../../core/bytes.js';
import { escapeText } from '../../core/text.js';
import { dctField, dctRecord } from './table.js';
import { lengthTextValue, macText, memberBytes, memberNumber } from './values.js';

const ENTRY = 'wiced_config_ap_entry_t';
const ACCESS_POINT = 'wiced_ap_info_t';
const SOFT_AP = 'wiced_config_soft_ap_t';
const MAX_SSID_BYTES = 32;
const MAX_KEY_BYTES = 64;

/** Bits of the security word (wiced_constants.h of device-os hal/src/photon/include). */
const ENTERPRISE = 0x0200_0000;
const SECURITY_NAMES: ReadonlyMap<number, string> = new Map([
  [0, 'OPEN'],
  [0x0000_0001, 'WEP'],
  [0x0000_8001, 'WEP_SHARED'],
  [0x0020_0002, 'WPA_TKIP'],
  [0x0020_0004, 'WPA_AES'],
  [0x0020_0006, 'WPA_MIXED'],
  [0x0040_0002, 'WPA2_TKIP'],
  [0x0040_0004, 'WPA2_AES'],
  [0x0040_0006, 'WPA2_MIXED'],
]);

/** `WPA2_AES`, `WPA2_AES_ENTERPRISE`; a combination nobody writes is given as its number. */
export function wifiSecurityName(word: number): string {
  const enterprise = Math.floor(word / ENTERPRISE) % 2 === 1;
  const name = SECURITY_NAMES.get(enterprise ? word - ENTERPRISE : word);
  if (name === undefined || (enterprise && !name.startsWith('WPA'))) return formatHex(word, 8);
  return enterprise ? `${name}_ENTERPRISE` : name;
}

/** The security word of a name; undefined for an unknown name. */
export function wifiSecurityWord(name: string): number | undefined {
  const enterprise = name.endsWith('_ENTERPRISE');
  const plain = enterprise ? name.slice(0, -'_ENTERPRISE'.length) : name;
  for (const [word, candidate] of SECURITY_NAMES) {
    if (candidate === plain && (!enterprise || plain.startsWith('WPA'))) return enterprise ? word + ENTERPRISE : word;
  }
  return undefined;
}

export interface WifiNetwork {
  /** Text if the SSID is UTF-8, otherwise with escaped bytes. */
  readonly ssid: string;
  readonly security: string;
  /** 0: unknown. */
  readonly channel: number;
  /** Null when all zero, as Device OS leaves it. */
  readonly bssid: string | null;
  /** Position in the list, 0 to 4. */
  readonly entry: number;
  /** Length of the stored key; 0 without one. */
  readonly keyLength: number;
  /** The key, only when secrets were asked for. */
  readonly key?: string;
}

export interface WifiValues {
  /** The section was initialised (device_configured = 1). */
  readonly configured: boolean;
  /** The firmware finds credentials in entry 0 and does not enter listening mode. */
  readonly hasCredentials: boolean;
  readonly networks: readonly WifiNetwork[];
  /** SSID of the listening-mode access point, or null. */
  readonly softApSsid: string | null;
  readonly softApSecurity: string | null;
  readonly softApChannel: number | null;
  /** Country letters the WICED code uses, or null. */
  readonly country: string | null;
}

/** Decodes the 844 bytes of the Wi-Fi section. */
export function decodeWifi(section: Uint8Array, showSecrets: boolean): WifiValues {
  const place = (key: string): Uint8Array => {
    const { offset, size } = dctField(`wifi.${key}`);
    return section.subarray(offset, offset + size);
  };
  const configured = section[0] === 1;
  const list = place('stored_ap_list');
  const softAp = place('soft_ap_settings');
  const softApSsid = lengthTextValue(memberBytes(softAp, SOFT_AP, 'SSID'));
  const present = softApSsid !== null;
  return {
    configured,
    hasCredentials: configured && hasAccessPoint(list),
    networks: decodeNetworks(list, showSecrets),
    softApSsid,
    softApSecurity: present ? wifiSecurityName(memberNumber(softAp, SOFT_AP, 'security')) : null,
    softApChannel: present ? memberNumber(softAp, SOFT_AP, 'channel') : null,
    country: wicedCountryText(place('country_code')),
  };
}

/** The entries of the list that name a network, in list order. */
export function decodeNetworks(list: Uint8Array, showSecrets: boolean): WifiNetwork[] {
  const size = dctRecord(ENTRY).size;
  const networks: WifiNetwork[] = [];
  for (let entry = 0; (entry + 1) * size <= list.length; entry++) {
    const network = decodeNetwork(list.subarray(entry * size, (entry + 1) * size), entry, showSecrets);
    if (network) networks.push(network);
  }
  return networks;
}

function decodeNetwork(bytes: Uint8Array, entry: number, showSecrets: boolean): WifiNetwork | null {
  const length = memberNumber(bytes, ACCESS_POINT, 'SSID.length');
  if (length === 0 || length > MAX_SSID_BYTES) return null;
  const bssid = memberBytes(bytes, ACCESS_POINT, 'BSSID');
  const keyLength = memberNumber(bytes, ENTRY, 'security_key_length');
  const key = memberBytes(bytes, ENTRY, 'security_key').subarray(0, Math.min(keyLength, MAX_KEY_BYTES));
  return {
    ssid: escapeText(memberBytes(bytes, ACCESS_POINT, 'SSID.value').subarray(0, length)),
    security: wifiSecurityName(memberNumber(bytes, ACCESS_POINT, 'security')),
    channel: memberNumber(bytes, ACCESS_POINT, 'channel'),
    bssid: isFilledWith(bssid, 0) || isFilledWith(bssid, 0xff) ? null : macText(bssid),
    entry,
    keyLength: Math.min(keyLength, MAX_KEY_BYTES),
    ...(showSecrets ? { key: escapeText(key) } : {}),
  };
}

/** The test of the firmware: entry 0 has an SSID length of 1 to 32, or a BSSID that is neither all zero nor all 0xFF. */
function hasAccessPoint(list: Uint8Array): boolean {
  const length = memberNumber(list, ACCESS_POINT, 'SSID.length');
  const bssid = memberBytes(list, ACCESS_POINT, 'BSSID');
  return (length > 0 && length <= MAX_SSID_BYTES) || !(isFilledWith(bssid, 0) || isFilledWith(bssid, 0xff));
}

/** Two letters and a revision number, as WICED packs them; null when blank or zero. */
export function wicedCountryText(bytes: Uint8Array): string | null {
  const [first, second, low, high] = [bytes[0] ?? 0, bytes[1] ?? 0, bytes[2] ?? 0, bytes[3] ?? 0];
  if (first === 0 || first === 0xff) return null;
  return `${escapeText(new Uint8Array([first, second]))}/${low + high * 256}`;
}
