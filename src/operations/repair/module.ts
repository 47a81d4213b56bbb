/**
 * Repairs one module: where its header says it ends, the size of its suffix, its digest and its CRC. What the code is
 * cannot be repaired: sealing makes damaged code look sound, so a note says what the old checksums showed.
 */
import { equalBytes, isFilledWith, readU16, writeU32 } from '../../core/bytes.js';
import { moduleCrc, sha256 } from '../../core/checksums.js';
import { formatCount } from '../../core/words.js';
import { moduleFunctionName, platformOf } from '../../layout/platforms.js';
import { sealModule } from '../../regions/module/build.js';
import { headerOffsetOf } from '../../regions/module/decode.js';
import {
  CRC_BYTES,
  CRC_PLACEHOLDER,
  DIGEST_TO_END,
  MODULE_INFO,
  MODULE_SUFFIX,
  type ModuleInfo,
  PRODUCT_FIELDS,
  SHA_PLACEHOLDER,
  SUFFIX_SIZES,
} from '../../regions/module/format.js';
import { functionTitle } from '../../regions/module/words.js';
import { type ModuleEdit, noProductFields } from './module-fields.js';
import type { Patch, Refusal } from './patch.js';

export interface ModulePlace {
  /** True when the bytes end where the module does: a module file without padding. */
  readonly exact: boolean;
  /** What the module is called in messages. */
  readonly name: string;
}

/** Sizes of a suffix without and with product fields. */
const [PLAIN_SUFFIX = 36, PRODUCT_SUFFIX = 40] = SUFFIX_SIZES;
/** Suffixes of later platforms carry extensions; none comes near this. */
const MAX_SUFFIX_BYTES = 1024;
/** The end of a module is looked for at this many places at most; each costs a digest of what lies before it. */
const MAX_TRIED_ENDS = 64;

/** "system part 2", from a header that may be damaged otherwise. */
export function titleOf({ moduleFunction, moduleIndex }: ModuleInfo): string {
  return functionTitle(moduleFunctionName(moduleFunction), moduleIndex);
}

/**
 * Repairs the module at the beginning of a patch.
 * @param edits header and product fields to set
 * @throws BuildError MODULE_NO_PRODUCT_FIELDS
 */
export function repairModule(patch: Patch, place: ModulePlace, edits: readonly ModuleEdit[] = []): void {
  const headerOffset = headerOffsetOf(patch.bytes);
  if (headerOffset === undefined) {
    patch.refusals.push({ what: place.name, why: 'it is too short for a module header' });
    return;
  }
  const info = MODULE_INFO.decode(patch.bytes, headerOffset);
  if (platformOf(info.platformId)?.mcu.startsWith('STM32F2') !== true) {
    const why = `its header names platform ${info.platformId}, whose modules are laid out in another way`;
    patch.refusals.push({ what: place.name, why });
    return;
  }
  const elsewhere = endsElsewhere(patch.bytes, info, place);
  if (elsewhere) {
    patch.refusals.push(elsewhere);
    return;
  }
  const end = findEnd(patch.bytes, headerOffset, info, place);
  if (end === undefined) {
    patch.refusals.push(missingEnd(patch.bytes, info, place));
    return;
  }
  const before = judge(patch.bytes, end.offset);
  setEnd(patch, headerOffset, info, end);
  for (const edit of edits) if (edit.place === 'header') setEdit(patch, headerOffset + edit.offset, edit);
  const suffix = repairSuffixSize(patch, end.offset, edits, place);
  if (suffix === PRODUCT_SUFFIX) {
    const product = end.offset - MODULE_SUFFIX.size - PRODUCT_FIELDS.size;
    for (const edit of edits) if (edit.place === 'product') setEdit(patch, product + edit.offset, edit);
  } else if (edits.some((edit) => edit.place === 'product')) throw noProductFields(place.name);
  seal(patch, end.offset, suffix, before, place);
}

function setEdit(patch: Patch, offset: number, { bytes, field, form }: ModuleEdit): void {
  patch.set(offset, bytes, field, 'as asked for', form);
}

interface ModuleEnd {
  /** Of the CRC, from the start of the module. */
  readonly offset: number;
  readonly reason: string;
}

