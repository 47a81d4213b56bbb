/** Keys in PEM files (RFC 7468). */
import { FormatError } from '../../core/errors.js';
import { decodePemBlocks } from './pem-text.js';

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
