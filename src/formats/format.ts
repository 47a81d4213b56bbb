/**
 * What a file format is: bytes <-> memory image, with the container (what the format knows beside bytes) next to it.
 * Implementations import this file; the registry (index.ts) imports the implementations.
 */
import type { Finding } from '../core/finding.js';
import type { MemoryImage } from '../core/image.js';
import type { Container } from './container.js';

/** Names for `--format`, and for `format` in reports. */
export type FormatId = 'bin' | 'intel-hex' | 'srec' | 'dfu' | 'dfuse' | 'elf' | 'gzip' | 'hexdump' | 'address-list';

export interface ReadOptions {
  /** Name of the input for messages and segment sources. */
  readonly name?: string | undefined;
  /** Target address of the first byte, for formats that carry no addresses. Default 0. */
  readonly base?: number | undefined;
  /** Report what is damaged as findings of severity error instead of stopping, wherever bytes can still be told apart. */
  readonly permissive?: boolean | undefined;
  /** Read as this format, whatever the content looks like. */
  readonly format?: FormatId | undefined;
  /** DfuSe: alternate setting whose targets make the image. Default: that of the first target. */
  readonly alternate?: number | undefined;
  /** gzip: refuse to unpack more bytes than this. Default 256 MiB. */
  readonly maxUncompressed?: number | undefined;
}

/** Where an address came from in the input. */
export type Origin = { readonly offset: number } | { readonly line: number };

export interface ReadResult {
  readonly format: FormatId;
  readonly image: MemoryImage;
  readonly container: Container | null;
  readonly findings: readonly Finding[];
  /** file: the input says its addresses; given: the `base` option; assumed: neither, so the image starts at 0. */
  readonly addressSource: 'file' | 'given' | 'assumed';
  /** Byte offset or 1-based line of a target address; undefined when the input does not hold it. */
  locate(address: number): Origin | undefined;
}

export interface WriteOptions {
  /** Write in the manner of an input: pass the container that reading it gave. */
  readonly like?: Container | null | undefined;
  /** Value for gaps in formats that cannot leave any. Without it, only small gaps are filled, with 0xFF. */
  readonly fill?: number | undefined;
  /** Text formats: data bytes per record. Default 16. */
  readonly recordBytes?: number | undefined;
  /** Text formats: default LF. */
  readonly lineEnd?: '\n' | '\r\n' | undefined;
  /** Text formats: lower-case digits. */
  readonly lowerCase?: boolean | undefined;
  /** Intel HEX: 16, 20 (segments) or 32; S-records: 16, 24 or 32. Default: 32 for Intel HEX, as needed for S-records. */
  readonly addressBits?: 16 | 20 | 24 | 32 | undefined;
  /** Start address (Intel HEX type 05 or 03, S7/S8/S9, e_entry). */
  readonly start?: number | undefined;
  /** S-records: text of the S0 record. */
  readonly header?: string | undefined;
  /** S-records: write an S5 or S6 count record. Default true. */
  readonly countRecord?: boolean | undefined;
  /** DFU and DfuSe: ids for the suffix; default: those of `like`, else 0xFFFF (any device). */
  readonly ids?: { readonly vendor?: number; readonly product?: number; readonly device?: number } | undefined;
  /** DFU: what to put before and behind the payload. Default: what `like` has, else suffix. */
  readonly dfuKind?: 'suffix' | 'lmdfu' | 'lpcdfu' | undefined;
  /** DfuSe: alternate setting and name of the target. Default 0 and no name. */
  readonly alternate?: number | undefined;
  readonly targetName?: string | undefined;
  /** DfuSe: what DFUImageSize counts. Default: what `like` has, else without the suffix, as fwupd demands. */
  readonly imageSize?: 'excludes-suffix' | 'includes-suffix' | undefined;
  /** gzip: format inside. Default: that of `like`, else Intel HEX. */
  readonly inner?: FormatId | undefined;
  /** hexdump: default xxd. */
  readonly dumpStyle?: 'xxd' | 'canonical' | 'words' | undefined;
}

/** How sure a detector is. certain: a signature or checksum proves it; likely: its shape fits; possible: nothing speaks against it. */
export type Confidence = 'certain' | 'likely' | 'possible';

export interface Detection {
  readonly confidence: Confidence;
  /** Why, as a clause: "begins with the DfuSe signature". */
  readonly reason: string;
}

export interface Format {
  readonly id: FormatId;
  readonly title: string;
  /** Usual file name endings, with dot. */
  readonly extensions: readonly string[];
  /** Looks at the content only; never throws. */
  detect(bytes: Uint8Array): Detection | null;
  /** @throws FormatError when the content is not this format or is damaged (unless permissive). */
  read(bytes: Uint8Array, options: ReadOptions): ReadResult;
  /** @throws BuildError when the format cannot hold the image. */
  write(image: MemoryImage, options: WriteOptions): Uint8Array;
  /** The same in pieces, for large text; a piece is valid until the next one is asked for. */
  writeChunks?(image: MemoryImage, options: WriteOptions): Iterable<Uint8Array>;
}

export const DEFAULT_NAME = 'input';
