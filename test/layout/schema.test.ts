import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { schemaFiles } from '../../src/layout/schema.js';

describe('JSON Schemas', () => {
  it.each(schemaFiles())(
    'layouts/$name is what the definition says (run layouts/derive-schemas.mjs)',
    ({ name, text }) => {
      expect(readFileSync(new URL(`../../layouts/${name}`, import.meta.url), 'utf8')).toBe(text);
    },
  );

  it('every object refuses unknown keys, and every property explains itself', () => {
    let objects = 0;
    const walk = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return;
      const { type, properties, additionalProperties, items } = node as Record<string, unknown>;
      if (type === 'object') {
        objects++;
        expect(additionalProperties, path).toBe(false);
        for (const [key, property] of Object.entries(properties as Record<string, unknown>)) {
          const { description, title } = property as { description?: string; title?: string };
          expect(description ?? title, `${path}/${key}`).toBeTruthy();
          walk(property, `${path}/${key}`);
        }
      }
      walk(items, `${path}[]`);
    };
    for (const { name, text } of schemaFiles()) walk(JSON.parse(text), name);
    expect(objects).toBe(3 + 10);
  });
});
