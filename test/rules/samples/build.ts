/** Images put together from made-up modules. Building waits for files, so everything is built before the samples are asked. */
import type { Finding } from '../../../src/core/finding.js';
import { buildImage } from '../../../src/operations/build/build.js';
import { parseRecipe } from '../../../src/operations/build/parse.js';
import type { Shape } from '../../../src/operations/build/recipe.js';
import { bootloader, healthyDump, systemPart1, systemPart2, userPart } from '../../support/synthetic.js';
import type { Samples } from './sample.js';

const FILES: Readonly<Record<string, Uint8Array>> = {
  'boot.bin': bootloader(),
  'part1.bin': systemPart1(),
  'part2.bin': systemPart2(),
  'app.bin': userPart(),
  'old.bin': healthyDump(),
};

async function built(rest: string, shape?: Shape): Promise<readonly Finding[]> {
  const modules = ['boot', 'part1', 'part2', 'app'].map((name) => `  - module: ${name}.bin\n`).join('');
  const recipe = await parseRecipe(`recipe: 1\nparts:\n${modules}${rest}`, 'recipe.yaml');
  const { findings } = await buildImage(recipe, (name) => FILES[name] ?? new Uint8Array(0), { shape });
  return findings.filter(({ rule }) => rule !== 'release/unknown-build');
}

const CONFIGURED = 'dct: { from: old.bin }\neeprom: { values: {} }\n';
const rawAt = (address: string): string => `  - raw: app.bin\n    at: ${address}\n${CONFIGURED}`;

const blank = await built('');
const configured = await built(CONFIGURED);
const outside = await built(rawAt('0x60000000'), 'sparse');
const inside = await built(rawAt('0x080C0000'), 'sparse');
const leftOut = await built(CONFIGURED, 'restore');
const nothingLeftOut = await built('', 'restore');

export const buildSamples: Samples = {
  'build/blank-configuration': { fires: () => blank, silent: () => configured },
  'build/outside-memory': { fires: () => outside, silent: () => inside },
  'build/left-out': { fires: () => leftOut, silent: () => nothingLeftOut },
};
