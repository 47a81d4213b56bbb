import { expect, it } from 'vitest';
import { toHex } from '../../src/core/bytes.js';
import { sha256 } from '../../src/core/checksums.js';
import { describeWithFirmware, firmwareFile, firmwareFiles, knownModuleBytes, knownModules } from './firmware.js';

it('describes modules of listed files only, each once', () => {
  const listed = new Set(firmwareFiles.map((file) => `${file.package}:${file.path}`));
  expect(knownModules.filter((known) => !listed.has(`${known.package}:${known.path}`))).toEqual([]);
  expect(new Set(knownModules.map((known) => known.sha256OfFile)).size).toBe(knownModules.length);
  expect(new Set(firmwareFiles.map((file) => file.sha256)).size).toBe(firmwareFiles.length);
});

it('brings complete releases of P1, Photon and Electron', () => {
  for (const release of ['0.5.2', '1.5.0', '2.2.0', '2.3.1']) {
    for (const [platform, parts] of [
      ['p1', 2],
      ['photon', 2],
      ['electron', release === '0.5.2' ? 2 : 3],
    ] as const) {
      const modules = knownModules.filter(
        (known) => known.platform === platform && known.deviceOsReleases.includes(release),
      );
      expect(modules.filter((known) => known.function === 'system-part').length, `${platform} ${release}`).toBe(parts);
    }
  }
});

it('refuses a name that no file or several files have', () => {
  expect(() => firmwareFile('nothing.bin')).toThrow('0 files of firmware.json are called nothing.bin');
  expect(() => firmwareFile('p1_doctor.bin/../x')).toThrow(/^0 files/);
});

describeWithFirmware('released firmware', () => {
  it('has the pinned content', () => {
    for (const file of firmwareFiles) expect(firmwareFile(file.sha256).length, file.path).toBe(file.size);
  });

  it('holds the described modules', () => {
    for (const known of knownModules)
      expect(toHex(sha256(knownModuleBytes(known))), known.path).toBe(known.sha256OfFile);
  });

  it('is found by the end of a path', () => {
    expect(firmwareFile('p1-system-part1@2.2.0.bin').length).toBe(241496);
  });
});
