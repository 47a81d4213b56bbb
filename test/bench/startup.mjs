/**
 * Whole runs of the command, as a user waits for them: against node itself on the dump of a 2.2.0 device, and against the
 * inspector of Particle on one module.
 *
 *   npm run bench -- [--runs 30]
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { ROOT } from '../support/compile.mjs';
import { installPmod, PEER, PEER_VERSION } from '../support/pmod.mjs';
import { compareProcesses } from './harness.mjs';

const CACHE = join(ROOT, '.cache/bench');
const FIRMWARE = process.env.FLASHATLAS_FIRMWARE_CACHE || join(ROOT, '.cache/firmware');

const FLASH_SIZE = 0x100000;
const UPDATES = 'particle-cli@2.16.0/assets/updates';
const PARTS = [
  [0x00000, `${UPDATES}/p1-bootloader@2.2.0+lto.bin`],
  [0x20000, `${UPDATES}/p1-system-part1@2.2.0.bin`],
  [0x60000, `${UPDATES}/p1-system-part2@2.2.0.bin`],
];
const TINKER = 'tinker-0.4.5-p1.bin';
const DUMP_SHA256 = '7d2ae09c01748b6e54bed6a3e3b696487f816187b746509a65a9a6e5d07457f0';

const { values: options } = parseArgs({ options: { runs: { type: 'string', default: '30' } } });
const runs = Number(options.runs);
const cli = join(ROOT, JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).bin.flashatlas);

function firmware(path) {
  const file = join(FIRMWARE, path);
  if (!existsSync(file)) throw new Error(`${file} is missing: run npm run firmware first.`);
  return file;
}

/** The dump of a P1 with Device OS 2.2.0 and Tinker, put together from the released modules. */
function buildDump() {
  const { files } = JSON.parse(readFileSync(new URL('../support/firmware.json', import.meta.url), 'utf8'));
  const tinker = files.find(({ path }) => path.endsWith(TINKER));
  const bytes = new Uint8Array(FLASH_SIZE).fill(0xff);
  for (const [offset, path] of [...PARTS, [0xa0000, `${tinker.package}/${tinker.path}`]]) {
    bytes.set(readFileSync(firmware(path)), offset);
  }
  const digest = createHash('sha256').update(bytes).digest('hex');
  if (digest !== DUMP_SHA256) throw new Error(`the dump has SHA-256 ${digest}, expected ${DUMP_SHA256}`);
  const file = join(CACHE, 'p1-2.2.0.bin');
  writeFileSync(file, bytes);
  return file;
}

/** A configured device (DCT, EEPROM, four modules) with 128 KiB of bytes nobody knows in the OTA region. */
function buildConfigured() {
  const bytes = gunzipSync(readFileSync(join(ROOT, 'samples/p1-healthy.bin.gz')));
  let state = 1;
  for (let offset = 0xc0000; offset < 0xe0000; offset++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[offset] = state >>> 24;
  }
  const file = join(CACHE, 'p1-configured.bin');
  writeFileSync(file, bytes);
  return file;
}

mkdirSync(CACHE, { recursive: true });
const dump = buildDump();
const module = firmware(PARTS[1][1]);
const node = (name, ...args) => ({ name, command: process.execPath, args });

compareProcesses(
  'The dump of a device, 1 MiB',
  [
    node('node -e 0', '-e', '0'),
    node('flashatlas inspect', cli, 'inspect', dump),
    node('flashatlas inspect --json', cli, 'inspect', '--json', dump),
    // The dump has no DCT, which is a finding.
    { ...node('flashatlas check', cli, 'check', dump), finds: true },
    node('flashatlas --version', cli, '--version'),
  ],
  { runs },
);
const configured = buildConfigured();
compareProcesses(
  'A configured device with DCT, EEPROM and 128 KiB of unknown bytes, 1 MiB',
  [
    node('node -e 0', '-e', '0'),
    node('flashatlas inspect', cli, 'inspect', configured),
    node('flashatlas check', cli, 'check', configured),
  ],
  { runs },
);
const peer = installPmod();
compareProcesses(
  'One module, 236 KiB',
  [
    node(`pmod of ${PEER} ${PEER_VERSION}`, peer, module),
    node('flashatlas inspect', cli, 'inspect', module),
    node('node -e 0', '-e', '0'),
  ],
  { runs },
);
