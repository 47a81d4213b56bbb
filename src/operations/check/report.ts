/**
 * What `check` says, in the shape of its JSON contract. Names are API: add freely, rename never. Addresses are numbers
 * here; report/json.ts writes the fields called start, end, base and …address as "0x080A0000".
 */
import type { BootPrediction } from '../../boot/types.js';
import type { Finding, Severity, Verdict } from '../../core/finding.js';
import type { RuleSummary } from '../../rules/rule.js';
import type { InputKind, InspectedInput, ModuleReport } from '../inspect/report.js';

/** one: an input as what it claims to be. set: files judged together. onto: what a chip becomes when they are written. */
export type CheckScope = 'one' | 'set' | 'onto';

export interface CheckFinding extends Finding {
  /** The input its bytes come from; null when several are meant. */
  readonly file: string | null;
  /** Where in that file; null when the format has lines instead, or nothing is known. */
  readonly fileOffset: number | null;
  readonly fileLine: number | null;
}

export interface CheckedModule extends ModuleReport {
  readonly file: string | null;
}

/** Content of the chip that is not there any more once the files are written. */
export interface LostItem {
  readonly start: number;
  readonly end: number;
  readonly region: string;
  readonly kind: 'module' | 'dct' | 'eeprom' | 'unknown';
  /** "system part 1 version 2202", "DCT copy 1 (current)". */
  readonly what: string;
  /** What takes its place; null when nothing does. */
  readonly replacedBy: string | null;
  /** overwritten: new bytes lie there. erased: its sector is erased for something else. */
  readonly how: 'overwritten' | 'erased';
}

export interface KeptItem {
  readonly start: number;
  readonly end: number;
  readonly region: string;
  readonly what: string;
}

/** Part of the files that the bootloader of the board does not take over USB DFU. */
export interface RefusedRange {
  readonly start: number;
  readonly end: number;
  /** The way that works. */
  readonly instead: string;
}

export interface CheckReport {
  readonly schema: 'flashatlas/check';
  readonly schemaVersion: 1;
  readonly tool: { readonly name: string; readonly version: string };
  readonly scope: CheckScope;
  /** The one input, or the chip that files are written onto; null for a set. */
  readonly input: InspectedInput | null;
  /** The files that are judged, or written. */
  readonly inputs: readonly InspectedInput[];
  readonly kind: InputKind;
  /** One sentence: what is judged. */
  readonly summary: string;
  readonly layout: { readonly board: string; readonly chip: string; readonly variant: string | null };
  readonly deviceOs: string | null;
  readonly modules: readonly CheckedModule[];
  readonly findings: readonly CheckFinding[];
  /** Findings that --rule and --ignore left out. */
  readonly hidden: number;
  readonly counts: { readonly error: number; readonly warning: number; readonly note: number };
  readonly verdict: Verdict;
  /** True when no finding reaches the level that was asked for. */
  readonly passed: boolean;
  readonly failOn: Severity | 'never';
  readonly boot: BootPrediction | null;
  /** Only for `onto`: numbers of the sectors that are erased. */
  readonly sectorsErased: readonly number[];
  /** Those of them that are write protected; empty where the option bytes are not known. */
  readonly sectorsProtected: readonly number[];
  readonly refusedByDfu: readonly RefusedRange[];
  readonly lost: readonly LostItem[];
  readonly kept: readonly KeptItem[];
}

/** A report, and the texts of the rules that fired, for formats that carry them along. */
export interface CheckResult {
  readonly report: CheckReport;
  readonly rules: readonly RuleSummary[];
  /** Titles of the regions, by id, in address order. */
  readonly regions: readonly {
    readonly id: string;
    readonly title: string;
    readonly start: number;
    readonly end: number;
  }[];
}
