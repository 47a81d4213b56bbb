/** What commands say about an input whose bytes were rearranged or misread between the chip and the file. */
import { describe, expect, it } from 'vitest';
import { MemoryImage } from '../../src/core/image.js';
import { readAny } from '../../src/formats/index.js';
import { undoTransform } from '../../src/regions/acquisition/index.js';
import { Workbench } from '../support/command-line.js';
import { healthyDump, systemPart1 } from '../support/synthetic.js';

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

  it('is put back in order by the command that the remedy names', () => {
    bench.expect(0, ['convert', '--undo', 'byteswap16', 'swapped.bin', '-o', 'right.bin']);
    expect(bench.get('right.bin')).toEqual(healthyDump());
    bench.put('part.bin', undoTransform(systemPart1(), 'byteswap32'));
    bench.expect(0, ['convert', '--undo', 'byteswap32', 'part.bin', '-o', 'part.hex']);
    const { image } = readAny(bench.get('part.hex'));
    expect(image.span?.start).toBe(0x08020000);
    expect(image.equals(MemoryImage.fromBytes(systemPart1(), 0x08020000))).toBe(true);
  });
});
