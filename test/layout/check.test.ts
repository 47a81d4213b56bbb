import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dataNames, readData } from '#data';
import { LayoutError } from '../../src/core/errors.js';
import { checkBoardFile, checkChipFile, checkLayoutFile, openBoard } from '../../src/layout/check.js';
import type { Library } from '../../src/layout/library.js';
import { resolveBoard, resolveChip } from '../../src/layout/load.js';
import type { BoardFile, ChipFile } from '../../src/layout/schema.js';

const DECODERS = ['particle-module', 'particle-dct', 'particle-eeprom', 'vector-table'];
const options = { decoders: DECODERS };

type Json = Record<string, unknown>;

/** The object or list a path like `regions/3` leads to. */
function at(json: unknown, path: string): Json {
  let current = json;
  for (const key of path.split('/').slice(0, -1)) current = (current as Json)[key];
  return current as Json;
}

const lastKey = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

function put(json: Json, path: string, value: unknown): void {
  at(json, path)[lastKey(path)] = value;
}

function drop(json: Json, path: string): void {
  delete at(json, path)[lastKey(path)];
}

function regionOf(name: string, index: number): Json {
  return at(readData(name), `regions/${index}/id`);
}

/** A copy of a file with one change. */
function changed<File>(file: File, change: (copy: Json) => void): unknown {
  const copy = structuredClone(file);
  change(copy as unknown as Json);
  return copy;
}

function boardWith(change: (copy: Json) => void, name = 'particle-p1'): unknown {
  return changed(readData(`${name}.board.json`), change);
}

async function onlyProblem(file: unknown, origin = 'my.board.json') {
  const problems = origin.endsWith('.chip.json')
    ? await checkChipFile(file, origin)
    : await checkBoardFile(file, origin, options);
  expect(problems.map((problem) => problem.message)).toHaveLength(1);
  const [problem] = problems;
  if (!problem) throw new Error('no problem');
  expect(problem.message.startsWith(`${problem.where}: `)).toBe(true);
  expect(problem.message.endsWith('.')).toBe(true);
  expect(problem.help).not.toBe('');
  return problem;
}

describe('shipped files', () => {
  const names = dataNames().filter((name) => /\.(chip|board)\.json$/.test(name));

  it('are found', () => expect(names.length).toBeGreaterThanOrEqual(17));

  it.each(names)('%s has no problem', async (name) => {
    const file = readData(name) as BoardFile | ChipFile;
    expect(await checkLayoutFile(name, file, options)).toEqual([]);
    expect(name.startsWith(`${file.id}.`)).toBe(true);
    expect(file.$schema).toBe(name.endsWith('.chip.json') ? './chip.schema.json' : './board.schema.json');
  });

  it('a file of another kind is not judged', async () => {
    expect(await checkLayoutFile('particle-platforms.json', {}, options)).toBeUndefined();
  });
});

