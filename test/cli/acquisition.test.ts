/** What commands say about an input whose bytes were rearranged or misread between the chip and the file. */
import { describe, expect, it } from 'vitest';
import { undoTransform } from '../../src/regions/acquisition/index.js';
import { Workbench } from '../support/command-line.js';
import { healthyDump } from '../support/synthetic.js';

const bench = new Workbench();
bench.put('swapped.bin', undoTransform(healthyDump(), 'byteswap16'));
bench.put('plain.bin', healthyDump());

const COMMANDS = [
  ['hex', '--range', '0x08000000+0x20'],
  ['inspect', '--at', '0x08000000'],
  ['dct', 'show'],
  ['keys', 'show'],
  ['eeprom', 'show'],
  ['catalog', 'match'],
];

describe('a byte-swapped dump', () => {
  it.each(COMMANDS)('%s %s says that it shows other bytes than the file has', (...command) => {
    const { text } = bench.run([...command, 'swapped.bin']);
    const words = text.replace(/\s+/g, ' ');
    expect(words).toContain('acquisition/transformed');
    expect(words).toContain('not the bytes of the file, but those after undoing byteswap16');
    expect(words).not.toContain('no module found');
    const { findings } = JSON.parse(bench.run([...command, '--json', 'swapped.bin']).text);
    expect(findings.map(({ rule }: { rule: string }) => rule)).toContain('acquisition/transformed');
    expect(bench.run([...command, 'plain.bin']).text).not.toContain('acquisition/');
  });
});
