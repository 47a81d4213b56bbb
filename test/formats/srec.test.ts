import { describe, expect, it } from 'vitest';
import { readSrec } from '../../src/formats/srec.js';
import { writeSrec } from '../../src/formats/srec-write.js';
import { errorOf, hexAddress, manifest, required, segmentsOf, vectorBytes } from '../support/vectors.js';

const vectors = manifest('srec/manifest.json');

const CODES: Readonly<Record<string, string>> = {
  'no terminator': 'SREC_NO_TERMINATOR',
  checksum: 'SREC_BAD_CHECKSUM',
  'count mismatch': 'SREC_COUNT_MISMATCH',
  'reserved record type': 'SREC_RESERVED_TYPE',
  'record length mismatch': 'SREC_LENGTH_MISMATCH',
  'record too short for its address': 'SREC_RECORD_TOO_SHORT',
  'odd digit count': 'SREC_ODD_DIGITS',
  'invalid character': 'SREC_INVALID_CHARACTER',
  'truncated record': 'SREC_TRUNCATED_RECORD',
  'data after terminator': 'SREC_DATA_AFTER_END',
  'address past 4 GiB': 'SREC_ADDRESS_OVERFLOW',
  'line does not start with "S"': 'SREC_NOT_A_RECORD',
  'bad length for S7': 'SREC_BAD_RECORD_LENGTH',
  'wrong format: Intel HEX': 'SREC_WRONG_FORMAT',
  'conflicting data at 0x080A0000': 'SREC_CONFLICTING_DATA',
};

/** Warnings, and reasons that the manifest calls a warning. */
const RULES: Readonly<Record<string, string>> = {
  'no terminator record, count record present': 'container/no-end-record',
  'count record before data': 'container/count-before-data',
  'terminator type does not match data type': 'container/end-record-width',
  'content after terminator ignored': 'container/content-after-end',
  'second header': 'container/second-header',
  'S0 address not 0000': 'container/address-field-not-zero',
  'duplicate data': 'container/duplicate-data',
  'empty data record': 'container/empty-data-record',
  'address past 16 bits': 'container/address-past-width',
};

const isAccepted = ({ expected }: (typeof vectors)[number]): boolean =>
  expected.valid || expected.severity === 'warning';

describe('S-record vectors', () => {
  for (const vector of vectors.filter(isAccepted)) {
    const { name, what, expected } = vector;
    it(`${name}: ${what}`, () => {
      const bytes = vectorBytes(`srec/${name}`);
      const { image, container, findings } = readSrec(bytes, { name });
      if (expected.segments) expect(segmentsOf(image)).toEqual(expected.segments);
      const problem = expected.warning ?? expected.reason;
      if (problem !== undefined) expect(findings.map(({ rule }) => rule)).toContain(required(RULES, problem));
      else expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
      if (container?.kind !== 'srec') throw new Error('container');
      if (typeof expected.start === 'string') expect(hexAddress(container.start ?? -1)).toBe(expected.start);
      if (expected.terminator === null) expect(container.start).toBeNull();
      if (expected.count !== undefined) expect(container.count).toBe(expected.count);
      expect(writeSrec(image, { like: container })).toEqual(bytes);
    });
  }

  for (const { name, what, expected } of vectors.filter((vector) => !isAccepted(vector))) {
    it(`${name}: ${what}`, () => {
      const error = errorOf(() => readSrec(vectorBytes(`srec/${name}`), { name }));
      expect(error.code).toBe(required(CODES, expected.reason));
      expect(error.help).not.toBe('');
      if (expected.line !== undefined) expect(error.line).toBe(expected.line);
      if (expected.reason?.includes('0x080A0000')) expect(error.address).toBe(0x080a0000);
    });
  }
});
