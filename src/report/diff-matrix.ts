/** `diff --matrix` as text. */
import { formatCount, nameInText } from '../core/words.js';
import type { DiffMatrix } from '../operations/diff/matrix.js';
import { renderColumns } from './columns.js';
import type { DiffView } from './diff.js';
import { renderFindings } from './findings.js';
import type { Column } from './table.js';

export function renderMatrix(matrix: DiffMatrix, view: DiffView): string {
  const { style, width } = view;
  const { sides, findings } = matrix;
  const names = sides.map(
    ({ input }, index) => `${style.bold(`${index + 1}`.padStart(`${sides.length}`.length))}  ${nameInText(input.path)}`,
  );
  const sections = [
    names.join('\n'),
    `${style.bold(style.cyan('Bytes that differ'))}\n${distanceTable(matrix, view)}`,
    `${style.bold(style.cyan('Who shares what'))}\n${classTable(matrix, view)}`,
    'Equal letters in a row are equal bytes; "." is erased, "-" is not there.',
    findings.length > 0 ? renderFindings(findings, style, width) : '',
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function distanceTable({ sides, pairs }: DiffMatrix, { style }: DiffView): string {
  const numbers = sides.map((_, index) => index + 1);
  const columns: Column[] = [
    { title: '', align: 'right' },
    ...numbers.map((number): Column => ({ title: `${number}`, align: 'right' })),
  ];
  const rows = numbers.map((row) => [
    `${row}`,
    ...numbers.map((column) => {
      if (column === row) return '-';
      const pair = pairs.find(({ a, b }) => a === Math.min(row, column) && b === Math.max(row, column));
      return pair ? formatCount(pair.changed + pair.onlyA + pair.onlyB) : '';
    }),
  ]);
  return renderColumns(columns, rows, style);
}

function classTable({ sides, regions }: DiffMatrix, { style, width }: DiffView): string {
  const letters = 2 * sides.length;
  const columns: Column[] = [
    { title: 'Region' },
    ...sides.map((_, index): Column => ({ title: `${index + 1}` })),
    { title: '', width: Math.max(30, width - 2 * letters - 20) },
  ];
  const rows = regions.map(({ id, classes, words }) => [
    id,
    ...classes,
    Object.entries(words)
      .map(([letter, text]) => `${letter}: ${text}`)
      .join(', '),
  ]);
  return renderColumns(columns, rows, style);
}
