import { createHash } from 'node:crypto';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, fromHex, readU32BigEndian, toHex, writeU32 } from '../../../src/core/bytes.js';
import { sha256 } from '../../../src/core/checksums.js';
import { classifyBytes, fileMagics, type KnownBuild, type Stretch } from '../../../src/regions/unknown/index.js';
import { ascii, makeForeignFirmware, makeModule, randomBytes, thumbCode } from './synthetic.js';

const ADDRESS = 0x080c0000;
const full = (bytes: Uint8Array, address = ADDRESS): Stretch[] => classifyBytes(bytes, address, { level: 'full' });
const erased = (size: number): Uint8Array => new Uint8Array(size).fill(0xff);
const kinds = (stretches: readonly Stretch[]): string[] => stretches.map((stretch) => stretch.kind);

function expectCover(stretches: readonly Stretch[], address: number, size: number): void {
  let at = address;
  for (const stretch of stretches) {
    expect(stretch.start).toBe(at);
    expect(stretch.end).toBeGreaterThan(stretch.start);
    expect(stretch.confidence).toBeGreaterThan(0);
    expect(stretch.confidence).toBeLessThanOrEqual(1);
    expect(stretch.reason).toMatch(/^[A-Z0-9].*\.$/);
    at = stretch.end;
  }
  expect(at).toBe(address + size);
}

/** The stretch that covers an offset. */
function at(stretches: readonly Stretch[], offset: number): Stretch {
  const found = stretches.find((stretch) => stretch.start <= ADDRESS + offset && stretch.end > ADDRESS + offset);
  if (!found) throw new Error(`nothing covers offset ${offset}`);
  return found;
}

describe('coverage', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 700 }),
    fc
      .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 1, max: 400 }))
      .map(([value, size]) => new Uint8Array(size).fill(value)),
    fc.integer({ min: 1, max: 50 }).map((seed) => thumbCode(seed * 40, ADDRESS, seed)),
    fc.constant(makeModule({ start: ADDRESS, length: 1200, function: 5, index: 1, vectors: 'none' })),
    fc.constant(ascii('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')),
    fc.constant(new Uint8Array(gzipSync('hello '.repeat(50)))),
    fc.uint8Array({ minLength: 1, maxLength: 8 }).map((unit) => concatBytes(Array(60).fill(unit))),
  );

  it('is exact for any bytes at any address, at both levels', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), fc.integer({ min: 0, max: 0xfff00000 }), (pieces, address) => {
        const bytes = concatBytes(pieces);
        expectCover(classifyBytes(bytes, address, { level: 'full' }), address, bytes.length);
        expectCover(classifyBytes(bytes, address, { level: 'quick' }), address, bytes.length);
      }),
      { numRuns: 300 },
    );
  });

  it('takes the quick level above 32 KiB unless told otherwise', () => {
    const bytes = concatBytes([new Uint8Array(gzipSync(randomBytes(1000))), randomBytes(70_000)]);
    expect(kinds(classifyBytes(bytes, ADDRESS))).not.toContain('file');
    expect(kinds(full(bytes))).toContain('file');
    expect(kinds(classifyBytes(bytes.subarray(0, 30_000), ADDRESS))).toContain('file');
  });

  it('refuses bytes that do not fit into the address space', () => {
    expect(() => classifyBytes(new Uint8Array(2), 0xffffffff)).toThrow(
      'the bytes do not fit into the 32-bit address space: expected an address between 0 and 0xFFFFFFFF with room for all bytes, got 4294967295 with 2 bytes',
    );
    expect(() => classifyBytes(new Uint8Array(2), 0.5)).toThrow('32-bit address space');
    expect(classifyBytes(new Uint8Array(0), 0)).toEqual([]);
  });

  it('stays linear on input made to be slow', () => {
    const size = 1 << 18;
    const tile = (unit: Uint8Array): Uint8Array => concatBytes(Array(Math.ceil(size / unit.length)).fill(unit));
    const hostile = [
      tile(Uint8Array.of(0x78, 0x9c, 0x04, 1)),
      tile(Uint8Array.of(0x30, 0x82, 0x02)),
      tile(concatBytes([ascii('-----BEGIN A-----'), randomBytes(3)])),
      tile(
        concatBytes([
          makeModule({ start: ADDRESS, length: 0x10000, function: 5, index: 1, vectors: 'none' }).subarray(0, 24),
          randomBytes(4),
        ]),
      ),
      tile(concatBytes([ascii('PK\x03\x04'), new Uint8Array(7), randomBytes(2)])),
      tile(concatBytes([erased(33), Uint8Array.of(1)])),
      tile(new Uint8Array(deflateRawSync(randomBytes(200).map((byte) => byte & 15))).subarray(0, 90)),
    ];
    for (const bytes of hostile) expectCover(full(bytes), ADDRESS, bytes.length);
  });
});

