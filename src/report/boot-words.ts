/** What a board does at reset, in a few sentences. */
import type { BootOutcome, BootPrediction } from '../boot/types.js';
import { wrapText } from '../core/words.js';

const OUTCOMES: Readonly<Record<BootOutcome, string>> = {
  'no-start': 'The board does not start.',
  dfu: 'The board waits in DFU mode.',
  fault: 'The board stops with a fault.',
  hang: 'The board hangs.',
  'reset-loop': 'The board resets again and again.',
  'factory-restore': 'The bootloader restores the factory application.',
  'safe-mode': 'The board starts safe mode: the system runs, the application does not.',
  listening: 'The board waits in listening mode for Wi-Fi credentials.',
  connecting: 'The board starts and connects.',
  'cloud-refused': 'The board connects to its network, and the cloud refuses it.',
  runs: 'The board runs the application and connects to the cloud.',
  'runs-offline': 'The board runs the application without the cloud.',
};

/** Where the start ends and what that depends on; with the other ends unless `brief`. */
export function bootWords(boot: BootPrediction, width: number, brief = false): string {
  const { outcome, led, confidence, conditions, alternatives } = boot;
  const sure = confidence === 'certain' ? '' : ` (${confidence})`;
  const lines = [wrapText(`${OUTCOMES[outcome]}${sure} LED: ${led.replaceAll('-', ' ')}.`, width, '  ')];
  for (const condition of conditions) lines.push(wrapText(`assumed: ${condition}`, width, '  '));
  for (const other of brief ? [] : alternatives) {
    lines.push(wrapText(`otherwise, ${other.condition}: ${OUTCOMES[other.outcome]}`, width, '  '));
  }
  return lines.join('\n');
}
