/** Files by their signature. The signatures are data (layouts/file-magics.json); stricter tests are code. */
import { readData } from '#data';
import type { Range } from '../../core/range.js';
import { CHECKS, textEnd } from './magic-checks.js';
import { type Claim, countBytes, type Subject } from './stretch.js';

interface LengthField {
  readonly at: number;
  readonly bytes: number;
  readonly order: 'little' | 'big';
  /** Bytes the field does not count. */
  readonly plus: number;
  /** A second field of the same byte order that adds to it. */
  readonly plusAt?: { readonly at: number; readonly bytes: number };
}

/** One entry of the data file. */
export interface FileMagic {
  readonly id: string;
  readonly title: string;
  readonly magic: string;
  readonly at: number;
  readonly minimum: number;
  readonly length?: LengthField;
  readonly check?: string;
  readonly text?: boolean;
  readonly source: string;
}

interface CompiledMagic {
  readonly entry: FileMagic;
  /** -1 is any byte. */
  readonly pattern: readonly number[];
  readonly known: number;
}

interface MagicTable {
  /** Entries by the first byte of their magic. */
  readonly byFirstByte: readonly (readonly CompiledMagic[])[];
  /** 1 for every byte that some magic begins with. */
  readonly interesting: Uint8Array;
  /** Entries that neither state nor show where the file ends. */
  readonly open: readonly CompiledMagic[];
}

let compiled: MagicTable | undefined;

/** The entries of the data file; empty when the package lacks it. */
export function fileMagics(): readonly FileMagic[] {
  const data = readData('file-magics.json') as { readonly magics?: readonly FileMagic[] } | undefined;
  return data?.magics ?? [];
}

/** Compiled on first use, because most runs never ask. */
function magicTable(): MagicTable {
  if (compiled) return compiled;
  const table: CompiledMagic[][] = Array.from({ length: 256 }, () => []);
  for (const entry of fileMagics()) {
    const pattern = (entry.magic.match(/../g) ?? []).map((pair) => (pair === '..' ? -1 : Number.parseInt(pair, 16)));
    const known = pattern.filter((byte) => byte >= 0).length;
    table[pattern[0] ?? 0]?.push({ entry, pattern, known });
  }
  compiled = {
    byFirstByte: table,
    interesting: Uint8Array.from(table, (list) => (list.length > 0 ? 1 : 0)),
    open: table.flat().filter(({ entry }) => !entry.check && !entry.text && !entry.length),
  };
  return compiled;
}

/** Signatures that no length and no check back are believed only here. */
const FILE_ALIGNMENT = 256;
/** Bytes the checks may look at per input byte, all candidates together. */
const WORK_PER_BYTE = 16;

/** Files whose own structure says where they end. */
export function claimFiles(subject: Subject, free: readonly Range[]): Claim[] {
  const { byFirstByte, interesting } = magicTable();
  const { bytes } = subject;
  const claims: Claim[] = [];
  const budget = { work: bytes.length * WORK_PER_BYTE };
  for (const range of free) {
    for (let offset = range.start; offset < range.end; offset++) {
      const value = bytes[offset] as number;
      if (interesting[value] === 0) continue;
      for (const magic of byFirstByte[value] as readonly CompiledMagic[]) {
        const found = tryMagic(subject, offset, range, magic, budget, claims.at(-1)?.end ?? 0);
        if (!found) continue;
        claims.push(found);
        offset = found.end - 1;
        break;
      }
    }
  }
  return claims;
}

function tryMagic(
  { bytes }: Subject,
  offset: number,
  range: Range,
  { entry, pattern, known }: CompiledMagic,
  budget: { work: number },
  floor: number,
): Claim | undefined {
  if (!matches(bytes, offset, pattern)) return undefined;
  const start = offset - entry.at;
  if (start < Math.max(range.start, floor) || start + entry.minimum > range.end) return undefined;
  const check = entry.check === undefined ? undefined : CHECKS[entry.check];
  if (entry.check !== undefined) {
    const verified = check?.(bytes, start, range.end, budget);
    if (!verified) return undefined;
    const kind = verified.kind ?? 'file';
    return fileClaim(entry, start, verified.end, 0.97, verified.note ?? 'its structure was followed to its end', kind);
  }
  if (entry.text) return fileClaim(entry, start, textEnd(bytes, start, range.end), 0.9, 'text up to here');
  const length = entry.length ? readLength(bytes, start, entry.length) : undefined;
  if (length !== undefined) {
    // A length that leaves the stretch is either a cut-off file or not one; with four bytes of magic that is open.
    if (length < entry.minimum || start + length > range.end) return undefined;
    return fileClaim(entry, start, start + length, known >= 6 ? 0.95 : 0.85, 'it states its length');
  }
  return undefined;
}

/**
 * Files that do not say where they end: believed only at the start of a free part or at a multiple of FILE_ALIGNMENT of
 * the target, and taken to reach to the end of that part.
 */
export function claimOpenFiles({ bytes, address }: Subject, free: readonly Range[]): Claim[] {
  const { open } = magicTable();
  return free.flatMap((range) => {
    let start = range.start;
    while (start < range.end) {
      const found = open.find(
        ({ entry, pattern }) => start + entry.minimum <= range.end && matches(bytes, start + entry.at, pattern),
      );
      if (found) {
        const confidence = found.known >= 5 ? 0.75 : 0.6;
        return [fileClaim(found.entry, start, range.end, confidence, 'where it ends is not known')];
      }
      start += FILE_ALIGNMENT - ((address + start) % FILE_ALIGNMENT);
    }
    return [];
  });
}

function matches(bytes: Uint8Array, offset: number, pattern: readonly number[]): boolean {
  for (let index = 0; index < pattern.length; index++) {
    const expected = pattern[index] as number;
    if (expected >= 0 && bytes[offset + index] !== expected) return false;
  }
  return true;
}

function readLength(bytes: Uint8Array, start: number, field: LengthField): number {
  const base = readInteger(bytes, start + field.at, field.bytes, field.order) + field.plus;
  return field.plusAt ? base + readInteger(bytes, start + field.plusAt.at, field.plusAt.bytes, field.order) : base;
}

function readInteger(bytes: Uint8Array, offset: number, width: number, order: 'little' | 'big'): number {
  let value = 0;
  for (let index = 0; index < width; index++) {
    value = value * 256 + (bytes[offset + (order === 'big' ? index : width - 1 - index)] ?? 0);
  }
  return value;
}

function fileClaim(
  entry: FileMagic,
  start: number,
  end: number,
  confidence: number,
  note: string,
  kind: Claim['kind'] = 'file',
): Claim {
  return {
    start,
    end,
    kind,
    confidence,
    reason: `Recognised as ${entry.title}, ${countBytes(end - start)}: its signature is here and ${note}.`,
    details: { format: entry.id, secret: kind === 'pem' && note.includes('PRIVATE KEY') },
  };
}
