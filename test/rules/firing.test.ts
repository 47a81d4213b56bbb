/** Rules that the tests of whole devices do not set off: one small change each, and silence without it. */
import { describe, expect, it } from 'vitest';
import { writeU32 } from '../../src/core/bytes.js';
import type { Finding } from '../../src/core/finding.js';
import { loadBoard } from '../../src/layout/load.js';
import { inspect } from '../../src/operations/inspect/inspect.js';
import { buildModule, sealModule } from '../../src/regions/module/build.js';
import { bootloader, dump, rawInput, systemPart1, systemPart2, userPart } from '../support/synthetic.js';

const board = loadBoard('particle-p1');
const PART1 = 0x08020000;

/** A healthy device, except for what lies at 0x08020000 and what may replace the user part. */
function device(part1: Uint8Array | undefined, user = userPart()): Uint8Array {
  return dump([
    [0x08000000, bootloader()],
    ...(part1 ? [[PART1, part1] as const] : []),
    [0x08060000, systemPart2()],
    [0x080a0000, user],
  ]);
}

function findings(bytes: Uint8Array, rule: string): Finding[] {
  return inspect(rawInput(bytes), board).findings.filter((finding) => finding.rule === rule);
}

/** A user part with so many bytes between its header and its suffix. */
function userPartOf(bytes: number): Uint8Array {
  const place = { startAddress: 0x080a0000, platformId: 8, functionId: 5, index: 1, version: 6 };
  return buildModule({ ...place, payload: new Uint8Array(bytes) });
}

const healthy = device(systemPart1());

describe('dependency/missing', () => {
  it('names the module that is not installed, and its version', () => {
    const [finding] = findings(device(undefined), 'dependency/missing');
    expect(finding).toMatchObject({ severity: 'error', region: 'system-part2', evidence: { minVersion: 2202 } });
    expect(finding?.message).toMatch(
      /system part 2 .* needs system part 1 of at least version 2202; none is installed/,
    );
  });

  it('is silent about a healthy device, and about a single module', () => {
    expect(findings(healthy, 'dependency/missing')).toEqual([]);
    expect(findings(systemPart2(), 'dependency/missing')).toEqual([]);
  });
});

describe('module/odd-header', () => {
  it('names the reserved field that is not zero', () => {
    const part = systemPart1();
    part[0x184 + 8] = 7;
    const [finding] = findings(device(sealModule(part)), 'module/odd-header');
    expect(finding).toMatchObject({ severity: 'warning', start: PART1 + 0x18c, end: PART1 + 0x18d });
    expect(finding?.message).toContain('reserved is 7; every released module has 0');
  });

  it('is silent about a healthy device', () => expect(findings(healthy, 'module/odd-header')).toEqual([]));
});

describe('module/truncated', () => {
  it('counts what is missing', () => {
    const part = systemPart1();
    const [finding] = findings(part.slice(0, part.length - 1000), 'module/truncated');
    expect(finding).toMatchObject({ severity: 'error', evidence: { missing: 1000, length: part.length } });
    expect(finding?.message).toContain('1,000 bytes missing');
  });

  it('is silent about a whole one', () => expect(findings(systemPart1(), 'module/truncated')).toEqual([]));
});

describe('placement/wrong-module', () => {
  it('names the module that does not belong here, and the one that does', () => {
    const other = systemPart1(2202, { index: 3 });
    const [finding] = findings(device(other), 'placement/wrong-module');
    expect(finding).toMatchObject({ severity: 'error', region: 'system-part1' });
    expect(finding?.message).toMatch(/system part 3 .* lies in the place of system part 1/);
  });

  it('is silent about a healthy device', () => expect(findings(healthy, 'placement/wrong-module')).toEqual([]));
});

describe('placement/past-region', () => {
  it('says where the module ends and where its region does', () => {
    const user = userPartOf(0x20000 - 40);
    const [finding] = findings(device(systemPart1(), user), 'placement/past-region');
    expect(finding).toMatchObject({ severity: 'error', region: 'user', start: 0x080c0000 });
    expect(finding?.message).toContain('past the end of');
    expect(finding?.message).toContain('at 0x080C0000');
  });

  it('is silent about a module that fills its region to the last byte', () => {
    // Header 24, product fields and suffix 40, CRC 4.
    const user = userPartOf(0x20000 - 24 - 40 - 4);
    expect(user.length).toBe(0x20000);
    expect(findings(device(systemPart1(), user), 'placement/past-region')).toEqual([]);
  });
});

describe('sealModule', () => {
  it('refuses what cannot hold a header, a suffix and a CRC', () => {
    expect(() => sealModule(new Uint8Array(63))).toThrow(expect.objectContaining({ code: 'MODULE_TOO_SHORT' }));
    const module = userPart();
    writeU32(module, module.length - 4, 0);
    expect(sealModule(module)).toEqual(userPart());
  });
});
