/** The files in which secrets are planted: as a device holds them, cut, damaged and misread. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dctSection } from '../../src/regions/dct/index.js';
import { type PlantedCopies, plantedCopies, SecretDetector, secretMaker } from './canary.js';
import { healthyDump } from './synthetic.js';

const COPY1 = 0x4000;
const COPY2 = 0x8000;

export class PlantedFiles {
  readonly copies: PlantedCopies = plantedCopies(20_26);
  readonly secrets: ReadonlyMap<string, Uint8Array>;
  readonly detector: SecretDetector;
  readonly healthy = healthyDump();
  readonly #folder: string;
  readonly #names: string[] = [];

  constructor(folder: string) {
    this.#folder = folder;
    const otpSecret = secretMaker(7)(15);
    this.secrets = new Map([...this.copies.secrets, ['OTP device secret', otpSecret]]);
    this.detector = new SecretDetector(this.secrets);
    const { copy1, copy2 } = this.copies;
    const dump = this.#dumpWith(copy1, copy2);
    this.#write('dump', dump);
    this.#write('old-only', this.#dumpWith(copy1, new Uint8Array(copy1.length).fill(0xff)));
    this.#write('no-header', this.#dumpWith(withoutMagic(copy1), withoutMagic(copy2)));
    this.#write('incomplete', this.#dumpWith(incomplete(copy1), incomplete(copy2)));
    this.#write('sector', copy2);
    this.#write('sector-no-header', withoutMagic(copy2));
    this.#write(
      'eeprom-sized',
      Uint8Array.from({ length: 0x14000 }, (_, index) => copy2[index % copy2.length] ?? 0),
    );
    this.#write('sectors', dump.slice(COPY1, COPY2 + copy2.length));
    const { offset, size } = dctSection('wiced', 'application');
    this.#write('section', copy2.slice(offset, offset + size));
    this.#write('section-long', dump.slice(COPY1 + offset, COPY1 + offset + copy1.length));
    this.#write('cut', dump.slice(0, 0xa000));
    this.#write('shifted', dump.slice(1));
    this.#write('swapped', swapped(dump));
    // Long enough for nothing: begins in the middle of a private key.
    this.#write('odd', copy2.slice(offset + 34, offset + 34 + 1216));
    this.#write('key-like', keyLike(this.copies));
    const otp = new Uint8Array(528).fill(0xff);
    otp.set(new TextEncoder().encode('P1SERIALNUMBER0'), 0);
    otp.set(otpSecret, 0x10);
    this.#write('otp', otp);
  }

  path(name: string): string {
    return join(this.#folder, `${name}.bin`);
  }

  paths(): string[] {
    return this.#names.map((name) => this.path(name));
  }

  #write(name: string, bytes: Uint8Array): void {
    writeFileSync(this.path(name), bytes);
    this.#names.push(name);
  }

  #dumpWith(copy1: Uint8Array, copy2: Uint8Array): Uint8Array {
    const bytes = this.healthy.slice();
    bytes.set(copy1, COPY1);
    bytes.set(copy2, COPY2);
    return bytes;
  }
}

function withoutMagic(copy: Uint8Array): Uint8Array {
  const bytes = copy.slice();
  bytes.fill(0, 12, 16);
  return bytes;
}

function incomplete(copy: Uint8Array): Uint8Array {
  const bytes = copy.slice();
  bytes[8] = 1;
  return bytes;
}

function swapped(dump: Uint8Array): Uint8Array {
  const bytes = dump.slice();
  for (let offset = 0; offset + 1 < bytes.length; offset += 2) {
    bytes[offset] = dump[offset + 1] as number;
    bytes[offset + 1] = dump[offset] as number;
  }
  return bytes;
}

/** A DER sequence whose content is a secret: what a broken private key looks like. */
function keyLike({ secrets }: PlantedCopies): Uint8Array {
  const secret = secrets.get('copy 1 device_private_key') ?? new Uint8Array(0);
  return Uint8Array.from([0x30, 0x82, secret.length >> 8, secret.length & 0xff, ...secret]);
}
