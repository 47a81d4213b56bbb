/** The text of `keys show`, and keys as facts for other reports. */
import { nameInText } from '../core/words.js';
import type { KeyReport } from '../operations/configuration/keys.js';
import type { KeysInspection } from '../operations/configuration/keys-show.js';
import { type Fact, renderFacts } from './facts.js';
import { renderFindings } from './findings.js';
import type { TextOptions } from './inspect.js';
import type { Style } from './style.js';

const FORMS: Readonly<Record<string, string>> = {
  pkcs1: 'PKCS#1',
  pkcs8: 'PKCS#8',
  sec1: 'SEC 1',
  spki: 'SubjectPublicKeyInfo',
};

/** "RSA-1024, 608 bytes, PKCS#1". */
function kindWords({ kind, bits, size, form }: KeyReport): string {
  const name = kind.startsWith('rsa') ? `RSA-${bits}` : kind === 'ec-p256' ? 'EC P-256' : `${bits ?? ''}`;
  const words = [name, size === null ? '' : `${size} bytes`, form === null ? '' : (FORMS[form] ?? form)];
  return words.filter(Boolean).join(', ');
}

/** The key in a line, and its fingerprint in a second one. */
export function keyFact(key: KeyReport): Fact[] {
  if (key.state === 'missing') return [[key.title, key.note]];
  const kind = key.kind === 'invalid' ? '' : `${kindWords(key)}; `;
  const facts: Fact[] = [[key.title, `${kind}${key.note}`]];
  if (key.fingerprint) facts.push(['', `SHA-256 ${key.fingerprint}`]);
  return facts;
}

export function renderKeys(inspection: KeysInspection, { style, width }: TextOptions): string {
  const sections = [`${style.bold(nameInText(inspection.input.path))}\n${inspection.words}`];
  for (const { title, keys } of inspection.groups) {
    const facts = keys.flatMap(keyFact);
    sections.push(`${heading(title, style)}\n${renderFacts(facts, width)}`);
  }
  if (inspection.findings.length > 0) {
    sections.push(`${heading('Findings', style)}\n${renderFindings(inspection.findings, style, width)}`);
  }
  return `${sections.join('\n\n')}\n`;
}

function heading(title: string, style: Style): string {
  return style.bold(style.cyan(title));
}

/** The PEM blocks, each under a line that names it; parsers of PEM skip such lines. */
export function renderPem(inspection: KeysInspection): string {
  const blocks = inspection.groups.flatMap(({ title, keys }) =>
    keys.flatMap((key) => {
      const name = `${title}: ${key.title}`;
      const half = key.role.endsWith('private') ? ', public half' : '';
      return [
        ...(key.publicPem ? [`# ${name}${half}\n${key.publicPem}`] : []),
        ...(key.privatePem ? [`# ${name}\n${key.privatePem}`] : []),
      ];
    }),
  );
  return blocks.join('\n');
}
