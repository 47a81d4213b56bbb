/** dct show and dct get: both copies of the table, every field with its place, and what a superseded copy still holds. */
import { FormatError, InputError, UsageError } from '../../core/errors.js';
import { type Finding, sortFindings, type Verdict, verdictOf } from '../../core/finding.js';
import { secretRanges } from '../../core/part.js';
import { overlaps, rangeOf } from '../../core/range.js';
import { nearest } from '../../layout/nearest.js';
import type { Board } from '../../layout/types.js';
import {
  applicationParts,
  type CopyState,
  type DctField,
  type DctReport,
  type DctStore,
  type DctValues,
  dctFields,
  dctParts,
  dctSection,
  decodeApplicationSection,
  fieldKey,
} from '../../regions/dct/index.js';
import { type FieldState, fillState } from '../../regions/dct/values.js';
import { type DctView, fieldBytes, viewApplication, viewCopy } from '../../regions/dct/view.js';
import { isSecretField, leafWords } from '../../regions/dct/words.js';
import { dctFindings } from '../../rules/dct.js';
import { jsonName } from '../edit/dct-names.js';
import { readDct } from '../inspect/configuration.js';
import type { InspectInput } from '../inspect/inspect.js';
import { type KeyReport, keysOfView } from './keys.js';
import { type DctLeftover, leftoversOf } from './leftovers.js';
import { type ConfigurationSource, configurationMissing, openConfiguration } from './source.js';

/** One copy of the table, or the application section alone. */
export interface DctCopyView {
  /** Null for an application section. */
  readonly number: 1 | 2 | null;
  /** Of the copy's first byte; null when the bytes have no place in flash. */
  readonly address: number | null;
  readonly state: CopyState | 'section';
  readonly format: '0x370' | '0x330' | null;
  readonly crc: 'ok' | 'bad' | null;
  readonly sequence: number | null;
  readonly values: DctValues | null;
  /** Null when the copy has no header, so that its bytes mean nothing. */
  readonly view: DctView | null;
  readonly keys: readonly KeyReport[];
}

export interface DctInspection {
  readonly source: ConfigurationSource;
  readonly store: DctStore;
  /** Null for an application section. */
  readonly report: DctReport | null;
  readonly copies: readonly DctCopyView[];
  /** The copy whose values count: the current one, or the section. Null when no copy is usable. */
  readonly chosen: DctCopyView | null;
  readonly leftovers: readonly DctLeftover[];
  readonly showSecrets: boolean;
  readonly findings: readonly Finding[];
  readonly verdict: Verdict;
}

/** @throws FormatError CONFIGURATION_MISSING when the input holds no DCT. */
export function inspectDct(input: InspectInput, board: Board, showSecrets: boolean): DctInspection {
  const source = openConfiguration(input, board);
  return source.form === 'dct-section' ? inspectSection(source, showSecrets) : inspectCopies(source, showSecrets);
}

function inspectSection(source: ConfigurationSource, showSecrets: boolean): DctInspection {
  const [segment] = source.image.segments;
  if (!segment) throw configurationMissing('DCT', source);
  const view = viewApplication(segment.bytes);
  const copy: DctCopyView = {
    number: null,
    address: null,
    state: 'section',
    format: null,
    crc: null,
    sequence: null,
    values: decodeApplicationSection(segment.bytes, { showSecrets }),
    view,
    keys: keysOfView(view, showSecrets),
  };
  const empty = { leftovers: [], findings: [], verdict: 'pass' } as const;
  return { source, store: 'wiced', report: null, copies: [copy], chosen: copy, showSecrets, ...empty };
}

function inspectCopies(source: ConfigurationSource, showSecrets: boolean): DctInspection {
  const { dctRegions, image, generation, board } = source;
  const report = dctRegions && readDct(image, dctRegions, generation, board, showSecrets);
  if (!report || !dctRegions) throw configurationMissing('DCT', source);
  const copies = report.details.map((copy, index): DctCopyView => {
    const bytes = dctRegions[index] ? image.bytes(dctRegions[index]) : undefined;
    const view = bytes && copy.values ? viewCopy(bytes, report.store) : null;
    const { number, address, state, format, crc, sequence, values } = copy;
    return {
      ...{ number, address, state, format, crc, sequence, values, view },
      keys: view ? keysOfView(view, showSecrets) : [],
    };
  });
  const chosen = report.current === null ? null : (copies[report.current - 1] ?? null);
  const findings = sortFindings([...source.findings, ...(source.judged ? dctFindings(report, source.starts) : [])]);
  return {
    ...{ source, store: report.store, report, copies, chosen, showSecrets, findings },
    leftovers: leftoversOf(copies, chosen),
    verdict: verdictOf(findings),
  };
}

/** The copy asked for, or the one in use. @throws InputError DCT_NO_CURRENT, DCT_NO_COPY */
export function pickCopy(inspection: DctInspection, number: 1 | 2 | undefined): DctCopyView {
  const { copies, chosen, source, report } = inspection;
  if (number === undefined) {
    if (chosen) return chosen;
    throw new InputError({
      code: 'DCT_NO_CURRENT',
      what: 'no DCT copy is in use',
      where: source.input.path,
      expected: 'a usable copy',
      got: `copy 1 ${copies[0]?.state}, copy 2 ${copies[1]?.state}`,
      help: copies.some(({ view }) => view)
        ? `Name a copy that can be read: --copy ${copies.find(({ view }) => view)?.number}.`
        : (report?.why.reason ?? 'Read both DCT sectors of the board.'),
    });
  }
  const copy = copies.find((candidate) => candidate.number === number);
  if (copy?.view) return copy;
  throw new InputError({
    code: 'DCT_NO_COPY',
    what: `copy ${number} of the DCT cannot be read`,
    where: source.input.path,
    expected: 'a copy with a header',
    got: copy ? copy.state : source.words,
    help: 'Leave out --copy to see the copy in use.',
  });
}

