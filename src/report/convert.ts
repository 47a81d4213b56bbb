/** The messages of `convert`: where inputs were put, what was written. */
import { formatAddress, formatRange } from '../core/bytes.js';
import type { Range } from '../core/range.js';
import { formatCount } from '../core/words.js';

export interface ConversionInput {
  readonly path: string;
  readonly base: number | null;
  readonly baseSource: string | null;
  readonly baseReason: string;
}

export interface ConversionOutput {
  readonly path: string;
  readonly format: string;
  /** gzip: the format inside. */
  readonly inner: string | null;
  readonly size: number;
  /** Why this format, when that may surprise. */
  readonly reason: string | null;
  /** Lowest address of the data; null when it is unknown. */
  readonly base: number | null;
  readonly ranges: readonly Range[];
  readonly dataBytes: number;
  /** Bytes that stand for gaps in formats without any. */
  readonly fillBytes: number;
}

const MAX_RANGES = 4;

export function renderConversion(inputs: readonly ConversionInput[], output: ConversionOutput): string {
  const lines = inputs.flatMap((input) => placement(input, output));
  const name = output.path === '-' ? 'stdout' : output.path;
  const format = output.inner ? `${output.format} with ${output.inner} inside` : output.format;
  lines.push(`${name}: ${format}, ${formatCount(output.size)} bytes`);
  if (output.base === null)
    lines.push(`  ${formatCount(output.dataBytes)} data bytes, at addresses that are not known`);
  else lines.push(`  ${formatCount(output.dataBytes)} data bytes at ${listRanges(output.ranges)}`);
  if (output.fillBytes > 0)
    lines.push(`  ${formatCount(output.fillBytes)} more bytes of 0xFF fill the gaps between them`);
  if (output.base !== null && !keepsAddresses(output)) {
    const base = formatAddress(output.base);
    lines.push(`  its first byte belongs at ${base}, which the file does not say: read it with --base ${base}`);
  }
  if (output.reason !== null) lines.push(`  ${output.reason}`);
  return `${lines.join('\n')}\n`;
}

function keepsAddresses({ format, inner }: ConversionOutput): boolean {
  const written = inner ?? format;
  return written !== 'bin' && written !== 'dfu';
}

/** Only what the user did not say and the file does not show. */
function placement({ path, base, baseSource, baseReason }: ConversionInput, output: ConversionOutput): string[] {
  if (baseSource === 'header' || baseSource === 'inferred') {
    return [`${path}: placed at ${formatAddress(base ?? 0)}, because ${baseReason}`];
  }
  if (base !== null || !keepsAddresses(output)) return [];
  return [`${path}: put at 0x00000000 (${baseReason}); give --base ADDRESS to say where it belongs`];
}

function listRanges(ranges: readonly Range[]): string {
  const shown = ranges.slice(0, MAX_RANGES);
  const list = shown.map(formatRange).join(', ');
  return ranges.length > shown.length ? `${list} and ${formatCount(ranges.length - shown.length)} more places` : list;
}
