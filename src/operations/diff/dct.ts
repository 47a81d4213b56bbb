/**
 * Two DCTs field by field: the values of the copy in use in each, whichever sector it lies in. What the firmware changes
 * with every write (marks, sequence, check value, the other copy) is a consequence and is told as such.
 */
import { equalBytes } from '../../core/bytes.js';
import {
  type DctField,
  type DctSectionName,
  type DctStore,
  dctFields,
  dctSection,
  fieldKey,
} from '../../regions/dct/table.js';
import { fillState } from '../../regions/dct/values.js';
import { type DctView, fieldBytes, viewCopy } from '../../regions/dct/view.js';
import { isSecretField, leafWords } from '../../regions/dct/words.js';
import { differingRuns } from './runs.js';
import type { DctSide } from './side.js';

/** absent: one of the inputs does not hold the field. */
export type DctFieldState = 'same' | 'changed' | 'absent';

export interface DctFieldChange {
  /** `device_private_key`, `wifi.stored_ap_list`. */
  readonly field: string;
  readonly title: string;
  /** set: it was blank before. cleared: it is blank now. */
  readonly change: 'changed' | 'set' | 'cleared';
  /** In words; secret content is only counted unless secrets were asked for. */
  readonly before: string;
  readonly after: string;
  readonly secret: boolean;
  readonly bytes: number;
}

export interface DctDifference {
  /** Every field of the sections both have, but not the marks that the firmware keeps about the copy itself. */
  readonly fields: Readonly<Record<string, DctFieldState>>;
  readonly changes: readonly DctFieldChange[];
  readonly currentCopy: readonly [1 | 2 | null, 1 | 2 | null];
  /** Marks of the copy in use that differ: sequence, check value and their like. */
  readonly bookkeeping: readonly DctFieldChange[];
  /** Differing bytes that belong to no field. */
  readonly unnamedBytes: number;
  /** What else follows, as sentences: which copy is in use, what the other one holds. */
  readonly consequences: readonly string[];
}

/** Sections that the firmware writes about the copy, not about the device. */
export const BOOKKEEPING: readonly DctSectionName[] = ['header', 'version', 'dcd_header', 'dcd_footer'];

export function compareDct(a: DctSide, b: DctSide, showSecrets: boolean): DctDifference {
  const [viewA, viewB] = withBlank(a, b);
  const equal = equalBytes(viewA.bytes, viewB.bytes);
  const fields: Record<string, DctFieldState> = {};
  const changes: DctFieldChange[] = [];
  const bookkeeping: DctFieldChange[] = [];
  for (const section of viewA.sections.keys()) {
    if (!viewB.sections.has(section)) continue;
    const isBookkeeping = BOOKKEEPING.includes(section);
    for (const field of dctFields(section)) {
      const [before, after] = [fieldBytes(viewA, field), fieldBytes(viewB, field)];
      const bytes = equal || !before || !after ? 0 : ownDifferences(field, before, after);
      if (bytes > 0 && before && after) {
        const change = describeChange(field, before, after, bytes, showSecrets);
        (isBookkeeping ? bookkeeping : changes).push(change);
      }
      if (!isBookkeeping) fields[fieldKey(field)] = !before || !after ? 'absent' : bytes > 0 ? 'changed' : 'same';
    }
  }
  return {
    fields,
    changes,
    currentCopy: [a.current, b.current],
    bookkeeping,
    unnamedBytes: equal ? 0 : countUnnamed(viewA, viewB),
    consequences: consequencesOf(a, b, changes.length > 0),
  };
}

/** Firmware that finds no usable copy works as if every field were blank. */
function withBlank(a: DctSide, b: DctSide): readonly [DctView, DctView] {
  const blank = ({ view }: DctSide, store: DctStore): DctView =>
    view
      ? { bytes: new Uint8Array(view.bytes.length).fill(0xff), sections: view.sections }
      : viewCopy(new Uint8Array(0), store);
  return [a.view ?? blank(b, a.store), b.view ?? blank(a, b.store)];
}

/** Differing bytes of a field that belong to no field inside it: the server key holds the server address. */
function ownDifferences(field: DctField, before: Uint8Array, after: Uint8Array): number {
  if (equalBytes(before, after)) return 0;
  const inside = dctFields(field.section).filter(({ parent }) => parent === field.name);
  let count = 0;
  for (let offset = 0; offset < before.length; offset++) {
    if (before[offset] === after[offset]) continue;
    const place = field.offset + offset;
    if (!inside.some((part) => place >= part.offset && place < part.offset + part.size)) count++;
  }
  return count;
}

