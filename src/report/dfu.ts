/** The texts of `dfu`. */
import { formatAddress, formatHex } from '../core/bytes.js';
import { escapeText } from '../core/text.js';
import { formatCount, wrapText } from '../core/words.js';
import type { DfuElementReport, DfuReport } from '../operations/dfu-show.js';
import type { DfuUtilForecast } from '../operations/dfu-util.js';
import { renderColumns } from './columns.js';
import { renderFindings, renderVerdict } from './findings.js';
import type { Style } from './style.js';

interface Look {
  readonly style: Style;
  readonly width: number;
}

/** `dfu check`: findings and verdict per file; notes only where nothing else is wrong. */
export function renderDfuCheck(reports: readonly DfuReport[], { style, width }: Look): string {
  const texts = reports.map((report) => {
    const lines = [`${style.bold(escapeText(report.path))}: ${summaryOf(report)}`];
    if (report.findings.length > 0) lines.push(renderFindings(report.findings, style, width));
    lines.push(renderVerdict(report.verdict, report.findings, style));
    return `${lines.join('\n')}\n`;
  });
  return texts.join('\n');
}

/** `dfu show`. */
export function renderDfuShow(report: DfuReport, { style, width }: Look): string {
  const lines = [`${style.bold(escapeText(report.path))}: ${summaryOf(report)}`, ''];
  lines.push(...suffixLines(report));
  if (report.elements.length > 0) lines.push('', renderElements(report.elements, style));
  if (report.dfuUtil) lines.push('', ...forecastLines(report.dfuUtil, style, width));
  if (report.findings.length > 0) lines.push('', renderFindings(report.findings, style, width));
  lines.push('', renderVerdict(report.verdict, report.findings, style));
  return `${lines.join('\n')}\n`;
}

const SUFFIX_WORDS = {
  ok: 'with a sound suffix',
  damaged: 'with a damaged suffix',
  absent: 'without a suffix',
} as const;

function summaryOf({ container, suffix, payloadLength, size, elements, module, address }: DfuReport): string {
  const ending = SUFFIX_WORDS[suffix];
  if (container?.kind === 'dfuse') {
    const data = elements.reduce((total, element) => total + element.size, 0);
    const count = `${elements.length} element${elements.length === 1 ? '' : 's'}`;
    return `DfuSe file ${ending}, ${count}, ${formatCount(data)} data bytes`;
  }
  const kind = suffix === 'absent' ? 'raw bytes' : 'DFU file';
  const length = suffix === 'ok' ? payloadLength : size;
  const content = module ? `, ${module}${address === null ? '' : ` for ${formatAddress(address)}`}` : '';
  return `${kind} ${ending}, ${formatCount(length)} bytes${suffix === 'ok' ? ' of payload' : ''}${content}`;
}

function suffixLines({ container, suffix }: DfuReport): string[] {
  if (!container || suffix === 'absent') return [`  suffix      ${suffix === 'damaged' ? 'damaged' : 'none'}`];
  const id = (name: string): string => {
    const value = container[name];
    if (typeof value !== 'number') return '?';
    return value === 0xffff ? `${formatHex(value, 4)} (any)` : formatHex(value, 4);
  };
  const lines = [
    `  suffix      ${suffix}, CRC ${container.crc === 'ok' ? 'matches' : 'does not match'}`,
    `  idVendor    ${id('vendor')}`,
    `  idProduct   ${id('product')}`,
    `  bcdDevice   ${id('device')}`,
  ];
  if (typeof container.dfuVersion === 'number') lines.push(`  bcdDFU      ${formatHex(container.dfuVersion, 4)}`);
  if (typeof container.imageSize === 'string') {
    const words: Readonly<Record<string, string>> = {
      'excludes-suffix': 'counts the file without suffix',
      'includes-suffix': 'counts the suffix too, which fwupd rejects',
      zero: '0',
      mismatch: 'fits no part of the file',
    };
    lines.push(`  image size  ${words[container.imageSize] ?? container.imageSize}`);
  }
  return lines;
}

function renderElements(elements: readonly DfuElementReport[], style: Style): string {
  const columns = [
    { title: 'alternate', align: 'right' },
    { title: 'target' },
    { title: 'address' },
    { title: 'bytes', align: 'right' },
    { title: 'file offset', align: 'right' },
    { title: 'content' },
  ] as const;
  const rows = elements.map(({ alternate, targetName, address, size, offset, module }) => [
    `${alternate}`,
    targetName === null ? '-' : escapeText(targetName),
    formatAddress(address),
    formatCount(size),
    `${offset}`,
    module ?? '',
  ]);
  return renderColumns(columns, rows, style);
}

function forecastLines({ version, outcome, command, steps }: DfuUtilForecast, style: Style, width: number): string[] {
  const words = {
    writes: style.green('writes the file'),
    'writes-other-bytes': style.red('writes something else than the file means'),
    stops: style.red('does not write the file'),
  };
  const lines = [`${style.bold(`dfu-util ${version}`)}  ${words[outcome]}`];
  if (command !== null) lines.push(`  ${escapeText(command)}`);
  for (const step of steps) lines.push(`  -${wrapText(step, width, '    ').slice(3)}`);
  return lines;
}
