import { describe, expect, it } from 'vitest';
import { loadBoard } from '../../src/layout/load.js';
import { inspect } from '../../src/operations/inspect/inspect.js';
import { configurationSections, readingSections } from '../../src/report/inspect-sections.js';
import { healthyDump, rawInput } from '../support/synthetic.js';

const report = inspect(rawInput(healthyDump()), loadBoard('particle-p1'));

describe('sections of inspect', () => {
  it('are there only when they have something to say', () => {
    expect(readingSections(report, 100)).toEqual([]);
    expect(configurationSections(report, 100).map(({ title }) => title)).toEqual([
      'Device configuration (DCT)',
      'EEPROM',
    ]);
    const nothing = { ...report, dct: null, eeprom: null };
    expect(configurationSections(nothing, 100)).toEqual([]);
  });

  it('show the plain facts of a container, made harmless', () => {
    const container = { kind: 'dfu-suffix', vendor: 0x2b04, crc: 'ok', targetName: 'a\u001b[2J', targets: [{}] };
    const [section] = readingSections({ ...report, container }, 100);
    expect(section).toEqual({
      title: 'Container',
      body: [
        '  kind         dfu-suffix',
        '  vendor       0x2B04',
        '  crc          ok',
        '  target name  a\\x1B[2J',
      ].join('\n'),
    });
  });
});
