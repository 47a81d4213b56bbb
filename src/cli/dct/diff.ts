/** `dct diff`: the fields that differ between two DCTs. */
import { type DctCopyView, type DctInspection, inspectDct, pickCopy } from '../../operations/configuration/dct.js';
import { changedFields, uncomparedSections } from '../../operations/edit/dct-compare.js';
import { renderDctDiff } from '../../report/dct-edit.js';
import { renderJson } from '../../report/json.js';
import { TOOL } from '../../tool.js';
import { badOperands } from '../actions.js';
import { EXIT_DONE, EXIT_FINDINGS } from '../command.js';
import { boardFrom, openInput } from '../open.js';
import type { DctAction } from './edit.js';

export const diff: DctAction = async (operands, args, context) => {
  const [first, second, ...more] = operands;
  if (first === undefined || second === undefined || more.length > 0) {
    throw badOperands('dct diff', 'two files', 'dct diff before.bin after.bin');
  }
  const board = await boardFrom(args);
  const showSecrets = args.flag('--show-secrets');
  const a = inspectDct(await openInput(first, args), board, showSecrets);
  const b = inspectDct(await openInput(second, args), board, showSecrets);
  const number = args.text('--copy');
  const wanted = number === undefined ? undefined : number === '1' ? 1 : 2;
  const [copyA, copyB] = [pickCopy(a, wanted), pickCopy(b, wanted)];
  // pickCopy gives no copy without a view.
  const [viewA, viewB] = [copyA.view, copyB.view];
  const changes = viewA && viewB ? changedFields(viewA, viewB, showSecrets) : [];
  const uncompared = viewA && viewB ? uncomparedSections(viewA, viewB) : [];
  if (context.json) {
    const document = {
      schema: 'flashatlas/dct-diff',
      schemaVersion: 1,
      tool: TOOL,
      a: side(a, copyA),
      b: side(b, copyB),
      equal: changes.length === 0,
      changes: changes.map(({ before, after, ...rest }) => ({ ...rest, a: before, b: after })),
      uncompared,
    };
    context.write(`${renderJson(document)}\n`);
  } else {
    const sides = [textSide(a, copyA), textSide(b, copyB)] as const;
    context.write(renderDctDiff(sides, changes, uncompared, context));
  }
  return changes.length === 0 ? EXIT_DONE : EXIT_FINDINGS;
};

function side({ source, report, copies }: DctInspection, copy: DctCopyView) {
  const states = copies.map(({ number, state, crc, sequence }) => ({ number, state, crc, sequence }));
  return {
    input: source.input,
    form: source.form,
    current: report?.current ?? null,
    compared: copy.number,
    copies: states,
  };
}

function textSide({ source }: DctInspection, copy: DctCopyView) {
  const sequence = copy.sequence === null ? '' : `, sequence ${copy.sequence}`;
  const words = copy.number === null ? 'application section' : `copy ${copy.number} (${copy.state}${sequence})`;
  return { path: source.input.path, words };
}
