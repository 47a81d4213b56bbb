/** Plain tables: a header, a rule, aligned columns. */
import Table from 'cli-table3';
import type { Style } from './style.js';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Longer cells are wrapped at this width. */
  readonly width?: number;
}

const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/** Rows as text lines without trailing blanks. Cells must already be safe to print. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[], style: Style): string {
  const table = new Table({
    chars: NO_LINES,
    // cli-table3 colours headers and borders by default, even into pipes.
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
    colAligns: columns.map((column) => column.align ?? 'left'),
    colWidths: columns.map((column) => column.width ?? null),
    wordWrap: true,
    wrapOnWordBoundary: true,
  });
  table.push(columns.map((column) => style.bold(column.title)));
  for (const row of rows) table.push([...row]);
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
