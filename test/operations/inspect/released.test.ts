/** inspect on released firmware: the 2.2.0 device, and the mixtures that people end up with. */
import { expect, it } from 'vitest';
import { toHex } from '../../../src/core/bytes.js';
import { moduleCrc, sha256 } from '../../../src/core/checksums.js';
import { loadBoard } from '../../../src/layout/load.js';
import { inspect } from '../../../src/operations/inspect/inspect.js';
import { describeWithFirmware, firmwareFile } from '../../support/firmware.js';
import { dump, FLASH_SIZE, rawInput } from '../../support/synthetic.js';

const board = loadBoard('particle-p1');
const PART1 = 'particle-cli@2.16.0:assets/updates/p1-system-part1@2.2.0.bin';
const PART2 = 'particle-cli@2.16.0:assets/updates/p1-system-part2@2.2.0.bin';
const BOOTLOADER = 'particle-cli@2.16.0:assets/updates/p1-bootloader@2.2.0+lto.bin';
const TINKER = 'tinker-0.4.5-p1.bin';

function device220(): Uint8Array {
  return dump([
    [0x08000000, firmwareFile(BOOTLOADER)],
    [0x08020000, firmwareFile(PART1)],
    [0x08060000, firmwareFile(PART2)],
    [0x080a0000, firmwareFile(TINKER)],
  ]);
}

const rulesOf = (report: ReturnType<typeof inspect>) => report.findings.map((finding) => finding.rule);

