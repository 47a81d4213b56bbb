import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  allReleases,
  buildOf,
  buildsOf,
  compareReleases,
  embeddedBootloader,
  expectedModules,
  payloadsOf,
  releaseByName,
  releasesOf,
  systemVersionRelease,
} from '../../src/layout/catalog.js';
import { knownModules } from '../support/firmware.js';
import { stopwatch } from '../support/growth.js';

const PHOTON = 6;
const P1 = 8;
const ELECTRON = 10;
const PLATFORMS = [PHOTON, P1, ELECTRON];

const bootloader = (platformId: number, version: number) => ({ platformId, function: 'bootloader', index: 0, version });
const part = (platformId: number, index: number, version: number) => ({
  platformId,
  function: 'system-part',
  index,
  version,
});

describe('releasesOf', () => {
  it('gives finals before pre-releases, in ascending order', () => {
    expect(releasesOf(part(P1, 2, 17))).toEqual(['0.5.2']);
    expect(releasesOf(part(P1, 1, 13))).toEqual(['0.5.0', '0.5.0-rc.2', '0.5.1-rc.1']);
    expect(releasesOf(part(P1, 1, 7))).toEqual(['0.4.6', '0.4.6.1']);
    expect(releasesOf(bootloader(P1, 1006))).toEqual([
      '2.2.0',
      '2.3.0',
      '2.3.1',
      '2.2.0-rc.1',
      '2.2.0-rc.2',
      '2.3.0-rc.1',
    ]);
  });

  it('finds every module of every release again', () => {
    let found = 0;
    for (const platformId of PLATFORMS) {
      for (const { name } of allReleases(platformId)) {
        for (const { function: kind, index, version } of expectedModules(name, platformId) ?? []) {
          expect(releasesOf({ platformId, function: kind, index, version })).toContain(name);
          found++;
        }
      }
    }
    expect(found).toBeGreaterThan(1700);
  });

  it('keeps platforms and parts apart', () => {
    expect(releasesOf(part(ELECTRON, 3, 2202))).toEqual(['2.2.0']);
    expect(releasesOf(part(P1, 3, 2202))).toEqual([]);
    expect(releasesOf(part(PHOTON, 2, 2202))).toEqual(['2.2.0']);
    expect(releasesOf(part(13, 1, 2202))).toEqual([]);
    expect(releasesOf({ platformId: P1, function: 'mono-firmware', index: 0, version: 0 })).toEqual([]);
    expect(releasesOf(part(P1, 0, 17))).toEqual([]);
    expect(releasesOf(part(P1, 1, 0xffff))).toEqual([]);
  });

  it('agrees with expectedModules in both directions', () => {
    for (const platformId of PLATFORMS) {
      for (const { name } of allReleases(platformId)) {
        for (const module of expectedModules(name, platformId) ?? []) {
          expect(releasesOf({ platformId, ...module })).toContain(name);
        }
      }
    }
  });
});

describe('systemVersionRelease', () => {
  it('names the release a system version stands for', () => {
    expect(systemVersionRelease(17, P1)).toBe('0.5.2');
    expect(systemVersionRelease(207, PHOTON)).toBe('0.7.0');
    expect(systemVersionRelease(2302, ELECTRON)).toBe('2.3.1');
    expect(systemVersionRelease(13, P1)).toBe('0.5.0');
    expect(systemVersionRelease(9999, P1)).toBeUndefined();
  });

  it('knows every released system part', () => {
    const parts = knownModules.filter((known) => known.kind === 'release-system-part');
    expect(parts.length).toBeGreaterThan(20);
    for (const known of parts) {
      expect(known.deviceOsReleases).toContain(systemVersionRelease(known.moduleVersion, known.platformId));
    }
  });
});

