/** The key fields of the DCT. The firmware looks at the first byte only: 0xFF means that there is no key. */
import { isFilledWith } from '../../core/bytes.js';
import { describePrivateKey, describePublicKey, type KeyDescription } from '../keys/describe.js';
import type { PrivateKey, PublicKey } from '../keys/parse.js';
import { belongsTo } from '../keys/public.js';
import { dctField, dctFields } from './table.js';
import { bytesOf, type DctView } from './view.js';

export type PublicKeyRelation = 'matches-private' | 'mismatch' | 'blank' | 'zero' | 'invalid';

/** Describes a private key field; null when the input does not hold it. */
export function privateKeyOf(view: DctView, key: string): KeyDescription<PrivateKey> | null {
  const bytes = bytesOf(view, key);
  return bytes && describePrivateField(bytes);
}

/** Describes a public key field; null when the input does not hold it. */
export function publicKeyOf(view: DctView, key: string): KeyDescription<PublicKey> | null {
  const bytes = bytesOf(view, key);
  return bytes && describePublicField(bytes, key);
}

export function describePrivateField(bytes: Uint8Array): KeyDescription<PrivateKey> {
  return bytes[0] === 0xff ? missing(bytes) : describePrivateKey(bytes);
}

/** `key` names the field, because a field inside this one (the server address) does not count as part of the key. */
export function describePublicField(bytes: Uint8Array, key: string): KeyDescription<PublicKey> {
  const own = bytes.subarray(0, ownSize(key, bytes.length));
  return bytes[0] === 0xff ? missing(own) : describePublicKey(own);
}

function ownSize(key: string, size: number): number {
  const inside = dctFields('application').find((candidate) => candidate.parent === key);
  return inside ? inside.offset - dctField(key).offset : size;
}

function missing<K>(bytes: Uint8Array): KeyDescription<K> {
  const reason = isFilledWith(bytes, 0xff) ? null : 'the first byte is 0xFF, so the firmware takes the key as missing';
  return { kind: 'blank', reason, bits: null, size: null, form: null, fingerprint: null, key: null };
}

/** Whether a public key belongs to the private key beside it. */
export function relationOf(
  publicKey: KeyDescription<PublicKey>,
  privateKey: KeyDescription<PrivateKey>,
): PublicKeyRelation {
  const { kind } = publicKey;
  if (kind === 'blank' || kind === 'zero' || kind === 'invalid') return kind;
  const matches = publicKey.key && privateKey.key && belongsTo(publicKey.key, privateKey.key);
  return matches ? 'matches-private' : 'mismatch';
}
