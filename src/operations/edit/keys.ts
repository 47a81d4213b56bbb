/** Keys made, placed, exported and checked. Making one is the only thing here that needs chance (`#keypair`). */
import { generateRsaKey } from '#keypair';
import { BuildError, UsageError } from '../../core/errors.js';
import { decodeDeviceId } from '../../regions/dct/application.js';
import { type DctEdit, dctField } from '../../regions/dct/index.js';
import { describePrivateField } from '../../regions/dct/key-fields.js';
import { bytesOf, viewCopy } from '../../regions/dct/view.js';
import {
  DEVICE_KEY_BITS,
  describePrivateKey,
  describePublicKey,
  encodePrivateKey,
  encodePublicKey,
  type PrivateKey,
  type PublicKey,
  parsePrivateKey,
  privateKeyPem,
  publicFingerprint,
  publicHalf,
  publicKeyPem,
} from '../../regions/keys/index.js';
import { currentCopy, type DctFile } from './dct-edit.js';
import {
  derOf,
  deviceKeyEdits,
  devicePublicEdit,
  isPrivateKeyFile,
  requirePrivateKey,
  requirePublicKey,
  serverKeyEdit,
} from './dct-keys.js';

export type KeyFileForm = 'der' | 'pem';

/** A new device key pair, RSA-1024 with exponent 65537 as the firmware makes it. */
export async function newDeviceKey(): Promise<PrivateKey> {
  return parsePrivateKey(await generateRsaKey(DEVICE_KEY_BITS)).key;
}

/** A private key for a file that openssl and particle-cli read: PKCS#1 or SEC 1, DER or PEM. */
export function privateKeyFile(key: PrivateKey, form: KeyFileForm): Uint8Array {
  return form === 'pem' ? new TextEncoder().encode(privateKeyPem(key)) : encodePrivateKey(key);
}

/** A public key for a file, SubjectPublicKeyInfo in DER or PEM. */
export function publicKeyFile(key: PublicKey, form: KeyFileForm): Uint8Array {
  return form === 'pem' ? new TextEncoder().encode(publicKeyPem(key)) : encodePublicKey(key);
}

/** The public half of a private key that has been judged sound. */
export function requireHalf(key: PrivateKey): PublicKey {
  return publicHalf(key) ?? requirePublicKey(encodePrivateKey(key), 'key');
}

export type KeyPlace = 'device' | 'server';

/**
 * Edits that put the key of a file into a DCT: a private key with its public half as the device key, a public key as the
 * key of the server unless `place` says otherwise. RSA goes to the fields of the TCP transport, EC to the alternate ones.
 * @throws BuildError KEY_UNUSABLE, KEY_NOT_RSA_1024, KEY_TOO_LONG, KEY_NEEDS_PRIVATE; FormatError PEM_*
 */
export function importedKeyEdits(
  file: Uint8Array,
  name: string,
  place?: KeyPlace,
): { readonly edits: readonly DctEdit[]; readonly key: PublicKey; readonly place: KeyPlace } {
  const isPrivate = describePrivateKey(derOf(file)).key !== null || isPrivateKeyFile(file);
  if (isPrivate && place !== 'server') {
    const key = requirePrivateKey(file, name);
    return { edits: deviceKeyEdits(key, key.algorithm), key: requireHalf(key), place: 'device' };
  }
  const key = requirePublicKey(file, name);
  if (place !== 'device') return { edits: [serverKeyEdit(key, key.algorithm)], key, place: 'server' };
  return { edits: [devicePublicEdit(key, key.algorithm)], key, place: 'device' };
}

/** The device's private key in a DCT. @throws BuildError KEYS_NO_DEVICE_KEY */
export function deviceKeyOf(file: DctFile, slot: 'rsa' | 'ec' = 'rsa'): PrivateKey {
  const field = slot === 'rsa' ? 'device_private_key' : 'alt_device_private_key';
  const copy = currentCopy(file);
  const bytes = copy && bytesOf(viewCopy(copy.bytes, 'wiced'), field);
  const key = bytes ? describePrivateField(bytes) : null;
  if (key?.key && key.kind !== 'invalid') return key.key;
  throw new BuildError({
    code: 'KEYS_NO_DEVICE_KEY',
    what: 'there is no usable device key in this DCT',
    where: file.source.input.path,
    expected: dctField(field).title,
    got: copy ? (key?.reason ?? 'none') : 'no usable DCT copy',
    help: 'Look at all keys and both copies with: flashatlas keys show FILE',
  });
}

