/**
 * Chips and boards as the rest of the program sees them: resolved, with numbers for addresses. The files in `layouts/`
 * hold the same knowledge with hexadecimal strings, `extends` and run-length sectors; load.ts turns one into the other.
 */
import type { Range } from '../core/range.js';

export type MemoryKind =
  | 'flash'
  | 'ram'
  | 'backup-ram'
  | 'system-memory'
  | 'otp'
  | 'otp-lock'
  | 'unique-id'
  | 'flash-size'
  | 'option-bytes'
  | 'external-flash';

export interface Sector extends Range {
  readonly number: number;
  readonly size: number;
}

export interface Memory extends Range {
  readonly id: string;
  readonly kind: MemoryKind;
  readonly title: string;
  /** Value of an erased byte; only memories that can be erased have one. */
  readonly erasedByte: number | null;
  /** Erase units in address order; empty for memories without sectors. */
  readonly sectors: readonly Sector[];
  readonly source: string;
}

export interface Chip {
  readonly id: string;
  readonly name: string;
  readonly vendor: string;
  readonly family: string;
  readonly core: string;
  /** DEV_ID of DBGMCU_IDCODE. */
  readonly deviceId: number | null;
  readonly memories: readonly Memory[];
}

export type RegionRole = 'bootloader' | 'dct' | 'eeprom' | 'system-part' | 'user' | 'ota' | 'factory' | 'firmware';

/** Plain sentences about a region, for people who meet it for the first time. */
export interface RegionAbout {
  /** What it holds. */
  readonly content: string;
  /** Who writes it, and when. */
  readonly writer: string;
  /** Whether the board needs it to boot: one word for programs … */
  readonly boot: 'required' | 'conditional' | 'not-required';
  /** … and the sentence for people. */
  readonly bootNote: string;
}

export interface Region extends Range {
  readonly id: string;
  readonly title: string;
  readonly role: RegionRole;
  /** Name of the decoder that reads it (regions/index.ts), or null. */
  readonly decoder: string | null;
  /** The module that belongs here, by module function name and index. */
  readonly module: { readonly function: string; readonly index: number } | null;
  /** Map variants the region belongs to; null: all of them. */
  readonly variants: readonly string[] | null;
  /** Regions this one lies over on purpose. */
  readonly overlays: readonly string[];
  readonly about: RegionAbout;
  readonly source: string;
}

/** A module whose presence tells one memory map from another. */
export interface VariantSign {
  readonly address: number;
  readonly function: string;
  readonly index: number;
  /** Only versions below this one; null: any version. */
  readonly versionBelow: number | null;
}

/** One of several memory maps of a board. */
export interface Variant {
  readonly id: string;
  readonly title: string;
  /** Chosen when one of these modules is found (chooseVariant in variant.ts); null: the default map. */
  readonly detect: readonly VariantSign[] | null;
  readonly source: string;
}

export interface DfuAlternate {
  readonly number: number;
  /** Memory-layout string, byte-exact (UM0391). */
  readonly layout: string;
  /** What its addresses mean: absolute flash addresses, or offsets in something else. */
  readonly space: 'flash' | 'dct-application' | 'external-flash';
  readonly source: string;
}

/** A range the DFU implementation refuses to erase or write, whatever its layout string says. */
export interface DfuRefusal extends Range {
  readonly alternate: number;
  readonly reason: string;
  /** The way that works instead. */
  readonly instead: string;
  readonly source: string;
}

export interface DfuProfile {
  readonly vendor: number;
  readonly product: number;
  readonly transferSize: number;
  readonly alternates: readonly DfuAlternate[];
  readonly refusals: readonly DfuRefusal[];
}

export interface Board {
  readonly id: string;
  readonly name: string;
  readonly vendor: string;
  readonly chip: Chip;
  /** Particle platform id and name, or null for a board without one. */
  readonly platform: { readonly id: number; readonly name: string } | null;
  readonly variants: readonly Variant[];
  readonly regions: readonly Region[];
  readonly dfu: DfuProfile | null;
  /** Where the description came from: built in, or the name of a file. */
  readonly origin: string;
}
