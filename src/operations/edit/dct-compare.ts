/** Which fields of two DCT copies differ, in words; secrets are compared and not shown. */
import { equalBytes } from '../../core/bytes.js';
import { type DctField, type DctSectionName, dctFields, fieldKey } from '../../regions/dct/index.js';
import { type DctView, fieldBytes } from '../../regions/dct/view.js';
import { isSecretField, leafWords } from '../../regions/dct/words.js';

export interface DctFieldChange {
  readonly key: string;
  readonly title: string;
  readonly section: DctSectionName;
  /** From the start of the section. */
  readonly offset: number;
  readonly size: number;
  /** In words; a secret is masked unless it was asked for. "not in the input" when the view ends before the field. */
  readonly before: string;
  readonly after: string;
  readonly secret: boolean;
}

/** Sections the firmware keeps for itself: marks, sequence and check value change with every write. */
const BOOKKEEPING: readonly DctSectionName[] = ['header', 'version', 'dcd_header', 'dcd_footer'];

/**
 * The fields whose own bytes differ, in the order of the table. A field inside another one counts for itself only.
 * A view that lacks a section of the other is not compared there.
 */
export function changedFields(before: DctView, after: DctView, showSecrets = false): DctFieldChange[] {
  const sections = [...after.sections.keys()].filter(
    (name) => before.sections.has(name) && !BOOKKEEPING.includes(name),
  );
  return sections.flatMap((name) =>
    dctFields(name).flatMap((field) => {
      const [old, now] = [fieldBytes(before, field), fieldBytes(after, field)];
      if (!old && !now) return [];
      if (old && now && equalBytes(ownBytes(field, old), ownBytes(field, now))) return [];
      return {
        key: fieldKey(field),
        title: field.title,
        section: name,
        offset: field.offset,
        size: field.size,
        before: words(field, old, showSecrets),
        after: words(field, now, showSecrets),
        secret: isSecretField(field),
      };
    }),
  );
}

/** Fields of sections that one of the views does not reach. */
export function uncomparedSections(before: DctView, after: DctView): DctSectionName[] {
  const names = new Set([...before.sections.keys(), ...after.sections.keys()]);
  return [...names].filter(
    (name) => !BOOKKEEPING.includes(name) && !(before.sections.has(name) && after.sections.has(name)),
  );
}

/** The bytes of a field without those of the fields that lie inside it. */
function ownBytes(field: DctField, bytes: Uint8Array): Uint8Array {
  const inside = dctFields(field.section).filter(({ parent }) => parent === field.name);
  if (inside.length === 0) return bytes;
  const own = bytes.slice();
  for (const { offset, size } of inside) own.fill(0, offset - field.offset, offset - field.offset + size);
  return own;
}

function words(field: DctField, bytes: Uint8Array | null, showSecrets: boolean): string {
  return bytes ? leafWords(field, bytes, showSecrets).value : 'not in the input';
}
