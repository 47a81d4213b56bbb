/**
 * What is left of Particle modules that are no longer whole: a header whose module never got finished or was
 * overwritten, and a suffix with its CRC whose beginning is gone. Neither can be verified by its checksum alone, so
 * the claims cover exactly the bytes that show the structure and say what is proven.
 */
import { toHex } from '../../core/bytes.js';
import { crc32, sha256 } from '../../core/checksums.js';
import { HEADER_AFTER_VECTORS, MODULE_INFO } from '../module/format.js';
import { type AddressMap, isStackTop, liesIn } from './address-map.js';
import { viewOf } from './pointers.js';
import { type Claim, countBytes, type KnownBuild, type Subject } from './stretch.js';

const HEADER_BYTES = MODULE_INFO.size;
/** Platform ids of device-os (dynalib/inc/module_info.h): Core, gcc, Photon, P1, Electron, Gen 3, trackers, P2. */
const PLATFORMS = new Set([0, 3, 6, 8, 10, 12, 13, 14, 15, 22, 23, 24, 25, 26, 28, 32, 35, 37]);

export interface PlausibleHeader {
  readonly offset: number;
  readonly startAddress: number;
  /** Address of the CRC. */
  readonly endAddress: number;
  readonly version: number;
  readonly platformId: number;
  readonly function: number;
  readonly index: number;
}

/** The module header at an offset when every field is plausible, else undefined. */
export function readPlausibleHeader(view: DataView, offset: number, map: AddressMap): PlausibleHeader | undefined {
  if (offset < 0 || offset + HEADER_BYTES > view.byteLength) return undefined;
  const startAddress = view.getUint32(offset, true);
  if (startAddress % 4 !== 0 || !liesIn(map.flash, startAddress)) return undefined;
  const endAddress = view.getUint32(offset + 4, true);
  // The shortest module is a header and a suffix; the CRC lies in flash as well.
  if (endAddress < startAddress + 64 || !liesIn(map.flash, endAddress + 3)) return undefined;
  if (view.getUint8(offset + 8) !== 0 || view.getUint8(offset + 9) > 0x1f) return undefined;
  const platformId = view.getUint16(offset + 12, true);
  const moduleFunction = view.getUint8(offset + 14);
  const index = view.getUint8(offset + 15);
  if (!PLATFORMS.has(platformId) || moduleFunction === 0 || moduleFunction > 9 || index > 4) return undefined;
  if (view.getUint8(offset + 16) > 9 || view.getUint8(offset + 20) > 9) return undefined;
  return {
    offset,
    startAddress,
    endAddress,
    version: view.getUint16(offset + 10, true),
    platformId,
    function: moduleFunction,
    index,
  };
}

/** More than any flash holds; whatever has more is no collection of modules. */
const MAX_CLAIMS = 512;

/** Headers and suffixes in the whole input, whatever else lies there. */
export function claimModuleRemains(
  subject: Subject,
  map: AddressMap,
  catalogue: (() => readonly KnownBuild[]) | undefined,
): Claim[] {
  const claims: Claim[] = [];
  const { bytes, address } = subject;
  if (bytes.length < HEADER_BYTES) return claims;
  const view = viewOf(bytes);
  const wholeEnds = new Set<number>();
  let builds: readonly KnownBuild[] | undefined;
  // A header or a suffix may ask for a digest of the whole input; hostile input would have thousands of them.
  const budget: Budget = { bytes: bytes.length * 8 + 4096 };
  for (let offset = (4 - (address % 4)) % 4; offset + 8 <= bytes.length; offset += 4) {
    if (claims.length >= MAX_CLAIMS) break;
    if (bytes[offset + 3] === 0x08 && bytes[offset + 7] === 0x08) {
      const header = readPlausibleHeader(view, offset, map);
      if (header) {
        const check = checkBody(bytes, view, header, map, budget);
        claims.push(headerClaim(bytes, header, check));
        if (check?.crcMatches) wholeEnds.add(check.moduleOffset + header.endAddress - header.startAddress);
        offset += HEADER_BYTES - 4;
      }
    } else if (bytes[offset + 3] === 0 && (bytes[offset + 2] === 0x28 || bytes[offset + 2] === 0x24)) {
      const suffix = readSuffix(bytes, offset + 4);
      if (!suffix) continue;
      const whole = wholeEnds.has(suffix.end);
      if (!whole) builds ??= catalogue?.() ?? [];
      claims.push(suffixClaim(subject, view, suffix, whole ? 'whole' : (builds ?? []), budget));
    }
  }
  return withoutOverlap(claims);
}

