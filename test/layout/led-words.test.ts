/** What people say about the LED, and the patterns it can mean. */
import { describe, expect, it } from 'vitest';
import { ledPatterns } from '../../src/layout/led.js';
import { matchLed } from '../../src/layout/led-words.js';

const ids = (text: string): string[] => matchLed(text).patterns.map(({ id }) => id);

describe('words for the LED', () => {
  it.each([
    ['cyan red', 'cloud-error'],
    ['blinking cyan with one red flash', 'cloud-error'],
    ['cyan, red flash between', 'cloud-error'],
    ['cyan with an orange flash', 'cloud-decryption-error'],
    ['cyan 2 orange flashes', 'internet-test-failed'],
    ['cyan three orange', 'cloud-unreachable'],
    ['cyan magenta', 'cloud-authentication-error'],
    ['breathing magenta', 'safe-mode'],
    ['purple, pulsing', 'safe-mode'],
    ['off', 'dark'],
    ['completely dead', 'dark'],
    ['no light', 'dark'],
    ['D7 dim', 'dark-d7-dim'],
    ['yellow', 'dfu'],
    ['stuck white', 'system-starting'],
    ['blinking blue', 'listening'],
    ['rapidly blinking green', 'network-dhcp'],
    ['slow green', 'network-connected'],
    ['safe-mode', 'safe-mode'],
    ['cloud error', 'cloud-error'],
  ])('"%s" is %s first', (text, id) => {
    expect(ids(text)[0]).toBe(id);
  });

  it('leave open what they leave open', () => {
    expect(ids('white')).toEqual(expect.arrayContaining(['clear-wifi', 'system-starting', 'wifi-off']));
    expect(ids('white')).toHaveLength(3);
    expect(ids('magenta')).toEqual(['safe-mode-select', 'update-apply', 'receiving-update', 'safe-mode']);
    expect(ids('cyan orange')).toHaveLength(3);
  });

  it('count an SOS', () => {
    expect(matchLed('SOS 1')).toMatchObject({ sos: 1, patterns: [{ id: 'sos' }] });
    expect(matchLed('red sos, ten... 10 flashes')).toMatchObject({ sos: 10 });
    expect(matchLed('sos')).toMatchObject({ sos: null });
    expect(() => matchLed('sos 15')).toThrow(expect.objectContaining({ code: 'LED_NO_SOS_CODE', expected: '1 to 14' }));
  });

  it('are mended where they are misspelt', () => {
    expect(() => matchLed('cyna red')).toThrow(
      expect.objectContaining({ code: 'LED_UNKNOWN', help: 'Did you mean "cyan red"?' }),
    );
    expect(() => matchLed('breathng magneta')).toThrow(
      expect.objectContaining({ help: 'Did you mean "breathing magenta"?' }),
    );
    expect(() => matchLed('xqzw')).toThrow(
      expect.objectContaining({ code: 'LED_UNKNOWN', help: 'The list: flashatlas explain led' }),
    );
    expect(() => matchLed('')).toThrow(expect.objectContaining({ code: 'LED_UNKNOWN' }));
  });

  it('that no board shows are refused with what comes near', () => {
    expect(() => matchLed('green red')).toThrow(
      expect.objectContaining({ code: 'LED_NO_PATTERN', expected: expect.stringContaining('green, breathing') }),
    );
  });

  it.each(ledPatterns().map((pattern) => [pattern.title, pattern.id] as const))('"%s" finds %s', (title, id) => {
    expect(ids(title)).toContain(id);
  });
});
