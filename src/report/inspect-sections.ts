/**
 * The parts of `inspect` that are there only when they have something to say: container, reading faults, configuration,
 * device identity, option bytes, updates, resources and what nothing explains.
 */
import { formatAddress } from '../core/bytes.js';
import { escapeText } from '../core/text.js';
import { formatCount, wrapText } from '../core/words.js';
import type { InspectReport, LeftoverReport } from '../operations/inspect/report.js';
import type {
  DctSectionSummary,
  DctSummary,
  EepromSummary,
  IdentitySummary,
  OptionBytesSummary,
} from '../operations/inspect/summaries.js';
import { renderColumns } from './columns.js';
import { type Fact, listWords, plural, renderFacts } from './facts.js';
import type { Style } from './style.js';

export interface Section {
  readonly title: string;
  readonly body: string;
}

/** What the file format says beside bytes, and how the chip was read. */
export function readingSections({ container, acquisition }: InspectReport, width: number): Section[] {
  const sections: Section[] = [];
  const facts = container ? containerFacts(container) : [];
  if (facts.length > 0) sections.push({ title: 'Container', body: renderFacts(facts, width) });
  const sentences = [...(acquisition?.sentences ?? [])];
  if (acquisition?.judged === false) {
    sentences.push('The content was not judged: it shows how the chip was read, not what is on the board.');
  }
  if (sentences.length > 0) {
    const body = sentences.map((sentence) => wrapText(sentence, width, '  ')).join('\n');
    sections.push({ title: 'How it was read', body });
  }
  return sections;
}

/** Only plain values: lists of targets and segments have their place in the JSON document. */
function containerFacts(container: Readonly<Record<string, unknown>>): Fact[] {
  return Object.entries(container).flatMap(([name, value]): Fact[] => {
    if (typeof value === 'number') return [[spaced(name), name === 'size' ? formatCount(value) : hexId(value)]];
    if (typeof value === 'string' || typeof value === 'boolean') return [[spaced(name), escapeText(`${value}`)]];
    return [];
  });
}

function spaced(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, (_, before: string, after: string) => `${before} ${after.toLowerCase()}`);
}

