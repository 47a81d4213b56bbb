/** Every rule with an input that sets it off and one that does not. A test insists on both for each registered rule. */
import { acquisitionSamples } from './acquisition.js';
import { buildSamples } from './build.js';
import { dfuSamples, otherSamples, recordSamples } from './container.js';
import { dctSamples } from './dct.js';
import { dependencySamples, moduleSamples, placementSamples, releaseSamples, riskSamples } from './device.js';
import { eepromSamples } from './eeprom.js';
import { protectionSamples } from './protection.js';
import type { Samples } from './sample.js';

export type { Sample } from './sample.js';

export const SAMPLES: Samples = {
  ...acquisitionSamples,
  ...buildSamples,
  ...recordSamples,
  ...dfuSamples,
  ...otherSamples,
  ...dctSamples,
  ...dependencySamples,
  ...eepromSamples,
  ...moduleSamples,
  ...placementSamples,
  ...protectionSamples,
  ...releaseSamples,
  ...riskSamples,
};
