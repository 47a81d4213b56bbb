import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/core/bytes.js';
import { decodeEeprom, writeEeprom } from '../../../src/regions/eeprom/index.js';
import { digest, expand, parseOperations, readVectors, type SparseBytes } from './vectors.js';

const erased1 = new Uint8Array(0x4000).fill(0xff);
const erased2 = new Uint8Array(0x10000).fill(0xff);

interface CurrentCase {
  readonly name: string;
  readonly class_release: string;
  readonly operations: readonly string[];
  readonly interrupted: boolean;
  readonly active_page: number;
  readonly page1: SparseBytes;
  readonly page2: SparseBytes;
  readonly logical: SparseBytes;
}

describe('records of 0.5.0 and later, written by the released class', () => {
  const { cases } = readVectors<{ cases: CurrentCase[] }>('newer-format');
  it('holds the cases', () => expect(cases).toHaveLength(23));

  it.each(cases)('$name: the write model leaves the same flash', (vector) => {
    const capacity = vector.class_release === '0.5.0' ? 2047 : 2048;
    const result = writeEeprom(erased1, erased2, parseOperations(vector.operations), { capacity });
    expect(digest(result.page1)).toBe(vector.page1.sha256);
    expect(digest(result.page2)).toBe(vector.page2.sha256);
    expect(result.steps.some((step) => step.result === 'interrupted')).toBe(vector.interrupted);
  });

  it.each(cases)('$name: the decoder reads the same content', (vector) => {
    const eeprom = decodeEeprom({
      page1: expand(vector.page1),
      page2: expand(vector.page2),
      reader: 'current',
      capacity: vector.logical.size,
    });
    expect(eeprom.activePage).toBe(vector.active_page);
    expect(toHex(eeprom.logical)).toBe(toHex(expand(vector.logical)));
    expect(eeprom.startUp.current.outcome).toMatch(/^(normal|pending-erase)$/);
  });
});

interface LegacyCase {
  readonly name: string;
  readonly operations: readonly string[];
  readonly interrupted: boolean;
  readonly page1: SparseBytes;
  readonly page2: SparseBytes;
  readonly logical_legacy_reader: SparseBytes;
  readonly newer_reader_gives_same: boolean;
  readonly newer_reader_logical: SparseBytes;
}

describe('records of 0.4.2 to 0.4.9', () => {
  const { cases } = readVectors<{ cases: LegacyCase[] }>('legacy-format');
  it('holds the cases', () => expect(cases).toHaveLength(10));

  it.each(cases)('$name: the write model leaves the same flash', (vector) => {
    const operations = parseOperations(vector.operations);
    const result = writeEeprom(erased1, erased2, operations, { generation: 'legacy' });
    expect(digest(result.page1)).toBe(vector.page1.sha256);
    expect(digest(result.page2)).toBe(vector.page2.sha256);
    expect(result.steps.some((step) => step.result === 'interrupted')).toBe(vector.interrupted);
  });

  it.each(cases)('$name: both readers find what the released code finds', (vector) => {
    const input = { page1: expand(vector.page1), page2: expand(vector.page2) };
    const legacy = decodeEeprom({ ...input, reader: 'legacy' });
    const current = decodeEeprom({ ...input, reader: 'current' });
    expect(toHex(legacy.logical)).toBe(toHex(expand(vector.logical_legacy_reader)));
    expect(toHex(current.logical)).toBe(toHex(expand(vector.newer_reader_logical)));
    expect(digest(legacy.logical) === digest(current.logical)).toBe(vector.newer_reader_gives_same);
  });
});

interface RawCase {
  readonly name: string;
  readonly before: { readonly page1: SparseBytes; readonly page2: SparseBytes; readonly active_page: number };
  readonly reformatted_by_init: boolean;
  readonly after_init_active_page: number;
  readonly after_init_page1: SparseBytes;
  readonly after_init_page2: SparseBytes;
  readonly after_init_logical: SparseBytes;
}