/** Bytes that may still be digested or scanned on behalf of a single structure. */
interface Budget {
  bytes: number;
}

function spend(budget: Budget, size: number): boolean {
  if (size > budget.bytes) return false;
  budget.bytes -= size;
  return true;
}

interface BodyCheck {
  readonly moduleOffset: number;
  /** The whole module lies in the input. */
  readonly complete: boolean;
  readonly crcMatches: boolean;
  /** Bytes of the module that the input holds and that are not erased at its end. */
  readonly present: number;
}

/** Undefined when the budget is used up. */
function checkBody(
  bytes: Uint8Array,
  view: DataView,
  header: PlausibleHeader,
  map: AddressMap,
  budget: Budget,
): BodyCheck | undefined {
  const length = header.endAddress - header.startAddress;
  if (!spend(budget, Math.min(length, bytes.length - header.offset) * 2)) return undefined;
  const behind = header.offset - HEADER_AFTER_VECTORS;
  const hasVectors = behind >= 0 && isStackTop(map, view.getUint32(behind, true));
  const candidates = hasVectors ? [behind, header.offset] : [header.offset];
  let best: BodyCheck | undefined;
  for (const moduleOffset of candidates) {
    const complete = moduleOffset + length + 4 <= bytes.length;
    const crcMatches =
      complete &&
      crc32(bytes.subarray(moduleOffset, moduleOffset + length)) === view.getUint32(moduleOffset + length, false);
    let last = Math.min(bytes.length, moduleOffset + length + 4);
    while (last > header.offset + HEADER_BYTES && bytes[last - 1] === 0xff) last--;
    const check = { moduleOffset, complete, crcMatches, present: last - moduleOffset };
    if (crcMatches) return check;
    best ??= check;
  }
  return best ?? { moduleOffset: header.offset, complete: false, crcMatches: false, present: 0 };
}

function headerClaim(bytes: Uint8Array, header: PlausibleHeader, check: BodyCheck | undefined): Claim {
  const length = header.endAddress - header.startAddress + 4;
  const identity = `function ${header.function}, index ${header.index}, version ${header.version}, platform ${header.platformId}, ${hex(header.startAddress)} to ${hex(header.endAddress)}`;
  const state = !check
    ? 'unchecked'
    : check.crcMatches
      ? 'complete'
      : check.present < length
        ? 'cut-off'
        : 'crc-mismatch';
  const sentences = {
    unchecked: 'its body was not checked',
    complete: 'its CRC is right, the module is whole',
    'cut-off': `of ${countBytes(length)} only ${check?.present ?? 0} are here, the rest is erased or missing`,
    'crc-mismatch': 'its CRC does not match the bytes behind it',
  };
  return {
    start: header.offset,
    end: Math.min(bytes.length, header.offset + HEADER_BYTES),
    kind: 'module-remains',
    confidence: state === 'complete' ? 1 : 0.9,
    reason: `Particle module header (${identity}): ${sentences[state]}.`,
    details: {
      part: 'header',
      state,
      startAddress: hex(header.startAddress),
      endAddress: hex(header.endAddress),
      function: header.function,
      index: header.index,
      version: header.version,
      platformId: header.platformId,
      length,
    },
  };
}

interface Suffix {
  /** Offset of the CRC. */
  readonly end: number;
  readonly size: 36 | 40;
  readonly placeholder: boolean;
}

/** The suffix that ends at an offset: size word, SHA-256 or its placeholder, reserved half-word, room for the CRC. */
function readSuffix(bytes: Uint8Array, end: number): Suffix | undefined {
  const size = bytes[end - 2] === 0x28 ? 40 : 36;
  if (end - size < 0 || end + 4 > bytes.length) return undefined;
  if (bytes[end - 36] !== 0 || bytes[end - 35] !== 0) return undefined;
  const digest = bytes.subarray(end - 34, end - 2);
  const placeholder = digest.every((byte, index) => byte === index + 1);
  // 32 random bytes have 30 different values on average, and fewer than 22 less often than once in 10^6.
  if (!placeholder && new Set(digest).size < 22) return undefined;
  return { end, size, placeholder };
}