describe('runs and patterns', () => {
  it('tells erased, other fill and patterns apart, with exact ends', () => {
    const unit = Uint8Array.of(0xde, 0xad, 0xbe, 0xef, 0x01);
    const bytes = concatBytes([
      erased(100),
      new Uint8Array(80).fill(0xa5),
      concatBytes(Array(60).fill(unit)),
      erased(50),
    ]);
    const stretches = full(bytes);
    expect(stretches.map(({ start, end, kind }) => [start - ADDRESS, end - ADDRESS, kind])).toEqual([
      [0, 100, 'erased'],
      [100, 180, 'fill'],
      [180, 480, 'pattern'],
      [480, 530, 'erased'],
    ]);
    expect(stretches[0]?.reason).toBe('100 bytes, all 0xFF, the value of erased flash.');
    expect(stretches[1]?.reason).toBe('80 bytes, all 0xA5.');
    expect(stretches[2]).toMatchObject({
      reason: 'The 5 bytes de ad be ef 01 repeated 60 times.',
      details: { period: 5, unit: 'de ad be ef 01', repetitions: 60 },
    });
  });
});

describe('code', () => {
  it('recognises Thumb code by its calls, loads and literal pools', () => {
    const [stretch, ...rest] = full(thumbCode(20_000, ADDRESS));
    expect(rest).toEqual([]);
    expect(stretch?.kind).toBe('thumb-code');
    expect(stretch?.confidence).toBeGreaterThan(0.9);
    expect(stretch?.reason).toMatch(
      /halfwords push, pop, call or return, .* literals loaded from it point into flash, RAM or peripherals\.$/,
    );
    const { literalsInside, literalPointers } = stretch?.details ?? {};
    expect(literalPointers).toBeGreaterThan(Number(literalsInside) * 0.9);
  });

  it('recognises it at the quick level and at an odd address', () => {
    expect(kinds(classifyBytes(thumbCode(200_000, ADDRESS), ADDRESS))).toEqual(['thumb-code']);
    expect(kinds(full(concatBytes([Uint8Array.of(0x99), thumbCode(8_000, ADDRESS)]), ADDRESS - 1))).toEqual([
      'thumb-code',
    ]);
  });

  it('does not call random bytes, text or tables code', () => {
    const table = new Uint8Array(4000);
    for (let offset = 0; offset < 4000; offset += 4) writeU32(table, offset, offset * 17);
    for (const bytes of [randomBytes(50_000), ascii('some words of text. '.repeat(300)), table]) {
      expect(kinds(full(bytes))).not.toContain('thumb-code');
      expect(kinds(classifyBytes(bytes, ADDRESS, { level: 'quick' }))).not.toContain('thumb-code');
    }
  });

  it('names the vector table of a foreign firmware', () => {
    const stretches = full(makeForeignFirmware(10_000, ADDRESS));
    expect(kinds(stretches)).toEqual(['vector-table', 'thumb-code']);
    expect(stretches[0]).toMatchObject({
      start: ADDRESS,
      end: ADDRESS + 388,
      details: { stackPointer: '0x20010000', resetVector: '0x080C018D', handlers: 91, words: 97 },
    });
    expect(kinds(classifyBytes(makeForeignFirmware(100_000, ADDRESS), ADDRESS))[0]).toBe('vector-table');
  });

  it('rejects tables with an even handler, a stack outside RAM or a filled reserved vector', () => {
    const broken = [
      [0, 0x30000000],
      [4, 0x080c0200],
      [12, 0x080c0200],
      [28, 0x080c0201],
    ] as const;
    for (const [offset, value] of broken) {
      const bytes = makeForeignFirmware(2_000, ADDRESS);
      writeU32(bytes, offset, value);
      expect(kinds(full(bytes)), `offset ${offset}`).not.toContain('vector-table');
    }
  });

  it('lists tables of pointers', () => {
    const table = new Uint8Array(4 * 40);
    for (let index = 0; index < 40; index++) {
      writeU32(table, index * 4, index % 5 === 4 ? 0 : index % 2 ? 0x20000000 + index * 64 : 0x08020001 + index * 32);
    }
    const stretches = full(concatBytes([randomBytes(400, 3), table, randomBytes(400, 4)]));
    const pointers = stretches.find((stretch) => stretch.kind === 'pointers');
    expect(pointers).toMatchObject({
      start: ADDRESS + 400,
      details: { words: 39, flash: 16, ram: 16, peripheral: 0, null: 7 },
    });
    expect(pointers?.reason).toContain('16 into flash, 16 into RAM, 7 null');
  });
});

