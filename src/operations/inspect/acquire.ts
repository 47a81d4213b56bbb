/** Whether the input was read correctly; what can be undone is undone before anything else looks at it. */

import type { Finding } from '../../core/finding.js';
import { sizeOf } from '../../core/range.js';
import type { Board, Memory } from '../../layout/types.js';
import { type AcquisitionReport, examineAcquisition, undoTransformOf } from '../../regions/acquisition/index.js';
import { flashOf, type ModuleSurvey, type SurveyOptions, surveyModules } from '../../regions/module/find.js';
import { checkAcquisition, isMisplaced, isUnreadable } from '../../rules/acquisition.js';
import { type Placeable, type PlacedImage, placeImage } from '../place.js';

export interface Acquired {
  readonly placed: PlacedImage;
  readonly survey: ModuleSurvey;
  /** Null when the modules in it prove that it was read well, or when the input is no raw dump. */
  readonly acquisition: AcquisitionReport | null;
  readonly findings: readonly Finding[];
  /** False when the reading is so bad that the content says nothing about the board. */
  readonly judged: boolean;
}

/** An inferred base below this is a hint for the reader, not a place to put the bytes. */
const SURE_OF_BASE = 0.8;

export function acquire(input: Placeable, board: Board, options: SurveyOptions = {}): Acquired {
  const placed = placeImage(input, board);
  const survey = surveyModules(placed.image, board, options);
  const flash = flashOf(board);
  if (placed.special || placed.image.byteCount === 0 || isSound(placed, survey, flash)) {
    return { placed, survey, acquisition: null, findings: [], judged: true };
  }
  const acquisition = examineAcquisition(placed.image, board.chip);
  const explained = isExplained(placed, survey, flash);
  const findings = checkAcquisition(acquisition, { baseSource: placed.baseSource ?? undefined }).filter(
    (finding) => !(explained && isMisplaced(finding)),
  );
  const judged = !findings.some(isUnreadable);
  if (acquisition.transform) {
    const undone = { ...input, image: undoTransformOf(input.image, acquisition.transform) };
    const place = placeImage(undone, board);
    return { placed: place, survey: surveyModules(place.image, board, options), acquisition, findings, judged };
  }
  const { base } = acquisition;
  if (placed.base === null && base && base.confidence >= SURE_OF_BASE) {
    const moved: PlacedImage = {
      ...placed,
      image: placed.image.shift(base.address - acquisition.range.start),
      base: base.address,
      baseSource: 'inferred',
      baseReason: lowerFirst(base.reason).replace(/\.$/, ''),
    };
    const delta = base.address - acquisition.range.start;
    const shifted = findings.map((finding) => moveFinding(finding, delta));
    return {
      placed: moved,
      survey: surveyModules(moved.image, board, options),
      acquisition,
      findings: shifted,
      judged,
    };
  }
  return { placed, survey, acquisition, findings, judged: judged && !findings.some(isMisplaced) };
}

/** True when whole modules with right CRCs lie where they belong, which no badly read dump has. */
function isSound({ image, baseSource }: PlacedImage, survey: ModuleSurvey, flash: Memory): boolean {
  const span = image.span;
  if (!span || survey.modules.some(({ role }) => role === 'other')) return false;
  const sound = survey.modules.filter(({ module, role }) => module.crc === 'ok' && role !== 'other');
  if (sound.length === 0) return false;
  const [first] = sound;
  const alone = survey.modules.length === 1 && first?.module.address === span.start;
  if (alone && first.module.missing === 0 && baseSource !== 'given') return true;
  if (baseSource === 'file') return true;
  const systemParts = sound.filter(({ module, role }) => role === 'main' && module.function !== 'user-part');
  return systemParts.length > 1 && span.start === flash.start && sizeOf(span) === sizeOf(flash);
}

/** A copy in the OTA region speaks of its own address; where the map expects copies, that is no sign of a shifted dump. */
function isExplained({ image }: PlacedImage, { modules }: ModuleSurvey, flash: Memory): boolean {
  const span = image.span;
  if (!span || span.start !== flash.start || sizeOf(span) !== sizeOf(flash)) return false;
  return modules.some(({ module }) => module.crc === 'ok') && modules.every(({ role }) => role !== 'other');
}

/** A finding made before the bytes were moved to their place. */
function moveFinding(finding: Finding, delta: number): Finding {
  return { ...finding, start: finding.start + delta, end: finding.end + delta };
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
