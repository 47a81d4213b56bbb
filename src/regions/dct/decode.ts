/** Decoding the DCT of a board: both copies, which of them is current and why, and everything they say. */
import { readU16 } from '../../core/bytes.js';
import { type Range, rangeOf } from '../../core/range.js';
import { checkValue, storedCheckValue } from './check-value.js';
import {
  dcdCounter,
  dcdSeal,
  hasDcdFooter,
  hasDcdWatermark,
  isDcdCrcValid,
  isErased,
  selectElectron,
} from './electron.js';
import { keptContent } from './kept.js';
import { type DctValues, decodeValues } from './report.js';
import {
  type CopyBytes,
  type DctRules,
  type DctSelection,
  hasHeaderMagic,
  hasVersionMagic,
  isAcceptableBefore070,
  isUsableFrom070,
  SDK_VERSION,
  selectBefore070,
  selectFrom070,
} from './selection.js';
import { type DctStore, dctField, dctSection, requireCopySize } from './table.js';
import { viewApplication, viewCopy } from './view.js';

export interface DctInput {
  /** Bytes of sector 1 and sector 2 (16 384 each), or null when the image does not hold the sector. */
  readonly copy1: CopyBytes;
  readonly copy2: CopyBytes;
  /** Addresses of the copies; 0x08004000 and 0x08008000 on every supported board. */
  readonly address1: number;
  readonly address2: number;
  /** Rules of the firmware on the board; `unknown` evaluates both. */
  readonly rules: DctRules | 'unknown';
  /** 0.7.0-rc.1 to rc.6 and 0.8.0-rc.1, which lack the last rule. */
  readonly early?: boolean;
  /** Store of the board, for copies that do not tell by themselves; default: that of the Wi-Fi boards. */
  readonly store?: DctStore | undefined;
}

export interface DctOptions {
  /** Show keys, passphrases, codes and identities instead of their length. */
  readonly showSecrets?: boolean;
}

export type CopyState = 'current' | 'stale' | 'erased' | 'invalid' | 'write-incomplete' | 'absent';

export interface DctCopy {
  readonly number: 1 | 2;
  readonly address: number;
  readonly state: CopyState;
  /** `0x370`: with version record; `0x330`: without; null: no usable header, or another kind of store. */
  readonly format: '0x370' | '0x330' | null;
  /** A superseded copy is checked as it was before its mark was cleared. */
  readonly crc: 'ok' | 'bad' | null;
  readonly sequence: number | null;
  /** What the copy says; null when it is erased, absent or has no header. */
  readonly values: DctValues | null;
  /** What it holds that is worth saving, in words; found without a header too. */
  readonly kept: readonly string[];
}

export interface DctReport extends Readonly<{ [K in keyof DctValues]: DctValues[K] | null }> {
  readonly store: DctStore;
  readonly current: 1 | 2 | null;
  readonly copies: readonly [CopyState, CopyState];
  readonly why: {
    /** The rules applied; `assumed` when they were not given. */
    readonly rules: DctRules | 'electron';
    readonly assumed: boolean;
    readonly rule: number;
    readonly reason: string;
  };
  /** Both opinions, when the rules were not given and the two rule sets choose differently. */
  readonly disagreement: { readonly before070: DctSelection; readonly from070: DctSelection } | null;
  readonly format: DctCopy['format'];
  readonly crc: DctCopy['crc'];
  readonly sequence: number | null;
  readonly details: readonly [DctCopy, DctCopy];
}

/** Decodes both copies. @throws FormatError DCT_BAD_SIZE when a copy is not one whole sector. */
export function decodeDct(input: DctInput, options: DctOptions = {}): DctReport {
  const { store, why, current, disagreement } = chooseDctCopy(input);
  const details = [
    describeCopy(1, input.copy1, input.address1, store, current, why.rules, options),
    describeCopy(2, input.copy2, input.address2, store, current, why.rules, options),
  ] as const;
  const chosen = current === null ? null : details[current - 1];
  return {
    ...valuesOrNull(chosen?.values ?? null),
    store,
    current,
    copies: [details[0].state, details[1].state],
    why,
    disagreement,
    format: chosen?.format ?? null,
    crc: chosen?.crc ?? null,
    sequence: chosen?.sequence ?? null,
    details,
  };
}

/** The copies' own marks win over what the board is said to be. */
function storeOf({ copy1, copy2, store = 'wiced' }: DctInput): DctStore {
  if (hasDcdWatermark(copy1) || hasDcdWatermark(copy2)) return 'electron';
  return hasHeaderMagic(copy1) || hasHeaderMagic(copy2) ? 'wiced' : store;
}

/** Address range of a field in the current copy. @throws UsageError DCT_NO_FIELD. */
export function currentFieldRange(report: DctReport, key: string): Range {
  const field = dctField(key);
  const copy = report.details[(report.current ?? 1) - 1];
  const section = dctSection(report.store, field.section);
  return rangeOf((copy?.address ?? 0) + section.offset + field.offset, field.size);
}

/** Decodes a file that begins at the application section, as DFU alternate setting 1 gives it. */
export function decodeApplicationSection(bytes: Uint8Array, options: DctOptions = {}): DctValues {
  return decodeValues(viewApplication(bytes), options.showSecrets ?? false);
}

export type DctChoice = Pick<DctReport, 'store' | 'why' | 'current' | 'disagreement'>;

/** Which copy is current and why, without decoding what the copies say. @throws FormatError DCT_BAD_SIZE. */
export function chooseDctCopy(input: DctInput): DctChoice {
  if (input.copy1) requireCopySize(1, input.copy1);
  if (input.copy2) requireCopySize(2, input.copy2);
  const store = storeOf(input);
  return { store, ...(store === 'electron' ? chooseElectron(input) : choose(input)) };
}

