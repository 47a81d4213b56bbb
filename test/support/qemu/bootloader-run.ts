/**
 * What the released P1 bootloader 2.2.0 does with a flash image, seen by running it in qemu. Three things qemu's board
 * lacks are answered through the debug stub: the CRC unit (from the bytes of the image), the button,
 * and the flash controller (a factory reset ends the run once it is decided). Everything else is the bootloader's own.
 */
import type { BootloaderDecision } from '../../../src/boot/types.js';
import { readU32, toHex, writeU32 } from '../../../src/core/bytes.js';
import { crc32, sha256 } from '../../../src/core/checksums.js';
import { SECTORS } from '../virtual-p1/flash-controller.js';
import type { GdbClient } from './gdb-client.js';
import type { Registers } from './gdb-packets.js';
import { type Machine, startMachine } from './machine.js';

const FLASH_START = 0x08000000;
const FLASH_SIZE = 0x100000;
const PART_2 = 0x60000;

/** The bootloader whose code the addresses below are read from: p1-bootloader@2.2.0+lto.bin. */
export const BOOTLOADER_SIZE = 15_784;
export const BOOTLOADER_SHA256 = '4d202d69c64f038e3b91bb98d88029d79efc9c8318d1238ece9bd2f6dafd70bd';

/** Places in that bootloader, found by disassembly; names of functions are those of its source. */
export const BOOTLOADER_PLACES = {
  /** Computes the CRC-32 of r1 bytes from r0 with the CRC unit; answer in r0 (Compute_CRC32). */
  crc: 0x08000380,
  /** Is button r0 pressed: 0 no, 1 yes, in r0 (BUTTON_Is_Pressed). */
  button: 0x080019f0,
  /** For how many milliseconds button r0 is pressed, in r0 (BUTTON_Pressed_Time). */
  pressedTime: 0x080019c8,
  /** The four functions of the system parts are there: calls the pre-init of part 1, whose address is in r3 (load_dct_functions). */
  preInitOfPart1: 0x080018a8,
  /** The same for part 2, address in r7. */
  preInitOfPart2: 0x080018aa,
  /** Part 1 is no application for this board: LED red, a factory reset, and then DFU. */
  applicationRefused: 0x0800374a,
  /** Copies the factory image, and resets when that worked (FACTORY_Flash_Reset). */
  factoryReset: 0x08002760,
  /** In FLASH_CopyMemory of r9 bytes from r5 to r6: r0 is 0 when they passed all checks (FLASH_CheckCopyMemory). */
  copyChecked: 0x080024b0,
  /** Erases the sector whose number is in bits 3 to 6 of r0; answer 8 in r0 (FLASH_EraseSector). */
  eraseSector: 0x080023f4,
  /** Programs the word r1 at r0; answer 8 in r0 (FLASH_ProgramWord). */
  programWord: 0x080023b8,
  /** DFU mode begins. */
  dfu: 0x08003272,
  /** All interfaces are up: an endless loop, waiting for the host. */
  dfuIdle: 0x080038ce,
  /** Sets the stack to r1 and jumps to r0, the reset handler of part 1. */
  jump: 0x08001b9e,
} as const;

type Place = Exclude<keyof typeof BOOTLOADER_PLACES, 'dfuIdle' | 'applicationRefused'>;

/** A run stops at each of these. DFU is decided at its beginning: nothing is left to wait for. */
const WATCHED: readonly Place[] = [
  ...(['crc', 'button', 'pressedTime', 'preInitOfPart1', 'preInitOfPart2'] as const),
  ...(['factoryReset', 'copyChecked', 'eraseSector', 'programWord', 'dfu', 'jump'] as const),
];

export interface CrcCall {
  readonly address: number;
  readonly size: number;
  readonly answer: number;
}

export interface CopyRequest {
  readonly source: number;
  readonly destination: number;
  readonly length: number;
  readonly isAccepted: boolean;
}

export interface BootloaderRun {
  /** lockup: the processor cannot run the bootloader. stuck: a fault, or no decision within the time limit. */
  readonly decision: BootloaderDecision | 'stuck';
  /** The bootloader accepted both system parts and called their pre-init: it reads and writes the DCT through them. */
  readonly dctAccess: boolean;
  /** Addresses called, part 1 first. Bit 0 is the Thumb bit. */
  readonly preInitCalls: readonly number[];
  /** A factory reset was tried: part 1 was refused, or the button asked for it. decision says whether it could be done. */
  readonly factoryResetTried: boolean;
  readonly crcCalls: readonly CrcCall[];
  /** Pending updates and factory resets, in order. Accepted updates are made before the decision. */
  readonly copies: readonly CopyRequest[];
  /** The flash at the decision, as far as the bootloader itself has changed it. */
  readonly flash: Uint8Array;
  /** What the bootloader jumps with; null without a jump. */
  readonly jump: { readonly resetVector: number; readonly stack: number } | null;
  /** Where the processor stood at the end; null after a lockup. */
  readonly pc: number | null;
  readonly milliseconds: number;
}