describe('text', () => {
  it('finds ASCII, UTF-8 and UTF-16 with exact ends', () => {
    const english = ascii('The quick brown fox jumps over the lazy dog, twice, and then it rests for a while.');
    const german = new TextEncoder().encode(
      'Größere Flächen müssen öfter geprüft werden, sonst häufen sich die Fehler übermäßig.',
    );
    const wide = concatBytes(Array.from(english, (byte) => Uint8Array.of(byte, 0)));
    for (const [bytes, encoding] of [
      [english, 'ascii'],
      [german, 'utf-8'],
      [wide, 'utf-16le'],
    ] as const) {
      const stretches = full(
        concatBytes([randomBytes(300, 5), Uint8Array.of(0xfe), bytes, Uint8Array.of(0xfe), randomBytes(300, 6)]),
      );
      const text = stretches.find((stretch) => stretch.kind === 'text');
      expect(text).toMatchObject({ start: ADDRESS + 301, end: ADDRESS + 301 + bytes.length, details: { encoding } });
      expect(text?.confidence).toBeGreaterThan(0.9);
    }
  });

  it('never repeats the text itself', () => {
    const secret = ascii(`network passphrase correct-horse-battery-staple ${'x y '.repeat(20)}`);
    for (const level of ['full', 'quick'] as const) {
      for (const stretch of classifyBytes(secret, ADDRESS, { level })) {
        expect(JSON.stringify(stretch)).not.toMatch(/horse|battery|staple/);
      }
    }
  });
});

