import { describe, expect, it } from 'vitest';
import { forTerminal } from '../../src/cli/terminal.js';

describe('forTerminal', () => {
  it('keeps what text is made of', () => {
    const text = 'Größe:\t5 µs\r\n日本語\n';
    expect(forTerminal(text, false)).toBe(text);
    expect(forTerminal(text, true)).toBe(text);
  });

  it('shows every other control character as a number', () => {
    expect(forTerminal('a\u0000\u0007\u001b[2J\u007f\u009bm\rb', true)).toBe('a\\x00\\x07\\x1B[2J\\x7F\\x9Bm\\x0Db');
  });

  it('lets colours through only where they were asked for', () => {
    expect(forTerminal('\u001b[31mred\u001b[39m', true)).toBe('\u001b[31mred\u001b[39m');
    expect(forTerminal('\u001b[31mred\u001b[39m', false)).toBe('\\x1B[31mred\\x1B[39m');
  });
});
