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

describe('a dump of another board', () => {
  const photon = { platformId: 6 };
  const parts = (user: Uint8Array) =>
    dump([
      [0x08000000, bootloader(1006, photon)],
      [0x08020000, systemPart1(2202, photon)],
      [0x08060000, systemPart2(2202, photon)],
      [0x080a0000, user],
    ]);

  it('is one finding, which names the board to use', () => {
    const report = judge(parts(userPart(photon)));
    expect(report.findings).toHaveLength(1);
    expect(report.findings[0]).toMatchObject({ rule: 'placement/wrong-platform', severity: 'error' });
    expect(report.findings[0]?.message).toContain('this is a dump of a Photon');
    expect(report.findings[0]?.remedy).toContain('--board particle-photon');
  });

  it('is not blamed for what an update left behind', () => {
    const bytes = parts(userPart(photon));
    bytes.set(systemPart1(2202, photon), 0xc0000);
    bytes[0xc1000] = (bytes[0xc1000] ?? 0) ^ 1;
    expect(judge(bytes).findings.map(({ rule }) => rule)).toEqual(['placement/wrong-platform']);
  });

  it('is judged module by module when it is mixed', () => {
    expect(ofRule(judge(parts(userPart())), 'placement/wrong-platform')).toHaveLength(3);
  });
});

describe('a module in the region of another one', () => {
  it('never makes a user part the bootloader', () => {
    const bytes = healthyDump();
    bytes.fill(0xff, 0, 0x4000);
    bytes.set(userPart(), 0);
    const report = judge(bytes);
    const [finding] = ofRule(report, 'placement/wrong-module');
    expect(finding?.message).toContain('the bootloader was overwritten, and the board does not start');
    expect(finding?.remedy).toMatch(/bootloader back with a debug probe.* at 0x080A0000/);
    expect(ofRule(report, 'placement/wrong-start-address')).toEqual([]);
  });

  it('is told where it belongs, not to be linked for where it lies', () => {
    const bytes = healthyDump();
    bytes.set(systemPart1(), 0xa0000);
    const report = judge(bytes);
    expect(ofRule(report, 'placement/wrong-module')[0]?.message).toContain('it belongs at 0x08020000');
    expect(ofRule(report, 'placement/wrong-start-address')).toEqual([]);
  });
});
