/** Stretches: what the classifier says about bytes that no decoder claimed. */
import type { Range } from '../../core/range.js';
import type { Chip } from '../../layout/types.js';

export type StretchKind =
  /** 0xFF throughout: erased flash, or programmed with 0xFF, which is the same. */
  | 'erased'
  /** One other value throughout. */
  | 'fill'
  /** A unit of 2 to 256 bytes over and over. */
  | 'pattern'
  | 'vector-table'
  | 'thumb-code'
  | 'text'
  | 'pointers'
  /** Distinguished Encoding Rules: keys, certificates, signatures. */
  | 'der'
  | 'pem'
  /** A file recognised by its signature (layouts/file-magics.json). */
  | 'file'
  /** A raw DEFLATE stream (RFC 1951) that decodes to its end. */
  | 'deflate'
  | 'compressed-or-encrypted'
  /** What is left of a Particle module that something shorter was written over, or that was never finished. */
  | 'module-remains'
  /** Structure the measures do not recognise. */
  | 'data';

export interface Stretch extends Range {
  readonly kind: StretchKind;
  /** 0 … 1. Above 0.9 the bytes themselves prove it; below 0.5 it is a guess. */
  readonly confidence: number;
  /** One sentence with the figures behind the kind. Never contains bytes of the input that could be a secret. */
  readonly reason: string;
  readonly details: Readonly<Record<string, string | number | boolean>>;
}

/** What a catalogue knows about one build: no bytes, only its place and its digests. */
export interface KnownBuild {
  /** "system-part1 2.2.0". */
  readonly name: string;
  readonly platformId: number;
  readonly function: number;
  readonly index: number;
  readonly version: number;
  readonly startAddress: number;
  /** module_end_address: address of the CRC. */
  readonly endAddress: number;
  /** The stored CRC word, as the big-endian number after the module; undefined when not catalogued. */
  readonly crc?: number | undefined;
  /** SHA-256 of the whole module with its CRC, lower-case hex; undefined when not catalogued. */
  readonly sha256?: string | undefined;
}

/**
 * quick: runs, patterns and one statistical pass over larger windows; for big stretches of which only the nature
 * matters. full: everything, with boundaries as exact as the detector allows.
 */
export type ClassifyLevel = 'quick' | 'full';

export interface ClassifyContext {
  /** Default: full up to QUICK_ABOVE_BYTES, quick above. */
  readonly level?: ClassifyLevel | undefined;
  /** Whose memories pointers may point into; default: the STM32F2 map. */
  readonly chip?: Chip | undefined;
  /** Builds the remains of a module are compared with. Only asked for when a suffix was found. */
  readonly catalogue?: (() => readonly KnownBuild[]) | undefined;
}

/** A detector's view of the input. */
export interface Subject {
  readonly bytes: Uint8Array;
  readonly address: number;
}

/** A claim in offsets; the orchestrator turns it into a Stretch. */
export interface Claim {
  readonly start: number;
  readonly end: number;
  readonly kind: StretchKind;
  readonly confidence: number;
  readonly reason: string;
  readonly details: Readonly<Record<string, string | number | boolean>>;
}

/** `1 byte`, `5 bytes`. */
export function countBytes(count: number): string {
  return `${count} byte${count === 1 ? '' : 's'}`;
}
