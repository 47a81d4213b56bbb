/** The texts of `dct show` and `dct get`. */
import { formatAddress } from '../core/bytes.js';
import { formatCount, nameInText, wrapText } from '../core/words.js';
import type { DctCopyView, DctFieldReport, DctInspection } from '../operations/configuration/dct.js';
import type { DctLeftover } from '../operations/configuration/leftovers.js';
import type { DctReport } from '../regions/dct/decode.js';
import type { WifiValues } from '../regions/dct/wifi.js';
import { renderColumns } from './columns.js';
import { type Fact, listWords, renderFacts } from './facts.js';
import { renderFindings, renderVerdict } from './findings.js';
import type { TextOptions } from './inspect.js';
import { keyFact } from './keys.js';
import type { Style } from './style.js';

/** What belongs together for a reader; fields that are blank are named in one line. */
const GROUPS: readonly { readonly title: string; readonly fields: readonly string[] }[] = [
  {
    title: 'Cloud',
    fields: ['server_address', 'alt_server_address', 'cloud_transport', 'claimed', 'claim_code'],
  },
  {
    title: 'Wi-Fi',
    fields: [
      'wifi.device_configured',
      'wifi.config_ap_settings',
      'wifi.country_code',
      'country_code',
      'antenna_selection',
      'ip_config',
      'eap_config',
      'security.private_key',
      'security.certificate',
    ],
  },
  {
    title: 'Identity',
    fields: [
      'device_id',
      'device_code',
      'ssid_prefix',
      'device_secret',
      'product_store',
      'version_string',
      'wifi.mac_address',
    ],
  },
  { title: 'Updates', fields: ['flash_modules', 'ota_update_flag', 'system_flags'] },
  {
    title: 'Settings',
    fields: [
      'feature_flags',
      'dns_resolve',
      'radio_flags',
      'mode_button_mirror',
      'led_mirror',
      'led_theme',
      'power_config',
      'ext_low_speed_clock_disable',
    ],
  },
];

export interface DctTextOptions extends TextOptions {
  /** The copy whose values are shown. Null when none can be read. */
  readonly copy: DctCopyView | null;
  readonly fields: readonly DctFieldReport[];
  readonly all: boolean;
}

export function renderDct(inspection: DctInspection, options: DctTextOptions): string {
  const { style, width, copy, fields } = options;
  const sections = [heading(inspection, style)];
  if (inspection.report) sections.push(titled('Copies', copiesText(inspection, width, style), style));
  if (copy && options.all) {
    sections.push(titled(`All fields${ofCopy(inspection, copy)}`, fieldTable(fields, style), style));
  } else if (copy) {
    if (inspection.report) sections.push(wrapText(shownCopy(inspection, copy), width));
    const keys = copy.keys.filter(({ state, role }) => state !== 'missing' || !role.startsWith('alt'));
    const facts = keys.flatMap((key): Fact[] => keyFact(key));
    sections.push(titled('Keys', renderFacts(facts, width), style));
    for (const { title, fields: names } of GROUPS) {
      const text = groupText(title, names, copy, fields, width);
      if (text) sections.push(titled(title, text, style));
    }
  }
  if (inspection.leftovers.length > 0) {
    sections.push(titled('Left over', leftoverTexts(inspection.leftovers, width), style));
  }
  if (inspection.findings.length > 0) {
    sections.push(titled('Findings', renderFindings(inspection.findings, style, width), style));
  }
  if (inspection.report) sections.push(renderVerdict(inspection.verdict, inspection.findings, style));
  return `${sections.join('\n\n')}\n`;
}

function titled(title: string, body: string, style: Style): string {
  return `${style.bold(style.cyan(title))}\n${body}`;
}

function heading({ source, store }: DctInspection, style: Style): string {
  const kind = store === 'electron' ? ', store of the Electron' : '';
  return `${style.bold(nameInText(source.input.path))}\n${source.words}${kind}`;
}

function copiesText({ copies, report, source }: DctInspection, width: number, style: Style): string {
  const rows = copies.map(({ number, address, state, format, crc, sequence }) => [
    `${number}`,
    address === null ? '' : formatAddress(address),
    state === 'absent' ? 'not in the input' : state,
    format === '0x370' ? 'with version record' : format === '0x330' ? 'without version record' : '',
    crc ?? '',
    sequence === null ? '' : `${sequence}`,
  ]);
  const table = renderColumns(
    [
      { title: 'copy', align: 'right' },
      { title: 'address' },
      { title: 'state' },
      { title: 'layout' },
      { title: 'check value' },
      { title: 'sequence', align: 'right' },
    ],
    rows,
    style,
  );
  if (!report) return table;
  const { rules, assumed, reason } = report.why;
  const chosen = report.current === null ? 'No copy is in use' : `Copy ${report.current} is in use`;
  const sentences = [`${chosen}: ${lowerFirst(reason)}`, ...rulesSentence(rules, assumed, source.form)];
  if (report.disagreement) {
    const { before070, from070 } = report.disagreement;
    const name = (current: 1 | 2 | null): string => (current === null ? 'none' : `copy ${current}`);
    sentences.push(
      `Firmware before 0.7.0 would use ${name(before070.current)}, firmware from 0.7.0 ${name(from070.current)}.`,
    );
  }
  return `${table}\n${wrapText(sentences.join(' '), width)}`;
}

