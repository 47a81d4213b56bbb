/**
 * Editing the device configuration of a dump, of its sectors, or of a file read over DFU: the current copy is found by
 * the rules of the firmware, written the way that firmware writes, and the result is selected again to prove it.
 */
import { copyBytes } from '../../core/bytes.js';
import { BuildError } from '../../core/errors.js';
import { MemoryImage } from '../../core/image.js';
import { sizeOf } from '../../core/range.js';
import { systemVersionRelease } from '../../layout/catalog.js';
import { platformOf } from '../../layout/platforms.js';
import type { Board } from '../../layout/types.js';
import {
  buildDct,
  DCT_COPY_BYTES,
  type DctEdit,
  type DctPair,
  type DctRules,
  type DctWriter,
  dctSection,
  dctWriter,
  type EditResult,
  type EditStyle,
  editDctField,
  formatDct,
  rulesOf,
  selectCopy,
  toWrite,
  wipeOtherCopy,
  writeDctEdits,
} from '../../regions/dct/index.js';
import { type ConfigurationSource, configurationMissing, openConfiguration } from '../configuration/source.js';
import type { InspectInput } from '../inspect/inspect.js';
import { replaced } from '../replace.js';

/** The DCT of an input, ready to be edited. */
export interface DctFile {
  readonly source: ConfigurationSource;
  /** pair: both sectors. copy: one of them. section: the application section, as DFU alternate setting 1 reads it. */
  readonly shape: 'pair' | 'copy' | 'section';
  /** The sectors as they are, an absent one erased; null for a section. */
  readonly pair: DctPair | null;
  /** The sector that is there, for the shape `copy`. */
  readonly only: 1 | 2 | null;
  /** Null when nothing says which release the image runs. */
  readonly release: string | null;
  /** `given`: by the caller; `system`: by the system parts in the image. */
  readonly releaseSource: 'given' | 'system' | null;
  readonly writer: DctWriter | 'unknown';
  readonly rules: DctRules | 'unknown';
}

/**
 * @param release of the firmware the result is for; else what the system parts in the input say
 * @throws FormatError CONFIGURATION_MISSING; BuildError DCT_STORE_READ_ONLY; UsageError DCT_BAD_RELEASE
 */
export function openDct(input: InspectInput, board: Board, release?: string): DctFile {
  const source = openConfiguration(input, board);
  const writer = writerFor(source, release);
  if (source.form === 'dct-section') return { source, shape: 'section', pair: null, only: null, ...writer };
  const regions = source.dctRegions;
  const copies = regions?.map((region) => source.image.bytes(region));
  if (!regions || !copies?.some((copy) => copy !== undefined)) throw configurationMissing('DCT', source);
  const ofElectron = board.platform && platformOf(board.platform.id)?.dctStore === 'electron';
  if (ofElectron || isElectron(copies) || regions.some((region) => sizeOf(region) !== DCT_COPY_BYTES)) {
    throw readOnly(board);
  }
  const [copy1 = erasedCopy(), copy2 = erasedCopy()] = copies;
  const whole = copies.every((copy) => copy !== undefined);
  const only = whole ? null : copies[0] ? 1 : 2;
  return { source, shape: whole ? 'pair' : 'copy', pair: { copy1, copy2 }, only, ...writer };
}

const ELECTRON_WATERMARK = [0x9a, 0x27, 0x1c, 0x1e];

function isElectron(copies: readonly (Uint8Array | undefined)[]): boolean {
  return copies.some((copy) => copy && ELECTRON_WATERMARK.every((byte, index) => copy[index] === byte));
}

function readOnly(board: Board): BuildError {
  return new BuildError({
    code: 'DCT_STORE_READ_ONLY',
    what: 'this kind of DCT can be read but not changed',
    where: board.name,
    expected: 'the DCT of a P1 or Photon',
    got: 'the store of the Electron',
    help: 'Change it on the device: dfu-util -a 1 writes single fields.',
  });
}

function erasedCopy(): Uint8Array {
  return new Uint8Array(DCT_COPY_BYTES).fill(0xff);
}

