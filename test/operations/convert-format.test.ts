import { describe, expect, it } from 'vitest';
import { chooseOutputFormat } from '../../src/operations/convert-format.js';
import { errorOf } from '../support/vectors.js';

const choose = (request: Partial<Parameters<typeof chooseOutputFormat>[0]>) => {
  const { format, inner } = chooseOutputFormat({ hasAddresses: true, ...request });
  return inner === undefined ? format : `${format}(${inner})`;
};
const like = { format: 'srec', container: null } as const;

describe('the format of an output', () => {
  it.each([
    [{ name: 'a.hex' }, 'intel-hex'],
    [{ name: 'A.S19' }, 'srec'],
    [{ name: 'a.hex.gz' }, 'gzip(intel-hex)'],
    [{ name: 'a.bin.gz', to: 'srec' }, 'gzip(srec)'],
    [{ name: 'a.gz' }, 'gzip(intel-hex)'],
    [{ name: 'a.gz', like }, 'gzip(srec)'],
    [{ name: 'a.hex', to: 'bin' }, 'bin'],
    [{ to: 'hex' }, 'intel-hex'],
    [{ to: 'hex.gz' }, 'gzip(intel-hex)'],
    [{ like }, 'srec'],
    [{ name: 'noending', like }, 'srec'],
    [{ name: 'a.hex', like }, 'intel-hex'],
    [{ name: 'a.dfu' }, 'dfuse'],
    [{ name: 'a.dfu', hasAddresses: false }, 'dfu'],
    [{ name: 'a.dfu', like: { format: 'dfu', container: null } as const }, 'dfu'],
    [{ name: 'a.dfu', to: 'dfu' }, 'dfu'],
  ])('%j is %s', (request, expected) => {
    expect(choose(request)).toBe(expected);
  });

  it('is asked for when nothing tells it', () => {
    expect(errorOf(() => choose({})).code).toBe('CONVERT_NO_FORMAT');
    expect(errorOf(() => choose({ name: 'a.xyz' }))).toMatchObject({ code: 'CONVERT_NO_FORMAT', where: 'a.xyz' });
    expect(errorOf(() => choose({ to: 'elv' })).code).toBe('FORMAT_UNKNOWN');
  });
});
