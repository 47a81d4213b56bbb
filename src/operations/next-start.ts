/** What the next start makes of a flash that has nothing wrong with it as it is. */
import type { BootOutcome, BootPrediction } from '../boot/types.js';
import { type Finding, reaches } from '../core/finding.js';
import type { ModuleSurvey } from '../regions/module/find.js';
import { checkUpdate } from '../rules/risk.js';
import { outcomeWords } from './boot-words.js';

const BAD_ENDS: readonly BootOutcome[] = ['no-start', 'dfu', 'fault', 'hang', 'reset-loop', 'safe-mode'];

/** An error beside it explains such an end already. */
export function checkNextStart(
  boot: BootPrediction | null,
  known: readonly Finding[],
  survey: ModuleSurvey,
): Finding[] {
  const last = boot?.copies.filter(({ result }) => result === 'copied').at(-1);
  if (!boot || !last || !BAD_ENDS.includes(boot.outcome)) return [];
  if (known.some(({ severity }) => reaches(severity, 'error'))) return [];
  return [checkUpdate(last, outcomeWords(boot.outcome), survey)];
}
