import { describe, expect, it } from 'vitest';
import {
  compareReleases,
  type DctSectionName,
  dctField,
  dctFields,
  dctRecord,
  dctSection,
  dctSections,
  dctTable,
  recordMember,
} from '../../../src/regions/dct/table.js';
import { vectors } from './vectors.js';

interface Place {
  field: string;
  offset: number;
  size: number;
  absolute: number;
  struct: string;
}
const offsets = vectors<{ application: Record<string, Place[]>; system: Place[]; sub_structures: Place[] }>(
  'offsets.json',
);

const SECTION_OF_STRUCT: Record<string, DctSectionName> = {
  platform_dct_version_t: 'version',
  platform_dct_header_t: 'header',
  platform_dct_mfg_info_t: 'mfg_info',
  platform_dct_security_t: 'security',
  platform_dct_wifi_config_t: 'wifi',
  platform_dct_network_config_t: 'network',
};

describe('the DCT field table against structures compiled from each release', () => {
  it.each(Object.entries(offsets.application))('application section of %s', (release, places) => {
    const base = dctSection('wiced', 'application', release).offset;
    const names = (field: ReturnType<typeof dctField>): string =>
      field.earlierNames?.find((earlier) => compareReleases(release, earlier.until) < 0)?.name ?? field.name;
    const table = dctFields('application', release)
      .filter((field) => !field.parent)
      .map((field) => ({ field: names(field), offset: field.offset, size: field.size }));
    // The compiled structure of 0.4.5 names the rest of the old address area by its union only.
    const order = (a: { field: string; offset: number }, b: { field: string; offset: number }): number =>
      a.offset - b.offset || a.field.localeCompare(b.field);
    const compiled = places.map(({ field, offset, size }) => ({ field, offset, size }));
    expect(table.sort(order)).toEqual(compiled.sort(order));
    for (const place of places) expect(place.absolute).toBe(base + place.offset);
  });

  it('has the 18 measured releases', () => {
    expect(Object.keys(offsets.application)).toHaveLength(18);
  });

  it('places the fields of the other sections', () => {
    for (const place of offsets.system) {
      const name = SECTION_OF_STRUCT[place.struct];
      if (!name) throw new Error(place.struct);
      const section = dctSection('wiced', name);
      const field = dctFields(name).find((candidate) => candidate.name === place.field);
      expect(field, `${place.struct}.${place.field}`).toMatchObject({ offset: place.offset, size: place.size });
      expect(section.offset + place.offset).toBe(place.absolute);
    }
    const counted = Object.values(SECTION_OF_STRUCT).reduce((total, name) => total + dctFields(name).length, 0);
    expect(counted).toBe(offsets.system.length);
  });

  it('places the members of the records', () => {
    for (const place of offsets.sub_structures) {
      const member = dctRecord(place.struct).fields.find((candidate) => candidate.name === place.field);
      expect(member, `${place.struct}.${place.field}`).toMatchObject({ offset: place.offset, size: place.size });
    }
  });
});

