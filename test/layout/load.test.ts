import { describe, expect, it } from 'vitest';
import { LayoutError } from '../../src/core/errors.js';
import type { Library } from '../../src/layout/library.js';
import { boardIds, chipIds, loadBoard, loadChip, resolveBoard, resolveChip } from '../../src/layout/load.js';

function errorOf(action: () => unknown): LayoutError {
  try {
    action();
  } catch (error) {
    if (error instanceof LayoutError) return error;
    throw error;
  }
  throw new Error('no error was thrown');
}

const memory = { id: 'flash', kind: 'flash', title: 'Flash', start: '0x08000000', size: '0x8000', source: 'test' };
const sectors = [{ count: 2, size: '0x4000' }];
const chipFile = {
  id: 'base',
  name: 'Base',
  vendor: 'V',
  family: 'F',
  core: 'C',
  source: 'test',
  memories: [{ ...memory, erasedByte: '0xFF', sectors }],
};

function libraryOf(files: Record<string, unknown>): Library {
  return { read: (name) => files[name], names: () => Object.keys(files) };
}

describe('ids', () => {
  it('lists the built-in chips and boards', () => {
    expect(chipIds()).toEqual([
      'stm32f205rb',
      'stm32f205rc',
      'stm32f205re',
      'stm32f205rf',
      'stm32f205rg',
      'stm32f207vc',
      'stm32f207ve',
      'stm32f207vf',
      'stm32f207vg',
      'stm32f215re',
      'stm32f215rg',
      'stm32f217ve',
      'stm32f217vg',
    ]);
    expect(boardIds()).toEqual(['particle-electron', 'particle-p1', 'particle-photon', 'stm32f205-generic']);
  });

  it('suggests the nearest id for an unknown one', () => {
    const board = errorOf(() => loadBoard('particle-p2'));
    expect(board.code).toBe('LAYOUT_UNKNOWN_BOARD');
    expect(board.message).toBe(
      'there is no board "particle-p2": expected one of particle-electron, particle-p1, particle-photon, stm32f205-generic',
    );
    expect(board.help).toBe('Did you mean "particle-p1"?');
    expect(errorOf(() => loadBoard('p1')).help).toBe('Did you mean "particle-p1"?');
    expect(errorOf(() => loadBoard('p2')).help).toBe('Did you mean "particle-p1"?');
    expect(errorOf(() => loadBoard('zz')).help).toBe('Use one of the board ids listed above.');
    expect(errorOf(() => loadBoard('photon')).help).toBe('Did you mean "particle-photon"?');
    expect(errorOf(() => loadChip('stm32f205rh')).code).toBe('LAYOUT_UNKNOWN_CHIP');
    expect(errorOf(() => loadChip('xyzzy-plugh')).help).toBe('Use one of the chip ids listed above.');
  });

  it('never reads outside the library', () => {
    const asked: string[] = [];
    const library: Library = {
      read: (name) => {
        asked.push(name);
        return undefined;
      },
      names: () => [],
    };
    for (const id of ['../package', '/etc/passwd', 'a/b', '', '.', 'A', 'x'.repeat(100), 'a.b']) {
      expect(errorOf(() => loadChip(id, library)).code).toBe('LAYOUT_UNKNOWN_CHIP');
    }
    expect(asked).toEqual([]);
  });
});

