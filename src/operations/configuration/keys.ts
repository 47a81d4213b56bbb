/** The keys of a DCT, or the one key in a file: kind, soundness, owner and fingerprint. Never their secret numbers. */
import {
  describePrivateField,
  describePublicField,
  type PublicKeyRelation,
  relationOf,
} from '../../regions/dct/key-fields.js';
import { dctField, fieldKey } from '../../regions/dct/table.js';
import { bytesOf, type DctView } from '../../regions/dct/view.js';
import { describePrivateKey, describePublicKey, type KeyDescription } from '../../regions/keys/describe.js';
import { privateKeyPem } from '../../regions/keys/encode.js';
import { recognizeServerKey, type ServerKeyKind } from '../../regions/keys/known.js';
import type { PrivateKey, PublicKey } from '../../regions/keys/parse.js';
import { decodePem, looksLikePem } from '../../regions/keys/pem.js';
import { publicHalf, publicKeyPem } from '../../regions/keys/public.js';

export type KeyRole =
  | 'device-private'
  | 'device-public'
  | 'server-public'
  | 'alt-device-private'
  | 'alt-device-public'
  | 'alt-server-public'
  | 'file-private'
  | 'file-public';

export interface KeyReport {
  readonly role: KeyRole;
  readonly title: string;
  /** Field of the DCT; null for a key file. */
  readonly field: string | null;
  readonly kind: KeyDescription['kind'];
  readonly bits: number | null;
  readonly form: KeyDescription['form'];
  /** Bytes of the key without filler. */
  readonly size: number | null;
  /** SHA-256 of the public half as SubjectPublicKeyInfo. */
  readonly fingerprint: string | null;
  /** good: usable where it lies. missing: blank or zero. bad: damaged, of the wrong type, or not belonging to its pair. */
  readonly state: 'good' | 'missing' | 'bad';
  /** What there is to say beside the kind, as a clause. */
  readonly note: string;
  /** Public keys of the device only. */
  readonly relation: PublicKeyRelation | null;
  /** Server keys only. */
  readonly known: ServerKeyKind | null;
  /** PEM of the public half; null when there is none. */
  readonly publicPem: string | null;
  /** PEM of the private key, only when secrets were asked for. */
  readonly privatePem: string | null;
}

interface Place {
  readonly role: KeyRole;
  readonly key: string;
  /** What the transport uses: RSA over TCP, EC over UDP. */
  readonly type: 'rsa' | 'ec';
}

const PAIRS = [
  {
    type: 'rsa',
    private: { role: 'device-private', key: 'device_private_key' },
    public: { role: 'device-public', key: 'device_public_key' },
    server: { role: 'server-public', key: 'server_public_key' },
  },
  {
    type: 'ec',
    private: { role: 'alt-device-private', key: 'alt_device_private_key' },
    public: { role: 'alt-device-public', key: 'alt_device_public_key' },
    server: { role: 'alt-server-public', key: 'alt_server_public_key' },
  },
] as const;

/** The six key fields of a copy, or those the view holds. */
export function keysOfView(view: DctView, showSecrets: boolean): KeyReport[] {
  return PAIRS.flatMap(({ type, private: own, public: open, server }) => {
    const privateBytes = bytesOf(view, own.key);
    const publicBytes = bytesOf(view, open.key);
    const serverBytes = bytesOf(view, server.key);
    const privateKey = privateBytes && describePrivateField(privateBytes);
    const publicKey = publicBytes && describePublicField(publicBytes, open.key);
    const serverKey = serverBytes && describePublicField(serverBytes, server.key);
    const reports: KeyReport[] = [];
    if (privateKey) reports.push(privateReport({ ...own, type }, privateKey, showSecrets));
    if (publicKey && privateKey) reports.push(publicReport({ ...open, type }, publicKey, privateKey));
    if (serverKey) reports.push(serverReport({ ...server, type }, serverKey));
    return reports;
  });
}

function common(key: KeyDescription, role: KeyRole, title: string, field: string | null) {
  const { kind, bits, form, size, fingerprint } = key;
  return { role, title, field, kind, bits, form, size, fingerprint };
}

function titleOf({ key }: Place): { title: string; field: string } {
  const field = dctField(key);
  return { title: field.title, field: fieldKey(field) };
}

function missingOrBad(key: KeyDescription): { state: 'missing' | 'bad'; note: string } | null {
  if (key.kind === 'blank') return { state: 'missing', note: key.reason ?? 'not set (erased)' };
  if (key.kind === 'zero') return { state: 'missing', note: 'not set (all zero)' };
  return key.kind === 'invalid' ? { state: 'bad', note: `not usable: ${key.reason}` } : null;
}

