/** Where a module goes in a DfuSe file, and whether it should: its header says both. */
import { formatAddress, formatHex } from '../core/bytes.js';
import { BuildError } from '../core/errors.js';
import type { Finding } from '../core/finding.js';
import { formatCount } from '../core/words.js';
import type { Board } from '../layout/types.js';
import { type ParticleModule, readModule } from '../regions/module/decode.js';
import { properStart } from '../regions/module/find.js';
import { moduleTitle } from '../regions/module/words.js';
import { neverSealed } from '../rules/module.js';
import { wrongPlatform } from '../rules/placement.js';
import { report } from '../rules/rule.js';
import type { ModulePlace } from './dfu-pack.js';

/**
 * The place of a module by its own header, for packDfuse; undefined when the bytes do not begin with one.
 * @throws BuildError PACK_DAMAGED_MODULE when its CRC is wrong or bytes are missing: the address itself may be damaged;
 * PACK_WRONG_START_ADDRESS when the board starts no such module where it is linked for.
 */
export function modulePlaces(board: Board): (bytes: Uint8Array, name: string) => ModulePlace | undefined {
  return (bytes, name) => {
    const module = readModule(bytes, 0);
    if (!module) return undefined;
    if (module.crc === 'bad' || module.crc === 'unreadable') throw damagedError(module, name);
    const address = module.info.moduleStartAddress;
    const expected = properStart(module, board);
    if (expected !== null) throw wrongStartError(module, name, expected);
    return { address, findings: [...notSealed(module), ...otherPlatform(module, board)] };
  };
}

function damagedError(module: ParticleModule, name: string): BuildError {
  const title = moduleTitle(module);
  const cut = module.missing > 0;
  return new BuildError({
    code: 'PACK_DAMAGED_MODULE',
    what: cut
      ? `${title} is cut off: ${formatCount(module.missing)} bytes are missing`
      : `the CRC of ${title} does not match, and the board would not start it`,
    where: name,
    expected: cut ? `${formatCount(module.length)} bytes` : formatHex(module.crcComputed ?? 0, 8),
    got: cut ? formatCount(module.length - module.missing) : formatHex(module.crcStored ?? 0, 8),
    help: `Take an undamaged file. To pack it as it is, give the address: ${formatAddress(module.info.moduleStartAddress)}:${name}`,
  });
}

function wrongStartError(module: ParticleModule, name: string, expected: number): BuildError {
  const start = formatAddress(module.info.moduleStartAddress);
  return new BuildError({
    code: 'PACK_WRONG_START_ADDRESS',
    what: `${moduleTitle(module)} was linked for ${start}, where the board starts no such module`,
    where: name,
    expected: `module_start_address ${formatAddress(expected)}`,
    got: start,
    help: `Link it for ${formatAddress(expected)}. To pack it as it is, give the address: ${start}:${name}`,
  });
}

function rangeOf(module: ParticleModule): { start: number; end: number } {
  const start = module.info.moduleStartAddress;
  return { start, end: start + module.length };
}

function notSealed(module: ParticleModule): Finding[] {
  if (module.crc !== 'placeholder') return [];
  return [report(neverSealed, rangeOf(module), { module: moduleTitle(module), production: false })];
}

/** The file is what was asked for, so this is only a warning here. */
function otherPlatform(module: ParticleModule, { platform, name: board }: Board): Finding[] {
  const { platformId } = module.info;
  if (!platform || platform.id === platformId) return [];
  const evidence = {
    module: moduleTitle(module),
    platform: module.platform ?? 'unknown',
    platformId,
    board,
    expectedId: platform.id,
  };
  return [report(wrongPlatform, rangeOf(module), evidence, { severity: 'warning' })];
}
