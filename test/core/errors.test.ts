import { describe, expect, it } from 'vitest';
import {
  BuildError,
  FlashatlasError,
  FormatError,
  InputError,
  LayoutError,
  UsageError,
} from '../../src/core/errors.js';

const CLASSES = { UsageError, InputError, FormatError, LayoutError, BuildError };
const help = 'Check the file.';

describe('errors', () => {
  it('name what, where, expected and got, leaving out what is not known', () => {
    const base = { code: 'X_Y', what: 'record checksum does not match', help };
    const message = (details: object) => new FormatError({ ...base, ...details }).message;
    expect(message({})).toBe('record checksum does not match');
    expect(message({ where: 'a.hex, line 12' })).toBe('record checksum does not match at a.hex, line 12');
    expect(message({ expected: '0x1A' })).toBe('record checksum does not match: expected 0x1A');
    expect(message({ got: '0x1B' })).toBe('record checksum does not match: got 0x1B');
    expect(message({ where: 'line 12', expected: '0x1A', got: '0x1B' })).toBe(
      'record checksum does not match at line 12: expected 0x1A, got 0x1B',
    );
  });

  it.each(Object.entries(CLASSES))('%s is told apart by class and name', (name, ErrorClass) => {
    const error = new ErrorClass({ code: 'AREA_WHAT', what: 'it failed', help });
    expect(error).toBeInstanceOf(FlashatlasError);
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe(name);
    for (const Other of Object.values(CLASSES)) expect(error instanceof Other).toBe(Other === ErrorClass);
  });

  it('keep every detail for programs', () => {
    const cause = new Error('below');
    const details = {
      code: 'IHEX_BAD_CHECKSUM',
      what: 'record checksum does not match',
      where: 'a.hex, line 12',
      expected: '0x1A',
      got: '0x1B',
      help,
      offset: 130,
      line: 12,
      address: 0x08000000,
      cause,
    };
    expect(new FormatError(details)).toMatchObject(details);
    expect('cause' in new FormatError({ code: 'A_B', what: 'it failed', help })).toBe(false);
  });
});
