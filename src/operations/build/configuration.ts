/** DCT, EEPROM, factory copy and option bytes of a recipe. */
import { BuildError } from '../../core/errors.js';
import { sizeOf } from '../../core/range.js';
import type { Board, Region } from '../../layout/types.js';
import { buildDct, type DctEdit, editDctField } from '../../regions/dct/edit.js';
import { DCT_COPY_BYTES, dctSection } from '../../regions/dct/table.js';
import { type DctPair, selectCopy } from '../../regions/dct/write.js';
import { buildEeprom } from '../../regions/eeprom/index.js';
import { encodeOptionRegister } from '../../regions/option-bytes.js';
import type { ConfigurationSource } from '../configuration/source.js';
import { dctEdits } from '../edit/dct-words.js';
import { regionPair, type SystemGeneration } from '../inspect/configuration.js';
import { optionByteContext } from '../inspect/extra-memory.js';
import { type PlacedPart, titleOf } from './placing.js';
import type { Recipe, RecipeDct, RecipeEeprom } from './recipe.js';
import type { Sources } from './sources.js';

/** What the modules of the new image say about where and how configuration is kept. */
export interface Target {
  readonly board: Board;
  readonly regions: readonly Region[];
  readonly generation: SystemGeneration;
}

const ERASED = 0xff;
const PERMANENT_LOCK = 0xcc;

function pairOf(role: 'dct' | 'eeprom', { board, regions }: Target, where: string): readonly [Region, Region] {
  const pair = regionPair(regions, role);
  if (pair) return pair;
  throw new BuildError({
    code: 'BUILD_NO_PLACE',
    what: `${board.name} has no place for ${role === 'dct' ? 'a DCT' : 'an emulated EEPROM'}`,
    where,
    help: 'Leave it out, or name another board.',
  });
}

/** @throws BuildError BUILD_NO_PLACE, BUILD_NO_CONFIGURATION, DCT_…; UsageError DCT_… */
export function placeDct(dct: RecipeDct, sources: Sources, target: Target): PlacedPart[] {
  const regions = pairOf('dct', target, dct.where);
  const source = dct.from ? dct.from.file : 'the recipe';
  const { copy1, copy2 } = dct.from
    ? editedCopies(dct, sources.configuration(dct.from, false), sources, target)
    : buildDct({ edits: editsOf(dct, sources, null) });
  return [copy1, copy2].map((bytes, index) => {
    const { start } = regions[index] as Region;
    return { start, end: start + bytes.length, title: `DCT copy ${index + 1}`, source, where: dct.where, bytes };
  });
}

/** @param current the copy that is changed; null: a fresh table */
function editsOf(dct: RecipeDct, sources: Sources, current: Uint8Array | null): DctEdit[] {
  return dctEdits(dct.set, { current, readFile: (file) => sources.bytes(file) });
}

function editedCopies(dct: RecipeDct, source: ConfigurationSource, sources: Sources, target: Target): DctPair {
  if (source.form === 'dct-section') return sectionCopies(dct, source, sources);
  const [first, second] = source.dctRegions ?? [];
  const copy1 = first && source.image.bytes(first);
  // A file of one sector is copy 1; of a dump both copies are needed, because the newer one may be either.
  const blank = source.form === 'dct-sector' ? new Uint8Array(DCT_COPY_BYTES).fill(ERASED) : undefined;
  const copy2 = (second && source.image.bytes(second)) ?? blank;
  if (!copy1 || !copy2) throw missing('DCT', source, dct.where);
  const pair = { copy1, copy2 };
  if (dct.set.length === 0) return pair;
  const { dctRules } = source.generation;
  const rules = dctRules === 'unknown' ? target.generation.dctRules : dctRules;
  const { current } = selectCopy(pair, rules === 'unknown' ? 'from-0.7.0' : rules);
  const edits = editsOf(dct, sources, current === 2 ? copy2 : copy1);
  return editDctField(pair, edits, { style: dct.style, rules });
}

/** A fresh table around an application section, as DFU alternate setting 1 reads it. */
function sectionCopies(dct: RecipeDct, source: ConfigurationSource, sources: Sources): DctPair {
  const { size } = dctSection('wiced', 'application');
  const bytes = (source.image.segments[0]?.bytes ?? new Uint8Array(0)).subarray(0, size);
  const section: DctEdit = { section: 'application', offset: 0, bytes };
  const { copy1 } = buildDct({ edits: [section] });
  return buildDct({ edits: [section, ...editsOf(dct, sources, copy1)] });
}

