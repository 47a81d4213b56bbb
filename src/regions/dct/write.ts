/**
 * How the firmware writes the DCT, step by step on flash that erases to 0xFF and programs by AND. With the steps one can
 * tell what a unit holds after a write, and what it holds when the power fails between any two of them.
 */
import { copyBytes, equalBytes, isFilledWith, writeU16, writeU32 } from '../../core/bytes.js';
import { UsageError } from '../../core/errors.js';
import { checkValue } from './check-value.js';
import {
  type DctRules,
  type DctSelection,
  HEADER_MAGIC,
  hasVersionMagic,
  SDK_VERSION,
  selectBefore070,
  selectFrom070,
  VERSION_MAGIC,
} from './selection.js';
import { compareReleases, DCT_COPY_BYTES, type DctSectionName, dctSection, requireCopySize } from './table.js';

/**
 * Four generations of the writing code: `0.4.2` always rewrites; `0.4.3` (to 0.4.5) programs in place first; `0.4.6` (to
 * 0.6.4) also leaves unchanged data and blank sectors alone; `0.7.0` always flips, with a version record.
 */
export type DctWriter = '0.4.2' | '0.4.3' | '0.4.6' | '0.7.0';

/** One operation on one of the two sectors. */
export type FlashOperation =
  | { readonly copy: 1 | 2; readonly operation: 'erase'; readonly about: string }
  | {
      readonly copy: 1 | 2;
      readonly operation: 'program';
      /** From the start of the copy. */
      readonly offset: number;
      readonly bytes: Uint8Array;
      readonly about: string;
    };

export interface DctPair {
  readonly copy1: Uint8Array;
  readonly copy2: Uint8Array;
}

export interface DctWrite {
  readonly section: DctSectionName;
  /** From the start of the section; DFU alternate 1 uses application offsets. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export interface DctWriteResult extends DctPair {
  readonly current: 1 | 2;
  readonly operations: readonly FlashOperation[];
}

const HEADER_BYTES = 388;
const WRITE_INCOMPLETE = 8;
const IS_CURRENT = 9;
const APP_VALID = 10;
const MFG_INFO_PROGRAMMED = 11;
const MAGIC = 12;
const BOOT_DETAIL = 16;
const BOOT_DESTINATION_ID = 0x34;
const APPS_LOCATIONS = 0x60;
const LOAD_APP_FUNC = 0x180;
const LOCATION_BYTES = 36;
const LOCATION_COUNT = 8;
const VERSION_RECORD = 0x3ff0;
const INITIAL_WRITE = VERSION_RECORD + 12;

/** The generation of the writing code in a Device OS release. */
export function dctWriter(release: string): DctWriter {
  if (compareReleases(release, '0.7.0-rc.1') >= 0) return '0.7.0';
  if (compareReleases(release, '0.4.6-rc.1') >= 0) return '0.4.6';
  return compareReleases(release, '0.4.3-rc.2') >= 0 ? '0.4.3' : '0.4.2';
}

/** The rules by which the same release chooses the current copy. */
export function rulesOf(writer: DctWriter): DctRules {
  return writer === '0.7.0' ? 'from-0.7.0' : 'before-0.7.0';
}

/** Selection by the rules named. */
export function selectCopy(pair: DctPair, rules: DctRules, early = false): DctSelection {
  return rules === 'from-0.7.0'
    ? selectFrom070(pair.copy1, pair.copy2, early)
    : selectBefore070(pair.copy1, pair.copy2);
}

/** The pair after an operation; the given pair is not changed. */
export function applyFlashOperation(pair: DctPair, operation: FlashOperation): DctPair {
  const target = copyBytes(operation.copy === 1 ? pair.copy1 : pair.copy2);
  if (operation.operation === 'erase') target.fill(0xff);
  else {
    for (const [index, byte] of operation.bytes.entries()) {
      const offset = operation.offset + index;
      target[offset] = (target[offset] as number) & byte;
    }
  }
  return operation.copy === 1 ? { copy1: target, copy2: pair.copy2 } : { copy1: pair.copy1, copy2: target };
}

/** Collects operations and the state they lead to. */
class Flash {
  pair: DctPair;
  readonly operations: FlashOperation[] = [];

  constructor(pair: DctPair) {
    this.pair = pair;
  }

  copy(number: 1 | 2): Uint8Array {
    return number === 1 ? this.pair.copy1 : this.pair.copy2;
  }

  erase(copy: 1 | 2, about: string): void {
    this.#do({ copy, operation: 'erase', about });
  }

