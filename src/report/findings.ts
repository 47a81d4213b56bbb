/** Findings and verdict as text; every command that judges prints them the same way. */
import { formatRange } from '../core/bytes.js';
import type { Finding, Severity, Verdict } from '../core/finding.js';
import { nameInText, wrapText } from '../core/words.js';
import type { Paint, Style } from './style.js';

const PAINT: Readonly<Record<Severity, Paint>> = { error: 'red', warning: 'yellow', note: 'cyan' };
const VERDICT_PAINT: Readonly<Record<Verdict, Paint>> = { fail: 'red', warn: 'yellow', pass: 'green' };

export function renderFindings(findings: readonly Finding[], style: Style, width: number): string {
  return findings.map((finding) => renderFinding(finding, style, width)).join('\n');
}

function renderFinding(finding: Finding, style: Style, width: number): string {
  // 0 to 0 is how a finding about the file itself says that it has no address.
  const placed = finding.end > 0 || finding.start > 0;
  const range = placed ? formatRange(finding) : '';
  const place = nameInText([finding.region, range, finding.origin].filter(Boolean).join(', '));
  const lines = [
    `${style[PAINT[finding.severity]](finding.severity.padEnd(7))} ${style.bold(finding.rule)}${place ? `  ${style.dim(place)}` : ''}`,
    wrapText(finding.message, width, '        '),
  ];
  if (finding.remedy) lines.push(wrapText(`-> ${finding.remedy}`, width, '        '));
  return lines.join('\n');
}

export function renderVerdict(verdict: Verdict, findings: readonly Finding[], style: Style): string {
  const count = (severity: Severity): number => findings.filter((finding) => finding.severity === severity).length;
  const plural = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`;
  const numbers = [plural(count('error'), 'error'), plural(count('warning'), 'warning'), plural(count('note'), 'note')];
  return `${style.bold('Verdict')}  ${style[VERDICT_PAINT[verdict]](verdict)} (${numbers.join(', ')})`;
}
