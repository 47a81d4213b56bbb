/**
 * Findings as workflow commands of GitHub Actions, which the runner shows as annotations. What came from a file cannot
 * start a command of its own: line ends and percent signs are escaped as the runner undoes them (actions/toolkit,
 * packages/core/src/command.ts).
 */
import { formatAddress } from '../core/bytes.js';
import type { Severity } from '../core/finding.js';
import type { CheckFinding, CheckReport } from '../operations/check/report.js';

const COMMANDS: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', note: 'notice' };

export function renderGithub({ findings }: CheckReport): string {
  return findings.map((finding) => `${annotation(finding)}\n`).join('');
}

function annotation({ severity, rule, message, remedy, file, fileLine, region, start, end }: CheckFinding): string {
  const properties = [
    ...(file === null || file === '-' ? [] : [`file=${escapeProperty(file)}`]),
    ...(fileLine === null ? [] : [`line=${fileLine}`]),
    `title=${escapeProperty(rule)}`,
  ];
  const placed = start > 0 || end > 0;
  const place = [region, placed ? formatAddress(start) : ''].filter(Boolean).join(' ');
  const text = [place ? `${message} (${place})` : message, ...(remedy ? [remedy] : [])].join('\n');
  return `::${COMMANDS[severity]} ${properties.join(',')}::${escapeData(text)}`;
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