  program(copy: 1 | 2, offset: number, bytes: Uint8Array, about: string): void {
    if (bytes.length > 0) this.#do({ copy, operation: 'program', offset, bytes: copyBytes(bytes), about });
  }

  #do(operation: FlashOperation): void {
    this.operations.push(operation);
    this.pair = applyFlashOperation(this.pair, operation);
  }
}

/**
 * Simulates one write by the firmware of a generation, including the automatic format when no copy is usable.
 * @throws FormatError DCT_BAD_SIZE; UsageError DCT_WRITE_OUTSIDE, DCT_NO_SECTION.
 */
export function writeDctField(pair: DctPair, write: DctWrite, writer: DctWriter): DctWriteResult {
  requireCopies(pair);
  const start = writeOffset(write, writer);
  const flash = new Flash(pair);
  const rules = rulesOf(writer);
  const current = selectCopy(flash.pair, rules).current ?? formatInto(flash, rules);
  const now =
    writer === '0.7.0'
      ? flip(flash, current, start, write.bytes)
      : writeBefore070(flash, current, start, write, writer);
  return { ...flash.pair, current: now, operations: flash.operations };
}

/** What the firmware leaves when it finds no usable copy. */
export function formatDct(pair: DctPair, rules: DctRules): DctPair {
  requireCopies(pair);
  const flash = new Flash(pair);
  formatInto(flash, rules);
  return flash.pair;
}

function formatInto(flash: Flash, rules: DctRules): 1 {
  flash.erase(1, 'format: erase copy 1');
  if (rules === 'before-0.7.0') {
    flash.program(1, 0, freshHeader(), 'format: header');
    return 1;
  }
  const header = freshHeader();
  header[APP_VALID] = 0;
  header[BOOT_DESTINATION_ID] = 1;
  for (let index = 0; index < LOCATION_COUNT; index++) {
    header[APPS_LOCATIONS + index * LOCATION_BYTES] = 2;
    // The vendor's template counts the locations in steps of 0x22.
    writeU32(header, APPS_LOCATIONS + index * LOCATION_BYTES + 4, index * 0x22);
  }
  const record = new Uint8Array(16);
  writeU32(record, 0, VERSION_MAGIC);
  record[12] = 1;
  record[13] = 1;
  flash.program(1, 0, header, 'format: header');
  flash.program(1, VERSION_RECORD, record, 'format: version record without version');
  flash.erase(2, 'format: erase copy 2');
  return 1;
}

/** The header of a copy that is complete and current, and otherwise empty. */
export function freshHeader(): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES);
  header[IS_CURRENT] = 1;
  header[APP_VALID] = 1;
  writeU32(header, MAGIC, HEADER_MAGIC);
  return header;
}

function writeBefore070(flash: Flash, current: 1 | 2, start: number, write: DctWrite, writer: DctWriter): 1 | 2 {
  const old = flash.copy(current);
  const careful = writer === '0.4.6';
  if (writer !== '0.4.2' && write.section === 'application') {
    flash.program(current, start, write.bytes, 'program the new bytes in place');
    const readBack = flash.copy(current).subarray(start, start + write.bytes.length);
    if (equalBytes(readBack, write.bytes)) return current;
  } else if (careful && equalBytes(old.subarray(start, start + write.bytes.length), write.bytes)) return current;

  const other = current === 1 ? 2 : 1;
  const source = flash.copy(current);
  if (!careful || !isFilledWith(flash.copy(other), 0xff)) flash.erase(other, 'erase the other copy');
  const end = start + write.bytes.length;
  flash.program(other, HEADER_BYTES, source.subarray(HEADER_BYTES, start), 'copy what lies before the field');
  flash.program(other, start, write.bytes, 'program the new bytes');
  flash.program(other, end, source.subarray(end), 'copy what lies after the field');
  const header = freshHeader();
  header[MFG_INFO_PROGRAMMED] = source[MFG_INFO_PROGRAMMED] as number;
  header.set(source.subarray(BOOT_DETAIL, LOAD_APP_FUNC), BOOT_DETAIL);
  flash.program(other, 0, header, 'program the header');
  flash.erase(current, 'erase the copy before');
  return other;
}

