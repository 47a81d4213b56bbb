/** What is this byte? The path from the chip down to a field, for every address of an inspected input. */
import { type Leaf, leavesOf, type Part, partsIn, pathTo } from '../core/part.js';
import {
  containsAddress,
  containsRange,
  mergeRanges,
  overlaps,
  type Range,
  rangesWithin,
  subtractRanges,
} from '../core/range.js';
import type { Memory } from '../layout/types.js';
import { regionsAt } from '../layout/variant.js';
import { applicationParts, dctParts } from '../regions/dct/parts.js';
import type { ParticleModule } from '../regions/module/decode.js';
import { modulePart } from '../regions/module/parts.js';
import { optionMemoryParts } from '../regions/option-consequences.js';
import type { Inspection } from './inspect/inspect.js';

export interface PathStep extends Range {
  readonly kind: 'chip' | 'memory' | 'sector' | 'region' | 'part';
  readonly name: string;
  readonly value: string | null;
  readonly about: string | null;
  readonly secret: boolean;
}

export interface Location {
  readonly address: number;
  /** The byte, or null when it is absent or secret. */
  readonly byte: number | null;
  readonly present: boolean;
  readonly secret: boolean;
  /** From the chip to the field. */
  readonly path: readonly PathStep[];
}

export function locate(inspection: Inspection, address: number): Location {
  const { board, placed } = inspection;
  const memory = board.chip.memories.find((candidate) => containsAddress(candidate, address));
  const parts = pathTo(contentsOf(inspection), address);
  const secret = parts.some((part) => part.secret === true) && !inspection.showSecrets;
  const byte = placed.image.byteAt(address);
  return {
    address,
    byte: secret ? null : (byte ?? null),
    present: byte !== undefined,
    secret,
    path: [
      { ...step('chip', board.chip.name), start: 0, end: 2 ** 32 },
      ...(memory ? memorySteps(memory, address) : []),
      ...regionSteps(inspection, address),
      ...parts.map(partStep),
    ],
  };
}

function step(kind: PathStep['kind'], name: string): Omit<PathStep, 'start' | 'end'> {
  return { kind, name, value: null, about: null, secret: false };
}

function memorySteps(memory: Memory, address: number): PathStep[] {
  const { start, end } = memory;
  const sector = memory.sectors.find((candidate) => containsAddress(candidate, address));
  const steps: PathStep[] = [{ ...step('memory', memory.title), start, end }];
  if (sector) steps.push({ ...step('sector', `sector ${sector.number}`), start: sector.start, end: sector.end });
  return steps;
}

function regionSteps({ board, survey }: Inspection, address: number): PathStep[] {
  const variant = board.variants.find(({ id }) => id === survey.variant) ?? null;
  // The widest region first: the factory image lies inside the OTA region.
  return regionsAt(board, variant, address)
    .reverse()
    .map(({ id, title, start, end }) => ({ ...step('region', id), about: title, start, end }));
}

function partStep(part: Part): PathStep {
  const { name, start, end, value = null, about = null, secret = false } = part;
  return { kind: 'part', name, start, end, value, about, secret };
}

const contents = new WeakMap<Inspection, readonly Part[]>();

/** Parts that cover everything the inspection accounts for, in address order and without overlaps. */
export function contentsOf(inspection: Inspection): readonly Part[] {
  let parts = contents.get(inspection);
  if (!parts) {
    parts = buildContents(inspection);
    contents.set(inspection, parts);
  }
  return parts;
}

/** The leaves of a range: what `hex` prints beside the bytes. */
export function leavesIn(inspection: Inspection, range: Range): Leaf[] {
  return [...leavesOf(contentsOf(inspection), range)];
}

function buildContents(inspection: Inspection): Part[] {
  if (inspection.report.kind === 'dct-section') return sectionContents(inspection);
  const { configuration, stretches, report } = inspection;
  const { eeprom } = configuration;
  const pages = eeprom?.format ? eeprom.parts().filter((part) => pageHoldsEeprom(inspection, part)) : [];
  const special = [...pages, ...optionParts(inspection), ...(report.identity?.otp?.parts() ?? [])];
  const taken = mergeRanges(special);
  // An erased stretch may reach from the unused rest of a page into whatever follows.
  const others = stretches.flatMap((stretch) =>
    subtractRanges(stretch, rangesWithin(taken, stretch)).map((rest) => ({ ...stretch, ...rest })),
  );
  // In address order and disjoint, as the survey gives them.
  const modules = inspection.survey.modules.map(({ module }) => ({ start: module.address, end: module.end, module }));
  return [...special, ...others.map((stretch) => partOfStretch(inspection, modules, stretch))].sort(
    (a, b) => a.start - b.start,
  );
}

/** A page part may stand for a sector that holds something else; then the account of the stretches is better. */
function pageHoldsEeprom({ configuration: { eeprom } }: Inspection, part: Part): boolean {
  if (!eeprom) return false;
  return [eeprom.page1, eeprom.page2].some(({ address, content }) => address === part.start && content === 'eeprom');
}

function partOfStretch(
  { configuration, placed, showSecrets }: Inspection,
  modules: readonly (Range & { readonly module: ParticleModule })[],
  stretch: Inspection['stretches'][number],
): Part {
  const { start, end } = stretch;
  if (stretch.class === 'module') {
    const located = rangesWithin(modules, stretch).find((module) => containsRange(module, stretch));
    if (located) return { ...modulePart(located.module), start, end };
  }
  if (stretch.class === 'dct' && configuration.dct) {
    const { store } = configuration.dct;
    const bytes = placed.image.bytes(stretch) ?? new Uint8Array(0);
    return {
      name: 'dct_copy',
      start,
      end,
      value: stretch.label,
      parts: () => dctParts(bytes, { store, address: start, showSecrets }),
    };
  }
  const { class: name, label: value } = stretch;
  if (name !== 'unknown') return { name, start, end, value };
  // A shifted dump, a DCT without header or a cut-out piece holds its keys in bytes that no decoder recognises.
  return { name, start, end, value, secret: true, about: 'no decoder explains these bytes, so they may be secret' };
}

/** A file that begins at the application section has offsets instead of addresses. */
function sectionContents({ placed, showSecrets }: Inspection): Part[] {
  const span = placed.image.span;
  const bytes = span && placed.image.bytes(span);
  return bytes ? [...applicationParts(bytes, { store: 'wiced', address: span.start, showSecrets })] : [];
}

function optionParts({ optionBytes }: Inspection): Part[] {
  if (optionBytes?.bytes.source !== 'memory') return [];
  return optionMemoryParts(optionBytes.bytes, optionBytes.layout);
}

/** Names of a leaf's parts, joined: "application > device_private_key". */
export function leafName(leaf: Leaf): string {
  return leaf.path.map((part) => part.name).join(' > ');
}

/** Top-level parts of a range with their own parts: the table of contents of a sector. */
export function outline(inspection: Inspection, range: Range): { readonly depth: number; readonly part: Part }[] {
  return rangesWithin(contentsOf(inspection), range).flatMap((part) => [
    { depth: 0, part },
    ...partsIn(part)
      .filter((inner) => overlaps(inner, range))
      .map((inner) => ({ depth: 1, part: inner })),
  ]);
}
