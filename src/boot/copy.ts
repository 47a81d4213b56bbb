/** The bootloader's copy: its checks beforehand (FLASH_CheckCopyMemory) and what it leaves (FLASH_CopyMemory). */
import { formatAddress, u32 } from '../core/bytes.js';
import type { Sector } from '../layout/types.js';
import type { Refusal } from './checks.js';
import type { BootFacts, CopyRequest } from './facts.js';
import { type FlashMemory, lengthOf } from './memory.js';

const VERIFY_CRC = 0x02;
const VERIFY_DESTINATION = 0x04;
export const VERIFY_FUNCTION = 0x08;
const VERIFY_ANY = VERIFY_CRC | VERIFY_DESTINATION | VERIFY_FUNCTION;
const RESOURCE = 1;
const CRC_BYTES = 4;

/** True when the firmware takes a range for one of the internal flash; sums are 32 bits, the end is inclusive. */
export function isFlashRange(start: number, length: number, { flash }: BootFacts): boolean {
  return start >= flash.start && u32(start + length - 1) <= flash.lastEnd;
}

/** Why the bootloader would refuse the copy; null when it would make it. `own`: the platform it was built for. */
export function copyRefusal(memory: FlashMemory, request: CopyRequest, own: number, facts: BootFacts): Refusal {
  const { source, destination, length, flags } = request;
  if (request.sourceDevice !== 0) return 'its source is not in the internal flash';
  if (!isFlashRange(source, length, facts)) return 'its source lies outside the flash';
  if (request.destinationDevice !== 0) return 'its destination is not in the internal flash';
  if (!isFlashRange(destination, length, facts)) return 'its destination lies outside the flash';
  return (flags & VERIFY_ANY) === 0 ? null : sourceRefusal(memory, request, own);
}

function sourceRefusal(memory: FlashMemory, request: CopyRequest, own: number): Refusal {
  const { source, destination, length, flags } = request;
  const info = memory.header(source)?.info;
  if (!info) return `no module header can be read at ${formatAddress(source)}`;
  const moduleLength = lengthOf(info);
  if (info.moduleStartAddress === 0xffffffff) return `${formatAddress(source)} is erased`;
  if ((flags & (VERIFY_FUNCTION | VERIFY_CRC)) !== 0 && length < u32(moduleLength + CRC_BYTES)) {
    return `the module at ${formatAddress(source)} is longer than the copy`;
  }
  if (info.moduleFunction !== RESOURCE && info.platformId !== own) {
    return `the module at ${formatAddress(source)} is for platform ${info.platformId}, not ${own}`;
  }
  if ((flags & VERIFY_DESTINATION) !== 0 && info.moduleStartAddress !== destination) {
    return `the module at ${formatAddress(source)} is linked for ${formatAddress(info.moduleStartAddress)}, not ${formatAddress(destination)}`;
  }
  if ((flags & VERIFY_FUNCTION) !== 0 && info.moduleFunction !== request.function) {
    return `the module at ${formatAddress(source)} has function ${info.moduleFunction}, not ${request.function}`;
  }
  if ((flags & VERIFY_CRC) === 0) return null;
  return memory.verifyCrc(source, moduleLength) === 'good'
    ? null
    : `the CRC of the module at ${formatAddress(source)} is wrong`;
}

/**
 * Copies sector by sector: erases the sector of the destination whole, then programs as much of it as the length covers,
 * reading the source as it is by then.
 */
export function copyModule(
  memory: FlashMemory,
  { source, destination, length }: CopyRequest,
  sectors: readonly Sector[],
): void {
  let done = 0;
  while (done < length) {
    const at = destination + done;
    const sector = sectors.find(({ start, end }) => at >= start && at < end);
    if (!sector) return;
    const size = Math.min(sector.end - at, length - done);
    // Words are read until the length is reached, so the last one may reach beyond it.
    const words = Math.min(Math.ceil(size / 4) * 4, memory.end - (source + done));
    memory.erase(sector);
    // Only now: the source may lie in the sector that was just erased.
    const bytes = memory.bytes(source + done, Math.max(words, 0));
    if (bytes) memory.program(at, bytes.slice());
    done += size;
  }
}
