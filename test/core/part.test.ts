import { describe, expect, it } from 'vitest';
import { type Part, pathTo, secretRanges } from '../../src/core/part.js';

const fields: readonly Part[] = [
  { name: 'moduleStart', start: 0x100, end: 0x104, value: '0x08020000' },
  { name: 'key', start: 0x110, end: 0x120, secret: true, value: '(hidden)' },
];
const tree: readonly Part[] = [
  { name: 'header', start: 0x100, end: 0x140, parts: () => fields },
  {
    name: 'claim code',
    start: 0x140,
    end: 0x180,
    secret: true,
    parts: () => [{ name: 'x', start: 0x140, end: 0x141 }],
  },
  { name: 'body', start: 0x180, end: 0x1000 },
];
const namesAt = (address: number) => pathTo(tree, address).map((part) => part.name);

describe('pathTo', () => {
  it('leads from the outermost part to the field', () => {
    expect(namesAt(0x100)).toEqual(['header', 'moduleStart']);
    expect(namesAt(0x103)).toEqual(['header', 'moduleStart']);
    expect(namesAt(0x11f)).toEqual(['header', 'key']);
    expect(namesAt(0xfff)).toEqual(['body']);
  });

  it('stops at the part that owns the address itself', () => {
    expect(namesAt(0x104)).toEqual(['header']);
    expect(namesAt(0x13f)).toEqual(['header']);
  });

  it('is empty outside every part', () => {
    expect(namesAt(0xff)).toEqual([]);
    expect(namesAt(0x1000)).toEqual([]);
    expect(pathTo([], 0)).toEqual([]);
  });

  it('builds only the parts on the way', () => {
    const never = () => {
      throw new Error('built without need');
    };
    const lazy: readonly Part[] = [
      { name: 'a', start: 0, end: 4, parts: never },
      { name: 'b', start: 4, end: 8 },
    ];
    expect(pathTo(lazy, 5).map((part) => part.name)).toEqual(['b']);
  });
});

describe('secretRanges', () => {
  it('finds secrets at any depth, a secret part as a whole', () => {
    expect(secretRanges(tree)).toEqual([
      { start: 0x110, end: 0x120 },
      { start: 0x140, end: 0x180 },
    ]);
    expect(secretRanges([])).toEqual([]);
  });
});
