/**
 * From the jump into the first system part to the point where the network is started: the chain of reset vectors, what
 * system firmware checks of itself, the user part, and what it installs at start-up.
 */
import { formatAddress } from '../core/bytes.js';
import type { ModuleInfo } from '../regions/module/format.js';
import {
  BOOTLOADER,
  dependenciesRefusal,
  fetchRefusal,
  headerRefusal,
  MONO,
  type Refusal,
  stackRefusal,
  USER_PART,
  vectorRefusal,
} from './checks.js';
import { boundsOf, factoryAddress } from './facts.js';
import { installs } from './installs.js';
import { type BootloaderProgram, type Machine, mainPartVersion } from './machine.js';
import { lengthOf } from './memory.js';
import type { Trace } from './trace.js';

const CORE = 'hal/src/stm32f2xx/core_hal_stm32f2xx.c @ v2.3.1';
const LOADERS = 'modules/shared/stm32f2xx/inc/system_part1_loader.c and system_part2_loader.c @ v2.3.1';
const PART2 = 'modules/shared/stm32f2xx/src/module_system_part2.c @ v2.3.1';

export type SystemResult =
  | { readonly kind: 'hang'; readonly reason: string }
  | { readonly kind: 'fault'; readonly reason: string }
  | { readonly kind: 'factory-reset' }
  | { readonly kind: 'reset' }
  | { readonly kind: 'overwritten' }
  | SystemRuns;

export interface SystemRuns {
  readonly kind: 'runs';
  /** Why the application is not started; null: it is. */
  readonly safeMode: string | null;
  readonly systemVersion: number;
  /** The next start will find a user part that this one did not. */
  readonly userNextTime: boolean;
}

export function runSystem(machine: Machine, program: BootloaderProgram, safeModeAsked: boolean): SystemResult {
  const stopped = enterFirstPart(machine);
  if (stopped !== null) return { kind: 'hang', reason: stopped };
  const { memory, platform } = machine;
  const first = memory.header(platform.application)?.info;
  if (first?.moduleFunction === MONO) return runMono(machine, first);
  const lost = enterNextPart(machine);
  if (lost !== null) return { kind: 'hang', reason: lost };
  const version = mainPartVersion(machine);
  const own = memory.header(platform.next)?.info.platformId ?? platform.id;
  noteMainCrc(machine, version);
  machine.factoryRecordWritten ||= platform.rewritesFactorySlot;
  const invalid = systemRefusal(machine, version, own);
  const user =
    invalid === null
      ? userState(machine, version, own, safeModeAsked)
      : { kind: 'safe-mode' as const, reason: invalid };
  if (user.kind === 'factory-reset' || user.kind === 'fault') return user;
  return startUp(machine, program, version, user.kind === 'safe-mode' ? user.reason : null);
}

function startUp(machine: Machine, program: BootloaderProgram, version: number, safeMode: string | null): SystemResult {
  const installed = installs(machine, program, version);
  if (installed === 'reset' || installed === 'overwritten') return { kind: installed };
  return { kind: 'runs', safeMode, systemVersion: version, userNextTime: installed === 'user' };
}

/** Stack pointer and reset vector of the first part, and its body, which nobody checks. */
function enterFirstPart({ memory, platform, trace }: Machine): Refusal {
  const start = platform.application;
  const refusal = vectorRefusal(memory.word(start + 4), memory) ?? stackRefusal(memory.word(start));
  const stage = 'system part 1';
  const check = 'its stack pointer and reset vector';
  if (refusal !== null) {
    trace.lower('likely');
    trace.step(
      stage,
      check,
      `${refusal}, so the processor faults and stays in the bootloader's handler`,
      start,
      LOADERS,
    );
    return refusal;
  }
  trace.step(stage, check, `it starts at ${formatAddress((memory.word(start + 4) ?? 0) - 1)}`, start, LOADERS);
  const info = memory.header(start)?.info;
  if (info && memory.verifyCrc(start, lengthOf(info)) === 'good') return null;
  trace.lower('possible');
  const result = 'its CRC is wrong, which nothing checks; a crash or a silent hang is likely';
  trace.step(stage, 'its body', result, start, 'derived: no code checks the CRC of this part before it runs');
  return 'the body of system part 1 is damaged';
}

/** The next part, through the word behind its stack pointer. */
function enterNextPart({ memory, platform, trace }: Machine): Refusal {
  const start = platform.next;
  const refusal = vectorRefusal(memory.word(start + 4), memory);
  const check = 'the reset vector through which system part 1 enters it, unchecked';
  const result =
    refusal === null
      ? `it starts at ${formatAddress((memory.word(start + 4) ?? 0) - 1)}`
      : `${refusal}, so the processor faults and stays in the bootloader's handler`;
  trace.step('system part 2', check, result, start + 4, LOADERS);
  if (refusal !== null) trace.lower('likely');
  return refusal;
}

