/**
 * Aligned columns without a library. `inspect` answers within a fraction of the time that node itself needs to start,
 * and loading and laying out a table with cli-table3 (see table.ts) would be the largest part of what is left.
 */
import { visibleLength, wrapText } from '../core/words.js';
import type { Style } from './style.js';
import type { Column } from './table.js';

const GAP = '  ';

/** Rows as text lines without trailing blanks. Cells must already be safe to print; only single words are coloured. */
export function renderColumns(columns: readonly Column[], rows: readonly (readonly string[])[], style: Style): string {
  const header = columns.map((column) => style.bold(column.title));
  const cells = [header, ...rows].map((row) => row.map((cell, index) => cellLines(cell, columns[index]?.width)));
  const widths = columns.map((_, index) =>
    Math.max(...cells.flatMap((row) => (row[index] ?? []).map((line) => visibleLength(line)))),
  );
  return cells.flatMap((row) => rowLines(row, columns, widths)).join('\n');
}

function rowLines(
  row: readonly (readonly string[])[],
  columns: readonly Column[],
  widths: readonly number[],
): string[] {
  const height = Math.max(...row.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    columns
      .map((column, index) => {
        const text = row[index]?.[line] ?? '';
        const padding = ' '.repeat((widths[index] ?? 0) - visibleLength(text));
        return column.align === 'right' ? padding + text : text + padding;
      })
      .join(GAP)
      .trimEnd(),
  );
}

function cellLines(cell: string, width: number | undefined): string[] {
  if (width === undefined || visibleLength(cell) <= width) return [cell];
  return wrapText(cell, width).split('\n');
}
