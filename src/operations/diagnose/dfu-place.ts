/** What an address of dfu-util means on a board: the alternate setting decides. */
import { formatAddress } from '../../core/bytes.js';
import type { Board, DfuRefusal } from '../../layout/types.js';
import { defaultVariant, regionsAt } from '../../layout/variant.js';
import { type DctField, dctFields, fieldKey } from '../../regions/dct/table.js';

/** Bytes of an RSA-1024 private key in DER form: integers may take a leading zero. */
const RSA_1024_DER = { min: 606, max: 610 };
const SERVER_KEY_DER = 294;

/** The DCT field of the application section that an offset lies in; the innermost one. */
export function applicationField(offset: number): DctField | undefined {
  return dctFields('application')
    .filter((field) => offset >= field.offset && offset < field.offset + field.size)
    .sort((a, b) => a.size - b.size)[0];
}

/** One sentence about the address, with the alternate setting where it is known. */
export function describePlace(board: Board, alternate: number | undefined, address: number): string {
  const space = board.dfu?.alternates.find(({ number }) => number === alternate)?.space;
  if (space === 'dct-application') return `${at(alternate, address)} is ${dctPlace(address)}.`;
  if (space === 'external-flash') return `${at(alternate, address)} lies in the external serial flash.`;
  const region = regionsAt(board, defaultVariant(board), address)[0];
  if (region) return `${at(alternate, address)} is in the region "${region.title}" (${region.id}).`;
  if (alternate === undefined && address < 0x4000) {
    return `${formatAddress(address)} is no flash address; on alternate setting 1 it would be ${dctPlace(address)}.`;
  }
  return `${at(alternate, address)} is outside the flash of this board.`;
}

function at(alternate: number | undefined, address: number): string {
  return `${formatAddress(address)}${alternate === undefined ? '' : ` on alternate setting ${alternate}`}`;
}

function dctPlace(offset: number): string {
  const field = applicationField(offset);
  const where = `offset ${offset} of the application section of the DCT`;
  if (!field) return `${where}, behind its last field`;
  const inside = offset === field.offset ? '' : `, ${offset - field.offset} bytes into it`;
  return `${where}: the ${lowerFirst(field.title)} (${fieldKey(field)}${inside})`;
}

/** "the device private key", where an address on the DCT alternate begins a field. */
export function placeName(board: Board, alternate: number | undefined, address: number): string {
  const space = board.dfu?.alternates.find(({ number }) => number === alternate)?.space;
  const field = space === 'dct-application' ? applicationField(address) : undefined;
  if (field) return `the ${lowerFirst(field.title)}`;
  const region = space === 'dct-application' ? undefined : regionsAt(board, defaultVariant(board), address)[0];
  return region ? `the region ${region.id}` : formatAddress(address);
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}

/** What the number of bytes says, for keys; otherwise only the number. */
export function describeSize(board: Board, alternate: number | undefined, address: number, size: number): string {
  const space = board.dfu?.alternates.find(({ number }) => number === alternate)?.space;
  const kind = space === 'dct-application' ? applicationField(address)?.kind : undefined;
  if (kind === 'key-private' && size >= RSA_1024_DER.min && size <= RSA_1024_DER.max) {
    return `${size} bytes are a DER key: the size of an RSA-1024 private key.`;
  }
  if (kind === 'key-public' && size === SERVER_KEY_DER) return `${size} bytes are a DER key: an RSA-2048 public key.`;
  return `${size} bytes are to be written.`;
}

/** The refusal of the bootloader that covers this address, or undefined. */
export function refusalAt(board: Board, alternate: number | undefined, address: number): DfuRefusal | undefined {
  return board.dfu?.refusals.find(
    (refusal) => refusal.alternate === alternate && address >= refusal.start && address < refusal.end,
  );
}
