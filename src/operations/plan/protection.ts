/** Write protection and option bytes: lifted where it is in the way, and restored. */
import { formatHex } from '../../core/bytes.js';
import { BuildError } from '../../core/errors.js';
import type { ToolProfile } from '../../layout/flashing-tools.js';
import {
  isProtectedIn,
  NWRP_BITS,
  RDP_MASK,
  RDP_OPEN,
  STORED_OPTION_BITS,
  USER_BITS,
  withProtection,
} from './flash-model.js';
import type { SectorWork } from './sectors.js';
import { optionsStep, protectionStep, type StepContext, type StepDraft } from './steps.js';
import type { PlanOptions } from './types.js';
import { sectorWords } from './words.js';

/** Only what has to be written is unprotected, and protected again when it is verified. */
export function protectionSteps(
  work: readonly StepDraft[],
  works: readonly SectorWork[],
  optcr: number | null,
  asked: number | undefined,
  options: PlanOptions,
  context: StepContext,
): { readonly before: StepDraft[]; readonly after: StepDraft[] } {
  const before: StepDraft[] = [];
  const after: StepDraft[] = [];
  const wanted = storedBits(asked);
  if (wanted !== undefined && (wanted & RDP_MASK) !== ((optcr ?? RDP_OPEN) & RDP_MASK)) throw readProtectionAsked();
  if (optcr === null) {
    if (wanted !== undefined && !canWriteOptions(context.tool)) throw toolCannot(context.tool, 'write option bytes');
    if (wanted !== undefined) after.push(optionsStep(wanted, describeOptions(wanted), context));
    return { before, after };
  }
  const needed =
    work.length === 0 ? [] : works.map(({ sector }) => sector.number).filter((number) => isProtectedIn(optcr, number));
  let now = optcr;
  if (needed.length > 0) {
    requireProtectionTool(context.tool, needed);
    now = withProtection(optcr, needed, false);
    before.push(protectionStep('unprotect', needed, now, context));
  }
  const goal = wanted ?? (options.leaveUnprotected || context.tool.protection === 'itself' ? now : optcr);
  if (goal === now) return { before, after };
  if (!canWriteOptions(context.tool)) throw toolCannot(context.tool, 'write option bytes');
  const userBitsDiffer = (goal & USER_BITS) !== (now & USER_BITS);
  const lifts = (goal & NWRP_BITS & ~(now & NWRP_BITS)) !== 0;
  if (userBitsDiffer || lifts) after.push(optionsStep(goal, describeOptions(goal), context));
  else {
    const sectors = context.flash.sectors
      .map(({ number }) => number)
      .filter((n) => isProtectedIn(goal, n) && !isProtectedIn(now, n));
    after.push(protectionStep('protect', sectors, goal, context));
  }
  return { before, after };
}

/** Without lock and start bits, which are states of the register. */
function storedBits(word: number | undefined): number | undefined {
  return word === undefined ? undefined : (word & STORED_OPTION_BITS) >>> 0;
}

function canWriteOptions({ protection }: ToolProfile): boolean {
  return protection === 'sectors' || protection === 'word';
}

function describeOptions(word: number): string {
  return formatHex(word >>> 0, 8);
}

function readProtectionAsked(): BuildError {
  return new BuildError({
    code: 'PLAN_SETS_RDP',
    what: 'the target changes the read protection, which a plan never does',
    help: 'Leave it out of the target. Set level 1 by hand as the last step of production, when everything is proved; level 2 can never be undone.',
  });
}

function requireProtectionTool(tool: ToolProfile, sectors: readonly number[]): void {
  if (tool.protection !== 'none') return;
  throw toolCannot(tool, `lift the write protection of ${sectorWords(sectors)}`);
}

function toolCannot(tool: ToolProfile, what: string): BuildError {
  return new BuildError({
    code: 'PLAN_TOOL_CANNOT',
    what: `${tool.title} cannot ${what}`,
    help: 'Use --tool openocd, --tool st-flash or --tool cubeprogrammer.',
  });
}
