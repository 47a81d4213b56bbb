/**
 * The differing bytes side by side, with the names of their fields. Rows never cross a field of either input, and a row is
 * masked when either of them holds something secret there.
 */
import { equalBytes } from '../../core/bytes.js';
import type { Leaf } from '../../core/part.js';
import type { Range } from '../../core/range.js';
import { examine, type Inspection } from '../inspect/inspect.js';
import { leafName, leavesIn } from '../locate.js';
import type { Difference } from './diff.js';
import type { Side } from './side.js';

export interface DiffHexRow extends Range {
  /** Null: not in the input. Empty for masked rows. */
  readonly before: Uint8Array | null;
  readonly after: Uint8Array | null;
  readonly masked: boolean;
  /** Name of the field from the region down, on its first row. */
  readonly name: string | null;
  /** Its value in words, "old -> new" where they differ; on its first row. */
  readonly value: string | null;
}

export interface DiffHex {
  readonly rows: readonly DiffHexRow[];
  /** Rows that the limit left out, counted as if no field divided them. */
  readonly more: number;
}

export interface DiffHexOptions {
  readonly showSecrets?: boolean;
  /** Rows to give; 0: all. */
  readonly limit?: number;
}

export const DIFF_ROW_BYTES = 8;

const NOTHING = new Uint8Array(0);

export function diffHexRows(difference: Difference, { showSecrets = false, limit = 0 }: DiffHexOptions = {}): DiffHex {
  const a = inspectSide(difference.a, showSecrets);
  const b = inspectSide(difference.b, showSecrets);
  const rows: DiffHexRow[] = [];
  let more = 0;
  for (const range of difference.delta.ranges) {
    if (limit > 0 && rows.length >= limit) {
      more += Math.ceil((range.end - range.start) / DIFF_ROW_BYTES);
      continue;
    }
    for (const stretch of stretchesOf(a, b, range)) {
      for (const row of stretchRows(difference, stretch, showSecrets)) {
        if (limit > 0 && rows.length >= limit) more++;
        else rows.push(row);
      }
    }
  }
  return { rows, more };
}

/** The side as it was compared: in its place, with a rearrangement of its bytes undone. */
function inspectSide({ input, placed, board, kind }: Side, showSecrets: boolean): Inspection {
  const { path, format } = input;
  const bare = { path, format, bytes: NOTHING, container: null, findings: [], image: placed.image };
  const addressSource = kind === 'dct-section' ? 'assumed' : 'file';
  return examine({ ...bare, addressSource }, board, { showSecrets });
}

interface Stretch extends Range {
  readonly one: Leaf | undefined;
  readonly two: Leaf | undefined;
}

/** A range cut wherever a field of either input begins or ends. */
function stretchesOf(a: Inspection, b: Inspection, range: Range): Stretch[] {
  const [ones, twos] = [leavesIn(a, range), leavesIn(b, range)];
  const cuts = new Set([range.start, range.end, ...[...ones, ...twos].flatMap(({ start, end }) => [start, end])]);
  const places = [...cuts].filter((cut) => cut >= range.start && cut <= range.end).sort((one, two) => one - two);
  let [indexOne, indexTwo] = [0, 0];
  return places.slice(1).map((end, index) => {
    const start = places[index] as number;
    while ((ones[indexOne]?.end ?? Infinity) <= start) indexOne++;
    while ((twos[indexTwo]?.end ?? Infinity) <= start) indexTwo++;
    return { start, end, one: ones[indexOne], two: twos[indexTwo] };
  });
}

function* stretchRows({ a, b }: Difference, stretch: Stretch, showSecrets: boolean): Generator<DiffHexRow> {
  const masked = !showSecrets && (isSecret(stretch.one) || isSecret(stretch.two));
  let first = true;
  for (let start = stretch.start; start < stretch.end; ) {
    const end = Math.min(stretch.end, start - (start % DIFF_ROW_BYTES) + DIFF_ROW_BYTES);
    const before = a.placed.image.bytes({ start, end }) ?? null;
    const after = b.placed.image.bytes({ start, end }) ?? null;
    if (!before || !after || !equalBytes(before, after)) {
      yield {
        ...{ start, end, masked },
        before: before && (masked ? NOTHING : before),
        after: after && (masked ? NOTHING : after),
        name: first ? nameOf(stretch) : null,
        value: first ? valueWords(stretch) : null,
      };
      first = false;
    }
    start = end;
  }
}

function isSecret(leaf: Leaf | undefined): boolean {
  return leaf?.path.some((part) => part.secret === true) ?? false;
}

function nameOf({ one, two }: Stretch): string | null {
  const [before, after] = [one ? leafName(one) : '', two ? leafName(two) : ''];
  if (before === after || before === '') return after || null;
  // Erased, or not explained: what the other one has there says more.
  const [depthBefore, depthAfter] = [one?.path.length ?? 0, two?.path.length ?? 0];
  if (depthBefore === 1 && depthAfter > 1) return after;
  return after === '' || (depthAfter === 1 && depthBefore > 1) ? before : `${before} / ${after}`;
}

function valueWords({ one, two }: Stretch): string | null {
  const [before, after] = [one?.path.at(-1)?.value, two?.path.at(-1)?.value];
  if (before === after) return before ?? null;
  return `${before ?? '-'} -> ${after ?? '-'}`;
}
