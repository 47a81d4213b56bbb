/**
 * Names bytes that no decoder knows. Detectors run from the surest to the vaguest, each on what the earlier ones left
 * free; whatever remains is judged by statistics, so the stretches always cover the input without gaps.
 */

import { FormatError } from '../../core/errors.js';
import { ADDRESS_SPACE_END, type Range, subtractRanges } from '../../core/range.js';
import { addressMapOf } from './address-map.js';
import { claimDeflate } from './deflate.js';
import { claimDer } from './der.js';
import { claimFiles, claimOpenFiles } from './magics.js';
import { WINDOW_BYTES } from './measures.js';
import { claimPointerTables, claimVectorTables } from './pointers.js';
import { claimModuleRemains } from './remains.js';
import { claimPatterns, claimRuns } from './runs.js';
import { claimByStatistics } from './statistics.js';
import type { Claim, ClassifyContext, Stretch, Subject } from './stretch.js';
import { claimText } from './text.js';

/** Larger inputs get the quick level unless full is asked for. */
export const QUICK_ABOVE_BYTES = 32 * 1024;
/** At the quick level one window of this many bytes is sampled. */
const QUICK_STEP = 4096;
/** VTOR takes tables at multiples of 512 bytes (97 words, rounded up to a power of two); half of it is on the safe side. */
const QUICK_VECTOR_ALIGNMENT = 256;

/**
 * Sorts bytes into stretches that cover them exactly, in address order.
 * @param bytes The stretch of memory in question.
 * @param address Target address of its first byte.
 * @throws FormatError CLASSIFY_ADDRESS when the address is no 32-bit address or the bytes do not fit behind it.
 */
export function classifyBytes(bytes: Uint8Array, address: number, context: ClassifyContext = {}): Stretch[] {
  if (!Number.isInteger(address) || address < 0 || address + bytes.length > ADDRESS_SPACE_END) {
    throw new FormatError({
      code: 'CLASSIFY_ADDRESS',
      what: 'the bytes do not fit into the 32-bit address space',
      expected: 'an address between 0 and 0xFFFFFFFF with room for all bytes',
      got: `${address} with ${bytes.length} bytes`,
      help: 'Give the target address of the first byte.',
    });
  }
  const subject: Subject = { bytes, address };
  const level = context.level ?? (bytes.length > QUICK_ABOVE_BYTES ? 'quick' : 'full');
  const claims = new Claims(bytes.length);
  const map = addressMapOf(context.chip);
  claims.add(claimVectorTables(subject, map, level === 'full' ? 4 : QUICK_VECTOR_ALIGNMENT));
  if (level === 'full') {
    // Whatever states its own extent goes before runs and patterns, which may occur inside it.
    claims.add(claimModuleRemains(subject, map, context.catalogue));
    claims.add(claimFiles(subject, claims.free()));
    claims.add(claimDer(subject, claims.free()));
    claims.add(claimDeflate(subject, claims.free()));
  }
  claims.add(claimRuns(subject, claims.free()));
  claims.add(claimPatterns(subject, claims.free()));
  if (level === 'full') {
    claims.add(claimOpenFiles(subject, claims.free()));
    claims.add(claimPointerTables(subject, claims.free(), map));
    claims.add(claimText(subject, claims.free()));
  }
  const step = level === 'full' ? WINDOW_BYTES : QUICK_STEP;
  claims.add(claimByStatistics(subject, claims.free(), { map, step, literals: level === 'full' }));
  return claims.list().map((claim) => ({
    ...claim,
    start: address + claim.start,
    end: address + claim.end,
    confidence: Math.round(claim.confidence * 100) / 100,
  }));
}

/** Disjoint claims; a later claim yields to an earlier one. */
class Claims {
  private readonly whole: Range;
  private claims: Claim[] = [];

  constructor(size: number) {
    this.whole = { start: 0, end: size };
  }

  add(claims: readonly Claim[]): void {
    if (claims.length === 0) return;
    const merged: Claim[] = [];
    const existing = this.claims;
    let index = 0;
    let floor = 0;
    for (const claim of claims) {
      while (index < existing.length && (existing[index] as Claim).start < claim.end) {
        const known = existing[index] as Claim;
        if (known.end > claim.start) break;
        merged.push(known);
        floor = known.end;
        index++;
      }
      const next = existing[index];
      if (claim.start >= floor && (!next || next.start >= claim.end)) {
        merged.push(claim);
        floor = claim.end;
      }
    }
    for (; index < existing.length; index++) merged.push(existing[index] as Claim);
    this.claims = merged;
  }

  free(): Range[] {
    return subtractRanges(this.whole, this.claims);
  }

  list(): readonly Claim[] {
    return this.claims;
  }
}