describe('the DCT field table by itself', () => {
  const releases = [...Object.keys(offsets.application), undefined];

  it('gives every section, field and record a source, and every section and field a title', () => {
    const { sections, fields, records } = dctTable();
    for (const entry of [...sections, ...fields, ...records])
      expect(entry.source, entry.name).toMatch(/^device-os \S+/);
    for (const entry of [...sections, ...fields]) {
      expect(entry.title, entry.name).not.toBe('');
      expect(entry.about, entry.name).not.toBe('');
    }
  });

  it.each(['wiced', 'electron'] as const)('lays out the sections of the %s store without overlap', (store) => {
    for (const release of releases) {
      let end = 0;
      for (const section of dctSections(store, release)) {
        expect(section.offset, section.name).toBeGreaterThanOrEqual(end);
        end = section.offset + section.size;
      }
      expect(end).toBeLessThanOrEqual(dctTable().copySize);
    }
  });

  it('lets no field overlap another unless it is declared, and keeps every field inside its parent', () => {
    const names = [...new Set(dctTable().fields.map((field) => field.section))];
    for (const release of releases) {
      for (const name of names) {
        const fields = dctFields(name, release);
        for (const field of fields) {
          const parent = fields.find((candidate) => candidate.name === field.parent);
          if (field.parent) expect(parent, field.name).toBeDefined();
          if (parent) {
            expect(field.offset).toBeGreaterThanOrEqual(parent.offset);
            expect(field.offset + field.size).toBeLessThanOrEqual(parent.offset + parent.size);
          }
        }
        const top = fields.filter((field) => !field.parent && !field.overlays);
        for (const [index, field] of top.entries()) {
          const before = top[index - 1];
          if (before) expect(field.offset, field.name).toBeGreaterThanOrEqual(before.offset + before.size);
        }
      }
    }
  });

  it('keeps every field inside its section and every member inside its record', () => {
    for (const field of dctTable().fields) {
      const section = dctTable().sections.filter((candidate) => candidate.name === field.section);
      expect(field.offset + field.size).toBeLessThanOrEqual(Math.max(...section.map((entry) => entry.size)));
      if (field.record) expect(dctRecord(field.record).size * (field.count ?? 1)).toBe(field.size);
    }
    for (const record of dctTable().records) {
      let end = 0;
      for (const member of record.fields) {
        expect(member.offset, `${record.name}.${member.name}`).toBeGreaterThanOrEqual(end);
        end = member.offset + member.size;
        if (member.record) expect(dctRecord(member.record).size * (member.count ?? 1)).toBe(member.size);
      }
      expect(end).toBeLessThanOrEqual(record.size);
    }
  });

  it('marks as secret what must not be shown', () => {
    const secrets = dctTable().fields.filter((field) => field.secret);
    expect(secrets.map((field) => `${field.section}.${field.name}`)).toEqual([
      'security.private_key',
      'security.cooee_key',
      'application.device_private_key',
      'application.claim_code',
      'application.alt_device_private_key',
      'application.device_secret',
    ]);
    const members = dctTable().records.flatMap((record) =>
      record.fields.filter((member) => member.secret).map((member) => `${record.name}.${member.name}`),
    );
    expect(members).toEqual([
      'wiced_config_ap_entry_t.security_key',
      'wiced_config_soft_ap_t.security_key',
      'eap_config_t.inner_identity',
      'eap_config_t.outer_identity',
      'eap_config_t.security_key',
    ]);
  });

  it('has no field that comes and goes against its own span', () => {
    for (const field of dctTable().fields) {
      if (field.until !== null) expect(compareReleases(field.since, field.until)).toBeLessThan(0);
    }
  });
});

describe('compareReleases', () => {
  it('orders release candidates before the release', () => {
    const ordered = ['0.4.2', '0.7.0-rc.1', '0.7.0-rc.2', '0.7.0-rc.10', '0.7.0', '0.8.0-rc.1', '2.0.0', '10.0.0'];
    expect([...ordered].reverse().sort(compareReleases)).toEqual(ordered);
    expect(compareReleases('v1.2.3', '1.2.3')).toBe(0);
  });

  it('refuses what is not a release', () => {
    expect(() => compareReleases('latest', '1.0.0')).toThrow(
      expect.objectContaining({ code: 'DCT_BAD_RELEASE', help: expect.any(String) }),
    );
  });

  it('names unknown fields and sections', () => {
    expect(() => dctField('device_privat_key')).toThrow('the DCT has no field device_privat_key');
    expect(() => dctField('device_privat_key')).toThrow(expect.objectContaining({ code: 'DCT_NO_FIELD' }));
    expect(() => dctSection('electron', 'wifi')).toThrow('this DCT has no section wifi');
    expect(() => dctSection('electron', 'wifi')).toThrow(expect.objectContaining({ code: 'DCT_NO_SECTION' }));
  });

  it('names unknown records and members', () => {
    const code = 'DCT_NO_RECORD';
    expect(() => dctRecord('wifi_t')).toThrow(
      expect.objectContaining({ code, what: 'the field table names a record wifi_t it does not describe' }),
    );
    expect(() => recordMember('eap_config_t', 'nobody')).toThrow(
      expect.objectContaining({ code, what: 'the record eap_config_t has no member nobody' }),
    );
  });
});
