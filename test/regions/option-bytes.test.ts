import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/core/bytes.js';
import { BuildError, FormatError } from '../../src/core/errors.js';
import { pathTo } from '../../src/core/part.js';
import { parseOptionByteLayout, parseProtectionPatterns } from '../../src/layout/option-bytes.js';
import {
  decodeOptionMemory,
  decodeOptionRegister,
  encodeOptionMemory,
  encodeOptionRegister,
  type OptionBytes,
  settingsOf,
} from '../../src/regions/option-bytes.js';
import { explainOptionBytes, optionMemoryParts } from '../../src/regions/option-consequences.js';
import { checkProtection } from '../../src/rules/protection.js';
import { hex } from './eeprom/vectors.js';

const json = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../layouts/${name}`, import.meta.url), 'utf8'));
const layout = parseOptionByteLayout(json('stm32f2-option-bytes.json'), 'stm32f2-option-bytes.json');
const patterns = parseProtectionPatterns(json('particle-option-bytes.json'), 'particle-option-bytes.json');

const SIZES = [16, 16, 16, 16, 64, 128, 128, 128, 128, 128, 128, 128];
let next = 0x08000000;
const sectors = SIZES.map((size, number) => {
  const start = next;
  next += size * 1024;
  return { number, start, end: next };
});
const regions = [
  { id: 'bootloader', start: 0x08000000, end: 0x08004000 },
  { id: 'dct1', start: 0x08004000, end: 0x08008000 },
  { id: 'dct2', start: 0x08008000, end: 0x0800c000 },
  { id: 'eeprom1', start: 0x0800c000, end: 0x08010000 },
  { id: 'eeprom2', start: 0x08010000, end: 0x08020000 },
  { id: 'system-part1', start: 0x08020000, end: 0x08060000 },
  { id: 'system-part2', start: 0x08060000, end: 0x080a0000 },
];
const refusals = [{ start: 0x08000000, end: 0x08020000 }];
const context = { layout, sectors, regions, patterns, refusals };
const decode = (word: number): OptionBytes => decodeOptionRegister(word, context);
const shut = (bytes: OptionBytes): number[] => bytes.sectors.filter((one) => one.protected).map((one) => one.number);
const sentence = (bytes: OptionBytes, id: string): string | undefined =>
  explainOptionBytes(bytes).find((one) => one.id === id)?.text;
const rules = (bytes: OptionBytes, minimumSupply?: number): string[] =>
  checkProtection(bytes, { layout, ...(minimumSupply === undefined ? {} : { minimumSupply }) }).map(
    (finding) => `${finding.severity} ${finding.rule}`,
  );

describe('FLASH_OPTCR', () => {
  it('decodes the default of the chip', () => {
    const bytes = decode(0x0fffaaed);
    expect(bytes).toMatchObject({
      source: 'register',
      optcr: 0x0fffaaec,
      readProtection: { level: 0, value: 0xaa },
      watchdog: 'software',
      resetOnStop: false,
      resetOnStandby: false,
      nwrp: 0xfff,
      changed: [],
      reserved: 0,
      locked: true,
      started: false,
      doubts: [],
    });
    expect(bytes.brownOut.level).toBe(0);
    expect(shut(bytes)).toEqual([]);
    expect(rules(bytes)).toEqual([]);
    expect(sentence(bytes, 'write-protection')).toBe('No sector is write protected.');
  });

  it('0x0FFFAAE0 is brown-out level 3 and everything else default', () => {
    const bytes = decode(0x0fffaae0);
    expect(bytes.brownOut).toMatchObject({ level: 3, supply: { min: 2.7, max: 3.6 } });
    expect(bytes.changed).toEqual([{ name: 'BOR_LEV', value: 0, default: 3 }]);
    expect(sentence(bytes, 'brown-out')).toBe(
      'Brown-out reset level 3, for supplies of 2.70 to 3.60 V: below about 2.83 V (2.75 to 2.88 V) the chip is held in reset. A board on a weak supply resets again and again, or never leaves reset.',
    );
    expect(rules(bytes)).toEqual(['warning protection/brown-out']);
    expect(rules(bytes, 3.2)).toEqual([]);
    expect(rules(bytes, 2.9)).toEqual(['warning protection/brown-out']);
  });

  it.each([
    [0x0fffaae4, 2, 'note protection/brown-out'],
    [0x0fffaae8, 1, 'note protection/brown-out'],
  ])('brown-out of %i', (word, level, rule) => {
    expect(decode(word).brownOut.level).toBe(level);
    expect(rules(decode(word))).toEqual([rule]);
  });

  it.each([
    [0xaa, 0],
    [0x55, 1],
    [0x00, 1],
    [0xff, 1],
    [0xcc, 2],
  ])('RDP 0x%s', (value, level) => {
    expect(decode(0x0fff00ec + value * 256).readProtection).toEqual({ level, value });
  });

  it('says what read protection means', () => {
    expect(sentence(decode(0x0fff55ec), 'read-protection')).toBe(
      'Read protection level 1 (RDP 0x55): a debugger or the ROM boot loader can neither read, program nor erase the flash; firmware that starts from flash runs as before. Going back to level 0 first erases the whole flash and the backup SRAM.',
    );
    expect(rules(decode(0x0fff55ec))).toEqual(['warning protection/read-level-1']);
    expect(sentence(decode(0x0fffccec), 'read-protection')).toContain('final');
    expect(rules(decode(0x0fffccec))).toEqual(['error protection/read-level-2']);
  });

  it('says what the other bits mean', () => {
    const bytes = decode(0x0fffaa0c);
    expect(bytes).toMatchObject({ watchdog: 'hardware', resetOnStop: true, resetOnStandby: true });
    expect(rules(bytes)).toEqual([
      'warning protection/hardware-watchdog',
      'note protection/reset-on-standby',
      'note protection/reset-on-stop',
    ]);
    expect(sentence(bytes, 'watchdog')).toMatch(/^Hardware watchdog: it runs from reset/);
  });

  it('finds protected configuration', () => {
    const bytes = decode(0x0ff5aaec);
    expect(shut(bytes)).toEqual([1, 3]);
    expect(rules(bytes)).toEqual(['warning protection/data-sectors-protected', 'note protection/write-protected']);
    expect(sentence(bytes, 'data-sectors')).toBe(
      'Sectors 1, 3 (dct1, eeprom1) hold what firmware writes while it runs, and write protection keeps it from writing them: keys, credentials and EEPROM cannot change.',
    );
  });

  it.each([
    [0, '0x00000000 is what a failed read gives.'],
    [0xffffffff, '0xFFFFFFFF is what a failed read gives.'],
    [0xffffaaed, 'Reserved bits are set (0xF0000000); FLASH_OPTCR keeps them 0.'],
    [0x0fffaafd, 'Reserved bits are set (0x00000010); FLASH_OPTCR keeps them 0.'],
  ])('doubts %i', (word, doubt) => {
    expect(decode(word).doubts).toEqual([doubt]);
    expect(rules(decode(word))).toEqual(['warning protection/implausible']);
  });

  it.each([Number.NaN, -1, 0x100000000, 1.5])('refuses %d', (word) => {
    expect(() => decode(word)).toThrow(FormatError);
    expect(() => decode(word)).toThrow(/^option word is not a 32-bit value: expected 0x00000000 to 0xFFFFFFFF, got/);
  });
});

describe('write protection that Particle firmware leaves', () => {
  it.each([
    [0x0fffaaed, [], 'nothing is write protected'],
    [0x0ffeaaed, [0], 'the bootloader is write protected'],
    [0x0e1eaaed, [0, 5, 6, 7, 8], 'bootloader and system parts are write protected'],
    [0x0e1faaed, [5, 6, 7, 8], 'the system parts are write protected'],
    [0x0f1eaaed, [0, 5, 6, 7], 'bootloader and system parts are write protected'],
  ])('%i', (word, numbers, title) => {
    const bytes = decode(word);
    expect(shut(bytes)).toEqual(numbers);
    expect(bytes.pattern?.title).toBe(title);
  });

  it('names sectors, regions and releases', () => {
    const bytes = decode(0x0e1eaaed);
    expect(sentence(bytes, 'write-protection')).toBe(
      'Sectors 0, 5, 6, 7, 8 (bootloader, system-part1, system-part2) are write protected: a programmer must clear the protection before it erases or writes there. DFU through the Particle bootloader clears it by itself for sectors 5, 6, 7, 8. It refuses sector 0, which takes a programmer over SWD, or for the bootloader an over-the-air update.',
    );
    expect(sentence(bytes, 'pattern')).toContain(
      'Particle firmware leaves it (0.4.7 to 0.8.0-rc.10 after every start;',
    );
    expect(rules(bytes)).toEqual(['note protection/write-protected']);
  });

  it('promises nothing of DFU where it refuses or where there is none', () => {
    expect(sentence(decode(0x0ff8aaed), 'write-protection')).toMatch(
      /there\. DFU through the Particle bootloader refuses sectors 0, 1, 2, which take a programmer over SWD/,
    );
    expect(sentence(decode(0x0e1faaed), 'write-protection')).toMatch(/there\. DFU .* clears it by itself\.$/);
    const other = decodeOptionRegister(0x0e1eaaed, { layout, sectors });
    expect(sentence(other, 'write-protection')).not.toContain('DFU');
  });

  it('is null for anything else', () => expect(decode(0x0ff7aaec).pattern).toBeNull());

  it('every pattern has releases and is what its title says', () => {
    for (const pattern of patterns) {
      expect(pattern.left.length).toBeGreaterThan(0);
      expect(pattern.title.includes('bootloader')).toBe((pattern.nwrp & 1) === 0);
    }
  });
});

describe('option memory', () => {
  const memory = hex('ffaa0055ffffffffffff0000ffffffff');

  it('masks reserved bits and takes a matching complement as confirmation', () => {
    const bytes = decodeOptionMemory(memory, context);
    expect(bytes).toMatchObject({
      source: 'memory',
      optcr: 0x0fffaaec,
      complement: 'confirms',
      locked: null,
      doubts: [],
    });
  });

  it('takes no information from a complement that does not match', () => {
    const bytes = decodeOptionMemory(hex('efaaffffffffffff1e0effffffffffff'), context);
    expect(bytes).toMatchObject({ optcr: 0x0e1eaaec, complement: 'no-information', doubts: [] });
  });

  it('doubts sixteen equal bytes', () => {
    const bytes = decodeOptionMemory(new Uint8Array(16), context);
    expect(bytes.doubts).toEqual(['All 16 bytes are 0x00: most likely the read failed.']);
  });

  it('refuses fewer than sixteen bytes', () => {
    expect(() => decodeOptionMemory(memory.subarray(0, 15), context)).toThrow(
      'option memory is cut off at 0x1FFFC000: expected 16 bytes, got 15 bytes',
    );
  });

  it('names every byte', () => {
    const parts = optionMemoryParts(decodeOptionMemory(memory, context), layout);
    const name = (address: number): string =>
      pathTo(parts, address)
        .map((part) => part.name)
        .join('/');
    expect([0, 1, 2, 4, 9, 10, 15].map((offset) => name(0x1fffc000 + offset))).toEqual([
      'option-bytes/USER',
      'option-bytes/RDP',
      'option-bytes/complement',
      'option-bytes',
      'option-bytes/nWRP',
      'option-bytes/complement',
      'option-bytes',
    ]);
  });
});

describe('encoding', () => {
  it('keeps the defaults of what is not given', () => {
    expect(encodeOptionRegister({}, layout)).toBe(0x0fffaaec);
    expect(encodeOptionRegister({ brownOut: 3 }, layout)).toBe(0x0fffaae0);
    expect(encodeOptionRegister({ protectedSectors: [0, 5, 6, 7, 8] }, layout)).toBe(0x0e1eaaec);
    expect(encodeOptionRegister({ readProtection: 1 }, layout)).toBe(0x0fff55ec);
    expect(encodeOptionRegister({ readProtection: 1, readProtectionValue: 0 }, layout)).toBe(0x0fff00ec);
    expect(encodeOptionRegister({ watchdog: 'hardware', resetOnStop: true, resetOnStandby: true }, layout)).toBe(
      0x0fffaa0c,
    );
    expect(toHex(encodeOptionMemory(0x0fffaaec, layout))).toBe('ffaa0055ffffffffffff0000ffffffff');
  });

  it.each([
    [
      'OPTION_RDP_LEVEL_2',
      { readProtection: 2 },
      'read protection level 2 is never written: expected level 0 or 1, got level 2, which closes the debug port and freezes the option bytes for good',
    ],
    [
      'OPTION_RDP_LEVEL_2',
      { readProtection: 1, readProtectionValue: 0xcc },
      'read protection level 2 is never written: expected level 0 or 1, got level 2, which closes the debug port and freezes the option bytes for good',
    ],
    [
      'OPTION_RDP_VALUE',
      { readProtection: 1, readProtectionValue: 0xaa },
      'value of RDP does not go with its level: expected level 1 and a byte that is neither 0xAA nor 0xCC, got level 1, value 170',
    ],
    [
      'OPTION_RDP_VALUE',
      { readProtection: 0, readProtectionValue: 0x55 },
      'value of RDP does not go with its level: expected level 1 and a byte that is neither 0xAA nor 0xCC, got level 0, value 85',
    ],
    [
      'OPTION_SECTOR',
      { protectedSectors: [12] },
      'sector has no write protection bit: expected a sector from 0 to 11, got 12',
    ],
    ['OPTION_BROWN_OUT', { brownOut: 4 as 3 }, 'brown-out level does not exist: expected 3, 2, 1, 0, got 4'],
  ] as const)('refuses: %s', (code, settings, message) => {
    try {
      encodeOptionRegister(settings, layout);
      expect.unreachable('nothing was thrown');
    } catch (error) {
      expect(error).toBeInstanceOf(BuildError);
      expect(error).toMatchObject({ code, message });
      expect((error as BuildError).help).toMatch(/\.$/);
    }
  });

  it('refuses the memory of level 2', () => {
    expect(() => encodeOptionMemory(0x0fffccec, layout)).toThrow(/^read protection level 2 is never written/);
  });

  const words = fc.integer({ min: 0, max: 0xffffffff }).filter((word) => ((word >>> 8) & 0xff) !== 0xcc);

  it('encode(decode(word)) is what the word stores', () => {
    fc.assert(
      fc.property(words, (word) => {
        const bytes = decode(word);
        expect(bytes.optcr).toBe((word & 0x0fffffec) >>> 0);
        expect(encodeOptionRegister(settingsOf(bytes, layout), layout)).toBe(bytes.optcr);
        const memory = decodeOptionMemory(encodeOptionMemory(bytes.optcr, layout), context);
        expect(memory).toMatchObject({ optcr: bytes.optcr, complement: 'confirms' });
      }),
    );
  });

  it('any sixteen bytes have a result', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 20 }), (bytes) => {
        const decoded = decodeOptionMemory(bytes, context);
        expect(explainOptionBytes(decoded).length).toBeGreaterThanOrEqual(4);
        for (const finding of checkProtection(decoded, { layout })) {
          expect(finding).toMatchObject({ start: 0x1fffc000, end: 0x1fffc010 });
          if (finding.severity !== 'note') expect(finding.remedy).toMatch(/\.$/);
        }
      }),
    );
  });
});

describe('what is no option word', () => {
  it.each([-1, 0.5, 2 ** 32, Number.NaN])('%d', (word) => {
    expect(() => decode(word)).toThrow(expect.objectContaining({ code: 'OPTION_WORD' }));
  });

  it('and what is no option memory', () => {
    expect(() => decodeOptionMemory(new Uint8Array(15), context)).toThrow(
      expect.objectContaining({ code: 'OPTION_MEMORY_SIZE', got: expect.stringContaining('15') }),
    );
  });
});
