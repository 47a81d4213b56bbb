/**
 * The bootloader, from reset to its decision, in the order of bootloader/src/main.c: vector table, flags, button, pending
 * updates, the check of the first system part.
 */
import { formatAddress } from '../core/bytes.js';
import { HEADER_AFTER_VECTORS, MODULE_INFO } from '../regions/module/format.js';
import {
  BOOTLOADER,
  functionRefusal,
  headerRefusal,
  partRefusal,
  type Refusal,
  SYSTEM_PART,
  stackRefusal,
  vectorRefusal,
  verifyRefusal,
} from './checks.js';
import { copyRefusal, VERIFY_FUNCTION } from './copy.js';
import { boundsOf } from './facts.js';
import {
  attemptCopy,
  type BootloaderProgram,
  dctRulesOf,
  type FactorySource,
  factorySource,
  type Machine,
  SLOTS,
} from './machine.js';
import type { Header } from './memory.js';
import { SLOT_PENDING, type Slot } from './stored.js';
import type { BootCopy, HeldButton } from './types.js';

const MAIN = 'bootloader/src/main.c @ v2.3.1';
const RESET = 'STM32F2 reference manual RM0033, boot configuration; ARMv7-M reset behaviour';
const STAGE = 'bootloader';

export interface ResetFlags {
  /** System firmware asked for a factory reset before it reset the board. */
  readonly factoryReset: boolean;
}

export type BootloaderResult =
  | { readonly kind: 'dfu'; readonly program: BootloaderProgram; readonly dctAccess: boolean; readonly asked: boolean }
  /** A factory image was copied; the board resets. */
  | {
      readonly kind: 'restored';
      readonly program: BootloaderProgram;
      readonly dctAccess: boolean;
      readonly fallback: boolean;
    }
  /** The factory image was refused, but the firmware looks valid: a plain reset. */
  | { readonly kind: 'reset'; readonly program: BootloaderProgram; readonly dctAccess: boolean }
  | {
      readonly kind: 'overwritten';
      readonly program: BootloaderProgram;
      readonly dctAccess: boolean;
      readonly slot: number | null;
    }
  | {
      readonly kind: 'jump';
      readonly program: BootloaderProgram;
      readonly dctAccess: boolean;
      readonly safeMode: boolean;
      readonly clearWifi: boolean;
    };

/** Looks at sector 0 as the processor does; a reason when nothing can run there. */
export function resetRefusal({ memory, trace }: Machine): Refusal {
  const refusal = vectorRefusal(memory.word(memory.start + 4), memory) ?? stackRefusal(memory.word(memory.start));
  const result =
    refusal === null ? 'usable, the program there starts' : `${refusal}, so the processor finds no program`;
  trace.step('reset', 'stack pointer and reset vector at the start of the flash', result, memory.start, RESET);
  return refusal;
}

/** Version and platform by the header of the program in sector 0; null when it is no Particle bootloader. */
export function readProgram({ memory, trace, platform }: Machine): BootloaderProgram | null {
  // It knows what it is whatever its first word says, so the rule for finding headers does not matter.
  const address = memory.start + HEADER_AFTER_VECTORS;
  const bytes = memory.bytes(address, MODULE_INFO.size);
  const info = bytes && MODULE_INFO.decode(bytes);
  if (info?.moduleFunction !== BOOTLOADER || info.moduleStartAddress !== memory.start) return null;
  const { moduleVersion: version, platformId, moduleEndAddress: end } = info;
  const sound = end > memory.start && memory.verifyCrc(memory.start, end - memory.start) === 'good';
  if (!sound) {
    trace.lower('possible');
    trace.assume('the damage in the bootloader does not matter: nothing checks its CRC before it runs');
  }
  if (platformId !== platform.id) {
    trace.lower('likely');
    trace.assume(`the bootloader, built for platform ${platformId}, runs on this board`);
  }
  const crc = sound ? '' : ', its CRC is wrong';
  trace.step(
    'reset',
    'the program in sector 0',
    `bootloader version ${version}${crc}`,
    address,
    'dynalib/inc/module_info.h @ v2.3.1',
  );
  return { version, platform: platformId };
}

/** Why the bootloader cannot reach the DCT through the system parts; null when it can. Its order: part 2, then part 1. */
export function dctAccessRefusal(machine: Machine, program: BootloaderProgram): Refusal {
  const { facts, memory, platform } = machine;
  if (platform.ownDct || program.version < facts.dctAccess.fromBootloader) return null;
  const minimum = facts.dctAccess.minimumMainPart;
  const main = acceptPart(machine, program, 2, minimum);
  if (typeof main === 'string') return `system part 2 is not accepted, ${main}`;
  const other = acceptPart(machine, program, 1, main.info.dependency.moduleVersion);
  if (typeof other === 'string') return `system part 1 is not accepted, ${other}`;
  for (const entry of facts.dctAccess.functions) {
    const refusal = functionRefusal(memory, entry.part === 2 ? main : other, entry);
    if (refusal !== null) return `system part ${entry.part} is not accepted, ${refusal}`;
  }
  return null;
}

