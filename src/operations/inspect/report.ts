/**
 * What `inspect` finds out, in the shape of its JSON contract. Addresses are numbers here; report/json.ts writes the
 * fields called start, end, base and …address as "0x080A0000". Names are API: add freely, rename never.
 */
import type { BootPrediction } from '../../boot/types.js';
import type { Finding, Verdict } from '../../core/finding.js';
import type { ByteCounts } from '../../regions/account.js';
import type { CrcState, ShaState } from '../../regions/module/decode.js';
import type { ModuleRole } from '../../regions/module/find.js';
import type { DependencyState } from '../../rules/dependency.js';
import type { BaseSource } from '../place.js';
import type {
  AcquisitionSummary,
  DctSectionSummary,
  DctSummary,
  EepromSummary,
  IdentitySummary,
  OptionBytesSummary,
  PendingUpdate,
} from './summaries.js';

export type InputKind = 'flash-dump' | 'module' | 'image' | 'dct-section' | 'option-bytes' | 'unknown';

export interface InspectedInput {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
  readonly format: string;
  readonly base: number | null;
  readonly baseSource: BaseSource | null;
  readonly baseReason: string;
}

export type SectorState = 'absent' | 'erased' | 'fill' | 'decoded' | 'mixed' | 'unknown';

export interface SectorReport {
  readonly number: number;
  readonly start: number;
  readonly size: number;
  readonly state: SectorState;
  /** Ids of the board regions that touch the sector. */
  readonly regions: readonly string[];
  readonly summary: string;
  readonly bytes: {
    readonly decoded: number;
    readonly erased: number;
    readonly fill: number;
    readonly unknown: number;
    readonly absent: number;
  };
}

export interface ModuleReport {
  readonly region: string;
  readonly role: ModuleRole;
  readonly address: number;
  readonly startAddress: number;
  readonly endAddress: number;
  /** Bytes, CRC included. */
  readonly length: number;
  readonly missing: number;
  readonly headerOffset: number;
  readonly platform: string | null;
  readonly platformId: number;
  readonly function: string;
  readonly index: number;
  readonly version: number;
  /** True for system parts 1 and 2 as one block, the factory image of 0.4.x to 1.3.x. */
  readonly combined: boolean;
  readonly flags: number;
  readonly crc: CrcState;
  /** The four bytes after the module in file order, as hexadecimal; null when missing. */
  readonly crc32: string | null;
  readonly sha: ShaState;
  /** Digest stored in the suffix, or null. */
  readonly suffixSha256: string | null;
  readonly suffixSize: number | null;
  /** SHA-256 of the module's bytes from its first byte to the end of its CRC: identifies the build. */
  readonly sha256: string | null;
  /** Release of this version, the best known one; null when no release has it. */
  readonly release: string | null;
  /** Every release with this version or build. */
  readonly releases: readonly string[];
  /** True when the catalogue has this exact build. */
  readonly known: boolean;
  /** Number of different builds the catalogue has of this version. */
  readonly buildsOfVersion: number;
  readonly productId: number | null;
  readonly productVersion: number | null;
  readonly dependencies: readonly DependencyState[];
  /** Bytes left between the module and the end of its region; null outside a module region, and when it does not fit. */
  readonly free: number | null;
  readonly initialStackPointer: number | null;
  readonly resetVector: number | null;
}

export interface EmbeddedReport {
  /** "system-part 2 version 17": the module that carries it. */
  readonly inside: string;
  readonly address: number;
  readonly length: number;
  readonly function: string;
  readonly index: number;
  readonly version: number;
  readonly platformId: number;
  readonly release: string | null;
  readonly known: boolean;
}

export interface RegionReport {
  readonly id: string;
  readonly title: string;
  readonly start: number;
  readonly end: number;
  /** One paragraph: what it is for, who writes it, whether boot needs it, and what is in it here. */
  readonly text: string;
  readonly boot: 'required' | 'conditional' | 'not-required';
}

/** A stretch that no decoder claims and what it looks like: a guess, with its reason. */
export interface LeftoverReport {
  readonly start: number;
  readonly end: number;
  readonly kind: string;
  /** 0 to 1. */
  readonly confidence: number;
  readonly reason: string;
  readonly details: Readonly<Record<string, string | number | boolean>>;
}

/** Resources inside a module that have a version of their own. */
export interface ResourceReport {
  readonly inside: string;
  readonly name: string;
  readonly version: string | null;
  readonly built: string | null;
  readonly compressed: boolean;
  readonly address: number | null;
  /** Bytes as stored, and unpacked. */
  readonly storedSize: number | null;
  readonly size: number | null;
}

export interface InspectReport {
  readonly schema: 'flashatlas/inspect';
  readonly schemaVersion: 1;
  readonly tool: { readonly name: string; readonly version: string };
  readonly input: InspectedInput;
  readonly kind: InputKind;
  /** One sentence: what the file is. */
  readonly summary: string;
  readonly layout: { readonly board: string; readonly chip: string; readonly variant: string | null };
  readonly container: Readonly<Record<string, unknown>> | null;
  readonly sectors: readonly SectorReport[];
  readonly regions: readonly RegionReport[];
  readonly modules: readonly ModuleReport[];
  readonly embedded: readonly EmbeddedReport[];
  readonly resources: readonly ResourceReport[];
  readonly deviceOs: string | null;
  readonly dependencies: 'ok' | readonly UnmetDependency[];
  readonly dct: DctSummary | null;
  /** What a file read over DFU alternate setting 1 says; null for everything else. */
  readonly dctSection: DctSectionSummary | null;
  readonly eeprom: EepromSummary | null;
  readonly optionBytes: OptionBytesSummary | null;
  readonly pendingUpdate: PendingUpdate | null;
  readonly acquisition: AcquisitionSummary | null;
  /** One-time programmable area and unique id, when the input holds them. */
  readonly identity: IdentitySummary | null;
  /** Bytes no decoder claims, with what they look like. */
  readonly leftovers: readonly LeftoverReport[];
  readonly coverage: ByteCounts & { readonly total: number };
  /** What the board does at reset; null when the input is no device. */
  readonly boot: BootPrediction | null;
  readonly findings: readonly Finding[];
  readonly verdict: Verdict;
}

export interface UnmetDependency extends DependencyState {
  /** The module that needs it. */
  readonly module: string;
}
