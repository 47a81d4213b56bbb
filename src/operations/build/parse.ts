/** From YAML to a recipe. Strict: a key or value that means nothing is an error with its line. */
import { fromHex } from '../../core/bytes.js';
import { FormatError } from '../../core/errors.js';
import type { OptionSettings } from '../../regions/option-bytes.js';
import type { DctAssignment } from '../edit/dct-words.js';
import { RecipeField } from './field.js';
import {
  DCT_STYLES,
  RECIPE_VERSION,
  type Recipe,
  type RecipeDct,
  type RecipeEeprom,
  type RecipeOutput,
  type RecipePart,
  SHAPES,
  type SourceFile,
} from './recipe.js';
import type { YamlProblem } from './yaml.js';

/** Keys of each map of a recipe; recipe-schema.ts describes the same for editors. */
export const RECIPE_KEYS = [
  'recipe',
  'board',
  'fill',
  'shape',
  'parts',
  'dct',
  'eeprom',
  'factory',
  'optionBytes',
  'allow',
  'outputs',
] as const;
/** The key that says what a part is, and the keys that go with it. */
export const PART_KEYS = {
  module: [],
  raw: ['at'],
  image: [],
  region: ['from'],
  range: ['from'],
  fill: ['at'],
} as const;
export const DCT_KEYS = ['from', 'fresh', 'set', 'style'] as const;
export const EEPROM_KEYS = ['from', 'values'] as const;
export const SOURCE_KEYS = ['file', 'base'] as const;
export const OUTPUT_KEYS = ['file', 'format', 'shape'] as const;
export const OPTION_KEYS = [
  'word',
  'readProtection',
  'brownOut',
  'watchdog',
  'resetOnStop',
  'resetOnStandby',
  'protectedSectors',
] as const;

const LARGEST_WORD = 0xffff_ffff;
const LARGEST_EEPROM_INDEX = 0xffff;

/**
 * @param name of the recipe in messages
 * @throws FormatError RECIPE_…
 */
export async function parseRecipe(text: string, name: string): Promise<Recipe> {
  const { parseYaml } = await import('./yaml.js');
  const result = parseYaml(text);
  if ('problem' in result) throw unreadable(result.problem, name);
  const root = new RecipeField(result.node, '', name);
  const fields = root.keys(RECIPE_KEYS, ['recipe']);
  const get = <T>(key: (typeof RECIPE_KEYS)[number], read: (field: RecipeField) => T): T | null => {
    const field = fields.get(key);
    return field ? read(field) : null;
  };
  get('recipe', (field) => field.integer(RECIPE_VERSION, RECIPE_VERSION, `${RECIPE_VERSION}, the version of the form`));
  return {
    name,
    board: get('board', (field) => field.text('the id of a board, such as particle-p1')),
    fill: get('fill', (field) => field.integer(0, 0xff)),
    shape: get('shape', (field) => field.oneOf(SHAPES)),
    parts: get('parts', (field) => field.items().map(readPart)) ?? [],
    dct: get('dct', (field) => readDct(field.asSecret())),
    eeprom: get('eeprom', readEeprom),
    factory: get('factory', (field) => ({ file: field.text('a file'), where: field.where })),
    optionBytes: get('optionBytes', readOptionBytes),
    allow: get('allow', (field) => field.items().map((item) => item.text('the id of a rule'))) ?? [],
    outputs: get('outputs', (field) => field.items().map(readOutput)) ?? [],
  };
}