describe('extends', () => {
  it('replaces entries of the same id, drops those in "without" and keeps the rest', () => {
    const ram = { ...memory, id: 'sram', kind: 'ram', title: 'RAM', start: '0x20000000', size: '0x100' };
    const library = libraryOf({ 'base.chip.json': { ...chipFile, memories: [...chipFile.memories, ram] } });
    const small = { ...memory, size: '0x4000', sectors: [{ count: 1, size: '0x4000' }] };
    const child = { id: 'child', extends: 'base', name: 'Child', source: 'test', memories: [small], without: ['sram'] };
    const chip = resolveChip(child, 'child.chip.json', library);
    expect(chip).toMatchObject({ id: 'child', name: 'Child', vendor: 'V', core: 'C', deviceId: null });
    expect(chip.memories.map((entry) => [entry.id, entry.end])).toEqual([['flash', 0x08004000]]);
  });

  it('refuses a circle and shows it', () => {
    const library = libraryOf({
      'a.chip.json': { ...chipFile, id: 'a', extends: 'b' },
      'b.chip.json': { ...chipFile, id: 'b', extends: 'c' },
      'c.chip.json': { ...chipFile, id: 'c', extends: 'a' },
    });
    const error = errorOf(() => loadChip('a', library));
    expect(error.code).toBe('LAYOUT_EXTENDS_CYCLE');
    expect(error.got).toBe('a -> b -> c -> a');
    expect(error.where).toBe('c.chip.json#/extends');
    const itself = errorOf(() => resolveBoard({ id: 'x', extends: 'x', source: 's' }, 'x.board.json', library));
    expect(itself.code).toBe('LAYOUT_EXTENDS_CYCLE');
  });

  it('says so when "without" names nothing', () => {
    const library = libraryOf({ 'base.chip.json': chipFile });
    const child = { id: 'child', extends: 'base', source: 'test', without: ['flahs'] };
    const error = errorOf(() => resolveChip(child, 'child.chip.json', library));
    expect(error).toMatchObject({
      code: 'LAYOUT_UNKNOWN_ENTRY',
      where: 'child.chip.json#/without/0',
      help: 'Did you mean "flash"?',
    });
  });

  it('reports what neither file has', () => {
    const error = errorOf(() => resolveChip({ id: 'x', source: 's' }, 'x.chip.json'));
    expect(error.code).toBe('LAYOUT_INCOMPLETE');
    expect(error.what).toBe('the key "name" is missing, and the file extends nothing that has it');
  });
});

describe('values', () => {
  it('expands sector runs and turns hexadecimal texts into numbers', () => {
    const chip = resolveChip(chipFile, 'x.chip.json');
    expect(chip.memories[0]).toEqual({
      id: 'flash',
      kind: 'flash',
      title: 'Flash',
      start: 0x08000000,
      end: 0x08008000,
      erasedByte: 0xff,
      sectors: [
        { number: 0, start: 0x08000000, end: 0x08004000, size: 0x4000 },
        { number: 1, start: 0x08004000, end: 0x08008000, size: 0x4000 },
      ],
      source: 'test',
    });
  });

  it('refuses sectors that do not add up', () => {
    const file = { ...chipFile, memories: [{ ...memory, sectors: [{ count: 3, size: '0x4000' }] }] };
    const error = errorOf(() => resolveChip(file, 'x.chip.json'));
    expect(error.code).toBe('LAYOUT_SECTORS_SIZE');
    expect(error.message).toBe(
      'the sectors do not add up to the size of the memory at x.chip.json#/memories/0/sectors: expected 32768 bytes, got 49152 bytes',
    );
  });

  it('points at a value of the wrong kind', () => {
    const file = { ...chipFile, memories: [{ ...memory, start: 0x08000000 }] };
    const error = errorOf(() => resolveChip(file, 'x.chip.json'));
    expect(error).toMatchObject({
      code: 'LAYOUT_BAD_VALUE',
      where: 'x.chip.json#/memories/0/start',
      expected: 'a hexadecimal number in quotes, such as "0x080A0000"',
      got: '134217728',
    });
    expect(error.help).not.toBe('');
  });

  it('refuses a range past the address space', () => {
    const file = { ...chipFile, memories: [{ ...memory, start: '0xFFFFFFFF', size: '0x2' }] };
    expect(errorOf(() => resolveChip(file, 'x.chip.json')).code).toBe('LAYOUT_ADDRESS_RANGE');
  });

  it('remembers where a board came from', () => {
    expect(loadBoard('particle-p1').origin).toBe('built-in');
    const own = { id: 'mine', extends: 'particle-p1', name: 'Mine', source: 'our board' };
    const board = resolveBoard(own, 'mine.board.json');
    expect(board).toMatchObject({ id: 'mine', name: 'Mine', origin: 'mine.board.json' });
    expect(board.regions).toEqual(loadBoard('particle-p1').regions);
  });
});

describe('any input', () => {
  const wrong = [undefined, null, 0, 'text', [], {}, { id: 'x' }, { id: 'x', source: 's', memories: {} }];
  it.each(wrong.map((value) => [JSON.stringify(value) ?? 'undefined', value]))('%s is a LayoutError', (_, value) => {
    expect(errorOf(() => resolveChip(value, 'x.chip.json')).help).not.toBe('');
    expect(errorOf(() => resolveBoard(value, 'x.board.json')).help).not.toBe('');
  });

  it('does not mistake inherited object properties for keys', () => {
    const error = errorOf(() => resolveChip(JSON.parse('{"__proto__": {"id": "x"}, "source": "s"}'), 'x.chip.json'));
    expect(error).toMatchObject({ code: 'LAYOUT_MISSING_KEY', what: 'the key "id" is missing' });
  });
});
