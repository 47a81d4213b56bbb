/** Released firmware against itself: what a change of release is made of. */
import { expect, it } from 'vitest';
import { loadBoard } from '../../../src/layout/load.js';
import { diff } from '../../../src/operations/diff/diff.js';
import { describeWithFirmware, firmwareFile, knownModules } from '../../support/firmware.js';
import { dump, rawInput } from '../../support/synthetic.js';

const P1 = loadBoard('particle-p1');

describeWithFirmware('from 2.2.0 to 2.3.1', () => {
  const parts = (release: string) =>
    [1, 2].map((index) => firmwareFile(`p1-system-part${index}@${release}.bin`)) as [Uint8Array, Uint8Array];
  const bootloader = firmwareFile('p1-bootloader@2.2.0+lto.bin');

  it('system part 1 differs in 37 bytes: version, SHA-256 and CRC', () => {
    const [a, b] = [parts('2.2.0')[0], parts('2.3.1')[0]];
    const difference = diff(rawInput(a), rawInput(b), P1);
    const [module] = difference.modules;
    expect(module).toMatchObject({ change: 'resealed', bytes: 37, function: 'system-part', index: 1 });
    expect(module?.parts).toEqual([
      { name: 'version', bytes: 1, isCode: false },
      { name: 'SHA-256', bytes: 32, isCode: false },
      { name: 'CRC', bytes: 4, isCode: false },
    ]);
    expect(module).toMatchObject({
      a: { version: 2202, release: '2.2.0', crc: 'ok', sha: 'ok', known: true },
      b: { version: 2302, release: '2.3.1', crc: 'ok', sha: 'ok', known: true },
    });
    expect(difference.summary).toBe(
      '2 of 12 sectors differ: system part 1 2.2.0 -> 2.3.1 (37 bytes: version, SHA-256 and CRC; code identical); everything else is equal.',
    );
    expect(difference.regions.find(({ changed }) => changed)).toMatchObject({ id: 'system-part1', bytes: 37 });
  });

  it('the bootloaders are one and the same build', () => {
    const builds = knownModules.filter(
      ({ platform, function: name, deviceOsReleases }) =>
        platform === 'p1' && name === 'bootloader' && deviceOsReleases.includes('2.2.0'),
    );
    expect(builds.some(({ deviceOsReleases }) => deviceOsReleases.includes('2.3.1'))).toBe(true);
    const difference = diff(rawInput(bootloader), rawInput(bootloader.slice()), P1);
    expect(difference).toMatchObject({
      equal: true,
      modules: [{ change: 'same', text: 'bootloader 2.2.0 is identical' }],
    });
  });

  it('a device keeps its bootloader, and needs sectors 5 to 8 erased', () => {
    const device = (release: string): Uint8Array => {
      const [one, two] = parts(release);
      return dump([
        [0x08000000, bootloader],
        [0x08020000, one],
        [0x08060000, two],
      ]);
    };
    const difference = diff(rawInput(device('2.2.0')), rawInput(device('2.3.1')), P1);
    expect(difference.modules.map(({ change }) => change)).toEqual(['same', 'resealed', 'changed']);
    expect(difference.sectorsToErase).toEqual([5, 6, 7, 8]);
    expect(difference.modules[2]?.text).toBe('system part 2 2.2.0 -> 2.3.1 (code differs, 260,968 -> 261,112 bytes)');
  });
});