/** The id of the device as the DCT has it, 24 hexadecimal digits; null when the firmware has not stored it. */
export function deviceIdOf(file: DctFile): string | null {
  const copy = currentCopy(file);
  const bytes = copy && bytesOf(viewCopy(copy.bytes, 'wiced'), 'device_id');
  return bytes && decodeDeviceId(bytes);
}

const LOAD = 'Put the board into DFU mode (blinking yellow) and give it the private key:';

export interface Registration {
  readonly step: string;
  readonly command: string | null;
}

/**
 * The commands of particle-cli that make the cloud know a device key, and no more than are needed, in order.
 * @param keyFile name of the private key file when the key still has to reach the board over DFU; null: it is in an image
 */
export function registration(
  publicFile: string,
  { keyFile, deviceId, serverKey }: { keyFile: string | null; deviceId: string | null; serverKey: 'there' | 'missing' },
): Registration[] {
  const steps: Registration[] = [];
  const open = shellWord(publicFile);
  if (keyFile !== null && /\.pem$/i.test(keyFile)) {
    const [pem, der] = [shellWord(keyFile), shellWord(keyFile.replace(/\.pem$/i, '.der'))];
    steps.push({
      step: 'particle-cli loads DER files only:',
      command: `openssl rsa -in ${pem} -outform DER -out ${der}`,
    });
    steps.push({ step: LOAD, command: `particle keys load ${der}` });
  } else if (keyFile !== null) {
    steps.push({ step: LOAD, command: `particle keys load ${shellWord(keyFile)}` });
  } else steps.push({ step: 'Write the image to the board.', command: null });
  steps.push({
    step: 'Give the cloud the public half:',
    command: `particle keys send ${deviceId ?? 'DEVICE_ID'} ${open}`,
  });
  if (serverKey === 'missing') {
    steps.push({ step: 'Give the board the key of the server, in DFU mode:', command: 'particle keys server' });
  }
  return steps;
}

/** A file name as one word of a command line. */
export function shellWord(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

export interface KeyCheck {
  /** What was asked: "Device private key", "Compared with device.pub.pem". */
  readonly what: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** Compares a key with a public key of a file or with a fingerprint. @throws UsageError KEY_BAD_FINGERPRINT; BuildError, FormatError */
export function compareKey(
  key: PublicKey | null,
  expected: { readonly file?: { readonly bytes: Uint8Array; readonly name: string }; readonly fingerprint?: string },
): KeyCheck[] {
  const checks: KeyCheck[] = [];
  const own = key && publicFingerprint(key);
  if (expected.file) {
    const other = publicFingerprint(requirePublicKey(expected.file.bytes, expected.file.name));
    checks.push(comparison(`Compared with ${expected.file.name}`, own, other));
  }
  if (expected.fingerprint !== undefined) {
    checks.push(comparison('Compared with the given fingerprint', own, readFingerprint(expected.fingerprint)));
  }
  return checks;
}

function comparison(what: string, own: string | null, other: string): KeyCheck {
  const found = own === null ? 'no key here' : `another key, SHA-256 ${own}`;
  const detail = own === other ? `the same key, SHA-256 ${other}` : `${found} instead of ${other}`;
  return { what, ok: own === other, detail };
}

function readFingerprint(text: string): string {
  const digits = text
    .replace(/^sha-?256[:= ]/i, '')
    .replace(/[:\s]/g, '')
    .toLowerCase();
  if (/^[0-9a-f]{64}$/.test(digits)) return digits;
  throw new UsageError({
    code: 'KEY_BAD_FINGERPRINT',
    what: 'this is not a fingerprint',
    expected: 'the SHA-256 of the public half: 64 hexadecimal digits',
    got: `${digits.length} characters`,
    help: 'Print it with: flashatlas keys show FILE',
  });
}

/** The public half of the key in a file, whichever half that holds; null when the file is no key. */
export function publicKeyOfFile(bytes: Uint8Array): PublicKey | null {
  const der = derOf(bytes);
  const own = describePrivateKey(der);
  if (own.key) return own.kind === 'invalid' ? null : (publicHalf(own.key) ?? null);
  const open = describePublicKey(der);
  return open.kind === 'invalid' ? null : open.key;
}
