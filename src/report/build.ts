/** What `build` says: what lies where, what was written, what the board will do with it. */
import { formatAddress, formatHex } from '../core/bytes.js';
import { type Finding, verdictOf } from '../core/finding.js';
import type { Range } from '../core/range.js';
import { formatCount } from '../core/words.js';
import type { BuildResult, PlacedReport } from '../operations/build/build.js';
import type { Shape } from '../operations/build/recipe.js';
import { type LedWords, renderBootSection } from './boot.js';
import { renderColumns } from './columns.js';
import { renderFindings, renderVerdict } from './findings.js';
import { outputName, privacyWords } from './output.js';
import type { Style } from './style.js';

export interface BuildOutput {
  readonly path: string;
  readonly format: string;
  /** gzip: the format inside. */
  readonly inner: string | null;
  readonly shape: Shape;
  /** Of the file; null when nothing was written. */
  readonly size: number | null;
  readonly sha256: string | null;
  /** Only its owner may read the file. */
  readonly private: boolean;
  readonly ranges: readonly Range[];
  readonly dataBytes: number;
}

export interface BuildText {
  readonly results: readonly BuildResult[];
  readonly outputs: readonly BuildOutput[];
  readonly findings: readonly Finding[];
  readonly style: Style;
  readonly width: number;
  readonly led: LedWords;
}

export function renderBuild({ results, outputs, findings, style, width, led }: BuildText): string {
  const [first] = results;
  if (!first) return '';
  const titled = (title: string, body: string): string => `${style.bold(style.cyan(title))}\n${body}`;
  const sections = [titled(`Placed for ${first.board.name}`, placedTable(first.placed, style))];
  if (first.optionBytes !== null) {
    sections.push(
      titled(
        'Option bytes',
        `  FLASH_OPTCR ${formatHex(first.optionBytes, 8)}, in no output: set it with the programmer`,
      ),
    );
  }
  if (outputs.length > 0) sections.push(titled('Outputs', outputs.map(outputText).join('\n')));
  const boot = results.find(({ report }) => report.boot)?.report.boot;
  // Other ends than the expected one are what the command boot is for.
  const expected = boot && { ...boot, alternatives: [] };
  if (expected) sections.push(titled('Boot', renderBootSection(expected, { width, led, brief: true })));
  if (findings.length > 0) sections.push(titled('Findings', renderFindings(findings, style, width)));
  sections.push(renderVerdict(verdictOf(findings), findings, style));
  return `${sections.join('\n\n')}\n`;
}

function placedTable(placed: readonly PlacedReport[], style: Style): string {
  const rows = placed.map(({ start, end, title, source, region }) => [
    `${formatAddress(start)}-${formatAddress(end - 1)}`,
    formatCount(end - start),
    region ?? '-',
    title,
    source,
  ]);
  return renderColumns(
    [
      { title: 'addresses' },
      { title: 'bytes', align: 'right' },
      { title: 'region' },
      { title: 'what', width: 34 },
      { title: 'from' },
    ],
    rows,
    style,
  );
}

const SHAPE_WORDS: Readonly<Record<Shape, string>> = {
  padded: 'the whole flash',
  trimmed: 'the flash up to the last byte given',
  restore: 'the whole flash without DCT and EEPROM',
  sparse: 'only what was given',
};

function outputText(output: BuildOutput): string {
  const { format, inner, shape, size, sha256, ranges, dataBytes } = output;
  const form = inner ? `${format} with ${inner} inside` : format;
  const written = size === null ? ', not written' : `, ${formatCount(size)} bytes${privacyWords(output)}`;
  const lines = [`  ${outputName(output.path)}: ${form}${written}`];
  lines.push(`    ${shape}: ${SHAPE_WORDS[shape]}, ${formatCount(dataBytes)} bytes at ${rangeWords(ranges)}`);
  if (sha256 !== null) lines.push(`    sha256 ${sha256}`);
  return lines.join('\n');
}

const MAX_RANGES = 3;

function rangeWords(ranges: readonly Range[]): string {
  const shown = ranges
    .slice(0, MAX_RANGES)
    .map(({ start, end }) => `${formatAddress(start)}-${formatAddress(end - 1)}`);
  const rest = ranges.length - shown.length;
  return rest > 0
    ? `${shown.join(', ')} and ${formatCount(rest)} more place${rest === 1 ? '' : 's'}`
    : shown.join(', ');
}
