/** Rules about images that are put together. */
import { defineRule } from './rule.js';

export const blankConfiguration = defineRule({
  id: 'build/blank-configuration',
  severity: 'warning',
  title: 'Configuration left blank',
  about: 'A built image is blank where a board keeps its keys, credentials and values.',
  why: 'Firmware that finds no usable DCT formats it: the board makes a new device key that its cloud does not know, and has no Wi-Fi credentials. Values in the emulated EEPROM are gone.',
  source: 'hal/src/photon/dct_hal.cpp and hal/src/photon/eeprom_hal.cpp @ v2.3.1',
  message: (e: { holds: string }) =>
    `nothing was given for the sectors that hold ${e.holds}, so the image is blank there: a board that it is written to whole loses its own`,
  remedy: () =>
    'Take them from a dump of the board (--dct-from, --eeprom-from), or choose --shape restore, which leaves these sectors alone.',
});

export const outsideMemory = defineRule({
  id: 'build/outside-memory',
  severity: 'error',
  title: 'Part outside the memories',
  about: 'A part of a built image lies where the chip has no memory.',
  why: 'A programmer stops at such an address, or writes to another memory than was meant.',
  source: 'RM0033, memory map; the memories of the chip file',
  message: (e: { part: string; source: string; chip: string }) =>
    `${e.part} from ${e.source} lies outside the memories of ${e.chip}`,
  remedy: () => 'Correct its address, or name the board that it is for.',
});

export const leftOut = defineRule({
  id: 'build/left-out',
  severity: 'note',
  title: 'Configuration left out on purpose',
  about: 'The restore shape leaves out what a recipe gives for DCT or EEPROM.',
  why: 'A board that the image is written to keeps its own configuration.',
  source: 'the definition of the restore shape',
  message: (e: { parts: string }) => `the restore shape leaves out what was given for ${e.parts}`,
});

export const buildRules = [blankConfiguration, outsideMemory, leftOut] as const;
