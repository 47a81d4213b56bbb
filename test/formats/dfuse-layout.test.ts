import { describe, expect, it } from 'vitest';
import { formatDfuseLayout, parseDfuseLayout } from '../../src/formats/dfuse-layout.js';
import { errorOf, hexAddress, vectorJson } from '../support/vectors.js';

interface LayoutString {
  readonly string: string;
  readonly what: string;
  readonly expected: {
    readonly valid: boolean;
    readonly reason?: string;
    readonly name?: string;
    readonly segments?: readonly unknown[];
  };
}

const { strings } = vectorJson<{ strings: readonly LayoutString[] }>('dfuse/layout-strings.json');

describe('memory-layout strings', () => {
  for (const { string, what, expected } of strings) {
    it(`${string}: ${what}`, () => {
      if (!expected.valid) {
        const error = errorOf(() => parseDfuseLayout(string));
        expect(error.code).toBe('DFUSE_LAYOUT');
        expect(error.message).toContain(expected.reason);
        return;
      }
      const layout = parseDfuseLayout(string);
      expect(layout.name).toBe(expected.name);
      expect(
        layout.groups.map((group) => ({
          start: hexAddress(group.start),
          count: group.count,
          sector_size: group.sectorSize,
          end: hexAddress(group.end - 1),
          readable: group.readable,
          erasable: group.erasable,
          writeable: group.writeable,
        })),
      ).toEqual(expected.segments);
      expect(parseDfuseLayout(formatDfuseLayout(layout))).toEqual(layout);
    });
  }

  it('writes strings the way boot loaders do', () => {
    const text = '@Internal Flash /0x08000000/03*016Ka,01*016Kg,01*064Kg,07*128Kg';
    expect(formatDfuseLayout(parseDfuseLayout(text))).toBe(text);
  });
});
