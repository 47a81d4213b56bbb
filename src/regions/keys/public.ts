/** Public halves of keys: derived, encoded, compared, fingerprinted, exported. */
import { equalBytes, toHex } from '../../core/bytes.js';
import { sha256 } from '../../core/checksums.js';
import { encodeDer, encodeInteger, TAG_BIT_STRING, TAG_NULL, TAG_OBJECT_ID, TAG_SEQUENCE } from './der.js';
import { publicPoint, uncompressedPoint } from './ec.js';
import { toBigInt } from './numbers.js';
import { OID_EC, OID_P256, OID_RSA, type PrivateKey, type PublicKey } from './parse.js';
import { encodePem } from './pem-text.js';

const NO_UNUSED_BITS = new Uint8Array([0]);

/** The public half of a private key; undefined when an EC scalar is out of range. */
export function publicHalf(key: PrivateKey): PublicKey | undefined {
  if (key.algorithm === 'rsa') return { algorithm: 'rsa', modulus: key.modulus, exponent: key.exponent };
  const point = publicPoint(toBigInt(key.scalar));
  return point && { algorithm: 'ec', point };
}

/**
 * SubjectPublicKeyInfo in DER: 162 bytes for RSA-1024 with exponent 65537, as the firmware derives it, 294 bytes for
 * RSA-2048, 91 bytes for P-256.
 */
export function encodePublicKey(key: PublicKey): Uint8Array {
  const algorithm =
    key.algorithm === 'rsa'
      ? encodeDer(TAG_SEQUENCE, encodeDer(TAG_OBJECT_ID, OID_RSA), encodeDer(TAG_NULL))
      : encodeDer(TAG_SEQUENCE, encodeDer(TAG_OBJECT_ID, OID_EC), encodeDer(TAG_OBJECT_ID, OID_P256));
  const content =
    key.algorithm === 'rsa'
      ? encodeDer(TAG_SEQUENCE, encodeInteger(key.modulus), encodeInteger(key.exponent))
      : key.point;
  return encodeDer(TAG_SEQUENCE, algorithm, encodeDer(TAG_BIT_STRING, NO_UNUSED_BITS, content));
}

/** True when both are the same public key, whatever their encoding. */
export function samePublicKey(a: PublicKey, b: PublicKey): boolean {
  if (a.algorithm === 'rsa' && b.algorithm === 'rsa') {
    return equalBytes(a.modulus, b.modulus) && equalBytes(a.exponent, b.exponent);
  }
  if (a.algorithm !== 'ec' || b.algorithm !== 'ec') return false;
  const [pointA, pointB] = [uncompressedPoint(a.point), uncompressedPoint(b.point)];
  return pointA !== undefined && pointB !== undefined && equalBytes(pointA, pointB);
}

/** True when the public key belongs to the private key. */
export function belongsTo(publicKey: PublicKey, privateKey: PrivateKey): boolean {
  const half = publicHalf(privateKey);
  return half !== undefined && samePublicKey(publicKey, half);
}

/** SHA-256 of the SubjectPublicKeyInfo, in lower-case hexadecimal: the name of a key that may be shown to anyone. */
export function publicFingerprint(key: PublicKey): string {
  return toHex(sha256(encodePublicKey(key)));
}

/** PEM text (`-----BEGIN PUBLIC KEY-----`) of a public key, as openssl writes it. */
export function publicKeyPem(key: PublicKey): string {
  return encodePem('PUBLIC KEY', encodePublicKey(key));
}
