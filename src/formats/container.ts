/** What a file says beside its bytes. It travels next to the image, for reports and for writing the same file again. */
import type { RecordLayout, TextStyle } from './record-layout.js';

/** A checksum that was verified while reading. */
export type ChecksumState = 'ok' | 'bad';

/** The suffix of a DFU file (DFU 1.1 appendix B). */
export interface DfuSuffix {
  /** idVendor, idProduct, bcdDevice; 0xFFFF means any. */
  readonly vendor: number;
  readonly product: number;
  readonly device: number;
  /** bcdDFU: 0x0100 for DFU files, 0x011A for DfuSe files. */
  readonly dfuVersion: number;
  /** bLength: 16 or more. */
  readonly length: number;
  /** The bLength - 16 bytes before bcdDevice. */
  readonly extra: Uint8Array;
  readonly crc: ChecksumState;
  /** dwCRC as stored. */
  readonly crcValue: number;
}

export interface DfuSuffixContainer extends DfuSuffix {
  readonly kind: 'dfu-suffix';
}

/** A vendor's prefix before the payload; the ids and the state of the CRC are those of the suffix, null without one. */
interface PrefixedContainer {
  readonly payloadLength: number;
  readonly suffix: DfuSuffix | null;
  readonly vendor: number | null;
  readonly product: number | null;
  readonly device: number | null;
  readonly crc: ChecksumState | null;
}

/** TI Stellaris prefix: 8 bytes with the flash address in KiB and the payload length. */
export interface LmdfuContainer extends PrefixedContainer {
  readonly kind: 'lmdfu';
  readonly address: number;
}

/** NXP LPC prefix: 16 bytes with the number of 512-byte blocks. */
export interface LpcdfuContainer extends PrefixedContainer {
  readonly kind: 'lpcdfu';
  readonly blocks: number;
}

/** What the DFUImageSize field of a DfuSe file counts. */
export type DfuseImageSize = 'excludes-suffix' | 'includes-suffix' | 'zero' | 'mismatch';

export interface DfuseElement {
  readonly address: number;
  readonly size: number;
  /** Offset of the data in the file. */
  readonly offset: number;
  /** Bytes that the image does not hold: all of another alternate setting's element, or what a later element covers. */
  readonly hidden: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
}

export interface DfuseTarget {
  readonly alternate: number;
  /** szTargetName, or null when bTargetNamed is 0. */
  readonly name: string | null;
  /** bTargetNamed as stored. */
  readonly named: number;
  /** szTargetName as stored, without the NULs at its end. */
  readonly nameBytes: Uint8Array;
  /** True when the image holds this target's elements. */
  readonly inImage: boolean;
  readonly elements: readonly DfuseElement[];
}

export interface DfuseContainer extends DfuSuffix {
  readonly kind: 'dfuse';
  readonly imageSize: DfuseImageSize;
  /** DFUImageSize as stored. */
  readonly imageSizeValue: number;
  readonly targets: readonly DfuseTarget[];
}

export interface ElfContainer {
  readonly kind: 'elf';
  /** e_entry; bit 0 is the Thumb flag. */
  readonly entry: number;
  /** Loaded parts in file order: address, size and file offset. */
  readonly segments: readonly { readonly address: number; readonly size: number; readonly offset: number }[];
  /** Everything else in the file: headers, section table, symbols. */
  readonly frame: readonly { readonly offset: number; readonly bytes: Uint8Array }[];
  readonly fileSize: number;
}

/** Start address of Intel HEX: type 05 (linear) or type 03 (CS:IP). */
export type IntelHexStart =
  | { readonly kind: 'linear'; readonly address: number }
  | { readonly kind: 'segment'; readonly cs: number; readonly ip: number; readonly address: number };

export interface IntelHexContainer {
  readonly kind: 'intel-hex';
  readonly start: IntelHexStart | null;
  readonly style: TextStyle;
  /** Records in file order, run-length; null when the file is too irregular to be written again as it was. */
  readonly layout: RecordLayout | null;
}

export interface SrecContainer {
  readonly kind: 'srec';
  /** Text of the first S0 record, or null without one. */
  readonly header: Uint8Array | null;
  /** Address of the S7, S8 or S9 record, or null without one. */
  readonly start: number | null;
  /** Value of the S5 or S6 record, or null without one. */
  readonly count: number | null;
  readonly style: TextStyle;
  readonly layout: RecordLayout | null;
}

export interface GzipContainer {
  readonly kind: 'gzip';
  /** Original file name (FNAME), or null. */
  readonly fileName: string | null;
  /** MTIME in seconds since 1970; 0: none. */
  readonly modified: number;
  readonly crc: ChecksumState;
  readonly innerFormat: string;
  readonly inner: Container | null;
}

export interface DumpContainer {
  readonly kind: 'hexdump' | 'address-list';
  readonly style: 'xxd' | 'canonical' | 'words' | 'halfwords' | 'bytes';
  readonly bytesPerLine: number;
}

export type Container =
  | DfuSuffixContainer
  | DfuseContainer
  | LmdfuContainer
  | LpcdfuContainer
  | ElfContainer
  | IntelHexContainer
  | SrecContainer
  | GzipContainer
  | DumpContainer;