function wrongType(kind: KeyDescription['kind'], type: Place['type']): string | null {
  if (kind.startsWith(type)) return null;
  return type === 'rsa' ? 'an EC key where this transport uses RSA' : 'an RSA key where this transport uses EC P-256';
}

function privateReport(place: Place, key: KeyDescription<PrivateKey>, showSecrets: boolean): KeyReport {
  const { title, field } = titleOf(place);
  const wrong = missingOrBad(key) ?? asBad(wrongType(key.kind, place.type));
  return {
    ...common(key, place.role, title, field),
    ...(wrong ?? { state: 'good', note: 'its numbers belong together' }),
    relation: null,
    known: null,
    ...pemOfPrivate(key, showSecrets),
  };
}

function asBad(note: string | null): { state: 'bad'; note: string } | null {
  return note === null ? null : { state: 'bad', note };
}

function pemOfPrivate(key: KeyDescription<PrivateKey>, showSecrets: boolean) {
  const half = key.key && key.fingerprint ? publicHalf(key.key) : undefined;
  return {
    publicPem: half ? publicKeyPem(half) : null,
    privatePem: showSecrets && key.key && key.kind !== 'invalid' ? privateKeyPem(key.key) : null,
  };
}

function publicReport(place: Place, key: KeyDescription<PublicKey>, own: KeyDescription<PrivateKey>): KeyReport {
  const { title, field } = titleOf(place);
  const relation = relationOf(key, own);
  const paired = relation === 'matches-private';
  const hasPrivate = own.key !== null;
  const note = paired
    ? 'belongs to the private key'
    : hasPrivate
      ? 'does not belong to the private key'
      : 'there is no private key it could belong to';
  return {
    ...common(key, place.role, title, field),
    ...(missingOrBad(key) ?? { state: paired ? 'good' : 'bad', note }),
    relation,
    known: null,
    publicPem: pemOfPublic(key),
    privatePem: null,
  };
}

function pemOfPublic(key: KeyDescription<PublicKey>): string | null {
  return key.key && key.kind !== 'invalid' ? publicKeyPem(key.key) : null;
}

function serverReport(place: Place, key: KeyDescription<PublicKey>): KeyReport {
  const { title, field } = titleOf(place);
  const known = recognizeServerKey(key);
  const wrong = missingOrBad(key) ?? asBad(wrongType(key.kind, place.type));
  const particle = known === 'particle-rsa' || known === 'particle-ec';
  const owner = particle ? "the key of Particle's cloud" : 'not a key of Particle: the board connects to another cloud';
  return {
    ...common(key, place.role, title, field),
    ...(wrong
      ? { ...wrong, note: particle ? `${owner}, but ${wrong.note}` : wrong.note }
      : { state: 'good', note: owner }),
    relation: null,
    known,
    publicPem: pemOfPublic(key),
    privatePem: null,
  };
}

/** Largest key file looked at: a certificate chain or a text of another kind may be longer, a key is not. */
const MAX_KEY_FILE_BYTES = 64 * 1024;
const DER_SEQUENCE = 0x30;

/** The key of a .der or .pem file, or null when the bytes are neither. @throws FormatError PEM_* for an unusable PEM. */
export function keyOfFile(bytes: Uint8Array, showSecrets: boolean): KeyReport | null {
  if (bytes.length > MAX_KEY_FILE_BYTES) return null;
  if (looksLikePem(bytes)) {
    const report = fileReport(decodePem(bytes), showSecrets);
    return report ?? unreadable(bytes.length);
  }
  return bytes[0] === DER_SEQUENCE ? fileReport(bytes, showSecrets) : null;
}

function fileReport(der: Uint8Array, showSecrets: boolean): KeyReport | null {
  const own = describePrivateKey(der);
  if (own.key) {
    return {
      ...common(own, 'file-private', 'Private key', null),
      ...(missingOrBad(own) ?? { state: 'good', note: 'its numbers belong together' }),
      relation: null,
      known: null,
      ...pemOfPrivate(own, showSecrets),
    };
  }
  const open = describePublicKey(der);
  if (!open.key) return null;
  const known = recognizeServerKey(open);
  const particle = known === 'particle-rsa' || known === 'particle-ec';
  return {
    ...common(open, 'file-public', 'Public key', null),
    ...(missingOrBad(open) ?? {
      state: 'good',
      note: particle ? "the key of Particle's cloud" : 'not a key of Particle',
    }),
    relation: null,
    known,
    publicPem: pemOfPublic(open),
    privatePem: null,
  };
}

function unreadable(size: number): KeyReport {
  return {
    role: 'file-public',
    title: 'Key',
    field: null,
    kind: 'invalid',
    bits: null,
    form: null,
    size,
    fingerprint: null,
    state: 'bad',
    note: 'not usable: neither a private nor a public key of a kind the device uses',
    relation: null,
    known: null,
    publicPem: null,
    privatePem: null,
  };
}
