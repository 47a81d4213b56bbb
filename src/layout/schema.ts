/**
 * The form of chip and board files, for three uses: the TypeScript types of the files, the JSON Schemas editors use
 * (layouts/*.schema.json, written by layouts/derive-schemas.mjs) and the schema check.
 *
 * Only form-check.ts may load this module: loading the schema library takes longer than reading a built-in board.
 */
import Type, { type Static, type TSchema } from 'typebox';
import { MAX_ITEMS } from './fields.js';
import { BOOT_WORDS, DFU_SPACES, MAX_SECTOR_RUN, MEMORY_KINDS, REGION_ROLES } from './parse.js';

const strict = { additionalProperties: false } as const;

const Text = (description: string) => Type.String({ description, minLength: 1, pattern: '\\S' });
const Source = Text('Where this fact comes from: file @ tag, document and section, or what it was measured on.');
const Id = (description: string) => Type.String({ description, pattern: '^[a-z0-9][a-z0-9.-]{0,63}$' });
const FileId = Type.String({
  description: 'The file name without its ending: "particle-p1" for particle-p1.board.json.',
  pattern: '^[a-z0-9][a-z0-9-]{0,63}$',
});
const Address = Type.String({
  description: 'First address: "0x" and eight upper-case digits.',
  pattern: '^0x[0-9A-F]{8}$',
  examples: ['0x08000000'],
});
const Size = Type.String({
  description: 'Number of bytes, hexadecimal: "0x4000" for 16 KiB.',
  pattern: '^0x[1-9A-F][0-9A-F]{0,7}$',
  examples: ['0x4000', '0x20000'],
});
const UsbId = (description: string) => Type.String({ description, pattern: '^0x[0-9A-F]{4}$', examples: ['0x2B04'] });
const Names = (description: string) =>
  Type.Array(Id('An id.'), { description, minItems: 1, maxItems: MAX_ITEMS, uniqueItems: true });
const List = <Item extends TSchema>(item: Item, description: string) =>
  Type.Array(item, { description, minItems: 1, maxItems: MAX_ITEMS });

const Head = {
  $schema: Type.Optional(Type.String({ description: 'The JSON Schema an editor uses for this file.' })),
  id: FileId,
  extends: Type.Optional(
    Id(
      'Id of a file of the same kind. Keys given here replace its keys; entries with the same id replace its entries.',
    ),
  ),
  source: Source,
};

const SectorRun = Type.Object(
  {
    count: Type.Integer({ description: 'Number of equal sectors.', minimum: 1, maximum: MAX_SECTOR_RUN }),
    size: Size,
  },
  { ...strict, title: 'Run of equal sectors' },
);

const MemoryEntry = Type.Object(
  {
    id: Id('Short name, unique in the chip.'),
    kind: Type.Enum(MEMORY_KINDS, { description: 'What the memory is.' }),
    title: Text('Name for people.'),
    start: Address,
    size: Size,
    erasedByte: Type.Optional(
      Type.String({
        description: 'Value of an erased byte; only for memories that can be erased.',
        pattern: '^0x[0-9A-F]{2}$',
      }),
    ),
    sectors: Type.Optional(List(SectorRun, 'Erase units in address order, as runs; they add up to the size.')),
    source: Source,
  },
  { ...strict, title: 'Memory' },
);

export const ChipSchema = Type.Object(
  {
    ...Head,
    name: Type.Optional(Text('Ordering name: STM32F205RG.')),
    vendor: Type.Optional(Text('Who makes it.')),
    family: Type.Optional(Text('Family: STM32F2.')),
    core: Type.Optional(Text('Processor core and revision.')),
    deviceId: Type.Optional(
      Type.String({ description: 'DEV_ID of DBGMCU_IDCODE.', pattern: '^0x[0-9A-F]{1,3}$', examples: ['0x411'] }),
    ),
    without: Type.Optional(Names('Ids of inherited memories this chip does not have.')),
    memories: Type.Optional(List(MemoryEntry, 'Memories, in address order.')),
  },
  { ...strict, title: 'Chip', description: 'Memories and sectors of a microcontroller.' },
);

const ModuleName = Type.Object(
  {
    function: Text('Module function: bootloader, mono-firmware, system-part, user-part …'),
    index: Type.Integer({ description: 'Module index; 0 for bootloader and mono-firmware.', minimum: 0, maximum: 255 }),
  },
  { ...strict, title: 'Module' },
);

const Sign = Type.Object(
  {
    address: Address,
    function: Text('Module function found there.'),
    index: Type.Integer({ description: 'Module index found there.', minimum: 0, maximum: 255 }),
    versionBelow: Type.Optional(
      Type.Integer({ description: 'Only for module versions below this one.', minimum: 1, maximum: 65535 }),
    ),
  },
  { ...strict, title: 'Sign', description: 'A module whose presence tells one map from another.' },
);

