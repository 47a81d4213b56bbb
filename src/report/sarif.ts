/**
 * Findings as SARIF 2.1.0 (OASIS), for code scanning and other tools that collect results. A place is given twice: as
 * bytes or line of the file, where it is known, and as a target address.
 */
import { toHex } from '../core/bytes.js';
import { sha256 } from '../core/checksums.js';
import type { Severity } from '../core/finding.js';
import type { CheckFinding, CheckReport, CheckResult } from '../operations/check/report.js';
import { renderJson } from './json.js';

type RuleTexts = CheckResult['rules'][number];

/** SARIF has the same three levels by the same names. */
const LEVELS: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', note: 'note' };

export function renderSarif({ report, rules }: CheckResult): string {
  return `${renderJson(sarifOf(report, rules))}\n`;
}

function sarifOf(report: CheckReport, rules: readonly RuleTexts[]) {
  const indices = new Map(rules.map(({ id }, index) => [id, index]));
  return {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: report.tool.name,
            version: report.tool.version,
            semanticVersion: report.tool.version,
            rules: rules.map(ruleOf),
          },
        },
        invocations: [{ executionSuccessful: true, exitCode: report.passed ? 0 : 1 }],
        artifacts: artifactsOf(report),
        results: report.findings.map((finding) => resultOf(finding, indices, report)),
        properties: { verdict: report.verdict, board: report.layout.board, summary: report.summary },
      },
    ],
  };
}

function ruleOf({ id, severity, title, about, why, source }: RuleTexts) {
  return {
    id,
    name: title,
    shortDescription: { text: `${title}.` },
    fullDescription: { text: about },
    help: {
      text: `${about} ${why} Source: ${source}.`,
      markdown: `${about}\n\n${why}\n\nSource: ${source}.`,
    },
    defaultConfiguration: { level: LEVELS[severity] },
    properties: { tags: [id.slice(0, id.indexOf('/'))] },
  };
}

function artifactsOf({ scope, input, inputs }: CheckReport) {
  const files = scope === 'onto' && input ? [...inputs, input] : inputs;
  return files.map(({ path, size, sha256 }) => ({
    location: { uri: uriOf(path) },
    length: size,
    hashes: { 'sha-256': sha256 },
  }));
}

function resultOf(finding: CheckFinding, indices: ReadonlyMap<string, number>, report: CheckReport) {
  const { rule, severity, message, remedy, evidence, region } = finding;
  return {
    ruleId: rule,
    ruleIndex: indices.get(rule) ?? -1,
    level: LEVELS[severity],
    message: { text: remedy ? `${sentence(message)} ${remedy}` : sentence(message) },
    locations: [{ physicalLocation: placeOf(finding, report) }],
    partialFingerprints: { 'flashatlas/v1': fingerprint(finding) },
    properties: { evidence, ...(region === undefined ? {} : { region }), ...(remedy ? { remedy } : {}) },
  };
}

function placeOf({ start, end, file, fileOffset, fileLine, region }: CheckFinding, { input, inputs }: CheckReport) {
  const path = file ?? input?.path ?? inputs[0]?.path ?? '-';
  const length = end - start;
  const size = [...inputs, ...(input ? [input] : [])].find((entry) => entry.path === path)?.size ?? 0;
  const place =
    fileLine !== null
      ? { region: { startLine: fileLine } }
      : fileOffset !== null
        ? // The place of a module that is cut off goes on behind the end of its file.
          { region: { byteOffset: fileOffset, byteLength: Math.max(0, Math.min(length, size - fileOffset)) } }
        : {};
  const address =
    start === 0 && end === 0
      ? {}
      : {
          address: {
            absoluteAddress: start,
            length,
            ...(region === undefined ? {} : { name: region, kind: 'section' }),
          },
        };
  return { artifactLocation: { uri: uriOf(path) }, ...place, ...address };
}

/** The same for the same finding about a later version of the file: neither its name nor numbers in the message count. */
function fingerprint({ rule, region, start, end }: CheckFinding): string {
  const key = [rule, region ?? '', start.toString(16), end === start ? 'empty' : 'range'].join('\n');
  return toHex(sha256(new TextEncoder().encode(key))).slice(0, 32);
}

function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}

/** RFC 3986: relative as it was given, with "/" between folders; stdin has a name of its own. */
function uriOf(path: string): string {
  if (path === '-') return 'stdin';
  const parts = path.replaceAll('\\', '/').split('/');
  const encoded = parts.map((part) => encodeURIComponent(part.replace(/\p{Cs}/gu, '\uFFFD'))).join('/');
  if (/^[a-z]%3A$/i.test(encoded.split('/')[0] ?? '')) return `file:///${encoded.replace('%3A', ':')}`;
  return path.startsWith('/') ? `file://${encoded}` : encoded;
}
