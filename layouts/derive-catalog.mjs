/**
 * Derives particle-releases.json and particle-modules.json from the collected facts about device-os tags and released
 * modules:
 *
 *   node layouts/derive-catalog.mjs --facts DIR
 *
 * DIR holds `module-versions.json` and `known-modules.json`. The output depends on nothing else.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';

const FUNCTION_NAMES = { 2: 'bootloader', 3: 'mono-firmware', 4: 'system-part', 5: 'user-part' };
const FUNCTION_ORDER = ['bootloader', 'mono-firmware', 'system-part', 'user-part', 'asset'];
const SYSTEM_PARTS = ['systemPart1', 'systemPart2', 'systemPart3'];

const { values } = parseArgs({ options: { facts: { type: 'string' } } });
if (values.facts === undefined) {
  console.error('Say where the facts are: node layouts/derive-catalog.mjs --facts DIR');
  process.exit(2);
}
const readFacts = (name) => JSON.parse(readFileSync(join(values.facts, name), 'utf8'));

/** JSON that stays readable in a diff: an ordinary head, then one line for every row. */
function write(name, head, key, rows) {
  const lines = rows.map((row) => `    ${JSON.stringify(row)}`).join(',\n');
  const top = JSON.stringify(head, null, 2).slice(0, -2);
  writeFileSync(new URL(name, import.meta.url), `${top},\n  ${JSON.stringify(key)}: [\n${lines}\n  ]\n}\n`);
  console.log(`${name}: ${rows.length} rows`);
}

/** One text instead of nested lists: the file is read on every start, the dependencies of few rows are looked at. */
function requirements(dependencies) {
  return dependencies
    .map(({ function: id, index, version }) => `${FUNCTION_NAMES[id]} ${index} >= ${version}`)
    .join(', ');
}

/** What one tag builds for one platform. */
function platformRow(row) {
  const needs = {};
  for (const [position, part] of SYSTEM_PARTS.entries()) {
    const text = requirements(row.dependencies[part] ?? []);
    if (text !== '') needs[position + 1] = text;
  }
  if (row.dependencies.bootloader.length > 0) throw new Error(`${row.tag} has a bootloader that depends on something`);
  needs.user = requirements(row.dependencies.user);
  const embedded = row.embeddedBootloaderVersion;
  return {
    bootloader: row.bootloaderVersion,
    systemParts: SYSTEM_PARTS.map((part) => row[`${part}Version`]).filter((version) => version !== null),
    user: row.userPartVersion,
    needs,
    ...(embedded === null ? {} : { embeddedBootloader: embedded, installsIt: row.embeddedBootloaderInstalledBySystem }),
  };
}

function releaseRows(versions) {
  const tags = [...new Set(versions.map((row) => row.tag))];
  return tags.map((tag) => {
    const rows = versions.filter((row) => row.tag === tag);
    const platform = (name) => {
      const row = rows.find((candidate) => candidate.platform === name);
      return row === undefined ? undefined : platformRow(row);
    };
    const p1 = platform('p1');
    const photon = platform('photon');
    const electron = platform('electron');
    const { release, date, prerelease, versionString, note } = rows[0];
    return {
      name: release,
      tag,
      date,
      prerelease,
      ...(versionString === release ? {} : { versionString }),
      ...(note === undefined ? {} : { note }),
      p1,
      ...(isDeepStrictEqual(photon, p1) ? {} : { photon }),
      ...(electron === undefined ? {} : { electron }),
    };
  });
}

function sourceOf(module) {
  const [npm] = module.npm ?? [];
  if (npm !== undefined) return `${npm.versions[0]}: ${npm.path}`;
  const [git] = module.git;
  return `${git.repo}@${git.firstCommit.slice(0, 10)}: ${git.path}`;
}

function moduleRow(module) {
  return {
    sha256: module.sha256OfFile,
    size: module.size,
    platformId: module.platformId,
    function: module.function,
    index: module.index,
    version: module.moduleVersion,
    kind: module.kind,
    releases: module.deviceOsReleases,
    crc32: module.crc32,
    ...(module.crcValid ? {} : { sealed: false }),
    ...(module.embeddedIn === undefined
      ? {}
      : { embeddedIn: module.embeddedIn.map(({ sha256OfFile, offset }) => [sha256OfFile, offset]) }),
    source: sourceOf(module),
  };
}

function compareModules(a, b) {
  return (
    a.platformId - b.platformId ||
    FUNCTION_ORDER.indexOf(a.function) - FUNCTION_ORDER.indexOf(b.function) ||
    a.index - b.index ||
    a.version - b.version ||
    (a.sha256 < b.sha256 ? -1 : 1)
  );
}

write(
  'particle-releases.json',
  {
    title: 'Module versions of every device-os tag for the STM32F2 boards',
    about: [
      'Ascending by release number, pre-releases before their release.',
      'p1: also true of photon unless the row has a photon of its own (it differs only in the embedded bootloader).',
      'bootloader: version the sources of the tag build. systemParts: versions by module index, 1 first; file names of the Electron number them differently.',
      'needs: what system part 1, 2, 3 and a user part built with the tag depend on: function, index, minimum version.',
      'embeddedBootloader: version of the bootloader image stored in the tag; installsIt: whether its system firmware writes it to sector 0.',
      'versionString: what System.version() says where that is not the name of the tag.',
    ],
    sources: ['device-os makefiles and build/version.mk of each tag, evaluated with GNU make for each platform'],
    platforms: { p1: 8, photon: 6, electron: 10 },
  },
  'releases',
  releaseRows(readFacts('module-versions.json')),
);
write(
  'particle-modules.json',
  {
    title: 'Released firmware modules by content',
    about: [
      'sha256 and size: the module from its first byte to the end of its CRC. crc32: its last four bytes in file order.',
      'releases: names under which exactly these bytes were shipped; the same version can exist in several builds.',
      'sealed false: the CRC and the digest are the placeholders of the linker.',
      'embeddedIn: system parts and applications that carry the module as payload, as [sha256, offset].',
    ],
    sources: ['each row names the first package or commit that holds the module'],
  },
  'modules',
  readFacts('known-modules.json').modules.map(moduleRow).sort(compareModules),
);
