/** Changing and building a DCT offline, so that firmware of either generation accepts the result. */
import { BuildError } from '../../core/errors.js';
import { classifyCopy, type DctRules, RANK_WITH_RECORD, selectBefore070, selectFrom070 } from './selection.js';
import { DCT_COPY_BYTES, dctField, dctSection } from './table.js';
import {
  type CopyChange,
  changedCopy,
  type DctPair,
  type DctWrite,
  type DctWriter,
  type FlashOperation,
  freshHeader,
  nextCopy,
  requireCopies,
  rulesOf,
  selectCopy,
  setVersionRecord,
  supersededCopy,
  writeDctField,
  writeOffset,
} from './write.js';

/** A new content for a field (a key of the field table) or for a place in a section. */
export type DctEdit = DctWrite | { readonly field: string; readonly bytes: Uint8Array };

/**
 * `flip`: as the firmware would, the result lies in the other sector. `in-place`: the current copy is replaced, its
 * sequence kept. `single`: copy 1 holds the result and copy 2 is erased; every release accepts that.
 */
export type EditStyle = 'flip' | 'in-place' | 'single';

export interface EditOptions {
  readonly style: EditStyle;
  /** Rules of the firmware the result is for; `unknown` demands that both rule sets agree on the current copy. */
  readonly rules: DctRules | 'unknown';
}

export interface EditResult extends DctPair {
  /** The copy that holds the result. Both rule sets choose it. */
  readonly current: 1 | 2;
}

/**
 * Replaces fields in the current copy. A field shorter than its place keeps the old bytes behind the new ones, as a DFU
 * write does; give the whole field to clear the rest.
 * @throws BuildError DCT_NO_CURRENT, DCT_RULES_DISAGREE, DCT_EDIT_NOT_CURRENT; UsageError DCT_NO_FIELD, DCT_WRITE_OUTSIDE.
 */
export function editDctField(pair: DctPair, edits: readonly DctEdit[], options: EditOptions): EditResult {
  requireCopies(pair);
  const current = currentForEdit(pair, options.rules);
  const changes = edits.map(toChange);
  const old = current === 1 ? pair.copy1 : pair.copy2;
  const withRecord = options.rules !== 'before-0.7.0';
  if (options.style === 'flip') {
    const next = withRecord ? nextCopy(old, changes) : changedCopy(old, changes);
    const before = withRecord ? supersededCopy(old) : new Uint8Array(DCT_COPY_BYTES).fill(0xff);
    const result = current === 1 ? { copy1: before, copy2: next } : { copy1: next, copy2: before };
    return confirmed(result, current === 1 ? 2 : 1, options.rules);
  }
  const next = changedCopy(old, changes);
  const sequence = next[dctSection('wiced', 'version').offset + 13] as number;
  const hasRecord = classifyCopy(next).rank === RANK_WITH_RECORD;
  if (options.style === 'single') {
    setVersionRecord(next, hasRecord ? sequence : 1);
    return confirmed({ copy1: next, copy2: new Uint8Array(DCT_COPY_BYTES).fill(0xff) }, 1, options.rules);
  }
  // Without a valid record, as 0.6.4, factory images and the automatic format leave it, the copy keeps its rank.
  if (hasRecord) setVersionRecord(next, sequence, next.slice(0x3ffe));
  const result = current === 1 ? { copy1: next, copy2: pair.copy2 } : { copy1: pair.copy1, copy2: next };
  return confirmed(result, current, options.rules);
}

export interface FirmwareEditResult extends EditResult {
  readonly operations: readonly FlashOperation[];
  /** How often the other sector became the copy in use. */
  readonly flips: number;
}

/**
 * The edits as the firmware of a generation makes them: one write after the other, with its order of erasing and
 * programming. For `unknown` firmware the writes are those of 0.7.0, whose result the older rules accept as well.
 * @throws as `editDctField`.
 */
export function writeDctEdits(
  pair: DctPair,
  edits: readonly DctEdit[],
  writer: DctWriter | 'unknown',
): FirmwareEditResult {
  requireCopies(pair);
  const rules = writer === 'unknown' ? writer : rulesOf(writer);
  let current = currentForEdit(pair, rules);
  let result: DctPair = pair;
  const operations: FlashOperation[] = [];
  let flips = 0;
  for (const edit of edits) {
    const written = writeDctField(result, toWrite(edit), writer === 'unknown' ? '0.7.0' : writer);
    operations.push(...written.operations);
    if (written.current !== current) flips++;
    current = written.current;
    result = written;
  }
  return { ...confirmed({ copy1: result.copy1, copy2: result.copy2 }, current, rules), operations, flips };
}