function rulesSentence(rules: DctReport['why']['rules'], assumed: boolean, form: string): string[] {
  if (rules === 'electron') return [];
  const firmware = rules === 'from-0.7.0' ? 'firmware from 0.7.0' : 'firmware before 0.7.0';
  if (!assumed) return [`That is how ${firmware} chooses, which the system parts here belong to.`];
  const why =
    form === 'flash-dump' ? 'the system parts do not tell which firmware runs' : 'there is no system firmware here';
  return [`That is how ${firmware} chooses, assumed because ${why}.`];
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function ofCopy(inspection: DctInspection, copy: DctCopyView): string {
  return inspection.report ? ` of copy ${copy.number} (${copy.state})` : '';
}

function shownCopy({ chosen }: DctInspection, copy: DctCopyView): string {
  if (copy === chosen) return `What copy ${copy.number} says:`;
  return `What copy ${copy.number} says (${copy.state}, so the firmware does not use it):`;
}

function groupText(
  title: string,
  names: readonly string[],
  copy: DctCopyView,
  all: readonly DctFieldReport[],
  width: number,
): string {
  const fields = names.flatMap((name) => all.find(({ key }) => key === name) ?? []);
  const facts: Fact[] = title === 'Wi-Fi' ? networkFacts(copy) : [];
  const blank: string[] = [];
  for (const field of fields) {
    if (saysSomething(field)) facts.push([field.title, field.value]);
    else if (field.state !== 'absent') blank.push(lowerTitle(field.title));
  }
  if (blank.length > 0) facts.push(['Not set', blank.join(', ')]);
  return facts.length > 0 ? renderFacts(facts, width) : '';
}

/** Fields whose blank content has a meaning of its own are always worth a line. */
const ALWAYS: ReadonlySet<string> = new Set(['claimed', 'server_address', 'antenna_selection', 'ota_update_flag']);

function saysSomething({ key, state }: DctFieldReport): boolean {
  return ALWAYS.has(key) || state === 'set' || state === 'invalid';
}

function lowerTitle(title: string): string {
  // Abbreviations and names keep their capitals.
  return /^(?:[A-Z]{2}|WPA|EAP|Wi-Fi)/.test(title) ? title : lowerFirst(title);
}

function networkFacts({ values }: DctCopyView): Fact[] {
  const wifi = values?.wifi;
  if (!wifi) return [];
  const point = wifi.softApSsid === null ? [] : [accessPointFact(wifi)];
  if (wifi.networks.length === 0) return [['Stored networks', 'none: the board goes to listening mode'], ...point];
  const stored = wifi.networks.map(({ ssid, security, channel, keyLength, key }, index): Fact => {
    const passphrase = keyLength === 0 ? 'no key' : key === undefined ? `key set, ${keyLength} bytes` : `key ${key}`;
    const words = [security, channel > 0 ? `channel ${channel}` : 'channel not recorded', passphrase];
    return [`Network ${index + 1}`, `“${ssid}”: ${words.join(', ')}`];
  });
  return [...stored, ...point];
}

function accessPointFact({ softApSsid, softApSecurity, softApChannel }: WifiValues): Fact {
  return ['Listening-mode access point', `“${softApSsid}”: ${softApSecurity}, channel ${softApChannel}`];
}

export function leftoverTexts(leftovers: readonly DctLeftover[], width: number): string {
  const copies = [...new Set(leftovers.map(({ copy }) => copy))];
  return copies.map((copy) => wrapText(leftoverSentence(copy, leftovers), width, '  ')).join('\n');
}

function leftoverSentence(copy: 1 | 2, leftovers: readonly DctLeftover[]): string {
  const own = leftovers.filter((leftover) => leftover.copy === copy);
  const same = own.filter((leftover) => leftover.same === true).map(({ what }) => what);
  const other = own.filter((leftover) => leftover.same !== true).map(({ what }) => what);
  const lists = [
    ...(other.length > 0 ? [listWords(other)] : []),
    ...(same.length > 0 ? [`${listWords(same)}, the same as in the copy in use`] : []),
  ];
  return `Copy ${copy}, which is not in use, still holds ${lists.join('; and ')}. They stay readable until its sector is erased.`;
}

function fieldTable(fields: readonly DctFieldReport[], style: Style): string {
  const placed = fields.some(({ address }) => address !== null);
  return renderColumns(
    [
      { title: placed ? 'address' : 'offset' },
      { title: 'size', align: 'right' },
      { title: 'field' },
      { title: 'state' },
      { title: 'value', width: 72 },
    ],
    fields.map(({ key, address, offset, size, state, value }) => [
      address === null ? `${offset}` : formatAddress(address),
      formatCount(size),
      key,
      state,
      value,
    ]),
    style,
  );
}

/** Rows of 16 bytes, offsets from the start of the field. */
export function renderHexRows(bytes: Uint8Array): string {
  const rows: string[] = [];
  for (let start = 0; start < bytes.length; start += 16) {
    const row = bytes.subarray(start, start + 16);
    const hex = [...row].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const ascii = [...row].map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    rows.push(`${start.toString(16).padStart(4, '0')}  ${hex.padEnd(47)}  ${ascii}`);
  }
  return rows.join('\n');
}
