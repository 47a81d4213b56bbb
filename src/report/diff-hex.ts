/** `diff --hex`: both inputs beside each other, eight bytes to a row. */
import { formatAddress, toHex } from '../core/bytes.js';
import { formatCount } from '../core/words.js';
import { DIFF_ROW_BYTES, type DiffHex, type DiffHexRow } from '../operations/diff/hex.js';
import type { Style } from './style.js';

export function renderDiffHex({ rows, more }: DiffHex, style: Style): string {
  if (rows.length === 0) return '';
  const cell = DIFF_ROW_BYTES * 3 - 1;
  const lines = [
    `${style.bold(style.cyan('Bytes'))}\n${style.bold(`${'Address'.padEnd(10)}  ${'a'.padEnd(cell)}   b`)}`,
  ];
  let end = rows[0]?.start;
  for (const row of rows) {
    if (row.start !== end) lines.push(style.dim('...'));
    const note = [row.name, row.value && shorten(row.value)].filter((text) => text !== null).join(' = ');
    const [one, two] = [column(row, row.before, row.after, style.red), column(row, row.after, row.before, style.green)];
    lines.push(`${formatAddress(row.start)}  ${one}   ${two}  ${style.cyan(note)}`.trimEnd());
    end = row.end;
  }
  if (more > 0) lines.push(style.dim(`${formatCount(more)} more rows: --limit 0 shows all`));
  return `\n${lines.join('\n')}\n`;
}

/** Digests and keys in words would push the next column off the screen; --json has them whole. */
const MAX_VALUE = 100;

function shorten(value: string): string {
  return value.length > MAX_VALUE ? `${value.slice(0, MAX_VALUE - 3)}...` : value;
}

type Paint = Style['red'];

function column(
  { start, end, masked }: DiffHexRow,
  own: Uint8Array | null,
  other: Uint8Array | null,
  paint: Paint,
): string {
  const cells = Array.from({ length: end - start }, (_, index) => {
    if (own === null) return '--';
    if (masked) return '**';
    const byte = own[index] as number;
    const text = toHex(Uint8Array.of(byte));
    return other?.[index] === byte ? text : paint(text);
  });
  const padding = ' '.repeat((DIFF_ROW_BYTES - cells.length) * 3);
  return cells.join(' ') + padding;
}

/** Rows as data: bytes as text, null where they are masked or absent. */
export function hexDocument({ rows, more }: DiffHex) {
  const text = (row: DiffHexRow, bytes: Uint8Array | null): string | null =>
    row.masked || !bytes ? null : [...bytes].map((byte) => toHex(Uint8Array.of(byte))).join(' ');
  return {
    rows: rows.map((row) => ({ ...row, before: text(row, row.before), after: text(row, row.after) })),
    more,
  };
}
