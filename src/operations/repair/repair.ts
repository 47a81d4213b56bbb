/**
 * repair: checksums, sizes and ends made right again, in module files, DFU and DfuSe files and whole dumps. Every changed
 * byte is told; what cannot be known is refused with its reason.
 */
import { DFU_SUFFIX_BYTES } from '../../core/dfu-suffix.js';
import { BuildError, UsageError } from '../../core/errors.js';
import type { MemoryImage } from '../../core/image.js';
import { inspectDfuSuffix } from '../../formats/dfu-suffix.js';
import { beginsLikeDfuse } from '../../formats/dfuse-file.js';
import { platformOf } from '../../layout/platforms.js';
import type { Board, Region } from '../../layout/types.js';
import { headerOffsetOf } from '../../regions/module/decode.js';
import { MODULE_INFO } from '../../regions/module/format.js';
import { acquire } from '../inspect/acquire.js';
import type { Placeable } from '../place.js';
import { replaced } from '../replace.js';
import { addSuffix, hasSuffixTraces, repairSuffix, sealSuffix } from './dfu-suffix.js';
import { repairDfuse } from './dfuse.js';
import { repairModule, titleOf } from './module.js';
import type { ModuleEdit } from './module-fields.js';
import { type ByteChange, Patch, type Refusal } from './patch.js';

export interface RepairOptions {
  /** Fields to set in the one module of the input, or in that of `module`. */
  readonly edits?: readonly ModuleEdit[] | undefined;
  /** Id of the region whose module alone is looked at. */
  readonly module?: string | undefined;
}

export interface Repaired {
  /** dfu and dfuse: `bytes` is the file. image: `image` is the content. */
  readonly kind: 'dfu' | 'dfuse' | 'image';
  readonly bytes: Uint8Array | null;
  readonly image: MemoryImage | null;
  /** Titles of the modules that were looked at. */
  readonly modules: readonly string[];
  readonly changes: readonly ByteChange[];
  readonly refusals: readonly Refusal[];
  readonly notes: readonly string[];
}

/** True when the bytes are a DFU or DfuSe file, whole or damaged: `repairDfuFile` is for them, `repairImage` for the rest. */
export function isDfuFile(bytes: Uint8Array): boolean {
  return beginsLikeDfuse(bytes) || hasSuffixTraces(bytes);
}

/** @throws BuildError REPAIR_IMPOSSIBLE, REPAIR_NO_MODULE, MODULE_NO_PRODUCT_FIELDS; UsageError REPAIR_WHICH_MODULE */
export function repairDfuFile(bytes: Uint8Array, path: string, board: Board, options: RepairOptions = {}): Repaired {
  const patch = new Patch(bytes);
  const kind = beginsLikeDfuse(bytes) ? 'dfuse' : 'dfu';
  const intact = inspectDfuSuffix(bytes, path).state === 'ok';
  repairSuffix(patch);
  const state = inspectDfuSuffix(patch.bytes, path);
  const suffix = state.state === 'absent' ? 0 : (state.suffix?.length ?? DFU_SUFFIX_BYTES);
  const end = patch.bytes.length - suffix;
  const places = kind === 'dfuse' ? repairDfuse(patch, end) : [{ address: null, offset: 0, size: end }];
  if (places === null) throw impossible(path, patch.refusals);
  const modules = repairParts(patch, places, path, options);
  if (suffix === 0 && kind === 'dfuse' && board.dfu) addSuffix(patch, board.dfu);
  if (!intact && modules.length === 0 && state.state === 'damaged' && state.suffix !== null) {
    patch.notes.push(
      'The CRC of the suffix covers the whole file: something in it changed after it was made, and nothing here can say what.',
    );
  }
  sealSuffix(patch);
  const { changes, refusals, notes } = patch;
  return finish({ kind, bytes: patch.bytes, image: null, modules, changes, refusals, notes }, path);
}

interface PartPlace {
  readonly address: number | null;
  readonly offset: number;
  readonly size: number;
}

/** The modules among the parts of a file, each repaired where it lies. */
function repairParts(patch: Patch, places: readonly PartPlace[], path: string, options: RepairOptions): string[] {
  const found = places.flatMap(({ address, offset, size }) => {
    const part = patch.bytes.subarray(offset, offset + size);
    const title = moduleAt(part, address);
    return title === null ? [] : [{ title, offset, part, region: null }];
  });
  chooseForEdits(found, options, path);
  for (const { title, offset, part } of found) {
    const own = new Patch(part);
    repairModule(own, { exact: true, name: title }, options.edits);
    patch.adopt(own, offset);
  }
  return found.map(({ title }) => title);
}

/** The title of the module that begins here, whether or not it is sound; null when its header is none of this family. */
function moduleAt(bytes: Uint8Array, address: number | null): string | null {
  const headerOffset = headerOffsetOf(bytes);
  if (headerOffset === undefined) return null;
  const info = MODULE_INFO.decode(bytes, headerOffset);
  const known = platformOf(info.platformId)?.mcu.startsWith('STM32F2') === true;
  const placed = address === null || address === info.moduleStartAddress;
  const inFlash = info.moduleStartAddress >>> 24 === 0x08;
  return known && placed && inFlash && info.moduleFunction >= 2 && info.moduleFunction <= 5 ? titleOf(info) : null;
}

