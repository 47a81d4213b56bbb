/** The JSON files of `layouts/`, read from the package. Must offer what ../web/data.ts offers; a test compares them. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// src/platform/node, dist/platform/node and dist/cli/bundle all lie three folders below the package root.
const FOLDER = new URL('../../../layouts/', import.meta.url);

/** The parsed content of `layouts/<name>`, or undefined when there is no such file. */
export function readData(name: string): unknown {
  let text: string;
  try {
    text = readFileSync(new URL(name, FOLDER), 'utf8');
  } catch {
    return undefined;
  }
  return JSON.parse(text);
}

/** File names in `layouts/`, sorted; the JSON Schemas, which only editors read, are not among them. */
export function dataNames(): string[] {
  return readdirSync(fileURLToPath(FOLDER))
    .filter((name) => name.endsWith('.json') && !name.endsWith('.schema.json'))
    .sort();
}