const VariantEntry = Type.Object(
  {
    id: Id('Short name, unique in the board.'),
    title: Text('Name for people.'),
    detect: Type.Optional(List(Sign, 'One of these modules chooses this map. The default map has no such list.')),
    source: Source,
  },
  { ...strict, title: 'Variant', description: 'One of several memory maps of the board.' },
);

const About = Type.Object(
  {
    content: Text('What the region holds.'),
    writer: Text('Who writes it, and when.'),
    boot: Type.Enum(BOOT_WORDS, { description: 'Whether the board needs it to boot.' }),
    bootNote: Text('The same as a sentence: what happens without it.'),
  },
  { ...strict, title: 'About', description: 'Plain sentences for people who meet the region for the first time.' },
);

const RegionEntry = Type.Object(
  {
    id: Id('Short name, unique in each map.'),
    title: Text('Name for people.'),
    role: Type.Enum(REGION_ROLES, { description: 'What the region is for.' }),
    start: Address,
    size: Size,
    decoder: Type.Optional(Text('Name of the decoder that reads the region.')),
    module: Type.Optional(ModuleName),
    variants: Type.Optional(Names('Maps the region belongs to; without this key: all of them.')),
    overlays: Type.Optional(Names('Regions this one lies over on purpose.')),
    about: About,
    source: Source,
  },
  { ...strict, title: 'Region' },
);

const Alternate = Type.Object(
  {
    number: Type.Integer({ description: 'DFU alternate setting.', minimum: 0, maximum: 255 }),
    layout: Type.String({
      description: 'Memory-layout string (UM0391), byte-exact.',
      minLength: 1,
      examples: ['@Internal Flash   /0x08000000/04*016Kg,01*064Kg,07*128Kg'],
    }),
    space: Type.Enum(DFU_SPACES, { description: 'What its addresses mean.' }),
    source: Source,
  },
  { ...strict, title: 'DFU alternate setting' },
);

const Refusal = Type.Object(
  {
    alternate: Type.Integer({ description: 'DFU alternate setting.', minimum: 0, maximum: 255 }),
    start: Address,
    size: Size,
    reason: Text('Why writing there does not work.'),
    instead: Text('The way that works.'),
    source: Source,
  },
  { ...strict, title: 'Refusal', description: 'A range the DFU implementation will not erase or write.' },
);

const Dfu = Type.Object(
  {
    vendor: UsbId('USB vendor id in DFU mode.'),
    product: UsbId('USB product id in DFU mode.'),
    transferSize: Type.Integer({ description: 'wTransferSize, bytes.', minimum: 1, maximum: 65535 }),
    alternates: List(Alternate, 'DFU alternate settings.'),
    refusals: Type.Array(Refusal, { description: 'Ranges that cannot be written.', maxItems: MAX_ITEMS }),
    source: Source,
  },
  { ...strict, title: 'DFU profile' },
);

const Platform = Type.Object(
  {
    id: Type.Integer({ description: 'Particle platform id: 8 for the P1.', minimum: 0, maximum: 65535 }),
    name: Text('Name of the platform.'),
  },
  { ...strict, title: 'Particle platform' },
);

export const BoardSchema = Type.Object(
  {
    ...Head,
    name: Type.Optional(Text('Name of the board.')),
    vendor: Type.Optional(Text('Who makes it.')),
    chip: Type.Optional(Id('Id of the chip file.')),
    platform: Type.Optional(Platform),
    without: Type.Optional(Names('Ids of inherited regions this board does not have.')),
    variants: Type.Optional(
      List(VariantEntry, 'Memory maps, when the board has more than one. Exactly one has no "detect".'),
    ),
    regions: Type.Optional(List(RegionEntry, 'Regions of the flash.')),
    dfu: Type.Optional(Dfu),
  },
  { ...strict, title: 'Board', description: 'Regions of a board on the memories of its chip.' },
);

/** A `*.chip.json` file as it is written. */
export type ChipFile = Static<typeof ChipSchema>;
/** A `*.board.json` file as it is written. */
export type BoardFile = Static<typeof BoardSchema>;

/** File name and text of each JSON Schema in `layouts/`. */
export function schemaFiles(): { readonly name: string; readonly text: string }[] {
  return [
    { name: 'chip.schema.json', text: schemaText(ChipSchema) },
    { name: 'board.schema.json', text: schemaText(BoardSchema) },
  ];
}

function schemaText(schema: TSchema): string {
  return `${JSON.stringify({ $schema: 'http://json-schema.org/draft-07/schema#', ...schema }, null, 2)}\n`;
}