interface Candidate {
  readonly title: string;
  readonly region: Region | null;
}

/** Fields can be set in one module only. @throws UsageError REPAIR_WHICH_MODULE; BuildError REPAIR_NO_MODULE */
function chooseForEdits(found: readonly Candidate[], { edits = [] }: RepairOptions, path: string): void {
  if (edits.length === 0 || found.length === 1) return;
  if (found.length === 0) throw noModule(path, 'no module header in its place');
  throw new UsageError({
    code: 'REPAIR_WHICH_MODULE',
    what: 'fields can be set in one module at a time',
    where: path,
    got: found.map(({ title, region }) => (region ? `${title} (${region.id})` : title)).join(', '),
    help: 'Say which with --module and the id of its region, for example --module user.',
  });
}

function noModule(path: string, got: string): BuildError {
  return new BuildError({
    code: 'REPAIR_NO_MODULE',
    what: 'there is no module to change',
    where: path,
    expected: 'a module of Photon, P1 or Electron',
    got,
    help: 'Give the module file, or a dump with the module at its place.',
  });
}

/**
 * Repairs the modules of an image at their places. Copies in the OTA region and modules of other platforms are left
 * alone unless they are named.
 * @throws as repairDfuFile
 */
export function repairImage(
  input: Placeable & { readonly path: string },
  board: Board,
  options: RepairOptions = {},
): Repaired {
  const { placed, survey, findings } = acquire(input, board);
  const span = placed.image.span;
  const targets = targetsOf(placed.image, survey, placed.base, options);
  if (!span || targets.length === 0) {
    const why = options.module === undefined ? 'no module header in its place' : `none in region ${options.module}`;
    throw noModule(input.path, why);
  }
  chooseForEdits(targets, options, input.path);
  let image = placed.image;
  const changes: ByteChange[] = [];
  const refusals: Refusal[] = [];
  // How the input was read is worth a word: what it was turned into is what gets written.
  const notes = findings.map(
    ({ message }) => `${message.charAt(0).toUpperCase()}${message.slice(1)}${message.endsWith('.') ? '' : '.'}`,
  );
  for (const { start, bytes, exact, title } of targets) {
    const patch = new Patch(bytes, placed.base === null ? null : start);
    repairModule(patch, { exact, name: title }, options.edits);
    image = patch.changes.length > 0 ? replaced(image, { start }, patch.bytes) : image;
    const offset = start - span.start;
    changes.push(...patch.changes.map((change) => ({ ...change, offset: change.offset + offset })));
    refusals.push(...patch.refusals);
    notes.push(...patch.notes);
  }
  const modules = targets.map(({ title }) => title);
  return finish({ kind: 'image', bytes: null, image, modules, changes, refusals, notes }, input.path);
}

interface Target extends Candidate {
  readonly start: number;
  readonly bytes: Uint8Array;
  readonly exact: boolean;
}

type Survey = ReturnType<typeof acquire>['survey'];

function targetsOf(
  image: MemoryImage,
  { modules, emptyPlaces, regions }: Survey,
  base: number | null,
  { module: wanted }: RepairOptions,
): Target[] {
  const starts = new Map<number, Region | null>();
  for (const { module, region, role } of modules) {
    const own = role === 'main' || role === 'factory' || image.span?.start === module.address;
    if (wanted === undefined ? own : region?.id === wanted) starts.set(module.address, region);
  }
  for (const { region, state } of emptyPlaces) {
    if (state === 'damaged' && (wanted === undefined || region.id === wanted)) starts.set(region.start, region);
  }
  // A file that begins with a header too damaged to be found.
  const first = image.span?.start ?? 0;
  const region = regions.find(({ start }) => start === first) ?? null;
  if (starts.size === 0 && (wanted === undefined || region?.id === wanted)) starts.set(first, region);
  return [...starts].sort(([a], [b]) => a - b).flatMap(([start, own]) => targetAt(image, start, own, base));
}

function targetAt(image: MemoryImage, start: number, region: Region | null, base: number | null): Target[] {
  const run = image.ranges().find((range) => range.start <= start && start < range.end);
  if (!run) return [];
  const end = region && region.start === start ? Math.min(run.end, region.end) : run.end;
  const bytes = image.bytes({ start, end });
  const title = bytes ? moduleAt(bytes, null) : null;
  if (!bytes || title === null) return [];
  // A dump goes on behind the module; a file ends with it.
  const exact = start === image.span?.start && end === image.span.end;
  return [{ start, region: base === null ? null : region, bytes, exact, title }];
}

function finish(result: Repaired, path: string): Repaired {
  if (result.changes.length === 0 && result.refusals.length > 0) throw impossible(path, result.refusals);
  return result;
}

function sentence(clause: string): string {
  return `${clause.charAt(0).toUpperCase()}${clause.slice(1)}.`;
}

function impossible(path: string, refusals: readonly Refusal[]): BuildError {
  const [first] = refusals;
  return new BuildError({
    code: 'REPAIR_IMPOSSIBLE',
    what: `${first?.what ?? 'the file'} cannot be repaired`,
    where: path,
    help: `${first ? `${sentence(first.why)} ` : ''}Get the file again, or make it anew. A guess would only make damage look sound.`,
  });
}