function missing(what: string, source: ConfigurationSource, where: string): BuildError {
  return new BuildError({
    code: 'BUILD_NO_CONFIGURATION',
    what: `the source holds no complete ${what}`,
    where: `${where}: ${source.input.path}`,
    got: source.input.base === null ? `${source.input.size} bytes without a place in flash` : source.words,
    help: 'Take a dump of the whole flash, or of these sectors; a raw file that begins elsewhere needs its base.',
  });
}

/** @throws BuildError BUILD_NO_PLACE, BUILD_NO_CONFIGURATION, EEPROM_… */
export function placeEeprom(eeprom: RecipeEeprom, sources: Sources, target: Target): PlacedPart[] {
  const [first, second] = pairOf('eeprom', target, eeprom.where);
  let pages: readonly [Uint8Array, Uint8Array];
  if (eeprom.from) {
    const source = sources.configuration(eeprom.from, true);
    const page1 = source.image.bytes(first);
    const page2 = source.image.bytes(second);
    if (source.form !== 'eeprom-sector' && !(page1 && page2)) throw missing('EEPROM', source, eeprom.where);
    const blank = (region: Region): Uint8Array => new Uint8Array(sizeOf(region)).fill(ERASED);
    pages = [page1 ?? blank(first), page2 ?? blank(second)];
  } else {
    const { page1, page2 } = buildEeprom(eeprom.values, { size1: sizeOf(first), size2: sizeOf(second) });
    pages = [page1, page2];
  }
  const source = eeprom.from ? eeprom.from.file : 'the recipe';
  return [first, second].map(({ start }, index) => {
    const bytes = pages[index] as Uint8Array;
    const title = `EEPROM page ${index + 1}`;
    return { start, end: start + bytes.length, title, source, where: eeprom.where, bytes };
  });
}

/** The factory copy keeps the header of the module, which names the place a factory reset copies it to. */
export function placeFactory(
  { file, where }: NonNullable<Recipe['factory']>,
  sources: Sources,
  { board, regions }: Target,
): PlacedPart {
  const region = regions.find(({ role }) => role === 'factory');
  if (!region) {
    throw new BuildError({
      code: 'BUILD_NO_PLACE',
      what: `${board.name} has no factory region`,
      where,
      help: 'Leave the factory copy out.',
    });
  }
  const { image, baseSource } = sources.placed({ file });
  const bytes = image.span && image.bytes(image.span);
  if (!bytes || (baseSource !== 'header' && baseSource !== 'file')) {
    throw new BuildError({
      code: 'BUILD_NOT_A_MODULE',
      what: 'the factory copy is no module with an address in its header',
      where: `${where}: ${file}`,
      help: 'Give the application as it was released or compiled.',
    });
  }
  if (bytes.length > sizeOf(region)) {
    throw new BuildError({
      code: 'BUILD_DOES_NOT_FIT',
      what: 'the factory copy does not fit its region',
      where: `${where}: ${file}`,
      expected: `at most ${sizeOf(region)} bytes`,
      got: `${bytes.length}`,
      help: 'Give a smaller application.',
    });
  }
  const title = `factory copy of ${titleOf(bytes, region.start) ?? 'something'}`;
  return { start: region.start, end: region.start + bytes.length, title, source: file, where, bytes };
}

/** The word of FLASH_OPTCR, lock and start bit clear. @throws BuildError BUILD_PERMANENT_LOCK, OPTION_… */
export function optionWord(optionBytes: Recipe['optionBytes'], board: Board): number | null {
  if (optionBytes === null) return null;
  if (!('word' in optionBytes)) return encodeOptionRegister(optionBytes, optionByteContext(board).layout);
  const { word } = optionBytes;
  if (((word >>> 8) & 0xff) !== PERMANENT_LOCK) return word;
  throw new BuildError({
    code: 'BUILD_PERMANENT_LOCK',
    what: 'the option word sets read protection level 2, which locks the chip for good',
    expected: 'RDP 0xAA (level 0), or another value than 0xCC (level 1)',
    got: '0xCC',
    help: 'Use level 1.',
  });
}
