/** The DCT as a tree of parts: section, field, member. Every byte of a copy has a name, unused stretches too. */

import type { Part } from '../../core/part.js';
import {
  DCT_COPY_BYTES,
  type DctField,
  type DctLeaf,
  type DctSection,
  type DctStore,
  dctFields,
  dctRecord,
  dctSections,
} from './table.js';
import { fillState, withoutFiller } from './values.js';
import { fillerWords, isSecretField, leafWords } from './words.js';

export interface DctPartsOptions {
  readonly store: DctStore;
  /** Target address of the first byte. */
  readonly address: number;
  readonly showSecrets?: boolean;
}

/** Bytes and where they lie; sub-ranges keep both in step. */
interface Place {
  readonly bytes: Uint8Array;
  readonly address: number;
  readonly showSecrets: boolean;
}

/** The parts of one copy. Values and members are worked out when they are asked for. */
export function dctParts(copy: Uint8Array, options: DctPartsOptions): readonly Part[] {
  const place: Place = { bytes: copy, address: options.address, showSecrets: options.showSecrets ?? false };
  const sections = dctSections(options.store).filter(({ offset, size }) => offset + size <= copy.length);
  return withGaps(place, sections, (section) => sectionPart(part(place, section), section));
}

/**
 * The parts of a file that begins at the application section. A read of 16 KiB over DFU alternate setting 1 runs past
 * the end of the copy into the next sector, which may be the other copy with its keys: that rest counts as secret.
 */
export function applicationParts(bytes: Uint8Array, options: DctPartsOptions): readonly Part[] {
  const showSecrets = options.showSecrets ?? false;
  const application = dctSections('wiced').filter(({ name }) => name === 'application');
  const copyEnd = DCT_COPY_BYTES - (application[0]?.offset ?? 0);
  const own = bytes.subarray(0, copyEnd);
  const place: Place = { bytes: own, address: options.address, showSecrets };
  const whole = application.map((section) => ({ ...section, offset: 0 })).filter(({ size }) => size <= own.length);
  const parts = withGaps(place, whole, (section) => sectionPart(part(place, section), section));
  if (bytes.length <= copyEnd) return parts;
  const rest: Part = {
    name: 'next_sector',
    start: options.address + copyEnd,
    end: options.address + bytes.length,
    value: `${bytes.length - copyEnd} bytes`,
    about: 'read past the end of the copy: the beginning of the next sector',
    secret: true,
  };
  return [...parts, rest];
}

function part(place: Place, { offset, size }: { readonly offset: number; readonly size: number }): Place {
  return {
    bytes: place.bytes.subarray(offset, offset + size),
    address: place.address + offset,
    showSecrets: place.showSecrets,
  };
}

function range(place: Place): { start: number; end: number } {
  return { start: place.address, end: place.address + place.bytes.length };
}

function sectionPart(place: Place, section: DctSection): Part {
  return {
    ...range(place),
    name: section.name,
    about: section.about,
    parts: () => {
      const fields = dctFields(section.name);
      return withGaps(
        place,
        fields.filter((field) => field.parent === undefined),
        (field) => fieldPart(part(place, field), field, fields),
      );
    },
  };
}

function fieldPart(place: Place, field: DctField, all: readonly DctField[]): Part {
  const inside = all.filter((candidate) => candidate.parent === field.name);
  const record = field.record;
  const base = {
    ...range(place),
    name: field.name,
    about: field.about,
    value: leafWords(field, place.bytes, place.showSecrets).value,
  };
  if (field.secret) return { ...base, secret: true };
  if (inside.length > 0 && record === undefined)
    return { ...base, parts: () => fieldsInside(place, field, inside, all) };
  if (record !== undefined) return { ...base, parts: () => recordParts(place, field, isSecretField(field)) };
  return mayHoldAnything(field, place.bytes) ? { ...base, secret: true } : base;
}

/** Fields that lie in another one, with the rest of the outer field before, between and after them. */
function fieldsInside(place: Place, outer: DctField, inside: readonly DctField[], all: readonly DctField[]): Part[] {
  const moved = inside.map((field) => ({ field, offset: field.offset - outer.offset, size: field.size }));
  return withGaps(
    place,
    moved,
    ({ field, offset, size }) => fieldPart(part(place, { offset, size }), field, all),
    `${outer.name}.content`,
  );
}

function recordParts(place: Place, leaf: DctLeaf, secret: boolean): Part[] {
  const record = dctRecord(leaf.record ?? '');
  const count = leaf.count ?? 1;
  if (count === 1) return memberParts(place, record.name);
  const elements = Array.from({ length: count }, (_, index) => ({
    offset: index * record.size,
    size: record.size,
    index,
  }));
  return withGaps(place, elements, ({ index, ...where }) => ({
    ...range(part(place, where)),
    name: `${leaf.name}[${index}]`,
    about: secret ? 'holds secret members' : undefined,
    parts: () => memberParts(part(place, where), record.name),
  }));
}

function memberParts(place: Place, record: string): Part[] {
  return withGaps(place, dctRecord(record).fields, (member) => {
    const inner = part(place, member);
    const base = { ...range(inner), name: member.name };
    if (member.record !== undefined) return { ...base, parts: () => recordParts(inner, member, false) };
    const { value } = leafWords(member, inner.bytes, place.showSecrets);
    return member.secret || mayHoldAnything(member, inner.bytes)
      ? { ...base, value, secret: true }
      : { ...base, value };
  });
}

/** Content where none belongs may be anything, an old key included; so may what is not the public key it should be. */
function mayHoldAnything(leaf: DctLeaf, bytes: Uint8Array): boolean {
  if (leaf.kind === 'key-public') return leafWords(leaf, bytes, false).state === 'invalid';
  return (leaf.kind === 'padding' || leaf.kind === 'reserved') && withoutFiller(bytes).length > 0;
}

/** Parts for the entries and, named as unused, for the stretches between them. */
function withGaps<E extends { readonly offset: number; readonly size: number }>(
  place: Place,
  entries: readonly E[],
  toPart: (entry: E) => Part,
  gapName = 'unused',
): Part[] {
  const parts: Part[] = [];
  let position = 0;
  for (const entry of entries) {
    if (entry.offset > position) parts.push(gapPart(place, position, entry.offset, gapName));
    parts.push(toPart(entry));
    position = Math.max(position, entry.offset + entry.size);
  }
  if (position < place.bytes.length) parts.push(gapPart(place, position, place.bytes.length, gapName));
  return parts;
}

function gapPart(place: Place, start: number, end: number, name: string): Part {
  const gap = part(place, { offset: start, size: end - start });
  const isContent = name !== 'unused';
  const secret = !isContent && fillState(gap.bytes) === 'set';
  return {
    ...range(gap),
    name,
    about: isContent ? 'the field itself' : 'belongs to no field',
    value: isContent ? undefined : fillerWords(gap.bytes).value,
    ...(secret ? { secret } : {}),
  };
}
