/** `dfu add` and `dfu remove`. */
import { idPair } from '../../formats/dfu-device.js';
import { addDfuSuffix, removeDfuSuffix } from '../../operations/dfu.js';
import { renderJson } from '../../report/json.js';
import { TOOL } from '../../tool.js';
import type { ParsedArguments } from '../args.js';
import { type Context, EXIT_DONE } from '../command.js';
import { boardFrom } from '../open.js';
import { outputFrom } from '../output.js';
import { type DfuAction, idsFrom, readFileBytes, requireOne } from './action.js';

export const add: DfuAction = async (operands, args, context) => {
  const path = requireOne(operands, 'add');
  const { dfu } = await boardFrom(args);
  const ids = idsFrom(args, dfu);
  const pair = idPair(ids.vendor ?? 0xffff, ids.product ?? 0xffff);
  return rewrite(path, args, context, 'add', `DFU suffix for ${pair} added`, (bytes) => addDfuSuffix(bytes, path, ids));
};

export const remove: DfuAction = async (operands, args, context) => {
  const path = requireOne(operands, 'remove');
  const damaged = args.flag('--damaged');
  return rewrite(path, args, context, 'remove', 'DFU suffix removed', (bytes) => removeDfuSuffix(bytes, path, damaged));
};

function rewrite(
  path: string,
  args: ParsedArguments,
  context: Context,
  action: string,
  message: string,
  change: (bytes: Uint8Array) => Uint8Array,
): number {
  const output = outputFrom(args, context, [path]);
  const before = readFileBytes(path, args);
  const { size, sha256 } = output.write([change(before)]);
  if (context.json) {
    const head = { schema: `flashatlas/dfu-${action}`, schemaVersion: 1, tool: TOOL };
    const input = { path, size: before.length };
    context.write(`${renderJson({ ...head, input, output: { path: output.path, size, sha256 } })}\n`);
  } else context.warn(`${output.path === '-' ? 'stdout' : output.path}: ${message}, ${size} bytes\n`);
  return EXIT_DONE;
}
