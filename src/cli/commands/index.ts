/** The commands and their one-line summaries; a command's code is loaded when it runs. */
import type { Command } from '../command.js';

interface Entry {
  readonly about: string;
  readonly load: () => Promise<Command>;
}

export const COMMANDS: Readonly<Record<string, Entry>> = Object.assign(Object.create(null) as Record<string, Entry>, {
  inspect: {
    about: 'what every byte of a dump or image is, and whether it is right',
    load: async () => (await import('./inspect.js')).command,
  },
  check: {
    about: 'may this be flashed, do these files fit together, what would be lost',
    load: async () => (await import('./check.js')).command,
  },
  map: {
    about: 'the chip drawn to scale',
    load: async () => (await import('./map.js')).command,
  },
  hex: {
    about: 'bytes with the names of their fields beside them',
    load: async () => (await import('./hex.js')).command,
  },
  diff: {
    about: 'what differs between two dumps, images or modules, and which sectors that means',
    load: async () => (await import('./diff.js')).command,
  },
  dct: {
    about: 'the device configuration: both copies, every field; set, copied, compared',
    load: async () => (await import('./dct.js')).command,
  },
  keys: {
    about: 'device and server keys: kind, soundness, fingerprints; made, placed, exported',
    load: async () => (await import('./keys.js')).command,
  },
  eeprom: {
    about: 'what a program reads from the emulated EEPROM, and what it read before; written',
    load: async () => (await import('./eeprom.js')).command,
  },
  optbytes: {
    about: 'option bytes in words; an option word from settings',
    load: async () => (await import('./optbytes.js')).command,
  },
  boot: {
    about: 'what the board does at reset with this flash, step by step',
    load: async () => (await import('./boot.js')).command,
  },
  convert: {
    about: 'one or several images in another format: merged, cut, moved, filled',
    load: async () => (await import('./convert.js')).command,
  },
  build: {
    about: 'one image with everything in it, from modules, a DCT, an EEPROM: by a recipe or in one line',
    load: async () => (await import('./build.js')).command,
  },
  extract: {
    about: 'the parts of a dump as files, and a recipe that builds it again, bit for bit',
    load: async () => (await import('./extract.js')).command,
  },
  plan: {
    about: 'the way from what a chip holds to what it shall hold, as a script for your tool',
    load: async () => (await import('./plan.js')).command,
  },
  simulate: {
    about: 'a plan applied to a dump step by step, with the power cut where you like',
    load: async () => (await import('./simulate.js')).command,
  },
  dfu: {
    about: 'DFU and DfuSe files: check, suffixes, pack, unpack, what dfu-util will do',
    load: async () => (await import('./dfu.js')).command,
  },
  repair: {
    about: 'checksums, sizes and ends of modules, DFU and DfuSe files made right; fields changed',
    load: async () => (await import('./repair.js')).command,
  },
  wrap: {
    about: 'a user module made of a program',
    load: async () => (await import('./wrap.js')).command,
  },
  diagnose: {
    about: 'why a board does what it does: LED, symptoms, the evidence in a dump, or what a tool printed',
    load: async () => (await import('./diagnose.js')).command,
  },
  explain: {
    about: 'what an LED pattern, SOS code, address, region, field, rule or error code means',
    load: async () => (await import('./explain.js')).command,
  },
  layouts: {
    about: 'the chips and boards that are known; check your own board file',
    load: async () => (await import('./layouts.js')).command,
  },
  catalog: {
    about: 'the releases and module builds that are known; find out which build a file is',
    load: async () => (await import('./catalog.js')).command,
  },
});

export function commandNames(): string[] {
  return Object.keys(COMMANDS);
}
