/** Configuration operations on any bytes: a result or one of our errors, and nothing secret in either. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeU32 } from '../../../src/core/bytes.js';
import { FlashatlasError } from '../../../src/core/errors.js';
import { loadBoard } from '../../../src/layout/load.js';
import { fieldsOf, getField, inspectDct } from '../../../src/operations/configuration/dct.js';
import { historyOf, inspectEeprom } from '../../../src/operations/configuration/eeprom.js';
import { inspectKeys } from '../../../src/operations/configuration/keys-show.js';
import { encodeOptions, inspectOptionWord } from '../../../src/operations/configuration/option-bytes.js';
import { openConfiguration } from '../../../src/operations/configuration/source.js';
import { dctCopies, eepromPages, healthyDump, rawInput, SAMPLE_SECRETS } from '../../support/synthetic.js';

const board = loadBoard('particle-p1');

function survives<T>(work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    expect(error).toBeInstanceOf(FlashatlasError);
    return null;
  }
}

/** Sectors with some of their bytes replaced. */
const damaged = (bytes: Uint8Array): fc.Arbitrary<Uint8Array> =>
  fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 40 }).map((changes) => {
    const copy = bytes.slice();
    for (const [offset, value] of changes) copy[offset] = value;
    return copy;
  });

describe('any bytes', () => {
  const { copy1, copy2 } = dctCopies();
  const both = Uint8Array.from([...copy1, ...copy2]);
  const { page1 } = eepromPages();
  const inputs = fc.oneof(
    fc.uint8Array({ maxLength: 2000 }),
    damaged(copy1),
    damaged(both),
    damaged(page1),
    damaged(SAMPLE_SECRETS.privateKey),
    damaged(copy1.slice(7548, 7548 + 8391)),
    fc.string().map((text) => new TextEncoder().encode(`-----BEGIN ${text}`)),
  );

  it('have a result or one of our errors', () => {
    fc.assert(
      fc.property(inputs, fc.constantFrom(undefined, 0x08004000, 0x0800c000, 0xffffffff), (bytes, base) => {
        const input = survives(() => rawInput(bytes, base));
        if (!input) return;
        const dct = survives(() => inspectDct(input, board, false));
        if (dct) {
          for (const copy of dct.copies) for (const field of fieldsOf(dct, copy)) expect(field.value).not.toBe('');
          survives(() => getField(dct, 'server_public_key', { bytes: true }));
        }
        survives(() => inspectKeys(input, board, { showSecrets: false }));
        const eeprom = survives(() => inspectEeprom(input, board, 'auto'));
        if (eeprom)
          for (const { older, current } of historyOf(eeprom)) expect([...older, current].length).toBeGreaterThan(0);
      }),
      { numRuns: 120 },
    );
  });

  it('of a key file never give their secret numbers', () => {
    fc.assert(
      fc.property(damaged(SAMPLE_SECRETS.privateKey), (bytes) => {
        const result = survives(() => inspectKeys(rawInput(bytes), board, { showSecrets: false }));
        expect(JSON.stringify(result ?? '')).not.toContain('PRIVATE KEY');
      }),
      { numRuns: 60 },
    );
  });
});

describe('openConfiguration', () => {
  it('asks the system parts which firmware reads the configuration', () => {
    const source = openConfiguration(rawInput(healthyDump()), board);
    expect(source).toMatchObject({ form: 'flash-dump', words: 'a flash dump of Particle P1' });
    expect(source.generation).toMatchObject({ systemVersion: 2202, dctRules: 'from-0.7.0', eepromReader: 'current' });
    expect(openConfiguration(rawInput(dctCopies().copy1), board).generation.dctRules).toBe('unknown');
  });

  it('takes a loose file for EEPROM only when EEPROM is asked for', () => {
    const { page2 } = eepromPages();
    const input = rawInput(page2);
    expect(openConfiguration(input, board).input.base).toBeNull();
    expect(openConfiguration(input, board, true)).toMatchObject({
      form: 'eeprom-sector',
      input: { base: 0x08010000, baseReason: 'it has the size of one EEPROM sector' },
    });
  });
});

