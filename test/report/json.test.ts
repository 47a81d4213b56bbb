import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderJson, renderJsonLine } from '../../src/report/json.js';

describe('renderJson', () => {
  it('writes addresses as text and everything else as it is', () => {
    expect(JSON.parse(renderJson({ start: 0x80a0000, size: 16, end: null, resetVector: 0xfffffff1 }))).toEqual({
      start: '0x080A0000',
      size: 16,
      end: null,
      resetVector: '0xFFFFFFF1',
    });
  });

  it('holds no control character but line ends, and loses none of them', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })), (fields) => {
        const value = { fields: Object.entries(fields), controls: '\u0000\u001b\u007f\u0080\u009b\u009f' };
        for (const render of [renderJson, renderJsonLine]) {
          const text = render(value);
          expect(text).not.toMatch(/(?!\n)\p{Cc}/u);
          expect(JSON.parse(text)).toEqual(value);
        }
        expect(renderJsonLine(value)).not.toContain('\n');
      }),
    );
  });
});
