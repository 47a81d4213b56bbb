/** Rules about the file itself: is it something to judge, and does all of it belong? */
import { formatCount } from '../core/words.js';
import { defineRule } from './rule.js';

export const notRecognised = defineRule({
  id: 'container/not-recognised',
  severity: 'error',
  about: 'The input holds nothing that can be judged.',
  message: (e: { size: number }) =>
    `nothing recognised in ${formatCount(e.size)} bytes: no module header in its place, and not the size of the flash`,
  remedy: () => 'If this is part of a dump, say where it begins with --base (for example --base 0x08020000).',
});

export const trailingBytes = defineRule({
  id: 'container/trailing-bytes',
  severity: 'note',
  about: 'A module file goes on after the end of its module.',
  message: (e: { module: string; bytes: number; from: string }) =>
    `${e.module} is followed by ${formatCount(e.bytes)} bytes that do not belong to it, from ${e.from}`,
  remedy: () => 'They are not part of the module; a DFU suffix or a second file may have been appended.',
});

export const containerRules = [notRecognised, trailingBytes] as const;
