/** Recognising the keys of a cloud by their fingerprint. The fingerprints are data: layouts/particle-keys.json. */
import { readData } from '#data';
import type { KeyDescription } from './describe.js';
import type { PublicKey } from './parse.js';

export interface KnownServerKey {
  /** `particle-rsa`, `particle-ec`. */
  readonly id: string;
  readonly kind: string;
  /** SHA-256 of the SubjectPublicKeyInfo, lower-case hexadecimal. */
  readonly sha256: string;
  readonly title: string;
  readonly source: string;
}

export type ServerKeyKind = 'particle-rsa' | 'particle-ec' | 'other' | 'blank' | 'zero' | 'invalid';

let loaded: readonly KnownServerKey[] | undefined;

/** The keys of layouts/particle-keys.json; empty when the file is not part of the installation. */
export function knownServerKeys(): readonly KnownServerKey[] {
  loaded ??= (readData('particle-keys.json') as { servers: readonly KnownServerKey[] } | undefined)?.servers ?? [];
  return loaded;
}

/** Which cloud a server key field points to. */
export function recognizeServerKey(key: KeyDescription<PublicKey>, known = knownServerKeys()): ServerKeyKind {
  if (key.kind === 'blank' || key.kind === 'zero' || key.kind === 'invalid') return key.kind;
  const match = known.find((candidate) => candidate.sha256 === key.fingerprint);
  return match?.id === 'particle-rsa' || match?.id === 'particle-ec' ? match.id : 'other';
}