/** Where the CRC lies: where the header says, or where everything else shows it. */
function findEnd(
  bytes: Uint8Array,
  headerOffset: number,
  info: ModuleInfo,
  { exact }: ModulePlace,
): ModuleEnd | undefined {
  const stated = info.moduleEndAddress - info.moduleStartAddress;
  const whole = bytes.length - CRC_BYTES;
  const minimum = headerOffset + MODULE_INFO.size;
  const fits = stated > minimum && stated <= whole;
  if (fits && (judge(bytes, stated).crc !== 'bad' || looksLikeSuffix(bytes, stated)))
    return { offset: stated, reason: '' };
  const proven = provenEnd(bytes, headerOffset, info.moduleStartAddress, minimum);
  if (proven !== undefined) return { offset: proven, reason: 'there its digest or CRC is right' };
  if (exact && whole > minimum && looksLikeSuffix(bytes, whole)) {
    return { offset: whole, reason: 'the file ends in a suffix there' };
  }
  return fits && seemsToEnd(bytes, stated + CRC_BYTES) ? { offset: stated, reason: '' } : undefined;
}

/** Nothing follows, or erased flash does: where no suffix shows the end, a checksum may not be written over code. */
function seemsToEnd(bytes: Uint8Array, end: number): boolean {
  return end >= bytes.length || isFilledWith(bytes, 0xff, end, Math.min(bytes.length, end + 16));
}

/** Early bootloaders have data behind the end their header names, and their CRC behind that: right as they are. */
function endsElsewhere(bytes: Uint8Array, info: ModuleInfo, { exact, name }: ModulePlace): Refusal | undefined {
  const whole = bytes.length - CRC_BYTES;
  const stated = info.moduleEndAddress - info.moduleStartAddress;
  if (!exact || stated >= whole || whole < MODULE_INFO.size || judge(bytes, whole).crc !== 'ok') return undefined;
  if (looksLikeSuffix(bytes, whole)) return undefined;
  return { what: name, why: 'its CRC is right at the end of the file, behind the end that its header names' };
}

/** A reserved zero and a size that suffixes have. */
function looksLikeSuffix(bytes: Uint8Array, end: number): boolean {
  if (end < MODULE_SUFFIX.size || end + CRC_BYTES > bytes.length) return false;
  return SUFFIX_SIZES.includes(readU16(bytes, end - 2)) && readU16(bytes, end - MODULE_SUFFIX.size) === 0;
}

/** The end at which digest or CRC are right once the header names it. */
function provenEnd(bytes: Uint8Array, headerOffset: number, start: number, minimum: number): number | undefined {
  const trial = bytes.slice();
  const field = headerOffset + MODULE_INFO.field('moduleEndAddress').offset;
  let tried = 0;
  for (let end = (minimum + 3) & ~3; end + CRC_BYTES <= bytes.length; end += 4) {
    if (!looksLikeSuffix(bytes, end) || isFilledWith(bytes, 0, end - DIGEST_TO_END, end - 2)) continue;
    if (++tried > MAX_TRIED_ENDS) return undefined;
    writeU32(trial, field, start + end);
    const { crc, sha } = judge(trial, end);
    if (crc === 'ok' || sha === 'ok') return end;
  }
  return undefined;
}

function missingEnd(bytes: Uint8Array, info: ModuleInfo, { name }: ModulePlace): Refusal {
  const needed = info.moduleEndAddress - info.moduleStartAddress + CRC_BYTES;
  const missing = needed - bytes.length;
  const why =
    missing > 0 && missing < 0x20_0000
      ? `its last ${formatCount(missing)} bytes are missing, and nobody can make them up`
      : 'nothing in it shows that it ends where its header says, or anywhere else';
  return { what: name, why };
}

interface Judgement {
  readonly crc: 'ok' | 'bad' | 'placeholder';
  readonly sha: 'ok' | 'bad' | 'placeholder';
}

function judge(bytes: Uint8Array, end: number): Judgement {
  const stored = bytes.subarray(end, end + CRC_BYTES);
  const crc = moduleCrc(bytes.subarray(0, end));
  const right = [crc >>> 24, (crc >>> 16) & 0xff, (crc >>> 8) & 0xff, crc & 0xff];
  const digest = bytes.subarray(end - DIGEST_TO_END, end - 2);
  return {
    crc: equalBytes(stored, Uint8Array.from(right))
      ? 'ok'
      : equalBytes(stored, CRC_PLACEHOLDER)
        ? 'placeholder'
        : 'bad',
    sha: equalBytes(digest, SHA_PLACEHOLDER)
      ? 'placeholder'
      : equalBytes(sha256(bytes.subarray(0, end - DIGEST_TO_END)), digest)
        ? 'ok'
        : 'bad',
  };
}