function writerFor(
  { generation, board }: ConfigurationSource,
  given: string | undefined,
): Pick<DctFile, 'release' | 'releaseSource' | 'writer' | 'rules'> {
  const version = generation.systemVersion;
  const found = version === null ? undefined : systemVersionRelease(version, board.platform?.id ?? -1);
  const release = given ?? found ?? null;
  const writer = release !== null ? dctWriter(release) : generation.dctRules === 'from-0.7.0' ? '0.7.0' : 'unknown';
  const releaseSource = given !== undefined ? 'given' : found !== undefined ? 'system' : null;
  return { release, releaseSource, writer, rules: writer === 'unknown' ? 'unknown' : rulesOf(writer) };
}

/** The copy that holds the current values, 16 KiB; for a section one in which only the application section is known. */
export function currentCopy(file: DctFile): { readonly number: 1 | 2; readonly bytes: Uint8Array } | null {
  if (!file.pair) {
    const copy = erasedCopy();
    const section = file.source.image.segments[0]?.bytes ?? new Uint8Array(0);
    const start = dctSection('wiced', 'application').offset;
    copy.set(section.subarray(0, dctSection('wiced', 'application').size), start);
    return { number: 1, bytes: copy };
  }
  const rules = file.rules === 'unknown' ? 'from-0.7.0' : file.rules;
  const { current } = selectCopy(file.pair, rules, file.source.generation.earlyDct);
  return current === null ? null : { number: current, bytes: current === 1 ? file.pair.copy1 : file.pair.copy2 };
}

export interface DctEditOptions {
  /** Default: `flip` when both sectors are there, else `in-place`. */
  readonly style?: EditStyle | undefined;
  /** Erase the copy that is no longer in use. */
  readonly wipeOld?: boolean | undefined;
  /** Make a fresh DCT when the input holds no usable copy, instead of refusing. */
  readonly orFresh?: boolean | undefined;
  /** The same, but first format the sectors as the firmware does when it finds no usable copy. */
  readonly format?: boolean | undefined;
}

export interface DctEdited {
  readonly file: DctFile;
  /** The whole input with the change in it. */
  readonly image: MemoryImage;
  /** Null for a section. */
  readonly style: EditStyle | null;
  /** A copy was not there to be changed, so a fresh one was made. */
  readonly fresh: boolean;
  readonly before: { readonly number: 1 | 2; readonly bytes: Uint8Array } | null;
  readonly after: { readonly number: 1 | 2; readonly bytes: Uint8Array };
  /** Both sectors after the change; null for a section. */
  readonly pair: DctPair | null;
  readonly wiped: boolean;
  /** How often the other sector became the copy in use; 0 where bytes were changed in place. */
  readonly flips: number;
}

/**
 * @param edits one per write
 * @throws BuildError DCT_NO_CURRENT, DCT_RULES_DISAGREE, DCT_EDIT_NOT_CURRENT, DCT_SECTOR_MISSING, DCT_SECTION_ONLY,
 * DCT_FIELD_TOO_LONG; UsageError DCT_NO_FIELD, DCT_WRITE_OUTSIDE.
 */
export function editDct(file: DctFile, edits: readonly DctEdit[], options: DctEditOptions = {}): DctEdited {
  const before = currentCopy(file);
  const { pair } = file;
  if (pair && !before && options.format) return editFormatted({ ...file, pair }, edits, options);
  if (!file.pair || !before) return file.pair ? freshInto(file, edits, options) : editSection(file, edits);
  const style = options.style ?? (file.shape === 'pair' ? 'flip' : 'in-place');
  if (file.shape === 'copy' && style !== 'in-place') throw sectorMissing(file, `the style "${style}"`);
  const edited = applyStyle(file.pair, edits, style, file);
  const result = options.wipeOld && file.shape === 'pair' ? wipeOtherCopy(edited, file.rules) : edited;
  return finish(file, result, { style, fresh: false, before, wiped: result !== edited, flips: edited.flips });
}

