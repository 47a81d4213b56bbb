/** `dfu check` and `dfu show`. */
import { toHex } from '../../core/bytes.js';
import { sha256 } from '../../core/checksums.js';
import { reaches, type Severity } from '../../core/finding.js';
import type { Board } from '../../layout/types.js';
import { type DfuReport, reportDfu } from '../../operations/dfu-show.js';
import { renderDfuCheck, renderDfuShow } from '../../report/dfu.js';
import { renderJson } from '../../report/json.js';
import { TOOL } from '../../tool.js';
import type { ParsedArguments } from '../args.js';
import { EXIT_DONE, EXIT_FINDINGS } from '../command.js';
import { boardFrom, expandFiles } from '../open.js';
import { requireFiles } from '../place.js';
import { type DfuAction, readFileBytes, requireOne } from './action.js';

export const check: DfuAction = async (operands, args, context) => {
  requireFiles(operands);
  const paths = await expandFiles(operands);
  const board = await boardFrom(args);
  const files = paths.map((path) => readReport(path, args, board));
  if (context.json) {
    const head = { schema: 'flashatlas/dfu-check', schemaVersion: 1, tool: TOOL };
    context.write(`${renderJson({ ...head, files: files.map(document) })}\n`);
  } else {
    context.write(
      renderDfuCheck(
        files.map(({ report }) => report),
        context,
      ),
    );
  }
  const level = args.text('--fail-on') ?? 'error';
  const findings = files.flatMap(({ report }) => report.findings);
  const failed = level !== 'never' && findings.some(({ severity }) => reaches(severity, level as Severity));
  return failed ? EXIT_FINDINGS : EXIT_DONE;
};

export const show: DfuAction = async (operands, args, context) => {
  const board = await boardFrom(args);
  const file = readReport(requireOne(operands, 'show'), args, board);
  const head = { schema: 'flashatlas/dfu-show', schemaVersion: 1, tool: TOOL };
  if (context.json) context.write(`${renderJson({ ...head, ...document(file) })}\n`);
  else context.write(renderDfuShow(file.report, context));
  return EXIT_DONE;
};

interface FileReport {
  readonly bytes: Uint8Array;
  readonly report: DfuReport;
}

function readReport(path: string, args: ParsedArguments, board: Board): FileReport {
  const bytes = readFileBytes(path, args);
  return { bytes, report: reportDfu(bytes, path, board, args.number('--base')) };
}

function document({ bytes, report: { path, size, container, ...rest } }: FileReport) {
  const format = container?.kind === 'dfuse' ? 'dfuse' : container ? 'dfu' : 'bin';
  return { input: { path, size, sha256: toHex(sha256(bytes)), format }, container, ...rest };
}