export interface DctFieldReport {
  readonly key: string;
  readonly title: string;
  readonly about: string;
  readonly section: string;
  /** Null when the bytes have no place in flash. */
  readonly address: number | null;
  /** From the start of the section. */
  readonly offset: number;
  readonly size: number;
  readonly state: FieldState;
  /** In words; masked when the content is secret and secrets were not asked for. */
  readonly value: string;
  readonly secret: boolean;
  readonly masked: boolean;
}

/** Every field of a copy, in the order of the table. */
export function fieldsOf(inspection: DctInspection, copy: DctCopyView): DctFieldReport[] {
  const { view } = copy;
  if (!view) return [];
  return [...view.sections.keys()].flatMap((name) =>
    dctFields(name).map((field) => fieldReport(inspection, copy, view, field)),
  );
}

function fieldReport(
  { store, showSecrets }: DctInspection,
  copy: DctCopyView,
  view: DctView,
  field: DctField,
): DctFieldReport {
  const bytes = fieldBytes(view, field);
  const secret = isSecretField(field);
  const words = bytes ? leafWords(field, bytes, showSecrets) : { value: 'not in the input', state: 'absent' as const };
  const start = copy.address === null ? null : copy.address + dctSection(store, field.section).offset;
  return {
    key: fieldKey(field),
    title: field.title,
    about: field.about,
    section: field.section,
    address: start === null ? null : start + field.offset,
    offset: field.offset,
    size: field.size,
    ...words,
    secret,
    masked: secret && bytes !== null && fillState(bytes) === 'set' && !showSecrets,
  };
}

export interface DctGet {
  readonly copy: DctCopyView;
  readonly field: DctFieldReport;
  readonly bytes: Uint8Array;
}

/**
 * One field of the copy in use or of the one named. The value of a secret field is refused, and so are the bytes of any
 * field that may hold secrets: a list of networks holds passphrases, and content where none belongs may be an old key.
 * @throws UsageError DCT_NO_FIELD, DCT_SECRET_NOT_SHOWN; InputError DCT_NO_CURRENT, DCT_NO_COPY; FormatError DCT_FIELD_ABSENT.
 */
export function getField(
  inspection: DctInspection,
  key: string,
  wanted: { readonly copy?: 1 | 2 | undefined; readonly bytes: boolean },
): DctGet {
  const copy = pickCopy(inspection, wanted.copy);
  const { view } = copy;
  const candidates = fieldNames(inspection);
  const field = view && findField(view, key);
  if (!view || !field) throw unknownField(key, candidates);
  const bytes = fieldBytes(view, field);
  if (!bytes) {
    throw new FormatError({
      code: 'DCT_FIELD_ABSENT',
      what: `the input ends before the field ${key} does`,
      where: inspection.source.input.path,
      help: 'Read the whole section or sector.',
    });
  }
  const report = fieldReport(inspection, copy, view, field);
  const hidden = wanted.bytes ? hasSecrets(inspection, view, field, bytes) : field.secret && fillState(bytes) === 'set';
  if (hidden && !inspection.showSecrets) throw secretNotShown(report);
  return { copy, field: report, bytes };
}

function findField(view: DctView, key: string): DctField | undefined {
  for (const name of view.sections.keys()) {
    const found = dctFields(name).find((field) => fieldKey(field) === key || jsonName(field) === key);
    if (found) return found;
  }
  return undefined;
}

/** Names of all fields of the store, those of the application section first. */
function fieldNames({ copies }: DctInspection): string[] {
  const view = copies.find((copy) => copy.view)?.view;
  return [...(view?.sections.keys() ?? [])].flatMap((name) => dctFields(name).map(fieldKey));
}

function unknownField(key: string, candidates: readonly string[]): UsageError {
  const best = nearest(key, candidates);
  return new UsageError({
    code: 'DCT_NO_FIELD',
    what: `the DCT has no field ${JSON.stringify(key.slice(0, 64))}`,
    help: best
      ? `Did you mean ${best}? All fields: flashatlas dct show --all.`
      : 'All fields: flashatlas dct show --all.',
  });
}

function hasSecrets({ store }: DctInspection, view: DctView, field: DctField, bytes: Uint8Array): boolean {
  if (fillState(bytes) !== 'set') return false;
  if (field.secret) return true;
  const base = view.sections.get(field.section) ?? 0;
  const range = rangeOf(base + field.offset, field.size);
  const isSection = !view.sections.has('header') && !view.sections.has('dcd_header');
  const parts = (isSection ? applicationParts : dctParts)(view.bytes, { store, address: 0 });
  return secretRanges(parts).some(
    (secret) => overlaps(secret, range) && fillState(view.bytes.subarray(secret.start, secret.end)) === 'set',
  );
}

function secretNotShown(field: DctFieldReport): UsageError {
  return new UsageError({
    code: 'DCT_SECRET_NOT_SHOWN',
    what: `the field ${field.key} holds a secret`,
    got: field.secret ? field.value : `${field.size} bytes that may be one`,
    help: 'Add --show-secrets to print it. Mind who sees the terminal, its history and the file.',
  });
}
