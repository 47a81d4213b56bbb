/**
 * Where the sections lie in the bytes at hand: in a copy of the P1 store, in a copy of the Electron store, or in a file
 * read over DFU alternate setting 1, which begins at the application section.
 */
import { type DctField, type DctSectionName, type DctStore, dctField, dctSection, dctSections } from './table.js';

export interface DctView {
  readonly bytes: Uint8Array;
  /** Start of each section in `bytes`. */
  readonly sections: ReadonlyMap<DctSectionName, number>;
}

/** A whole copy. */
export function viewCopy(bytes: Uint8Array, store: DctStore): DctView {
  return { bytes, sections: new Map(dctSections(store).map((section) => [section.name, section.offset])) };
}

/** A file that begins at the application section; what follows the section is not looked at. */
export function viewApplication(bytes: Uint8Array): DctView {
  const { size } = dctSection('wiced', 'application');
  return { bytes: bytes.subarray(0, size), sections: new Map([['application', 0]]) };
}

/** The bytes of a field (a view), or null when the input has no such section or ends before the field does. */
export function fieldBytes(view: DctView, field: DctField): Uint8Array | null {
  const base = view.sections.get(field.section);
  if (base === undefined) return null;
  const start = base + field.offset;
  return start + field.size > view.bytes.length ? null : view.bytes.subarray(start, start + field.size);
}

/** The bytes of a field named by its key. */
export function bytesOf(view: DctView, key: string): Uint8Array | null {
  return fieldBytes(view, dctField(key));
}

/** The bytes of a whole section, or null. */
export function sectionBytes(view: DctView, name: DctSectionName, store: DctStore = 'wiced'): Uint8Array | null {
  const base = view.sections.get(name);
  if (base === undefined) return null;
  const { size } = dctSection(store, name);
  return base + size > view.bytes.length ? null : view.bytes.subarray(base, base + size);
}
