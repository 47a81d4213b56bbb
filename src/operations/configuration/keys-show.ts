/** keys show: the keys of a dump, of DCT sectors or a section, or of one key file. */
import { toHex } from '../../core/bytes.js';
import { sha256 } from '../../core/checksums.js';
import { FormatError } from '../../core/errors.js';
import type { Finding, Verdict } from '../../core/finding.js';
import type { Board } from '../../layout/types.js';
import type { InspectInput } from '../inspect/inspect.js';
import type { InspectedInput } from '../inspect/report.js';
import { inspectDct, pickCopy } from './dct.js';
import { type KeyReport, keyOfFile } from './keys.js';
import { openConfiguration } from './source.js';

export interface KeyGroup {
  /** "Copy 1, in use", "Key file". */
  readonly title: string;
  /** Null for a key file or an application section. */
  readonly copy: 1 | 2 | null;
  readonly current: boolean;
  readonly keys: readonly KeyReport[];
}

export interface KeysInspection {
  readonly input: InspectedInput;
  readonly words: string;
  readonly groups: readonly KeyGroup[];
  readonly findings: readonly Finding[];
  readonly verdict: Verdict;
}

export interface KeysOptions {
  readonly showSecrets: boolean;
  readonly copy?: 1 | 2 | undefined;
}

/** @throws FormatError KEYS_NONE, PEM_*; InputError DCT_NO_COPY */
export function inspectKeys(input: InspectInput, board: Board, options: KeysOptions): KeysInspection {
  const key = input.addressSource === 'assumed' ? keyOfFile(input.bytes, options.showSecrets) : null;
  return key ? keyFile(input, key) : keysOfDct(input, board, options);
}

function keyFile(input: InspectInput, key: KeyReport): KeysInspection {
  const { path, bytes } = input;
  const file: InspectedInput = {
    path,
    size: bytes.length,
    sha256: toHex(sha256(bytes)),
    format: input.format,
    base: null,
    baseSource: null,
    baseReason: 'a key file has no place in flash',
  };
  const groups = [{ title: 'Key file', copy: null, current: true, keys: [key] }];
  return { input: file, words: 'a key file', groups, findings: [], verdict: key.state === 'good' ? 'pass' : 'fail' };
}

function keysOfDct(input: InspectInput, board: Board, { showSecrets, copy }: KeysOptions): KeysInspection {
  const source = openConfiguration(input, board);
  if (source.input.base === null && source.form !== 'dct-section') throw noKeys(source.input);
  const inspection = inspectDct(input, board, showSecrets);
  const wanted = copy === undefined ? inspection.copies : [pickCopy(inspection, copy)];
  const groups = wanted
    .filter(({ view }) => view !== null)
    .map((view): KeyGroup => {
      const current = view === inspection.chosen;
      const state = current ? 'in use' : view.state;
      const title = view.number === null ? 'Application section' : `Copy ${view.number}, ${state}`;
      return { title, copy: view.number, current, keys: shown(view.keys) };
    });
  if (groups.length === 0) pickCopy(inspection, undefined);
  const findings = inspection.findings.filter(({ rule }) => /^(acquisition\/|dct\/(device|server)-key)/.test(rule));
  const words = inspection.source.words;
  return { input: source.input, words, groups, findings, verdict: inspection.verdict };
}

/** Keys for the other transport are listed when there is one. */
function shown(keys: readonly KeyReport[]): KeyReport[] {
  return keys.filter(({ role, state }) => !role.startsWith('alt') || state !== 'missing');
}

function noKeys({ path, size }: InspectedInput): FormatError {
  return new FormatError({
    code: 'KEYS_NONE',
    what: 'there are no keys in this input',
    where: path,
    expected: 'a flash dump, DCT sectors, a DCT application section, or one key in DER or PEM form',
    got: `${size} bytes of another kind`,
    help: 'Give one of these; for a raw piece of flash add its address with --base.',
  });
}
