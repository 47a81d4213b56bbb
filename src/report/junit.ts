/**
 * Findings as JUnit XML in the form that CI servers read (testsuites, testsuite, testcase, failure). Every finding is a
 * test case; those that reach --fail-on have failed. A clean input is one case that passed.
 */
import { formatAddress, formatRange } from '../core/bytes.js';
import { reaches } from '../core/finding.js';
import type { CheckFinding, CheckReport } from '../operations/check/report.js';

export function renderJunit(report: CheckReport): string {
  const { findings, failOn, tool } = report;
  const failed = (finding: CheckFinding): boolean => failOn !== 'never' && reaches(finding.severity, failOn);
  const failures = findings.filter(failed).length;
  const name = subject(report);
  const cases =
    findings.length === 0
      ? [`    <testcase${attributes({ classname: name, name: 'no findings' })}/>`]
      : findings.map((finding) => testCase(finding, failed(finding), name));
  const counts = { tests: cases.length, failures, errors: 0 };
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name: `${tool.name} check`, ...counts })}>`,
    `  <testsuite${attributes({ name, ...counts, skipped: 0 })}>`,
    '    <properties>',
    `      <property${attributes({ name: 'verdict', value: report.verdict })}/>`,
    `      <property${attributes({ name: 'board', value: report.layout.board })}/>`,
    '    </properties>',
    ...cases,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function subject({ scope, input, inputs }: CheckReport): string {
  const files = inputs.map(({ path }) => path).join(', ');
  return scope === 'onto' ? `${files} onto ${input?.path ?? ''}` : files;
}

function testCase(finding: CheckFinding, failed: boolean, subjectName: string): string {
  const { rule, severity, message, remedy, region, start, end, file, origin } = finding;
  const placed = start > 0 || end > 0;
  const name = placed ? `${rule} at ${formatAddress(start)}` : rule;
  const place = [file, origin, region, placed ? formatRange(finding) : ''];
  const lines = [message, ...(remedy ? [remedy] : []), place.filter(Boolean).join(', ')];
  const open = `    <testcase${attributes({ classname: file ?? subjectName, name })}>`;
  const body = failed
    ? `      <failure${attributes({ type: severity, message })}>${escapeXml(lines.join('\n'))}</failure>`
    : `      <system-out>${escapeXml(`${severity}: ${lines.join('\n')}`)}</system-out>`;
  return [open, body, '    </testcase>'].join('\n');
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeXml(`${value}`).replaceAll('\n', '&#10;').replaceAll('\t', '&#9;')}"`)
    .join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** XML 1.0 has no way to write most control characters, halves of surrogate pairs, U+FFFE and U+FFFF. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that XML 1.0 does not allow.
const FORBIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ufffe\uffff]|\p{Cs}/gu;

function escapeXml(text: string): string {
  return text
    .replace(FORBIDDEN, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16).toUpperCase()}}`)
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