describe('fields', () => {
  it('cover the table, with addresses inside the copy they are in', () => {
    const inspection = inspectDct(rawInput(healthyDump()), board, false);
    const [copy] = inspection.copies;
    if (!copy) throw new Error('no copy');
    const fields = fieldsOf(inspection, copy);
    expect(new Set(fields.map(({ key }) => key)).size).toBe(fields.length);
    for (const { address, size } of fields) {
      expect(address).toBeGreaterThanOrEqual(0x08004000);
      expect((address ?? 0) + size).toBeLessThanOrEqual(0x08008000);
    }
    const masked = fields.filter((field) => field.masked).map(({ key }) => key);
    expect(masked).toEqual(expect.arrayContaining(['claim_code', 'device_private_key', 'wifi.stored_ap_list']));
    const open = inspectDct(rawInput(healthyDump()), board, true);
    expect(fieldsOf(open, copy).some((field) => field.masked)).toBe(false);
  });

  it('refuse the bytes of a public key field that holds something else', () => {
    const { copy1 } = dctCopies();
    copy1.set(SAMPLE_SECRETS.privateKey.subarray(0, 384), 7548 + 1250);
    const inspection = inspectDct(rawInput(copy1), board, false);
    expect(() => getField(inspection, 'device_public_key', { bytes: true })).toThrowError(
      expect.objectContaining({ code: 'DCT_SECRET_NOT_SHOWN' }),
    );
    expect(getField(inspection, 'device_public_key', { bytes: false }).field.state).toBe('invalid');
  });
});

describe('option words', () => {
  it('survive decoding and encoding', () => {
    fc.assert(
      fc.property(fc.nat(0xfff), fc.constantFrom(0, 4, 8, 12), fc.subarray([0x20, 0x40, 0x80]), (nwrp, bor, bits) => {
        const word = nwrp * 0x10000 + 0xaa00 + bor + bits.reduce((sum, bit) => sum + bit, 0);
        const { word: encoded, changes } = encodeOptions({ from: word }, board);
        expect(encoded).toBe(word);
        expect(changes).toEqual([]);
        expect(inspectOptionWord(word, board).bytes.optcr).toBe(word);
      }),
    );
  });

  it('name the regions of the usual map only', () => {
    const { bytes } = inspectOptionWord(0x0ffeaaed, board);
    expect(bytes.sectors.find(({ number }) => number === 5)?.regions).toEqual(['system-part1']);
  });
});

describe('the store of the Electron', () => {
  /** Watermark and valid seal, the application section of the sample, and no footer. */
  function electronCopy(): Uint8Array {
    const bytes = new Uint8Array(0x4000).fill(0xff);
    writeU32(bytes, 0, 0x1e1c279a);
    writeU32(bytes, 4, 0xeda15e00);
    bytes.set(dctCopies().copy1.subarray(7548, 7548 + 8391), 8);
    return bytes;
  }

  it('is read with its own offsets, and its secrets stay hidden', () => {
    const inspection = inspectDct(rawInput(electronCopy()), loadBoard('particle-electron'), false);
    expect(inspection).toMatchObject({ store: 'electron', source: { form: 'dct-sector' } });
    const { chosen } = inspection;
    if (!chosen) throw new Error('no copy in use');
    const fields = fieldsOf(inspection, chosen);
    const claimed = fields.find(({ key }) => key === 'claimed');
    expect(claimed).toMatchObject({ value: 'claimed', address: (chosen.address ?? 0) + 8 + 1825 });
    for (const key of ['claim_code', 'device_private_key']) {
      expect(() => getField(inspection, key, { bytes: false })).toThrowError(
        expect.objectContaining({ code: 'DCT_SECRET_NOT_SHOWN' }),
      );
    }
    expect(getField(inspection, 'server_address', { bytes: true }).bytes).toHaveLength(128);
    expect(() => getField(inspection, 'wifi.stored_ap_list', { bytes: false })).toThrowError(
      expect.objectContaining({ code: 'DCT_NO_FIELD' }),
    );
  });
});
