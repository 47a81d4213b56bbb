/** Files on the command line that become one image: `FILE` or `ADDRESS:FILE`, each put where it belongs. */
import { existsSync } from 'node:fs';
import { formatAddress } from '../core/bytes.js';
import { UsageError } from '../core/errors.js';
import type { Finding } from '../core/finding.js';
import type { MemoryImage } from '../core/image.js';
import type { ReadResult } from '../formats/index.js';
import type { Board } from '../layout/types.js';
import { type BaseSource, placeImage } from '../operations/place.js';
import { type Transform, undoTransformOf } from '../regions/acquisition/index.js';
import { type ParsedArguments, parseNumber } from './args.js';
import { requireStdinOnce } from './io.js';
import { openFile } from './open.js';

/** Several inputs of a text format are larger than the images in them. */
export const MAX_TEXT_SIZE = 256 << 20;

export interface PlacedFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly result: ReadResult;
  readonly image: MemoryImage;
  /** Address of the first byte, or null when nothing says it; the image then begins at 0. */
  readonly base: number | null;
  readonly baseSource: BaseSource | null;
  readonly baseReason: string;
  /** With file offset or line where the format knows it. */
  readonly findings: readonly Finding[];
}

/** `ADDRESS:FILE`, unless a file has that very name. @throws UsageError USAGE_BAD_NUMBER */
export function splitAddress(operand: string): { readonly address: number | undefined; readonly path: string } {
  const parts = /^(0x[0-9a-f]+|\d+[KMG]?):(.+)$/i.exec(operand);
  if (!parts || existsSync(operand)) return { address: undefined, path: operand };
  return { address: parseNumber(parts[1] as string, 'the address of an input'), path: parts[2] as string };
}

/** @throws UsageError USAGE_NO_FILES, USAGE_STDIN_TWICE */
export function requireFiles(operands: readonly string[], paths = operands): void {
  if (operands.length === 0) {
    throw new UsageError({
      code: 'USAGE_NO_FILES',
      what: 'no file was named',
      expected: 'at least one file, or - for stdin',
      help: 'Name the inputs. See --help for examples.',
    });
  }
  requireStdinOnce(paths);
}

/** Reads one input, undoes a rearrangement of its bytes and puts it in its place. @throws InputError, FormatError, UsageError USAGE_ADDRESS_GIVEN_TWICE */
export async function placeFile(
  operand: string,
  args: ParsedArguments,
  board: Board,
  undo?: Transform,
): Promise<PlacedFile> {
  const { address, path } = splitAddress(operand);
  const options = { maxSize: MAX_TEXT_SIZE, alternate: args.number('--alternate') };
  const { bytes, result } = await openFile(path, args, address === undefined ? options : { ...options, base: address });
  if (address !== undefined && result.addressSource === 'file') {
    throw new UsageError({
      code: 'USAGE_ADDRESS_GIVEN_TWICE',
      what: 'an address was given for an input that carries its own',
      where: path,
      got: formatAddress(address),
      help: 'Leave the address out, or move the image with --base or --offset.',
    });
  }
  // Before it is placed: a header can only be read in the order it was written in.
  const ordered = undo ? { ...result, image: undoTransformOf(result.image, undo) } : result;
  const { image, base, baseSource, baseReason } = placeImage(ordered, board);
  const findings = result.findings.map((finding) => withOrigin(finding, result));
  return { path, bytes, result, image, base, baseSource, baseReason, findings };
}

function withOrigin(finding: Finding, result: ReadResult): Finding {
  if (finding.origin !== undefined || finding.end <= finding.start) return finding;
  const origin = result.locate(finding.start);
  if (!origin) return finding;
  return { ...finding, origin: 'line' in origin ? `line ${origin.line}` : `offset ${origin.offset}` };
}
