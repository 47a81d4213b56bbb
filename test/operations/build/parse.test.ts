/** Recipes from YAML: everything they can say, and every mistake with its line, key and what was meant. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { FlashatlasError, FormatError } from '../../../src/core/errors.js';
import {
  DCT_KEYS,
  EEPROM_KEYS,
  OPTION_KEYS,
  OUTPUT_KEYS,
  PART_KEYS,
  parseRecipe,
  RECIPE_KEYS,
  recipeText,
  SOURCE_KEYS,
} from '../../../src/operations/build/parse.js';
import { EMPTY_RECIPE, type Recipe } from '../../../src/operations/build/recipe.js';
import { RecipeSchema, recipeSchemaFile } from '../../../src/operations/build/recipe-schema.js';
import { recipeText as toYaml } from '../../../src/operations/build/recipe-text.js';

const parse = (text: string): Promise<Recipe> => parseRecipe(text, 'r.yaml');

async function mistake(text: string): Promise<FormatError> {
  try {
    await parse(text);
  } catch (error) {
    if (error instanceof FormatError) return error;
    throw error;
  }
  throw new Error('nothing was wrong');
}

const FULL = `# everything at once
recipe: 1
board: particle-photon
fill: 0x00
shape: trimmed
parts:
  - module: a.bin
  - raw: b.bin
    at: 0x080C0000   # hexadecimal
  - raw: c.bin
    at: 64K
  - image: d.hex
  - region: user
    from: old.bin
  - range: 0x08000000-0x080000FF
    from: { file: part.bin, base: 0x08000000 }
  - range: 0x08000100+256
    from: old.bin
  - fill: 0x5A
    at: 0x080E0000+0x10
dct:
  from: old.bin
  set:
    serverAddress: cloud.example.com:5683
    productId: 12
    wifi: ["one:secret:wpa2", two]
  style: flip
eeprom:
  values: { 0: 42, 4: [1, 0xFF], 8: "ab", 12: "hex:00 ff" }
factory: app.bin
optionBytes: 0x0FFFAAED
allow: [dependency/missing]
outputs:
  - out.bin
  - { file: out.x, format: intel-hex, shape: restore }
`;

describe('a recipe', () => {
  it('says everything', async () => {
    const { dct, eeprom, outputs, parts, ...rest } = await parse(FULL);
    expect(rest).toEqual({
      name: 'r.yaml',
      board: 'particle-photon',
      fill: 0,
      shape: 'trimmed',
      factory: { file: 'app.bin', where: 'r.yaml, line 30, factory' },
      optionBytes: { word: 0x0fffaaed },
      allow: ['dependency/missing'],
    });
    expect(parts).toEqual([
      { kind: 'module', file: 'a.bin', where: 'r.yaml, line 7, parts[0]' },
      { kind: 'raw', file: 'b.bin', address: 0x080c0000, where: 'r.yaml, line 8, parts[1]' },
      { kind: 'raw', file: 'c.bin', address: 0x10000, where: 'r.yaml, line 10, parts[2]' },
      { kind: 'image', file: 'd.hex', where: 'r.yaml, line 12, parts[3]' },
      { kind: 'region', region: 'user', from: { file: 'old.bin' }, where: 'r.yaml, line 13, parts[4]' },
      {
        kind: 'range',
        range: { start: 0x08000000, end: 0x08000100 },
        from: { file: 'part.bin', base: 0x08000000 },
        where: 'r.yaml, line 15, parts[5]',
      },
      {
        kind: 'range',
        range: { start: 0x08000100, end: 0x08000200 },
        from: { file: 'old.bin' },
        where: 'r.yaml, line 17, parts[6]',
      },
      { kind: 'fill', value: 0x5a, range: { start: 0x080e0000, end: 0x080e0010 }, where: 'r.yaml, line 19, parts[7]' },
    ]);
    expect(dct).toEqual({
      from: { file: 'old.bin' },
      set: [
        { name: 'serverAddress', value: 'cloud.example.com:5683' },
        { name: 'productId', value: '12' },
        { name: 'wifi', value: 'one:secret:wpa2' },
        { name: 'wifi', value: 'two' },
      ],
      style: 'flip',
      where: 'r.yaml, line 22, dct',
    });
    expect([...(eeprom?.values ?? [])]).toEqual([
      [0, 42],
      [4, 1],
      [5, 255],
      [8, 97],
      [9, 98],
      [12, 0],
      [13, 255],
    ]);
    expect(outputs).toEqual([
      { file: 'out.bin', format: null, shape: null, where: 'r.yaml, line 34, outputs[0]' },
      { file: 'out.x', format: 'intel-hex', shape: 'restore', where: 'r.yaml, line 35, outputs[1]' },
    ]);
  });

  it('may say almost nothing', async () => {
    expect(await parse('recipe: 1\n')).toEqual({ ...EMPTY_RECIPE, name: 'r.yaml' });
    expect((await parse('recipe: 1\ndct: { fresh: true }\n')).dct).toMatchObject({
      from: null,
      set: [],
      style: 'single',
    });
    expect((await parse('recipe: 1\neeprom: { from: old.bin }\n')).eeprom).toMatchObject({ from: { file: 'old.bin' } });
  });

  it('takes settings for option bytes', async () => {
    const text = `recipe: 1
optionBytes:
  readProtection: 1
  brownOut: off
  watchdog: hardware
  resetOnStop: true
  protectedSectors: [0, 5, 6]
`;
    expect((await parse(text)).optionBytes).toEqual({
      readProtection: 1,
      brownOut: 0,
      watchdog: 'hardware',
      resetOnStop: true,
      protectedSectors: [0, 5, 6],
    });
    expect((await parse('recipe: 1\noptionBytes: { word: 0xFFFAAEC, }\n')).optionBytes).toEqual({ word: 0x0fffaaec });
  });
});

describe('mistakes', () => {
  const cases: readonly (readonly [text: string, code: string, words: string, help?: string])[] = [
    [
      'recipe: 1\nbord: particle-p1\n',
      'RECIPE_UNKNOWN_KEY',
      'the key "bord" means nothing here at r.yaml, line 2',
      'Did you mean board?',
    ],
    [
      'recipe: 1\nparts:\n  - modul: a.bin\n',
      'RECIPE_UNKNOWN_KEY',
      'the key "modul" means nothing here at r.yaml, line 3, parts[0]',
      'Did you mean module?',
    ],
    [
      'recipe: 1\nparts:\n  - module: a.bin\n    from: b\n',
      'RECIPE_UNKNOWN_KEY',
      '"from" means nothing here at r.yaml, line 4, parts[0]',
    ],
    ['board: particle-p1\n', 'RECIPE_MISSING_KEY', 'the key recipe is missing at r.yaml, line 1'],
    [
      'recipe: 1\nparts:\n  - raw: a.bin\n',
      'RECIPE_MISSING_KEY',
      'the key at is missing at r.yaml, line 3, parts[0]',
      'Add at.',
    ],
    ['recipe: 2\n', 'RECIPE_BAD_VALUE', 'line 1, recipe: expected 1, the version of the form, got 2'],
    [
      'recipe: 1\nshape: pad\n',
      'RECIPE_BAD_VALUE',
      'line 2, shape: expected one of padded, trimmed, restore, sparse, got "pad"',
      'Did you mean padded?',
    ],
    ['recipe: 1\nfill: 256\n', 'RECIPE_BAD_VALUE', 'line 2, fill: expected a whole number from 0 to 255, got 256'],
    ['recipe: 1\nfill: 1.5\n', 'RECIPE_BAD_VALUE', 'got 1.5'],
    [
      'recipe: 1\nparts: a.bin\n',
      'RECIPE_BAD_VALUE',
      'line 2, parts: expected a list, every entry behind a dash, got "a.bin"',
    ],
    ['recipe: 1\nparts:\n  - a.bin\n', 'RECIPE_BAD_VALUE', 'line 3, parts[0]: expected keys with values, got "a.bin"'],
    [
      'recipe: 1\nparts:\n  - at: 0\n',
      'RECIPE_BAD_VALUE',
      'expected one of the keys module, raw, image, region, range, fill',
      'Say what the part is.',
    ],
    ['recipe: 1\nparts:\n  - module:\n', 'RECIPE_BAD_VALUE', 'line 3, parts[0].module: expected a file, got null'],
    [
      'recipe: 1\nparts:\n  - raw: a\n    at: 0x100000000\n',
      'RECIPE_BAD_VALUE',
      'parts[0].at: expected an address, such as 0x080A0000',
    ],
    ['recipe: 1\nparts:\n  - raw: a\n    at: here\n', 'RECIPE_BAD_VALUE', 'got "here"'],
    [
      'recipe: 1\nparts:\n  - fill: 0\n    at: 5-4\n',
      'RECIPE_BAD_VALUE',
      'expected a range, such as 0x080C0000-0x080C00FF',
    ],
    ['recipe: 1\ndct: {}\n', 'RECIPE_BAD_VALUE', 'either "from: FILE" or "fresh: true"'],
    ['recipe: 1\ndct: { from: a, fresh: true }\n', 'RECIPE_BAD_VALUE', 'either "from: FILE" or "fresh: true"'],
    ['recipe: 1\ndct: { fresh: 1 }\n', 'RECIPE_BAD_VALUE', 'dct.fresh: expected true or false'],
    ['recipe: 1\neeprom: { values: {}, from: a }\n', 'RECIPE_BAD_VALUE', 'either "from: FILE" or "values"'],
    ['recipe: 1\neeprom: { values: { x: 1 } }\n', 'RECIPE_BAD_VALUE', 'EEPROM indexes as keys, from 0 to 65535'],
    ['recipe: 1\neeprom: { values: { 0: 300 } }\n', 'RECIPE_BAD_VALUE', 'a byte, a list of bytes or a text, got 300'],
    ['recipe: 1\neeprom: { values: { 0: [1, 2], 1: 3 } }\n', 'RECIPE_BAD_VALUE', 'every index once; 1 is given twice'],
    [
      'recipe: 1\neeprom: { values: { 0: "hex:0" } }\n',
      'RECIPE_BAD_VALUE',
      'pairs of hexadecimal digits behind "hex:"',
    ],
    ['recipe: 1\noptionBytes: { word: 1, brownOut: 1 }\n', 'RECIPE_BAD_VALUE', 'a word or settings, not both'],
    ['recipe: 1\noptionBytes: { readProtection: 2 }\n', 'RECIPE_BAD_VALUE', 'level 2 cannot be undone'],
    ['recipe: 1\noptionBytes: { brownOut: 4 }\n', 'RECIPE_BAD_VALUE', '1, 2, 3 or off'],
    ['- recipe: 1\n', 'RECIPE_BAD_VALUE', 'r.yaml, line 1: expected keys with values, got a list'],
    ['', 'RECIPE_BAD_VALUE', 'expected keys with values'],
    ['recipe: 1\nrecipe: 1\n', 'RECIPE_SYNTAX', 'a key is given twice at r.yaml, line 2'],
    ['recipe: 1\nparts: [a\n', 'RECIPE_SYNTAX', 'not valid YAML'],
    ['recipe: 1\n---\nrecipe: 1\n', 'RECIPE_SYNTAX', 'more than one document'],
    ['recipe: !!binary aGk=\nx: !foo 1\n', 'RECIPE_SYNTAX', 'tags'],
    ['recipe: 1\n? [a]\n: 1\n', 'RECIPE_SYNTAX', 'line 2'],
    ['recipe: 1\nparts:\n\t- module: a\n', 'RECIPE_SYNTAX', 'line 3'],
    ['a: &a [1]\nb: *a\n', 'RECIPE_ALIAS', 'no anchors (&) and aliases (*) at r.yaml, line 1'],
    ['recipe: *nothing\n', 'RECIPE_ALIAS', 'aliases (*)'],
  ];
  it.each(cases)('%j', async (text = '', code = '', words = '', help = '') => {
    const error = await mistake(text);
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
    expect(error.line).toBeGreaterThan(0);
    if (help) expect(error.help).toBe(help);
  });

  it('never quote what may be a secret', async () => {
    for (const text of [
      'recipe: 1\ndct: { from: a, set: { claimCode: { hunter2: 1 } } }\n',
      'recipe: 1\ndct: { from: a, set: { claimCode: [[hunter2]] } }\n',
      'recipe: 1\ndct: { from: a, set: "hunter2" }\n',
      'recipe: 1\ndct: "hunter2: {\n',
      'recipe: 1\nhunter: &hunter2 1\n',
    ]) {
      expect(JSON.stringify([(await mistake(text)).message, (await mistake(text)).help])).not.toContain('hunter2');
    }
  });

  it('stop bombs before they go off', async () => {
    let bomb = 'a0: &a0 [x, x]\n';
    for (let level = 1; level < 40; level++) bomb += `a${level}: &a${level} [*a${level - 1}, *a${level - 1}]\n`;
    expect((await mistake(bomb)).code).toBe('RECIPE_ALIAS');
    expect((await mistake(`recipe: ${'['.repeat(5000)}`)).code).toMatch(/^RECIPE_(TOO_DEEP|SYNTAX)$/);
    expect((await mistake(`recipe: ${'['.repeat(30)}1${']'.repeat(30)}`)).code).toBe('RECIPE_TOO_DEEP');
    expect((await mistake('['.repeat(100_000))).code).toBe('RECIPE_TOO_DEEP');
    expect((await mistake(`recipe: 1\n#${'x'.repeat(600_000)}`)).code).toBe('RECIPE_TOO_LARGE');
    expect((await mistake(`recipe: 1\nparts:\n${'  - a\n'.repeat(6000)}`)).message).toContain('at most 5000 entries');
    expect((await mistake(`recipe: 1\n${'- '.repeat(3000)}x`)).code).toMatch(/^RECIPE_/);
  });

  it('are the only errors that any text gives', async () => {
    const word = fc.constantFrom(
      'recipe',
      ':',
      ' ',
      '\n',
      '1',
      '- ',
      'parts',
      '{',
      '}',
      '[',
      ']',
      '"',
      '0x',
      '&a',
      '*a',
      '!t',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string(),
          fc.array(word).map((words) => words.join('')),
        ),
        async (text) => {
          try {
            await parse(text);
          } catch (error) {
            expect(error).toBeInstanceOf(FlashatlasError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('include files that are no text', () => {
    expect(() => recipeText(Uint8Array.of(0xff, 0xfe, 0), 'r.yaml')).toThrow(
      expect.objectContaining({ code: 'RECIPE_NOT_TEXT' }),
    );
    expect(recipeText(new TextEncoder().encode('\ufeffrecipe: 1'), 'r.yaml')).toBe('recipe: 1');
  });
});

describe('a recipe as text', () => {
  const file = fc.oneof(
    fc.constantFrom(
      'a.bin',
      '../dump.bin',
      'true',
      '0x10',
      'no',
      '~',
      'a b',
      '- x',
      '#x',
      'a: b',
      "it's",
      '*a',
      'x\u2028',
      'ä\u0085',
    ),
    fc.string({ minLength: 1, unit: 'binary' }).filter((text) => text.trim() !== ''),
  );
  const address = fc.integer({ min: 0, max: 0xffff_ffff });
  const range = fc
    .tuple(fc.integer({ min: 0, max: 0xffff_0000 }), fc.integer({ min: 1, max: 0xffff }))
    .map(([start, size]) => ({ start, end: start + size }));
  const from = fc.oneof(fc.record({ file }), fc.record({ file, base: address }));
  const where = fc.constant('');
  const part = fc.oneof(
    fc.record({ kind: fc.constantFrom('module' as const, 'image' as const), file, where }),
    fc.record({ kind: fc.constant('raw' as const), file, address, where }),
    fc.record({ kind: fc.constant('region' as const), region: file, from, where }),
    fc.record({ kind: fc.constant('range' as const), range, from, where }),
    fc.record({ kind: fc.constant('fill' as const), range, value: fc.nat(255), where }),
  );
  const option = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { nil: null });
  const shape = fc.constantFrom('padded' as const, 'trimmed' as const, 'restore' as const, 'sparse' as const);
  const recipes: fc.Arbitrary<Recipe> = fc.record({
    name: fc.constant('r.yaml'),
    board: option(file),
    fill: option(fc.nat(255)),
    shape: option(shape),
    parts: fc.array(part, { maxLength: 5 }),
    dct: option(
      fc.record({
        from: option(from),
        set: fc.uniqueArray(fc.record({ name: file, value: fc.string({ minLength: 1 }) }), {
          selector: ({ name }) => name,
          maxLength: 3,
        }),
        style: fc.constantFrom('single' as const, 'flip' as const, 'in-place' as const),
        where,
      }),
    ),
    eeprom: option(
      fc.oneof(
        fc.record({ from, values: fc.constant(new Map<number, number>()), where }),
        fc.record({
          from: fc.constant(null),
          values: fc
            .dictionary(fc.nat(2047).map(String), fc.nat(255))
            .map((values) => new Map(Object.entries(values).map(([key, value]) => [Number(key), value]))),
          where,
        }),
      ),
    ),
    factory: option(fc.record({ file, where })),
    optionBytes: fc.oneof(
      fc.constant(null),
      fc.record({ word: address }),
      fc.record({
        readProtection: fc.constantFrom(0 as const, 1 as const),
        brownOut: fc.constantFrom(0 as const, 3 as const),
      }),
    ),
    allow: fc.array(file, { maxLength: 2 }),
    outputs: fc.array(fc.record({ file, format: option(file), shape: option(shape), where }), { maxLength: 2 }),
  });
  const withoutPlaces = (value: unknown): unknown =>
    JSON.parse(
      JSON.stringify(value, (key, item) =>
        key === 'where' ? '' : item instanceof Map ? [...item].sort((a, b) => a[0] - b[0]) : item,
      ),
    );

  it('is read as the same recipe, whatever its texts hold, and fits the schema', async () => {
    const { parse: parseYaml } = await import('yaml');
    await fc.assert(
      fc.asyncProperty(recipes, async (recipe) => {
        const text = toYaml(recipe, { head: ['line\nbreak \u2028 and # more'], parts: ['a\nb'] });
        expect(withoutPlaces(await parse(text))).toEqual(withoutPlaces(recipe));
        expect([...Value.Errors(RecipeSchema, parseYaml(text))]).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});

describe('layouts/recipe.schema.json', () => {
  it('is what the definition says (run layouts/derive-schemas.mjs)', () => {
    const { name, text } = recipeSchemaFile();
    expect(readFileSync(new URL(`../../../layouts/${name}`, import.meta.url), 'utf8')).toBe(text);
  });

  it('accepts what is accepted, and refuses what is refused for its form', async () => {
    const { parse: parseYaml } = await import('yaml');
    expect([...Value.Errors(RecipeSchema, parseYaml(FULL))]).toEqual([]);
    for (const text of [
      'recipe: 1\nbord: x\n',
      'recipe: 2\n',
      'board: x\n',
      'recipe: 1\nfill: 256\n',
      'recipe: 1\nshape: pad\n',
      'recipe: 1\nparts:\n  - modul: a.bin\n',
      'recipe: 1\nparts:\n  - raw: a.bin\n',
      'recipe: 1\noptionBytes: { readProtection: 2 }\n',
    ]) {
      expect([text, Value.Check(RecipeSchema, parseYaml(text))]).toEqual([text, false]);
      expect(await mistake(text)).toBeInstanceOf(FormatError);
    }
  });

  it('has the keys that are read', () => {
    const { properties } = RecipeSchema as unknown as { properties: Record<string, { properties?: object }> };
    const keys = (value: unknown): string[] => Object.keys((value as { properties: object }).properties);
    expect(Object.keys(properties)).toEqual([...RECIPE_KEYS]);
    expect(keys(properties.dct)).toEqual([...DCT_KEYS]);
    expect(keys(properties.eeprom)).toEqual([...EEPROM_KEYS]);
    const text = JSON.stringify(RecipeSchema);
    for (const key of [...OPTION_KEYS, ...OUTPUT_KEYS, ...SOURCE_KEYS, ...Object.keys(PART_KEYS)]) {
      expect(text).toContain(`"${key}":`);
    }
  });
});
