/** In which order blocks are written, so that a power cut leaves a board that says so instead of one that half runs. */
import type { MemoryImage } from '../../core/image.js';
import { intersect, rangeOf } from '../../core/range.js';
import type { Region } from '../../layout/types.js';
import type { LocatedModule, ModuleSurvey } from '../../regions/module/find.js';
import type { Inspection } from '../inspect/inspect.js';
import type { SectorWork } from './sectors.js';
import type { Block, Seal } from './steps.js';

/** The first bytes of a module: vector table and header. The bootloader looks at nothing else before it jumps. */
const SEAL_BYTES = 0x200;
/** The marks and the magic number of a DCT copy. */
const DCT_MARK_BYTES = 16;
/** From this version on the bootloader reads the DCT through the system parts, if they are at least this version. */
const DCT_THROUGH_SYSTEM = { bootloader: 100, system: 200 } as const;

export interface OrderInput {
  readonly works: readonly SectorWork[];
  readonly regions: readonly Region[];
  readonly from: Inspection | null;
  /** What the chip holds when the first of these blocks is written. */
  readonly chip: MemoryImage | null;
  readonly target: ModuleSurvey;
  /** Whether the first bytes of the firmware can be written after the rest: not with tools that erase by themselves. */
  readonly canSeal: boolean;
}

export function arrangeBlocks({ works, regions, from, chip, target, canSeal }: OrderInput): Block[] {
  const rest = [...works];
  const take = (role: Region['role']): SectorWork[] => {
    const places = regions.filter((region) => region.role === role);
    const taken = rest.filter(({ sector }) => places.some((place) => intersect(place, sector)));
    for (const work of taken) rest.splice(rest.indexOf(work), 1);
    return taken;
  };
  const bootloader = take('bootloader');
  const dct = pairBlocks(take('dct'), regions, 'dct', from?.report.dct?.current ?? null, canSeal);
  const eeprom = pairBlocks(take('eeprom'), regions, 'eeprom', from?.report.eeprom?.activePage ?? null, false);
  const firmware = take('system-part')
    .concat(take('firmware'), take('user'))
    .sort((a, b) => a.sector.start - b.sector.start);
  const placement = placeBootloader(from, target, firmware.length > 0);
  const boot: Block[] =
    bootloader.length > 0 ? [{ name: 'bootloader', works: bootloader, why: placement.why, seal: null }] : [];
  const main: Block[] =
    firmware.length > 0
      ? [{ name: 'firmware', works: firmware, why: '', seal: canSeal ? sealOf(firmware, regions, target, chip) : null }]
      : [];
  const others: Block[] =
    rest.length > 0 ? [{ name: 'flash', works: rest, why: 'Not needed to start the board.', seal: null }] : [];
  return [...others, ...dct, ...eeprom, ...(placement.first ? [...boot, ...main] : [...main, ...boot])];
}

/** The copy in use last: until then the old one is whole. */
function pairBlocks(
  works: readonly SectorWork[],
  regions: readonly Region[],
  role: 'dct' | 'eeprom',
  current: 1 | 2 | null,
  canSeal: boolean,
): Block[] {
  const places = regions.filter((region) => region.role === role).sort((a, b) => a.start - b.start);
  const inUse = current === null ? undefined : places[current - 1];
  const word = role === 'dct' ? 'copy' : 'page';
  const isInUse = ({ sector }: SectorWork): boolean => inUse !== undefined && intersect(inUse, sector) !== undefined;
  return [...works]
    .sort((a, b) => Number(isInUse(a)) - Number(isInUse(b)) || a.sector.start - b.sector.start)
    .map((work) => ({
      name: role,
      works: [work],
      seal: canSeal ? markSeal(work) : null,
      why:
        inUse === undefined || works.length === 1
          ? ''
          : isInUse(work)
            ? `The ${word} in use comes last: until now the old one was whole.`
            : `The ${word} that is not in use comes first, so that a whole one exists at any time.`,
    }));
}

function markSeal({ sector: { start } }: SectorWork): Seal {
  const why =
    'Written last: without these marks the firmware takes the copy for unusable, instead of using half of it.';
  return { ...rangeOf(start, DCT_MARK_BYTES), when: 'block', why, whyErased: null };
}

interface Placement {
  readonly first: boolean;
  readonly why: string;
}

/**
 * Last, because sector 0 then holds a bootloader with DFU for as long as possible. First, when the new system parts ask
 * for a newer one than is installed.
 */
function placeBootloader(from: Inspection | null, target: ModuleSurvey, hasFirmware: boolean): Placement {
  if (!hasFirmware)
    return { first: true, why: 'Without a bootloader the board does not start: do not cut the power here.' };
  const installed = mainModule(from?.survey, 'bootloader')?.info.moduleVersion;
  const wanted = mainModule(target, 'bootloader')?.info.moduleVersion;
  const needed = Math.max(
    0,
    ...target.modules
      .filter(({ role }) => role === 'main')
      .flatMap(({ module }) => module.dependencies)
      .filter((dependency) => dependency.function === 'bootloader')
      .map(({ minVersion }) => minVersion),
  );
  if (installed === undefined || needed <= installed) {
    return {
      first: false,
      why: 'The bootloader comes last: until then the old one starts the board, or offers DFU when something goes wrong.',
    };
  }
  const oldSystem = from?.configuration.generation.systemVersion ?? null;
  const crosses =
    wanted !== undefined &&
    installed < DCT_THROUGH_SYSTEM.bootloader &&
    wanted >= DCT_THROUGH_SYSTEM.bootloader &&
    oldSystem !== null &&
    oldSystem < DCT_THROUGH_SYSTEM.system;
  if (crosses) {
    return {
      first: false,
      why: `The bootloader comes last: version ${wanted} reads the DCT through system parts of 0.7.0 or newer, and the old ones are older.`,
    };
  }
  return {
    first: true,
    why: `The bootloader comes first: the new system parts ask for version ${needed}, version ${installed} is installed, and a newer bootloader starts the old system parts too.`,
  };
}

function mainModule(survey: ModuleSurvey | undefined, name: string): LocatedModule['module'] | undefined {
  return survey?.modules.find(({ module, role }) => role === 'main' && module.function === name)?.module;
}

/** The head of the module that the bootloader jumps to, when it is or becomes erased and the target gives it. */
function sealOf(
  works: readonly SectorWork[],
  regions: readonly Region[],
  target: ModuleSurvey,
  chip: MemoryImage | null,
): Seal | null {
  const first = regions
    .filter(({ role }) => role === 'system-part' || role === 'firmware')
    .sort((a, b) => a.start - b.start)[0];
  if (!first) return null;
  const head = rangeOf(first.start, SEAL_BYTES);
  const isErased =
    works.some(({ sector, erase }) => erase && sector.start === first.start) ||
    (chip?.bytes(head)?.every((byte) => byte === 0xff) ?? false);
  const isGiven = target.modules.some(({ module }) => module.address === first.start && module.missing === 0);
  if (!isErased || !isGiven) return null;
  return {
    ...head,
    when: 'end',
    why: 'Written last: until these bytes are there the bootloader takes the firmware for absent and stays in DFU mode, instead of starting half of it.',
    whyErased: 'First, because from then on the bootloader takes the firmware for absent.',
  };
}
