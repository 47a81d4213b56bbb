/**
 * What lies in a key field: the kind of key, whether it is whole and whether its numbers belong together. Damaged keys
 * are ordinary input here; a description is always given, never an error.
 */
import { isFilledWith } from '../../core/bytes.js';
import { FlashatlasError } from '../../core/errors.js';
import { uncompressedPoint } from './ec.js';
import { bitLength, leastCommonMultiple, toBigInt } from './numbers.js';
import {
  type PrivateKey,
  type PrivateKeyForm,
  type PublicKey,
  parsePrivateKey,
  parsePublicKey,
  type RsaPrivateKey,
} from './parse.js';
import { publicFingerprint, publicHalf, samePublicKey } from './public.js';

/** `rsa-1024`, `rsa-2048` and so on by modulus length; blank: erased flash; zero: all zero; invalid: see `reason`. */
export type KeyKind = `rsa-${number}` | 'ec-p256' | 'blank' | 'zero' | 'invalid';

export interface KeyDescription<K = PrivateKey | PublicKey> {
  readonly kind: KeyKind;
  /** Why the key is invalid, as a clause; null otherwise. */
  readonly reason: string | null;
  /** Length of modulus or curve order in bits; null without a key that could be read. */
  readonly bits: number | null;
  /** Bytes of the key without filler. */
  readonly size: number | null;
  /** Encoding of the key. */
  readonly form: PrivateKeyForm | 'spki' | null;
  /** SHA-256 of the public half as SubjectPublicKeyInfo; null when there is none. */
  readonly fingerprint: string | null;
  /** The key itself; present whenever the structure could be read, even when its numbers contradict each other. */
  readonly key: K | null;
}

/** Longest modulus that is checked: longer keys fit no field of the device and would only cost time. */
const MAX_MODULUS_BITS = 8192;
const MIN_MODULUS_BITS = 512;
const P256_SCALAR_BYTES = 32;

/** Describes a private key field. */
export function describePrivateKey(bytes: Uint8Array): KeyDescription<PrivateKey> {
  return describe(bytes, () => {
    const { key, form, size } = parsePrivateKey(bytes);
    const reason = key.algorithm === 'rsa' ? rsaPrivateProblem(key) : ecPrivateProblem(key.scalar, key.point);
    return describeParsed(key, form, size, reason, reason === null ? (publicHalf(key) ?? null) : null);
  });
}

/** Describes a public key field. */
export function describePublicKey(bytes: Uint8Array): KeyDescription<PublicKey> {
  return describe(bytes, () => {
    const { key, form, size } = parsePublicKey(bytes);
    const reason = key.algorithm === 'rsa' ? rsaPublicProblem(key.modulus, key.exponent) : ecPublicProblem(key.point);
    return describeParsed(key, form, size, reason, reason === null ? key : null);
  });
}

function describe<K>(bytes: Uint8Array, read: () => KeyDescription<K>): KeyDescription<K> {
  if (bytes.length === 0) return withoutKey('invalid', 'there are no bytes');
  if (isFilledWith(bytes, 0xff)) return withoutKey('blank', null);
  if (isFilledWith(bytes, 0)) return withoutKey('zero', null);
  try {
    return read();
  } catch (error) {
    if (!(error instanceof FlashatlasError)) throw error;
    return withoutKey('invalid', error.message);
  }
}

function withoutKey<K>(kind: KeyKind, reason: string | null): KeyDescription<K> {
  return { kind, reason, bits: null, size: null, form: null, fingerprint: null, key: null };
}

function describeParsed<K extends PrivateKey | PublicKey>(
  key: K,
  form: KeyDescription['form'],
  size: number,
  reason: string | null,
  publicKey: PublicKey | null,
): KeyDescription<K> {
  const bits = key.algorithm === 'rsa' ? bitLength(key.modulus) : 256;
  const kind = key.algorithm === 'rsa' ? (`rsa-${bits}` as const) : 'ec-p256';
  return {
    kind: reason === null ? kind : 'invalid',
    reason,
    bits,
    size,
    form,
    fingerprint: publicKey && publicFingerprint(publicKey),
    key,
  };
}

function rsaPublicProblem(modulus: Uint8Array, exponent: Uint8Array): string | null {
  const bits = bitLength(modulus);
  if (bits < MIN_MODULUS_BITS) return `the modulus has ${bits} bits, too few for an RSA key`;
  if (bits > MAX_MODULUS_BITS) return `the modulus has ${bits} bits, more than any key of the device`;
  if (((modulus.at(-1) ?? 0) & 1) === 0) return 'the modulus is even';
  if (bitLength(exponent) > 64) return 'the public exponent is longer than 64 bits';
  const value = toBigInt(exponent);
  if (value < 3n || value % 2n === 0n) return 'the public exponent is not an odd number above 2';
  return null;
}

/** The relations of RFC 8017 section 3.2; the first one that does not hold is named. */
function rsaPrivateProblem(key: RsaPrivateKey): string | null {
  const problem = rsaPublicProblem(key.modulus, key.exponent);
  if (problem) return problem;
  const parts = [key.privateExponent, key.prime1, key.prime2, key.exponent1, key.exponent2, key.coefficient];
  if (parts.some((part) => bitLength(part) > MAX_MODULUS_BITS)) return 'a number is longer than the modulus allows';
  const [d, p, q, dp, dq, inverse] = parts.map(toBigInt) as [bigint, bigint, bigint, bigint, bigint, bigint];
  const [n, e] = [toBigInt(key.modulus), toBigInt(key.exponent)];
  if (p < 3n || q < 3n) return 'a prime is missing';
  if (p * q !== n) return 'the modulus is not the product of the two primes';
  if ((e * d) % leastCommonMultiple(p - 1n, q - 1n) !== 1n) {
    return 'the private exponent does not belong to the public exponent';
  }
  if (dp !== d % (p - 1n)) return 'the first CRT exponent does not belong to the private exponent';
  if (dq !== d % (q - 1n)) return 'the second CRT exponent does not belong to the private exponent';
  if ((inverse * q) % p !== 1n) return 'the CRT coefficient does not belong to the primes';
  return null;
}

function ecPublicProblem(point: Uint8Array): string | null {
  return uncompressedPoint(point) ? null : 'the public point does not lie on the curve P-256';
}

function ecPrivateProblem(scalar: Uint8Array, point: Uint8Array | undefined): string | null {
  if (scalar.length !== P256_SCALAR_BYTES) return `the private number has ${scalar.length} bytes instead of 32`;
  const half = publicHalf({ algorithm: 'ec', scalar, point });
  if (!half) return 'the private number is outside the range of the curve P-256';
  if (point && !samePublicKey(half, { algorithm: 'ec', point })) {
    return 'the public point stored in the key does not belong to the private number';
  }
  return null;
}
