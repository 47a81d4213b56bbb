/** Rules about images that are put together. */
import { defineRule } from './rule.js';

export const blankConfiguration = defineRule({
  id: 'build/blank-configuration',
  severity: 'warning',
  about: 'A built image is blank where a board keeps its keys, credentials and values.',
  message: (e: { holds: string }) =>
    `nothing was given for the sectors that hold ${e.holds}, so the image is blank there: a board that it is written to whole loses its own`,
  remedy: () =>
    'Take them from a dump of the board (--dct-from, --eeprom-from), or choose --shape restore, which leaves these sectors alone.',
});

export const outsideMemory = defineRule({
  id: 'build/outside-memory',
  severity: 'error',
  about: 'A part of a built image lies where the chip has no memory that can be written.',
  message: (e: { part: string; source: string; chip: string }) =>
    `${e.part} from ${e.source} lies outside the memories of ${e.chip}`,
  remedy: () => 'Correct its address, or name the board that it is for.',
});

export const leftOut = defineRule({
  id: 'build/left-out',
  severity: 'note',
  about: 'The restore shape leaves out what a recipe gives for DCT or EEPROM.',
  message: (e: { parts: string }) => `the restore shape leaves out what was given for ${e.parts}`,
});

export const buildRules = [blankConfiguration, outsideMemory, leftOut] as const;
