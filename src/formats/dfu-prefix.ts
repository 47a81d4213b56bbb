/** Vendor prefixes that dfu-util knows: LMDFU (TI Stellaris and Tiva) and LPCDFU (NXP LPC, unencrypted). */
import { isFilledWith, readU16, readU32 } from '../core/bytes.js';
import { BuildError } from '../core/errors.js';

export const LMDFU_PREFIX_BYTES = 8;
export const LPCDFU_PREFIX_BYTES = 16;
const LPC_BLOCK_BYTES = 512;
const LM_ADDRESS_UNIT = 1024;

export type DfuPrefix =
  | { readonly kind: 'lmdfu'; readonly length: 8; readonly address: number; readonly payloadLength: number }
  | { readonly kind: 'lpcdfu'; readonly length: 16; readonly blocks: number };

/** none: no prefix; the other two are images that only look as if they had one. */
export type PrefixState =
  | { readonly state: 'ok'; readonly prefix: DfuPrefix }
  | { readonly state: 'lmdfu-length-mismatch'; readonly expected: number; readonly got: number }
  | { readonly state: 'looks-like-lpcdfu' }
  | { readonly state: 'none' };

/** Judges the first bytes of a file without its suffix. */
export function inspectDfuPrefix(body: Uint8Array): PrefixState {
  if (body.length >= LMDFU_PREFIX_BYTES && body[0] === 1 && body[1] === 0) {
    const payloadLength = readU32(body, 4);
    const rest = body.length - LMDFU_PREFIX_BYTES;
    if (payloadLength === rest) {
      const address = readU16(body, 2) * LM_ADDRESS_UNIT;
      return { state: 'ok', prefix: { kind: 'lmdfu', length: LMDFU_PREFIX_BYTES, address, payloadLength } };
    }
    // Off by a little: a damaged prefix. Anything else is a coincidence of two bytes.
    if (Math.abs(payloadLength - rest) <= LPCDFU_PREFIX_BYTES + LMDFU_PREFIX_BYTES) {
      return { state: 'lmdfu-length-mismatch', expected: rest, got: payloadLength };
    }
  }
  if (isLpcPrefix(body)) {
    return { state: 'ok', prefix: { kind: 'lpcdfu', length: LPCDFU_PREFIX_BYTES, blocks: readU16(body, 2) } };
  }
  // All that dfu-util 0.11 looks at.
  if (body.length >= 2 && ((body[0] as number) & 0x3f) === 0x1a && ((body[1] as number) & 0x3f) === 0x3f) {
    return { state: 'looks-like-lpcdfu' };
  }
  return { state: 'none' };
}

function isLpcPrefix(body: Uint8Array): boolean {
  return (
    body.length >= LPCDFU_PREFIX_BYTES &&
    body[0] === 0x1a &&
    body[1] === 0x3f &&
    isFilledWith(body, 0, 4, 12) &&
    isFilledWith(body, 0xff, 12, 16)
  );
}

/** @throws BuildError DFU_PREFIX_ADDRESS when the address is not a multiple of 1024 below 64 MiB. */
export function lmdfuPrefix(address: number, payloadLength: number): Uint8Array {
  const unit = address / LM_ADDRESS_UNIT;
  if (!Number.isInteger(unit) || unit > 0xffff) {
    throw new BuildError({
      code: 'DFU_PREFIX_ADDRESS',
      what: 'a Stellaris DFU prefix cannot hold the address',
      expected: `a multiple of ${LM_ADDRESS_UNIT} below 0x04000000`,
      got: `0x${address.toString(16).toUpperCase().padStart(8, '0')}`,
      address,
      help: 'Move the image, or write another format.',
    });
  }
  const prefix = new Uint8Array(LMDFU_PREFIX_BYTES);
  const view = new DataView(prefix.buffer);
  prefix[0] = 1;
  view.setUint16(2, unit, true);
  view.setUint32(4, payloadLength, true);
  return prefix;
}

/** The prefix for a number of 512-byte blocks. */
export function lpcdfuPrefix(blocks: number): Uint8Array {
  const prefix = new Uint8Array(LPCDFU_PREFIX_BYTES);
  prefix.set([0x1a, 0x3f, blocks & 0xff, (blocks >>> 8) & 0xff]);
  prefix.fill(0xff, 12);
  return prefix;
}

/** Blocks that a payload needs, as dfu-prefix 0.11 counts them. */
export function lpcBlocks(payloadLength: number): number {
  return Math.ceil(payloadLength / LPC_BLOCK_BYTES);
}