describe('dense bytes', () => {
  it('does not claim to tell random from encrypted', () => {
    const [stretch, ...rest] = full(randomBytes(40_000));
    expect(rest).toEqual([]);
    expect(stretch).toMatchObject({ kind: 'compressed-or-encrypted', details: { likely: 'undetermined' } });
    expect(stretch?.reason).toMatch(
      /entropy 8 bits per byte over 40000 bytes, chi-square \d+ for 255 degrees of freedom, even enough/,
    );
  });

  it('excludes encryption when the values are too uneven', () => {
    const skewed = randomBytes(40_000).map((byte, offset) => (offset % 7 === 0 ? byte & 0x7f : byte));
    const [stretch] = full(skewed);
    expect(stretch).toMatchObject({ kind: 'compressed-or-encrypted', details: { likely: 'compressed' } });
  });

  it('sees a look-up table in values that are too even', () => {
    const table = Uint8Array.from({ length: 4096 }, (_, offset) => (offset * 73 + (offset >> 8) * 29) & 0xff);
    expect(full(table)[0]).toMatchObject({ kind: 'data', details: { likely: 'look-up table' } });
  });

  it('finds a raw DEFLATE stream with its exact extent', () => {
    const words = randomBytes(3000, 9);
    const content = concatBytes(
      Array.from({ length: 2000 }, (_, index) => words.subarray((index * 37) % 2900, ((index * 37) % 2900) + 20)),
    );
    const stream = new Uint8Array(deflateRawSync(content));
    const stretches = full(concatBytes([thumbCode(3000, ADDRESS), stream, thumbCode(3000, ADDRESS)]));
    const found = stretches.find((stretch) => stretch.kind === 'deflate');
    expect(found).toMatchObject({
      start: ADDRESS + 3000,
      end: ADDRESS + 3000 + stream.length,
      details: { inflatedSize: 40_000 },
    });
    stream[stream.length >> 1] = (stream[stream.length >> 1] as number) ^ 0x40;
    const damaged = full(concatBytes([thumbCode(3000, ADDRESS), stream.subarray(0, -20), thumbCode(3000, ADDRESS)]));
    expect(damaged.filter((stretch) => stretch.kind === 'deflate' && stretch.start === ADDRESS + 3000)).toEqual([]);
  });
});

