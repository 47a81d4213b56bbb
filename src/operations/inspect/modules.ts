/** Modules of a survey as report rows: release, exact build, dependencies, space left. */
import { toHex } from '../../core/bytes.js';
import { sha256 } from '../../core/checksums.js';
import { buildOf, buildsOf, releasesOf } from '../../layout/catalog.js';
import type { ParticleModule } from '../../regions/module/decode.js';
import type { EmbeddedModule, LocatedModule, ModuleSurvey } from '../../regions/module/find.js';
import { CRC_BYTES } from '../../regions/module/format.js';
import { moduleTitle } from '../../regions/module/words.js';
import { dependencyStates, holdsPlaceOf } from '../../rules/dependency.js';
import type { EmbeddedReport, ModuleReport, UnmetDependency } from './report.js';

export interface ModuleIdentity {
  readonly sha256: string | null;
  readonly known: boolean;
  readonly releases: readonly string[];
  readonly buildsOfVersion: number;
}

/** Looks a module up by the hash of its bytes, and by version where the build is not catalogued. */
export function identify(module: ParticleModule): ModuleIdentity {
  const version = {
    platformId: module.info.platformId,
    function: module.function,
    index: module.info.moduleIndex,
    version: module.info.moduleVersion,
  };
  const digest = module.missing === 0 ? toHex(sha256(module.bytes)) : null;
  const build = digest === null ? undefined : buildOf(digest);
  // The version of a user part is the maker's own number; only the build tells whether it is a released one.
  const byVersion = () => (module.function === 'user-part' ? [] : releasesOf(version));
  const releases = build && build.releases.length > 0 ? build.releases : byVersion();
  return { sha256: digest, known: build !== undefined, releases, buildsOfVersion: buildsOf(version).length };
}

export function moduleReport(located: LocatedModule, identity: ModuleIdentity, survey: ModuleSurvey): ModuleReport {
  const { module, region, role } = located;
  const { info, suffix } = module;
  const free = region?.module && module.address === region.start ? region.end - module.address - module.length : -1;
  return {
    region: region?.id ?? 'other',
    role,
    address: module.address,
    startAddress: info.moduleStartAddress,
    endAddress: info.moduleEndAddress,
    length: module.length,
    missing: module.missing,
    headerOffset: module.headerOffset,
    platform: module.platform,
    platformId: info.platformId,
    function: module.function,
    index: info.moduleIndex,
    version: info.moduleVersion,
    combined: module.combined,
    flags: info.flags,
    crc: module.crc,
    crc32: module.missing > 0 ? null : toHex(module.bytes.subarray(module.length - CRC_BYTES, module.length)),
    sha: module.sha,
    suffixSha256: suffix ? toHex(suffix.digest) : null,
    suffixSize: suffix?.size ?? null,
    sha256: identity.sha256,
    release: identity.releases[0] ?? null,
    releases: identity.releases,
    known: identity.known,
    buildsOfVersion: identity.buildsOfVersion,
    productId: suffix?.productId ?? null,
    productVersion: suffix?.productVersion ?? null,
    dependencies: dependencyStates(located, survey.modules),
    free: free < 0 ? null : free,
    initialStackPointer: module.vectors?.initialStackPointer ?? null,
    resetVector: module.vectors?.reset ?? null,
  };
}

export function embeddedReport({ inside, module }: EmbeddedModule): EmbeddedReport {
  const identity = identify(module);
  return {
    inside: moduleTitle(inside.module),
    address: module.address,
    length: module.length,
    function: module.function,
    index: module.info.moduleIndex,
    version: module.info.moduleVersion,
    platformId: module.info.platformId,
    release: identity.releases[0] ?? null,
    known: identity.known,
  };
}

/** The release all system parts belong to, or null when they differ, one is for another platform or none is known. */
export function agreedRelease(modules: readonly ModuleReport[]): string | null {
  const parts = modules.filter((module) => module.role === 'main' && module.function === 'system-part');
  const first = parts[0];
  const foreign = modules.some((module) => module.role === 'foreign' && module.function === 'system-part');
  if (!first || foreign) return null;
  const common = first.releases.filter((release) => parts.every((part) => part.releases.includes(release)));
  return common[0] ?? null;
}

/** What is not met for certain: a module whose place this input does not hold may be installed. */
export function unmetDependencies(survey: ModuleSurvey): UnmetDependency[] {
  return survey.modules
    .filter(({ role }) => role === 'main')
    .flatMap((located) =>
      dependencyStates(located, survey.modules)
        .filter(({ satisfied }) => !satisfied)
        .filter((state) => state.found !== null || holdsPlaceOf(survey, state.function, state.index))
        .map((state) => ({ ...state, module: moduleTitle(located.module) })),
    );
}