function setEnd(patch: Patch, headerOffset: number, { moduleStartAddress }: ModuleInfo, end: ModuleEnd): void {
  const bytes = new Uint8Array(4);
  writeU32(bytes, 0, moduleStartAddress + end.offset);
  const offset = headerOffset + MODULE_INFO.field('moduleEndAddress').offset;
  patch.set(offset, bytes, 'module_end_address', end.reason, 'address');
}

/** The size of the suffix as it is, as asked for, or as the bytes around it show; undefined when nothing shows it. */
function repairSuffixSize(
  patch: Patch,
  end: number,
  edits: readonly ModuleEdit[],
  place: ModulePlace,
): number | undefined {
  const asked = edits.find((edit) => edit.place === 'suffix-size');
  if (asked) {
    setEdit(patch, end - 2, asked);
    return readU16(asked.bytes, 0);
  }
  const size = readU16(patch.bytes, end - 2);
  const isExtended = size > PRODUCT_SUFFIX && size <= MAX_SUFFIX_BYTES && judge(patch.bytes, end).sha === 'ok';
  if (SUFFIX_SIZES.includes(size) || isExtended) return size;
  const reserved = readU16(patch.bytes, end - MODULE_SUFFIX.size);
  const found = reserved === 0 ? sizeFromFields(patch.bytes, end) : undefined;
  if (found === undefined) {
    const why =
      reserved === 0
        ? `it reads ${size}, and nothing shows whether there are product fields; say it with --set suffix-size=36 or 40`
        : 'there is no suffix, as in early monolithic firmware: only the CRC can be made right';
    patch.refusals.push({ what: `the suffix of ${place.name}`, why });
    return undefined;
  }
  const reason = 'the erased product fields in front of it show that there are some';
  patch.set(end - 2, Uint8Array.of(found & 0xff, found >> 8), 'size', reason, 'u16');
  return found;
}

/** Product fields that are not set are 0xFF; set ones have a filler of four 0xFF in front. */
function sizeFromFields(bytes: Uint8Array, end: number): number | undefined {
  const fields = end - PRODUCT_SUFFIX;
  const marks = isFilledWith(bytes, 0xff, fields, fields + 4) || isFilledWith(bytes, 0xff, fields - 4, fields);
  return marks ? PRODUCT_SUFFIX : undefined;
}

function seal(patch: Patch, end: number, suffix: number | undefined, before: Judgement, { name }: ModulePlace): void {
  const edited = patch.changes.some(({ reason }) => reason === 'as asked for');
  const changed = patch.changes.length > 0;
  if (!changed && before.crc === 'ok' && (before.sha === 'ok' || suffix === undefined)) return;
  // Firmware that is no module with a suffix has a CRC and no digest.
  const hasDigest = suffix !== undefined && suffix >= PLAIN_SUFFIX;
  const whole = patch.bytes.slice(0, end + CRC_BYTES);
  if (hasDigest) {
    const digest = sealModule(whole).slice(end - DIGEST_TO_END, end - 2);
    patch.set(end - DIGEST_TO_END, digest, 'sha256', reasonFor(before.sha, changed));
  }
  const crc = moduleCrc(patch.bytes.subarray(0, end));
  const content = Uint8Array.of(crc >>> 24, crc >>> 16, crc >>> 8, crc);
  patch.set(end, content, 'crc32', reasonFor(before.crc, changed || hasDigest));
  if (
    before.crc === 'bad' &&
    before.sha === 'bad' &&
    !patch.changes.some(({ field }) => field === 'module_end_address')
  ) {
    const doubt = edited ? ' besides what was set now' : '';
    patch.notes.push(
      `Digest and CRC of ${name} were both wrong, so its content had been changed${doubt}. Sealing does not undo damage: use it after a patch of your own, else get the file again.`,
    );
  }
}

function reasonFor(state: Judgement['crc'], changed: boolean): string {
  if (state === 'placeholder') return 'the build was never sealed';
  return state === 'ok' && changed ? 'it covers what was changed' : 'it did not fit the content';
}
