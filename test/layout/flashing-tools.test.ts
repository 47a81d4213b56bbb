import { describe, expect, it } from 'vitest';
import {
  flashTiming,
  openocdSyntax,
  PROBE_IDS,
  type ProbeId,
  probeProfile,
  TOOL_IDS,
  type ToolId,
  toolProfile,
} from '../../src/layout/flashing-tools.js';

describe('flashing tools', () => {
  it.each(TOOL_IDS)('%s is described, with a source', (id) => {
    const tool = toolProfile(id);
    expect(tool.title).not.toBe('');
    expect(tool.source).not.toBe('');
    expect(tool.about).not.toBe('');
    expect([1, 2, 4]).toContain(tool.programUnit);
    expect(tool.linkBytesPerSecond).toBeGreaterThan(1000);
    expect(['sectors', 'word', 'itself', 'none']).toContain(tool.protection);
  });

  it.each(PROBE_IDS)('probe %s has its file, and a transport only where OpenOCD needs one', (id) => {
    const probe = probeProfile(id);
    expect(probe.interface).toMatch(/^interface\/[\w-]+\.cfg$/);
    expect(probe.transport).toBe(id === 'stlink' ? null : 'swd');
  });

  it('are known by name only', () => {
    expect(() => toolProfile('dd' as ToolId)).toThrowError(expect.objectContaining({ code: 'LAYOUT_UNKNOWN_TOOL' }));
    expect(() => probeProfile('dd' as ProbeId)).toThrowError(expect.objectContaining({ code: 'LAYOUT_UNKNOWN_TOOL' }));
  });

  it('have times that agree: all sectors take about as long as a mass erase', () => {
    const { erase, massErase } = flashTiming();
    const count: Readonly<Record<string, number>> = { '0x4000': 4, '0x10000': 1, '0x20000': 7 };
    for (const width of ['x8', 'x16', 'x32'] as const) {
      const sum = erase.reduce((total, row) => total + row[width][0] * (count[row.size] ?? 0), 0);
      expect(Math.abs(sum - massErase[width][0]) / massErase[width][0]).toBeLessThan(0.1);
      for (const row of erase) expect(row[width][1]).toBe(2 * row[width][0]);
    }
  });

  it('old syntax has rules that compile', () => {
    const { rules, dangers } = openocdSyntax();
    expect(rules.length).toBeGreaterThan(20);
    for (const { old } of rules) expect(() => new RegExp(old)).not.toThrow();
    for (const { match } of dangers) expect(() => new RegExp(match, 'i')).not.toThrow();
  });
});
