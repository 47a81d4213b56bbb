/** Secrets planted in every place the field table calls secret, and a detector for them in any disguise. */
import {
  buildDct,
  type DctEdit,
  type DctField,
  dctFields,
  dctSections,
  editDctField,
  fieldKey,
} from '../../src/regions/dct/index.js';
import { dctRecord } from '../../src/regions/dct/table.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** A generator of random text, the same on every run. */
export function secretMaker(seed: number): (size: number) => Uint8Array {
  let state = seed >>> 0;
  return (size) =>
    Uint8Array.from({ length: size }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return ALPHABET.charCodeAt((state >>> 16) % ALPHABET.length);
    });
}

export interface Planted {
  readonly edits: readonly DctEdit[];
  /** By place: `claim_code`, `wifi.stored_ap_list[2].security_key`. */
  readonly secrets: ReadonlyMap<string, Uint8Array>;
}

/** A random secret in every secret field and in every secret member of a record. */
export function plantSecrets(seed: number): Planted {
  const make = secretMaker(seed);
  const edits: DctEdit[] = [];
  const secrets = new Map<string, Uint8Array>();
  for (const section of dctSections('wiced')) {
    for (const field of dctFields(section.name)) {
      const key = fieldKey(field);
      if (field.secret) {
        const secret = make(field.size);
        secrets.set(key, secret);
        edits.push({ field: key, bytes: secret });
      } else if (field.record !== undefined && dctRecord(field.record).fields.some((member) => member.secret)) {
        edits.push({ field: key, bytes: plantRecord(field, make, (name, secret) => secrets.set(name, secret)) });
      }
    }
  }
  return { edits, secrets };
}

function plantRecord(
  field: DctField,
  make: (size: number) => Uint8Array,
  keep: (name: string, secret: Uint8Array) => void,
): Uint8Array {
  const bytes = new Uint8Array(field.size);
  const { fields, size } = dctRecord(field.record ?? '');
  for (let index = 0; index < (field.count ?? 1); index++) {
    for (const member of fields) {
      const start = index * size + member.offset;
      if (member.secret) {
        const secret = make(member.size);
        bytes.set(secret, start);
        keep(`${fieldKey(field)}[${index}].${member.name}`, secret);
      } else if (member.name.endsWith('_len') || member.name.endsWith('_length')) bytes[start] = 64;
      else if (member.name === 'SSID') bytes.set([4, 0x54, 0x65, 0x73, 0x74], start);
      else if (member.name === 'details') bytes.set([4, 0x54, 0x65, 0x73, 0x74], start);
      else if (member.name === 'type') bytes[start] = 25;
    }
  }
  return bytes;
}

export interface PlantedCopies {
  readonly copy1: Uint8Array;
  readonly copy2: Uint8Array;
  readonly secrets: ReadonlyMap<string, Uint8Array>;
}

/** Both copies with secrets of their own: copy 2 is current, copy 1 superseded. */
export function plantedCopies(seed: number): PlantedCopies {
  const [first, second] = [plantSecrets(seed), plantSecrets(seed + 1)];
  const old = buildDct({ versionRecord: true, edits: first.edits });
  const pair = editDctField(old, second.edits, { style: 'flip', rules: 'from-0.7.0' });
  const secrets = new Map<string, Uint8Array>();
  for (const [name, secret] of first.secrets) secrets.set(`copy 1 ${name}`, secret);
  for (const [name, secret] of second.secrets) secrets.set(`copy 2 ${name}`, secret);
  return { copy1: pair.copy1, copy2: pair.copy2, secrets };
}

/** Bytes of a secret that are looked for at once: a leak of a part is a leak. */
const PIECE = 8;

const HASHES = 1 << 20;

/** A hash of the four characters at a place. */
function hashAt(text: string, start: number): number {
  let hash = text.charCodeAt(start);
  for (let index = start + 1; index < start + 4; index++) hash = Math.imul(hash, 37) + text.charCodeAt(index);
  return hash & (HASHES - 1);
}

/** Looks for any piece of any secret: plain, hexadecimal in either case and spaced, base64, and each of them reversed. */
export class SecretDetector {
  readonly #needles = new Map<string, string>();
  /** 1 for every hash of the first characters of a needle: hardly any place of a text has to be looked up. */
  readonly #beginnings = new Uint8Array(HASHES);

  constructor(secrets: ReadonlyMap<string, Uint8Array>) {
    for (const [name, secret] of secrets) {
      for (let start = 0; start + PIECE <= secret.length; start++)
        this.#add(name, secret.subarray(start, start + PIECE));
    }
    for (const needle of this.#needles.keys()) this.#beginnings[hashAt(needle, 0)] = 1;
  }

  #add(name: string, piece: Uint8Array): void {
    for (const bytes of [piece, piece.slice().reverse()]) {
      const plain = String.fromCharCode(...bytes);
      this.#needles.set(plain, name);
      this.#needles.set([...bytes].map((byte) => byte.toString(16)).join(''), name);
    }
    // Six bytes at a multiple of three always give the same eight characters, wherever the rest begins.
    this.#needles.set(btoa(String.fromCharCode(...piece.subarray(0, 6))), name);
  }

  /** The name of a secret that is in the text, or undefined. */
  find(text: string): string | undefined {
    const hexadecimal = text.toLowerCase().replace(/[\s:,_-]+|0x/g, '');
    return this.#scan(text, PIECE) ?? this.#scan(hexadecimal, 2 * PIECE);
  }

  #scan(text: string, size: number): string | undefined {
    for (let start = 0; start + size <= text.length; start++) {
      if (this.#beginnings[hashAt(text, start)] === 0) continue;
      const found = this.#needles.get(text.slice(start, start + size));
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
