/** Stretches of zeros where a transfer chunk got lost: zeros from one chunk boundary to another amid other content. */

export interface ZeroRun {
  readonly offset: number;
  readonly length: number;
  /** Size of the chunks whose boundaries it keeps to, 4096 or 1024 bytes. */
  readonly chunk: 4096 | 1024;
}

const CHUNKS = [4096, 1024] as const;
/** A lost chunk here and there is a dropped transfer; more is data that happens to be zero. */
const MAX_REPORTED = 64;

/**
 * Maximal runs of zero bytes that start and end at multiples of 1 KiB of the target, with other content on both
 * sides. SWD auto-increment wraps every 1 KiB or 4 KiB, depending on the port (ARM IHI 0031, TAR).
 */
export function findDroppedChunks(bytes: Uint8Array, address: number): ZeroRun[] {
  const runs: ZeroRun[] = [];
  const step = 1024;
  let offset = (step - (address % step)) % step;
  while (offset + step <= bytes.length && runs.length < MAX_REPORTED) {
    if (bytes[offset] !== 0 || !isZero(bytes, offset, offset + step)) {
      offset += step;
      continue;
    }
    let end = offset + step;
    while (end + step <= bytes.length && isZero(bytes, end, end + step)) end += step;
    if (hasContent(bytes, offset - EDGE, offset) && hasContent(bytes, end, end + EDGE)) {
      const chunk = CHUNKS.find((size) => (address + offset) % size === 0 && (end - offset) % size === 0);
      runs.push({ offset, length: end - offset, chunk: chunk ?? 1024 });
    }
    offset = end;
  }
  return runs;
}

/** Bytes beside a run that are looked at: one of them must be neither zero nor erased. */
const EDGE = 8;

/** Zeros next to erased flash or to the edge of the dump are zeros somebody wrote, or cannot be told from them. */
function hasContent(bytes: Uint8Array, start: number, end: number): boolean {
  for (let offset = start; offset < end; offset++) {
    const byte = bytes[offset];
    if (byte !== undefined && byte !== 0 && byte !== 0xff) return true;
  }
  return false;
}

function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  for (let offset = start; offset < end; offset++) if (bytes[offset] !== 0) return false;
  return true;
}
