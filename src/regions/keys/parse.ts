/**
 * The key structures found on the device and in key files: PKCS#1 and PKCS#8 RSA private keys (RFC 8017, RFC 5208),
 * SEC 1 EC private keys (RFC 5915), and SubjectPublicKeyInfo public keys (RFC 5280, RFC 5480). Bytes after the key are
 * ignored, because a field on flash is longer than its key; `size` says where the key ends.
 */
import { equalBytes } from '../../core/bytes.js';
import { FormatError } from '../../core/errors.js';
import {
  DerReader,
  TAG_BIT_STRING,
  TAG_CONTEXT_0,
  TAG_CONTEXT_1,
  TAG_INTEGER,
  TAG_NULL,
  TAG_OBJECT_ID,
  TAG_OCTET_STRING,
  TAG_SEQUENCE,
} from './der.js';

/** 1.2.840.113549.1.1.1 rsaEncryption. */
export const OID_RSA = new Uint8Array([0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01]);
/** 1.2.840.10045.2.1 ecPublicKey. */
export const OID_EC = new Uint8Array([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01]);
/** 1.2.840.10045.3.1.7 prime256v1. */
export const OID_P256 = new Uint8Array([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07]);

/** How a private key was wrapped. */
export type PrivateKeyForm = 'pkcs1' | 'pkcs8' | 'sec1';

export interface RsaPublicKey {
  readonly algorithm: 'rsa';
  readonly modulus: Uint8Array;
  readonly exponent: Uint8Array;
}

export interface RsaPrivateKey extends RsaPublicKey {
  readonly privateExponent: Uint8Array;
  readonly prime1: Uint8Array;
  readonly prime2: Uint8Array;
  readonly exponent1: Uint8Array;
  readonly exponent2: Uint8Array;
  readonly coefficient: Uint8Array;
}

export interface EcPublicKey {
  readonly algorithm: 'ec';
  /** SEC 1 point: 65 bytes uncompressed or 33 bytes compressed, as stored. */
  readonly point: Uint8Array;
}

export interface EcPrivateKey {
  readonly algorithm: 'ec';
  readonly scalar: Uint8Array;
  /** The public point stored beside the scalar, when there is one. */
  readonly point: Uint8Array | undefined;
}

export type PublicKey = RsaPublicKey | EcPublicKey;
export type PrivateKey = RsaPrivateKey | EcPrivateKey;

export interface Parsed<K, F> {
  readonly key: K;
  readonly form: F;
  /** Bytes of the key itself; what follows is filler. */
  readonly size: number;
}

/** Reads a private key at the start of `bytes`. @throws FormatError DER_* or KEY_UNSUPPORTED. */
export function parsePrivateKey(bytes: Uint8Array): Parsed<PrivateKey, PrivateKeyForm> {
  const outer = new DerReader(bytes);
  const sequence = outer.enter(TAG_SEQUENCE);
  const size = outer.position;
  const version = sequence.integer();
  const next = sequence.peekTag();
  if (next === TAG_OCTET_STRING) return { key: parseSec1(sequence), form: 'sec1', size };
  if (next === TAG_SEQUENCE) return { key: parsePkcs8(sequence), form: 'pkcs8', size };
  if (version.length !== 1 || version[0] !== 0) throw unsupported('a private key of version 0', 'a newer version');
  return { key: parseRsaIntegers(sequence), form: 'pkcs1', size };
}

function parseRsaIntegers(reader: DerReader): RsaPrivateKey {
  const modulus = reader.integer();
  const exponent = reader.integer();
  const privateExponent = reader.integer();
  const prime1 = reader.integer();
  const prime2 = reader.integer();
  const exponent1 = reader.integer();
  const exponent2 = reader.integer();
  const coefficient = reader.integer();
  return { algorithm: 'rsa', modulus, exponent, privateExponent, prime1, prime2, exponent1, exponent2, coefficient };
}

/** The rest of an ECPrivateKey after its version; `curveGiven` when an outer structure names the curve. */
function parseSec1(reader: DerReader, curveGiven = false): EcPrivateKey {
  const scalar = reader.content(TAG_OCTET_STRING);
  if (reader.peekTag() === TAG_CONTEXT_0) {
    requireP256(reader.enter(TAG_CONTEXT_0).content(TAG_OBJECT_ID));
  } else if (!curveGiven && scalar.length !== 32) {
    throw unsupported('an EC key of 32 bytes', `${scalar.length} bytes without a named curve`);
  }
  const point = reader.peekTag() === TAG_CONTEXT_1 ? reader.enter(TAG_CONTEXT_1).bitString() : undefined;
  return { algorithm: 'ec', scalar, point };
}

/** The rest of a PrivateKeyInfo after its version. */
function parsePkcs8(reader: DerReader): PrivateKey {
  const algorithm = parseAlgorithm(reader.enter(TAG_SEQUENCE));
  const inner = new DerReader(reader.content(TAG_OCTET_STRING)).enter(TAG_SEQUENCE);
  inner.next(TAG_INTEGER);
  return algorithm === 'rsa' ? parseRsaIntegers(inner) : parseSec1(inner, true);
}

function parseAlgorithm(reader: DerReader): 'rsa' | 'ec' {
  const algorithm = reader.content(TAG_OBJECT_ID);
  if (equalBytes(algorithm, OID_RSA)) {
    if (reader.peekTag() === TAG_NULL) reader.next(TAG_NULL);
    return 'rsa';
  }
  if (!equalBytes(algorithm, OID_EC)) throw unsupported('RSA or an elliptic curve', 'another algorithm');
  requireP256(reader.content(TAG_OBJECT_ID));
  return 'ec';
}

function requireP256(curve: Uint8Array): void {
  if (!equalBytes(curve, OID_P256)) throw unsupported('the curve P-256', 'another curve');
}

/** Reads a SubjectPublicKeyInfo at the start of `bytes`. @throws FormatError DER_* or KEY_UNSUPPORTED. */
export function parsePublicKey(bytes: Uint8Array): Parsed<PublicKey, 'spki'> {
  const outer = new DerReader(bytes);
  const sequence = outer.enter(TAG_SEQUENCE);
  const size = outer.position;
  // A public key of two bare integers (PKCS#1) or a private key has an INTEGER here.
  if (sequence.peekTag() === TAG_INTEGER) throw unsupported('a SubjectPublicKeyInfo', 'a bare RSA or a private key');
  const algorithm = parseAlgorithm(sequence.enter(TAG_SEQUENCE));
  if (sequence.peekTag() !== TAG_BIT_STRING) sequence.next(TAG_BIT_STRING);
  const content = sequence.bitString();
  if (algorithm === 'ec') return { key: { algorithm, point: content }, form: 'spki', size };
  const numbers = new DerReader(content).enter(TAG_SEQUENCE);
  return { key: { algorithm, modulus: numbers.integer(), exponent: numbers.integer() }, form: 'spki', size };
}

function unsupported(expected: string, got: string): FormatError {
  return new FormatError({
    code: 'KEY_UNSUPPORTED',
    what: 'this kind of key is not used by the device',
    expected,
    got,
    help: 'Give an RSA or P-256 key in PKCS#1, PKCS#8, SEC 1 or SubjectPublicKeyInfo form.',
  });
}
