/** Private keys as bytes: in plain DER, in the form the firmware makes, and as PEM. */
import { BuildError } from '../../core/errors.js';
import {
  encodeDer,
  encodeInteger,
  TAG_BIT_STRING,
  TAG_CONTEXT_0,
  TAG_CONTEXT_1,
  TAG_INTEGER,
  TAG_OBJECT_ID,
  TAG_OCTET_STRING,
  TAG_SEQUENCE,
} from './der.js';
import { bitLength } from './numbers.js';
import { type EcPrivateKey, OID_P256, type PrivateKey, type RsaPrivateKey } from './parse.js';
import { encodePem } from './pem-text.js';
import { publicHalf } from './public.js';

/** The only size of device key that the firmware makes and reads. */
export const DEVICE_KEY_BITS = 1024;
const EXPONENT_BYTES = 3;

/** DER of a private key: PKCS#1 for RSA, SEC 1 for EC, with exactly the zeros that DER asks for. */
export function encodePrivateKey(key: PrivateKey): Uint8Array {
  return key.algorithm === 'rsa' ? encodeRsa(key) : encodeEc(key);
}

/**
 * PEM text of a private key, as openssl writes it. The numbers are encoded anew, because keys made by the firmware carry
 * zeros that strict readers refuse.
 */
export function privateKeyPem(key: PrivateKey): string {
  return encodePem(key.algorithm === 'rsa' ? 'RSA PRIVATE KEY' : 'EC PRIVATE KEY', encodePrivateKey(key));
}

/**
 * An RSA-1024 key as the firmware makes it: PKCS#1 with integers of fixed width, a leading zero in each whether needed
 * or not, always 611 bytes (services of device-os 0.4.2 to 3.3.1, `gen_rsa_key`).
 * @throws BuildError KEY_NOT_RSA_1024
 */
export function encodeDeviceKey(key: PrivateKey): Uint8Array {
  if (key.algorithm !== 'rsa' || !fitsDevice(key)) {
    throw new BuildError({
      code: 'KEY_NOT_RSA_1024',
      what: 'the board cannot use this key as its device key',
      expected: 'an RSA key of 1024 bits with two primes of 512 bits and an exponent of at most 24',
      got: key.algorithm === 'rsa' ? `RSA with ${bitLength(key.modulus)} bits` : 'an EC key',
      help: 'The firmware copies 612 bytes of the field and no more. Make a key with: flashatlas keys new FILE',
    });
  }
  const whole = DEVICE_KEY_BITS / 8 + 1;
  const half = DEVICE_KEY_BITS / 16 + 1;
  const { modulus, exponent, privateExponent, prime1, prime2, exponent1, exponent2, coefficient } = key;
  return encodeDer(
    TAG_SEQUENCE,
    encodeInteger(new Uint8Array([0])),
    fixedInteger(modulus, whole),
    fixedInteger(exponent, EXPONENT_BYTES),
    fixedInteger(privateExponent, whole),
    ...[prime1, prime2, exponent1, exponent2, coefficient].map((number) => fixedInteger(number, half)),
  );
}

function fitsDevice({ modulus, exponent, prime1, prime2 }: RsaPrivateKey): boolean {
  const halves = [prime1, prime2].every((prime) => bitLength(prime) === DEVICE_KEY_BITS / 2);
  return bitLength(modulus) === DEVICE_KEY_BITS && bitLength(exponent) <= 8 * EXPONENT_BYTES && halves;
}

function fixedInteger(value: Uint8Array, width: number): Uint8Array {
  const content = new Uint8Array(width);
  const significant = value.subarray(Math.max(0, value.length - width));
  content.set(significant, width - significant.length);
  return encodeDer(TAG_INTEGER, content);
}

function encodeRsa(key: RsaPrivateKey): Uint8Array {
  const { modulus, exponent, privateExponent, prime1, prime2, exponent1, exponent2, coefficient } = key;
  const numbers = [modulus, exponent, privateExponent, prime1, prime2, exponent1, exponent2, coefficient];
  return encodeDer(TAG_SEQUENCE, encodeInteger(new Uint8Array([0])), ...numbers.map(encodeInteger));
}

function encodeEc(key: EcPrivateKey): Uint8Array {
  const half = publicHalf(key);
  const point = half?.algorithm === 'ec' ? half.point : undefined;
  return encodeDer(
    TAG_SEQUENCE,
    encodeDer(TAG_INTEGER, new Uint8Array([1])),
    encodeDer(TAG_OCTET_STRING, key.scalar),
    encodeDer(TAG_CONTEXT_0, encodeDer(TAG_OBJECT_ID, OID_P256)),
    ...(point ? [encodeDer(TAG_CONTEXT_1, encodeDer(TAG_BIT_STRING, new Uint8Array([0]), point))] : []),
  );
}
