/**
 * The checks of bootloader and system firmware, one function each, exactly as strict as the code: "end" limits are
 * inclusive, a length is 32 bits, and what the code does not look at is not looked at here.
 */
import { formatAddress } from '../core/bytes.js';
import type { ModuleInfo } from '../regions/module/format.js';
import { boundsOf, type FunctionEntry, type ModuleBounds, type PlatformFacts } from './facts.js';
import { type FlashMemory, type Header, lengthOf } from './memory.js';

/** null: it passes. Otherwise why not, as a clause. */
export type Refusal = string | null;

const NONE = 0;
export const BOOTLOADER = 2;
export const MONO = 3;
export const SYSTEM_PART = 4;
export const USER_PART = 5;

/**
 * What bootloader and system firmware ask of a header before they start the module: start, an end not above the flash,
 * the platform. Neither function nor version nor CRC (FLASH_isUserModuleInfoValid).
 */
export function headerRefusal(
  info: ModuleInfo | undefined,
  expected: number,
  platform: number,
  limit: number,
): Refusal {
  if (!info) return 'no header can be read there';
  if (info.moduleStartAddress === 0xffffffff && info.moduleEndAddress === 0xffffffff) return 'it is erased';
  if (info.moduleStartAddress !== expected) {
    return `its start address is ${formatAddress(info.moduleStartAddress)}, not ${formatAddress(expected)}`;
  }
  if (info.moduleEndAddress > limit)
    return `its end address ${formatAddress(info.moduleEndAddress)} lies above the flash`;
  return info.platformId === platform ? null : `it is for platform ${info.platformId}, not ${platform}`;
}

/** The bootloader's look-up of a part for its own use: platform, function and index (get_module_info). */
export function partRefusal(info: ModuleInfo | undefined, bounds: ModuleBounds, platform: number): Refusal {
  if (!info) return 'no header can be read there';
  if (info.platformId !== platform) return `its platform is ${info.platformId}, not ${platform}`;
  if (info.moduleFunction !== bounds.function) return `its module function is ${info.moduleFunction}`;
  return info.moduleIndex === bounds.index ? null : `its index is ${info.moduleIndex}, not ${bounds.index}`;
}

/** The bootloader's check of such a part: end after start, start in its place, end inside its region, CRC (verify_module). */
export function verifyRefusal(memory: FlashMemory, info: ModuleInfo, bounds: ModuleBounds): Refusal {
  const { moduleStartAddress: start, moduleEndAddress: end } = info;
  if (end < start) return `its end address ${formatAddress(end)} lies before its start`;
  if (start !== bounds.start) return `its start address is ${formatAddress(start)}, not ${formatAddress(bounds.start)}`;
  if (end > bounds.end) return `its end address ${formatAddress(end)} lies behind its region`;
  return memory.verifyCrc(start, end - start) === 'good' ? null : 'its CRC is wrong';
}

/**
 * Whether a function that the bootloader calls lies inside the part that offers it (get_module_func). The table of a
 * made-up module leads nowhere; the real code would fault on it, which says nothing about a board: null.
 */
export function functionRefusal(memory: FlashMemory, header: Header, { table, entry, name }: FunctionEntry): Refusal {
  const list = memory.word(header.address + HEADER_BYTES + table * 4);
  const target = list === undefined ? undefined : memory.word(inFlash(memory, list + entry * 4));
  if (target === undefined) return null;
  const { moduleStartAddress: start, moduleEndAddress: end } = header.info;
  return target >= start && target < end
    ? null
    : `its function for the ${name} would be at ${formatAddress(target)}, outside it`;
}

const HEADER_BYTES = 24;

/** The flash is seen at 0 as well while the processor starts from it (RM0033, boot configuration). */
function inFlash({ start, end }: FlashMemory, address: number): number {
  return address < end - start ? start + address : address;
}

/**
 * One dependency, looked up by function and index in its fixed place, with nothing of that module checked: erased flash
 * reads as version 65535 and satisfies everything.
 */
export function dependencyRefusal(
  memory: FlashMemory,
  platform: PlatformFacts,
  { moduleFunction, moduleIndex, moduleVersion }: ModuleInfo['dependency'],
): Refusal {
  const bounds = boundsOf(platform, moduleFunction, moduleIndex);
  const found = bounds && memory.header(bounds.start)?.info.moduleVersion;
  const name = moduleName(moduleFunction, moduleIndex);
  if (found === undefined) return `it needs ${name}, which has no place on this board`;
  return found >= moduleVersion ? null : `it needs ${name} of version ${moduleVersion} or newer; there is ${found}`;
}

/** Both dependencies; without a first one the second is not looked at (validate_module_dependencies, @ v2.3.1). */
export function dependenciesRefusal(memory: FlashMemory, platform: PlatformFacts, info: ModuleInfo): Refusal {
  const { dependency, dependency2 } = info;
  if (dependency.moduleFunction === NONE) return null;
  const first = dependencyRefusal(memory, platform, dependency);
  if (first !== null || dependency2.moduleFunction === NONE) return first;
  return dependencyRefusal(memory, platform, dependency2);
}

/**
 * How system firmware from 0.7.0 judges an installed module (fetch_module): the bounds are those of the function and index
 * that the header states; the start address is not compared.
 */
export function fetchRefusal(memory: FlashMemory, platform: PlatformFacts, place: number, own: number): Refusal {
  const info = memory.header(place)?.info;
  if (!info) return 'no header can be read there';
  const bounds = boundsOf(platform, info.moduleFunction, info.moduleIndex);
  const end = info.moduleEndAddress;
  if (!bounds)
    return `its module function ${info.moduleFunction} with index ${info.moduleIndex} has no place on this board`;
  if (end < bounds.start || end > bounds.end) return `its end address ${formatAddress(end)} lies outside its region`;
  if (info.platformId !== own) return `it is for platform ${info.platformId}, not ${own}`;
  const unmet = dependenciesRefusal(memory, platform, info);
  if (unmet !== null) return unmet;
  return memory.verifyCrc(place, lengthOf(info)) === 'good' ? null : 'its CRC is wrong';
}

export function moduleName(moduleFunction: number, index: number): string {
  if (moduleFunction === BOOTLOADER) return 'a bootloader';
  if (moduleFunction === SYSTEM_PART) return `system part ${index}`;
  return moduleFunction === USER_PART ? 'a user part' : `a module of function ${moduleFunction}`;
}

/** Why a word cannot be a reset vector that starts code in the flash; null when it can. */
export function vectorRefusal(word: number | undefined, memory: FlashMemory): Refusal {
  if (word === undefined || word === 0xffffffff) return 'the reset vector is erased';
  if (word % 2 === 0) return `the reset vector ${formatAddress(word)} is even, which faults on this processor`;
  return memory.holds(word - 1, 2) ? null : `the reset vector ${formatAddress(word)} leads outside the flash`;
}

const RAM_START = 0x20000000;
const RAM_END = 0x20020000;

/** Why a word cannot be the initial stack pointer: the first push would miss the RAM. */
export function stackRefusal(word: number | undefined): Refusal {
  if (word === undefined || word === 0xffffffff) return 'the stack pointer is erased';
  return word > RAM_START && word <= RAM_END ? null : `the stack pointer ${formatAddress(word)} lies outside the RAM`;
}
