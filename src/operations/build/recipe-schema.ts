/**
 * The form of recipes for editors: layouts/recipe.schema.json, written by layouts/derive-schemas.mjs. parse.ts reads them;
 * a test holds both against each other. Nothing else may load this module: the schema library takes its time.
 */
import Type, { type TSchema } from 'typebox';
import type { DCT_KEYS, EEPROM_KEYS, OPTION_KEYS, OUTPUT_KEYS, PART_KEYS, RECIPE_KEYS, SOURCE_KEYS } from './parse.js';
import { DCT_STYLES, RECIPE_VERSION, SHAPES } from './recipe.js';

const strict = { additionalProperties: false } as const;
const text = { minLength: 1, pattern: '\\S' } as const;

const File = (description: string) =>
  Type.String({ description: `${description} The path is relative to the recipe.`, ...text });
const Address = (description: string) =>
  Type.Union(
    [
      Type.Integer({ minimum: 0, maximum: 0xffffffff }),
      Type.String({ pattern: '^(0x[0-9A-Fa-f]{1,9}|[0-9]{1,10}[KMkm]?)$' }),
    ],
    { description, examples: ['0x080A0000'] },
  );
const Byte = (description: string) => Type.Integer({ description, minimum: 0, maximum: 255 });
const AddressRange = (description: string) =>
  Type.String({ description, pattern: '^[^-+]+[-+][^-+]+$', examples: ['0x080C0000-0x080C00FF', '0x080C0000+256'] });

/** The keys that parse.ts knows, no more and no fewer. */
type Keys<Names extends string> = Readonly<Record<Names, TSchema>>;

const sourceKeys: Keys<(typeof SOURCE_KEYS)[number]> = {
  file: File('The file.'),
  base: Type.Optional(Address('Address of the first byte of a raw binary.')),
};
const Source = (description: string) =>
  Type.Union([File(description), Type.Object(sourceKeys, { ...strict, title: 'File with base' })], { description });

const part = (title: string, keys: Readonly<Record<string, TSchema>>) => Type.Object(keys, { ...strict, title });

const parts: Keys<keyof typeof PART_KEYS> = {
  module: part('Module', { module: File('A module, placed by its header.') }),
  raw: part('Raw bytes', {
    raw: File('Bytes without a place of their own.'),
    at: Address('Where the first byte goes.'),
  }),
  image: part('Image', { image: File('A file that carries addresses: Intel HEX, S-records, ELF or DfuSe.') }),
  region: part('Region of a dump', {
    region: Type.String({ description: 'Id of a region of the board.', ...text, examples: ['user', 'ota'] }),
    from: Source('The dump it is taken from.'),
  }),
  range: part('Range of a dump', {
    range: AddressRange('Addresses to take.'),
    from: Source('The dump they are taken from, as its bytes are.'),
  }),
  fill: part('Fill', { fill: Byte('The value.'), at: AddressRange('Addresses that get it.') }),
};