describe('keys, certificates and files', () => {
  /** RFC 8410-sized stand-ins: structures with the right shape and random content. */
  const tlv = (tag: number, ...content: readonly Uint8Array[]): Uint8Array => {
    const value = concatBytes(content);
    const length =
      value.length < 128
        ? [value.length]
        : value.length < 256
          ? [0x81, value.length]
          : [0x82, value.length >> 8, value.length & 255];
    return concatBytes([Uint8Array.of(tag, ...length), value]);
  };
  const integer = (size: number, seed: number): Uint8Array => tlv(2, Uint8Array.of(0), randomBytes(size, seed));
  const rsaOid = fromHex('06092a864886f70d010101') ?? new Uint8Array();

  it('names private and public keys without their bytes', () => {
    const privateKey = tlv(
      0x30,
      tlv(2, Uint8Array.of(0)),
      ...[128, 3, 128, 64, 64, 64, 64, 64].map((size, index) => integer(size, index)),
    );
    const publicKey = tlv(
      0x30,
      tlv(0x30, rsaOid, tlv(5)),
      tlv(3, Uint8Array.of(0), tlv(0x30, integer(128, 1), integer(3, 2))),
    );
    const stretches = full(concatBytes([randomBytes(100), privateKey, erased(40), publicKey, erased(40)]));
    expect(at(stretches, 100)).toMatchObject({
      kind: 'der',
      start: ADDRESS + 100,
      end: ADDRESS + 100 + privateKey.length,
      details: { what: 'private-key-rsa', secret: true },
    });
    expect(at(stretches, 100 + privateKey.length + 40)).toMatchObject({
      kind: 'der',
      details: { what: 'public-key-rsa', secret: false },
    });
    const modulus = toHex(randomBytes(128, 0)).slice(0, 16);
    expect(JSON.stringify(stretches)).not.toContain(modulus);
  });

  it('tells a certificate from other signed structures', () => {
    const algorithm = tlv(0x30, rsaOid, tlv(5));
    const name = tlv(0x30, tlv(0x31, tlv(0x30, fromHex('0603550403') ?? new Uint8Array(), tlv(0x0c, ascii('unit')))));
    const validity = tlv(0x30, tlv(0x17, ascii('260101000000Z')), tlv(0x17, ascii('360101000000Z')));
    const publicKey = tlv(0x30, algorithm, tlv(3, Uint8Array.of(0), integer(64, 3)));
    const body = tlv(
      0x30,
      tlv(0xa0, tlv(2, Uint8Array.of(2))),
      integer(8, 1),
      algorithm,
      name,
      validity,
      name,
      publicKey,
    );
    const certificate = tlv(0x30, body, algorithm, tlv(3, Uint8Array.of(0), randomBytes(64, 7)));
    expect(at(full(concatBytes([erased(50), certificate, erased(50)])), 50)).toMatchObject({
      kind: 'der',
      end: ADDRESS + 50 + certificate.length,
      details: { what: 'x509-certificate' },
    });
  });

  it('rejects DER whose lengths do not add up', () => {
    const key = tlv(0x30, tlv(0x30, rsaOid, tlv(5)), tlv(3, Uint8Array.of(0), randomBytes(140)));
    key[4] = (key[4] as number) + 1;
    expect(kinds(full(concatBytes([randomBytes(64), key])))).not.toContain('der');
  });

  it('recognises files that its own writer made', () => {
    const zlib = new Uint8Array(deflateSync(randomBytes(600)));
    const gzip = new Uint8Array(gzipSync('word '.repeat(100)));
    const pem = ascii(`-----BEGIN EC PRIVATE KEY-----\n${'QUJD'.repeat(16)}\n-----END EC PRIVATE KEY-----`);
    const hex = ascii(':10000000000102030405060708090A0B0C0D0E0F78\r\n:00000001FF\r\n');
    const srec = ascii('S00F000068656C6C6F202020202000003C\nS9030000FC\n');
    for (const [bytes, format, kind] of [
      [zlib, 'zlib', 'file'],
      [gzip, 'gzip', 'file'],
      [pem, 'pem', 'pem'],
      [hex, 'intel-hex', 'file'],
      [srec, 's-record', 'file'],
    ] as const) {
      const stretches = full(concatBytes([randomBytes(333, 8), bytes, erased(64)]));
      expect(at(stretches, 333), format).toMatchObject({
        kind,
        start: ADDRESS + 333,
        end: ADDRESS + 333 + bytes.length,
        details: { format, secret: format === 'pem' },
      });
    }
  });

  it('does not fall for damaged ones', () => {
    const zlib = new Uint8Array(deflateSync(randomBytes(600)));
    zlib[zlib.length - 1] = (zlib.at(-1) as number) ^ 1;
    expect(full(concatBytes([zlib, erased(64)])).filter((stretch) => stretch.kind === 'file')).toEqual([]);
    expect(kinds(full(ascii(':10000000000102030405060708090A0B0C0D0E0F79\r\n:00000001FE\r\n')))).not.toContain('file');
  });

  it('believes signatures without a length only where files begin', () => {
    const lua = concatBytes([ascii('\x1bLua'), randomBytes(100)]);
    expect(at(full(concatBytes([erased(256), lua])), 256)).toMatchObject({ kind: 'file', details: { format: 'lua' } });
    expect(kinds(full(concatBytes([thumbCode(77, ADDRESS), lua])))).not.toContain('file');
  });

  it('has a source, a minimum and a unique id for every signature', () => {
    const magics = fileMagics();
    expect(magics.length).toBeGreaterThan(25);
    expect(new Set(magics.map((magic) => magic.id)).size).toBe(magics.length);
    for (const magic of magics) {
      expect(magic.magic).toMatch(/^([0-9a-f]{2})([0-9a-f]{2}|\.\.)*$/);
      expect(magic.source.length).toBeGreaterThan(8);
      expect(magic.minimum).toBeGreaterThanOrEqual(magic.at + magic.magic.length / 2);
    }
  });
});

