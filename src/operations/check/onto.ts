/** What a chip becomes when files are written onto it: whole sectors are erased, and what lay in them is gone. */
import { equalBytes } from '../../core/bytes.js';
import { MemoryImage, type Segment } from '../../core/image.js';
import { intersect, type Range } from '../../core/range.js';
import type { Board, Region, Sector } from '../../layout/types.js';
import type { Stretch } from '../../regions/account.js';
import { flashOf, type LocatedModule, regionAt } from '../../regions/module/find.js';
import { moduleTitle } from '../../regions/module/words.js';
import type { Inspection } from '../inspect/inspect.js';
import type { KeptItem, LostItem, RefusedRange } from './report.js';

export interface Written {
  readonly image: MemoryImage;
  readonly sectors: readonly Sector[];
}

/** The chip after erasing every sector that is written to, and writing. Bytes outside the flash are written as they are. */
export function writeOnto(chip: MemoryImage, files: MemoryImage, board: Board): Written {
  const runs = files.ranges();
  const sectors = flashOf(board).sectors.filter((sector) => runs.some((run) => intersect(run, sector)));
  const erased = sectors.map((sector): Segment => {
    const bytes = new Uint8Array(sector.end - sector.start).fill(0xff);
    return { address: sector.start, bytes, source: { name: 'erased' } };
  });
  const image = MemoryImage.fromSegments([...chip.segments, ...erased, ...files.segments], { overlap: 'last-wins' });
  return { image, sectors };
}

interface Item extends Range {
  readonly class: Stretch['class'];
  readonly label: string;
}

const KINDS: Partial<Record<Stretch['class'], LostItem['kind']>> = {
  module: 'module',
  dct: 'dct',
  eeprom: 'eeprom',
  unknown: 'unknown',
  fill: 'unknown',
};

/** What of the chip's content the written sectors held, and whether it is still there. */
export function compareContent(
  before: Inspection,
  after: Inspection,
  files: MemoryImage,
): { readonly lost: LostItem[]; readonly kept: KeptItem[] } {
  const lost: LostItem[] = [];
  const kept: KeptItem[] = [];
  for (const item of itemsOf(before)) {
    const kind = KINDS[item.class];
    if (kind === undefined) continue;
    const region = regionAt(before.survey.regions, item.start);
    if (isSame(item, before.placed.image, after.placed.image)) {
      // Padding and leftovers that stay are nothing to tell.
      if (kind !== 'unknown') kept.push({ ...placeOf(item, region), what: item.label });
      continue;
    }
    const what = kind === 'unknown' ? 'bytes that no decoder explains' : item.label;
    const covered = files.parts(item).length > 0;
    const replacedBy = covered ? replacementOf(item, kind, after) : null;
    lost.push({ ...placeOf(item, region), kind, what, replacedBy, how: covered ? 'overwritten' : 'erased' });
  }
  return { lost, kept };
}

function placeOf({ start, end }: Range, region: Region | null) {
  return { start, end, region: region?.id ?? 'other' };
}

/** Stretches of one thing in one: EEPROM pages are accounted for record by record. */
function itemsOf({ stretches, survey }: Inspection): Item[] {
  const items: Item[] = [];
  for (const stretch of stretches) {
    const last = items.at(-1);
    const together =
      last !== undefined &&
      last.class === stretch.class &&
      last.label === stretch.label &&
      regionAt(survey.regions, last.start) === regionAt(survey.regions, stretch.start);
    if (together) items[items.length - 1] = { ...last, end: stretch.end };
    else if (KINDS[stretch.class]) items.push({ ...stretch });
  }
  return items;
}

function isSame({ start, end }: Range, before: MemoryImage, after: MemoryImage): boolean {
  return before.parts({ start, end }).every(({ address, bytes }) => {
    const now = after.bytes({ start: address, end: address + bytes.length });
    return now !== undefined && equalBytes(now, bytes);
  });
}

function replacementOf(item: Item, kind: LostItem['kind'], after: Inspection): string | null {
  const here = ({ module }: LocatedModule): boolean =>
    intersect({ start: module.address, end: module.end }, item) !== undefined;
  const modules = after.survey.modules.filter(here);
  const titles = modules.map(({ module }) => moduleTitle(module)).join(' and ');
  if (titles === item.label) return 'another build of the same version';
  if (titles) return titles;
  return kind === 'dct' || kind === 'eeprom' ? 'what the files have there' : null;
}

/** The factory image a chip had, in words; empty when it had none, or still has it. */
export function factoryImageLost(before: Inspection, lost: readonly LostItem[]): string {
  const factory = before.survey.modules.find(({ role, module }) => role === 'factory' && module.crc === 'ok');
  if (!factory || !lost.some((item) => intersect(item, rangeOfModule(factory)))) return '';
  return `the factory image (${moduleTitle(factory.module)})`;
}

function rangeOfModule({ module }: LocatedModule): Range {
  return { start: module.address, end: module.end };
}

/** Numbers of the sectors that are write protected. Nothing is said where the option bytes are not known. */
export function protectedSectors(sectors: readonly Sector[], { optionBytes }: Inspection): number[] {
  const shut = (optionBytes?.bytes.sectors ?? []).filter((sector) => sector.protected).map(({ number }) => number);
  return sectors.map(({ number }) => number).filter((number) => shut.includes(number));
}

/** What of the files the bootloader of the board refuses over USB DFU, on the alternate setting of the flash. */
export function refusedRanges(files: MemoryImage, { dfu }: Board): RefusedRange[] {
  const ofFlash = (dfu?.refusals ?? []).filter(({ alternate }) => alternate === 0);
  return ofFlash.flatMap((refusal) =>
    files
      .slice(refusal)
      .ranges()
      .map((range) => ({ ...range, instead: refusal.instead })),
  );
}