describeWithFirmware('inspect, released firmware', () => {
  it('describes the 2.2.0 device sector by sector', () => {
    const bytes = device220();
    expect(toHex(sha256(bytes))).toBe('7d2ae09c01748b6e54bed6a3e3b696487f816187b746509a65a9a6e5d07457f0');
    const report = inspect(rawInput(bytes), board);
    expect(report.kind).toBe('flash-dump');
    expect(report.input).toMatchObject({ base: 0x08000000, baseSource: 'inferred', size: FLASH_SIZE });
    expect(report.deviceOs).toBe('2.2.0');
    expect(report.dependencies).toBe('ok');
    // Nothing else is on it: without keys and credentials it runs, but the cloud will not know it.
    expect(rulesOf(report)).toEqual(['dct/no-usable-copy']);
    expect(report.sectors.map((sector) => [sector.number, sector.regions.join(), sector.summary])).toEqual([
      [0, 'bootloader', 'bootloader version 1006, then erased'],
      [1, 'dct1', 'erased'],
      [2, 'dct2', 'erased'],
      [3, 'eeprom1', 'erased'],
      [4, 'eeprom2', 'erased'],
      [5, 'system-part1', 'system part 1 version 2202'],
      [6, 'system-part1', 'system part 1 version 2202 (continued), then erased'],
      [7, 'system-part2', 'system part 2 version 2202'],
      [8, 'system-part2', 'system part 2 version 2202 (continued), then erased'],
      [9, 'user', 'user part version 3, then erased'],
      [10, 'ota', 'erased'],
      [11, 'ota,factory', 'erased'],
    ]);
    expect(
      report.modules.map((module) => [
        module.region,
        module.version,
        module.release,
        module.known,
        module.crc,
        module.sha,
        module.free,
      ]),
    ).toEqual([
      ['bootloader', 1006, '2.2.0', true, 'ok', 'ok', 600],
      ['system-part1', 2202, '2.2.0', true, 'ok', 'ok', 20648],
      ['system-part2', 2202, '2.2.0', true, 'ok', 'ok', 1176],
      ['user', 3, '0.4.5', true, 'ok', 'ok', 125748],
    ]);
    const { total, ...classes } = report.coverage;
    expect(total).toBe(1_048_576);
    expect(Object.values(classes).reduce((sum, count) => sum + count, 0)).toBe(1_048_576);
    expect(report.coverage).toMatchObject({ module: 15784 + 241496 + 260968 + 5324, unknown: 0, absent: 0 });
  });

  it('says which version is too old: part 1 of 0.5.2 under part 2 of 2.2.0', () => {
    const bytes = device220();
    bytes.fill(0xff, 0x20000, 0x60000);
    bytes.set(firmwareFile('system-part1-0.5.2-p1.bin'), 0x20000);
    const report = inspect(rawInput(bytes), board);
    expect(report.verdict).toBe('fail');
    expect(report.deviceOs).toBeNull();
    const unmet = report.findings.find((finding) => finding.rule === 'dependency/unmet');
    expect(unmet?.message).toContain('17 < 2202');
    expect(report.dependencies).toEqual([
      expect.objectContaining({ function: 'system-part', index: 1, minVersion: 2202, found: 17, satisfied: false }),
    ]);
  });

  it('lists the bootloader inside part 2 of 0.5.2 as carried, not as installed', () => {
    const report = inspect(rawInput(firmwareFile('system-part2-0.5.2-p1.bin')), board);
    expect(report.kind).toBe('module');
    expect(report.modules).toHaveLength(1);
    expect(report.embedded).toEqual([
      expect.objectContaining({
        function: 'bootloader',
        version: 7,
        address: 0x08060000 + 0x28434,
        length: 14916,
        known: true,
      }),
    ]);
  });

  it('names a Photon part on a P1', () => {
    const bytes = device220();
    bytes.fill(0xff, 0x20000, 0x60000);
    bytes.set(firmwareFile('particle-cli@2.16.0:assets/updates/photon-system-part1@2.2.0.bin'), 0x20000);
    const report = inspect(rawInput(bytes), board);
    const finding = report.findings.find((entry) => entry.rule === 'placement/wrong-platform');
    expect(finding?.message).toContain('platform_id is 6 (Photon)');
    expect(report.modules[1]).toMatchObject({ platformId: 6, role: 'foreign', crc: 'ok' });
    expect(report.verdict).toBe('fail');
  });

  it('tells a flipped bit (CRC bad) from a repaired CRC over a stale digest (SHA bad)', () => {
    const flipped = device220();
    flipped[0x30000] = (flipped[0x30000] ?? 0) ^ 0x10;
    const broken = inspect(rawInput(flipped), board);
    expect(broken.modules[1]).toMatchObject({ region: 'system-part1', crc: 'bad', known: false });
    expect(rulesOf(broken)).toContain('module/crc-mismatch');

    const end = 0x20000 + 241496 - 4;
    const crc = moduleCrc(flipped.subarray(0x20000, end));
    new DataView(flipped.buffer).setUint32(end, crc, false);
    const stale = inspect(rawInput(flipped), board);
    expect(stale.modules[1]).toMatchObject({ crc: 'ok', sha: 'bad', known: false, release: '2.2.0' });
    expect(rulesOf(stale)).toContain('module/sha-mismatch');
    expect(rulesOf(stale)).not.toContain('module/crc-mismatch');
  });

  it('counts the missing bytes of a truncated file', () => {
    const report = inspect(rawInput(firmwareFile(PART1).slice(0, 200_000)), board);
    expect(report.kind).toBe('module');
    expect(report.verdict).toBe('fail');
    expect(report.modules[0]).toMatchObject({ crc: 'unreadable', sha: 'unreadable', missing: 41_496 });
    expect(report.findings[0]?.message).toContain('41,496 bytes missing');
  });

  it('calls the production bootloader of 2015 never sealed, not corrupt', () => {
    const report = inspect(rawInput(firmwareFile('RC4_bootloader_pad_BM-14.bin')), board);
    expect(report.modules[0]).toMatchObject({
      version: 2,
      crc: 'placeholder',
      sha: 'placeholder',
      known: true,
      length: 16092,
    });
    expect(rulesOf(report)).toEqual(['module/never-sealed']);
    expect(report.verdict).toBe('pass');
  });

  it('does not take header look-alikes in real images for modules', () => {
    for (const key of [PART1, PART2, BOOTLOADER]) {
      const report = inspect(rawInput(firmwareFile(key)), board);
      expect(report.modules).toHaveLength(1);
      expect(report.embedded).toEqual([]);
    }
  });

  it('names modules of other platforms', () => {
    const report = inspect(rawInput(firmwareFile('particle-cli@1.16.0:binaries/core_tinker.bin')), board);
    expect(report.modules[0]).toMatchObject({ platform: 'Core', platformId: 0, role: 'foreign', headerOffset: 0x10c });
    expect(rulesOf(report)).toContain('placement/wrong-platform');
  });
});
