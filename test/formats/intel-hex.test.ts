import { describe, expect, it } from 'vitest';
import { readIntelHex } from '../../src/formats/intel-hex.js';
import { writeIntelHex } from '../../src/formats/intel-hex-write.js';
import { errorOf, hexAddress, manifest, required, segmentsOf, vectorBytes } from '../support/vectors.js';

const vectors = manifest('ihex/manifest.json');

const CODES: Readonly<Record<string, string>> = {
  'no EOF record': 'IHEX_NO_END_RECORD',
  checksum: 'IHEX_BAD_CHECKSUM',
  'truncated record': 'IHEX_TRUNCATED_RECORD',
  'record length mismatch': 'IHEX_LENGTH_MISMATCH',
  'odd digit count': 'IHEX_ODD_DIGITS',
  'invalid character': 'IHEX_INVALID_CHARACTER',
  'line does not start with ":"': 'IHEX_NOT_A_RECORD',
  'unknown record type': 'IHEX_UNKNOWN_TYPE',
  'bad length for type 01': 'IHEX_BAD_RECORD_LENGTH',
  'bad length for type 02': 'IHEX_BAD_RECORD_LENGTH',
  'bad length for type 03': 'IHEX_BAD_RECORD_LENGTH',
  'bad length for type 04': 'IHEX_BAD_RECORD_LENGTH',
  'bad length for type 05': 'IHEX_BAD_RECORD_LENGTH',
  'data after EOF': 'IHEX_DATA_AFTER_END',
  'address past 4 GiB': 'IHEX_ADDRESS_OVERFLOW',
  'wrong format: S-record': 'IHEX_WRONG_FORMAT',
  'conflicting data at 0x080A0000': 'IHEX_CONFLICTING_DATA',
};

/** Warnings, and reasons that the manifest calls a warning. */
const RULES: Readonly<Record<string, string>> = {
  'non-standard record type FD before EOF': 'container/nonstandard-record',
  'content after EOF ignored': 'container/content-after-end',
  'records after EOF ignored': 'container/records-after-end',
  'records after EOF': 'container/records-after-end',
  'address field of type 04 is not 0000': 'container/address-field-not-zero',
  'address field of EOF is not 0000': 'container/address-field-not-zero',
  'empty data record': 'container/empty-data-record',
  'record crosses a 64 KiB boundary; linear continuation assumed': 'container/boundary-crossing',
  'offset wraps inside segment': 'container/segment-wrap',
  'record crosses 0xFFFF with no base record': 'container/boundary-crossing',
  'duplicate data': 'container/duplicate-data',
  'no data': 'container/no-data',
};

const isAccepted = ({ expected }: (typeof vectors)[number]): boolean =>
  expected.valid || expected.severity === 'warning';

describe('Intel HEX vectors', () => {
  for (const vector of vectors.filter(isAccepted)) {
    const { name, what, expected } = vector;
    it(`${name}: ${what}`, () => {
      const bytes = vectorBytes(`ihex/${name}`);
      const { image, container, findings } = readIntelHex(bytes, { name });
      if (expected.segments) expect(segmentsOf(image)).toEqual(expected.segments);
      const problem = expected.warning ?? expected.reason;
      if (problem !== undefined) expect(findings.map(({ rule }) => rule)).toContain(required(RULES, problem));
      else expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
      if (container?.kind !== 'intel-hex') throw new Error('container');
      const { start } = container;
      if (expected.start_linear) {
        expect(start?.kind === 'linear' && hexAddress(start.address)).toBe(expected.start_linear);
      }
      if (expected.start_segment) {
        if (start?.kind !== 'segment') throw new Error('start');
        const text = `CS:IP ${hexAddress(start.cs, 4).slice(2)}:${hexAddress(start.ip, 4).slice(2)}`;
        expect(`${expected.start_segment}`.startsWith(text)).toBe(true);
      }
      expect(writeIntelHex(image, { like: container })).toEqual(bytes);
    });
  }

  for (const { name, what, expected } of vectors.filter((vector) => !isAccepted(vector))) {
    it(`${name}: ${what}`, () => {
      const error = errorOf(() => readIntelHex(vectorBytes(`ihex/${name}`), { name }));
      expect(error.code).toBe(required(CODES, expected.reason));
      expect(error.help).not.toBe('');
      if (expected.line !== undefined) expect(error.line).toBe(expected.line);
      if (expected.reason?.includes('0x080A0000')) expect(error.address).toBe(0x080a0000);
    });
  }
});