function noteMainCrc({ memory, platform, trace }: Machine, version: number): void {
  const info = memory.header(platform.next)?.info;
  if (info && memory.verifyCrc(platform.next, lengthOf(info)) === 'good') return;
  trace.lower('possible');
  trace.assume('the damage in system part 2 does not stop it before it gets that far');
  trace.otherwise('hang', 'dark', 'the damage in system part 2 lies in code that runs', 'possible');
  trace.step(
    'system part 2',
    `its body, version ${version}`,
    'its CRC is wrong',
    platform.next,
    'derived: part 1 enters it unchecked',
  );
}

function runMono({ memory, platform, trace }: Machine, info: ModuleInfo): SystemResult {
  trace.lower('likely');
  const result = `monolithic version ${info.moduleVersion}, system and application in one`;
  trace.step('system', 'kind of the firmware', result, memory.header(platform.application)?.address ?? null, LOADERS);
  return { kind: 'runs', safeMode: null, systemVersion: info.moduleVersion, userNextTime: false };
}

/** What system firmware checks of bootloader and itself before it looks at the user part. */
function systemRefusal(machine: Machine, version: number, own: number): Refusal {
  const { facts, platform, trace } = machine;
  const { validatesItselfFrom, validatesItselfSource: source } = facts.system;
  if (version < validatesItselfFrom || !platform.validatesBootloader) {
    trace.step('system', 'its own parts and the bootloader', 'not checked by this version', null, CORE);
    return null;
  }
  for (const [name, place] of places(machine)) {
    const refusal = fetchRefusal(machine.memory, platform, place, own);
    const check = `${name} (platform, end inside its region, dependencies, CRC)`;
    const result = refusal === null ? 'right' : `${refusal}; safe mode`;
    trace.step('system', check, result, machine.memory.header(place)?.address ?? place, source);
    if (refusal !== null) return `${name} is not valid (${refusal})`;
  }
  return null;
}

function places({ platform }: Machine): [string, number][] {
  const bootloader = boundsOf(platform, BOOTLOADER, 0)?.start ?? platform.application;
  return [
    ['the bootloader', bootloader],
    ['system part 2', platform.next],
  ];
}

type UserState =
  | { readonly kind: 'valid' }
  | { readonly kind: 'safe-mode'; readonly reason: string }
  | { readonly kind: 'factory-reset' }
  | { readonly kind: 'fault'; readonly reason: string };

/** The user part: header, CRC, dependency; with a wrong header, the factory copy (HAL_Core_Validate_User_Module). */
function userState(machine: Machine, version: number, own: number, safeModeAsked: boolean): UserState {
  const { memory, platform, facts, trace } = machine;
  if (safeModeAsked) {
    trace.step('system', 'the startup mode', 'safe mode was asked for, so the user part is not looked at', null, CORE);
    return { kind: 'safe-mode', reason: 'it was asked for' };
  }
  const header = memory.header(platform.user);
  const limit = facts.flash.lastEnd;
  const refusal = headerRefusal(header?.info, platform.user, own, limit);
  const check = 'header of the user part (start address, end within the flash, platform)';
  const at = header?.address ?? platform.user;
  if (refusal === null && header) {
    trace.step('system', check, 'right', at, CORE);
    return userBody(machine, header.info);
  }
  const factory = factoryAddress(platform, version);
  const copy = memory.header(factory);
  const none = headerRefusal(copy?.info, platform.user, own, limit);
  trace.step('system', check, `${refusal}`, at, CORE);
  const result =
    none === null ? 'there is one; the firmware asks for a factory reset and resets' : `none, ${none}; safe mode`;
  trace.step(
    'system',
    `factory copy of the user part at ${formatAddress(factory)}`,
    result,
    copy?.address ?? factory,
    CORE,
  );
  return none === null
    ? { kind: 'factory-reset' }
    : { kind: 'safe-mode', reason: `the user part is not valid (${refusal})` };
}

function userBody({ memory, platform, trace }: Machine, info: ModuleInfo): UserState {
  const crc = memory.verifyCrc(platform.user, lengthOf(info));
  if (crc === 'unreadable') {
    trace.lower('likely');
    const reason = 'the CRC of the user part would be computed beyond the flash';
    trace.step('system', 'CRC of the user part', 'computed beyond the flash, a bus fault', platform.user, CORE);
    return { kind: 'fault', reason };
  }
  const refusal = crc === 'bad' ? 'its CRC is wrong' : dependenciesRefusal(memory, platform, info);
  const result = refusal === null ? 'right, the application will be started' : `${refusal}; safe mode`;
  trace.step('system', 'CRC and dependency of the user part', result, platform.user, `${CORE}; ${PART2}`);
  if (refusal !== null) return { kind: 'safe-mode', reason: `the user part is not valid (${refusal})` };
  noteFunction(trace, info);
  return { kind: 'valid' };
}

/** Nothing checks the function: factory images have a test firmware there, which only their own bootloader starts. */
function noteFunction(trace: Trace, { moduleFunction }: ModuleInfo): void {
  if (moduleFunction === USER_PART) return;
  trace.lower('possible');
  trace.assume(`the module of function ${moduleFunction} in the place of the application can be started as one`);
  trace.otherwise('fault', 'sos', 'what is in the place of the application is none', 'likely');
}
