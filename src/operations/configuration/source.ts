/** Where the configuration regions are read from: a dump, an image, loose sectors, or a file read over DFU. */
import { formatRange } from '../../core/bytes.js';
import { FormatError } from '../../core/errors.js';
import type { Finding } from '../../core/finding.js';
import type { MemoryImage } from '../../core/image.js';
import { sizeOf } from '../../core/range.js';
import type { Board, Region } from '../../layout/types.js';
import { canStart, flashOf } from '../../regions/module/find.js';
import { acquire } from '../inspect/acquire.js';
import { regionPair, type SystemGeneration, systemGeneration } from '../inspect/configuration.js';
import { describeInput, type InspectInput } from '../inspect/inspect.js';
import { kindOf } from '../inspect/kind.js';
import type { InspectedInput } from '../inspect/report.js';

/**
 * What the input turned out to be. dct-section: a file that begins at the application section, as DFU alternate setting
 * 1 gives it.
 */
export type SourceForm =
  | 'flash-dump'
  | 'image'
  | 'dct-sectors'
  | 'dct-sector'
  | 'dct-section'
  | 'eeprom-sectors'
  | 'eeprom-sector';

export interface ConfigurationSource {
  readonly input: InspectedInput;
  readonly form: SourceForm;
  /** The form in words, as part of a sentence. */
  readonly words: string;
  readonly image: MemoryImage;
  readonly board: Board;
  readonly dctRegions: readonly [Region, Region] | null;
  readonly eepromRegions: readonly [Region, Region] | null;
  /** What the system parts in the image say; nothing for loose sectors. */
  readonly generation: SystemGeneration;
  /** How the input was read: what comes after it holds only as far as these let it. */
  readonly findings: readonly Finding[];
  /** False when the reading is so bad that its content is not that of the board. */
  readonly judged: boolean;
  /** False when a place of the bootloader or of a system part is here without its module. */
  readonly starts: boolean;
}

const FORM_WORDS: Readonly<Record<SourceForm, string>> = {
  'flash-dump': 'a flash dump',
  image: 'a part of the flash',
  'dct-sectors': 'both DCT sectors',
  'dct-sector': 'one DCT sector, taken for copy 1',
  'dct-section': 'a DCT application section, as DFU alternate setting 1 reads it',
  'eeprom-sectors': 'both EEPROM sectors',
  'eeprom-sector': 'one EEPROM sector',
};

/** Places an input. Loose EEPROM sectors, which nothing else recognises, are told by their size when `eeprom` is asked for. */
export function openConfiguration(input: InspectInput, board: Board, eeprom = false): ConfigurationSource {
  const { placed, survey, findings, judged } = acquire(input, board);
  const source = {
    board,
    judged,
    starts: canStart(survey),
    generation: systemGeneration(survey.modules),
    dctRegions: regionPair(survey.regions, 'dct'),
    eepromRegions: regionPair(survey.regions, 'eeprom'),
  };
  const finish = (form: SourceForm, image = placed.image, base = placed): ConfigurationSource => ({
    ...source,
    image,
    form,
    // A sector read alone may well be blank; only what makes it unreadable counts.
    findings: isPlaced(form) ? findings : findings.filter(({ severity }) => severity === 'error'),
    words: isPlaced(form) ? `${FORM_WORDS[form]} of ${board.name}` : FORM_WORDS[form],
    input: describeInput(input, base),
  });
  if (placed.special === 'dct-section') return finish('dct-section');
  const loose = eeprom && placed.base === null ? placeEeprom(placed.image, source.eepromRegions) : undefined;
  if (loose) {
    const base = loose.image.span?.start ?? null;
    const baseReason = `it has the size of ${FORM_WORDS[loose.form]}`;
    return finish(loose.form, loose.image, { ...placed, base, baseSource: 'inferred', baseReason });
  }
  const span = placed.image.span;
  const dct = source.dctRegions?.[0];
  if (dct && span?.start === dct.start && placed.baseSource === 'inferred') {
    if (sizeOf(span) === sizeOf(dct)) return finish('dct-sector');
    if (sizeOf(span) === 2 * sizeOf(dct)) return finish('dct-sectors');
  }
  return finish(kindOf(placed, survey, board, flashOf(board)) === 'flash-dump' ? 'flash-dump' : 'image');
}

function isPlaced(form: SourceForm): boolean {
  return form === 'flash-dump' || form === 'image';
}

function placeEeprom(
  image: MemoryImage,
  regions: ConfigurationSource['eepromRegions'],
): { image: MemoryImage; form: SourceForm } | undefined {
  const span = image.span;
  if (!span || !regions) return undefined;
  const [first, second] = regions;
  const size = sizeOf(span);
  const move = (start: number): MemoryImage => image.shift(start - span.start);
  if (size === second.end - first.start) return { image: move(first.start), form: 'eeprom-sectors' };
  if (size === sizeOf(first)) return { image: move(first.start), form: 'eeprom-sector' };
  return size === sizeOf(second) ? { image: move(second.start), form: 'eeprom-sector' } : undefined;
}

/** @throws FormatError CONFIGURATION_MISSING */
export function configurationMissing(what: 'DCT' | 'EEPROM', source: ConfigurationSource): FormatError {
  const regions = what === 'DCT' ? source.dctRegions : source.eepromRegions;
  const expected = regions ? `bytes at ${regions.map(formatRange).join(' or ')}` : `a board with ${what} sectors`;
  return new FormatError({
    code: 'CONFIGURATION_MISSING',
    what: `there is no ${what} in this input`,
    where: source.input.path,
    expected,
    got: source.input.base === null ? `${source.input.size} bytes without a place in flash` : source.words,
    help: regions
      ? 'Read the whole flash, or these sectors; for a raw file give its address with --base.'
      : 'Name another board with --board.',
  });
}
