import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LayoutError } from '../../src/core/errors.js';
import { OPTION_FIELDS, parseOptionByteLayout, parseProtectionPatterns } from '../../src/layout/option-bytes.js';

const text = (name: string): string => readFileSync(new URL(`../../layouts/${name}`, import.meta.url), 'utf8');
const chip = (): Record<string, never> => JSON.parse(text('stm32f2-option-bytes.json')) as Record<string, never>;

describe('descriptions of option bytes', () => {
  it('covers the register without overlap', () => {
    const layout = parseOptionByteLayout(chip(), 'chip.json');
    let bits = 0;
    for (const name of OPTION_FIELDS) {
      const { mask, shift } = layout.fields[name];
      expect(bits & mask).toBe(0);
      expect((mask >>> shift) & 1).toBe(1);
      bits |= mask;
    }
    expect(bits).toBe(0x0fffffef);
    expect(layout.brownOut.map((level) => level.value).sort()).toEqual([0, 1, 2, 3]);
  });

  it.each<[string, (data: Record<string, never>) => unknown, string]>([
    ['no object', () => null, 'chip.json: expected an object, got null'],
    [
      'address',
      (data) => ({ ...data, register: { name: 'X', address: '40', default: '0x0' } }),
      'chip.json, /register/address: expected 0x and upper-case digits, at most 0xFFFFFFFF, got 40',
    ],
    ['field', (data) => ({ ...data, fields: [] }), 'chip.json, /fields: expected a field OPTLOCK, got none'],
    ['list', (data) => ({ ...data, fields: {} }), 'chip.json, /fields: expected a list, got object'],
    [
      'name',
      (data) => ({ ...data, fields: [{ name: 'NOPE' }] }),
      'chip.json, /fields/0/name: expected OPTLOCK, OPTSTRT, BOR_LEV, WDG_SW, nRST_STOP, nRST_STDBY, RDP, nWRP, got NOPE',
    ],
    [
      'volts',
      (data) => ({ ...data, brownOut: { levels: [{ value: 9 }] } }),
      'chip.json, /brownOut/levels/0/value: expected a number between 0 and 3, got 9',
    ],
  ])('names the place of a mistake: %s', (_, change, message) => {
    const run = (): unknown => parseOptionByteLayout(change(chip()), 'chip.json');
    expect(run).toThrow(LayoutError);
    expect(run).toThrow(expect.objectContaining({ code: 'OPTION_LAYOUT' }));
    expect(run).toThrow(`description of option bytes is not usable at ${message}`);
  });

  it('reads the patterns', () => {
    const patterns = parseProtectionPatterns(JSON.parse(text('particle-option-bytes.json')), 'particle.json');
    expect(patterns.map((pattern) => pattern.nwrp.toString(16))).toEqual(['fff', 'ffe', 'e1e', 'e1f', 'f1e', 'f1f']);
    expect(() => parseProtectionPatterns({ patterns: [{ nwrp: '0x12345' }] }, 'particle.json')).toThrow(
      'description of option bytes is not usable at particle.json, /patterns/0/nwrp: expected 0x and upper-case digits, at most 0xFFFF, got 0x12345',
    );
  });
});
