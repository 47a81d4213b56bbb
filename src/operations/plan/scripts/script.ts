/** What every script needs, and what every one of them has: a head that says what it does. */
import { BuildError } from '../../../core/errors.js';
import { wrapText } from '../../../core/words.js';
import type { ToolProfile } from '../../../layout/flashing-tools.js';
import type { Board } from '../../../layout/types.js';
import type { Inspection } from '../../inspect/inspect.js';
import type { DataFile, Plan, PlanOptions, PlanStep, ScriptFile } from '../types.js';
import { commentText } from './quote.js';

export interface ScriptContext {
  readonly board: Board;
  readonly tool: ToolProfile;
  readonly options: PlanOptions;
  readonly fromName: string;
  readonly toName: string;
  readonly from: Inspection | null;
}

/** A plan before its scripts. */
export type PlanDraft = Omit<Plan, 'script' | 'scripts' | 'files'>;

export interface Scripts {
  readonly scripts: readonly ScriptFile[];
  readonly files: readonly DataFile[];
}

const WIDTH = 100;

/** The head of a script as comment lines. */
export function headLines(
  draft: PlanDraft,
  { board, fromName, toName }: ScriptContext,
  mark: string,
  run: string,
): string[] {
  const target = draft.known ? `${fromName} -> ${toName}` : `${toName}, for a chip that nobody has read`;
  const sentences = [
    `flashatlas plan for ${board.name} (${board.chip.name}): ${target}`,
    `Run it in the folder of its data files: ${run}`,
    ...draft.warnings.map((warning) => `Mind: ${warning}`),
    ...draft.lost.map(({ what, reason }) => `Lost: ${what} (${reason}).`),
  ];
  return sentences.flatMap((sentence) =>
    wrapText(commentText(sentence), WIDTH)
      .split('\n')
      .map((line) => `${mark} ${line}`),
  );
}

/** One line without control characters: titles may come from somebody's own board file. */
export function stepText({ number, title }: PlanStep): string {
  return commentText(`step ${number}: ${title}`);
}

/** The data files of program and write-dct steps, each once. */
export function dataFiles(steps: readonly PlanStep[]): DataFile[] {
  return steps.flatMap(({ file, data, title }) =>
    file !== null && data ? [{ name: file, content: data, about: title }] : [],
  );
}

/** @throws BuildError PLAN_TOOL_CANNOT */
export function cannot(tool: ToolProfile, what: string, help: string): never {
  throw new BuildError({ code: 'PLAN_TOOL_CANNOT', what: `${tool.title} cannot ${what}`, help });
}

/** True for a write of erased bytes only: it is there because writing erases the sector. */
export function isErasedOnly({ data }: PlanStep): boolean {
  return data?.every((byte) => byte === 0xff) ?? false;
}

/** Lines of a POSIX shell script. */
export function shellHead(head: readonly string[]): string[] {
  // What is read from the board holds its keys.
  return ['#!/bin/sh', ...head, 'set -eu', 'umask 077', 'cd -- "$(dirname -- "$0")"', ''];
}

/** Stops when data files are missing, before anything is changed. */
export function shellFileCheck(names: readonly string[]): string[] {
  if (names.length === 0) return [];
  return [
    `for file in ${names.join(' ')}; do`,
    '  [ -f "$file" ] || { echo "$file is missing: run this beside its data files" >&2; exit 1; }',
    'done',
  ];
}

export function shellBackupCheck(name: string): string[] {
  return [
    `[ ! -e ${name} ] || { echo "the backup exists already: keep it, and move it away to run this again" >&2; exit 1; }`,
  ];
}

/** Not echo, which takes backslashes for escapes in some shells. */
export function echo(text: string): string {
  return `printf '%s\\n' '${text.replaceAll("'", "'\\''")}'`;
}
