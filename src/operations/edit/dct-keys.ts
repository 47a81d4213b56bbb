/** Keys as DCT content: read from DER or PEM, judged, and laid out as the firmware keeps them. */
import { BuildError } from '../../core/errors.js';
import { type DctEdit, dctField } from '../../regions/dct/index.js';
import { describePrivateKey, describePublicKey, type KeyDescription } from '../../regions/keys/describe.js';
import { encodeDeviceKey, encodePrivateKey } from '../../regions/keys/encode.js';
import type { PrivateKey, PublicKey } from '../../regions/keys/parse.js';
import { decodePem, looksLikePem } from '../../regions/keys/pem.js';
import { encodePublicKey, publicHalf } from '../../regions/keys/public.js';

/** `rsa`: the transport over TCP, all that P1 and Photon use. `ec`: UDP, the alternate fields. */
export type KeySlot = 'rsa' | 'ec';

const FIELDS = {
  rsa: { private: 'device_private_key', public: 'device_public_key', server: 'server_public_key' },
  ec: { private: 'alt_device_private_key', public: 'alt_device_public_key', server: 'alt_server_public_key' },
} as const;

/** Bytes of a server key field before the address in it; the alternate one has its field for itself. */
function sizeBeforeAddress(field: string): number {
  return field === FIELDS.rsa.server
    ? dctField('server_address').offset - dctField(field).offset
    : dctField(field).size;
}

/** DER of the first key in a DER or PEM file. @throws FormatError PEM_* */
export function derOf(file: Uint8Array): Uint8Array {
  return looksLikePem(file) ? decodePem(file) : file;
}

/** A private key that is whole and whose numbers belong together. @throws BuildError KEY_UNUSABLE; FormatError PEM_* */
export function requirePrivateKey(file: Uint8Array, name: string): PrivateKey {
  const der = derOf(file);
  const description = describePrivateKey(der);
  if (description.key && description.kind !== 'invalid') return description.key;
  const isPublic = describePublicKey(der).key !== null;
  throw unusable(name, 'a private key', isPublic ? 'a public key' : faultOf(der, description));
}

/** The same for a public key; the public half of a private key is as good. @throws as requirePrivateKey */
export function requirePublicKey(file: Uint8Array, name: string): PublicKey {
  const der = derOf(file);
  const description = describePublicKey(der);
  if (description.key && description.kind !== 'invalid') return description.key;
  const own = describePrivateKey(der);
  const half = own.key && own.kind !== 'invalid' ? publicHalf(own.key) : undefined;
  if (half) return half;
  throw unusable(name, 'a key', faultOf(der, own.key || isPrivateKeyFile(file) ? own : description));
}

/** By its label, whatever is in it. */
export function isPrivateKeyFile(file: Uint8Array): boolean {
  return looksLikePem(file) && new TextDecoder('latin1').decode(file).includes('PRIVATE KEY-----');
}

function faultOf(der: Uint8Array, { kind, reason }: KeyDescription): string {
  if (kind === 'blank' || kind === 'zero') return kind === 'blank' ? 'erased flash (all 0xFF)' : 'all zero';
  if (der[0] !== DER_SEQUENCE) return 'a file that is neither DER nor PEM';
  return `one that does not pass: ${reason}`;
}

const DER_SEQUENCE = 0x30;

function unusable(where: string, expected: string, got: string): BuildError {
  return new BuildError({
    code: 'KEY_UNUSABLE',
    what: 'the key cannot be used',
    where,
    expected,
    got,
    help: 'Give a sound key in DER or PEM form (PKCS#1, PKCS#8, SEC 1; public keys as SubjectPublicKeyInfo).',
  });
}

/**
 * Private and public field of a device key pair, filled up as the firmware does: 0xFF behind the private key, zeros
 * behind the public one, which it derives and compares at every start.
 * @throws BuildError KEY_NOT_RSA_1024, KEY_WRONG_TYPE
 */
export function deviceKeyEdits(key: PrivateKey, slot: KeySlot): DctEdit[] {
  const { private: own, public: open } = FIELDS[slot];
  if (slot === 'ec') requireType(key, 'ec', own);
  const der = slot === 'rsa' ? encodeDeviceKey(key) : encodePrivateKey(key);
  const half = publicHalf(key);
  if (!half) throw unusable(own, 'a private number of the curve P-256', 'a number out of range');
  return [
    { field: own, bytes: filled(der, dctField(own).size, 0xff) },
    { field: open, bytes: filled(encodePublicKey(half), dctField(open).size, 0) },
  ];
}

/** The field of a device's public key alone. @throws BuildError KEY_WRONG_TYPE */
export function devicePublicEdit(key: PublicKey, slot: KeySlot): DctEdit {
  const field = FIELDS[slot].public;
  requireType(key, slot, field);
  return { field, bytes: filled(encodePublicKey(key), dctField(field).size, 0) };
}

/** The server key; the address behind it stays. @throws BuildError KEY_WRONG_TYPE, KEY_TOO_LONG */
export function serverKeyEdit(key: PublicKey, slot: KeySlot): DctEdit {
  const field = FIELDS[slot].server;
  requireType(key, slot, field);
  return { field, bytes: filled(encodePublicKey(key), sizeBeforeAddress(field), 0xff) };
}

function requireType(key: PrivateKey | PublicKey, slot: KeySlot, where: string): void {
  if (key.algorithm === slot) return;
  const names = { rsa: 'an RSA key', ec: 'an EC P-256 key' };
  throw new BuildError({
    code: 'KEY_WRONG_TYPE',
    what: 'the field holds a key of another type',
    where,
    expected: names[slot],
    got: names[key.algorithm],
    help: 'P1 and Photon use RSA keys (TCP); the alternate fields hold the EC keys of the Electron (UDP).',
  });
}

function filled(content: Uint8Array, size: number, filler: number): Uint8Array {
  if (content.length > size) {
    throw new BuildError({
      code: 'KEY_TOO_LONG',
      what: 'the key does not fit its field',
      expected: `at most ${size} bytes`,
      got: `${content.length} bytes`,
      help: 'Use a shorter key: RSA-1024 for a device, RSA-2048 for a server.',
    });
  }
  const bytes = new Uint8Array(size).fill(filler);
  bytes.set(content);
  return bytes;
}
