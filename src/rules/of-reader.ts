/** Rules whose findings are made while a file is read (src/formats). */
import type { Severity } from '../core/finding.js';
import type { RuleSummary } from './rule.js';

/** Words that are not written as plain English ones. */
const SPELLINGS: Readonly<Record<string, string>> = {
  dfu: 'DFU',
  dfuse: 'DfuSe',
  elf: 'ELF',
  gzip: 'gzip',
  crc: 'CRC',
  arm: 'ARM',
  lpcdfu: 'LPC DFU',
};

/** The name of a reader's rule is its title already: `bad-record-checksum` is "Bad record checksum". */
function titleOf(name: string): string {
  const words = name.split('-').map((word) => SPELLINGS[word] ?? word);
  const title = words.join(' ');
  return SPELLINGS[name.split('-')[0] ?? ''] ? title : title.charAt(0).toUpperCase() + title.slice(1);
}

export function rulesOfReader(
  source: string,
  rules: readonly (readonly [name: string, severity: Severity, about: string, why: string])[],
): readonly RuleSummary[] {
  return rules.map(([name, severity, about, why]) => ({
    id: `container/${name}`,
    severity,
    title: titleOf(name),
    about,
    why,
    source,
  }));
}
