import { describe, expect, it } from 'vitest';
import { loadBoard } from '../../src/layout/load.js';
import { inspect } from '../../src/operations/inspect/inspect.js';
import { buildDct } from '../../src/regions/dct/index.js';
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

  it('say what is still there when no copy of the configuration is usable', () => {
    const bytes = healthyDump();
    const claim = { field: 'claim_code', bytes: new Uint8Array(63).fill(0x41) };
    const unfinished = buildDct({ edits: [claim] }).copy1.slice();
    unfinished[8] = 1;
    bytes.fill(0xff, 0x4000, 0x8000);
    bytes.set(unfinished, 0x8000);
    const sections = configurationSections(inspect(rawInput(bytes), loadBoard('particle-p1')), 200);
    const dct = sections.find(({ title }) => title.startsWith('Device configuration'));
    expect(dct?.body).toContain('in copy 2: the claim code; lost once the board runs');
  });

  it('read the store of the Electron as such, even when it is erased', () => {
    const { dct } = inspect(rawInput(new Uint8Array(0x100000).fill(0xff)), loadBoard('particle-electron'));
    expect(dct?.store).toBe('electron');
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
