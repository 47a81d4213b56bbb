/** Plans: from this chip to that image, step by step. Names are those of the JSON contract (`plan`). */
import type { BootPrediction } from '../../boot/types.js';
import type { Verdict } from '../../core/finding.js';
import type { MemoryImage } from '../../core/image.js';
import type { Range } from '../../core/range.js';
import type { ProbeId, ToolId } from '../../layout/flashing-tools.js';
import type { DctWriter } from '../../regions/dct/write.js';

/**
 * dump: read the whole flash before anything else. unlock: leave read protection level 1, which erases everything.
 * write-dct: a write to the DCT by the bootloader. install: Device OS copies the bootloader to its place at start-up.
 */
export type PlanOperation =
  | 'dump'
  | 'unlock'
  | 'unprotect'
  | 'erase'
  | 'program'
  | 'write-dct'
  | 'verify'
  | 'options'
  | 'protect'
  | 'reset'
  | 'install';

export interface Duration {
  /** Milliseconds. */
  readonly typical: number;
  readonly max: number;
}

export interface PlanStep {
  /** 1 for the first. */
  readonly number: number;
  readonly op: PlanOperation;
  /** What it does, for people: "erase sectors 5 to 6". */
  readonly title: string;
  /** Why it is there. */
  readonly why: string;
  /** Whose code touches the flash: the debugger's, the bootloader's (asked over DFU, or by itself), or that of Device OS. */
  readonly by: 'tool' | 'bootloader' | 'device-os';
  readonly sectors: readonly number[];
  readonly range: Range | null;
  /** Bytes erased, programmed, read or compared. */
  readonly bytes: number;
  readonly ms: Duration;
  /** program, write-dct, install: what is written. */
  readonly data: Uint8Array | null;
  /** Name of the file that holds `data`. */
  readonly file: string | null;
  /** verify: steps whose data is compared. */
  readonly verifies: readonly number[];
  /** unlock, unprotect, options, protect: the option word afterwards (lock and start bits 0). */
  readonly optcr: number | null;
  /** write-dct: offset in the application section. */
  readonly offset: number | null;
}

/** Something on the chip that has a name. */
export interface NamedRange extends Range {
  /** "system part 1 2.2.0", "DCT copy 1 (in use)". */
  readonly what: string;
  /** Bytes concerned. */
  readonly bytes: number;
  readonly reason: string;
}

export interface Change {
  /** "system part 1: 2.2.0 -> 2.3.1". */
  readonly what: string;
  readonly start: number;
  readonly end: number;
  /** Bytes that differ before and after. */
  readonly bytes: number;
}

export interface ScriptFile {
  readonly name: string;
  readonly text: string;
  /** Command line that runs it. */
  readonly run: string;
  readonly executable: boolean;
}

export interface DataFile {
  readonly name: string;
  readonly content: Uint8Array;
  readonly about: string;
}

export interface PlanAfter {
  readonly verdict: Verdict;
  readonly boot: BootPrediction | null;
  /** One sentence: what the chip holds then. */
  readonly summary: string;
  readonly findings: number;
}

export interface Plan {
  readonly board: string;
  readonly tool: ToolId;
  readonly probe: ProbeId | null;
  /** False: nothing is known of what the chip holds, and the plan is for the worst case. */
  readonly known: boolean;
  readonly optcr: { readonly before: number | null; readonly after: number | null };
  /** How the board writes its DCT and where, for the simulation; null when no step makes it do so. */
  readonly dct: DctFacts | null;
  readonly steps: readonly PlanStep[];
  readonly total: Duration;
  readonly sectorsToErase: readonly number[];
  readonly lost: readonly NamedRange[];
  readonly kept: readonly NamedRange[];
  readonly changes: readonly Change[];
  /** What a person has to know before, as sentences. */
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
  readonly after: PlanAfter;
  /** The scripts, one after the other, as text. */
  readonly script: string;
  readonly scripts: readonly ScriptFile[];
  readonly files: readonly DataFile[];
  /** What the flash holds in the end; absent where nobody knows. */
  readonly result: MemoryImage;
}

export interface DctFacts {
  /** Whose way of writing the bootloader follows. */
  readonly writer: DctWriter;
  /** The same for the system firmware that runs afterwards. */
  readonly systemWriter: DctWriter;
  /** Addresses of the two copies. */
  readonly copies: readonly [number, number];
}

/** Regions that plans leave alone unless they are named. */
export type KeptArea = 'dct' | 'eeprom';

export interface PlanOptions {
  readonly tool?: ToolId | undefined;
  readonly probe?: ProbeId | undefined;
  /** FLASH_OPTCR as it is now. */
  readonly optcr?: number | undefined;
  /** Areas the target may write, although they hold the configuration of this very board. */
  readonly include?: readonly KeptArea[] | undefined;
  /** Leaving read protection level 1 erases the whole chip; only with this. */
  readonly allowMassErase?: boolean | undefined;
  /** Read the whole flash first (default true). */
  readonly backup?: boolean | undefined;
  /** Name of the backup (default backup.bin). */
  readonly backupFile?: string | undefined;
  /** Leave sectors writable that were unprotected for the plan. */
  readonly leaveUnprotected?: boolean | undefined;
  /** Serial number of the probe, or of the board in DFU mode. */
  readonly serial?: string | undefined;
  /** OpenOCD and st-flash: connect while the reset line is held. */
  readonly underReset?: boolean | undefined;
  /** dfu-util -p: the USB port, for boards that all have the same serial number. */
  readonly usbPath?: string | undefined;
  /** dfu-util: one DfuSe file, or raw files with -s. Default: DfuSe for more than one range. */
  readonly dfuFormat?: 'dfuse' | 'raw' | undefined;
  /** Name of the dump in texts and in the script. */
  readonly fromName?: string | undefined;
  readonly toName?: string | undefined;
}

export interface PlanTarget {
  readonly image: MemoryImage;
  /** FLASH_OPTCR that the chip shall have in the end; write protection and user bits only. */
  readonly optcr?: number | undefined;
}