function acceptPart(machine: Machine, program: BootloaderProgram, index: number, minimum: number): Header | string {
  const bounds = boundsOf(machine.platform, 4, index);
  const header = bounds && machine.memory.header(bounds.start);
  if (!bounds || !header) return 'no header can be read there';
  const refusal = partRefusal(header.info, bounds, program.platform);
  if (refusal !== null) return refusal;
  const { moduleVersion } = header.info;
  if (moduleVersion < minimum) return `its version is ${moduleVersion}, ${minimum} is needed`;
  return verifyRefusal(machine.memory, header.info, bounds) ?? header;
}

/** Whether the bootloader starts the first system part (is_application_valid). */
export function applicationRefusal({ memory, platform, facts }: Machine, program: BootloaderProgram): Refusal {
  return headerRefusal(
    memory.header(platform.application)?.info,
    platform.application,
    program.platform,
    facts.flash.lastEnd,
  );
}

/** Whether a factory reset would find an image, without doing it (FLASH_IsFactoryResetAvailable). */
export function factoryRefusal(machine: Machine, program: BootloaderProgram, { request }: FactorySource): Refusal {
  return copyRefusal(machine.memory, request, program.platform, machine.facts);
}

/** Runs the bootloader once. The machine's flash is another one where it copied something. */
export function runBootloader(
  machine: Machine,
  program: BootloaderProgram,
  button: HeldButton,
  flags: ResetFlags,
): BootloaderResult {
  const refusal = dctAccessRefusal(machine, program);
  const common = { program, dctAccess: refusal === null };
  noteDctAccess(machine, program, refusal);
  const asked = askedFor(machine, program, button, flags, common.dctAccess);
  switch (asked) {
    case 'dfu':
      return { kind: 'dfu', ...common, asked: true };
    case 'factory-restore':
      return restore(machine, program, common.dctAccess, false);
    default:
      return start(machine, program, common.dctAccess, asked);
  }
}

function noteDctAccess({ trace, facts, platform }: Machine, program: BootloaderProgram, refusal: Refusal): void {
  const { fromBootloader, source } = facts.dctAccess;
  const check = 'access to the device configuration (DCT)';
  if (platform.ownDct || program.version < fromBootloader) {
    trace.step(STAGE, check, 'it has code of its own for it', null, 'bootloader/src/photon @ v0.6.4');
    return;
  }
  const result =
    refusal === null ? 'system parts 1 and 2 are accepted' : `none, ${refusal}; no pending update is applied`;
  trace.step(STAGE, check, result, boundsOf(platform, 4, 2)?.start ?? null, source);
}

type Asked = 'nothing' | 'safe-mode' | 'dfu' | 'factory-restore' | 'clear-wifi';

/** What flags and button ask for, in the order in which the code looks at them. */
function askedFor(
  machine: Machine,
  program: BootloaderProgram,
  button: HeldButton,
  flags: ResetFlags,
  dctAccess: boolean,
): Asked {
  const { trace, facts, dct } = machine;
  const check = 'requests left for the bootloader, and the button';
  const say = (result: string): void => trace.step(STAGE, check, result, null, MAIN);
  if (button !== 'released') return askedByButton(machine, program, button, dctAccess, say);
  if (flags.factoryReset) {
    say('the system firmware asked for a factory reset');
    return 'factory-restore';
  }
  if (program.version < facts.flags.inRegistersFromBootloader) {
    const { imageReady, factoryReset } = dct.systemFlags();
    if (imageReady) {
      trace.lower('likely');
      say('the flags in the DCT say that an image is ready, which ends in DFU without serial flash');
      return 'dfu';
    }
    if (factoryReset) {
      say('the flags in the DCT ask for a factory reset');
      dct.clearFlags();
      return 'factory-restore';
    }
    trace.assume('no request waits in the backup registers, and the button is not held');
    say('the flags in the DCT ask for nothing');
    return 'nothing';
  }
  trace.assume('no request waits in the backup registers, and the button is not held');
  say('taken as none; the backup registers that hold requests are not in the flash');
  return 'nothing';
}

function askedByButton(
  machine: Machine,
  program: BootloaderProgram,
  button: HeldButton,
  dctAccess: boolean,
  say: (result: string) => void,
): Asked {
  if (button === 'safe-mode' || button === 'dfu') {
    say(button === 'dfu' ? 'the button is held for 3 seconds, DFU' : 'the button is held for 1 second, safe mode');
    return button;
  }
  const clear = button === 'factory-restore-clear-wifi';
  const refusal = factoryRefusal(machine, program, factorySource(machine, program, dctAccess));
  const held = clear
    ? 'the button is held for 10 seconds, Wi-Fi credentials are cleared'
    : 'the button is held for 7 seconds';
  if (refusal === null) {
    say(`${held}, and the factory image is restored`);
    return 'factory-restore';
  }
  say(`${held}; there is no factory image to restore, ${refusal}`);
  // The three seconds for DFU have passed by then; clearing the credentials takes DFU back.
  return clear ? 'clear-wifi' : 'dfu';
}

