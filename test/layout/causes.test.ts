/** The data of causes: everything it names exists. */
import { describe, expect, it } from 'vitest';
import { type Condition, causes, dfuRoutes, matchSymptom, symptoms } from '../../src/layout/causes.js';
import { BASES, ledPattern, ledPatterns } from '../../src/layout/led.js';
import { FACT_NAMES } from '../../src/operations/diagnose/facts.js';
import { ALL_RULES } from '../../src/rules/index.js';

const RULES = ALL_RULES.map(({ id }) => id);

function partsOf(condition: Condition): Condition[] {
  if ('all' in condition) return condition.all.flatMap(partsOf);
  if ('any' in condition) return condition.any.flatMap(partsOf);
  if ('not' in condition) return partsOf(condition.not);
  return [condition];
}

/** A fact that no dump gives: whether there is a button. */
const NOT_IN_FLASH = ['button'];

function expectKnown(condition: Condition): void {
  for (const part of partsOf(condition)) {
    if ('rule' in part) expect(RULES).toEqual(expect.arrayContaining([...part.rule]));
    if ('fact' in part) expect([...FACT_NAMES, ...NOT_IN_FLASH]).toContain(part.fact);
  }
}

function expectSentence(text: string): void {
  expect(text).toMatch(/^[A-Z].*[.?!]$/s);
  for (const [, name] of text.matchAll(/\{(\w+)\}/g)) expect(FACT_NAMES).toContain(name);
}

describe('causes', () => {
  it.each(causes().map((cause) => [cause.id, cause] as const))('%s names what exists', (_, cause) => {
    expect(BASES).toContain(cause.basis);
    for (const id of Object.keys(cause.leds)) expect(ledPattern(id), id).toBeDefined();
    for (const id of Object.keys(cause.symptoms)) expect(symptoms().map((symptom) => symptom.id)).toContain(id);
    for (const { when, text } of cause.evidence) {
      expectKnown(when);
      expectSentence(text);
    }
    for (const { when, text } of [...cause.tell, ...cause.repair]) {
      if (when) expectKnown(when);
      expectSentence(text);
    }
    expectSentence(cause.says);
    expect(cause.source).not.toBe('');
  });

  it('explain every pattern of the LED and every symptom', () => {
    for (const { id } of ledPatterns()) {
      expect(
        causes().some(({ leds }) => leds[id] !== undefined),
        id,
      ).toBe(true);
    }
    for (const { id } of symptoms().filter((symptom) => symptom.id !== 'no-dfu-button')) {
      expect(
        causes().some((cause) => cause.symptoms[id] !== undefined),
        id,
      ).toBe(true);
    }
  });

  it('never erase the chip without a word', () => {
    for (const { id, repair, tell } of causes()) {
      const destructive = [...repair, ...tell].filter(({ commands }) =>
        commands.some((command) => /mass_erase|unlock 0|st-flash erase/.test(command)),
      );
      for (const { text } of destructive) expect(`${id}: ${text}`).toMatch(/erases the whole chip/);
    }
  });
});

describe('ways into DFU', () => {
  it.each(dfuRoutes().map((route) => [route.id, route] as const))('%s names what exists', (_, route) => {
    expectKnown(route.possible);
    expectKnown(route.impossible);
    expectSentence(route.how);
    expect(route.no).toMatch(/^[A-Z].*\.$/);
    expect(route.source).not.toBe('');
  });
});

describe('symptoms', () => {
  it.each([
    ['no-dfu-button', 'no-dfu-button'],
    ['no MODE button', 'no-dfu-button'],
    ['no USB', 'no-usb'],
    ['it is still listening', 'still-listening'],
    ['cloud refuses', 'cloud-refuses'],
    ['the cloud does not connect', 'cloud-refuses'],
    ['only without a battery', 'battery'],
    ['dead after app ran', 'dead-after-app'],
    ['dead after our application ran', 'dead-after-app'],
    ['keeps resetting', 'resets'],
    ['ST-LINK cannot connect', 'probe-cannot-connect'],
    ['the important sectors were write protected', 'write-fails'],
    ['user code does not seem to run', 'app-does-not-run'],
  ])('"%s" is %s', (text, id) => {
    expect(matchSymptom(text).id).toBe(id);
  });

  it('are found by each of their own words', () => {
    for (const { id, title, words } of symptoms()) {
      for (const phrase of [id, title, ...words])
        expect(`${phrase}: ${matchSymptom(phrase).id}`).toBe(`${phrase}: ${id}`);
    }
  });

  it('that are not known are listed, with the nearest', () => {
    expect(() => matchSymptom('smells funny')).toThrow(
      expect.objectContaining({ code: 'SYMPTOM_UNKNOWN', expected: expect.stringContaining('still-listening') }),
    );
    expect(() => matchSymptom('stil listning')).toThrow(
      expect.objectContaining({ help: 'Did you mean "still listening"?' }),
    );
  });
});
