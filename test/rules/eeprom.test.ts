import { describe, expect, it } from 'vitest';
import type { Finding } from '../../src/core/finding.js';
import { decodeEeprom, type EepromInput } from '../../src/regions/eeprom/index.js';
import { checkEeprom } from '../../src/rules/eeprom.js';
import { hex } from '../regions/eeprom/vectors.js';

const ACTIVE = '0000ffff';
const COPY = 'eeeeffff';
const INACTIVE = '0000cccc';

function page(size: number, text: string): Uint8Array {
  const bytes = new Uint8Array(size).fill(0xff);
  bytes.set(hex(text.replaceAll(' ', '')));
  return bytes;
}

function check(first: string, second: string, reader: EepromInput['reader'] = 'current'): Finding[] {
  return checkEeprom(decodeEeprom({ page1: page(0x4000, first), page2: page(0x10000, second), reader }));
}

const summary = (findings: Finding[]): string[] => findings.map((finding) => `${finding.severity} ${finding.rule}`);

describe('normal life gives no finding', () => {
  it.each([
    ['erased', '', ''],
    ['in use', `${ACTIVE} 11000100 22000100`, ''],
    ['waiting to be erased', `${INACTIVE} 11000100`, `${ACTIVE} 11000100`],
    ['interrupted swap', `${ACTIVE} 11000100`, `${COPY} 11000100`],
  ])('%s', (_, first, second) => expect(check(first, second)).toEqual([]));
});

describe('findings', () => {
  it('first word damaged, records lost at the next start', () => {
    const findings = check('0000fff7 11000100', '');
    expect(summary(findings)).toEqual(['warning eeprom/page-word', 'warning eeprom/would-be-formatted']);
    expect(findings[0]?.message).toBe(
      'EEPROM page 1 holds records, but its first word 0xF7FF0000 is no page state, so that firmware does not use it.',
    );
    expect(findings[1]).toMatchObject({ start: 0x0800c000, region: 'eeprom1' });
    expect(findings[1]?.message).toBe(
      'At its next start firmware erases both EEPROM pages, and the records in them are lost: page 1 is invalid, page 2 is erased.',
    );
  });

  it('half-written record', () => {
    const text = `${ACTIVE} 11000100 2200ffff 33000300`;
    const findings = check(text, '');
    expect(summary(findings)).toEqual(['warning eeprom/half-written-record']);
    expect(findings[0]).toMatchObject({ start: 0x0800c008, evidence: { hiddenRecords: 1, differingValues: 1 } });
    expect(findings[0]?.message).toBe(
      'A half-written legacy record at 0x0800C008 ends the list for firmware from 0.5.0 on and hides 1 record behind it.',
    );
    expect(summary(check(`${ACTIVE} 11000100 2200ffff`, ''))).toEqual(['note eeprom/half-written-record']);
    const legacy = check(text, '', 'legacy');
    expect(summary(legacy)).toEqual(['warning eeprom/lost-by-newer-reader']);
    expect(legacy[0]?.evidence).toMatchObject({ indices: '3', reason: 'half-written-record' });
  });

  it('invalid record', () => {
    expect(summary(check(`${ACTIVE} 11000100 22010200 33000300`, ''))).toEqual(['warning eeprom/invalid-record']);
    expect(summary(check(`${ACTIVE} 11000100 22010200`, ''))).toEqual(['note eeprom/invalid-record']);
  });

  it('write that lost its power', () => {
    const findings = check(`${ACTIVE} ffffffff a1001400`, '');
    expect(summary(findings)).toEqual(['note eeprom/unfinished-write']);
    expect(findings[0]?.message).toBe(
      '1 record behind the empty slot at 0x0800C004: a write that lost its power. The old values count.',
    );
  });

  it('legacy transfer that newer firmware would erase', () => {
    expect(summary(check('', `${COPY} 99000900`, 'auto'))).toEqual(['warning eeprom/lost-by-newer-start']);
    expect(summary(check('', `${COPY} 99000900`, 'current'))).toEqual(['warning eeprom/would-be-formatted']);
  });

  it('both active', () => {
    expect(summary(check(`${ACTIVE} 11000100`, `${ACTIVE} 22000100`))).toEqual(['warning eeprom/both-active']);
    expect(summary(check(`${ACTIVE} 11000100`, `${ACTIVE} 11000100`))).toEqual(['note eeprom/both-active']);
  });

  it('index beyond the capacity', () => {
    const findings = check(`${ACTIVE} 1100b80b`, '');
    expect(summary(findings)).toEqual(['warning eeprom/index-beyond-capacity']);
    expect(findings[0]?.evidence).toEqual({ indices: '3000', count: 1, capacity: 2048 });
  });

  it('sectors with other content', () => {
    expect(summary(check(`${ACTIVE} 11000100`, 'ece0f13f 0102030405'))).toEqual(['note eeprom/not-eeprom']);
    const parked = '00000a08 fc200a08 0000 0600 0800 0501 04020600 00000000';
    const findings = check(parked, '');
    expect(summary(findings)).toEqual(['note eeprom/parked-module']);
    expect(findings[0]?.message).toContain('a user module waits here for its first start');
  });

  it('a parked user module that the installed firmware erases instead of moving', () => {
    const parked = page(0x4000, '00000a08 fc200a08 0000 0600 0800 0501 04020600 00000000');
    const by = (systemVersion: number, leavesParkedModule: boolean, second = ''): Finding[] =>
      checkEeprom(decodeEeprom({ page1: parked, page2: page(0x10000, second), reader: 'current' }), {
        systemVersion,
        leavesParkedModule,
      });
    expect(summary(by(1321, false))).toEqual(['note eeprom/parked-module']);
    const [finding, ...more] = by(2202, true);
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ rule: 'eeprom/abandoned-module', severity: 'warning', region: 'eeprom1' });
    expect(finding?.message).toContain('(system version 2202) does not: it erases the sector at its next start');
    expect(finding?.remedy).toContain('flash it to 0x080A0000');
    expect(by(2202, true, `${ACTIVE} 11000100`)[0]?.message).toContain('when it next needs it');
  });

  it('every warning has a remedy', () => {
    for (const finding of [
      ...check('0000fff7 11000100', ''),
      ...check(`${ACTIVE} 1100b80b 22010200 33000300`, `${ACTIVE}`),
    ]) {
      if (finding.severity === 'warning') expect(finding.remedy).toMatch(/\.$/);
    }
  });
});