function hexId(value: number): string {
  return `0x${value.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** What is stored on the device beside its firmware. */
export function configurationSections(report: InspectReport, width: number): Section[] {
  const { dct, dctSection, eeprom, identity, optionBytes, resources } = report;
  const sections: Section[] = [];
  const add = (title: string, facts: readonly Fact[]): void => {
    if (facts.length > 0) sections.push({ title, body: renderFacts(facts, width) });
  };
  add(
    'Resources',
    resources.map(({ name, version, built, inside, size }): Fact => {
      const words = [version === null ? 'version not found' : `version ${version}`, built ? `built ${built}` : ''];
      const bytes = size === null ? '' : `, ${formatCount(size)} bytes`;
      return [name, `${words.filter(Boolean).join(', ')}; in ${inside}${bytes}`];
    }),
  );
  if (dct) add('Device configuration (DCT)', dctFacts(dct));
  if (dctSection) add('Device configuration (application section)', valueFacts(dctSection));
  add('Updates', updateFacts(report));
  if (eeprom) add('EEPROM', eepromFacts(eeprom));
  if (identity) add('Device', identityFacts(identity));
  if (optionBytes) add('Option bytes', optionFacts(optionBytes));
  return sections;
}

function dctFacts(dct: DctSummary): Fact[] {
  const [first, second] = dct.copies;
  if (first === 'absent' && second === 'absent') return [];
  const { current } = dct;
  const facts: Fact[] = [['Copy in use', copyWords(dct)]];
  if (current === null) return [...facts, ...keptFacts(dct)];
  facts.push(...valueFacts(dct));
  const stale = staleSecrets(dct);
  if (stale) facts.push(['Old copy', stale]);
  return facts;
}

/** What a copy and an application section have in common; only a copy has networks. */
type Values = Pick<
  DctSummary | DctSectionSummary,
  | 'devicePrivateKey'
  | 'devicePublicKey'
  | 'devicePrivateKeyReason'
  | 'deviceKeyFingerprint'
  | 'serverPublicKey'
  | 'serverAddress'
  | 'serverPort'
  | 'claimed'
  | 'claimCode'
  | 'wifi'
  | 'antenna'
  | 'deviceId'
>;

function valueFacts(values: Values): Fact[] {
  const facts: Fact[] = [
    ['Device key', deviceKeyWords(values)],
    ['Server key', serverKeyWords(values.serverPublicKey)],
    ['Server address', addressWords(values)],
    ['Claim', claimWords(values)],
    ...wifiFacts(values),
  ];
  if (values.deviceId) facts.push(['Device ID', values.deviceId]);
  return facts;
}

function copyWords({ current, copies, why }: DctSummary): string {
  const [first, second] = copies;
  const state = (name: string): string => (name === 'absent' ? 'not in the input' : name);
  if (current === null) return `none (copy 1 is ${state(first)}, copy 2 is ${state(second)}). ${why.reason}`;
  const other = current === 1 ? `copy 2 is ${state(second)}` : `copy 1 is ${state(first)}`;
  return `copy ${current} (${other}). ${why.reason}`;
}

const KEY_STATES: Readonly<Record<string, string>> = {
  blank: 'not set (erased)',
  zero: 'not set (all zero)',
};

function deviceKeyWords(dct: Values): string {
  const { devicePrivateKey: kind, devicePublicKey: relation, devicePrivateKeyReason: reason } = dct;
  if (KEY_STATES[kind]) return KEY_STATES[kind];
  if (kind === 'invalid') return `not usable: ${reason}`;
  const pair =
    relation === 'matches-private'
      ? 'the public key belongs to it'
      : relation === 'mismatch'
        ? 'the public key does not belong to it'
        : `the public key is ${relation}`;
  return `${kind.toUpperCase()}, ${pair}; SHA-256 ${dct.deviceKeyFingerprint}`;
}

function serverKeyWords(kind: string): string {
  if (KEY_STATES[kind]) return KEY_STATES[kind];
  if (kind === 'particle-rsa') return "the RSA key of Particle's cloud";
  if (kind === 'particle-ec') return "the EC key of Particle's cloud, for boards that connect over UDP";
  return kind === 'other' ? 'not a key of Particle: the board connects to another cloud' : 'not usable';
}

function addressWords({ serverAddress, serverPort }: Values): string {
  if (serverAddress === null) return 'not set: the address built into the firmware is used';
  return serverPort === null ? `${serverAddress}, default port` : `${serverAddress}, port ${serverPort}`;
}

function claimWords({ claimed, claimCode }: Values): string {
  return `${claimed ? 'claimed' : 'not claimed'}, ${claimCode ? 'a claim code is stored' : 'no claim code'}`;
}

function wifiFacts({ wifi, antenna }: Values): Fact[] {
  if (!wifi) return [];
  const networks = wifi.networks.map(({ ssid, security, keyLength, ...network }) => {
    const revealed = 'key' in network && network.key ? `key ${network.key}` : 'key set';
    return `“${ssid}” (${security}, ${keyLength > 0 ? revealed : 'no key'})`;
  });
  const words = networks.length > 0 ? listWords(networks) : 'no network stored: the board goes to listening mode';
  const facts: Fact[] = [['Wi-Fi', words]];
  if (antenna !== null && !antenna.startsWith('default')) facts.push(['Antenna', antenna]);
  return facts;
}

/** What could still be saved when the firmware would use neither copy. */
function keptFacts({ kept }: DctSummary): Fact[] {
  return kept.flatMap((words, index): Fact[] =>
    words.length === 0 ? [] : [['Still there', `in copy ${index + 1}: ${listWords(words)}; lost once the board runs`]],
  );
}

function staleSecrets({ staleFields, current }: DctSummary): string {
  if (!staleFields) return '';
  const held = Object.entries(staleFields)
    .filter(([, field]) => field.secret && (field.state === 'set' || field.state === 'invalid'))
    .filter(([name, field]) => RECORD_SECRETS[name]?.test(field.value) ?? !name.includes('.'))
    .map(([name]) => secretTitle(name));
  if (held.length === 0) return '';
  return `copy ${current === 1 ? 2 : 1}, not in use, still holds ${listWords(held)}; see flashatlas dct show`;
}

/** How the words of a record tell that it holds secrets. */
const RECORD_SECRETS: Readonly<Record<string, RegExp>> = {
  'wifi.stored_ap_list': /, key /,
  eap_config: /password|identity/,
  'security.private_key': /^/,
  'security.cooee_key': /^/,
};

function secretTitle(name: string): string {
  if (name === 'wifi.stored_ap_list') return 'Wi-Fi passphrases';
  if (name === 'eap_config') return 'WPA Enterprise credentials';
  return `the ${name.replace(/^.*\./, '').replaceAll('_', ' ')}`;
}

function updateFacts({ pendingUpdate, dct }: InspectReport): Fact[] {
  const facts: Fact[] = [];
  if (pendingUpdate) {
    const { slot, source, destination, length, function: kind } = pendingUpdate;
    const move = `from ${formatAddress(source)} to ${formatAddress(destination)}`;
    facts.push([
      'Pending',
      `slot ${slot}: the bootloader copies a ${kind} of ${formatCount(length)} bytes ${move} at the next reset`,
    ]);
  }
  if (dct?.otaUpdate)
    facts.push(['Update flag', 'set: the firmware installs the module in the OTA region at its next start']);
  if (dct?.factoryResetRequested) facts.push(['Factory reset', 'requested: the bootloader does it at the next reset']);
  return facts;
}

function eepromFacts(eeprom: EepromSummary): Fact[] {
  const pages = `page 1 ${eeprom.page1}, page 2 ${eeprom.page2}`;
  if (eeprom.format === null) {
    const empty = eeprom.page1Content !== 'parked-module' && eeprom.page1Content !== 'other';
    return empty && eeprom.page2Content !== 'other' ? [['Content', 'never used: a program reads 255 everywhere']] : [];
  }
  const stored = Object.keys(eeprom.values).length;
  const older = eeprom.olderRecords > 0 ? `, ${plural(eeprom.olderRecords, 'older value')} still in flash` : '';
  const where =
    eeprom.activePage === null ? `no active page (${pages})` : `page ${eeprom.activePage} in use (${pages})`;
  const facts: Fact[] = [
    ['Content', `${plural(stored, 'byte')} stored in ${plural(eeprom.records, 'record')}${older}; ${where}`],
  ];
  if (eeprom.startUp.outcome !== 'normal') facts.push(['Next start', eeprom.startUp.message]);
  return facts;
}

function identityFacts({ deviceId, otp, uniqueId, flashSizeKiB }: IdentitySummary): Fact[] {
  const facts: Fact[] = [];
  if (uniqueId)
    facts.push(['Device ID', deviceId === null ? uniqueId.hint : `${deviceId}, from the chip. ${uniqueId.hint}`]);
  if (flashSizeKiB !== null) facts.push(['Flash size', `${flashSizeKiB} KiB, as the chip says`]);
  if (otp) {
    const { serialNumber: serial, deviceSecret: secret, blocks } = otp;
    facts.push(['Serial number', serial.text ?? (serial.state === 'blank' ? 'not written' : 'not readable as text')]);
    const hidden =
      secret.state === 'present' ? 'set' : secret.state === 'blank' ? 'not written' : 'not readable as text';
    facts.push(['Device secret (OTP)', secret.text ?? hidden]);
    const written = blocks.filter(({ state }) => state === 'written').length;
    const locked = blocks.filter(({ lock }) => lock === 'locked').length;
    facts.push(['OTP', `${written} of ${blocks.length} blocks written, ${locked} locked`]);
  }
  return facts;
}

function optionFacts(bytes: OptionBytesSummary): Fact[] {
  const { readProtection, brownOut, watchdog, sectors } = bytes;
  const closed = sectors.filter((sector) => sector.protected).map(({ number }) => number);
  const words = [
    `read protection level ${readProtection.level}`,
    `brown-out reset ${brownOut.level === 0 ? 'off' : `level ${brownOut.level}`}`,
    `watchdog started by ${watchdog}`,
    closed.length === 0
      ? 'no sector write-protected'
      : `write-protected: ${closed.length === 1 ? 'sector' : 'sectors'} ${closed.join(', ')}`,
  ];
  const facts: Fact[] = [[bytes.optcr, words.join(', ')]];
  if (bytes.pattern) facts.push(['Origin', `Particle firmware leaves it so: ${bytes.pattern.title}`]);
  return facts;
}

const MAX_LEFTOVERS = 24;

/** Stretches that no decoder claims, with a guess and its reason. */
export function leftoverSections({ leftovers }: InspectReport, width: number, style: Style): Section[] {
  if (leftovers.length === 0) return [];
  const shown = leftovers.slice(0, MAX_LEFTOVERS);
  const table = renderColumns(
    [
      { title: 'address' },
      { title: 'bytes', align: 'right' },
      { title: 'looks like' },
      { title: 'sure', align: 'right' },
      { title: 'because', width: Math.max(30, width - 60) },
    ],
    shown.map(leftoverRow),
    style,
  );
  const rest = leftovers.length - shown.length;
  const body =
    rest > 0
      ? `${table}\nand ${plural(rest, 'more stretch').replace(/stretchs$/, 'stretches')} (all of them with --json)`
      : table;
  return [{ title: 'Not explained by any decoder', body }];
}

function leftoverRow({ start, end, kind, confidence, reason }: LeftoverReport): string[] {
  const percent = `${Math.round(confidence * 100)} %`;
  return [formatAddress(start), formatCount(end - start), kind.replaceAll('-', ' '), percent, reason];
}
