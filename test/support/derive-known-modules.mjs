/**
 * Derives firmware.json (what the fetcher brings, with digests) and known-modules.json (what a decoder must read from
 * it) from the collected facts about released modules:
 *
 *   node test/support/derive-known-modules.mjs --facts DIR
 *
 * DIR holds `known-modules.json`. The output depends on nothing else.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** Together they hold complete 0.5.2, 1.5.0, 2.2.0 and 2.3.1, the applications and the oddities of 2015. */
const PACKAGES = [
  'particle-cli@1.16.0',
  'particle-cli@2.3.0',
  'particle-cli@2.16.0',
  'particle-cli@3.9.0',
  'binary-version-reader@0.5.3',
];

/** Files that hold a module and padding: the facts describe the module, this is the whole file. */
const PADDED = {
  'specs/binaries/RC4_bootloader_pad_BM-14.bin': {
    size: 16384,
    sha256: 'd4adf920afc4d86339a80d6a15260ec1c2027826c82e415812280e00a55bf7f2',
  },
  'specs/binaries/RC4_bootloader_pad_BM-09.bin': {
    size: 16384,
    sha256: '3f8326107923b962027479e65964fde3c8a74a7187cf853b24a2019b94615c2c',
  },
};

/** Files that are no sound module of a Gen 2 board; digests taken from the packages above. */
const OTHER_FILES = [
  {
    package: 'particle-cli@2.16.0',
    path: 'assets/keys/rsa.pub.der',
    size: 512,
    sha256: '2a1c82fb5f28fe1ba95b4af966aca326eb22398b977fa2540233dbe703fddb16',
    what: 'RSA key of the cloud, with the server address record',
  },
  {
    package: 'particle-cli@2.16.0',
    path: 'assets/keys/rsa.pub-padded.der',
    size: 2048,
    sha256: 'f4e4ac980b56a88a50f359b5fb60b0313274685b27edbffe3e135f897b88744b',
    what: 'RSA key of the cloud, padded to the size of its DCT area',
  },
  {
    package: 'particle-cli@2.16.0',
    path: 'assets/keys/ec.pub.der',
    size: 320,
    sha256: '8bf15949f650e70f7a575b15585084ac12af597642427a5ca00a427d421affa4',
    what: 'elliptic-curve key of the cloud (Electron), with the server address record',
  },
  {
    package: 'particle-cli@2.16.0',
    path: 'assets/keys/ec-gen3.pub.der',
    size: 320,
    sha256: 'a3c6c0b33dcc43a015d130c1d6c945c3dc2c74c31b206156689cd1c93482cdad',
    what: 'elliptic-curve key of the cloud for Gen 3 boards',
  },
  {
    package: 'particle-cli@2.16.0',
    path: 'assets/binaries/cc3000-patch-programmer.bin',
    size: 25068,
    sha256: '7291e032472121b1f70f9daf56e4de175f21beba50172da8fbe737e2e2734670',
    what: 'raw Core image without module header',
  },
  {
    package: 'particle-cli@2.16.0',
    path: 'assets/binaries/tinker-0.8.0-rc.27-argon.bin',
    size: 11972,
    sha256: '7ae06a42c3387ebf1991c8a64353b11f46ee704bf99475c11bf2e38fab3b3121',
    what: 'user part of another platform (Argon)',
  },
  {
    package: 'binary-version-reader@0.5.3',
    path: 'specs/binaries/RC2_bootloader.bin',
    size: 15904,
    sha256: '53c381cad64e4b9ae3e3ed6d7cba35d648d5a62e58864529687326faf9902d46',
    what: 'photon bootloader of early 2015 with wrong CRC and wrong digest',
  },
];

const { values } = parseArgs({ options: { facts: { type: 'string' } } });
if (values.facts === undefined) {
  console.error('Say where the facts are: node test/support/derive-known-modules.mjs --facts DIR');
  process.exit(2);
}
const facts = JSON.parse(readFileSync(join(values.facts, 'known-modules.json'), 'utf8'));

/** The first of PACKAGES that holds the module, with the path there. */
function placeOf(module) {
  for (const name of PACKAGES) {
    for (const { path, versions, carvedAt } of module.npm ?? []) {
      if (versions.includes(name)) return { package: name, path, carvedAt };
    }
  }
  return undefined;
}

function describe(module) {
  const release = module.deviceOsRelease === null ? '' : ` of ${module.deviceOsRelease}`;
  return `${module.platform} ${module.function} ${module.index} version ${module.moduleVersion}${release}, ${module.kind}`;
}

const placed = facts.modules
  .map((module) => ({ module, place: placeOf(module) }))
  .filter(({ place }) => place !== undefined);

const files = placed.map(({ module, place }) => {
  const whole = place.carvedAt === undefined ? { size: module.size, sha256: module.sha256OfFile } : PADDED[place.path];
  return { package: place.package, path: place.path, size: whole.size, sha256: whole.sha256, what: describe(module) };
});

const known = placed.map(({ module, place }) => ({
  package: place.package,
  path: place.path,
  ...(place.carvedAt === undefined ? {} : { carvedAt: place.carvedAt }),
  sha256OfFile: module.sha256OfFile,
  size: module.size,
  platform: module.platform,
  platformId: module.platformId,
  function: module.function,
  functionId: module.functionId,
  index: module.index,
  moduleVersion: module.moduleVersion,
  kind: module.kind,
  deviceOsReleases: module.deviceOsReleases,
  startAddress: module.startAddress,
  endAddress: module.endAddress,
  headerOffset: module.headerOffset,
  flags: module.flags,
  reserved: module.reserved,
  dependencies: module.dependencies,
  suffixSize: module.suffixSize,
  suffixSha: module.suffixSha,
  suffixShaValid: module.suffixShaValid,
  suffixPlaceholder: module.suffixPlaceholder,
  suffixReserved: module.suffixReserved,
  productId: module.productId,
  productVersion: module.productVersion,
  crc32: module.crc32,
  crcValid: module.crcValid,
  crcPlaceholder: module.crcPlaceholder,
  initialSp: module.initialSp,
  resetVector: module.resetVector,
}));

const order = (a, b) =>
  PACKAGES.indexOf(a.package) - PACKAGES.indexOf(b.package) || (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);

/** In the layout that `npm run format` keeps. */
function write(name, content) {
  const path = fileURLToPath(new URL(name, import.meta.url));
  writeFileSync(path, JSON.stringify(content, null, 2));
  execFileSync('npx', ['biome', 'format', '--write', path], { stdio: ['ignore', 'ignore', 'inherit'] });
}

write('firmware.json', {
  about: 'Released firmware that the tests read, fetched from the npm registry by firmware.mjs and never committed.',
  packages: Object.fromEntries(PACKAGES.map((name) => [name, { integrity: facts.npmPackages[name].integrity }])),
  files: [...files, ...OTHER_FILES].sort(order),
});
write('known-modules.json', {
  about:
    'What a decoder must read from the modules of firmware.json. crc32 is the four bytes after the module in file order; ' +
    'suffixSha covers the module up to the digest itself; with carvedAt the module is a part of its file.',
  sources: ['device-os, the tag of each release', 'binary-version-reader 3.1.3 as second reader of every file'],
  modules: known.sort(order),
});
console.log(`${files.length + OTHER_FILES.length} files, ${known.length} modules`);