/** The steps of 0.7.0 and later: a new copy in the other sector, then two bytes of the old one cleared. */
function flip(flash: Flash, current: 1 | 2, start: number, bytes: Uint8Array): 1 | 2 {
  const other = current === 1 ? 2 : 1;
  const next = nextCopy(flash.copy(current), [{ start, bytes }]);
  flash.erase(other, '1: erase the other copy');
  const end = start + bytes.length;
  flash.program(other, HEADER_BYTES, next.subarray(HEADER_BYTES, start), '2: copy what lies before the field');
  flash.program(other, end, next.subarray(end, VERSION_RECORD), '2: copy what lies after the field');
  flash.program(other, start, bytes, '2: program the new bytes');
  const header = copyBytes(next, 0, HEADER_BYTES);
  header[WRITE_INCOMPLETE] = 1;
  flash.program(other, 0, header, '3: program the header, marked incomplete');
  flash.program(other, VERSION_RECORD, next.subarray(VERSION_RECORD), '4: program the version record');
  flash.program(other, WRITE_INCOMPLETE, new Uint8Array([0]), '5: mark the new copy complete');
  flash.program(current, IS_CURRENT, new Uint8Array([0]), '6: mark the old copy superseded');
  flash.program(current, INITIAL_WRITE, new Uint8Array([0]), '7: clear initial_write of the old copy');
  return other;
}

/** One change at an offset from the start of the copy. */
export interface CopyChange {
  readonly start: number;
  readonly bytes: Uint8Array;
}

/** The successor of a copy as 0.7.0 and later make it: marks, version record with the next sequence, check value. */
export function nextCopy(copy: Uint8Array, changes: readonly CopyChange[]): Uint8Array {
  const next = changedCopy(copy, changes);
  const record = VERSION_RECORD;
  const hadRecord = hasVersionMagic(copy);
  const sequence = hadRecord ? ((copy[record + 13] as number) + 1) & 0xff : 1;
  setVersionRecord(next, sequence, hadRecord ? copy.subarray(record + 14, record + 16) : new Uint8Array(2));
  return next;
}

/** A copy with changes applied and marked complete, current and valid; the version record stays as it is. */
export function changedCopy(copy: Uint8Array, changes: readonly CopyChange[]): Uint8Array {
  const next = copyBytes(copy);
  for (const change of changes) next.set(change.bytes, change.start);
  next[WRITE_INCOMPLETE] = 0;
  next[IS_CURRENT] = 1;
  next[APP_VALID] = 1;
  return next;
}

/** Writes a version record with the given sequence and the check value that fits the rest of the copy. */
export function setVersionRecord(copy: Uint8Array, sequence: number, padding: Uint8Array = new Uint8Array(2)): void {
  writeU32(copy, VERSION_RECORD, VERSION_MAGIC);
  writeU16(copy, VERSION_RECORD + 4, 0);
  writeU16(copy, VERSION_RECORD + 6, SDK_VERSION);
  copy[INITIAL_WRITE] = 0;
  copy[VERSION_RECORD + 13] = sequence;
  copy.set(padding, VERSION_RECORD + 14);
  writeU32(copy, VERSION_RECORD + 8, checkValue(copy));
}

/** Marks a copy as the flip does with the one it replaces. */
export function supersededCopy(copy: Uint8Array): Uint8Array {
  const superseded = copyBytes(copy);
  superseded[IS_CURRENT] = 0;
  superseded[INITIAL_WRITE] = 0;
  return superseded;
}

/** @throws FormatError DCT_BAD_SIZE unless both copies are whole. */
export function requireCopies(pair: DctPair): void {
  requireCopySize(1, pair.copy1);
  requireCopySize(2, pair.copy2);
}

/**
 * Where a write starts in the copy. The application call reaches past its section: up to the network section from 0.7.0,
 * to the end of the sector before.
 * @throws UsageError DCT_WRITE_OUTSIDE, DCT_NO_SECTION.
 */
export function writeOffset(write: DctWrite, writer: DctWriter): number {
  const release = writer === '0.7.0' ? undefined : '0.6.4';
  const section = dctSection('wiced', write.section, release);
  const applicationEnd = writer === '0.7.0' ? dctSection('wiced', 'network').offset : DCT_COPY_BYTES;
  const size = write.section === 'application' ? applicationEnd - section.offset : section.size;
  const readOnly = write.section === 'header' || write.section === 'version';
  if (!readOnly && Number.isInteger(write.offset) && write.offset >= 0 && write.offset + write.bytes.length <= size) {
    return section.offset + write.offset;
  }
  throw new UsageError({
    code: 'DCT_WRITE_OUTSIDE',
    what: readOnly ? `the section ${write.section} is kept by the firmware` : 'the bytes do not fit the section',
    where: `${write.section}, offset ${write.offset}`,
    expected: readOnly ? 'another section' : `at most ${size} bytes from offset 0`,
    got: `${write.bytes.length} bytes`,
    help: 'Write to a field of the application, wifi, security, mfg_info or network section.',
  });
}
