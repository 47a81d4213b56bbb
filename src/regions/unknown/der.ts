/** DER structures: found by their outer SEQUENCE, accepted only when every nested length adds up. */
import type { Range } from '../../core/range.js';
import { type Claim, countBytes, type Subject } from './stretch.js';

const SEQUENCE = 0x30;
const MAX_DEPTH = 12;
/** Elements one structure may have; a certificate has some hundred. */
const MAX_ELEMENTS = 4096;
const MIN_DER = 24;

interface Header {
  readonly tag: number;
  /** Offset of the content. */
  readonly content: number;
  readonly end: number;
}

/** The tag and definite length at an offset, inside `limit`; undefined when it is not minimal DER. */
function readHeader(bytes: Uint8Array, offset: number, limit: number): Header | undefined {
  if (offset + 2 > limit) return undefined;
  const tag = bytes[offset] as number;
  // High tag numbers and the end-of-contents tag do not occur in keys and certificates.
  if ((tag & 0x1f) === 0x1f || tag === 0) return undefined;
  const first = bytes[offset + 1] as number;
  let content = offset + 2;
  let length = first;
  if (first >= 0x80) {
    const width = first & 0x7f;
    if (width === 0 || width > 3 || content + width > limit) return undefined;
    length = 0;
    for (let index = 0; index < width; index++) length = length * 256 + (bytes[content + index] as number);
    content += width;
    const minimal = width === 1 ? 0x80 : 2 ** (8 * (width - 1));
    if (length < minimal) return undefined;
  }
  const end = content + length;
  return end <= limit ? { tag, content, end } : undefined;
}

interface Budget {
  elements: number;
}

/** True when the content of every constructed element is exactly filled by its children. */
function isConsistent(bytes: Uint8Array, header: Header, depth: number, budget: Budget): boolean {
  if ((header.tag & 0x20) === 0) return isPlausiblePrimitive(bytes, header);
  if (depth >= MAX_DEPTH) return false;
  let offset = header.content;
  while (offset < header.end) {
    if (--budget.elements < 0) return false;
    const child = readHeader(bytes, offset, header.end);
    if (!child || !isConsistent(bytes, child, depth + 1, budget)) return false;
    offset = child.end;
  }
  return true;
}

function isPlausiblePrimitive(bytes: Uint8Array, { tag, content, end }: Header): boolean {
  const size = end - content;
  if (tag === 0x01) return size === 1;
  if (tag === 0x02) return size >= 1;
  if (tag === 0x03) return size >= 1 && (bytes[content] as number) < 8;
  if (tag === 0x05) return size === 0;
  if (tag === 0x06) return size >= 1 && ((bytes[end - 1] as number) & 0x80) === 0;
  return (tag & 0xc0) !== 0 || [0x04, 0x0a, 0x0c, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1e].includes(tag);
}

/** Children of a constructed element that has already been checked. */
function children(bytes: Uint8Array, header: Header): Header[] {
  const list: Header[] = [];
  let offset = header.content;
  while (offset < header.end && list.length < 16) {
    const child = readHeader(bytes, offset, header.end);
    if (!child) break;
    list.push(child);
    offset = child.end;
  }
  return list;
}

/** RSA (1.2.840.113549.1.1.1) and elliptic-curve (1.2.840.10045.2.1) key algorithm identifiers, RFC 3279. */
const RSA_OID = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC_OID = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];

/** What a checked structure is, by the order of its elements (RFC 5280, 5208, 5915, 8017). */
function nameOf(bytes: Uint8Array, header: Header): { what: string; title: string } {
  const parts = children(bytes, header);
  const tags = parts.map((part) => part.tag);
  const shape = tags.map((tag) => tag.toString(16)).join(' ');
  const first = parts[0];
  if (shape === '30 30 3' && first) {
    const inner = children(bytes, first);
    if (inner.length >= 6) return { what: 'x509-certificate', title: 'an X.509 certificate (or a request for one)' };
    return { what: 'signed-structure', title: 'a signed structure' };
  }
  if (shape === '30 3' && first) {
    return {
      what: `public-key-${algorithm(bytes, first)}`,
      title: `a public key (${algorithm(bytes, first).toUpperCase()})`,
    };
  }
  const allIntegers = tags.every((tag) => tag === 0x02);
  if (allIntegers && tags.length === 9) return { what: 'private-key-rsa', title: 'an RSA private key (PKCS #1)' };
  if (/^2 4 a0( a1)?$/.test(shape) || shape === '2 4') {
    return { what: 'private-key-ec', title: 'an elliptic-curve private key (SEC 1)' };
  }
  if (/^2 30 4( a0)?$/.test(shape)) return { what: 'private-key-pkcs8', title: 'a private key (PKCS #8)' };
  if (allIntegers && tags.length === 2)
    return { what: 'integer-pair', title: 'two integers: an RSA public key or a signature' };
  return { what: 'structure', title: 'a structure' };
}

function algorithm(bytes: Uint8Array, identifier: Header): string {
  const oid = children(bytes, identifier)[0];
  if (oid?.tag !== 0x06) return 'unknown';
  const value = bytes.subarray(oid.content, oid.end);
  const is = (expected: readonly number[]): boolean =>
    value.length === expected.length && expected.every((byte, index) => value[index] === byte);
  return is(RSA_OID) ? 'rsa' : is(EC_OID) ? 'ec' : 'unknown';
}

/** Work allowed per input byte, so that overlapping candidates cannot make the search quadratic. */
const BUDGET_PER_BYTE = 4;

export function claimDer({ bytes }: Subject, free: readonly Range[]): Claim[] {
  const claims: Claim[] = [];
  for (const range of free) {
    const budget: Budget = { elements: 0 };
    let allowed = (range.end - range.start) * BUDGET_PER_BYTE;
    for (let offset = range.start; offset + MIN_DER <= range.end && allowed > 0; offset++) {
      if (bytes[offset] !== SEQUENCE) continue;
      const header = readHeader(bytes, offset, range.end);
      if (!header || header.end - offset < MIN_DER || !startsLikeDer(bytes[header.content] as number)) continue;
      budget.elements = Math.min(MAX_ELEMENTS, allowed);
      const before = budget.elements;
      const consistent = isConsistent(bytes, header, 0, budget);
      allowed -= before - budget.elements;
      if (!consistent) continue;
      const elements = before - budget.elements;
      const { what, title } = nameOf(bytes, header);
      // A short SEQUENCE of two INTEGERs can be chance; a named structure of several elements cannot.
      if (what === 'structure' && elements < 6) continue;
      claims.push(derClaim(offset, header.end, what, title, elements));
      offset = header.end - 1;
    }
  }
  return claims;
}

function startsLikeDer(tag: number): boolean {
  return tag === 0x02 || tag === 0x06 || tag === SEQUENCE || tag === 0x31 || tag === 0xa0;
}

function derClaim(start: number, end: number, what: string, title: string, elements: number): Claim {
  const certain = what.startsWith('private') || what.startsWith('public') || what.startsWith('x509');
  return {
    start,
    end,
    kind: 'der',
    confidence: certain ? 0.98 : elements >= 6 ? 0.9 : 0.7,
    reason: `${countBytes(end - start)} of DER, ${title}: ${elements} elements whose lengths all add up.`,
    details: { what, elements, secret: what.startsWith('private') },
  };
}
