/** Names for the numbers in Particle module headers, from layouts/particle-platforms.json. */
import { readData } from '#data';
import { LayoutError } from '../core/errors.js';

export interface Platform {
  readonly id: number;
  readonly name: string;
  /** Microcontroller family, or why there is none. */
  readonly mcu: string;
  /** Store the configuration is kept in, where it is not that of the Wi-Fi boards. */
  readonly dctStore?: 'electron';
  readonly source: string;
}

export interface ModuleFunction {
  readonly code: number;
  /** `system-part`, `user-part` … */
  readonly name: string;
  /** First Device OS release that knows the code. */
  readonly since: string;
  readonly source: string;
}

export interface ModuleFlag {
  /** Bit in byte 9 of the module header. */
  readonly mask: number;
  readonly name: string;
  readonly since: string;
  readonly about: string;
  readonly source: string;
}

interface Tables {
  readonly platforms: ReadonlyMap<number, Platform>;
  readonly functions: ReadonlyMap<number, ModuleFunction>;
  readonly flags: readonly ModuleFlag[];
}

const FILE = 'particle-platforms.json';
// Read on first use and kept: module headers are named thousands of times in one run.
let tables: Tables | undefined;

function load(): Tables {
  if (tables) return tables;
  const file = readData(FILE) as
    | {
        platforms: Platform[];
        moduleFunctions: ModuleFunction[];
        moduleFlags: (Omit<ModuleFlag, 'mask'> & { mask: string })[];
      }
    | undefined;
  if (!file) {
    throw new LayoutError({
      code: 'LAYOUT_MISSING_DATA',
      what: 'a data file of the package is missing',
      where: `layouts/${FILE}`,
      help: 'Install the package again.',
    });
  }
  tables = {
    platforms: new Map(file.platforms.map((platform) => [platform.id, platform])),
    functions: new Map(file.moduleFunctions.map((entry) => [entry.code, entry])),
    flags: file.moduleFlags.map((flag) => ({ ...flag, mask: Number(flag.mask) })),
  };
  return tables;
}

/** Every Particle platform known, by ascending id. */
export function platforms(): Platform[] {
  return [...load().platforms.values()];
}

/** The platform with this id, or undefined. */
export function platformOf(id: number): Platform | undefined {
  return load().platforms.get(id);
}

/** `P1` for 8; `platform 99` for an id nobody has assigned. */
export function platformName(id: number): string {
  return platformOf(id)?.name ?? `platform ${id}`;
}

/** Every module function known, by ascending code. */
export function moduleFunctions(): ModuleFunction[] {
  return [...load().functions.values()];
}

/** `system-part` for 4; `function 77` for a code no release knows. */
export function moduleFunctionName(code: number): string {
  return load().functions.get(code)?.name ?? `function ${code}`;
}

/** 4 for `system-part`; undefined for a name no release knows. */
export function moduleFunctionCode(name: string): number | undefined {
  return moduleFunctions().find((entry) => entry.name === name)?.code;
}

/** The flags set in byte 9 of a module header; bits without a meaning are left out. */
export function moduleFlags(byte: number): ModuleFlag[] {
  return load().flags.filter((flag) => (byte & flag.mask) !== 0);
}