type Choice = Pick<DctReport, 'why' | 'current' | 'disagreement'>;

function chooseElectron({ copy1, copy2 }: DctInput): Choice {
  const { current, rule, reason } = selectElectron(copy1, copy2);
  return { current, why: { rules: 'electron', assumed: false, rule, reason }, disagreement: null };
}

function choose({ copy1, copy2, rules, early }: DctInput): Choice {
  const before070 = selectBefore070(copy1, copy2);
  const from070 = selectFrom070(copy1, copy2, early);
  const assumed = rules === 'unknown';
  // A version record is written by 0.7.0 and later only, so it tells which firmware was there last but one.
  const recordSeen = hasVersionMagic(copy1) || hasVersionMagic(copy2);
  const applied = assumed ? (recordSeen ? 'from-0.7.0' : 'before-0.7.0') : rules;
  const chosen = applied === 'from-0.7.0' ? from070 : before070;
  const disagree = assumed && before070.current !== from070.current;
  return {
    current: chosen.current,
    why: { rules: applied, assumed, rule: chosen.rule, reason: chosen.reason },
    disagreement: disagree ? { before070, from070 } : null,
  };
}

function describeCopy(
  number: 1 | 2,
  bytes: CopyBytes,
  address: number,
  store: DctStore,
  current: 1 | 2 | null,
  rules: DctReport['why']['rules'],
  options: DctOptions,
): DctCopy {
  const state = current === number ? 'current' : idleState(bytes, store, rules);
  const hasHeader = store === 'electron' ? hasDcdWatermark(bytes) : hasHeaderMagic(bytes);
  const facts =
    bytes === null || !hasHeader ? NO_FACTS : store === 'electron' ? electronFacts(bytes) : recordFacts(bytes);
  const decoded = bytes && !isErased(bytes) ? decodeValues(viewCopy(bytes, store), options.showSecrets ?? false) : null;
  const kept = decoded ? keptContent(decoded, hasHeader) : [];
  return { number, address, state, ...facts, values: hasHeader ? decoded : null, kept };
}

/** State of a copy that is not the current one. */
function idleState(bytes: CopyBytes, store: DctStore, rules: DctReport['why']['rules']): CopyState {
  if (bytes === null) return 'absent';
  if (isErased(bytes)) return 'erased';
  if (store === 'electron') {
    const seal = dcdSeal(bytes);
    if (seal === 'writing') return 'write-incomplete';
    return seal === 'unknown' ? 'invalid' : 'stale';
  }
  if (!hasHeaderMagic(bytes)) return 'invalid';
  if (bytes[8] !== 0) return 'write-incomplete';
  if (rules === 'from-0.7.0' && !isUsableFrom070(bytes)) return 'invalid';
  return rules === 'before-0.7.0' && !isAcceptableBefore070(bytes) && bytes[9] !== 0 ? 'invalid' : 'stale';
}

type Facts = Pick<DctCopy, 'format' | 'crc' | 'sequence'>;
const NO_FACTS: Facts = { format: null, crc: null, sequence: null };

/** Version record of a copy with a header: its kind, whether the check value fits, its sequence. */
function recordFacts(copy: Uint8Array): Facts {
  const record = dctSection('wiced', 'version').offset;
  const version = readU16(copy, record + 6);
  if (!hasVersionMagic(copy) || version === 0 || version > SDK_VERSION) return { ...NO_FACTS, format: '0x330' };
  const sequence = copy[record + 13] as number;
  const stored = storedCheckValue(copy);
  if (copy[record + 12] === 1 && stored === 0) return { format: '0x370', crc: null, sequence };
  const superseded = copy[9] === 0 && stored === checkValue(copy, 1);
  return { format: '0x370', crc: superseded || stored === checkValue(copy) ? 'ok' : 'bad', sequence };
}

function electronFacts(copy: Uint8Array): Facts {
  if (!hasDcdFooter(copy)) return NO_FACTS;
  return { format: null, crc: isDcdCrcValid(copy) ? 'ok' : 'bad', sequence: dcdCounter(copy) };
}

/** The values of the current copy, or every one of them as null. */
function valuesOrNull(values: DctValues | null): Readonly<{ [K in keyof DctValues]: DctValues[K] | null }> {
  return values ?? NO_VALUES;
}

const NO_VALUES: Readonly<{ [K in keyof DctValues]: null }> = {
  devicePrivateKey: null,
  devicePrivateKeyReason: null,
  devicePublicKey: null,
  deviceKeyFingerprint: null,
  serverPublicKey: null,
  serverKeyFingerprint: null,
  serverAddress: null,
  serverPort: null,
  serverAddressState: null,
  altDevicePrivateKey: null,
  altDevicePublicKey: null,
  altServerPublicKey: null,
  altServerKeyFingerprint: null,
  altServerAddress: null,
  altServerPort: null,
  claimed: null,
  claimCode: null,
  ssidPrefix: null,
  deviceCode: null,
  deviceId: null,
  deviceSecret: null,
  versionString: null,
  productId: null,
  productVersion: null,
  country: null,
  countryRevision: null,
  antenna: null,
  cloudTransport: null,
  wifi: null,
  moduleSlots: null,
  pendingSlots: null,
  otaUpdate: null,
  factoryResetRequested: null,
  ledTheme: null,
  ipConfig: null,
  hostNames: null,
  enterprise: null,
  fields: null,
};
