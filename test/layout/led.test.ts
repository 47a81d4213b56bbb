/** The data of the status LED: complete, drawable, and with a source for everything. */
import { describe, expect, it } from 'vitest';
import {
  BASES,
  LED_COLOURS,
  LED_MODES,
  ledPattern,
  ledPatterns,
  ledThemesSince,
  sosCodes,
  sosSteps,
} from '../../src/layout/led.js';

/** Ids other parts of the program use: never renamed. */
const IDS = [
  ...['dark', 'dfu', 'restore-attempt', 'safe-mode-select', 'update-apply', 'receiving-update', 'safe-mode'],
  ...['factory-restore', 'clear-wifi', 'system-starting', 'wifi-off', 'listening', 'network-idle'],
  ...['network-connecting', 'network-dhcp', 'network-connected', 'cloud-connecting', 'cloud-handshake'],
  ...['cloud-connected', 'cloud-error', 'cloud-decryption-error', 'cloud-authentication-error'],
  ...['internet-test-failed', 'cloud-unreachable', 'sos'],
];

const duration = (steps: readonly { readonly ms: number }[]): number => steps.reduce((total, { ms }) => total + ms, 0);

describe('LED patterns', () => {
  it('are all there, each once', () => {
    const ids = ledPatterns().map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(IDS));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ledPattern('cloud-error')?.title).toBe('cyan with one red flash');
    expect(ledPattern('disco')).toBeUndefined();
    expect(ledThemesSince()).toBe('0.6.1');
  });

  it.each(ledPatterns().map((pattern) => [pattern.id, pattern] as const))('%s has the form', (_, pattern) => {
    expect(LED_COLOURS).toContain(pattern.colour);
    expect(LED_MODES).toContain(pattern.mode);
    expect(BASES).toContain(pattern.basis);
    expect(BASES).toContain(pattern.causeBasis);
    expect(['reset', 'bootloader', 'system', 'running']).toContain(pattern.stage);
    expect(pattern.source).not.toBe('');
    expect(pattern.meaning).toMatch(/^[A-Z].*\.$/);
    if (pattern.flash !== null) expect(pattern.flash).toMatch(/^[A-Z].*\.$/);
    for (const id of pattern.similar ?? []) expect(ledPattern(id), id).toBeDefined();
    expect(pattern.steps.length).toBeGreaterThan(0);
    for (const { colour, ms } of pattern.steps) {
      expect(LED_COLOURS).toContain(colour);
      expect(ms).toBeGreaterThan(0);
    }
    const shown = pattern.steps.map(({ colour }) => colour);
    expect(shown).toContain(pattern.colour);
    if (pattern.accent)
      expect(shown.filter((colour) => colour === pattern.accent?.colour)).toHaveLength(pattern.accent.flashes);
  });

  it('have the periods of the default theme', () => {
    const period = (id: string): number => duration(ledPattern(id)?.steps ?? []);
    expect([period('listening'), period('network-connecting'), period('network-dhcp')]).toEqual([500, 200, 100]);
    expect([period('dfu'), period('restore-attempt'), period('safe-mode')]).toEqual([200, 100, 4000]);
  });
});

describe('SOS codes', () => {
  it('are 1 to 14', () => {
    expect(sosCodes().map(({ code }) => code)).toEqual(Array.from({ length: 14 }, (_, index) => index + 1));
    for (const code of sosCodes()) {
      expect(code.name).not.toBe('');
      expect(code.meaning).toMatch(/^[A-Z].*\.$/);
      expect(code.source).not.toBe('');
    }
    expect(sosCodes()[12]).toMatchObject({ name: 'stack overflow', since: '0.5.0-rc.1' });
  });

  it('are drawn as nine marks, a pause and their number of flashes', () => {
    const steps = sosSteps(3);
    expect(steps.filter(({ colour }) => colour === 'red').map(({ ms }) => ms)).toEqual([
      ...[150, 150, 150, 300, 300, 300, 150, 150, 150],
      ...[300, 300, 300],
    ]);
    expect(steps).toContainEqual({ colour: 'off', ms: 900 });
    expect(steps.at(-1)).toEqual({ colour: 'off', ms: 800 });
    expect(ledPattern('sos')?.steps).toEqual(sosSteps(1));
  });
});
