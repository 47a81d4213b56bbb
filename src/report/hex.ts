/** The texts of `hex` and of `inspect --at`. */
import { formatAddress, formatHex, toHex } from '../core/bytes.js';
import type { Finding } from '../core/finding.js';
import type { Part } from '../core/part.js';
import { formatCount, formatSize } from '../core/words.js';
import { type HexRow, ROW_BYTES } from '../operations/hex.js';
import type { Location } from '../operations/locate.js';
import { renderFindings } from './findings.js';
import type { Style } from './style.js';

export function renderHex(rows: readonly HexRow[], style: Style): string {
  const lines: string[] = [];
  for (const row of rows) {
    const note = [row.name, row.value].filter((text) => text !== null).join(' = ');
    const line = `${formatAddress(row.start)}  ${hexColumn(row, style)}  ${asciiColumn(row)}  ${style.cyan(note)}`;
    lines.push(line.trimEnd());
    if (row.repeats > 0) lines.push(style.dim(`            * ${formatCount(row.repeats)} more rows like this`));
  }
  return `${lines.join('\n')}\n`;
}

/** What to know about the reading before believing the bytes above; nothing when there is nothing. */
export function renderReading(
  findings: readonly Finding[],
  { style, width }: { readonly style: Style; readonly width: number },
): string {
  return findings.length > 0 ? `\n${renderFindings(findings, style, width)}\n` : '';
}

function hexColumn(row: HexRow, style: Style): string {
  const size = row.end - row.start;
  const cells = Array.from({ length: size }, (_, index) => {
    if (row.masked) return '**';
    const byte = row.bytes?.[index];
    return byte === undefined ? '--' : toHex(Uint8Array.of(byte));
  });
  const text = cells.join(' ').padEnd(ROW_BYTES * 3 - 1);
  return row.masked ? style.red(text) : text;
}

function asciiColumn(row: HexRow): string {
  const size = row.end - row.start;
  const characters = Array.from({ length: size }, (_, index) => {
    if (row.masked) return '*';
    const byte = row.bytes?.[index];
    if (byte === undefined) return ' ';
    return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.';
  });
  return `|${characters.join('')}|`.padEnd(ROW_BYTES + 2);
}

export function renderLocation(location: Location, style: Style): string {
  const byte = location.secret
    ? 'secret (shown with --show-secrets)'
    : location.byte === null
      ? 'not in this input'
      : formatHex(location.byte, 2);
  const lines = [`${style.bold(formatAddress(location.address))}  ${byte}`];
  for (const step of location.path) {
    const words = [step.about, step.value === null ? null : `= ${step.value}`]
      .filter((text) => text !== null)
      .join(' ');
    const range = step.kind === 'chip' ? '' : `${formatAddress(step.start)}-${formatAddress(step.end - 1)}`;
    const size = step.kind === 'chip' ? '' : formatSize(step.end - step.start);
    const name = step.kind === 'part' ? style.cyan(step.name) : step.name;
    lines.push(`  ${step.kind.padEnd(7)} ${range.padEnd(21)} ${size.padStart(9)}  ${name}${words ? `  ${words}` : ''}`);
  }
  return `${lines.join('\n')}\n`;
}

/** The contents of a sector: parts and the parts in them. */
export function renderOutline(rows: readonly { readonly depth: number; readonly part: Part }[], style: Style): string {
  const lines = rows.map(({ depth, part }) => {
    const words = [part.value, part.about].filter((text) => text !== undefined).join(', ');
    const range = `${formatAddress(part.start)}-${formatAddress(part.end - 1)}`;
    const name = `${'  '.repeat(depth)}${part.name}`;
    return `${range} ${formatSize(part.end - part.start).padStart(9)}  ${style.cyan(name)}${words ? `  ${words}` : ''}`;
  });
  return `\n${style.bold(style.cyan('Contents'))}\n${lines.join('\n')}\n`;
}
