/** The dump that --from names: what the chip holds. */
import { toHex } from '../../core/bytes.js';
import { sha256 } from '../../core/checksums.js';
import { FormatError } from '../../core/errors.js';
import type { MemoryImage } from '../../core/image.js';
import type { Board } from '../../layout/types.js';
import { placeImage } from '../../operations/place.js';
import type { ParsedArguments } from '../args.js';
import { openInput } from '../open.js';

export interface Source {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

export function sourceOf(path: string, bytes: Uint8Array): Source {
  return { path, size: bytes.length, sha256: toHex(sha256(bytes)) };
}

/** @throws FormatError PLAN_FROM_NOWHERE when nothing tells where in the flash it belongs */
export async function openDump(
  args: ParsedArguments,
  board: Board,
): Promise<{ readonly image: MemoryImage; readonly source: Source } | null> {
  const path = args.text('--from');
  if (path === undefined) return null;
  const input = await openInput(path, args);
  const { image, base, baseReason } = placeImage(input, board);
  if (base !== null) return { image, source: sourceOf(path, input.bytes) };
  throw new FormatError({
    code: 'PLAN_FROM_NOWHERE',
    what: 'where the dump belongs is not known',
    where: path,
    got: baseReason,
    help: 'Give a dump of the whole flash, or the address of its first byte with --base.',
  });
}