/** Only this bootloader can be watched. */
export function hasKnownBootloader(flash: Uint8Array): boolean {
  return toHex(sha256(flash.subarray(0, BOOTLOADER_SIZE))) === BOOTLOADER_SHA256;
}

/** Address of the CRC unit, and the polynomial: the end of HAL_Core_Compute_CRC32. */
const LITERALS_OF_CRC = Buffer.from('003002402083b8ed', 'hex');
/** push {r3, r4, r5, lr}; mov r5, r1; mov r4, r0: its beginning. */
const START_OF_CRC = Buffer.from('38b50d460446', 'hex');
const SIZE_OF_CRC = 0x80;

/** The same answer without the unit: r0 address, r1 size, bit by bit. Made with `arm-none-eabi-as -mcpu=cortex-m3`. */
const CRC_WITHOUT_UNIT = Buffer.from(
  '6ff00002411848f22033cef6b85388420cd010f801cb82ea0c024ff0080c520828bf5a40bcf1010cf9d1f0e7d0437047',
  'hex',
);

/**
 * The image as it is run. The DCT code of system part 2 asks the CRC unit thousands of times, too often for the debug
 * stub, so the routine that does it is replaced. Nothing judges part 2 by these bytes: its own CRC is answered from the
 * image as it was given.
 */
function withoutCrcUnit(flash: Uint8Array): Uint8Array {
  const run = Buffer.from(flash);
  const literals = run.indexOf(LITERALS_OF_CRC, PART_2);
  if (literals < 0) return run;
  const start = run.subarray(0, literals).lastIndexOf(START_OF_CRC);
  if (start >= literals - SIZE_OF_CRC && start >= PART_2) CRC_WITHOUT_UNIT.copy(run, start);
  return run;
}

interface Watch {
  readonly gdb: GdbClient;
  readonly flash: Uint8Array;
  readonly preInitCalls: number[];
  readonly crcCalls: CrcCall[];
  readonly copies: CopyRequest[];
  factoryResetTried: boolean;
  /** Milliseconds. */
  readonly heldFor: number;
  pressed: number;
}

/** The bootloader looks again and again; each time so much later. */
const BUTTON_STEP_MS = 250;

/** What the functions of the flash driver answer: FLASH_COMPLETE. */
const FLASH_COMPLETE = 8;

async function returnFromFunction(gdb: GdbClient, { lr }: Registers, answer: number): Promise<void> {
  await Promise.all([gdb.writeRegister('r0', answer), gdb.writeRegister('pc', (lr & ~1) >>> 0)]);
}

/** A CRC of more than the flash ends in a fault, as on the chip. */
async function answerCrc({ gdb, flash, crcCalls }: Watch, registers: Registers): Promise<'stuck' | null> {
  const { r0: address, r1: size } = registers;
  const start = address - FLASH_START;
  if (start < 0 || start + size > flash.length) return 'stuck';
  const answer = crc32(flash.subarray(start, start + size));
  crcCalls.push({ address, size, answer });
  await returnFromFunction(gdb, registers, answer);
  return null;
}

async function eraseSector({ gdb, flash }: Watch, registers: Registers): Promise<void> {
  const sector = SECTORS[registers.r0 >>> 3];
  if (!sector) throw new Error(`Erase of sector code ${registers.r0}`);
  flash.fill(0xff, sector.start, sector.start + sector.size);
  await gdb.writeMemory(FLASH_START + sector.start, flash.subarray(sector.start, sector.start + sector.size));
  await returnFromFunction(gdb, registers, FLASH_COMPLETE);
}

async function programWord({ gdb, flash }: Watch, registers: Registers): Promise<void> {
  const offset = registers.r0 - FLASH_START;
  writeU32(flash, offset, (readU32(flash, offset) & registers.r1) >>> 0);
  await gdb.writeMemory(registers.r0, flash.subarray(offset, offset + 4));
  await returnFromFunction(gdb, registers, FLASH_COMPLETE);
}

