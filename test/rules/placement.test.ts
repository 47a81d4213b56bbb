/** What belongs where: parts of a device that are not in the input, or are there for another board or another place. */
import { describe, expect, it } from 'vitest';
import { loadBoard } from '../../src/layout/load.js';
import { inspect } from '../../src/operations/inspect/inspect.js';
import { renderInspection } from '../../src/report/inspect.js';
import { PLAIN } from '../../src/report/style.js';
import { bootloader, dump, healthyDump, rawInput, systemPart1, systemPart2, userPart } from '../support/synthetic.js';

const board = loadBoard('particle-p1');
const judge = (bytes: Uint8Array) => inspect(rawInput(bytes), board);
const render = (report: ReturnType<typeof judge>) => renderInspection(report, { style: PLAIN, width: 100 });
const ofRule = (report: ReturnType<typeof judge>, rule: string) =>
  report.findings.filter((finding) => finding.rule === rule);

describe('a partial dump', () => {
  it.each([200_000, 0x60000])('is not blamed for modules beyond its %i bytes', (size) => {
    const report = judge(healthyDump().slice(0, size));
    expect(report.kind).toBe('flash-dump');
    expect(ofRule(report, 'dependency/missing')).toEqual([]);
    expect(report.dependencies).toBe('ok');
    expect(render(report)).toContain('dependencies met as far as this input holds them');
  });

  it('is blamed for what is missing in the part it holds', () => {
    const bytes = healthyDump().slice(0, 0xa0000);
    bytes.fill(0xff, 0x20000, 0x60000);
    const report = judge(bytes);
    expect(ofRule(report, 'dependency/missing')).toHaveLength(1);
    expect(report.dependencies).toMatchObject([{ function: 'system-part', index: 1, found: null }]);
  });
});

describe('a system part of another platform', () => {
  const report = judge(
    dump([
      [0x08000000, bootloader()],
      [0x08020000, systemPart1(2202, { platformId: 6 })],
      [0x08060000, systemPart2()],
      [0x080a0000, userPart()],
    ]),
  );

  it('leaves no common release', () => expect(report.deviceOs).toBeNull());

  it('is not called missing', () => {
    expect(ofRule(report, 'dependency/missing')[0]?.message).toMatch(
      /needs system part 1 of at least version 2202; the one there is for Photon$/,
    );
  });
});

describe('the line about Device OS', () => {
  it('is left out where there is no module', () => {
    expect(render(judge(new Uint8Array(0x100000)))).not.toMatch(/Device OS release|dependencies/);
  });
});
