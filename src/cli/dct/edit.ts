/** `dct set`, `dct copy` and `dct erase-field`: a changed DCT in a new file. */
import { equalBytes } from '../../core/bytes.js';
import type { Board } from '../../layout/types.js';
import type { DctFieldChange } from '../../operations/edit/dct-compare.js';
import { changedFields } from '../../operations/edit/dct-compare.js';
import { copiedEdits, erasedEdits } from '../../operations/edit/dct-copy.js';
import { currentCopy, type DctEdited, type DctFile, editDct, openDct } from '../../operations/edit/dct-edit.js';
import { dctEdits } from '../../operations/edit/dct-words.js';
import { type DctEdit, dctSection, type EditStyle } from '../../regions/dct/index.js';
import { bytesOf, type DctView, viewApplication, viewCopy } from '../../regions/dct/view.js';
import { renderDctEdit } from '../../report/dct-edit.js';
import { renderFindings } from '../../report/findings.js';
import { renderJson } from '../../report/json.js';
import { PLAIN } from '../../report/style.js';
import { TOOL } from '../../tool.js';
import { assignmentsFrom, badOperands } from '../actions.js';
import type { ParsedArguments } from '../args.js';
import { type Context, EXIT_DONE } from '../command.js';
import { type EditableInput, openEditable, writeImage } from '../edited.js';
import { readInput, requireStdinOnce } from '../io.js';
import { boardFrom } from '../open.js';
import { type Output, outputFrom } from '../output.js';

export type DctAction = (operands: readonly string[], args: ParsedArguments, context: Context) => Promise<number>;

/** Shown when a --set is not understood. */
export const EXAMPLE = 'serverAddress=cloud.example.com:5683';

/** Files of values: as large as a key or a certificate, never a dump. */
export function valueFile(path: string): Uint8Array {
  return readInput(path, 1 << 20, 'other');
}

export const set: DctAction = async (operands, args, context) => {
  const [path, ...more] = operands;
  const assignments = assignmentsFrom(args, EXAMPLE);
  if (path === undefined || more.length > 0 || assignments.length === 0) {
    throw badOperands('dct set', 'one file and at least one --set', 'dct set dump.bin --set claimed=yes -o new.bin');
  }
  return change('set', path, args, context, [path], (file) =>
    dctEdits(assignments, { current: currentCopy(file)?.bytes, readFile: valueFile }),
  );
};

export const eraseField: DctAction = async (operands, args, context) => {
  const [path, ...fields] = operands;
  if (path === undefined || fields.length === 0) {
    const example = 'dct erase-field dump.bin claim_code wifi -o new.bin';
    throw badOperands('dct erase-field', 'a file and at least one field', example);
  }
  return change('erase-field', path, args, context, [path], () => erasedEdits(fields));
};

export const copy: DctAction = async (operands, args, context) => {
  const [from, to] = [args.text('--from'), args.text('--to')];
  if (from === undefined || to === undefined) {
    throw badOperands('dct copy', 'both --from and --to', 'dct copy --from old.bin --to new.bin -o out.bin');
  }
  requireStdinOnce([from, to]);
  const board = await boardFrom(args);
  const source = openDct((await openEditable(from, args)).input, board);
  return change(
    'copy',
    to,
    args,
    context,
    [from, to],
    (file) => copiedEdits(source, operands, { ...file, current: currentCopy(file)?.bytes ?? null }),
    true,
  );
};

async function change(
  action: string,
  path: string,
  args: ParsedArguments,
  context: Context,
  inputs: readonly string[],
  edits: (file: DctFile) => DctEdit[],
  orFresh = false,
): Promise<number> {
  const output = outputFrom(args, context, inputs, true);
  const board = await boardFrom(args);
  const opened = await openEditable(path, args);
  const file = openDct(opened.input, board, args.text('--release'));
  const edited = editDct(file, edits(file), {
    style: args.text('--style') as EditStyle | undefined,
    wipeOld: args.flag('--wipe-old'),
    format: args.flag('--fresh'),
    orFresh,
  });
  return finish(action, edited, opened, board, output, args, context);
}

