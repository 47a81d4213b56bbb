/** The values of one DCT copy under the names the JSON reports use. */
import type { KeyKind } from '../keys/describe.js';
import { recognizeServerKey, type ServerKeyKind } from '../keys/known.js';
import {
  decodeCountry,
  decodeDeviceCode,
  decodeDeviceId,
  decodeHostNames,
  decodeIpConfig,
  decodeLedTheme,
  decodeModuleSlots,
  decodeProduct,
  decodeServerAddress,
  type IpConfig,
  isDeviceSecret,
  type LedSignal,
  type ModuleSlot,
} from './application.js';
import { type PublicKeyRelation, privateKeyOf, publicKeyOf, relationOf } from './key-fields.js';
import { dctField, dctFields, fieldKey } from './table.js';
import {
  type FieldState,
  fillState,
  lengthTextValue,
  memberNumber,
  textValue,
  untilFiller,
  valueWord,
} from './values.js';
import { bytesOf, type DctView, fieldBytes, sectionBytes } from './view.js';
import { decodeWifi, type WifiValues } from './wifi.js';
import { isSecretField, leafWords } from './words.js';

export interface FieldValue {
  /** In words; never secret content unless it was asked for. */
  readonly value: string;
  readonly state: FieldState;
  /** The field holds bytes that must not be shown. */
  readonly secret: boolean;
  /** Secret content is there and was left out of `value`. */
  readonly masked: boolean;
}

/** What one copy says. A value the input does not hold, or the firmware would not use, is null. */
export interface DctValues {
  readonly devicePrivateKey: KeyKind;
  /** Why the private key is invalid; null otherwise. */
  readonly devicePrivateKeyReason: string | null;
  readonly devicePublicKey: PublicKeyRelation;
  /** SHA-256 of the public half that belongs to the private key. */
  readonly deviceKeyFingerprint: string | null;
  readonly serverPublicKey: ServerKeyKind;
  readonly serverKeyFingerprint: string | null;
  readonly serverAddress: string | null;
  /** Null: the default port. */
  readonly serverPort: number | null;
  readonly serverAddressState: 'blank' | 'zero' | 'set' | 'invalid';
  readonly altDevicePrivateKey: KeyKind;
  readonly altDevicePublicKey: PublicKeyRelation;
  readonly altServerPublicKey: ServerKeyKind;
  readonly altServerKeyFingerprint: string | null;
  readonly altServerAddress: string | null;
  readonly altServerPort: number | null;
  readonly claimed: boolean;
  /** A claim code is present. */
  readonly claimCode: boolean;
  readonly ssidPrefix: string | null;
  readonly deviceCode: string | null;
  readonly deviceId: string | null;
  /** A device secret that overrides the one in OTP is present. */
  readonly deviceSecret: boolean;
  readonly versionString: string | null;
  readonly productId: number | null;
  readonly productVersion: number | null;
  /** Two letters; null: Japan. */
  readonly country: string | null;
  readonly countryRevision: string | null;
  readonly antenna: string;
  /** What the Electron connects over; other boards always use TCP. */
  readonly cloudTransport: 'tcp' | 'default';
  /** Null in a file that holds the application section only. */
  readonly wifi: WifiValues | null;
  /** Slots that are not free. */
  readonly moduleSlots: readonly ModuleSlot[];
  /** Slots the bootloader copies at the next reset. */
  readonly pendingSlots: readonly ModuleSlot[];
  /** The firmware installs the module in the OTA region at its next start. */
  readonly otaUpdate: boolean;
  /** A factory reset was requested in the flags kept in flash up to 0.6.4. */
  readonly factoryResetRequested: boolean;
  readonly ledTheme: readonly LedSignal[] | null;
  /** Static addresses; null: DHCP. */
  readonly ipConfig: IpConfig | null;
  readonly hostNames: readonly string[];
  readonly enterprise: { readonly type: string; readonly passwordSet: boolean } | null;
  /** Every field of the table by its key. */
  readonly fields: Readonly<Record<string, FieldValue>>;
}

const ERASED_FIELD = new Uint8Array(0);

/** Decodes everything a view holds. */
export function decodeValues(view: DctView, showSecrets: boolean): DctValues {
  return {
    ...keyValues(view),
    ...identityValues(view),
    ...systemValues(view),
    wifi: wifiOf(view, showSecrets),
    fields: fieldValues(view, showSecrets),
  };
}

function keyValues(view: DctView) {
  const privateKey = privateKeyOf(view, 'device_private_key');
  const publicKey = publicKeyOf(view, 'device_public_key');
  const altPrivateKey = privateKeyOf(view, 'alt_device_private_key');
  const altPublicKey = publicKeyOf(view, 'alt_device_public_key');
  const serverKey = publicKeyOf(view, 'server_public_key');
  const altServerKey = publicKeyOf(view, 'alt_server_public_key');
  const address = addressOf(view, 'server_address');
  const altAddress = addressOf(view, 'alt_server_address');
  return {
    devicePrivateKey: privateKey?.kind ?? 'blank',
    devicePrivateKeyReason: privateKey?.reason ?? null,
    devicePublicKey: publicKey && privateKey ? relationOf(publicKey, privateKey) : 'blank',
    deviceKeyFingerprint: privateKey?.fingerprint ?? null,
    serverPublicKey: serverKey ? recognizeServerKey(serverKey) : 'blank',
    serverKeyFingerprint: serverKey?.fingerprint ?? null,
    serverAddress: address?.address ?? null,
    serverPort: address?.port ?? null,
    serverAddressState: address?.state ?? 'blank',
    altDevicePrivateKey: altPrivateKey?.kind ?? 'blank',
    altDevicePublicKey: altPublicKey && altPrivateKey ? relationOf(altPublicKey, altPrivateKey) : 'blank',
    altServerPublicKey: altServerKey ? recognizeServerKey(altServerKey) : 'blank',
    altServerKeyFingerprint: altServerKey?.fingerprint ?? null,
    altServerAddress: altAddress?.address ?? null,
    altServerPort: altAddress?.port ?? null,
  } as const;
}

