/** One board on its way from reset to where it ends: its flash, what the DCT says, and what has been written down. */
import type { Sector } from '../layout/types.js';
import type { Eeprom } from '../regions/eeprom/index.js';
import type { ModuleSurvey } from '../regions/module/find.js';
import { copyModule, copyRefusal } from './copy.js';
import { type BootFacts, boundsOf, type CopyRequest, factoryDefault, type PlatformFacts } from './facts.js';
import type { FlashMemory } from './memory.js';
import { SLOT_FACTORY, type StoredDct } from './stored.js';
import type { Trace } from './trace.js';
import type { BootCopy } from './types.js';

/** The program in sector 0, by its header. */
export interface BootloaderProgram {
  readonly version: number;
  /** The platform it was built for: what it compares modules with. */
  readonly platform: number;
}

export interface Machine {
  readonly facts: BootFacts;
  readonly platform: PlatformFacts;
  readonly sectors: readonly Sector[];
  readonly survey: ModuleSurvey;
  readonly eeprom: Eeprom | null;
  readonly memory: FlashMemory;
  readonly dct: StoredDct;
  readonly trace: Trace;
  readonly copies: BootCopy[];
  /** Firmware of boards without serial flash has written the factory record by then. */
  factoryRecordWritten: boolean;
}

/** Makes a copy or refuses it, and writes down which. */
export function attemptCopy(
  machine: Machine,
  kind: BootCopy['kind'],
  slot: number | null,
  request: CopyRequest,
  own: number,
): BootCopy {
  const { source, destination, length } = request;
  const reason = copyRefusal(machine.memory, request, own, machine.facts);
  const copy: BootCopy = {
    kind,
    slot,
    source,
    destination,
    length,
    result: reason === null ? 'copied' : 'refused',
    reason,
  };
  if (reason === null) copyModule(machine.memory, request, machine.sectors);
  machine.copies.push(copy);
  return copy;
}

export interface FactorySource {
  readonly request: CopyRequest;
  /** The DCT record decides; otherwise what is built into the bootloader. */
  readonly recorded: boolean;
  readonly source: string;
}

/** Where a factory reset takes its image from. `dctReadable`: slot 0 can be read. */
export function factorySource(machine: Machine, program: BootloaderProgram, dctReadable: boolean): FactorySource {
  const { platform, dct } = machine;
  const builtIn = factoryDefault(platform, program.version);
  const record = dctReadable ? dct.slots(dctRulesOf(machine, program))[0] : undefined;
  if (dctReadable && machine.factoryRecordWritten) {
    const system = machine.memory.header(platform.next)?.info.moduleVersion ?? 0;
    const address = platform.factory.filter(({ fromSystem }) => system >= fromSystem).at(-1)?.address;
    const request = { ...builtIn.copy, source: address ?? builtIn.copy.source, destination: platform.user };
    return { request: { ...request, length: 0x2_0000, function: 5 }, recorded: true, source: SLOTS };
  }
  if (record?.magic === SLOT_FACTORY) return { request: record, recorded: true, source: SLOTS };
  return { request: builtIn.copy, recorded: false, source: builtIn.source };
}

export const SLOTS = 'platform/MCU/STM32F2xx/SPARK_Firmware_Driver/src/flash_mal.c @ v2.3.1';

/** Rules by which the bootloader's DCT code chooses a copy: its own ones, or those of the system part it calls. */
export function dctRulesOf(machine: Machine, program: BootloaderProgram): 'before-0.7.0' | 'from-0.7.0' {
  return program.version < machine.facts.dctAccess.fromBootloader ? 'before-0.7.0' : 'from-0.7.0';
}

/** The system part that carries most of the system; its header is not checked. */
export function mainPartVersion({ memory, platform }: Machine): number {
  return memory.header(boundsOf(platform, 4, 2)?.start ?? platform.next)?.info.moduleVersion ?? 0;
}
