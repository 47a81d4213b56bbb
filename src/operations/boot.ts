/** boot: what the board of a dump does at reset, and the flash it has once pending copies are made. */
import { type AppliedUpdates, applyPendingUpdates, type BootInput, predictBoot } from '../boot/predict.js';
import type { BootPrediction, HeldButton } from '../boot/types.js';
import type { Inspection } from './inspect/inspect.js';

export type { AppliedUpdates, BootInput } from '../boot/predict.js';

/** What the prediction is made from. `Inspection` fits. */
export interface BootSubject {
  readonly board: Inspection['board'];
  readonly placed: Pick<Inspection['placed'], 'image'>;
  readonly survey: Inspection['survey'];
  readonly configuration: Pick<Inspection['configuration'], 'dct' | 'eeprom'>;
  readonly optionBytes: Inspection['optionBytes'];
}

function inputOf({ board, placed, survey, configuration, optionBytes }: BootSubject): BootInput {
  const { dct, eeprom } = configuration;
  return { image: placed.image, board, survey, dct, eeprom, optionBytes: optionBytes?.bytes ?? null };
}

/** Null when the input is no device: bootloader and system parts must be in it, for a platform the model covers. */
export function bootOf(facts: BootSubject, button: HeldButton = 'released'): BootPrediction | null {
  return predictBoot(inputOf(facts), button);
}

/** The image after the copies of the next reset, made and refused ones listed. */
export function updatesOf(facts: BootSubject): AppliedUpdates {
  return applyPendingUpdates(inputOf(facts));
}
