import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeText } from '../../src/core/text.js';

describe('escapeText', () => {
  it.each([
    ['plain', 'HomeNet 2.4', 'HomeNet 2.4'],
    ['other scripts', 'Café 無線 Сеть 😀', 'Café 無線 Сеть 😀'],
    ['terminal escape', '\x1b[31mred', '\\x1B[31mred'],
    ['line feed, delete', 'a\nb\x7f', 'a\\x0Ab\\x7F'],
    ['C1 control', '\u009b31m', '\\u{9B}31m'],
    ['right-to-left override', 'abc\u202Etxt', 'abc\\u{202E}txt'],
    ['isolate and mark', '\u2066a\u2069\u200F', '\\u{2066}a\\u{2069}\\u{200F}'],
    ['zero width', 'a\u200Bb\u2060c\uFEFF', 'a\\u{200B}b\\u{2060}c\\u{FEFF}'],
    ['no-break space', 'a\u00A0b', 'a\\u{A0}b'],
    ['line separator', 'a\u2028b', 'a\\u{2028}b'],
    ['tag characters', 'a\u{E0041}', 'a\\u{E0041}'],
    ['Hangul filler', '\u3164', '\\u{3164}'],
    ['a forged escape', '\\x1B', '\\\\x1B'],
    ['a lone surrogate', '\ud800', '\\u{D800}'],
    ['stacked marks', `a${'\u0301'.repeat(6)}`, `a${'\u0301'.repeat(4)}\\u{301}\\u{301}`],
  ])('%s', (_name, text, expected) => {
    expect(escapeText(text)).toBe(expected);
  });

  it.each([
    ['Latin-1', [0x43, 0x61, 0x66, 0xe9], 'Caf\\xE9'],
    ['valid UTF-8', [0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80], 'é€😀'],
    ['overlong', [0xc0, 0xaf, 0xe0, 0x80, 0xaf], '\\xC0\\xAF\\xE0\\x80\\xAF'],
    ['surrogate in UTF-8', [0xed, 0xa0, 0x80], '\\xED\\xA0\\x80'],
    ['cut off', [0x61, 0xf0, 0x9f, 0x98], 'a\\xF0\\x9F\\x98'],
    ['above U+10FFFF', [0xf4, 0x90, 0x80, 0x80], '\\xF4\\x90\\x80\\x80'],
    ['nothing', [], ''],
  ])('bytes: %s', (_name, bytes, expected) => {
    expect(escapeText(new Uint8Array(bytes))).toBe(expected);
  });

  it('agrees with the platform about what is valid UTF-8', () => {
    const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 8 }),
      fc.array(fc.constantFrom(0x41, 0x80, 0xbf, 0xc2, 0xe0, 0xed, 0xf0, 0xf4, 0x9f, 0xa0), { maxLength: 6 }),
    );
    fc.assert(
      fc.property(bytes, (input) => {
        const text = new Uint8Array(input);
        let decoded: string | undefined;
        try {
          decoded = strict.decode(text);
        } catch {
          decoded = undefined;
        }
        if (decoded === undefined) expect(escapeText(text)).toContain('\\x');
        else expect(escapeText(text)).toBe(escapeText(decoded));
      }),
      { numRuns: 1000 },
    );
  });

  it('leaves nothing that steers a terminal, from any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(escapeText(bytes)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
    );
  });

  it('is unambiguous: different bytes give different texts', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), fc.uint8Array({ maxLength: 12 }), (a, b) => {
        fc.pre(a.join() !== b.join());
        expect(escapeText(a)).not.toBe(escapeText(b));
      }),
    );
  });
});
