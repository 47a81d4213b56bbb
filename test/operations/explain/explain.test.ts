/** explain: every name the program knows leads to its explanation. */
import { describe, expect, it } from 'vitest';
import { deriveErrorCodes } from '../../../layouts/derive-error-codes.mjs';
import { causes } from '../../../src/layout/causes.js';
import { errorCodes } from '../../../src/layout/error-codes.js';
import { ledPatterns, sosCodes } from '../../../src/layout/led.js';
import { loadBoard } from '../../../src/layout/load.js';
import { topics } from '../../../src/layout/topics.js';
import { explain } from '../../../src/operations/explain/explain.js';
import { boardRegions, knownFields } from '../../../src/operations/explain/places.js';
import { fieldKey } from '../../../src/regions/dct/table.js';
import { ALL_RULES, RULE_GROUPS } from '../../../src/rules/index.js';

const P1 = loadBoard('particle-p1');
const of = (text: string, optcr?: number) => explain(text, P1, { optcr });

describe('explain', () => {
  it('lists what there is', () => {
    expect(of('')).toMatchObject({ kind: 'list' });
    expect(of('').facts.map(([name]) => name)).toEqual(expect.arrayContaining(['dfu', 'led', '0x08004022']));
  });

  it.each(topics().map((topic) => [topic.id, topic] as const))('knows the topic %s by all its words', (id, topic) => {
    for (const phrase of [id, topic.title, ...topic.words]) {
      const found = of(phrase);
      expect(`${phrase}: ${found.title}`).toBe(`${phrase}: ${topic.title}`);
    }
  });

  it.each(
    topics()
      .flatMap(({ see = [] }) => see)
      .map((see) => [see] as const),
  )('knows what it refers to: %s', (see) => {
    expect(of(see.replace(/^explain /, '')).title).not.toBe('');
  });

  it('knows every rule and every group of rules', () => {
    for (const { id, title } of ALL_RULES)
      expect(of(id)).toMatchObject({ kind: 'rule', title: `${title} (rule ${id})` });
    for (const group of Object.keys(RULE_GROUPS).filter((name) => name !== 'dct')) {
      expect(of(group)).toMatchObject({ kind: 'rule-group', id: group });
    }
  });

  it('knows every pattern and every SOS code', () => {
    for (const { id } of ledPatterns()) expect(of(`led ${id}`).leds.map((pattern) => pattern.id)).toEqual([id]);
    for (const { code, name } of sosCodes()) expect(of(`sos ${code}`)).toMatchObject({ title: `SOS ${code}: ${name}` });
    expect(of('led sos 3').sos.map(({ code }) => code)).toEqual([3]);
    expect(of('led').leds).toHaveLength(ledPatterns().length);
    expect(of('cyan with red').leds[0]?.id).toBe('cloud-error');
  });

  it('knows every region and every field', () => {
    for (const region of boardRegions(P1)) expect(of(region.id)).toMatchObject({ kind: 'region', id: region.id });
    for (const field of knownFields()) expect(of(fieldKey(field))).toMatchObject({ kind: 'field' });
    expect(of('region factory').title).toBe('Factory user part of Particle P1');
  });

  it('says where a field lies, and how DFU reaches it', () => {
    expect(Object.fromEntries(of('server_public_key').facts)).toMatchObject({
      Address: '0x0800659E in copy 1, 0x0800A59E in copy 2',
      'In DFU': 'alternate setting 1, address 2082 (0x00000822)',
    });
    expect(of('device_private_key').text).toContain('It is a secret: flashatlas masks it in every output.');
  });

  it('says what lies at an address', () => {
    expect(Object.fromEntries(of('0x08005D9E').facts)['DCT field']).toBe(
      'Device private key (device_private_key), byte 0 of 1,216',
    );
    expect(Object.fromEntries(of('0x08004022').facts)['DCT field']).toContain('header.boot_detail');
    expect(of('0x08004022').text.join(' ')).toContain('which begins at 0x08005D7C in this one');
    expect(Object.fromEntries(of('0x22').facts)['In DFU']).toContain('Device private key (device_private_key), byte 0');
    expect(Object.fromEntries(of('0xFFFFFFFF').facts).Memory).toBe('no memory of this chip');
  });

  it('knows every cause', () => {
    for (const { title } of causes()) expect(of(title).title).toBe(title);
  });

  it('shows protection with an option word, and routes into DFU that it closes', () => {
    expect(of('write protection').sectors).toEqual([]);
    expect(of('write protection', 0x0e1eaaed).sectors.filter((sector) => sector.protected)).toHaveLength(5);
    const swd = (word: number) => of('dfu', word).routes.find(({ id }) => id === 'swd')?.allowed;
    expect([swd(0x0fffaaed), swd(0x0fff55ed)]).toEqual([true, false]);
  });

  it('suggests what was meant', () => {
    const help = (text: string): string => {
      try {
        of(text);
        return '';
      } catch (error) {
        return (error as { readonly code: string; readonly help: string }).help;
      }
    };
    expect(help('dct/device-key-mising')).toBe('Did you mean dct/device-key-missing?');
    expect(help('server_publik_key')).toBe('Did you mean server_public_key?');
    expect(help('INPUT_NOT_FOUNT')).toBe('Did you mean INPUT_NOT_FOUND?');
    expect(help('writ protecton')).toBe('Did you mean write protection?');
    expect(help('qqqqq')).toBe('The list: flashatlas explain');
    expect(() => of('qqqqq')).toThrow(expect.objectContaining({ code: 'EXPLAIN_UNKNOWN' }));
  });
});

describe('error codes', () => {
  it('are those of the sources: run "node layouts/derive-error-codes.mjs" after changing one', () => {
    expect(errorCodes()).toEqual(deriveErrorCodes().codes);
  });

  it('say what went wrong, and what to do', () => {
    expect(errorCodes().length).toBeGreaterThan(150);
    const silent = errorCodes().filter(({ what, help }) => what.length + help.length === 0);
    expect(silent).toEqual([]);
    expect(of('OPTION_WORD').facts).toEqual([
      ['Says', 'option word is not a 32-bit value'],
      ['Help', 'Give the value of FLASH_OPTCR, for example 0x0FFFAAED.'],
    ]);
  });

  it('that get their area at run time are known with it', () => {
    expect(of('IHEX_BAD_CHECKSUM')).toMatchObject({ kind: 'error-code', title: 'Error IHEX_BAD_CHECKSUM' });
  });
});
