/** The texts of `eeprom show` and `eeprom history`. */
import { formatAddress } from '../core/bytes.js';
import { formatCount, formatSize, nameInText, wrapText } from '../core/words.js';
import type { EepromInspection, IndexHistory, StoredValue } from '../operations/configuration/eeprom.js';
import type { Eeprom, EepromPage } from '../regions/eeprom/index.js';
import { renderColumns } from './columns.js';
import { listWords, plural } from './facts.js';
import { renderFindings, renderVerdict } from './findings.js';
import type { TextOptions } from './inspect.js';
import type { Style } from './style.js';

const BYTES_PER_ROW = 16;

export function renderEeprom(inspection: EepromInspection, { style, width }: TextOptions): string {
  const { source, eeprom, findings, verdict } = inspection;
  const sections = [
    `${style.bold(nameInText(source.input.path))}\n${source.words}`,
    titled('Pages', pageTable(eeprom, style), style),
    wrapText(standing(inspection), width),
  ];
  if (eeprom.format !== null) sections.push(titled('Content', contentText(eeprom, width), style));
  const recoverable = recoverableText(eeprom, width);
  if (recoverable) sections.push(titled('Also still there', recoverable, style));
  if (findings.length > 0) sections.push(titled('Findings', renderFindings(findings, style, width), style));
  sections.push(renderVerdict(verdict, findings, style));
  return `${sections.join('\n\n')}\n`;
}

function titled(title: string, body: string, style: Style): string {
  return `${style.bold(style.cyan(title))}\n${body}`;
}

function pageTable(eeprom: Eeprom, style: Style): string {
  const row = (page: EepromPage): string[] => [
    `${page.number}`,
    formatAddress(page.address),
    formatSize(page.size),
    page.content === 'eeprom' || page.content === 'erased' ? page.state : page.content.replace('-', ' '),
    page.content === 'absent' ? '' : formatCount(page.usedBytes),
    page.description,
  ];
  return renderColumns(
    [
      { title: 'page', align: 'right' },
      { title: 'address' },
      { title: 'size', align: 'right' },
      { title: 'state' },
      { title: 'bytes used', align: 'right' },
      { title: 'holds', width: 50 },
    ],
    [row(eeprom.page1), row(eeprom.page2)],
    style,
  );
}

function standing({ eeprom, readerReason }: EepromInspection): string {
  const { format, activeReason, end, startUp, records } = eeprom;
  if (format === null) {
    return `Neither page holds stored values: a program reads 255 everywhere. Next start: ${lowerFirst(startUp.current.message)}`;
  }
  const reader = format === 'legacy' ? 'firmware up to 0.4.9' : 'firmware from 0.5.0';
  const sentences = [
    `Read by the rules of ${reader}, ${readerReason}.`,
    activeReason,
    ...(end ? [`It holds ${plural(records.length, 'record')}. ${end.message}`] : []),
    `Next start: ${lowerFirst(startUp[format].message)}`,
  ];
  return sentences.join(' ');
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** Rows from the first to the last stored byte; rows without one are left out. */
function contentText({ logical, values, capacity }: Eeprom, width: number): string {
  if (values.size === 0) return `  All ${formatCount(capacity)} bytes read 255.`;
  const indices = [...values.keys()];
  const last = indices.at(-1) ?? 0;
  const rows: string[] = [];
  let skipped = false;
  for (let start = 0; start <= last; start += BYTES_PER_ROW) {
    const row = logical.subarray(start, start + BYTES_PER_ROW);
    if (row.every((byte) => byte === 0xff)) {
      if (!skipped) rows.push('  ...');
      skipped = true;
      continue;
    }
    skipped = false;
    rows.push(`  ${contentRow(start, row)}`);
  }
  const summary = `${plural(values.size, 'byte')} of ${formatCount(capacity)} stored, at index ${indices[0]} to ${last}; every other index reads 255.`;
  return `${rows.join('\n')}\n${wrapText(summary, width, '  ')}`;
}

function contentRow(start: number, row: Uint8Array): string {
  const hex = [...row].map((byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join(' ');
  const ascii = [...row].map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
  return `${`${start}`.padStart(4)}  ${hex.padEnd(BYTES_PER_ROW * 3 - 1)}  ${ascii}`;
}

function recoverableText(eeprom: Eeprom, width: number): string {
  const older = [...eeprom.history.values()].reduce((total, records) => total + records.length, 0);
  const texts = eeprom.recovered.map(({ page, records, differs, message }) => {
    const change =
      differs.length === 0
        ? 'They say the same as what is read now.'
        : `They differ at ${differs.length === 1 ? 'index' : 'the indices'} ${indexList(differs)}.`;
    return `${plural(records.length, 'record')} in page ${page}. ${message} ${change}`;
  });
  if (older > 0) texts.unshift(`${plural(older, 'older value')} of the same indices: see flashatlas eeprom history.`);
  return texts.map((text) => wrapText(text, width, '  ')).join('\n');
}

const MAX_INDICES = 12;

function indexList(indices: readonly number[]): string {
  if (indices.length <= MAX_INDICES) return listWords(indices.map(String));
  return `${indices.slice(0, MAX_INDICES).join(', ')} and ${indices.length - MAX_INDICES} more`;
}

export function renderHistory(histories: readonly IndexHistory[], index: number | undefined, style: Style): string {
  const changed = index === undefined ? histories.filter(({ older }) => older.length > 0) : histories;
  if (changed.length === 0) {
    return index === undefined
      ? 'No index has an older value.\n'
      : `Index ${index} has never been written: it reads 255.\n`;
  }
  const rows = changed.flatMap(({ index: number, current, older }) => [
    ...older.map((value) => historyRow(number, value, 'older')),
    historyRow(number, current, 'read now'),
  ]);
  const columns = [
    { title: 'index', align: 'right' as const },
    { title: 'address' },
    { title: 'value', align: 'right' as const },
    { title: 'hex' },
    { title: 'text' },
    { title: '' },
  ];
  return `${renderColumns(columns, rows, style)}\n`;
}

function historyRow(index: number, { value, address }: StoredValue, when: string): string[] {
  const text = value >= 0x20 && value < 0x7f ? String.fromCharCode(value) : '.';
  const hex = value.toString(16).toUpperCase().padStart(2, '0');
  return [`${index}`, formatAddress(address), `${value}`, hex, text, when];
}