/** Deals with a stop; the decision, when this was one. */
async function handle(watch: Watch, place: Place, registers: Registers): Promise<BootloaderRun['decision'] | null> {
  const { gdb } = watch;
  switch (place) {
    case 'crc':
      return answerCrc(watch, registers);
    case 'button':
      await returnFromFunction(gdb, registers, watch.pressed < watch.heldFor ? 1 : 0);
      watch.pressed += BUTTON_STEP_MS;
      return null;
    case 'pressedTime':
      await returnFromFunction(gdb, registers, watch.pressed);
      return null;
    case 'preInitOfPart1':
      watch.preInitCalls.push(registers.r3);
      break;
    case 'preInitOfPart2':
      watch.preInitCalls.push(registers.r7);
      break;
    case 'factoryReset':
      watch.factoryResetTried = true;
      break;
    case 'copyChecked': {
      const { r0, r5: source, r6: destination, r9: length } = registers;
      watch.copies.push({ source, destination, length, isAccepted: r0 === 0 });
      if (watch.factoryResetTried && r0 === 0) return 'factory-restore';
      // The instruction here, mov r8, r0, is carried out for it: the breakpoint is needed again.
      await Promise.all([gdb.writeRegister('r8', r0), gdb.writeRegister('pc', registers.pc + 2)]);
      return null;
    }
    case 'eraseSector':
      await eraseSector(watch, registers);
      return null;
    case 'programWord':
      await programWord(watch, registers);
      return null;
    case 'dfu':
      return 'dfu';
    case 'jump':
      return 'jump';
  }
  await gdb.removeBreakpoint(BOOTLOADER_PLACES[place]);
  return null;
}

/** Qemu ends itself when the processor locks up. */
async function endOf(machine: Machine): Promise<'lockup'> {
  await machine.stop();
  if (/lockup/i.test(machine.output())) return 'lockup';
  throw new Error(`qemu ended: ${machine.output()}`);
}

async function watchRun(
  machine: Machine,
  flash: Uint8Array,
  { timeLimit, heldFor }: Required<RunOptions>,
): Promise<Omit<BootloaderRun, 'milliseconds'>> {
  const { gdb } = machine;
  const places = new Map(WATCHED.map((place): [number, Place] => [BOOTLOADER_PLACES[place], place]));
  await Promise.all([...places.keys()].map((address) => gdb.setBreakpoint(address)));

  const watch: Watch = {
    gdb,
    flash: flash.slice(),
    preInitCalls: [],
    crcCalls: [],
    copies: [],
    factoryResetTried: false,
    heldFor,
    pressed: 0,
  };
  const end = Date.now() + timeLimit;
  let decision: BootloaderRun['decision'] | null = null;
  let registers: Registers | null = null;
  while (decision === null) {
    const stop = await gdb.run(Math.max(1, end - Date.now()));
    registers = stop === 'gone' ? null : await gdb.readRegisters();
    const place = places.get(registers?.pc ?? 0);
    if (!registers) decision = await endOf(machine);
    else decision = stop === 'time-limit' || !place ? 'stuck' : await handle(watch, place, registers);
  }
  const { preInitCalls, crcCalls, copies, factoryResetTried } = watch;
  const jump = decision === 'jump' && registers ? { resetVector: registers.r0, stack: registers.r1 } : null;
  const dctAccess = preInitCalls.length === 2;
  const common = { decision, dctAccess, preInitCalls, factoryResetTried, crcCalls, copies, flash: watch.flash };
  return { ...common, jump, pc: registers?.pc ?? null };
}

export interface RunOptions {
  /** Milliseconds until the run counts as stuck. */
  readonly timeLimit?: number;
  /** Milliseconds for which MODE/SETUP is held from the start; 0 when left out. */
  readonly heldFor?: number;
}

/**
 * Runs the bootloader in the image until it has decided; takes about a tenth of a second.
 *
 * @param flash 1 MiB from 0x08000000, with the bootloader 2.2.0 in sector 0 (or with nothing that could run there).
 * @throws Error when qemu cannot be started.
 */
export async function runBootloader(
  flash: Uint8Array,
  { timeLimit = 10_000, heldFor = 0 }: RunOptions = {},
): Promise<BootloaderRun> {
  if (flash.length !== FLASH_SIZE) throw new Error(`An image of ${flash.length} bytes is no flash of 1 MiB`);
  const start = performance.now();
  const machine = await startMachine(withoutCrcUnit(flash));
  try {
    const run = await watchRun(machine, flash, { timeLimit, heldFor });
    return { ...run, milliseconds: performance.now() - start };
  } finally {
    await machine.stop();
  }
}