function restore(
  machine: Machine,
  program: BootloaderProgram,
  dctAccess: boolean,
  fallback: boolean,
): BootloaderResult {
  const common = { program, dctAccess };
  const copy = restoreFactory(machine, program, dctAccess);
  if (copy.result === 'copied') {
    return overwritesItself(machine, copy)
      ? { kind: 'overwritten', ...common, slot: null }
      : { kind: 'restored', ...common, fallback };
  }
  if (fallback) return { kind: 'dfu', ...common, asked: false };
  return applicationRefusal(machine, program) === null
    ? { kind: 'reset', ...common }
    : { kind: 'dfu', ...common, asked: false };
}

function restoreFactory(machine: Machine, program: BootloaderProgram, dctAccess: boolean): BootCopy {
  const { trace } = machine;
  const from = factorySource(machine, program, dctAccess);
  if (!dctAccess) trace.lower('likely');
  const copy = attemptCopy(machine, 'factory-restore', from.recorded ? 0 : null, from.request, program.platform);
  const { source, destination } = copy;
  const place = from.recorded ? 'recorded in slot 0 of the DCT' : `built into bootloader version ${program.version}`;
  const check = `factory image at ${formatAddress(source)} for ${formatAddress(destination)}, ${place}`;
  const result = copy.reason === null ? 'copied; the board resets' : `refused, ${copy.reason}`;
  trace.step(STAGE, check, result, source, from.source);
  return copy;
}

function overwritesItself({ memory }: Machine, { destination }: BootCopy): boolean {
  return destination < memory.start + 0x4000;
}

/** Pending updates, then the check of the first part and the jump. */
function start(machine: Machine, program: BootloaderProgram, dctAccess: boolean, asked: Asked): BootloaderResult {
  const { trace, platform, memory } = machine;
  const common = { program, dctAccess };
  if (dctAccess) {
    const overwritten = applySlots(machine, program);
    if (overwritten !== null) return { kind: 'overwritten', ...common, slot: overwritten };
  }
  const refusal = applicationRefusal(machine, program);
  const check = 'header of the firmware to start (start address, end within the flash, platform)';
  const result =
    refusal === null
      ? 'right, the bootloader jumps to it'
      : `${refusal}; the LED turns red and a factory restore is tried`;
  trace.step(STAGE, check, result, memory.header(platform.application)?.address ?? platform.application, MAIN);
  if (refusal !== null) {
    // An update may have changed the parts: the access is looked at again, but `dctAccess` tells how it was at reset.
    const readable = dctAccessRefusal(machine, program) === null;
    return { ...restore(machine, program, readable, true), ...common };
  }
  const safeMode = asked === 'safe-mode';
  return { kind: 'jump', ...common, safeMode, clearWifi: asked === 'clear-wifi' };
}

/** The slots 1 to 4 in order. @returns the slot whose copy overwrote the bootloader, or null. */
function applySlots(machine: Machine, program: BootloaderProgram): number | null {
  const { dct, facts, trace } = machine;
  const pending = dct
    .slots(dctRulesOf(machine, program))
    .filter(({ number, magic }) => number > 0 && magic === SLOT_PENDING);
  const { clearedBeforeCopyFrom, clearedAfterCopyFrom } = facts.slots;
  const how = machine.platform.ownDct ? 'nothing' : program.version < clearedBeforeCopyFrom ? 'zero' : 'write';
  const clearsFirst = program.version >= clearedBeforeCopyFrom && program.version < clearedAfterCopyFrom;
  if (clearsFirst) for (const { number } of pending) dct.clearSlot(number, how);
  let access = true;
  for (const slot of pending) {
    const copy = attemptCopy(machine, 'pending-update', slot.number, slot, program.platform);
    const overwritten = copy.result === 'copied' && overwritesItself(machine, copy);
    // From then on the DCT is reached through the parts as they are now.
    if (reloadsAccess(slot)) access = dctAccessRefusal(machine, program) === null;
    const cleared = clearsFirst || (access && !overwritten);
    if (cleared && !clearsFirst) dct.clearSlot(slot.number, how);
    const move = `${formatAddress(slot.source)} to ${formatAddress(slot.destination)}`;
    const result = copy.reason === null ? 'copied' : `refused, ${copy.reason}`;
    const record = cleared ? 'the slot is cleared' : 'the slot stays pending, because the DCT cannot be written now';
    trace.step(STAGE, `pending update in slot ${slot.number}, ${move}`, `${result}; ${record}`, slot.source, SLOTS);
    if (overwritten) return slot.number;
  }
  return null;
}

/** A copy that is, or may be, one of a system part: the function counts only where it is verified. */
function reloadsAccess({ flags, function: kind }: Slot): boolean {
  return (flags & VERIFY_FUNCTION) === 0 || kind === SYSTEM_PART;
}
