/** Writes the sample dumps (npm run samples). Deterministic: running it again changes nothing. */
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { erasedThenFlashedDump, healthyDump } from './parts.js';

const SAMPLES: Readonly<Record<string, Uint8Array>> = {
  'p1-healthy.bin.gz': healthyDump(),
  'p1-erased-then-flashed.bin.gz': erasedThenFlashedDump(),
};

for (const [name, bytes] of Object.entries(SAMPLES)) {
  const packed = gzipSync(bytes, { level: 9 });
  // Byte 9 is the operating system; fixed, so that the files do not depend on where they were made.
  packed[9] = 255;
  writeFileSync(`samples/${name}`, packed);
  console.log(`samples/${name}: ${packed.length} bytes`);
}