/**
 * Erases the copy that is not in use, with the secrets it may still hold. Every release accepts one copy alone.
 * @throws BuildError DCT_EDIT_NOT_CURRENT
 */
export function wipeOtherCopy({ copy1, copy2, current }: EditResult, rules: EditOptions['rules']): EditResult {
  const erased = new Uint8Array(DCT_COPY_BYTES).fill(0xff);
  return confirmed(current === 1 ? { copy1, copy2: erased } : { copy1: erased, copy2 }, current, rules);
}

function currentForEdit(pair: DctPair, rules: EditOptions['rules']): 1 | 2 {
  const [before, from] = [selectBefore070(pair.copy1, pair.copy2), selectFrom070(pair.copy1, pair.copy2)];
  if (rules === 'unknown' && before.current !== from.current) {
    throw new BuildError({
      code: 'DCT_RULES_DISAGREE',
      what: 'the current DCT copy depends on the firmware',
      got: `${copyName(before.current)} before 0.7.0, ${copyName(from.current)} from 0.7.0`,
      help: 'Say which firmware the image is for.',
    });
  }
  const { current } = rules === 'before-0.7.0' ? before : from;
  if (current !== null) return current;
  throw new BuildError({
    code: 'DCT_NO_CURRENT',
    what: 'there is no usable DCT copy to change',
    expected: 'a copy with a complete header',
    got: `${before.reason} ${from.reason}`,
    help: 'Build a fresh DCT instead.',
  });
}

function copyName(current: 1 | 2 | null): string {
  return current === null ? 'none' : `copy ${current}`;
}

function toChange(edit: DctEdit): CopyChange {
  const write = toWrite(edit);
  return { start: writeOffset(write, '0.7.0'), bytes: write.bytes };
}

/** An edit as a write to its section. @throws UsageError DCT_NO_FIELD; BuildError DCT_FIELD_TOO_LONG */
export function toWrite(edit: DctEdit): DctWrite {
  if ('section' in edit) return edit;
  const { section, offset, size } = dctField(edit.field);
  if (edit.bytes.length <= size) return { section, offset, bytes: edit.bytes };
  throw new BuildError({
    code: 'DCT_FIELD_TOO_LONG',
    what: `the new content does not fit ${edit.field}`,
    expected: `at most ${size} bytes`,
    got: `${edit.bytes.length} bytes`,
    help: 'Give content that fits the field.',
  });
}

/** The result, after making sure that the intended firmware (both generations when unknown) uses the new copy. */
function confirmed(pair: DctPair, current: 1 | 2, rules: EditOptions['rules']): EditResult {
  const judges: readonly DctRules[] = rules === 'unknown' ? ['before-0.7.0', 'from-0.7.0'] : [rules];
  for (const judge of judges) {
    const selection = selectCopy(pair, judge);
    if (selection.current === current) continue;
    throw new BuildError({
      code: 'DCT_EDIT_NOT_CURRENT',
      what: 'the changed DCT copy would not be used',
      where: judge === 'from-0.7.0' ? 'firmware from 0.7.0' : 'firmware before 0.7.0',
      expected: `copy ${current}`,
      got: `${copyName(selection.current)} (${selection.reason})`,
      help: 'Use the style "single", which erases the other copy.',
    });
  }
  return { ...pair, current };
}

export interface BuildDctOptions {
  /** Contents by field or place, written over the empty table. */
  readonly edits?: readonly DctEdit[];
  /** Add a version record with sequence 1, as after a write by 0.7.0; factory images have none. */
  readonly versionRecord?: boolean;
  /** Zero the list of networks, as in factory images from 1.4.4 (default true). */
  readonly emptyWifi?: boolean;
}

/** A fresh DCT: copy 1 with a header and the given contents, copy 2 erased. @throws as `editDctField`. */
export function buildDct(options: BuildDctOptions = {}): EditResult {
  const copy1 = new Uint8Array(DCT_COPY_BYTES).fill(0xff);
  copy1.set(freshHeader(), 0);
  if (options.emptyWifi !== false) {
    const wifi = dctSection('wiced', 'wifi').offset;
    copy1.fill(0, wifi, wifi + dctField('wifi.stored_ap_list').offset + dctField('wifi.stored_ap_list').size);
  }
  for (const change of (options.edits ?? []).map(toChange)) copy1.set(change.bytes, change.start);
  if (options.versionRecord) setVersionRecord(copy1, 1);
  return confirmed({ copy1, copy2: new Uint8Array(DCT_COPY_BYTES).fill(0xff) }, 1, 'unknown');
}