function suffixClaim(
  { bytes, address }: Subject,
  view: DataView,
  suffix: Suffix,
  known: readonly KnownBuild[] | 'whole',
  budget: Budget,
): Claim {
  const builds = known === 'whole' ? [] : known;
  const crc = view.getUint32(suffix.end, false);
  const endAddress = address + suffix.end;
  const build =
    builds.find((entry) => entry.crc === crc && entry.endAddress === endAddress) ??
    builds.find((known) => known.crc === crc);
  const sameEnd = build ? undefined : builds.find((known) => known.endAddress === endAddress);
  const followed = suffix.end + 4 === bytes.length || bytes[suffix.end + 4] === 0xff;
  const base = `Suffix of a Particle module (${suffix.size} bytes) ending at ${hex(endAddress)}, CRC ${crc.toString(16).padStart(8, '0')}`;
  const { sentence, proven } = build
    ? provenBuild(bytes, suffix, build, budget)
    : known === 'whole'
      ? { sentence: 'it closes the module whose header stands before it, and the CRC is right', proven: 'crc' as const }
      : {
          sentence: sameEnd
            ? `it ends where ${sameEnd.name} ends, but its CRC is another one`
            : 'the beginning of the module is not here, so the CRC cannot be checked',
          proven: 'nothing' as const,
        };
  return {
    start: suffix.end - suffix.size,
    end: suffix.end + 4,
    kind: 'module-remains',
    confidence: build || known === 'whole' ? 0.99 : suffix.placeholder || followed ? 0.9 : 0.7,
    reason: `${base}: ${sentence}.`,
    details: {
      part: 'suffix',
      crc: crc.toString(16).padStart(8, '0'),
      endAddress: hex(endAddress),
      placeholder: suffix.placeholder,
      proven,
      ...(build ? { build: build.name, atOwnAddress: build.endAddress === endAddress } : {}),
    },
  };
}

type Proof = 'nothing' | 'crc-word' | 'crc' | 'sha-256';

/** How much of a catalogued build can be proven to be here, given that its CRC word stands at the end. */
function provenBuild(
  bytes: Uint8Array,
  suffix: Suffix,
  build: KnownBuild,
  budget: Budget,
): { sentence: string; proven: Proof } {
  const length = build.endAddress - build.startAddress + 4;
  const start = suffix.end + 4 - length;
  if (start < 0) {
    const kept = suffix.end + 4;
    return {
      sentence: `its CRC word is that of ${build.name}; the first ${length - kept} of its ${length} bytes lie before this stretch, so only the word is proven`,
      proven: 'crc-word',
    };
  }
  if (!spend(budget, length)) {
    return { sentence: `its CRC word is that of ${build.name}; its bytes were not compared`, proven: 'crc-word' };
  }
  const whole = bytes.subarray(start, suffix.end + 4);
  if (build.sha256 !== undefined && toHex(sha256(whole)) === build.sha256) {
    return { sentence: `all ${length} bytes are ${build.name}, by SHA-256`, proven: 'sha-256' };
  }
  if (build.sha256 === undefined && crc32(whole.subarray(0, length - 4)) === build.crc) {
    return { sentence: `the CRC of ${build.name} is right over all ${length} bytes`, proven: 'crc' };
  }
  return {
    sentence: `its CRC word is that of ${build.name}, but the bytes before it are not all that build's any more`,
    proven: 'crc-word',
  };
}

function withoutOverlap(claims: readonly Claim[]): Claim[] {
  const sorted = [...claims].sort((a, b) => a.start - b.start);
  const kept: Claim[] = [];
  for (const claim of sorted) if (claim.start >= (kept.at(-1)?.end ?? 0)) kept.push(claim);
  return kept;
}

function hex(value: number): string {
  return `0x${value.toString(16).toUpperCase().padStart(8, '0')}`;
}
