import { concatBytes } from '../../../src/core/bytes.js';
import { appendDfuSuffix } from '../../../src/formats/dfu-suffix.js';
import { undoTransform } from '../../../src/regions/acquisition/index.js';
import { makeDump, randomBytes } from '../../regions/unknown/synthetic.js';
import { healthyDump, systemPart1, systemPart2 } from '../../support/synthetic.js';
import { checked, type Sample, type Samples } from './sample.js';

const FLASH_BYTES = 0x100000;
const clean = () => checked(makeDump());
/** The made-up content of these dumps is no working device. */
const NO_DEVICE = [
  'dct/no-usable-copy',
  'placement/missing',
  'module/unknown-version',
  'placement/wrong-platform',
  'dependency/missing',
  'eeprom/not-eeprom',
  'container/not-recognised',
];

function of(fires: () => Uint8Array, silent: Sample['silent'] = clean, also = NO_DEVICE): Sample {
  return { fires: () => checked(fires()), silent, also };
}

export const acquisitionSamples: Samples = {
  'acquisition/all-erased': of(() => new Uint8Array(FLASH_BYTES).fill(0xff)),
  'acquisition/all-zero': of(() => new Uint8Array(FLASH_BYTES)),
  'acquisition/constant-unit': of(() => new Uint8Array(FLASH_BYTES).map((_, index) => index & 15)),
  'acquisition/transformed': of(
    () => undoTransform(healthyDump(), 'byteswap16'),
    () => checked(healthyDump()),
  ),
  'acquisition/repeated': of(() => {
    const page = randomBytes(4096);
    return concatBytes(Array<Uint8Array>(256).fill(page));
  }),
  'acquisition/stuck-data-line': of(() => makeDump().map((byte) => byte & 0xf7)),
  'acquisition/stuck-address-line': of(() => {
    const dump = makeDump();
    return dump.map((_, offset) => dump[offset & ~0x20000] as number);
  }),
  'acquisition/truncated': of(
    () => systemPart1().subarray(0, 60_000),
    () => checked(systemPart1()),
    ['module/truncated'],
  ),
  'acquisition/partial': of(() => makeDump(0xc0000)),
  'acquisition/too-long': of(() => concatBytes([makeDump(), randomBytes(100)])),
  'acquisition/appended': {
    fires: () => {
      const ids = { vendor: 0x2b04, product: 0xd008, device: 0xffff, dfuVersion: 0x0100 };
      return checked(appendDfuSuffix(makeDump(), ids));
    },
    silent: clean,
    also: [...NO_DEVICE, 'acquisition/too-long'],
  },
  'acquisition/glued-modules': of(
    () => concatBytes([systemPart1(), systemPart2()]),
    () => checked(systemPart1()),
    ['container/trailing-bytes', 'placement/wrong-start-address', 'dependency/missing'],
  ),
  'acquisition/odd-offset': of(() => concatBytes([new Uint8Array(3), makeDump()]).slice(0, FLASH_BYTES)),
  'acquisition/base-mismatch': {
    fires: () => checked(systemPart2(), { base: 0x08020000 }),
    silent: () => checked(systemPart2(), { base: 0x08060000 }),
    also: ['placement/wrong-module', 'placement/wrong-start-address'],
  },
  'acquisition/dropped-chunk': {
    // A whole dump with sound modules proves itself to be read well; this is one system part.
    fires: () => {
      const part = makeDump().slice(0x60000, 0xa0000);
      part.fill(0, 0x2000, 0x3000);
      return checked(part, { base: 0x08060000 });
    },
    silent: () => checked(makeDump().slice(0x60000, 0xa0000), { base: 0x08060000 }),
    also: [...NO_DEVICE, 'module/crc-mismatch'],
  },
};
