/** Where a board ends, in words. */
import type { BootOutcome } from '../boot/types.js';

const OUTCOMES: Readonly<Record<BootOutcome, string>> = {
  'no-start': 'does not start',
  dfu: 'waits in DFU mode',
  fault: 'crashes',
  hang: 'hangs before the system firmware is up',
  'reset-loop': 'resets again and again',
  'factory-restore': 'restores the factory image',
  'safe-mode': 'connects in safe mode, without its application',
  listening: 'waits in listening mode for Wi-Fi credentials',
  connecting: 'tries to connect',
  'cloud-refused': 'reaches the cloud, which refuses it',
  runs: 'runs its application, connected to the cloud',
  'runs-offline': 'runs its application without the cloud',
};

/** Behind "the board" or "it": `waits in DFU mode`. */
export function outcomeWords(outcome: BootOutcome): string {
  return OUTCOMES[outcome];
}