function applyStyle(
  pair: DctPair,
  edits: readonly DctEdit[],
  style: EditStyle,
  { writer, rules }: DctFile,
): EditResult & Pick<DctEdited, 'flips'> {
  return style === 'flip'
    ? writeDctEdits(pair, edits, writer)
    : { ...editDctField(pair, edits, { style, rules }), flips: 0 };
}

function editFormatted(
  file: DctFile & { readonly pair: DctPair },
  edits: readonly DctEdit[],
  options: DctEditOptions,
): DctEdited {
  const pair = formatDct(file.pair, file.rules === 'unknown' ? 'from-0.7.0' : file.rules);
  return { ...editDct({ ...file, pair }, edits, { ...options, format: false }), fresh: true, before: null };
}

function freshInto(file: DctFile, edits: readonly DctEdit[], options: DctEditOptions): DctEdited {
  const { pair } = file;
  if (!options.orFresh || !pair) {
    throw new BuildError({
      code: 'DCT_NO_CURRENT',
      what: 'there is no usable DCT copy to change',
      where: file.source.input.path,
      expected: 'a copy with a complete header',
      got: 'none that the firmware would take',
      help: 'Make a fresh one in its place with: flashatlas dct new FILE -o OUT. Or set fields with --fresh, which begins as the firmware does with empty sectors.',
    });
  }
  if (file.shape === 'copy' && file.only === 2) throw sectorMissing(file, 'a fresh DCT');
  const result = buildDct({ edits, versionRecord: file.rules === 'from-0.7.0' });
  return finish(file, result, { style: 'single', fresh: true, before: null, wiped: false, flips: 0 });
}

function sectorMissing({ source, only }: DctFile, what: string): BuildError {
  return new BuildError({
    code: 'DCT_SECTOR_MISSING',
    what: `${what} needs both DCT sectors`,
    where: source.input.path,
    expected: 'copy 1 and copy 2',
    got: `copy ${only} alone`,
    help: 'Read both sectors (0x08004000 to 0x0800BFFF), or use --style in-place.',
  });
}

function finish(
  file: DctFile,
  { copy1, copy2, current }: EditResult,
  rest: Pick<DctEdited, 'style' | 'fresh' | 'before' | 'wiped' | 'flips'>,
): DctEdited {
  const regions = file.source.dctRegions ?? [];
  let image = file.source.image;
  for (const [index, bytes] of [copy1, copy2].entries()) {
    const region = regions[index];
    if (region && file.only !== (index === 0 ? 2 : 1)) image = replaced(image, region, bytes);
  }
  const after = { number: current, bytes: current === 1 ? copy1 : copy2 };
  return { file, image, ...rest, after, pair: { copy1, copy2 } };
}

function editSection(file: DctFile, edits: readonly DctEdit[]): DctEdited {
  const before = currentCopy(file) ?? { number: 1 as const, bytes: erasedCopy() };
  const [segment] = file.source.image.segments;
  const bytes = copyBytes(segment?.bytes ?? new Uint8Array(0));
  for (const write of edits.map(toWrite)) {
    const fits = write.offset + write.bytes.length <= Math.min(bytes.length, dctSection('wiced', 'application').size);
    if (write.section !== 'application' || !fits) throw sectionOnly(file, write.section);
    bytes.set(write.bytes, write.offset);
  }
  const image = MemoryImage.fromBytes(bytes, segment?.address ?? 0);
  const after = currentCopy({ ...file, source: { ...file.source, image } }) ?? before;
  return { file, image, style: null, fresh: false, before, after, pair: null, wiped: false, flips: 0 };
}

function sectionOnly({ source }: DctFile, section: string): BuildError {
  return new BuildError({
    code: 'DCT_SECTION_ONLY',
    what: 'this file does not hold the field',
    where: source.input.path,
    expected: 'a field of the application section that the file reaches',
    got: section === 'application' ? 'a field behind the end of the file' : `a field of the section ${section}`,
    help: 'DFU alternate setting 1 gives the application section only; read the whole DCT sectors for the rest.',
  });
}
