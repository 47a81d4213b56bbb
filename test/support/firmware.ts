/**
 * Released firmware for tests: fetched by firmware.mjs (`npm run firmware`), listed in firmware.json, described in
 * known-modules.json. Suites that need it are skipped with a notice when the cache lacks files, and fail when CI is set.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'vitest';
import { toHex } from '../../src/core/bytes.js';
import { sha256 } from '../../src/core/checksums.js';

export interface FirmwareFile {
  readonly package: string;
  /** Path inside the package. */
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
  readonly what: string;
}

/** Fields of a released module; addresses as `"0x08020000"`, byte strings as lower-case hexadecimal. */
export interface KnownModule {
  readonly package: string;
  readonly path: string;
  /** Offset of the module in its file; absent when the file is the module. */
  readonly carvedAt?: number;
  readonly sha256OfFile: string;
  readonly size: number;
  readonly platform: 'p1' | 'photon' | 'electron' | 'core' | 'duo';
  readonly platformId: number;
  readonly function: string;
  readonly functionId: number;
  readonly index: number;
  readonly moduleVersion: number;
  readonly kind: string;
  readonly deviceOsReleases: readonly string[];
  readonly startAddress: string;
  readonly endAddress: string;
  readonly headerOffset: number;
  readonly flags: number;
  readonly reserved: number;
  readonly dependencies: readonly { readonly function: string; readonly index: number; readonly minVersion: number }[];
  readonly suffixSize: number | null;
  readonly suffixSha: string | null;
  readonly suffixShaValid?: boolean;
  readonly suffixPlaceholder?: boolean;
  readonly suffixReserved?: number | null;
  readonly productId?: number;
  readonly productVersion?: number;
  readonly crc32: string;
  readonly crcValid: boolean;
  readonly crcPlaceholder?: boolean;
  readonly initialSp?: string;
  readonly resetVector?: string;
}

function readList<T>(name: string, key: string): readonly T[] {
  return JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'))[key];
}

const cache =
  process.env.FLASHATLAS_FIRMWARE_CACHE || fileURLToPath(new URL('../../.cache/firmware/', import.meta.url));

export const firmwareFiles: readonly FirmwareFile[] = readList('firmware.json', 'files');
export const knownModules: readonly KnownModule[] = readList('known-modules.json', 'modules');

/** True when every listed file is in the cache. */
export const hasFirmware = firmwareFiles.every((file) => existsSync(join(cache, file.package, file.path)));

/**
 * The bytes of a file, named by its SHA-256, by `package:path`, or by a path (or its end) that only one file has:
 * `p1-system-part1@2.2.0.bin`.
 */
export function firmwareFile(key: string): Uint8Array {
  const exact = firmwareFiles.filter((file) => file.sha256 === key || `${file.package}:${file.path}` === key);
  const found = exact.length > 0 ? exact : firmwareFiles.filter((file) => `/${file.path}`.endsWith(`/${key}`));
  const [file] = found;
  if (!file || found.length > 1) throw new Error(`${found.length} files of firmware.json are called ${key}`);
  const bytes = new Uint8Array(readFileSync(join(cache, file.package, file.path)));
  if (toHex(sha256(bytes)) !== file.sha256) {
    throw new Error(`${file.path} in ${cache} is damaged: delete that folder and run npm run firmware`);
  }
  return bytes;
}

/** The bytes of a module, CRC included, without the padding its file may have. */
export function knownModuleBytes(known: KnownModule): Uint8Array {
  const bytes = firmwareFile(`${known.package}:${known.path}`);
  const start = known.carvedAt ?? 0;
  return bytes.slice(start, start + known.size);
}

/** `describe` for suites that read released firmware. */
export function describeWithFirmware(name: string, suite: () => void): void {
  if (!hasFirmware && process.env.CI) {
    describe(name, () => {
      it('has the released firmware', () => {
        throw new Error('The released firmware is not in the cache. Run npm run firmware first.');
      });
    });
    return;
  }
  if (!hasFirmware) console.log(`Notice: "${name}" is skipped; run npm run firmware to fetch the released firmware.`);
  describe.skipIf(!hasFirmware)(name, suite);
}
