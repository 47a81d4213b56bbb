/** Chips and boards as plain data for `layouts show` and for JSON: addresses as strings, sizes as numbers. */
import { formatAddress, formatHex } from '../core/bytes.js';
import { overlaps, type Range, sizeOf, subtractRanges } from '../core/range.js';
import type {
  Board,
  Chip,
  Memory,
  MemoryKind,
  Region,
  RegionAbout,
  RegionRole,
  Variant,
  VariantSign,
} from './types.js';
import { defaultVariant, regionsOf } from './variant.js';

export interface RangeDescription {
  readonly start: string;
  readonly size: number;
}

export interface SectorRun {
  readonly first: number;
  readonly last: number;
  /** Size of each sector of the run. */
  readonly size: number;
}

export interface MemoryDescription extends RangeDescription {
  readonly id: string;
  readonly kind: MemoryKind;
  readonly title: string;
  readonly sectors: readonly SectorRun[];
  readonly source: string;
}

export interface ChipDescription {
  readonly id: string;
  readonly name: string;
  readonly vendor: string;
  readonly family: string;
  readonly core: string;
  readonly deviceId: string | null;
  readonly memories: readonly MemoryDescription[];
}

export interface RegionDescription extends RangeDescription {
  readonly id: string;
  readonly title: string;
  readonly role: RegionRole;
  /** First and last sector the region covers; null where the memory has none. */
  readonly sectors: readonly [number, number] | null;
  readonly decoder: string | null;
  readonly module: Region['module'];
  readonly overlays: readonly string[];
  readonly about: RegionAbout;
  readonly source: string;
}

export interface MapDescription {
  /** Id and title of the variant; null for a board with one map. */
  readonly variant: string | null;
  readonly title: string | null;
  readonly isDefault: boolean;
  readonly detect: readonly (Omit<VariantSign, 'address'> & { readonly address: string })[];
  readonly regions: readonly RegionDescription[];
  /** Flash no region of this map covers. */
  readonly free: readonly RangeDescription[];
  readonly source: string | null;
}

export interface LayoutDescription {
  readonly id: string;
  readonly name: string;
  readonly vendor: string;
  readonly origin: string;
  readonly platform: Board['platform'];
  readonly chip: ChipDescription;
  readonly maps: readonly MapDescription[];
  readonly dfu: DfuDescription | null;
}

export interface DfuDescription {
  /** `2b04:d008`, as dfu-util writes it. */
  readonly usbId: string;
  readonly transferSize: number;
  readonly alternates: readonly {
    readonly number: number;
    readonly layout: string;
    readonly space: string;
    readonly source: string;
  }[];
  readonly refusals: readonly (RangeDescription & {
    readonly alternate: number;
    readonly reason: string;
    readonly instead: string;
    readonly source: string;
  })[];
}

/** Everything known about a board, map by map, the default map first. */
export function describeLayout(board: Board): LayoutDescription {
  const { id, name, vendor, origin, platform, chip } = board;
  const usual = defaultVariant(board);
  const variants = usual ? [usual, ...board.variants.filter((variant) => variant !== usual)] : [null];
  return {
    id,
    name,
    vendor,
    origin,
    platform,
    chip: describeChip(chip),
    maps: variants.map((variant) => describeMap(board, variant, variant === usual)),
    dfu: describeDfu(board),
  };
}

export function describeChip(chip: Chip): ChipDescription {
  const { deviceId, memories, ...names } = chip;
  return {
    ...names,
    deviceId: deviceId === null ? null : formatHex(deviceId),
    memories: memories.map((memory) => ({
      id: memory.id,
      kind: memory.kind,
      title: memory.title,
      ...describeRange(memory),
      sectors: sectorRuns(memory),
      source: memory.source,
    })),
  };
}

function describeMap(board: Board, variant: Variant | null, isDefault: boolean): MapDescription {
  const regions = regionsOf(board, variant);
  const flash = board.chip.memories.filter((memory) => memory.kind === 'flash');
  return {
    variant: variant?.id ?? null,
    title: variant?.title ?? null,
    isDefault,
    detect: (variant?.detect ?? []).map((sign) => ({ ...sign, address: formatAddress(sign.address) })),
    regions: regions.map((region) => describeRegion(region, board.chip)),
    free: flash.flatMap((memory) => subtractRanges(memory, regions)).map(describeRange),
    source: variant?.source ?? null,
  };
}

function describeRegion(region: Region, chip: Chip): RegionDescription {
  const { id, title, role, decoder, module, overlays, about, source } = region;
  const covered = chip.memories
    .flatMap((memory) => memory.sectors)
    .filter((sector) => overlaps(sector, region))
    .map((sector) => sector.number);
  const [first] = covered;
  const last = covered.at(-1);
  const sectors = first === undefined || last === undefined ? null : ([first, last] as const);
  return { id, title, role, ...describeRange(region), sectors, decoder, module, overlays, about, source };
}

function describeDfu({ dfu }: Board): DfuDescription | null {
  if (!dfu) return null;
  const digits = (id: number): string => id.toString(16).padStart(4, '0');
  return {
    usbId: `${digits(dfu.vendor)}:${digits(dfu.product)}`,
    transferSize: dfu.transferSize,
    alternates: dfu.alternates,
    refusals: dfu.refusals.map(({ start, end, ...refusal }) => ({ ...describeRange({ start, end }), ...refusal })),
  };
}

function describeRange(range: Range): RangeDescription {
  return { start: formatAddress(range.start), size: sizeOf(range) };
}

/** Sectors of equal size that follow each other, joined: four of 16 KiB, one of 64 KiB, seven of 128 KiB. */
function sectorRuns(memory: Memory): SectorRun[] {
  const runs: SectorRun[] = [];
  for (const { number, size } of memory.sectors) {
    const last = runs.at(-1);
    if (last && last.size === size) runs[runs.length - 1] = { ...last, last: number };
    else runs.push({ first: number, last: number, size });
  }
  return runs;
}
