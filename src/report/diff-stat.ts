/** `diff --stat`: how much differs in each region, on one line each. */
import { bytesWords, formatCount, listWords } from '../core/words.js';
import type { Difference } from '../operations/diff/diff.js';
import type { DiffView } from './diff.js';

const BAR = 40;

export function renderDiffStat({ regions, sectorsToErase, delta, equal }: Difference, { style }: DiffView): string {
  const rows = regions
    .filter(({ changed }) => changed)
    .map((region) => ({ ...region, all: region.bytes + region.onlyA + region.onlyB }));
  const names = Math.max(0, ...rows.map(({ id }) => id.length));
  const digits = Math.max(0, ...rows.map(({ all }) => formatCount(all).length));
  const lines = rows.map(({ id, all, bytes, onlyA, onlyB, start, end }) => {
    const cells = (count: number, mark: string): string => mark.repeat(Math.ceil((count / (end - start)) * BAR));
    const bar = style.yellow(cells(bytes, '~')) + style.red(cells(onlyA, '-')) + style.green(cells(onlyB, '+'));
    return ` ${id.padEnd(names)} | ${formatCount(all).padStart(digits)} ${bar}`.trimEnd();
  });
  if (equal && lines.length === 0) return 'equal\n';
  const totals = [
    `${bytesWords(delta.changed)} ${delta.changed === 1 ? 'differs' : 'differ'} (~)`,
    ...(delta.onlyA > 0 ? [`${bytesWords(delta.onlyA)} only in a (-)`] : []),
    ...(delta.onlyB > 0 ? [`${bytesWords(delta.onlyB)} only in b (+)`] : []),
    `sectors to erase: ${listWords(sectorsToErase.map(String)) || 'none'}`,
  ];
  return `${[...lines, ` ${totals.join(', ')}`].join('\n')}\n`;
}
