/** Canonical EEPROM pages for given content: readable by every release. */
import { writeU16, writeU32 } from '../../core/bytes.js';
import { BuildError } from '../../core/errors.js';
import { CAPACITY, HEADER_BYTES, PAGE_WORD, PAGE1_BYTES, PAGE2_BYTES } from './pages.js';
import { RECORD_BYTES } from './records.js';

export interface EepromBuildOptions {
  /** Sector sizes in bytes. Defaults: 16384 and 65536. */
  readonly size1?: number;
  readonly size2?: number;
  /** Bytes a program can store. Default: 2048; 0.5.0 has 2047. */
  readonly capacity?: number;
}

/**
 * Page 1 active with one record per index in ascending order, 255 left out; page 2 erased.
 * @param values index to byte.
 * @throws BuildError EEPROM_INDEX or EEPROM_VALUE for an index or byte out of range, EEPROM_TOO_MANY when the records do
 * not fit page 1.
 */
export function buildEeprom(
  values: ReadonlyMap<number, number>,
  options: EepromBuildOptions = {},
): { page1: Uint8Array; page2: Uint8Array } {
  const page1 = new Uint8Array(options.size1 ?? PAGE1_BYTES).fill(0xff);
  const page2 = new Uint8Array(options.size2 ?? PAGE2_BYTES).fill(0xff);
  const capacity = options.capacity ?? CAPACITY;
  const entries = [...values].sort((a, b) => a[0] - b[0]);
  for (const [index, value] of entries) requireEntry(index, value, capacity);
  const stored = entries.filter(([, value]) => value !== 0xff);
  const needed = HEADER_BYTES + stored.length * RECORD_BYTES;
  if (needed > page1.length) throw tooMany(needed, page1.length);

  writeU32(page1, 0, PAGE_WORD.active);
  let offset = HEADER_BYTES;
  for (const [index, value] of stored) {
    page1[offset] = value;
    page1[offset + 1] = 0;
    writeU16(page1, offset + 2, index);
    offset += RECORD_BYTES;
  }
  return { page1, page2 };
}

function requireEntry(index: number, value: number, capacity: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= capacity) {
    throw new BuildError({
      code: 'EEPROM_INDEX',
      what: 'EEPROM index is not usable',
      expected: `an integer between 0 and ${capacity - 1}`,
      got: `${index}`,
      help: `The emulated EEPROM holds ${capacity} bytes. Leave the index out or correct it.`,
    });
  }
  if (!Number.isInteger(value) || value < 0 || value > 0xff) {
    throw new BuildError({
      code: 'EEPROM_VALUE',
      what: `EEPROM value of index ${index} is not a byte`,
      expected: 'an integer between 0 and 255',
      got: `${value}`,
      help: 'Store larger values as several bytes, least significant first.',
    });
  }
}

function tooMany(needed: number, size: number): BuildError {
  return new BuildError({
    code: 'EEPROM_TOO_MANY',
    what: 'EEPROM content does not fit page 1',
    expected: `at most ${size} bytes`,
    got: `${needed} bytes`,
    help: 'Store fewer bytes.',
  });
}
