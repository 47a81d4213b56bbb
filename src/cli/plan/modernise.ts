/** plan --modernise: the new script on stdout, what was changed on stderr. */
import { UsageError } from '../../core/errors.js';
import { isScript, modernise } from '../../operations/plan/modernise.js';
import { renderJson } from '../../report/json.js';
import { TOOL } from '../../tool.js';
import type { ParsedArguments } from '../args.js';
import type { Context } from '../command.js';
import { readInput, writeOutput } from '../io.js';

/** Scripts are small; anything larger is another file named by mistake. */
const MAX_SCRIPT_BYTES = 1 << 20;

/** @throws InputError, UsageError USAGE_EXCLUSIVE, PLAN_NOT_A_SCRIPT */
export function showModernised(path: string, args: ParsedArguments, context: Context): void {
  if (args.has('--to') || args.has('--from')) {
    throw new UsageError({
      code: 'USAGE_EXCLUSIVE',
      what: '--modernise and a plan exclude each other',
      help: 'Leave --from and --to out.',
    });
  }
  const bytes = readInput(path, MAX_SCRIPT_BYTES, 'other');
  const old = new TextDecoder().decode(bytes);
  if (!isScript(old)) {
    throw new UsageError({
      code: 'PLAN_NOT_A_SCRIPT',
      what: 'this is no OpenOCD script',
      where: path,
      help: 'Give an OpenOCD script (*.cfg, *.tcl) or a file with OpenOCD command lines.',
    });
  }
  const { text, changes, warnings } = modernise(old);
  const output = args.text('-o');
  if (output !== undefined) writeOutput(output, text, { force: args.flag('--force'), inputs: [path] });
  if (context.json) {
    const head = {
      schema: 'flashatlas/plan-modernise',
      schemaVersion: 1,
      tool: TOOL,
      input: { path, size: bytes.length },
    };
    context.write(`${renderJson({ ...head, changes, warnings, script: text })}\n`);
    return;
  }
  if (output === undefined) context.write(text);
  for (const { line, before, after, note } of changes) {
    context.warn(`line ${line}: ${before}\n     now: ${after ?? 'left out'}\n     ${note}\n`);
  }
  for (const { line, text: command, note } of warnings) context.warn(`line ${line}: ${command}\n     mind: ${note}\n`);
  if (changes.length === 0) context.warn('Nothing had to be changed.\n');
}
