/** The difference of two inputs as text: the answer first, then region by region, then what it takes to get from a to b. */
import { formatAddress, formatRange } from '../core/bytes.js';
import { bytesWords, formatCount, listWords, nameInText, wrapText } from '../core/words.js';
import type { DctDifference, DctFieldChange } from '../operations/diff/dct.js';
import type { Difference } from '../operations/diff/diff.js';
import type { EepromDifference } from '../operations/diff/eeprom.js';
import type { OptionDifference } from '../operations/diff/option-bytes.js';
import type { RegionDifference } from '../operations/diff/regions.js';
import type { SectorAction, SectorDifference } from '../operations/diff/sectors.js';
import type { Side } from '../operations/diff/side.js';
import { dctWords, eepromWords } from '../operations/diff/summary.js';
import { renderColumns } from './columns.js';
import { renderFindings } from './findings.js';
import type { Style } from './style.js';
import type { Column } from './table.js';

export interface DiffView {
  readonly style: Style;
  readonly width: number;
}

/** Rows of a list that are shown; the rest is counted. */
const LISTED = 12;

export function renderDiff(difference: Difference, view: DiffView): string {
  const { style, width } = view;
  const answer = wrapText(difference.summary, width);
  const sections = [
    [inputLine('a', difference.a, style), inputLine('b', difference.b, style)].join('\n'),
    difference.equal ? style.green(answer) : answer,
    difference.notes.map((note) => wrapText(note, width)).join('\n'),
    difference.findings.length > 0 ? renderFindings(difference.findings, style, width) : '',
    ...(difference.equal ? [] : detailsOf(difference, view)),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function detailsOf(difference: Difference, view: DiffView): string[] {
  const { dct, eeprom, optionBytes, regions, sectors } = difference;
  return [
    titled('Regions', regionTable(difference, view), view),
    dct && dctChanged(dct) ? titled('DCT', dctText(dct, view), view) : '',
    eeprom && eeprom.changes.length > 0 ? titled('EEPROM', eepromTable(eeprom, view), view) : '',
    optionBytes ? titled('Option bytes', optionText(optionBytes, view), view) : '',
    sectors.some(({ action }) => action !== 'same' && action !== 'absent')
      ? titled('From a to b', sectorText(difference, view), view)
      : '',
    titled('Where', rangeTable(regions, view), view),
  ];
}

function titled(title: string, text: string, { style }: DiffView): string {
  return text === '' ? '' : `${style.bold(style.cyan(title))}\n${text}`;
}

const KIND_WORDS: Readonly<Record<Side['kind'], string>> = {
  'flash-dump': 'flash dump',
  module: 'module',
  image: 'image',
  'dct-section': 'DCT application section',
  'option-bytes': 'option bytes',
  unknown: 'unknown content',
};

function inputLine(name: string, { input, kind, placed }: Side, style: Style): string {
  const { image } = placed;
  const ranges = image.ranges();
  const first = ranges[0];
  const place =
    first === undefined || placed.base === null
      ? ''
      : ranges.length === 1
        ? ` at ${formatRange(first)}`
        : ` in ${ranges.length} ranges from ${formatAddress(first.start)}`;
  return `${style.bold(name)}  ${nameInText(input.path)}: ${KIND_WORDS[kind]}, ${bytesWords(image.byteCount)}${place}`;
}

const REGION_COLUMNS: readonly Column[] = [
  { title: 'Region' },
  { title: 'Addresses' },
  { title: 'Differ', align: 'right' },
];

function regionTable(difference: Difference, { style, width }: DiffView): string {
  const { regions, moved } = difference;
  const names = Math.max(...regions.map(({ id }) => id.length), 6);
  const what = { title: 'What', width: Math.max(30, width - names - 34) };
  const shown = regions.filter((region) => region.changed || region.a !== 'absent' || region.b !== 'absent');
  const rows = shown.map((region) => {
    const from = moved.find(({ to }) => to === region.id);
    const words = [whatWords(region, difference), ...(from ? [`what ${from.from} held in a`] : [])].join('; ');
    return [region.id, formatRange(region), region.changed ? differingWords(region) : '-', words];
  });
  return renderColumns([...REGION_COLUMNS, what], rows, style);
}

function differingWords({ bytes, onlyA, onlyB }: RegionDifference): string {
  return formatCount(bytes + onlyA + onlyB);
}

function whatWords(region: RegionDifference, { dct, eeprom, modules }: Difference): string {
  if (region.text === null) {
    const same = modules.find(({ change, b }) => change === 'same' && b?.region === region.id);
    if (same) return same.text;
    return region.a === 'erased' ? 'equal (erased)' : 'equal';
  }
  if (region.role === 'dct' && dct && region.bytes > 0) return dctWords(dct);
  if (region.role === 'eeprom' && eeprom && region.bytes > 0) return eepromWords(eeprom);
  return region.text;
}

function dctChanged({ changes, currentCopy, consequences, unnamedBytes }: DctDifference): boolean {
  return changes.length > 0 || consequences.length > 0 || unnamedBytes > 0 || currentCopy[0] !== currentCopy[1];
}

function dctText(dct: DctDifference, view: DiffView): string {
  const { changes, consequences, bookkeeping, unnamedBytes, currentCopy } = dct;
  const lines: string[] = [];
  if (changes.length > 0) lines.push(fieldTable(changes, view));
  if (unnamedBytes > 0) lines.push(`${bytesWords(unnamedBytes)} that belong to no field differ too.`);
  for (const sentence of consequences) lines.push(wrapText(sentence, view.width));
  // A table that was not there before has all its marks to itself; only those that moved on tell something.
  if (bookkeeping.length > 0 && !currentCopy.includes(null)) {
    const marks = bookkeeping.map(({ field, before, after }) =>
      before.length + after.length > 40 ? field : `${field} ${before} -> ${after}`,
    );
    lines.push(wrapText(`This follows from the write: ${marks.join(', ')}.`, view.width));
  }
  return lines.join('\n');
}

function fieldTable(changes: readonly DctFieldChange[], { style, width }: DiffView): string {
  const names = Math.max(...changes.map(({ field }) => field.length));
  const half = Math.max(20, Math.floor((width - names - 4) / 2));
  const columns = [{ title: 'Field' }, { title: 'a', width: half }, { title: 'b', width: half }];
  return renderColumns(
    columns,
    changes.map(({ field, before, after }) => [field, cut(before), cut(after)]),
    style,
  );
}

/** A SHA-256, and as much of it as tells two apart. */
const FINGERPRINT = /\b([0-9a-f]{16})[0-9a-f]{48}\b/g;

/** Long values are there to be told apart, not to be read whole; --json has them. */
function cut(value: string): string {
  const text = value.replace(FINGERPRINT, '$1...');
  return text.length > 200 ? `${text.slice(0, 197)}...` : text;
}

function eepromTable({ changes }: EepromDifference, { style }: DiffView): string {
  const columns: readonly Column[] = [
    { title: 'Index', align: 'right' },
    { title: 'a', align: 'right' },
    { title: 'b', align: 'right' },
  ];
  const rows = changes
    .slice(0, LISTED)
    .map(({ index, before, after }) => [`${index}`, valueWords(before), valueWords(after)]);
  const more = changes.length > LISTED ? `\n${formatCount(changes.length - LISTED)} more values differ.` : '';
  return renderColumns(columns, rows, style) + more;
}

function valueWords(value: number | null): string {
  return value === null ? '255 (nothing stored)' : `${value}`;
}

function optionText({ changes, optcr }: OptionDifference, { style }: DiffView): string {
  const [before, after] = optcr;
  if (before === null || after === null) {
    return `Only ${before === null ? 'b' : 'a'} has option bytes: ${before ?? after}.`;
  }
  if (changes.length === 0) return `Equal: ${before}.`;
  const columns = [{ title: 'Setting' }, { title: 'a' }, { title: 'b' }];
  const rows = changes.map(({ name, before: old, after: now }) => [name, old, now]);
  return renderColumns(columns, [['FLASH_OPTCR', before, after], ...rows], style);
}

const ACTION_WORDS: Readonly<Record<SectorAction, string>> = {
  same: '',
  absent: '',
  program: 'program only: bits go from 1 to 0',
  erase: 'erase, then program: bits go from 0 to 1',
  unknown: 'erase, then program: a does not say what is there',
};

function sectorText({ sectors, sectorsToErase }: Difference, { style, width }: DiffView): string {
  const columns: readonly Column[] = [
    { title: 'Sector', align: 'right' },
    { title: 'Addresses' },
    { title: 'Differ', align: 'right' },
    { title: 'What it takes' },
  ];
  const touched = sectors.filter(({ action }) => ACTION_WORDS[action] !== '');
  const rows = touched.map((sector) => [
    `${sector.number}`,
    formatRange(sector),
    formatCount(sector.changed + sector.onlyB),
    takesWords(sector),
  ]);
  const programmed = touched.filter(({ action }) => action === 'program').map(({ number }) => `${number}`);
  const answer = [
    sectorsToErase.length > 0
      ? `To turn a into b, ${sectorWords(sectorsToErase.map(String))} must be erased.`
      : 'Nothing has to be erased to turn a into b.',
    ...(programmed.length > 0
      ? [`${capital(sectorWords(programmed))} can be programmed as ${programmed.length === 1 ? 'it is' : 'they are'}.`]
      : []),
    'All other sectors can stay as they are.',
  ];
  return `${renderColumns(columns, rows, style)}\n${wrapText(answer.join(' '), width)}`;
}

function takesWords({ action, eraseOnly, atRisk }: SectorDifference): string {
  const erases = action === 'erase' || action === 'unknown';
  const words = eraseOnly ? 'erase: what differs is blank in b' : ACTION_WORDS[action];
  return erases && atRisk > 0 ? `${words}; ${bytesWords(atRisk)} of a that b does not define are lost` : words;
}

function sectorWords(numbers: readonly string[]): string {
  return `sector${numbers.length === 1 ? '' : 's'} ${listWords(numbers)}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const RANGE_WORDS = { changed: 'differ', 'only-a': 'only in a', 'only-b': 'only in b' } as const;

function rangeTable(regions: readonly RegionDifference[], { style }: DiffView): string {
  const all = distinctRanges(regions);
  if (all.length === 0) return '';
  const columns: readonly Column[] = [
    { title: 'Addresses' },
    { title: 'Bytes', align: 'right' },
    { title: '' },
    { title: 'Region' },
  ];
  const rows = all
    .slice(0, LISTED)
    .map(({ region, range }) => [formatRange(range), formatCount(range.bytes), RANGE_WORDS[range.kind], region]);
  const rest = all.length - LISTED;
  const more =
    rest > 0
      ? `\n${formatCount(rest)} more range${rest === 1 ? '' : 's'}: --hex shows the bytes, --json lists all.`
      : '';
  return renderColumns(columns, rows, style) + more;
}

/** Every range once, under the smallest region that holds it. */
function distinctRanges(regions: readonly RegionDifference[]) {
  const smallestFirst = [...regions].sort((one, two) => one.end - one.start - (two.end - two.start));
  const seen = new Set<number>();
  const found = smallestFirst.flatMap(({ id, ranges }) =>
    ranges.flatMap((range) => {
      if (seen.has(range.start)) return [];
      seen.add(range.start);
      return [{ region: id, range }];
    }),
  );
  return found.sort((one, two) => one.range.start - two.range.start);
}
