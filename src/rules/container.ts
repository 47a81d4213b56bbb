/**
 * Rules about the file itself: is it something to judge, and does all of it belong? Most findings about files are made
 * while they are read; their rules are listed here, so that the list of rules is whole.
 */
import { formatCount } from '../core/words.js';
import { dfuRules } from './container-dfu.js';
import { recordRules } from './container-records.js';
import { rulesOfReader } from './of-reader.js';
import { defineRule, type RuleSummary } from './rule.js';

export const notRecognised = defineRule({
  id: 'container/not-recognised',
  severity: 'error',
  title: 'Nothing recognised',
  about: 'The input holds nothing that can be judged.',
  why: 'Whatever is flashed from such a file is not firmware for this board: a web page saved under the name of a module is the usual case.',
  source: 'module header: dynalib/inc/module_info.h @ v2.3.1; flash size: RM0033, flash organisation',
  message: (e: { size: number }) =>
    `nothing recognised in ${formatCount(e.size)} bytes: no module header in its place, and not the size of the flash`,
  remedy: () => 'If this is part of a dump, say where it begins with --base (for example --base 0x08020000).',
});

export const trailingBytes = defineRule({
  id: 'container/trailing-bytes',
  severity: 'note',
  title: 'Bytes behind the module',
  about: 'A module file goes on after the end of its module.',
  why: 'A tool that writes the whole file programs these bytes into flash too, where they may lie over the next region.',
  source: 'dynalib/inc/module_info.h @ v2.3.1',
  message: (e: { module: string; bytes: number; from: string }) =>
    `${e.module} is followed by ${formatCount(e.bytes)} bytes that do not belong to it, from ${e.from}`,
  remedy: () => 'They are not part of the module; a DFU suffix or a second file may have been appended.',
});

const elfRules = rulesOfReader('ELF for the Arm architecture, program headers', [
  [
    'elf-headers-loaded',
    'warning',
    'A segment begins with the ELF header itself.',
    'The headers of the file would be flashed in front of the code.',
  ],
  ['elf-not-arm', 'error', 'The program is not for ARM.', 'The board cannot run it.'],
  ['elf-segment-past-end', 'error', 'A segment runs past the end of the file.', 'The end of the program is missing.'],
  [
    'elf-segment-size',
    'error',
    'A segment has more bytes in the file than in memory.',
    'The headers contradict each other, and tools differ in how many bytes they take.',
  ],
  ['elf-segments-overlap', 'error', 'Segments overlap.', 'Which of the bytes is flashed depends on the tool.'],
  [
    'elf-virtual-addresses',
    'warning',
    'Segments have no load addresses, so virtual ones are used.',
    'Initialised data would be placed in RAM instead of flash.',
  ],
]);

const gzipRules = rulesOfReader('RFC 1952', [
  [
    'gzip-bad-crc',
    'error',
    'The CRC of the unpacked data does not match.',
    'The unpacked data is not what was packed.',
  ],
  ['gzip-damaged', 'error', 'The gzip data is damaged or cut off.', 'Only the begin of the data can be unpacked.'],
]);

export const containerRules: readonly RuleSummary[] = [
  notRecognised,
  trailingBytes,
  ...recordRules,
  ...dfuRules,
  ...elfRules,
  ...gzipRules,
];
