/** What is this byte? An answer for every address, and never a secret. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leavesOf } from '../../src/core/part.js';
import { loadBoard } from '../../src/layout/load.js';
import { hexRows } from '../../src/operations/hex.js';
import { examine } from '../../src/operations/inspect/inspect.js';
import { contentsOf, locate } from '../../src/operations/locate.js';
import {
  bootloader,
  dctCopies,
  dump,
  eepromPages,
  FLASH_SIZE,
  FLASH_START,
  healthyDump,
  rawInput,
  SAMPLE_SECRETS,
  systemPart1,
  systemPart2,
  userPart,
} from '../support/synthetic.js';

const board = loadBoard('particle-p1');
const flash = { start: FLASH_START, end: FLASH_START + FLASH_SIZE };

describe('locate', () => {
  const inspection = examine(rawInput(healthyDump()), board);

  it('leads from the chip to the field', () => {
    const { path, byte } = locate(inspection, 0x08020190);
    expect(byte).toBe(8);
    expect(path.map((step) => `${step.kind} ${step.name}`)).toEqual([
      'chip STM32F205RG',
      'memory Main flash',
      'sector sector 5',
      'region system-part1',
      'part module',
      'part module_info',
      'part platform_id',
    ]);
    expect(path.at(-1)?.value).toBe('8 (P1)');
  });

  it('masks secrets, and shows them when asked', () => {
    const key = 0x08004000 + 7548 + 34;
    expect(locate(inspection, key)).toMatchObject({ byte: null, secret: true, present: true });
    const open = examine(rawInput(healthyDump()), board, { showSecrets: true });
    expect(locate(open, key)).toMatchObject({ byte: 0x30, secret: false });
  });

  it('answers for every address of a full dump', () => {
    // The leaves are what locate() walks to; together they must be the flash, without gap or overlap.
    let position = flash.start;
    for (const leaf of leavesOf(contentsOf(inspection), flash)) {
      expect(leaf.start).toBe(position);
      if (leaf.path.length === 0) throw new Error(`nothing is known of 0x${leaf.start.toString(16)}`);
      position = leaf.end;
    }
    expect(position).toBe(flash.end);
    for (let address = flash.start; address < flash.end; address++) {
      const { path, present } = locate(inspection, address);
      if (!present || path.length < 5) throw new Error(`no answer for 0x${address.toString(16)}`);
    }
  }, 120_000);

  it('answers outside the flash too', () => {
    expect(locate(inspection, 0x20000000).path.map((step) => step.kind)).toEqual(['chip', 'memory']);
    expect(locate(inspection, 0xffffffff)).toMatchObject({ present: false, byte: null });
  });
});

describe('dumps made of known parts', () => {
  it('leave no byte unknown, and the coverage adds up', () => {
    const some = <T>(value: T) => fc.constantFrom(value, undefined);
    const recipe = fc.record({
      boot: some(bootloader()),
      part1: fc.constantFrom(systemPart1(), systemPart1(17), undefined),
      part2: fc.constantFrom(systemPart2(), systemPart2(17), undefined),
      user: some(userPart()),
      ota: fc.constantFrom(systemPart1(2101), userPart({ version: 9 }), undefined),
      dct: fc.constantFrom(dctCopies(), dctCopies({ versionRecord: false }), undefined),
      eeprom: some(eepromPages()),
    });
    fc.assert(
      fc.property(recipe, ({ boot, part1, part2, user, ota, dct, eeprom }) => {
        const parts: [number, Uint8Array | undefined][] = [
          [0x08000000, boot],
          [0x08004000, dct?.copy1],
          [0x08008000, dct?.copy2],
          [0x0800c000, eeprom?.page1],
          [0x08010000, eeprom?.page2],
          [0x08020000, part1],
          [0x08060000, part2],
          [0x080a0000, user],
          [0x080c0000, ota],
        ];
        const present = parts.filter((part): part is [number, Uint8Array] => part[1] !== undefined);
        const { report } = examine(rawInput(dump(present)), board);
        const { total, ...classes } = report.coverage;
        expect(total).toBe(FLASH_SIZE);
        expect(Object.values(classes).reduce((sum, count) => sum + count, 0)).toBe(FLASH_SIZE);
        expect(classes.unknown).toBe(0);
        for (const sector of report.sectors) {
          const bytes = Object.values(sector.bytes).reduce((sum, count) => sum + count, 0);
          expect(bytes).toBe(sector.size);
        }
      }),
      { numRuns: 60 },
    );
  }, 120_000);
});

describe('hex', () => {
  const inspection = examine(rawInput(healthyDump()), board);

  it('breaks rows at fields and names each once', () => {
    const rows = hexRows(inspection, { start: 0x08004008, end: 0x08004010 });
    expect(rows.map((row) => [row.start, row.end - row.start, row.name, row.value])).toEqual([
      [0x08004008, 1, 'dct_copy > header > write_incomplete', 'complete'],
      [0x08004009, 1, 'dct_copy > header > is_current_dct', 'current'],
      [0x0800400a, 1, 'dct_copy > header > app_valid', 'yes'],
      [0x0800400b, 1, 'dct_copy > header > mfg_info_programmed', 'no'],
      [0x0800400c, 4, 'dct_copy > header > magic_number', 'BRCM'],
    ]);
  });

  it('covers any range exactly and gives away no secret', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xc000 }), fc.integer({ min: 1, max: 3000 }), (offset, size) => {
        const range = { start: FLASH_START + offset, end: FLASH_START + offset + size };
        const rows = hexRows(inspection, range);
        expect(rows[0]?.start).toBe(range.start);
        const shown = rows.flatMap((row) => (row.masked ? [] : [...(row.bytes ?? [])]));
        const text = String.fromCharCode(...shown);
        expect(text).not.toContain(SAMPLE_SECRETS.passphrase);
        expect(text).not.toContain(SAMPLE_SECRETS.claimCode);
      }),
      { numRuns: 100 },
    );
  });
});