describe('releases', () => {
  it('are the 150 tags, found by name and by tag', () => {
    expect(allReleases().length).toBe(150);
    expect(allReleases(ELECTRON).length).toBe(137);
    expect(releaseByName('2.2.0')).toEqual({
      name: '2.2.0',
      tag: 'v2.2.0',
      date: '2021-09-16',
      prerelease: false,
      versionString: '2.2.0',
      note: undefined,
    });
    expect(releaseByName('v2.2.0')).toEqual(releaseByName('2.2.0'));
    expect(releaseByName('0.4.6-rc.1')?.versionString).toBe('0.4.5');
    expect(releaseByName('0.9.0')?.note).toMatch(/mesh/);
    expect(releaseByName('2.2')).toBeUndefined();
    expect(releaseByName('__proto__')).toBeUndefined();
  });

  it('come in ascending order', () => {
    const names = allReleases().map((release) => release.name);
    expect(new Set(names).size).toBe(names.length);
    const misplaced = names.filter((name, index) => index > 0 && compareReleases(names[index - 1] ?? '', name) >= 0);
    // 1.2.0-test.1 and -test.2 were tagged before 1.2.0-rc.1; as words they come after it.
    expect(misplaced).toEqual(['1.2.0-rc.1']);
  });

  it('say what a platform should hold', () => {
    expect(expectedModules('2.2.0', P1)).toEqual([
      { function: 'bootloader', index: 0, version: 1006, dependencies: [] },
      {
        function: 'system-part',
        index: 1,
        version: 2202,
        dependencies: [{ function: 'system-part', index: 2, minVersion: 207 }],
      },
      {
        function: 'system-part',
        index: 2,
        version: 2202,
        dependencies: [
          { function: 'system-part', index: 1, minVersion: 2202 },
          { function: 'bootloader', index: 0, minVersion: 1003 },
        ],
      },
      {
        function: 'user-part',
        index: 1,
        version: 6,
        dependencies: [{ function: 'system-part', index: 2, minVersion: 2202 }],
      },
    ]);
    expect(expectedModules('2.2.0', PHOTON)).toEqual(expectedModules('2.2.0', P1));
    expect(expectedModules('2.2.0', ELECTRON)?.map((module) => module.index)).toEqual([0, 1, 2, 3, 1]);
    expect(expectedModules('0.4.0', ELECTRON)).toBeUndefined();
    expect(expectedModules('9.9.9', P1)).toBeUndefined();
    expect(expectedModules('2.2.0', 0)).toBeUndefined();
  });

  it('agree with the headers of released modules', () => {
    const names: Readonly<Record<number, string>> = { 2: 'bootloader', 4: 'system-part' };
    let compared = 0;
    for (const known of knownModules) {
      const name = names[known.functionId];
      if (name === undefined || !known.kind.startsWith('release-')) continue;
      for (const release of known.deviceOsReleases) {
        const expected = expectedModules(release, known.platformId)?.find(
          (module) => module.function === name && module.index === known.index,
        );
        expect(expected, `${release} ${known.path}`).toMatchObject({ version: known.moduleVersion });
        expect(expected?.dependencies, `${release} ${known.path}`).toEqual(known.dependencies);
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(30);
  });

  it('say which bootloader image they carry', () => {
    expect(embeddedBootloader('0.5.2', P1)).toEqual({ version: 7, installedBySystem: true });
    expect(embeddedBootloader('2.2.0', P1)).toEqual({ version: 400, installedBySystem: false });
    expect(embeddedBootloader('2.2.0', ELECTRON)).toEqual({ version: 1004, installedBySystem: true });
    expect(embeddedBootloader('0.4.6', P1)?.version).toBe(5);
    expect(embeddedBootloader('0.4.6', PHOTON)?.version).toBe(4);
    expect(embeddedBootloader('0.4.0', P1)).toBeUndefined();
    expect(embeddedBootloader('nothing', P1)).toBeUndefined();
  });
});

describe('builds', () => {
  it('are recognised by their content', () => {
    expect(buildOf('a1b37250985090361a8b96a3c025c49685e7980d548ec670e4b0da9ac004eae6')).toEqual({
      sha256: 'a1b37250985090361a8b96a3c025c49685e7980d548ec670e4b0da9ac004eae6',
      size: 250940,
      platformId: P1,
      function: 'system-part',
      index: 1,
      version: 17,
      kind: 'release-system-part',
      releases: ['0.5.2'],
      crc32: 'c409bb2a',
      sealed: true,
      embeddedIn: [],
      source: 'particle-cli@1.16.0: updates/system-part1-0.5.2-p1.bin',
    });
    expect(buildOf('00')).toBeUndefined();
    expect(buildOf('constructor')).toBeUndefined();
  });

  it('agree with every released module of the test firmware', () => {
    for (const known of knownModules) {
      expect(buildOf(known.sha256OfFile), known.path).toMatchObject({
        size: known.size,
        platformId: known.platformId,
        function: known.function,
        index: known.index,
        version: known.moduleVersion,
        releases: known.deviceOsReleases,
        crc32: known.crc32,
        sealed: known.crcValid,
      });
    }
  });

  it('show that one version can be several builds', () => {
    for (const [version, count] of [
      [4, 2],
      [11, 2],
      [311, 2],
      [500, 2],
      [501, 2],
      [1006, 1],
      [12345, 0],
    ] as const) {
      const builds = buildsOf(bootloader(P1, version));
      expect(builds.length, `bootloader ${version}`).toBe(count);
      expect(new Set(builds.map((build) => build.sha256)).size).toBe(count);
    }
    expect(buildsOf(bootloader(P1, 501)).map((build) => build.releases)).toEqual([
      ['1.4.2', '1.4.3', '1.4.4'],
      ['1.5.0', '1.5.1'],
    ]);
  });

  it('name the bootloader inside a system part', () => {
    const [build] = buildsOf(part(P1, 2, 17));
    const payloads = payloadsOf(build?.sha256 ?? '');
    expect(payloads.map(({ build, offset }) => [build.function, build.version, offset])).toEqual([
      ['bootloader', 7, 0x28434],
    ]);
    expect(payloadsOf('00')).toEqual([]);
  });

  it('only name carriers that are builds themselves, with room for the payload', () => {
    for (const known of knownModules) {
      for (const { build, offset } of payloadsOf(known.sha256OfFile)) {
        expect(offset + build.size).toBeLessThanOrEqual(known.size);
        expect(build.embeddedIn).toContainEqual({ sha256: known.sha256OfFile, offset });
      }
    }
  });
});

describe('compareReleases', () => {
  it('puts releases in their order', () => {
    const ordered = [
      '0.4.3-rc2',
      '0.4.4-rc.1',
      '0.4.4-rc.5',
      '0.4.4.rc.6',
      '0.4.4',
      '0.4.6',
      '0.4.6.1',
      '0.4.7',
      '0.7.0-rc.6',
      '0.7.0',
      '0.8.0-rc.9',
      '0.8.0-rc.10',
      '0.8.0-rc.25',
      '0.8.0-rc.25-mesh',
      '0.8.0-rc.26',
      '1.4.5-b5som.1',
      '1.4.5-b5som.2',
      '1.5.0',
      '1.10.0',
      '2.0.0-alpha.4',
      '2.0.0-rc.1',
      '2.0.0',
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray(ordered), (names) => {
        expect([...names].sort(compareReleases)).toEqual(ordered.filter((name) => names.includes(name)));
      }),
    );
    expect(compareReleases('v2.2.0', '2.2.1')).toBeLessThan(0);
  });

  it('is an order for any text', () => {
    const word = fc.oneof(
      fc.constantFrom(...allReleases().map((release) => release.name), 'v1.0', '', '-', '1..2', '99999999999999999999'),
      fc.string(),
    );
    fc.assert(
      fc.property(word, word, word, (a, b, c) => {
        expect(Math.sign(compareReleases(a, b))).toBe(-Math.sign(compareReleases(b, a)) + 0);
        expect(compareReleases(a, a)).toBe(0);
        const [low, middle, high] = [a, b, c].sort(compareReleases) as [string, string, string];
        expect(compareReleases(low, middle)).toBeLessThanOrEqual(0);
        expect(compareReleases(middle, high)).toBeLessThanOrEqual(0);
        expect(compareReleases(low, high)).toBeLessThanOrEqual(0);
      }),
      { numRuns: 500 },
    );
  });
});

it('answers a lookup in well under a millisecond once the file is read', () => {
  releasesOf(part(P1, 1, 17));
  buildOf('00');
  const spent = stopwatch();
  for (let round = 0; round < 500; round++) {
    releasesOf(part(P1, 1, round));
    buildsOf(bootloader(P1, round));
  }
  // Measured at a few hundredths of this.
  expect(spent()).toBeLessThan(500);
});