function describeChange(
  field: DctField,
  before: Uint8Array,
  after: Uint8Array,
  bytes: number,
  showSecrets: boolean,
): DctFieldChange {
  const [blankBefore, blankAfter] = [before, after].map((content) => fillState(content) !== 'set');
  const old = leafWords(field, before, showSecrets).value;
  const now = leafWords(field, after, showSecrets).value;
  return {
    field: fieldKey(field),
    title: field.title,
    change: blankBefore && !blankAfter ? 'set' : blankAfter && !blankBefore ? 'cleared' : 'changed',
    before: old,
    after: old === now ? 'other content' : now,
    secret: isSecretField(field),
    bytes,
  };
}

/** Differing bytes outside all fields of the sections, and outside all sections. */
function countUnnamed(a: DctView, b: DctView): number {
  const named = new Uint8Array(Math.min(a.bytes.length, b.bytes.length));
  for (const [section, base] of a.sections) {
    for (const { offset, size } of dctFields(section)) named.fill(1, base + offset, base + offset + size);
  }
  let count = 0;
  for (const { start, end } of differingRuns(a.bytes.subarray(0, named.length), b.bytes.subarray(0, named.length))) {
    for (let offset = start; offset < end; offset++) {
      if (named[offset] === 0 && a.bytes[offset] !== b.bytes[offset]) count++;
    }
  }
  return count;
}

function consequencesOf(a: DctSide, b: DctSide, changed: boolean): string[] {
  const [old, now] = [a.current, b.current];
  if (a.copies.every((copy) => !copy) || b.copies.every((copy) => !copy)) return [];
  if (old === null && now === null) return [];
  if (old === null) return [`No copy was in use in a; copy ${now} is in b.`];
  if (now === null) return [`Copy ${old} was in use in a; in b no copy is: the firmware will write an empty one.`];
  const other = otherCopyWords(a, b, old, now);
  if (old === now) return other ? [other] : [];
  const why = changed
    ? 'the firmware writes every change into the other copy'
    : 'the values are the same, so the firmware wrote it again without changing any';
  return [`The copy in use moved from ${old} to ${now}: ${why}.`, ...(other ? [other] : [])];
}

/** Marks that a superseded copy loses: current (header) and initial_write (version record). */
const CLEARED_MARKS: readonly (readonly [DctSectionName, string])[] = [
  ['header', 'is_current_dct'],
  ['version', 'initial_write'],
];

/** What became of the copy that is not in use in b, when it is not what it was in a. */
function otherCopyWords(a: DctSide, b: DctSide, old: 1 | 2, now: 1 | 2): string | null {
  const idle = now === 1 ? 2 : 1;
  const [before, after] = [a.copies[idle - 1] ?? null, b.copies[idle - 1] ?? null];
  if (!before || !after) return null;
  if (equalBytes(before, after)) return old === now ? null : `Copy ${idle} is unchanged.`;
  if (fillState(after) === 'blank') return `Copy ${idle}, no longer in use, was erased.`;
  if (old === idle && isSuperseded(before, after, a.store)) {
    return `Copy ${idle} keeps the values from before, marked as superseded: it still holds the old secrets.`;
  }
  const names = fieldsThatDiffer(before, after, a.store);
  const what = names.length > 0 ? `: ${names.join(', ')}` : ' in its marks only';
  return `Copy ${idle}, which is not in use, differs too${what}.`;
}

function isSuperseded(before: Uint8Array, after: Uint8Array, store: DctStore): boolean {
  if (store !== 'wiced') return false;
  const marks = CLEARED_MARKS.flatMap(([section, name]) => {
    const field = dctFields(section).find((candidate) => candidate.name === name);
    return field ? [dctSection(store, section).offset + field.offset] : [];
  });
  return before.every((byte, offset) => byte === after[offset] || marks.includes(offset));
}

function fieldsThatDiffer(before: Uint8Array, after: Uint8Array, store: DctStore): string[] {
  const [one, two] = [viewCopy(before, store), viewCopy(after, store)];
  return [...one.sections.keys()]
    .filter((section) => !BOOKKEEPING.includes(section))
    .flatMap((section) => dctFields(section))
    .filter((field) => {
      const [old, now] = [fieldBytes(one, field), fieldBytes(two, field)];
      return old !== null && now !== null && ownDifferences(field, old, now) > 0;
    })
    .map(fieldKey);
}
