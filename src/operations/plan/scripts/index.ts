/** A plan in the words of a tool. */

import type { ToolId } from '../../../layout/flashing-tools.js';
import { dfuUtilScripts, particleScripts } from './dfu.js';
import { openocdScripts } from './openocd.js';
import type { PlanDraft, ScriptContext, Scripts } from './script.js';
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
  return { ...result, script: result.scripts.map(({ text }) => text).join('\n') };
}
