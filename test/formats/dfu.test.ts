import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/core/bytes.js';
import { sha256 } from '../../src/core/checksums.js';
import { checkDfuDevice } from '../../src/formats/dfu-device.js';
import { suffixOf } from '../../src/formats/dfu-file.js';
import { readAny, writeAny } from '../../src/formats/index.js';
import { P1_DFU } from '../support/p1-dfu.js';
import { errorOf, hexAddress, manifest, required, vectorBytes } from '../support/vectors.js';

const vectors = manifest('dfu/manifest.json');

const CODES: Readonly<Record<string, string>> = {
  'too short': 'DFU_TOO_SHORT',
  'no signature': 'DFU_NO_SIGNATURE',
  'crc mismatch': 'DFU_BAD_CRC',
  'bad bLength': 'DFU_BAD_SUFFIX_LENGTH',
};

/** Reasons and warnings that leave the file readable. */
const RULES: Readonly<Record<string, string>> = {
  'payload itself ends with a valid DFU suffix': 'container/double-suffix',
  'unknown bcdDFU': 'container/unknown-dfu-version',
  'prefix length mismatch: not a prefix': 'container/prefix-length-mismatch',
  'false LPC prefix': 'container/looks-like-lpcdfu',
  'device mismatch': 'container/device-mismatch',
};

const DIAGNOSES: Readonly<Record<string, string>> = {
  'crc is final-inverted (zlib/IEEE) instead of JAMCRC': 'final-inverted',
  'crc byte order reversed': 'big-endian order',
  'signature in memory order D,F,U': '"DFU" instead of "UFD"',
  'valid suffix found 1 byte before the end': 'ends 1 byte before the end',
  'valid suffix found before 0xFF padding': '0xFF padding',
  'dfu-util drops the first 16 bytes': 'drops its first 16 bytes',
};

const isRejected = ({ expected }: (typeof vectors)[number]): boolean =>
  !expected.valid && expected.severity === undefined;

describe('DFU vectors', () => {
  for (const { name, what, expected } of vectors.filter((vector) => !isRejected(vector))) {
    it(`${name}: ${what}`, () => {
      const bytes = vectorBytes(`dfu/${name}`);
      const { image, container, findings, format } = readAny(bytes, { name });
      const rules = [...findings, ...checkDfuDevice(container, P1_DFU)].map(({ rule }) => rule);
      const problem = expected.warning ?? expected.reason;
      if (problem !== undefined) expect(rules).toContain(required(RULES, problem));
      if (expected.diagnosis) {
        const messages = findings.map(({ message }) => message).join('\n');
        expect(messages).toContain(required(DIAGNOSES, expected.diagnosis));
      }
      if (expected.valid) {
        const payload = image.read(image.span ?? { start: 0, end: 0 }, 0);
        expect(payload.length).toBe(expected.payload_length);
        expect(toHex(sha256(payload))).toBe(expected.payload_sha256);
        const suffix = suffixOf(container);
        if (expected.suffix === null) expect(suffix).toBeNull();
        else {
          expect({
            bcdDevice: hexAddress(suffix?.device ?? -1, 4),
            idProduct: hexAddress(suffix?.product ?? -1, 4),
            idVendor: hexAddress(suffix?.vendor ?? -1, 4),
            bcdDFU: hexAddress(suffix?.dfuVersion ?? -1, 4),
            bLength: suffix?.length,
            crc: suffix?.crc,
          }).toEqual({
            bcdDevice: expected.bcdDevice,
            idProduct: expected.idProduct,
            idVendor: expected.idVendor,
            bcdDFU: expected.bcdDFU,
            bLength: expected.bLength,
            crc: 'ok',
          });
        }
        expect(container?.kind).toBe(`${expected.prefix ?? 'dfu-suffix'}`.toLowerCase());
        if (container?.kind === 'lmdfu') expect(hexAddress(image.span?.start ?? -1)).toBe(expected.address);
        if (container?.kind === 'lpcdfu') expect(container.blocks).toBe(expected.blocks512);
      }
      expect(writeAny(image, format, { like: container })).toEqual(bytes);
    });
  }

  for (const { name, what, expected } of vectors.filter(isRejected)) {
    it(`${name}: ${what}`, () => {
      const error = errorOf(() => readAny(vectorBytes(`dfu/${name}`), { name, format: 'dfu' }));
      expect(error.code).toBe(required(CODES, expected.reason));
      expect(error.help).not.toBe('');
      if (expected.diagnosis) expect(error.message).toContain(required(DIAGNOSES, expected.diagnosis));
    });
  }

  it('tells a suffix CRC over the payload only and a suffix in forward order', () => {
    const messageOf = (name: string): string =>
      errorOf(() => readAny(vectorBytes(`dfu/${name}`), { name, format: 'dfu' })).message;
    expect(messageOf('n10-crc-payload-only.dfu')).toContain('covers the payload only');
    expect(messageOf('n21-suffix-forward-order.dfu')).toContain('forward order');
  });

  it('reports a raw payload with the DfuSe version as an error that dfu-util will make', () => {
    const { findings } = readAny(vectorBytes('dfu/p03-spec-011a-raw.dfu'));
    expect(findings).toContainEqual(
      expect.objectContaining({ rule: 'container/dfuse-version-without-body', severity: 'error' }),
    );
  });

  it('reads what is damaged when asked to be permissive, and says so', () => {
    const bytes = vectorBytes('dfu/n06-bad-crc.dfu');
    const { image, findings, container } = readAny(bytes, { permissive: true });
    expect(image.byteCount).toBe(1000);
    expect(suffixOf(container)?.crc).toBe('bad');
    expect(findings).toContainEqual(
      expect.objectContaining({ rule: 'container/damaged-dfu-suffix', severity: 'error' }),
    );
  });

  it('warns about a displaced suffix in what it reads as a plain binary', () => {
    const { format, findings } = readAny(vectorBytes('dfu/n19-trailing-newline.dfu'));
    expect(format).toBe('bin');
    expect(findings.map(({ rule }) => rule)).toContain('container/displaced-dfu-suffix');
  });
});