function unreadable({ kind, line, words }: YamlProblem, name: string): FormatError {
  const where = `${name}, line ${line}`;
  switch (kind) {
    case 'syntax':
      return new FormatError({
        code: 'RECIPE_SYNTAX',
        what: `the recipe is not valid YAML: ${words}`,
        where,
        line,
        help: 'Correct the line; an editor with YAML support shows the place.',
      });
    case 'alias':
      return new FormatError({
        code: 'RECIPE_ALIAS',
        what: 'a recipe has no anchors (&) and aliases (*)',
        where,
        line,
        help: 'Write the value out, or put quotes around a text that begins with & or *.',
      });
    case 'too-deep':
      return new FormatError({
        code: 'RECIPE_TOO_DEEP',
        what: 'the recipe has more levels than any recipe needs',
        where,
        line,
        help: 'Check that this is a recipe.',
      });
    case 'too-large':
      return new FormatError({
        code: 'RECIPE_TOO_LARGE',
        what: 'the recipe is longer than any recipe should be',
        where: name,
        expected: 'at most 512 KiB of text',
        line,
        help: 'Check that this is the recipe and not one of its parts.',
      });
  }
}

function readPart(part: RecipeField): RecipePart {
  const kinds = Object.keys(PART_KEYS) as (keyof typeof PART_KEYS)[];
  const present = part.entries().map(([key]) => key);
  const kind = kinds.find((name) => present.includes(name));
  if (kind === undefined) {
    // Names an unknown key first: a slip in the key that matters is the most likely reason.
    part.keys([...kinds, ...Object.values(PART_KEYS).flat()]);
    throw part.bad(`one of the keys ${kinds.join(', ')}`, 'Say what the part is.');
  }
  const fields = part.keys([kind, ...PART_KEYS[kind]], PART_KEYS[kind]);
  const field = (key: string): RecipeField => {
    const found = fields.get(key);
    if (found) return found;
    throw part.missing(key);
  };
  const { where } = part;
  const main = field(kind);
  switch (kind) {
    case 'module':
    case 'image':
      return { kind, file: main.text('a file'), where };
    case 'raw':
      return { kind, file: main.text('a file'), address: field('at').address(), where };
    case 'region':
      return { kind, region: main.text('the id of a region'), from: readSource(field('from')), where };
    case 'range':
      return { kind, range: main.range(), from: readSource(field('from')), where };
    case 'fill':
      return { kind, value: main.integer(0, 0xff), range: field('at').range(), where };
  }
}

function readSource(field: RecipeField): SourceFile {
  if (!field.isMap) return { file: field.text('a file') };
  const fields = field.keys(SOURCE_KEYS, ['file']);
  const base = fields.get('base')?.address();
  return { file: (fields.get('file') as RecipeField).text('a file'), ...(base === undefined ? {} : { base }) };
}

function readDct(field: RecipeField): RecipeDct {
  const fields = field.keys(DCT_KEYS);
  const from = fields.get('from');
  const fresh = fields.get('fresh')?.flag() ?? false;
  if ((from !== undefined) === fresh) {
    throw field.bad('either "from: FILE" or "fresh: true"', 'Say where the table comes from.');
  }
  return {
    from: from ? readSource(from) : null,
    set: (fields.get('set')?.entries() ?? []).flatMap(([name, field]) => readAssignments(name, field)),
    style: fields.get('style')?.oneOf(DCT_STYLES) ?? 'single',
    where: field.where,
  };
}

/** One value, or a list of values for a name that takes several: the networks of wifi. */
function readAssignments(name: string, field: RecipeField): DctAssignment[] {
  const values = field.isList ? field.items() : [field];
  return values.map((value) => ({ name, value: wordOf(value) }));
}

/** Values in words may look like numbers: port 5683, channel 6. */
function wordOf(field: RecipeField): string {
  const { value } = field;
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw field.bad('one value');
}

/** A text, or bytes as "hex:00FF12". */
function readContent(field: RecipeField): Uint8Array {
  const text = wordOf(field);
  if (!text.startsWith('hex:')) return new TextEncoder().encode(text);
  const bytes = fromHex(text.slice(4).replaceAll(/\s/g, ''));
  if (bytes) return bytes;
  throw field.bad('pairs of hexadecimal digits behind "hex:"');
}