describe('form', () => {
  it('refuses an unknown key and suggests the one that was meant', async () => {
    const file = boardWith((board) => {
      put(board, 'regions/3/decodr', 'x');
    });
    expect(await onlyProblem(file)).toMatchObject({
      code: 'LAYOUT_UNKNOWN_KEY',
      where: 'my.board.json#/regions/3',
      help: 'Did you mean "decoder"?',
    });
    const strange = await onlyProblem({ ...(readData('stm32f205rg.chip.json') as object), zzzzzz: 1 }, 'my.chip.json');
    expect(strange).toMatchObject({ code: 'LAYOUT_UNKNOWN_KEY', where: 'my.chip.json#', help: 'Remove it.' });
  });

  it.each([
    ['an address as a number', (b: Json) => put(b, 'regions/0/start', 0x08000000), '/regions/0/start', 'a string'],
    ['lower-case digits', (b: Json) => put(b, 'regions/0/start', '0x0800000a'), '/regions/0/start', 'a text that'],
    ['a size of nothing', (b: Json) => put(b, 'regions/0/size', '0x0'), '/regions/0/size', 'a text that matches'],
    ['a blank source', (b: Json) => put(b, 'regions/0/source', '  '), '/regions/0/source', 'a text that is not empty'],
    ['an empty source', (b: Json) => put(b, 'dfu/source', ''), '/dfu/source', 'a text that is not empty'],
    ['an unknown role', (b: Json) => put(b, 'regions/0/role', 'boot'), '/regions/0/role', 'one of bootloader, dct'],
    ['a negative index', (b: Json) => put(b, 'regions/0/module/index', -1), '/regions/0/module/index', 'at least 0'],
    ['a number too large', (b: Json) => put(b, 'dfu/transferSize', 1e6), '/dfu/transferSize', 'at most 65535'],
    ['an empty list', (b: Json) => put(b, 'dfu/alternates', []), '/dfu/alternates', 'at least 1'],
    ['no list', (b: Json) => put(b, 'variants', {}), '/variants', 'a list'],
    ['no object', (b: Json) => put(b, 'platform', 8), '/platform', 'an object'],
    [
      'a repeated name',
      (b: Json) => put(b, 'regions/5/variants', ['modular', 'modular']),
      '/regions/5/variants',
      'once',
    ],
  ])('refuses %s', async (_, change, pointer, expected) => {
    const problems = await checkBoardFile(boardWith(change), 'my.board.json', options);
    const problem = problems.find(({ where }) => where === `my.board.json#${pointer}`);
    expect(problem?.code).toBe('LAYOUT_BAD_VALUE');
    expect(problem?.message).toContain(`expected ${expected}`.replace('expected once', 'every name only once'));
  });

  it('refuses an absent key of each kind of fact', async () => {
    for (const [pointer, remove] of [
      ['', (b: Json) => drop(b, 'source')],
      ['/variants/0', (b: Json) => drop(b, 'variants/0/source')],
      ['/regions/0', (b: Json) => drop(b, 'regions/0/source')],
      ['/dfu/alternates/2', (b: Json) => drop(b, 'dfu/alternates/2/source')],
      ['/dfu/refusals/0', (b: Json) => drop(b, 'dfu/refusals/0/source')],
    ] as const) {
      const problem = await onlyProblem(boardWith(remove));
      expect(problem.message).toBe(`my.board.json#${pointer}: the key "source" is missing.`);
      expect(problem.code).toBe('LAYOUT_MISSING_KEY');
    }
  });

  it('reports more problems than the schema library does by itself, and sense besides form', async () => {
    const file = boardWith((board) => {
      for (let index = 0; index < 13; index++) put(board, `regions/${index}/colour`, 'red');
      put(board, 'chip', 'stm32f205rh');
    });
    const problems = await checkBoardFile(file, 'my.board.json', options);
    expect(problems.filter((problem) => problem.code === 'LAYOUT_UNKNOWN_KEY')).toHaveLength(13);
    expect(problems.filter((problem) => problem.code === 'LAYOUT_UNKNOWN_CHIP')).toHaveLength(1);
    expect(problems).toHaveLength(14);
  });

  it('judges what is not an object at all', async () => {
    for (const file of [null, 3, 'x', [], undefined]) {
      const problem = await onlyProblem(file);
      expect(problem.message).toMatch(/^my\.board\.json#: wrong value: expected an object, got /);
    }
  });
});

describe('sense of a board', () => {
  it('an unknown chip', async () => {
    const problem = await onlyProblem(boardWith((board) => put(board, 'chip', 'stm32f205rh')));
    expect(problem).toMatchObject({ code: 'LAYOUT_UNKNOWN_CHIP', where: 'my.board.json#/chip' });
    expect(problem.help).toMatch(/^Did you mean "stm32f205r[a-z]"\?$/);
  });

  it('an "extends" that leads nowhere', async () => {
    const problem = await onlyProblem(boardWith((board) => put(board, 'extends', 'particle-p3'), 'particle-photon'));
    expect(problem).toMatchObject({
      code: 'LAYOUT_UNKNOWN_BOARD',
      where: 'my.board.json#/extends',
      help: 'Did you mean "particle-p1"?',
    });
  });

  it('an "extends" that leads back', async () => {
    const problem = await onlyProblem({ id: 'loop', extends: 'loop', source: 's' });
    expect(problem).toMatchObject({ code: 'LAYOUT_EXTENDS_CYCLE', where: 'my.board.json#/extends' });
    expect(problem.message).toContain('got loop -> loop');
  });

  it('a region outside the memories, also when the map is inherited', async () => {
    const file = boardWith((board) => {
      put(board, 'regions/9/start', '0x08100000');
      drop(board, 'regions/8/overlays');
      drop(board, 'regions/9/overlays');
    });
    expect((await onlyProblem(file)).message).toBe(
      'my.board.json#/regions/9: the region "factory" (0x08100000, 131072 bytes) does not lie inside one memory of the chip.',
    );
    const problems = await checkBoardFile(
      { id: 'small', extends: 'particle-p1', name: 'Small', chip: 'stm32f205re', source: 's' },
      'small.board.json',
      options,
    );
    expect([...new Set(problems.map((problem) => problem.code))]).toEqual(['LAYOUT_OUTSIDE_MEMORY']);
    expect(problems[0]?.message).toBe(
      'particle-p1.board.json#/regions/6: the region "system-part2" (0x08060000, 262144 bytes) does not lie inside one memory of the chip.',
    );
  });

  it('a region that does not begin or end with a sector', async () => {
    const begins = await onlyProblem(
      boardWith((board) => {
        put(board, 'regions/4/start', '0x08011000');
        put(board, 'regions/4/size', '0xF000');
      }),
    );
    expect(begins.message).toBe(
      'my.board.json#/regions/4: the region "eeprom2" (0x08011000, 61440 bytes) does not begin on a sector boundary.',
    );
    const ends = await onlyProblem(boardWith((board) => put(board, 'regions/4/size', '0x8000')));
    expect(ends.code).toBe('LAYOUT_SECTOR_BOUNDARY');
    expect(ends.message).toContain('does not end on a sector boundary');
  });

  it('an overlap that is not declared', async () => {
    const file = boardWith((board) => {
      drop(board, 'regions/8/overlays');
      drop(board, 'regions/9/overlays');
    });
    const problem = await onlyProblem(file);
    expect(problem.code).toBe('LAYOUT_OVERLAP');
    expect(problem.message).toBe(
      'my.board.json#/regions/9: the region "factory" (0x080E0000, 131072 bytes) overlaps "ota" (0x080C0000, 262144 bytes) in the map "modular" without saying so.',
    );
    expect(problem.help).toContain('"overlays": ["ota"]');
  });

  it('an overlap declared by one side is enough', async () => {
    const file = boardWith((board) => drop(board, 'regions/8/overlays'));
    expect(await checkBoardFile(file, 'my.board.json', options)).toEqual([]);
  });

  it('regions of different maps may overlap, a region of all maps may not', async () => {
    const file = boardWith((board) => drop(board, 'regions/10/variants'));
    const problems = await checkBoardFile(file, 'my.board.json', options);
    expect(problems.every((problem) => problem.code === 'LAYOUT_OVERLAP')).toBe(true);
    expect(problems.map((problem) => /"[^"]+" \([^)]+\) overlaps "([^"]+)"/.exec(problem.message)?.[1])).toEqual([
      'system-part1',
      'system-part2',
    ]);
  });

  it('an overlay over nothing', async () => {
    const problem = await onlyProblem(boardWith((board) => put(board, 'regions/7/overlays', ['ota'])));
    expect(problem).toMatchObject({ code: 'LAYOUT_IDLE_OVERLAY', where: 'my.board.json#/regions/7/overlays/0' });
  });

  it('ids used twice', async () => {
    const regions = await onlyProblem(boardWith((board) => put(board, 'regions/2/id', 'dct1')));
    expect(regions).toMatchObject({ code: 'LAYOUT_DUPLICATE_ID', where: 'my.board.json#/regions/2' });
    expect(regions.message).toContain('first at my.board.json#/regions/1');
    const alternates = await onlyProblem(boardWith((board) => put(board, 'dfu/alternates/2/number', 1)));
    expect(alternates).toMatchObject({ code: 'LAYOUT_DUPLICATE_ID', where: 'my.board.json#/dfu/alternates/2/number' });
    const variants = await checkBoardFile(
      boardWith((board) => put(board, 'variants/1/id', 'modular')),
      'my.board.json',
      options,
    );
    expect(variants.map((problem) => problem.message)).toContain(
      'my.board.json#/variants/1: the variant id "modular" is used twice, first at my.board.json#/variants/0.',
    );
  });

  it('an inherited region met by a new one of its name in the same map', async () => {
    const user = regionOf('particle-p1.board.json', 7);
    const { variants: _, ...everywhere } = user;
    const file = { id: 'mine', extends: 'particle-p1', source: 's', regions: [everywhere] };
    const problems = await checkBoardFile(file, 'my.board.json', options);
    expect(problems.map((problem) => problem.code)).toContain('LAYOUT_DUPLICATE_ID');
  });

  it('names that do not resolve', async () => {
    const cases: [(board: Json) => unknown, string, string][] = [
      [(b) => put(b, 'regions/10/variants', ['monolitic']), '/regions/10/variants/0', 'monolithic'],
      [(b) => put(b, 'regions/9/overlays', ['ota', 'usr']), '/regions/9/overlays/1', 'user'],
      [(b) => put(b, 'regions/0/decoder', 'particle-modul'), '/regions/0/decoder', 'particle-module'],
      [(b) => put(b, 'regions/0/module/function', 'boot-loader'), '/regions/0/module/function', 'bootloader'],
      [(b) => put(b, 'variants/1/detect/0/function', 'mono'), '/variants/1/detect/0/function', 'mono-firmware'],
    ];
    for (const [change, pointer, near] of cases) {
      const problem = await onlyProblem(boardWith(change));
      expect(problem).toMatchObject({
        code: 'LAYOUT_UNKNOWN_NAME',
        where: `my.board.json#${pointer}`,
        help: `Did you mean "${near}"?`,
      });
    }
  });

  it('more or less than one default map', async () => {
    const none = await onlyProblem(
      boardWith((board) => {
        put(board, 'variants/0/detect', [{ address: '0x08020000', function: 'system-part', index: 1 }]);
      }),
    );
    expect(none.message).toContain('expected 1, got 0');
    const two = await onlyProblem(boardWith((board) => drop(board, 'variants/1/detect')));
    expect(two).toMatchObject({ code: 'LAYOUT_DEFAULT_VARIANT', where: 'my.board.json#/variants/1' });
  });

  it('a platform with another name than the one it has', async () => {
    const problem = await onlyProblem(boardWith((board) => put(board, 'platform/name', 'Photon')));
    expect(problem.code).toBe('LAYOUT_PLATFORM_NAME');
    expect(problem.message).toBe(
      'my.board.json#/platform/name: platform 8 has another name: expected "P1", got "Photon".',
    );
    const own = boardWith((board) => put(board, 'platform', { id: 60001, name: 'Own' }));
    expect(await checkBoardFile(own, 'my.board.json', options)).toEqual([]);
  });

  it('a DFU profile that cannot be', async () => {
    const layout = await onlyProblem(boardWith((board) => put(board, 'dfu/alternates/0/layout', 'Internal Flash')));
    expect(layout).toMatchObject({ code: 'LAYOUT_DFU_STRING', where: 'my.board.json#/dfu/alternates/0/layout' });
    const alternate = await onlyProblem(boardWith((board) => put(board, 'dfu/refusals/0/alternate', 7)));
    expect(alternate).toMatchObject({ code: 'LAYOUT_UNKNOWN_NAME', where: 'my.board.json#/dfu/refusals/0/alternate' });
    const range = await onlyProblem(boardWith((board) => put(board, 'dfu/refusals/0/start', '0x09000000')));
    expect(range).toMatchObject({ code: 'LAYOUT_OUTSIDE_MEMORY', where: 'my.board.json#/dfu/refusals/0' });
  });

  it('what neither the file nor its base has', async () => {
    const problems = await checkBoardFile({ id: 'x', source: 's' }, 'x.board.json', options);
    expect(problems.map((problem) => problem.message)).toEqual(
      ['name', 'vendor', 'chip', 'regions'].map(
        (key) => `x.board.json#: the key "${key}" is missing, and the file extends nothing that has it.`,
      ),
    );
  });
});

describe('sense of a chip', () => {
  const chipWith = (change: (copy: Json) => unknown): unknown => changed(readData('stm32f205rg.chip.json'), change);

  it('sectors that do not add up', async () => {
    const problem = await onlyProblem(
      chipWith((chip) => put(chip, 'memories/0/sectors/2/count', 6)),
      'my.chip.json',
    );
    expect(problem).toMatchObject({ code: 'LAYOUT_SECTORS_SIZE', where: 'my.chip.json#/memories/0/sectors' });
  });

  it('flash without sectors, memories that overlap, ids used twice, nothing at all', async () => {
    const bare = await onlyProblem(
      chipWith((chip) => drop(chip, 'memories/0/sectors')),
      'my.chip.json',
    );
    expect(bare.code).toBe('LAYOUT_NO_SECTORS');
    const over = await onlyProblem(
      chipWith((chip) => put(chip, 'memories/1/size', '0x8000')),
      'my.chip.json',
    );
    expect(over.message).toBe(
      'my.chip.json#/memories/1: the memory "system-memory" (0x1FFF0000, 32768 bytes) overlaps "otp" (0x1FFF7800, 512 bytes).',
    );
    const twice = await onlyProblem(
      chipWith((chip) => put(chip, 'memories/8/id', 'sram1')),
      'my.chip.json',
    );
    expect(twice.code).toBe('LAYOUT_DUPLICATE_ID');
    const nothing = await checkChipFile({ id: 'x', source: 's' }, 'x.chip.json');
    expect(nothing.map((problem) => problem.code)).toEqual(Array(5).fill('LAYOUT_INCOMPLETE'));
    const lost = await onlyProblem({ id: 'x', source: 's', extends: 'stm32f205rj' }, 'x.chip.json');
    expect(lost).toMatchObject({ code: 'LAYOUT_UNKNOWN_CHIP', where: 'x.chip.json#/extends' });
  });
});

describe('openBoard', () => {
  it('opens a good file and lists every problem of a bad one', async () => {
    const board = await openBoard(readData('particle-photon.board.json'), 'copy.board.json', options);
    expect(board).toMatchObject({ id: 'particle-photon', origin: 'copy.board.json' });
    const bad = boardWith((copy) => {
      put(copy, 'chip', 'stm32f999');
      put(copy, 'regions/0/decodr', 'x');
    });
    const error = await openBoard(bad, 'bad.board.json', options).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(LayoutError);
    expect(error).toMatchObject({ code: 'LAYOUT_INVALID', what: 'the board file has 2 problems' });
    expect(error).toMatchObject({ where: 'bad.board.json#' });
    const help = (error as LayoutError).help;
    expect(help.split('\n')).toHaveLength(2);
    expect(help).toContain('bad.board.json#/regions/0');
    expect(help).toContain('bad.board.json#/chip');
  });
});

describe('any file', () => {
  /** Every place in a JSON value, as a way to replace what is there. */
  function places(value: unknown, found: ((next: unknown) => void)[] = []): ((next: unknown) => void)[] {
    if (typeof value !== 'object' || value === null) return found;
    for (const key of Object.keys(value)) {
      const holder = value as Record<string, unknown>;
      found.push((next) => {
        if (next === undefined && Array.isArray(holder)) holder.splice(Number(key), 1);
        else if (next === undefined) delete holder[key];
        else holder[key] = next;
      });
      places(holder[key], found);
    }
    return found;
  }

  const replacement = fc.oneof(
    fc.constant(undefined),
    fc.jsonValue(),
    fc.constantFrom('0x08000000', '0xFFFFFFFF', 'ota', 'modular', 'particle-p1', '', -1, 1e9, null, [[]], '__proto__'),
  );

  it.each(['particle-p1.board.json', 'particle-photon.board.json', 'stm32f205rb.chip.json', 'stm32f205rg.chip.json'])(
    '%s with anything replaced is judged, and what is judged good resolves',
    async (name) => {
      await fc.assert(
        fc.asyncProperty(fc.nat(), fc.nat(), replacement, replacement, async (first, second, one, two) => {
          const file = structuredClone(readData(name));
          for (const [index, next] of [
            [first, one],
            [second, two],
          ] as const) {
            const all = places(file);
            all[index % all.length]?.(next);
          }
          const problems = (await checkLayoutFile(name, file, options)) ?? [];
          try {
            if (name.endsWith('.chip.json')) resolveChip(file, name);
            else resolveBoard(file, name);
          } catch (error) {
            expect(error).toBeInstanceOf(LayoutError);
            expect(problems).not.toEqual([]);
          }
        }),
        { numRuns: 150 },
      );
    },
  );

  it('a long file is bounded work', async () => {
    const region = regionOf('stm32f205-generic.board.json', 0);
    const file = {
      id: 'x',
      name: 'x',
      vendor: 'x',
      chip: 'stm32f205rg',
      source: 's',
      regions: Array(100_000).fill(region),
    };
    const problems = await checkBoardFile(file, 'x.board.json', options);
    expect(problems[0]?.message).toContain('expected at most 256');
    const crowd = Array.from({ length: 256 }, (_, index) => ({ ...region, id: `r${index}` }));
    const listed = await checkBoardFile({ ...file, regions: crowd }, 'x.board.json', options);
    expect(listed).toHaveLength(201);
    expect(listed.at(-1)).toMatchObject({
      code: 'LAYOUT_MORE_PROBLEMS',
      message: 'x.board.json#: 32440 more problems are not listed.',
    });
    const many = { ...file, regions: Array(256).fill(region) };
    expect((await checkBoardFile(many, 'x.board.json', options)).length).toBeGreaterThan(1);
  });
});

describe('the schema library', () => {
  it('is loaded by form-check.ts alone, and that only when check.ts checks', () => {
    const folder = new URL('../../src/layout/', import.meta.url);
    for (const name of [
      'load',
      'library',
      'inherit',
      'parse',
      'fields',
      'semantics',
      'platforms',
      'describe',
      'variant',
    ]) {
      const text = readFileSync(new URL(`${name}.ts`, folder), 'utf8');
      expect(text).not.toMatch(/from 'typebox|schema\.js'/);
    }
    const check = readFileSync(new URL('check.ts', folder), 'utf8');
    expect(check).not.toMatch(/from 'typebox|from '\.\/schema|^import \{.*form-check/m);
    expect(check).toMatch(/await import\('\.\/form-check\.js'\)/);
  });
});

const emptyLibrary: Library = { read: () => undefined, names: () => [] };

it('a library without files knows no chip', async () => {
  const problems = await checkBoardFile(readData('particle-p1.board.json'), 'x.board.json', {
    decoders: DECODERS,
    library: emptyLibrary,
  });
  expect(problems.map((problem) => problem.code)).toEqual(['LAYOUT_UNKNOWN_CHIP']);
});