function finish(
  action: string,
  edited: DctEdited,
  opened: EditableInput,
  board: Board,
  output: Output,
  args: ParsedArguments,
  context: Context,
): number {
  const changes = changesOf(edited, args.flag('--show-secrets'));
  const written = writeImage(edited.image, output, opened.result, board);
  report(`dct-${action}`, edited, changes, { path: output.path, ...written }, context);
  return EXIT_DONE;
}

export interface WrittenFile {
  readonly path: string;
  readonly size: number;
  readonly sha256: string | null;
  readonly private: boolean;
  readonly format: string;
}

/** What was written and changed, in words or as JSON. */
export function report(
  schema: string,
  edited: DctEdited,
  changes: readonly DctFieldChange[],
  output: WrittenFile,
  context: Context,
  extra: Readonly<Record<string, unknown>> = {},
): void {
  const { file, style, fresh, before, after, wiped } = edited;
  const leftovers = leftoversOf(edited);
  const notes = notesOn(schema, changes, file.source.board);
  const { findings } = file.source;
  if (!context.json) {
    if (findings.length > 0) context.warn(`${renderFindings(findings, PLAIN, context.width)}\n`);
    context.warn(renderDctEdit({ edited, changes, output, leftovers, notes }, { ...context, style: PLAIN }));
    return;
  }
  const { source, shape, release, releaseSource, rules } = file;
  const document = {
    schema: `flashatlas/${schema}`,
    schemaVersion: 1,
    tool: TOOL,
    input: source.input,
    form: source.form,
    board: source.board.id,
    output,
    firmware: { release, releaseSource, rules },
    style,
    fresh,
    wiped,
    currentBefore: shape === 'section' ? null : (before?.number ?? null),
    current: shape === 'section' ? null : after.number,
    changes,
    leftovers,
    notes,
    findings,
    ...extra,
  };
  context.write(`${renderJson(document)}\n`);
}

function notesOn(schema: string, changes: readonly DctFieldChange[], board: Board): string[] {
  if (schema === 'keys-import' && changes.some(({ key }) => key.startsWith('alt_'))) {
    return [
      `An EC key belongs to the alternate fields, which the firmware of ${board.name} does not use: it proves itself with the RSA key, which stays as it was.`,
    ];
  }
  if (schema !== 'dct-copy' || !changes.some(({ key }) => key === 'device_id')) return [];
  return [
    'device_id is that of the chip the DCT comes from, and the firmware of another chip leaves it so. Erase the field (dct erase-field OUT device_id) to let it write its own.',
  ];
}

export function viewOf({ file }: Pick<DctEdited, 'file'>, copyBytes: Uint8Array): DctView {
  if (file.shape !== 'section') return viewCopy(copyBytes, 'wiced');
  const { offset, size } = dctSection('wiced', 'application');
  const length = file.source.image.segments[0]?.bytes.length ?? 0;
  return viewApplication(copyBytes.subarray(offset, offset + Math.min(size, length)));
}

export function changesOf(edited: DctEdited, showSecrets: boolean): DctFieldChange[] {
  const { before, after } = edited;
  const old = before?.bytes ?? new Uint8Array(after.bytes.length).fill(0xff);
  return changedFields(viewOf(edited, old), viewOf(edited, after.bytes), showSecrets);
}

/** Changed secrets of which the copy that is not in use still holds the old value. */
function leftoversOf(edited: DctEdited): string[] {
  const { pair, after, before } = edited;
  if (!pair || !before) return [];
  const old = viewOf(edited, before.bytes);
  const other = viewOf(edited, after.number === 1 ? pair.copy2 : pair.copy1);
  return changesOf(edited, false)
    .filter(({ key, secret, before: words }) => secret && /^set|key set/.test(words) && isSame(old, other, key))
    .map(({ key }) => key);
}

function isSame(a: DctView, b: DctView, key: string): boolean {
  const [first, second] = [bytesOf(a, key), bytesOf(b, key)];
  return first !== null && second !== null && equalBytes(first, second);
}
