/** The target address of a dump's first byte, inferred from what the bytes say about themselves. */
import { formatAddress } from '../../core/bytes.js';
import type { Sector } from '../../layout/types.js';
import { type Landmark, landmarkWeight, type VectorLandmark } from './landmarks.js';

export interface BaseInference {
  readonly address: number;
  /** 0 … 1. */
  readonly confidence: number;
  readonly reason: string;
  /** False when one header without a right CRC is all there is: tables of builds look like that. */
  readonly proven: boolean;
}

interface FlashShape {
  readonly start: number;
  readonly end: number;
  readonly sectors: readonly Sector[];
}

/**
 * The most probable base, or undefined when nothing in the bytes has an address of its own.
 * @param given The address the bytes were placed at; decides between bases that are equally probable.
 */
export function inferBase(
  landmarks: readonly Landmark[],
  length: number,
  flash: FlashShape,
  given: number,
): BaseInference | undefined {
  return fromModules(landmarks, length, flash, given) ?? fromVectors(landmarks, length, flash);
}

interface Vote {
  weight: number;
  modules: number;
  verified: number;
}

/** Every module says where it is linked to; copies in the OTA and factory areas are the minority or lie elsewhere. */
function fromModules(
  landmarks: readonly Landmark[],
  length: number,
  flash: FlashShape,
  given: number,
): BaseInference | undefined {
  const votes = new Map<number, Vote>();
  let total = 0;
  for (const landmark of landmarks) {
    if (landmark.kind !== 'module') continue;
    const base = landmark.header.startAddress - landmark.offset;
    const weight = landmarkWeight(landmark);
    total += weight;
    if (base < 0) continue;
    const vote = votes.get(base) ?? { weight: 0, modules: 0, verified: 0 };
    vote.weight += weight;
    vote.modules++;
    if (landmark.crc === 'ok') vote.verified++;
    votes.set(base, vote);
  }
  let best: { base: number; vote: Vote; score: number } | undefined;
  for (const [base, vote] of votes) {
    // A base that keeps the dump inside the flash, and the flash's own start, win over others of equal weight.
    const fits = base >= flash.start && base + length <= flash.end;
    const score = vote.weight + (fits ? 2 : 0) + (base === flash.start ? 1 : 0) + (base === given ? 1 : 0);
    if (!best || score > best.score) best = { base, vote, score };
  }
  if (!best) return undefined;
  const { base, vote } = best;
  const share = vote.weight / total;
  const confidence = Math.min(0.99, (vote.verified > 0 ? 0.7 : 0.5) + share * 0.15 + Math.min(vote.modules, 4) * 0.04);
  const noun = vote.modules === 1 ? 'module header agrees' : 'module headers agree';
  const others = total > vote.weight ? '; the other headers are copies or glued files' : '';
  return {
    address: base,
    confidence: Math.round(confidence * 100) / 100,
    reason: `${vote.modules} ${noun} with ${formatAddress(base)} (${vote.verified} with a right CRC)${others}.`,
    proven: vote.verified > 0 || vote.modules > 1,
  };
}

/** A vector table stands at the start of a sector, and its handlers lie behind it in the same firmware. */
function fromVectors(landmarks: readonly Landmark[], length: number, flash: FlashShape): BaseInference | undefined {
  const table = landmarks.find((landmark): landmark is VectorLandmark => landmark.kind === 'vectors');
  if (!table) return undefined;
  const fitting = flash.sectors
    .map((sector) => sector.start - table.offset)
    .filter(
      (base) =>
        base >= 0 &&
        base + length <= flash.end &&
        table.lowestTarget >= base + table.offset &&
        table.highestTarget < base + length,
    );
  // The code of a firmware follows its table, so the nearest sector below the lowest handler is the likeliest.
  const base = fitting.at(-1);
  if (base === undefined) return undefined;
  const known = fitting.length === 1 || (table.offset === 0 && length === flash.end - flash.start);
  const reason =
    fitting.length === 1
      ? `Only with ${formatAddress(base)} do all ${table.handlers} handlers of the vector table at offset ${table.offset} lie inside the dump, with the table at the start of a sector.`
      : `The ${table.handlers} handlers of the vector table at offset ${table.offset} lie inside the dump with ${fitting.length} bases; ${formatAddress(base)} is the nearest below them.`;
  return { address: base, confidence: known ? (table.handlers >= 7 ? 0.85 : 0.7) : 0.5, reason, proven: true };
}
