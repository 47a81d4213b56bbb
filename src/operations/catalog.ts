/** catalog: the releases of a board, and which catalogued builds some files are. */
import type { Finding } from '../core/finding.js';
import { allReleases, buildOf, buildsOf, expectedModules } from '../layout/catalog.js';
import type { Board } from '../layout/types.js';
import type { ModuleSurvey } from '../regions/module/find.js';
import { acquire } from './inspect/acquire.js';
import type { InspectInput } from './inspect/inspect.js';
import { identify } from './inspect/modules.js';

export interface ReleaseRow {
  readonly release: string;
  readonly date: string;
  readonly prerelease: boolean;
  readonly modules: readonly { readonly function: string; readonly index: number; readonly version: number }[];
  readonly note: string | undefined;
}

/** Oldest first. Empty for a board without a Particle platform. */
export function listReleases(board: Board, prereleases: boolean): ReleaseRow[] {
  const platform = board.platform?.id;
  if (platform === undefined) return [];
  return allReleases(platform)
    .filter((release) => prereleases || !release.prerelease)
    .map(({ name, date, prerelease, note }) => ({
      release: name,
      date,
      prerelease,
      modules: (expectedModules(name, platform) ?? []).map(({ function: kind, index, version }) => ({
        function: kind,
        index,
        version,
      })),
      note,
    }));
}

export interface CatalogMatch {
  readonly path: string;
  readonly address: number;
  readonly function: string;
  readonly index: number;
  readonly version: number;
  readonly platform: string | null;
  /** True when the catalogue has exactly these bytes. */
  readonly known: boolean;
  readonly kind: string | null;
  readonly releases: readonly string[];
  readonly sha256: string | null;
  /** All builds that the catalogue has of this version; more than one means that the version does not identify it. */
  readonly builds: readonly { readonly sha256: string; readonly size: number; readonly releases: readonly string[] }[];
}

/** The modules of one file, and how the file was read: a rearrangement is undone first. */
export function matchFile(
  input: InspectInput,
  board: Board,
): { readonly matches: readonly CatalogMatch[]; readonly findings: readonly Finding[] } {
  const { survey, findings } = acquire(input, board);
  return { matches: matchSurvey(input.path, survey), findings };
}

export function matchModules(input: InspectInput, board: Board): CatalogMatch[] {
  return [...matchFile(input, board).matches];
}

function matchSurvey(path: string, survey: ModuleSurvey): CatalogMatch[] {
  const installed = survey.modules.map(({ module }) => module);
  const carried = survey.embedded.map(({ module }) => module);
  return [...installed, ...carried].map((module) => {
    const identity = identify(module);
    const build = identity.sha256 === null ? undefined : buildOf(identity.sha256);
    const version = {
      platformId: module.info.platformId,
      function: module.function,
      index: module.info.moduleIndex,
      version: module.info.moduleVersion,
    };
    return {
      path,
      address: module.address,
      function: module.function,
      index: version.index,
      version: version.version,
      platform: module.platform,
      known: identity.known,
      kind: build?.kind ?? null,
      releases: identity.releases,
      sha256: identity.sha256,
      builds: buildsOf(version).map(({ sha256, size, releases }) => ({ sha256, size, releases })),
    };
  });
}
