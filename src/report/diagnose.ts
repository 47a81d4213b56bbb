/** The text of `diagnose`. */
import { nameInText, wrapText } from '../core/words.js';
import type { Basis } from '../layout/led.js';
import { outcomeWords } from '../operations/boot-words.js';
import type {
  CauseReport,
  Confidence,
  Diagnosis,
  EvidenceReport,
  Expectation,
  RouteReport,
  StepReport,
} from '../operations/diagnose/diagnose.js';
import { type Fact, plural, renderFacts } from './facts.js';
import type { TextOptions } from './inspect.js';
import { ledInWords, lookOf } from './led.js';
import { bullets, hanging, titled } from './paragraphs.js';
import type { Paint, Style } from './style.js';

const INDENT = '   ';
const CONFIDENCE: Readonly<Record<Confidence, readonly [words: string, paint: Paint]>> = {
  likely: ['likely', 'red'],
  possible: ['possible', 'yellow'],
  open: ['no evidence for or against', 'dim'],
  unlikely: ['unlikely: the dump speaks against it', 'dim'],
};
const SIGNS: Readonly<Record<EvidenceReport['side'], string>> = { for: '+', against: '-', note: '.' };
/** Told in full; the rest by name. */
const FULL = 3;

export function renderDiagnosis(diagnosis: Diagnosis, { style, width }: TextOptions): string {
  const { causes, routes, remarks } = diagnosis;
  const sections = [head(diagnosis, style, width)];
  if (routes.length > 0) sections.push(titled('Ways into DFU', renderRoutes(routes, style, width), style));
  if (causes.length === 0) sections.push(nothingFound(diagnosis));
  const told = causes.filter((cause, index) => isTold(cause, index, diagnosis));
  for (const [index, cause] of told.entries()) sections.push(renderCause(cause, index + 1, style, width));
  const aside = causes.filter((cause) => !told.includes(cause) && !cause.explains);
  if (aside.length > 0) sections.push(titled('Found beside what was reported', asideList(aside, style, width), style));
  const rest = causes.filter((cause) => !told.includes(cause) && cause.explains);
  if (rest.length > 0) sections.push(titled('Less likely', shortList(rest, style), style));
  if (remarks.length > 0) sections.push(titled('Mind', bullets(remarks, width), style));
  return `${sections.join('\n\n')}\n`;
}

/** In full: the first, others with evidence, and without a dump the first few. */
function isTold({ confidence, explains }: CauseReport, index: number, diagnosis: Diagnosis): boolean {
  if (index === 0) return true;
  const asked = diagnosis.leds.length > 0 || diagnosis.symptoms.length > 0;
  if (asked && !explains) return false;
  if (diagnosis.input === null && confidence === 'open') return index < FULL;
  return confidence === 'likely' || (confidence === 'possible' && index < FULL);
}

function head({ input, facts, leds, sos, symptoms, expected }: Diagnosis, style: Style, width: number): string {
  const rows: Fact[] = [];
  if (input) {
    rows.push(['Input', nameInText(input.path)]);
    if (facts.versions) rows.push(['Modules', `${facts.versions}`]);
    if (facts.dct !== 'absent') rows.push(['Configuration', configuration(facts)]);
    if (expected) rows.push(['At reset', expectedWords(expected)]);
    if (facts.optcr === 'known') rows.push(['Option bytes', options(facts)]);
  }
  for (const pattern of leds.slice(0, FULL))
    rows.push(['LED', [ledInWords(pattern), pattern.note].filter(Boolean).join(' ')]);
  if (leds.length > FULL) rows.push(['', `and ${plural(leds.length - FULL, 'more pattern')}`]);
  if (sos !== null) rows.push(['SOS code', `${sos.code}, ${sos.name}: ${sos.meaning}`]);
  for (const { title } of symptoms) rows.push(['Symptom', title]);
  return `${style.bold('Diagnosis')}\n${renderFacts(rows, width)}`;
}

/** What the flash leads to, and how the light that was seen goes with it. */
function expectedWords({ led, outcome, confidence, agrees, condition }: Expectation): string {
  const light = led ? `, LED ${lookOf(led)}` : '';
  const sure = confidence === 'certain' ? '' : ` (${confidence})`;
  const leads = `the board ${outcomeWords(outcome)}${light}${sure}.`;
  if (agrees === 'yes') return `${leads} That is what was seen.`;
  if (agrees === 'under-condition') return `${leads} What was seen comes instead when ${condition}.`;
  if (agrees === 'no')
    return `${leads} What was seen does not follow from it: the dump may be of another moment or board.`;
  return leads;
}

