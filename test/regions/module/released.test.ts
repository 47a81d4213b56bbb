/** Every released module that can be fetched must decode exactly as recorded. */
import { expect, it } from 'vitest';
import { formatAddress, toHex } from '../../../src/core/bytes.js';
import { sha256 } from '../../../src/core/checksums.js';
import { readForeignModule, readModule } from '../../../src/regions/module/decode.js';
import { CRC_BYTES } from '../../../src/regions/module/format.js';
import { describeWithFirmware, type KnownModule, knownModuleBytes, knownModules } from '../../support/firmware.js';

function crcState(known: KnownModule): string {
  if (known.crcValid) return 'ok';
  return known.crcPlaceholder ? 'placeholder' : 'bad';
}

function shaState(known: KnownModule): string {
  if (known.suffixSize === null) return 'absent';
  if (known.suffixPlaceholder) return 'placeholder';
  return known.suffixShaValid ? 'ok' : 'bad';
}

describeWithFirmware('released modules', () => {
  it('covers the P1, Photon and Electron', () => {
    const platforms = new Set(knownModules.map((known) => known.platform));
    expect([...platforms]).toEqual(expect.arrayContaining(['p1', 'photon', 'electron']));
    expect(knownModules.length).toBeGreaterThan(50);
  });

  for (const known of knownModules) {
    it(`${known.package} ${known.path}`, () => {
      const bytes = knownModuleBytes(known);
      const address = Number(known.startAddress);
      const module = readModule(bytes, address) ?? readForeignModule(bytes, address);
      if (!module) throw new Error('no module found');
      expect({
        size: module.length,
        missing: module.missing,
        headerOffset: module.headerOffset,
        startAddress: formatAddress(module.info.moduleStartAddress),
        endAddress: formatAddress(module.info.moduleEndAddress),
        reserved: module.info.reserved,
        flags: module.info.flags,
        moduleVersion: module.info.moduleVersion,
        platformId: module.info.platformId,
        functionId: module.info.moduleFunction,
        function: module.function,
        index: module.info.moduleIndex,
        dependencies: module.dependencies.map(({ function: name, index, minVersion }) => ({
          function: name,
          index,
          minVersion,
        })),
        crc: module.crc,
        crc32: toHex(module.bytes.subarray(module.length - CRC_BYTES)),
        sha: module.sha,
        suffixSize: module.suffix?.size ?? null,
        suffixSha: module.suffix ? toHex(module.suffix.digest) : null,
        sha256OfFile: toHex(sha256(module.bytes)),
      }).toEqual({
        size: known.size,
        missing: 0,
        headerOffset: known.headerOffset,
        startAddress: known.startAddress,
        endAddress: known.endAddress,
        reserved: known.reserved,
        flags: known.flags,
        moduleVersion: known.moduleVersion,
        platformId: known.platformId,
        functionId: known.functionId,
        function: known.function,
        index: known.index,
        dependencies: known.dependencies,
        crc: crcState(known),
        crc32: known.crc32,
        sha: shaState(known),
        suffixSize: known.suffixSize,
        suffixSha: known.suffixSha,
        sha256OfFile: known.sha256OfFile,
      });
      if (known.suffixReserved !== undefined) expect(module.suffix?.reserved ?? null).toBe(known.suffixReserved);
      if (known.productId !== undefined) expect(module.suffix?.productId).toBe(known.productId);
      if (known.productVersion !== undefined) expect(module.suffix?.productVersion).toBe(known.productVersion);
      if (known.initialSp !== undefined) {
        expect(formatAddress(module.vectors?.initialStackPointer ?? 0)).toBe(known.initialSp);
      }
      if (known.resetVector !== undefined) expect(formatAddress(module.vectors?.reset ?? 0)).toBe(known.resetVector);
    });
  }
});
