/** Annotated bytes: rows that never cross a field, so that every row has one name. */
import type { Finding } from '../core/finding.js';
import { type Leaf, leavesOf } from '../core/part.js';
import { type Range, sizeOf } from '../core/range.js';
import type { Inspection } from './inspect/inspect.js';
import { contentsOf } from './locate.js';

export interface HexRow extends Range {
  /** Null: not in the input. Empty for masked rows. */
  readonly bytes: Uint8Array | null;
  /** The bytes are secret and were left out. */
  readonly masked: boolean;
  /** On the first row of a field: its name from the region down. */
  readonly name: string | null;
  /** On the first row of a field: its value in words. */
  readonly value: string | null;
  /** How many further rows of the same byte follow, left out. */
  readonly repeats: number;
}

export const ROW_BYTES = 16;

/** How the input was read: whether the bytes shown are those of the file, and whether they are those of the chip. */
export function readingFindings({ report }: Inspection): Finding[] {
  return report.findings.filter(({ rule }) => rule.startsWith('acquisition/'));
}

export function hexRows(inspection: Inspection, range: Range): HexRow[] {
  const rows: HexRow[] = [];
  for (const leaf of leavesOf(contentsOf(inspection), range)) rows.push(...leafRows(inspection, leaf));
  return rows;
}

function leafRows({ placed, showSecrets }: Inspection, leaf: Leaf): HexRow[] {
  const secret = !showSecrets && leaf.path.some((part) => part.secret === true);
  const innermost = leaf.path.at(-1);
  const rows: HexRow[] = [];
  for (let start = leaf.start; start < leaf.end; ) {
    const end = Math.min(leaf.end, start - (start % ROW_BYTES) + ROW_BYTES);
    const present = placed.image.bytes({ start, end });
    const first = rows.length === 0;
    const row: HexRow = {
      start,
      end,
      bytes: secret ? new Uint8Array(0) : (present ?? null),
      masked: secret && present !== undefined,
      name: first ? leaf.path.map((part) => part.name).join(' > ') : null,
      value: first ? (innermost?.value ?? null) : null,
      repeats: 0,
    };
    const last = rows.at(-1);
    if (last && rows.length > 1 && continues(last, row)) rows[rows.length - 1] = { ...last, repeats: last.repeats + 1 };
    else rows.push(row);
    start = end;
  }
  return rows;
}

/** True for whole rows that hold one and the same byte, or that hold nothing. */
function continues(last: HexRow, row: HexRow): boolean {
  if (sizeOf(last) !== sizeOf(row) || last.masked !== row.masked) return false;
  if (last.bytes === null || row.bytes === null) return last.bytes === row.bytes;
  const value = last.bytes[0];
  return last.bytes.every((byte) => byte === value) && row.bytes.every((byte) => byte === value);
}
