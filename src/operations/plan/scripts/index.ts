/** A plan in the words of a tool. */

import { BuildError } from '../../../core/errors.js';
import type { ToolId } from '../../../layout/flashing-tools.js';
import { dfuUtilScripts, particleScripts } from './dfu.js';
import { openocdScripts } from './openocd.js';
import { type PlanDraft, READ_BACK, type ScriptContext, type Scripts } from './script.js';
import { cubeProgrammerScripts, jlinkScripts, stFlashScripts } from './swd.js';

const WRITERS: Readonly<Record<ToolId, (draft: PlanDraft, context: ScriptContext) => Scripts>> = {
  openocd: openocdScripts,
  'st-flash': stFlashScripts,
  'dfu-util': dfuUtilScripts,
  cubeprogrammer: cubeProgrammerScripts,
  jlink: jlinkScripts,
  'particle-cli': particleScripts,
};

/** @throws BuildError PLAN_FILE_NAME, PLAN_NO_SERIAL, PLAN_TOOL_CANNOT */
export function writeScripts(draft: PlanDraft, context: ScriptContext): Scripts & { readonly script: string } {
  if (draft.steps.length === 0) return { scripts: [], files: [], script: '' };
  const result = WRITERS[draft.tool](draft, context);
  requireFreeName(draft, result);
  return { ...result, script: result.scripts.map(({ text }) => text).join('\n') };
}

/** A backup under the name of a file of the plan would replace it, or be refused when everything is ready. */
function requireFreeName({ steps }: PlanDraft, { scripts, files }: Scripts): void {
  const backup = steps.find(({ op }) => op === 'dump')?.file?.replace(/^(\.\/+)+/, '');
  const names = [...scripts, ...files].map(({ name }) => name);
  const taken = [...names, 'plan.json', READ_BACK].find((name) => name === backup);
  if (taken === undefined) return;
  throw new BuildError({
    code: 'PLAN_FILE_NAME',
    what: 'the backup has the name of another file of the plan',
    where: '--backup-file',
    got: JSON.stringify(taken),
    help: 'Choose another name, such as backup.bin.',
  });
}
