/**
 * What a board does at reset, as far as its flash decides it. Names are those of the JSON contract (`boot`).
 */

/** What the code in sector 0 decides; lockup: the processor finds nothing it can run. */
export type BootloaderDecision = 'jump' | 'dfu' | 'factory-restore' | 'lockup';

/** Where the board ends. */
export type BootOutcome =
  | 'no-start'
  | 'dfu'
  | 'fault'
  | 'hang'
  | 'reset-loop'
  | 'factory-restore'
  | 'safe-mode'
  | 'listening'
  | 'connecting'
  | 'cloud-refused'
  | 'runs'
  | 'runs-offline';

/** certain: every check is known from source or released code. likely: one step is derived. possible: a hypothesis. */
export type BootConfidence = 'certain' | 'likely' | 'possible';

/** What the MODE/SETUP button does while the bootloader looks at it (bootloader/src/main.c @ v2.3.1). */
export type HeldButton = (typeof HELD_BUTTONS)[number];
export const HELD_BUTTONS = ['released', 'safe-mode', 'dfu', 'factory-restore', 'factory-restore-clear-wifi'] as const;

/** One check on the way, in the order in which it happens. */
export interface BootStep {
  /** Who checks: "reset", "bootloader", "system part 1", "system part 2", "system", "cloud". */
  readonly stage: string;
  /** What is looked at, as a clause. */
  readonly check: string;
  /** What it says here, and what follows. */
  readonly result: string;
  /** Target address of the bytes that decide; null where no byte of the flash does. */
  readonly address: number | null;
  /** File @ tag, section of a manual, or how else it is known. */
  readonly source: string;
}

/** Another end, and what it depends on that the flash does not say. */
export interface BootAlternative {
  readonly outcome: BootOutcome;
  /** Id of a pattern of layouts/particle-led.json. */
  readonly led: string;
  readonly condition: string;
  readonly confidence: BootConfidence;
  /** True: so with every board, whatever its flash holds (a held button, a weak supply, no network). */
  readonly general: boolean;
}

/** A copy that bootloader or system firmware makes or refuses on the way: a pending update, a factory restore. */
export interface BootCopy {
  readonly kind: 'pending-update' | 'ota-flag' | 'factory-restore' | 'parked-module' | 'carried-bootloader';
  /** Slot of the DCT that asks for it; null: none does. */
  readonly slot: number | null;
  readonly source: number;
  readonly destination: number;
  readonly length: number;
  readonly result: 'copied' | 'refused';
  /** Why it was refused; null when it was made. */
  readonly reason: string | null;
}

export interface BootPrediction {
  /** The decision of the code in sector 0 with the button released and no flag set. */
  readonly bootloader: BootloaderDecision;
  /** Whether the bootloader accepts the system parts for reading the DCT (from version 100; older ones read it themselves). */
  readonly dctAccess: boolean;
  readonly outcome: BootOutcome;
  /** Id of a pattern of layouts/particle-led.json. */
  readonly led: string;
  readonly confidence: BootConfidence;
  /** What was assumed, because a flash dump does not say it. */
  readonly conditions: readonly string[];
  readonly alternatives: readonly BootAlternative[];
  readonly steps: readonly BootStep[];
  /** Copies on the way, in order; the flash is another one afterwards. */
  readonly copies: readonly BootCopy[];
}