describe('remains of modules', () => {
  const old = makeModule({ start: ADDRESS, length: 12_000, function: 4, index: 1, version: 1502, seed: 21 });
  const build: KnownBuild = {
    name: 'system-part1 1.5.0',
    platformId: 8,
    function: 4,
    index: 1,
    version: 1502,
    startAddress: ADDRESS,
    endAddress: ADDRESS + 11_996,
    crc: readU32BigEndian(old, 11_996),
    sha256: toHex(sha256(old)),
  };
  const withCatalogue = (bytes: Uint8Array, address: number): Stretch[] =>
    classifyBytes(bytes, address, { level: 'full', catalogue: () => [build] });
  const suffixOf = (stretches: readonly Stretch[]): Stretch | undefined =>
    stretches.find((stretch) => stretch.details.part === 'suffix');

  it('finds the end of an older module under a newer one and proves only its CRC word', () => {
    const rest = concatBytes([old.subarray(7_000), erased(500)]);
    const plain = suffixOf(full(rest, ADDRESS + 7_000));
    expect(plain).toMatchObject({ start: ADDRESS + 11_956, end: ADDRESS + 12_000, details: { proven: 'nothing' } });
    expect(plain?.reason).toContain('the beginning of the module is not here, so the CRC cannot be checked');
    const known = suffixOf(withCatalogue(rest, ADDRESS + 7_000));
    expect(known).toMatchObject({
      confidence: 0.99,
      details: { build: 'system-part1 1.5.0', proven: 'crc-word', atOwnAddress: true },
    });
    expect(known?.reason).toContain(
      'the first 7000 of its 12000 bytes lie before this stretch, so only the word is proven',
    );
  });

  it('proves a whole build by its digest, also at another address', () => {
    const stretches = withCatalogue(concatBytes([erased(64), old, erased(64)]), 0x08080000);
    expect(suffixOf(stretches)?.details.proven).toBe('crc');
    expect(stretches.find((stretch) => stretch.details.part === 'header')?.details.state).toBe('complete');
    const headless = old.slice();
    headless.fill(0x11, 0x184, 0x184 + 24);
    const patched = suffixOf(withCatalogue(concatBytes([headless, erased(64)]), 0x08080000));
    expect(patched).toMatchObject({ details: { proven: 'crc-word', atOwnAddress: false } });
    expect(patched?.reason).toContain("not all that build's any more");
  });

  it('says when the end is at a known place but the CRC is another', () => {
    const other = makeModule({ start: ADDRESS, length: 12_000, function: 4, index: 1, seed: 22 });
    expect(suffixOf(withCatalogue(other.subarray(6_000), ADDRESS + 6_000))?.reason).toContain(
      'it ends where system-part1 1.5.0 ends, but its CRC is another one',
    );
  });

  it('reports a header whose module was never finished', () => {
    const cut = concatBytes([old.subarray(0, 5_000), erased(9_000)]);
    const header = full(cut).find((stretch) => stretch.details.part === 'header');
    expect(header).toMatchObject({
      start: ADDRESS + 0x184,
      end: ADDRESS + 0x184 + 24,
      details: { state: 'cut-off', version: 1502, platformId: 8, length: 12_000 },
    });
    expect(header?.reason).toMatch(/of 12000 bytes only \d+ are here, the rest is erased or missing\.$/);
    const flipped = old.slice();
    flipped[3000] = (flipped[3000] as number) ^ 1;
    expect(full(flipped).find((stretch) => stretch.details.part === 'header')?.details.state).toBe('crc-mismatch');
  });

  it('asks for the catalogue only when there is a suffix', () => {
    const never = (): readonly KnownBuild[] => {
      throw new Error('asked');
    };
    expect(() => classifyBytes(thumbCode(5000, ADDRESS), ADDRESS, { level: 'full', catalogue: never })).not.toThrow();
    expect(() => classifyBytes(old, ADDRESS, { level: 'full', catalogue: never })).not.toThrow();
  });

  it('digests as node does', () => {
    expect(build.sha256).toBe(createHash('sha256').update(old).digest('hex'));
  });
});

describe('the address', () => {
  it.each([-1, 0.5, 0x1_0000_0000, 0xffff_fffe])('%d cannot hold three bytes', (address) => {
    expect(() => classifyBytes(new Uint8Array(3), address)).toThrow(
      expect.objectContaining({ code: 'CLASSIFY_ADDRESS', help: expect.stringMatching(/\.$/) }),
    );
  });

  it('0xFFFFFFFD can', () => expectCover(classifyBytes(new Uint8Array(3), 0xffff_fffd), 0xffff_fffd, 3));
});
