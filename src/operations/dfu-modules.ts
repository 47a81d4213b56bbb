/** Where a module goes in a DfuSe file, and whether it should: its header says both. */
import { formatAddress, formatHex } from '../core/bytes.js';
import { BuildError } from '../core/errors.js';
import type { Finding } from '../core/finding.js';
import type { MemoryImage } from '../core/image.js';
import { formatCount } from '../core/words.js';
import type { Board } from '../layout/types.js';
import { type ParticleModule, readModule } from '../regions/module/decode.js';
import { surveyModules } from '../regions/module/find.js';
import { moduleTitle } from '../regions/module/words.js';
import { neverSealed } from '../rules/module.js';
import { checkPlacement } from '../rules/placement.js';
import { report } from '../rules/rule.js';
import type { ModulePlace } from './dfu-pack.js';

/**
 * The place of a module by its own header, for packDfuse; undefined when the bytes do not begin with one.
 * @throws BuildError PACK_DAMAGED_MODULE when its CRC is wrong or bytes are missing: the address itself may be damaged.
 */
export function modulePlace(bytes: Uint8Array, name: string): ModulePlace | undefined {
  const module = readModule(bytes, 0);
  if (!module) return undefined;
  if (module.crc === 'bad' || module.crc === 'unreadable') throw damagedError(module, name);
  return { address: module.info.moduleStartAddress, findings: notSealed(module) };
}

/** Whether the modules of a flash image are for this board and for these places: it would take others, and not run them. */
export function checkModules(image: MemoryImage, board: Board): Finding[] {
  return surveyModules(image, board).modules.flatMap((located) => checkPlacement(located, board));
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

function rangeOf(module: ParticleModule): { start: number; end: number } {
  const start = module.info.moduleStartAddress;
  return { start, end: start + module.length };
}

function notSealed(module: ParticleModule): Finding[] {
  if (module.crc !== 'placeholder') return [];
  return [report(neverSealed, rangeOf(module), { module: moduleTitle(module), production: false })];
}