function addressOf(view: DctView, key: string) {
  const bytes = bytesOf(view, key);
  return bytes && decodeServerAddress(bytes);
}

/** Runs a decoder on a field, or gives null when the input does not hold the field. */
function from<V>(view: DctView, key: string, decode: (bytes: Uint8Array) => V): V | null {
  const bytes = bytesOf(view, key);
  return bytes && decode(bytes);
}

function identityValues(view: DctView) {
  const country = from(view, 'country_code', decodeCountry);
  return {
    claimed: from(view, 'claimed', (bytes) => bytes[0] === 0x31) ?? false,
    claimCode: from(view, 'claim_code', (bytes) => untilFiller(bytes).length > 0) ?? false,
    ssidPrefix: from(view, 'ssid_prefix', lengthTextValue),
    deviceCode: from(view, 'device_code', decodeDeviceCode),
    deviceId: from(view, 'device_id', decodeDeviceId),
    deviceSecret: from(view, 'device_secret', isDeviceSecret) ?? false,
    versionString: from(view, 'version_string', textValue),
    productId: from(view, 'product_store', (bytes) => decodeProduct(bytes, 'productId')),
    productVersion: from(view, 'product_store', (bytes) => decodeProduct(bytes, 'productVersion')),
    country: country?.country ?? null,
    countryRevision: country?.revision ?? null,
  };
}

const FACTORY_RESET_REQUEST = 0xaaaa;
const FLAGS_IN_USE = 0x1adeacc0;

function systemValues(view: DctView) {
  const moduleSlots = (from(view, 'flash_modules', decodeModuleSlots) ?? []).filter(({ state }) => state !== 'free');
  const flags = bytesOf(view, 'system_flags');
  return {
    antenna: antennaOf(view),
    cloudTransport: from(view, 'cloud_transport', (bytes) => bytes[0] === 0) ? ('tcp' as const) : ('default' as const),
    moduleSlots,
    pendingSlots: moduleSlots.filter(({ state }) => state === 'pending'),
    otaUpdate: from(view, 'ota_update_flag', (bytes) => bytes[0] === 0xa5) ?? false,
    factoryResetRequested:
      flags !== null &&
      memberNumber(flags, 'platform_system_flags_t', 'header') === FLAGS_IN_USE &&
      memberNumber(flags, 'platform_system_flags_t', 'Factory_Reset_SysFlag') === FACTORY_RESET_REQUEST,
    ledTheme: from(view, 'led_theme', decodeLedTheme),
    ipConfig: from(view, 'ip_config', staticAddresses),
    hostNames: from(view, 'dns_resolve', decodeHostNames) ?? [],
    enterprise: from(view, 'eap_config', enterpriseOf),
  };
}

function staticAddresses(bytes: Uint8Array): IpConfig | null {
  const config = decodeIpConfig(bytes);
  return config.mode === 'static' ? config : null;
}

function antennaOf(view: DctView): string {
  const field = dctField('antenna_selection');
  const value = fieldBytes(view, field)?.[0] ?? 0xff;
  if (value === 0xff) return 'default';
  return valueWord(field, value) ?? `unknown (${value})`;
}

function enterpriseOf(bytes: Uint8Array): { type: string; passwordSet: boolean } | null {
  if (fillState(bytes) !== 'set') return null;
  const type = memberNumber(bytes, 'eap_config_t', 'type');
  if (type === 0 || type === 0xff) return null;
  const name = type === 13 ? 'EAP-TLS' : type === 25 ? 'PEAP' : `EAP type ${type}`;
  return { type: name, passwordSet: memberNumber(bytes, 'eap_config_t', 'security_key_len') > 0 };
}

function wifiOf(view: DctView, showSecrets: boolean): WifiValues | null {
  const section = view.sections.has('wifi') ? sectionBytes(view, 'wifi') : null;
  return section && decodeWifi(section, showSecrets);
}

/** Every field of the sections in the view, and of the application section in any case. */
function fieldValues(view: DctView, showSecrets: boolean): Record<string, FieldValue> {
  const values: Record<string, FieldValue> = {};
  for (const name of view.sections.keys()) {
    for (const field of dctFields(name)) {
      const bytes = fieldBytes(view, field);
      const secret = isSecretField(field);
      const { value, state } = bytes
        ? leafWords(field, bytes, showSecrets)
        : { value: 'not in the input', state: 'absent' as const };
      const hasContent = fillState(bytes ?? ERASED_FIELD) === 'set' && bytes !== null;
      values[fieldKey(field)] = { value, state, secret, masked: secret && hasContent && !showSecrets };
    }
  }
  return values;
}