const Word = Type.Union([Type.String(), Type.Number(), Type.Boolean()]);
const dctKeys: Keys<(typeof DCT_KEYS)[number]> = {
  from: Type.Optional(Source('A dump, DCT sectors, or a file read over DFU alternate setting 1.')),
  fresh: Type.Optional(Type.Boolean({ description: 'Make a new table instead.' })),
  set: Type.Optional(
    Type.Record(Type.String(), Type.Union([Word, Type.Array(Word)]), {
      description: 'Changes in words, as `flashatlas dct set` takes them: serverAddress: cloud.example.com:5683.',
    }),
  ),
  style: Type.Optional(
    Type.Enum(DCT_STYLES, {
      description: 'Where a changed table is stored: single (copy 1, the other erased; the default), in-place or flip.',
    }),
  ),
};
const Byte8 = Type.Integer({ minimum: 0, maximum: 255 });
const eepromKeys: Keys<(typeof EEPROM_KEYS)[number]> = {
  from: Type.Optional(Source('A dump or EEPROM sectors.')),
  values: Type.Optional(
    Type.Record(Type.String({ pattern: '^[0-9]{1,5}$' }), Type.Union([Byte8, Type.Array(Byte8), Type.String(text)]), {
      description: 'Index to a byte, or to bytes that follow each other: a list, a text, or "hex:00FF".',
    }),
  ),
};
const optionKeys: Keys<(typeof OPTION_KEYS)[number]> = {
  word: Type.Optional(Address('The word of FLASH_OPTCR.')),
  readProtection: Type.Optional(Type.Integer({ description: 'Level 0 or 1.', minimum: 0, maximum: 1 })),
  brownOut: Type.Optional(
    Type.Union([Type.Integer({ minimum: 1, maximum: 3 }), Type.Literal('off')], { description: 'Brown-out reset.' }),
  ),
  watchdog: Type.Optional(
    Type.Enum(['software', 'hardware'], { description: 'What starts the independent watchdog.' }),
  ),
  resetOnStop: Type.Optional(Type.Boolean({ description: 'Entering Stop resets the chip.' })),
  resetOnStandby: Type.Optional(Type.Boolean({ description: 'Entering Standby resets the chip.' })),
  protectedSectors: Type.Optional(
    Type.Array(Type.Integer({ minimum: 0, maximum: 31 }), { description: 'Sectors to write-protect.' }),
  ),
};
const outputKeys: Keys<(typeof OUTPUT_KEYS)[number]> = {
  file: File('The file to write.'),
  format: Type.Optional(Type.String({ description: 'Format, when the file name does not tell it.', ...text })),
  shape: Type.Optional(Type.Enum(SHAPES, { description: 'Shape of this output.' })),
};
const recipeKeys: Keys<(typeof RECIPE_KEYS)[number]> = {
  recipe: Type.Literal(RECIPE_VERSION, { description: 'Version of the form.' }),
  board: Type.Optional(
    Type.String({ description: 'Id of a board, or the path of a *.board.json. Default: particle-p1.', ...text }),
  ),
  fill: Type.Optional(Byte('Value of gaps. Default: 0xFF, erased flash.')),
  shape: Type.Optional(
    Type.Enum(SHAPES, {
      description:
        'padded: the whole flash. trimmed: up to the last byte given. restore: without DCT and EEPROM. sparse: only what is given.',
    }),
  ),
  parts: Type.Optional(
    Type.Array(Type.Union(Object.values(parts)), { description: 'What the image is put together from.' }),
  ),
  dct: Type.Optional(Type.Object(dctKeys, { ...strict, description: 'Device configuration: from a file, or fresh.' })),
  eeprom: Type.Optional(
    Type.Object(eepromKeys, { ...strict, description: 'Emulated EEPROM: from a file, or values.' }),
  ),
  factory: Type.Optional(File('Application for the factory region.')),
  optionBytes: Type.Optional(
    Type.Union([Address('The word of FLASH_OPTCR.'), Type.Object(optionKeys, { ...strict, title: 'Settings' })], {
      description: 'Option bytes to judge the image with; no output holds them.',
    }),
  ),
  allow: Type.Optional(
    Type.Array(Type.String(text), { description: 'Rules whose errors do not stop the build: dependency/missing.' }),
  ),
  outputs: Type.Optional(
    Type.Array(Type.Union([File('The file to write.'), Type.Object(outputKeys, { ...strict, title: 'Output' })]), {
      description: 'Files to write.',
    }),
  ),
};

export const RecipeSchema = Type.Object(recipeKeys, {
  ...strict,
  title: 'Recipe',
  description: 'What flashatlas build puts an image together from.',
});

/** File name and text of the JSON Schema in `layouts/`. */
export function recipeSchemaFile(): { readonly name: string; readonly text: string } {
  const schema = { $schema: 'http://json-schema.org/draft-07/schema#', ...RecipeSchema };
  return { name: 'recipe.schema.json', text: `${JSON.stringify(schema, null, 2)}\n` };
}
