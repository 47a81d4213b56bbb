/** The texts of `catalog`. */
import { formatAddress } from '../core/bytes.js';
import type { CatalogMatch, ReleaseRow } from '../operations/catalog.js';
import type { Style } from './style.js';
import { renderTable } from './table.js';

export function renderReleases(releases: readonly ReleaseRow[], style: Style): string {
  if (releases.length === 0) return 'no releases: the board has no Particle platform\n';
  const rows = releases.map(({ release, date, modules }) => [
    release,
    date,
    modules.map(({ function: kind, index, version }) => `${shortName(kind, index)} ${version}`).join('  '),
  ]);
  return `${renderTable([{ title: 'release' }, { title: 'date' }, { title: 'module versions' }], rows, style)}\n`;
}

function shortName(kind: string, index: number): string {
  if (kind === 'system-part') return `part${index}`;
  return kind === 'user-part' ? 'tinker' : kind;
}

export function renderMatches(matches: readonly CatalogMatch[], style: Style): string {
  if (matches.length === 0) return 'no module found\n';
  return matches.map((match) => renderMatch(match, style)).join('\n');
}

function renderMatch(match: CatalogMatch, style: Style): string {
  const name = match.function === 'system-part' ? `system part ${match.index}` : match.function.replace('-', ' ');
  const head = `${style.bold(match.path)} ${formatAddress(match.address)}: ${name} version ${match.version} for ${match.platform ?? 'an unknown platform'}`;
  const releases = match.releases.length > 0 ? match.releases.join(', ') : 'no release';
  const kind = match.kind ? `, ${match.kind}` : '';
  const lines = [
    head,
    match.known
      ? `  ${style.green('known build')} of ${releases}${kind}`
      : `  ${style.yellow('not a known build')}; its version belongs to ${releases}`,
    `  sha256 ${match.sha256 ?? 'not computed: bytes are missing'}`,
  ];
  if (match.builds.length > 1) {
    lines.push(`  ${match.builds.length} different builds have this version:`);
    for (const build of match.builds) {
      const mark = build.sha256 === match.sha256 ? ' (this one)' : '';
      lines.push(`    ${build.sha256}  ${build.size} bytes  ${build.releases.join(', ') || 'no release'}${mark}`);
    }
  }
  return `${lines.join('\n')}\n`;
}
