import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/core/bytes.js';
import { sha256 } from '../../src/core/checksums.js';
import { checkDfuDevice } from '../../src/formats/dfu-device.js';
import { dfuseElementBytes } from '../../src/formats/dfuse.js';
import { readAny, writeAny } from '../../src/formats/index.js';
import { P1_DFU } from '../support/p1-dfu.js';
import { errorOf, hexAddress, manifest, required, vectorBytes } from '../support/vectors.js';

const vectors = manifest('dfuse/manifest.json');

const CODES: Readonly<Record<string, string>> = {
  'bad prefix signature': 'DFUSE_BAD_SIGNATURE',
  'unsupported bVersion': 'DFUSE_BAD_VERSION',
  'no targets': 'DFUSE_NO_TARGETS',
  'target count mismatch / leftover bytes': 'DFUSE_TARGET_COUNT',
  'target count mismatch / truncated': 'DFUSE_TARGET_COUNT',
  'leftover bytes': 'DFUSE_LEFTOVER_BYTES',
  'bad target signature': 'DFUSE_BAD_TARGET_SIGNATURE',
  'element count mismatch / truncated': 'DFUSE_ELEMENT_COUNT',
  'leftover bytes in target': 'DFUSE_LEFTOVER_IN_TARGET',
  'element size past end of target': 'DFUSE_ELEMENT_PAST_END',
  'dwTargetSize mismatch': 'DFUSE_TARGET_SIZE',
  'crc mismatch': 'DFU_BAD_CRC',
  'no signature': 'DFU_NO_SIGNATURE',
  'bcdDFU is not 0x011A for a DfuSe body': 'DFUSE_WRONG_DFU_VERSION',
  'truncated prefix': 'DFUSE_TRUNCATED_PREFIX',
  'truncated target prefix': 'DFUSE_TRUNCATED_TARGET',
  'truncated element header': 'DFUSE_TRUNCATED_ELEMENT',
  'address range wraps past 4 GiB': 'DFUSE_ADDRESS_WRAP',
};

/** Problems that are findings: the file can be parsed. */
const RULES: Readonly<Record<string, string>> = {
  'bTargetNamed is neither 0 nor 1': 'container/target-named-flag',
  'empty element': 'container/empty-element',
  'elements overlap': 'container/elements-overlap',
  'DFUImageSize is 0': 'container/image-size-zero',
  'DFUImageSize mismatch': 'container/image-size-mismatch',
  'target without elements': 'container/empty-target',
  'address not word aligned': 'container/unaligned-element',
  'address outside the device memory map': 'container/outside-device-memory',
  'address not writeable by the device memory map': 'container/not-writeable',
  'address range leaves the device memory map': 'container/leaves-device-memory',
  'alternate setting unknown to the device': 'container/unknown-alternate',
  'device mismatch': 'container/device-mismatch',
};

const IMAGE_SIZES: Readonly<Record<string, string>> = {
  'includes-suffix': 'includes suffix',
  'excludes-suffix': 'excludes suffix',
  zero: 'zero',
};

const isRejected = ({ expected }: (typeof vectors)[number]): boolean =>
  !expected.valid && required({ ...CODES, ...RULES }, expected.reason) === CODES[expected.reason ?? ''];

describe('DfuSe vectors', () => {
  for (const { name, what, expected } of vectors.filter((vector) => !isRejected(vector))) {
    it(`${name}: ${what}`, () => {
      const bytes = vectorBytes(`dfuse/${name}`);
      const { image, container, findings, format } = readAny(bytes, { name });
      expect(format).toBe('dfuse');
      const all = [...findings, ...checkDfuDevice(container, P1_DFU)];
      const problem = expected.warning ?? expected.reason;
      if (problem !== undefined) expect(all.map(({ rule }) => rule)).toContain(required(RULES, problem));
      if (expected.valid) expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
      if (container?.kind !== 'dfuse') throw new Error('container');
      if (expected.valid) {
        expect({
          idVendor: hexAddress(container.vendor, 4),
          idProduct: hexAddress(container.product, 4),
          bcdDevice: hexAddress(container.device, 4),
          DFUImageSize: IMAGE_SIZES[container.imageSize],
          bLength: container.length,
          targets: container.targets.map((target) => ({
            bAlternateSetting: target.alternate,
            name: target.name,
            elements: target.elements.map((element) => ({
              address: hexAddress(element.address),
              size: element.size,
              sha256: toHex(sha256(dfuseElementBytes(target, element, image) ?? new Uint8Array(0))),
            })),
          })),
        }).toEqual({
          idVendor: expected.idVendor,
          idProduct: expected.idProduct,
          bcdDevice: expected.bcdDevice,
          DFUImageSize: expected.DFUImageSize,
          bLength: expected.bLength ?? 16,
          targets: expected.targets,
        });
      }
      expect(writeAny(image, format, { like: container })).toEqual(bytes);
    });
  }

  for (const { name, what, expected } of vectors.filter(isRejected)) {
    it(`${name}: ${what}`, () => {
      const error = errorOf(() => readAny(vectorBytes(`dfuse/${name}`), { name, format: 'dfuse' }));
      expect(error.code).toBe(required(CODES, expected.reason));
      expect(error.help).not.toBe('');
      expect(error.offset).toEqual(error.code === 'DFUSE_WRONG_DFU_VERSION' ? undefined : expect.any(Number));
      if (expected.diagnosis) expect(error.message).toContain('ends 4 bytes before the end');
    });
  }

  it('keeps the image of one alternate setting and names the others', () => {
    const bytes = vectorBytes('dfuse/p04-pack-two-alts.dfu');
    const first = readAny(bytes);
    expect(first.image.ranges()).toEqual([{ start: 0x080a0000, end: 0x080a03e8 }]);
    expect(first.findings.map(({ rule }) => rule)).toContain('container/other-alternates');
    const second = readAny(bytes, { alternate: 1 });
    expect(second.image.ranges()).toEqual([{ start: 0, end: 17 }]);
    expect(writeAny(second.image, 'dfuse', { like: second.container })).toEqual(bytes);
    expect(errorOf(() => readAny(bytes, { alternate: 2 })).code).toBe('DFUSE_NO_SUCH_ALTERNATE');
  });

  it('knows the file offset of an address', () => {
    const { locate } = readAny(vectorBytes('dfuse/p08-own-excl.dfu'));
    expect(locate(0x080a0000)).toEqual({ offset: 11 + 274 + 8 });
    expect(locate(0x080a0010)).toEqual({ offset: 11 + 274 + 8 + 16 });
    expect(locate(0x080b0000)).toBeUndefined();
  });
});