function configuration(facts: Diagnosis['facts']): string {
  if (facts.dct !== 'current') return facts.dctErased ? 'both DCT copies are erased' : 'no DCT copy is usable';
  const code = facts.claimCode ? 'a claim code is stored (masked)' : 'no claim code';
  return `device key ${facts.deviceKey}, server key ${facts.serverKey}, Wi-Fi ${facts.wifi}, ${facts.claimed ? 'claimed' : 'not claimed'}, ${code}, device id ${facts.deviceId}`;
}

function options(facts: Diagnosis['facts']): string {
  const level = facts.brownOutLevel === 0 ? 'off' : `level ${facts.brownOutLevel}`;
  return `${facts.optcrWord}: brown-out reset ${level}, read protection level ${facts.readProtectionLevel}, write protected sectors ${facts.protectedSectors}`;
}

const GOOD_ENDS: readonly Expectation['outcome'][] = ['runs', 'runs-offline', 'connecting'];

function nothingFound({ input, symptoms, expected }: Diagnosis): string {
  if (symptoms.some(({ id }) => id === 'no-dfu-button')) return 'That is no fault: take one of the ways above.';
  if (expected && !GOOD_ENDS.includes(expected.outcome)) {
    return 'No known cause fits, but with this content the board does not run its application: flashatlas boot shows\nwhere it stops, flashatlas check what is wrong.';
  }
  return input ? 'Nothing in this dump explains a fault.' : 'Give a dump, --led, --symptom or --log.';
}

function renderCause(cause: CauseReport, number: number, style: Style, width: number): string {
  const [words, paint] = CONFIDENCE[cause.confidence];
  const lines = [`${style.bold(`${number}. ${cause.title}`)}  ${style[paint](`[${words}]`)}`];
  lines.push(wrapText(cause.says, width, INDENT));
  for (const { side, text } of cause.evidence) lines.push(hanging(`${SIGNS[side]} `, text, width, INDENT));
  if (cause.tell.length > 0) lines.push(`${INDENT}${style.cyan('To be sure')}`, steps(cause.tell, width, false));
  if (cause.repair.length > 0) lines.push(`${INDENT}${style.cyan('Repair')}`, steps(cause.repair, width, true));
  lines.push(style.dim(wrapText(`Basis: ${basisWords(cause.basis)}${cause.source}`, width, INDENT)));
  return lines.join('\n');
}

function basisWords(basis: Basis): string {
  if (basis === 'source') return '';
  return basis === 'derived' ? 'derived, not seen on hardware. ' : 'a hypothesis. ';
}

function steps(list: readonly StepReport[], width: number, numbered: boolean): string {
  return list
    .flatMap(({ text, commands }, index) => [
      hanging(numbered ? `${index + 1}. ` : '* ', text, width, INDENT),
      ...commands.map((command) => `${INDENT}   $ ${command}`),
    ])
    .join('\n');
}

/** The ways, with those that are open first; without any evidence only what each needs. */
export function renderRoutes(routes: readonly RouteReport[], style: Style, width: number): string {
  const judged = routes.some(({ allowed }) => allowed !== null);
  const rank = ({ allowed }: RouteReport): number => (allowed === true ? 0 : allowed === null ? 1 : 2);
  return [...routes]
    .sort((a, b) => rank(a) - rank(b))
    .map((route) => renderRoute(route, judged, style, width))
    .join('\n');
}

function renderRoute(route: RouteReport, judged: boolean, style: Style, width: number): string {
  const { title, needs, how, commands, allowed, reason, basis } = route;
  const mark = allowed === true ? style.green('[open]') : allowed === false ? style.red('[closed]') : '[not known]';
  const remark = basis === 'source' ? '' : ` (${basisWords(basis).trim().replace(/\.$/, '')})`;
  const lines = [
    judged ? `${mark} ${style.bold(title)}` : `- ${style.bold(title)}`,
    wrapText(`Needs ${needs}.${judged ? ` ${reason}` : ''}${remark}`, width, INDENT),
  ];
  if (allowed !== false)
    lines.push(wrapText(how, width, INDENT), ...commands.map((command) => `${INDENT}$ ${command}`));
  return lines.join('\n');
}

function asideList(causes: readonly CauseReport[], style: Style, width: number): string {
  return causes
    .map(({ title, confidence, evidence }) => {
      const [words, paint] = CONFIDENCE[confidence];
      const lines = evidence.filter(({ side }) => side === 'for').map(({ text }) => hanging('+ ', text, width, INDENT));
      return [`- ${title}  ${style[paint](`[${words}]`)}`, ...lines].join('\n');
    })
    .join('\n');
}

function shortList(causes: readonly CauseReport[], style: Style): string {
  return causes
    .map(({ title, confidence }) => {
      const [words, paint] = CONFIDENCE[confidence];
      return `- ${title}  ${style[paint](`[${words}]`)}`;
    })
    .join('\n');
}
