/** Addresses, regions and fields of the DCT, explained from the board and the field table. */
import { formatAddress } from '../../core/bytes.js';
import { containsAddress } from '../../core/range.js';
import { formatCount, formatSize } from '../../core/words.js';
import type { Board, Region } from '../../layout/types.js';
import { defaultVariant, regionsAt, regionsOf } from '../../layout/variant.js';
import { type DctField, dctFields, dctSection, dctSections, fieldKey } from '../../regions/dct/table.js';
import { applicationField } from '../diagnose/dfu-place.js';
import { type Explanation, explanation } from './explanation.js';

type Facts = Explanation['facts'];

const BOOT: Readonly<Record<Region['about']['boot'], string>> = {
  required: 'needed to boot',
  conditional: 'needed in some cases, see above',
  'not-required': 'not needed to boot',
};

export function explainRegion(region: Region, board: Board): Explanation {
  const { id, title, start, end, about, source } = region;
  const sectors = sectorsOf(board, start, end);
  return explanation({
    kind: 'region',
    id,
    title: `${title} of ${board.name}`,
    text: [about.content, `Written by ${lowerFirst(about.writer)}`, about.bootNote],
    facts: [
      ['Address', `${formatAddress(start)}-${formatAddress(end - 1)}, ${formatSize(end - start)}`],
      ...(sectors === '' ? [] : [['Sectors', sectors] as const]),
      ['At reset', BOOT[about.boot]],
    ],
    source,
  });
}

function lowerFirst(text: string): string {
  return /^[A-Z]{2}/.test(text) ? text : text.slice(0, 1).toLowerCase() + text.slice(1);
}

function sectorsOf(board: Board, start: number, end: number): string {
  return board.chip.memories
    .flatMap(({ sectors }) => sectors)
    .filter((sector) => sector.start < end && sector.end > start)
    .map(({ number }) => number)
    .join(', ');
}

export function boardRegions(board: Board): Region[] {
  return regionsOf(board, defaultVariant(board));
}

/** The WICED fields that people may name, application section first. */
export function knownFields(): DctField[] {
  const sections = dctSections('wiced').map(({ name }) => name);
  const order = ['application' as const, ...sections.filter((name) => name !== 'application')];
  return order.flatMap((name) => [...dctFields(name)]).filter(({ kind }) => kind !== 'padding' && kind !== 'reserved');
}

export function explainField(field: DctField, board: Board): Explanation {
  const key = fieldKey(field);
  return explanation({
    kind: 'field',
    id: key,
    title: `${field.title}, a field of the DCT`,
    text: [sentence(field.about), ...(field.secret ? ['It is a secret: flashatlas masks it in every output.'] : [])],
    facts: fieldFacts(field, board),
    source: field.source,
    see: ['dct', ...(field.kind.startsWith('key') ? ['keys'] : [])],
  });
}

function fieldFacts(field: DctField, board: Board): Facts {
  const section = dctSection('wiced', field.section);
  const offset = section.offset + field.offset;
  const copies = boardRegions(board)
    .filter(({ role }) => role === 'dct')
    .map(({ start }, index) => `${formatAddress(start + offset)} in copy ${index + 1}`);
  const inApplication = field.section === 'application';
  const dfu = inApplication
    ? [['In DFU', `alternate setting 1, address ${field.offset} (${formatAddress(field.offset)})`] as const]
    : [];
  return [
    ['Name', fieldKey(field)],
    ['Size', `${formatCount(field.size)} bytes`],
    ['Section', `${section.name}, offset ${field.offset}`],
    ...(copies.length === 0 ? [] : [['Address', copies.join(', ')] as const]),
    ...dfu,
    ['Releases', `${field.since}${field.until === null ? ' and later' : ` to ${field.until}`}`],
  ];
}

function sentence(text: string): string {
  const capital = text.slice(0, 1).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}

/** What lies at a target address, or at an offset that only DFU uses. */
export function explainAddress(address: number, board: Board): Explanation {
  const memory = board.chip.memories.find((candidate) => containsAddress(candidate, address));
  const sector = memory?.sectors.find((candidate) => containsAddress(candidate, address));
  const regions = regionsAt(board, defaultVariant(board), address);
  const [region] = regions;
  const field = region?.role === 'dct' ? fieldAt(address - region.start) : undefined;
  const dfu = memory || address >= 0x4000 ? undefined : applicationField(address);
  const facts: (readonly [string, string])[] = [
    [
      'Memory',
      memory
        ? `${memory.title}, ${formatAddress(memory.start)}-${formatAddress(memory.end - 1)}`
        : 'no memory of this chip',
    ],
  ];
  if (sector) facts.push(['Sector', `${sector.number}, ${formatSize(sector.end - sector.start)}`]);
  for (const { id, title, start } of regions)
    facts.push(['Region', `${title} (${id}), offset ${formatCount(address - start)}`]);
  if (field) facts.push(['DCT field', `${field.title} (${fieldKey(field)}), ${inside(field, address, region)}`]);
  if (dfu)
    facts.push(['In DFU', `on alternate setting 1: ${dfu.title} (${fieldKey(dfu)}), byte ${address - dfu.offset}`]);
  return explanation({
    kind: 'address',
    id: formatAddress(address),
    title: `Address ${formatAddress(address)} of ${board.name}`,
    text: region ? [region.about.content, ...(region.role === 'dct' ? [countedFrom(region)] : [])] : [],
    facts,
    see: [...(field ? [fieldKey(field)] : []), ...(dfu ? [fieldKey(dfu)] : []), ...regions.map(({ id }) => id)],
  });
}

/** The trap of DFU alternate setting 1: its address 34 is not byte 34 of the copy. */
function countedFrom({ start }: Region): string {
  const application = start + dctSection('wiced', 'application').offset;
  return `DFU alternate setting 1 counts from the application section of the copy in use, which begins at ${formatAddress(application)} in this one.`;
}

function fieldAt(offset: number): DctField | undefined {
  const section = dctSections('wiced').find((one) => offset >= one.offset && offset < one.offset + one.size);
  if (!section) return undefined;
  const at = offset - section.offset;
  return dctFields(section.name)
    .filter((field) => at >= field.offset && at < field.offset + field.size)
    .sort((a, b) => a.size - b.size)[0];
}

function inside(field: DctField, address: number, region: Region | undefined): string {
  const start = (region?.start ?? 0) + dctSection('wiced', field.section).offset + field.offset;
  return `byte ${address - start} of ${formatCount(field.size)}`;
}
