/** The JSON files of `layouts/`, read from the package. Must offer what ../web/data.ts offers; a test compares them. */
import { readdirSync, readFileSync } from 'node:fs';

// src/platform/node, dist/platform/node and dist/cli/bundle all lie three folders below the package root.
const FOLDER = `${import.meta.dirname}/../../../layouts/`;

function readText(name: string): string | undefined {
  try {
    return readFileSync(FOLDER + name, 'utf8');
  } catch {
    return undefined;
  }
}

/** The parsed content of `layouts/<name>`, or undefined when there is no such file. */
export function readData(name: string): unknown {
  const text = readText(name);
  return text === undefined ? undefined : JSON.parse(text);
}

const texts = new Map<string, string | undefined>();

/**
 * The rows of a catalogue whose JSON contains `part` (compact, as JSON.stringify writes it), or undefined when there is
 * no such file. A catalogue keeps one row a line, so that a few rows are found without parsing hundreds.
 */
export function findRows(name: string, part: string): readonly unknown[] | undefined {
  if (!texts.has(name)) texts.set(name, readText(name));
  const text = texts.get(name);
  if (text === undefined) return undefined;
  const rows: unknown[] = [];
  for (let place = text.indexOf(part); place >= 0; ) {
    const end = text.indexOf('\n', place);
    rows.push(JSON.parse(text.slice(text.lastIndexOf('\n', place) + 1, end).replace(/,\s*$/, '')));
    place = text.indexOf(part, end);
  }
  return rows;
}

/** File names in `layouts/`, sorted; the JSON Schemas, which only editors read, are not among them. */
export function dataNames(): string[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json') && !name.endsWith('.schema.json'))
    .sort();
}
