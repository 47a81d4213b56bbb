/** The status LED in the terminal. */
import { describe, expect, it } from 'vitest';
import { ledPattern, ledPatterns, sosCodes, sosSteps } from '../../src/layout/led.js';
import { drawLed, ledInWords, renderLedPattern, renderSosCode } from '../../src/report/led.js';
import { COLOURED, PLAIN } from '../../src/report/style.js';

const steps = (id: string) => ledPattern(id)?.steps ?? [];

describe('drawing the LED', () => {
  it('uses letters where there is no colour', () => {
    expect(drawLed(steps('dfu'), PLAIN, 80)).toBe(`  ${'Y.'.repeat(10)}\n  one sign is 100 ms; Y yellow, . dark`);
    expect(drawLed(steps('cloud-error'), PLAIN, 80).split('\n')[0]).toMatch(/^ {2}(C\.){5}R{5}\.{5}/);
  });

  it('lets breathing rise and fall', () => {
    const [line = '', legend] = drawLed(steps('safe-mode'), PLAIN, 80).split('\n');
    expect(line.trim()).toMatch(/^\.+m+M+m+\.+$/);
    expect(legend).toBe('  one sign is 100 ms; M magenta, m half as bright, . dark');
  });

  it('paints blocks where there is colour', () => {
    expect(drawLed(steps('listening'), COLOURED, 80)).toContain('\u001b[94m█\u001b[39m');
    expect(drawLed(steps('cloud-decryption-error'), COLOURED, 80)).toContain('\u001b[33m█\u001b[39m');
  });

  it('breaks long signals into lines of the width', () => {
    const lines = drawLed(sosSteps(14), PLAIN, 50).split('\n').slice(0, -1);
    expect(lines.length).toBeGreaterThan(1);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(50);
    expect(lines.join('').match(/R+/g)).toHaveLength(9 + 14);
  });

  it.each(ledPatterns().map((pattern) => [pattern.id, pattern] as const))('shows every step of %s', (_, pattern) => {
    const cells = drawLed(pattern.steps, PLAIN, 100).split('\n').slice(0, -1).join('').replaceAll(' ', '');
    const lit = pattern.steps.filter(({ colour }) => colour !== 'off');
    for (const { colour } of lit) expect(cells).toContain(colour.slice(0, 1).toUpperCase());
    expect(cells.length).toBeGreaterThanOrEqual(4);
  });
});

describe('the LED in words', () => {
  it('says what is a hypothesis', () => {
    const pattern = ledPattern('cloud-error');
    if (!pattern) throw new Error('no pattern');
    const text = renderLedPattern(pattern, PLAIN, 100);
    expect(text).toContain('Cyan with one red flash (cloud-error)');
    expect(text).toContain('(A hypothesis: not verified.)');
    expect(ledInWords(pattern)).toMatch(/^Cyan with one red flash: The handshake with the cloud failed/);
  });

  it('names an SOS code', () => {
    const code = sosCodes()[0];
    if (!code) throw new Error('no code');
    const text = renderSosCode(code, sosSteps(1), PLAIN, 100);
    expect(text).toContain('Red SOS, then 1 flash: hard fault');
    expect(text).toContain('  R.R.R.RR..RR..RR..R.R.R.......RR.......\n');
  });
});
