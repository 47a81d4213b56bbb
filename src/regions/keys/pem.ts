/** Keys in PEM files (RFC 7468): read one, and write a private key as openssl does. */
import { FormatError } from '../../core/errors.js';
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
import { OID_P256, type PrivateKey } from './parse.js';
import { decodePemBlocks, encodePem } from './pem-text.js';
import { publicHalf } from './public.js';

const KEY_LABELS: readonly string[] = ['PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY', 'PUBLIC KEY'];
const MARK = '-----BEGIN ';

/** True when the bytes are a PEM text, with a comment before it or not. */
export function looksLikePem(bytes: Uint8Array): boolean {
  const head = bytes.subarray(0, 4096);
  let text = '';
  for (const byte of head) text += String.fromCharCode(byte);
  const at = text.indexOf(MARK);
  return at >= 0 && !/[^\t\r\n\x20-\x7e]/.test(text.slice(0, at));
}

/** The DER of the first key in a PEM text. @throws FormatError PEM_NO_KEY, PEM_ENCRYPTED, PEM_BAD_BASE64 */
export function decodePem(bytes: Uint8Array): Uint8Array {
  const blocks = decodePemBlocks(new TextDecoder('latin1').decode(bytes));
  const block = blocks.find(({ label }) => KEY_LABELS.includes(label));
  if (block?.bytes) return block.bytes;
  const labels = blocks.map(({ label }) => label);
  if (block) {
    // A "Proc-Type: 4,ENCRYPTED" header is no base64 either.
    throw new FormatError({
      code: 'PEM_BAD_BASE64',
      what: 'the key between the PEM marks cannot be read',
      expected: 'base64 lines',
      got: 'other characters, as in an encrypted or damaged key',
      help: 'Remove the encryption first (openssl pkey -in key.pem -out plain.pem), or export the key again.',
    });
  }
  const encrypted = labels.includes('ENCRYPTED PRIVATE KEY');
  throw new FormatError({
    code: encrypted ? 'PEM_ENCRYPTED' : 'PEM_NO_KEY',
    what: encrypted ? 'the key is encrypted' : 'there is no key in this PEM file',
    expected: KEY_LABELS.join(', '),
    got: labels.length > 0 ? labels.join(', ') : 'no complete PEM block',
    help: encrypted
      ? 'Remove the encryption first: openssl pkey -in key.pem -out plain.pem'
      : 'Give a file with one of these blocks.',
  });
}

/**
 * PEM text of a private key: PKCS#1 for RSA, SEC 1 for EC. The numbers are encoded anew, because keys made by the firmware
 * carry zeros that strict readers refuse.
 */
export function privateKeyPem(key: PrivateKey): string {
  return key.algorithm === 'rsa'
    ? encodePem('RSA PRIVATE KEY', encodeRsa(key))
    : encodePem('EC PRIVATE KEY', encodeEc(key));
}

function encodeRsa(key: Extract<PrivateKey, { algorithm: 'rsa' }>): Uint8Array {
  const { modulus, exponent, privateExponent, prime1, prime2, exponent1, exponent2, coefficient } = key;
  const numbers = [modulus, exponent, privateExponent, prime1, prime2, exponent1, exponent2, coefficient];
  return encodeDer(TAG_SEQUENCE, encodeInteger(new Uint8Array([0])), ...numbers.map(encodeInteger));
}

function encodeEc(key: Extract<PrivateKey, { algorithm: 'ec' }>): Uint8Array {
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