describe('hand-made pages at the start of 2.3.1', () => {
  const { cases } = readVectors<{ cases: RawCase[] }>('raw-states');
  it('holds the cases', () => expect(cases).toHaveLength(11));

  it.each(cases)('$name: foretold', (vector) => {
    const eeprom = decodeEeprom({
      page1: expand(vector.before.page1),
      page2: expand(vector.before.page2),
      reader: 'current',
    });
    expect(eeprom.activePage ?? 0).toBe(vector.before.active_page);
    expect(eeprom.startUp.current.outcome === 'format').toBe(vector.reformatted_by_init);
    expect(eeprom.startUp.current.page).toBe(vector.after_init_active_page);
    if (!vector.reformatted_by_init) expect(toHex(eeprom.logical)).toBe(toHex(expand(vector.after_init_logical)));
  });

  it.each(cases)('$name: replayed', (vector) => {
    const { page1, page2 } = writeEeprom(expand(vector.before.page1), expand(vector.before.page2), [
      { operation: 'init' },
    ]);
    expect(digest(page1)).toBe(vector.after_init_page1.sha256);
    expect(digest(page2)).toBe(vector.after_init_page2.sha256);
    const eeprom = decodeEeprom({ page1, page2, reader: 'current' });
    expect(eeprom.activePage).toBe(vector.after_init_active_page);
    expect(toHex(eeprom.logical)).toBe(toHex(expand(vector.after_init_logical)));
  });
});

interface FieldDump {
  readonly page1_file: string;
  readonly page2_file: string | null;
  readonly page2_sha256: string;
  readonly page1_status: string;
  readonly page2_status: string;
  readonly active_page: number;
  readonly valid_records: number;
  readonly first_non_record_offset: number;
  readonly logical: SparseBytes;
  readonly indices_at_or_above_2048: readonly number[];
  readonly legacy_reader_same: boolean;
}

/**
 * The vectors give digests and results of two dumps from real devices, not their bytes. So a page is made that has the
 * listed first words, number of records and content; what cannot be checked this way is the order of the real records.
 */
describe('dumps that ship with the unit tests of device-os', () => {
  const { dumps } = readVectors<{ dumps: FieldDump[] }>('field-dumps');
  it('holds the dumps', () => expect(dumps).toHaveLength(2));

  it.each(dumps)('$page1_file: a page like it gives the listed results', (dump) => {
    const logical = expand(dump.logical);
    const page1 = withRecords(dump.page1_status, dump.valid_records, logical);
    const page2 = erased2.slice();
    new DataView(page2.buffer).setUint32(0, Number(dump.page2_status), true);
    if (dump.page2_file === null) expect(digest(page2)).toBe(dump.page2_sha256);
    else page2.fill(0x5a, 4);

    const current = decodeEeprom({ page1, page2, reader: 'current' });
    expect(current.activePage).toBe(dump.active_page);
    expect(current.records).toHaveLength(dump.valid_records);
    expect(current.end?.offset).toBe(dump.first_non_record_offset);
    expect(current.end?.reason).toBe(dump.first_non_record_offset === 16384 ? 'page-end' : 'empty');
    expect(digest(current.logical)).toBe(dump.logical.sha256);
    expect(current.beyondCapacity.map((record) => record.index)).toEqual(dump.indices_at_or_above_2048);
    expect(current.page2.content).toBe(dump.page2_file === null ? 'erased' : 'other');
    expect(current.startUp.current.outcome).toBe(dump.page2_file === null ? 'normal' : 'pending-erase');
    const legacy = decodeEeprom({ page1, page2, reader: 'legacy' });
    expect(digest(legacy.logical) === dump.logical.sha256).toBe(dump.legacy_reader_same);
  });

  it('reads the two doubles of the first dump', () => {
    const bytes = expand((dumps[0] as FieldDump).logical);
    const view = new DataView(bytes.buffer);
    expect([view.getFloat64(0, true), view.getFloat64(8, true)]).toEqual([21092, 21095]);
  });
});

/** A page with `count` records that end in the given content: index 0 counts up until the last ones. */
function withRecords(status: string, count: number, logical: Uint8Array): Uint8Array {
  const page = erased1.slice();
  const view = new DataView(page.buffer);
  view.setUint32(0, Number(status), true);
  const stored = [...logical.entries()].filter(([, value]) => value !== 0xff);
  for (let slot = 0; slot < count; slot++) {
    const final = stored[slot - (count - stored.length)];
    const [index, value] = final ?? [0, slot & 0x7f];
    view.setUint32(4 + slot * 4, index * 0x10000 + value, true);
  }
  return page;
}