function readEeprom(field: RecipeField): RecipeEeprom {
  const fields = field.keys(EEPROM_KEYS);
  const from = fields.get('from');
  const values = fields.get('values');
  if ((from !== undefined) === (values !== undefined)) {
    throw field.bad('either "from: FILE" or "values"', 'Say where the content comes from.');
  }
  return { from: from ? readSource(from) : null, values: values ? readValues(values) : new Map(), where: field.where };
}

/** `0: 42`, `16: [1, 2, 3]` or `32: "text"`. */
function readValues(field: RecipeField): Map<number, number> {
  const values = new Map<number, number>();
  for (const [key, item] of field.entries()) {
    const start = /^\d{1,5}$/.test(key) ? Number(key) : Number.NaN;
    if (!(start <= LARGEST_EEPROM_INDEX)) {
      throw field.bad(`EEPROM indexes as keys, from 0 to ${LARGEST_EEPROM_INDEX}`);
    }
    for (const [offset, byte] of bytesOf(item).entries()) {
      if (values.has(start + offset)) throw item.bad(`every index once; ${start + offset} is given twice`);
      values.set(start + offset, byte);
    }
  }
  return values;
}

function bytesOf(field: RecipeField): readonly number[] {
  if (field.isList) return field.items().map((item) => item.integer(0, 0xff));
  if (typeof field.value === 'string') return [...readContent(field)];
  return [field.integer(0, 0xff, 'a byte, a list of bytes or a text')];
}

function readOptionBytes(field: RecipeField): Recipe['optionBytes'] {
  if (!field.isMap) return { word: field.integer(0, LARGEST_WORD, 'a word, such as 0x0FFFAAED, or settings') };
  const fields = field.keys(OPTION_KEYS);
  const word = fields.get('word');
  if (word) {
    if (fields.size > 1) throw field.bad('a word or settings, not both');
    return { word: word.integer(0, LARGEST_WORD) };
  }
  const level = fields.get('readProtection')?.integer(0, 1, '0 or 1; level 2 cannot be undone and is refused');
  const brownOut = fields.get('brownOut');
  const watchdog = fields.get('watchdog')?.oneOf(['software', 'hardware']);
  const sectors = fields
    .get('protectedSectors')
    ?.items()
    .map((item) => item.integer(0, 31));
  const settings: { -readonly [Key in keyof OptionSettings]: OptionSettings[Key] } = {};
  if (level !== undefined) settings.readProtection = level === 1 ? 1 : 0;
  if (brownOut) settings.brownOut = brownOutOf(brownOut);
  if (watchdog !== undefined) settings.watchdog = watchdog;
  for (const key of ['resetOnStop', 'resetOnStandby'] as const) {
    const flag = fields.get(key)?.flag();
    if (flag !== undefined) settings[key] = flag;
  }
  if (sectors) settings.protectedSectors = sectors;
  return settings;
}

function brownOutOf(field: RecipeField): 0 | 1 | 2 | 3 {
  if (field.value === 'off') return 0;
  return field.integer(1, 3, '1, 2, 3 or off') as 1 | 2 | 3;
}

function readOutput(field: RecipeField): RecipeOutput {
  const { where } = field;
  if (!field.isMap) return { file: field.text('a file'), format: null, shape: null, where };
  const fields = field.keys(OUTPUT_KEYS, ['file']);
  return {
    file: (fields.get('file') as RecipeField).text('a file'),
    format: fields.get('format')?.text('a format') ?? null,
    shape: fields.get('shape')?.oneOf(SHAPES) ?? null,
    where,
  };
}

/** For callers that have bytes. @throws FormatError RECIPE_NOT_TEXT */
export function recipeText(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new FormatError({
      code: 'RECIPE_NOT_TEXT',
      what: 'the recipe is not UTF-8 text',
      where: name,
      help: 'Check that this is the recipe and not one of its parts.',
      cause: error,
    });
  }
}
