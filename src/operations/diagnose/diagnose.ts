/**
 * diagnose: why a board does what it does. Causes are data; here they are weighed by what the LED shows, by what people
 * report, and by the evidence of a dump. Without a dump they are candidates and nothing more.
 */
import type { BootPrediction } from '../../boot/types.js';
import {
  type Cause,
  type Condition,
  causes,
  type DfuRoute,
  dfuRoutes,
  type Step,
  type Symptom,
} from '../../layout/causes.js';
import { type Basis, type LedPattern, ledPattern, type SosCode, sosCodes } from '../../layout/led.js';
import type { LedMatch } from '../../layout/led-words.js';
import type { Board } from '../../layout/types.js';
import type { Inspection } from '../inspect/inspect.js';
import type { InspectedInput } from '../inspect/report.js';
import type { OptionBytesSummary } from '../inspect/summaries.js';
import { denied, holds, withFacts } from './condition.js';
import { type Facts, factsOf, NO_FACTS, optionFacts } from './facts.js';

export interface Complaint {
  readonly led: LedMatch | null;
  readonly symptoms: readonly Symptom[];
}

/** likely: strong evidence. possible: some evidence, or a hypothesis with strong evidence. open: none either way. unlikely: evidence against it. */
export type Confidence = 'likely' | 'possible' | 'open' | 'unlikely';

export interface EvidenceReport {
  /** for, against, or a fact beside the matter. */
  readonly side: 'for' | 'against' | 'note';
  readonly text: string;
}

export type StepReport = Omit<Step, 'when'>;

export interface CauseReport {
  readonly id: string;
  readonly title: string;
  readonly says: string;
  readonly confidence: Confidence;
  /** Whether it explains the LED or the symptom that was given. */
  readonly explains: boolean;
  readonly score: number;
  readonly evidence: readonly EvidenceReport[];
  readonly tell: readonly StepReport[];
  readonly repair: readonly StepReport[];
  readonly basis: Basis;
  readonly source: string;
}

export interface RouteReport {
  readonly id: string;
  readonly title: string;
  readonly needs: string;
  readonly how: string;
  readonly commands: readonly string[];
  /** Null: the dump does not say. */
  readonly allowed: boolean | null;
  readonly reason: string;
  readonly basis: Basis;
  readonly source: string;
}

/** What the boot model expects of this flash content, against what is seen. */
export interface Expectation {
  readonly outcome: BootPrediction['outcome'];
  readonly confidence: BootPrediction['confidence'];
  readonly led: LedPattern | null;
  /** Whether the light that was seen is that one, or one that the model allows under a condition; null: none was given. */
  readonly agrees: 'yes' | 'under-condition' | 'no' | null;
  readonly condition: string | null;
}

export interface Diagnosis {
  readonly input: InspectedInput | null;
  readonly facts: Facts['values'];
  readonly leds: readonly LedPattern[];
  readonly sos: SosCode | null;
  readonly symptoms: readonly Symptom[];
  /** The likeliest first. */
  readonly causes: readonly CauseReport[];
  /** Ways into DFU; only where that was asked. */
  readonly routes: readonly RouteReport[];
  /** What a dump cannot say, and what a program on the board could destroy. */
  readonly remarks: readonly string[];
  readonly expected: Expectation | null;
}

/** Evidence of this weight alone makes a cause likely. */
const STRONG = 3;
/** Causes beside the complaint are told only with strong evidence. */
const ASIDE = 4;
const BOOT_WEIGHT = 2;
/** Platform ids of Photon and P1, which share one memory map. */
const WRITTEN_FOR: readonly number[] = [6, 8];

/** What is known without a dump. */
export interface DiagnoseOptions {
  /** Option bytes that were read apart; with a dump they belong to its inspection. */
  readonly optionBytes?: OptionBytesSummary | null;
  /** Default: the board of the inspection, else the P1 the causes are written for. */
  readonly board?: Board | undefined;
}

export function diagnose(
  inspection: Inspection | null,
  complaint: Complaint,
  { optionBytes = null, board = inspection?.board }: DiagnoseOptions = {},
): Diagnosis {
  const facts = inspection
    ? factsOf(inspection)
    : { ...NO_FACTS, values: { ...NO_FACTS.values, ...optionFacts(optionBytes) } };
  const boot = inspection?.report.boot ?? null;
  const reports = causes()
    .map((cause) => ({ cause, report: weigh(cause, complaint, facts, boot, board) }))
    .filter(({ cause, report }) => isCandidate(cause, report, complaint))
    .map(({ report }) => report)
    .sort(order);
  const asksRoute = complaint.symptoms.some(({ id }) => id === 'no-dfu-button');
  return {
    input: inspection?.report.input ?? null,
    facts: facts.values,
    leds: complaint.led?.patterns ?? [],
    sos: sosCodes().find(({ code }) => code === complaint.led?.sos) ?? null,
    symptoms: complaint.symptoms,
    causes: reports,
    routes: asksRoute ? routesFor(facts) : [],
    remarks: [...doubts(inspection), ...remarks(facts, complaint, inspection !== null, board)],
    expected: boot && expectation(boot, complaint),
  };
}

function order(a: CauseReport, b: CauseReport): number {
  return Number(b.explains) - Number(a.explains) || RANK[b.confidence] - RANK[a.confidence] || b.score - a.score;
}

const RANK: Readonly<Record<Confidence, number>> = { likely: 3, possible: 2, open: 1, unlikely: 0 };

function isCandidate(
  { onlyWhenAsked }: Cause,
  { explains, evidence, score, confidence }: CauseReport,
  { led, symptoms }: Complaint,
): boolean {
  const asked = led !== null || symptoms.length > 0;
  if (asked && explains) return true;
  if (confidence === 'unlikely' || onlyWhenAsked) return false;
  const has = evidence.some(({ side }) => side === 'for');
  return has && score >= (asked ? ASIDE : 1);
}

function weigh(
  cause: Cause,
  { led, symptoms }: Complaint,
  facts: Facts,
  boot: BootPrediction | null,
  board: Board | undefined,
): CauseReport {
  const leds = led?.patterns.map(({ id }) => id) ?? [];
  // The first pattern is the best match; the others are near it.
  const ledWeight = Math.max(0, ...leds.map((id, index) => (cause.leds[id] ?? 0) - (index === 0 ? 0 : 1)));
  const symptomWeight = symptoms.reduce((sum, { id }) => sum + (cause.symptoms[id] ?? 0), 0);
  const found = cause.evidence.filter(({ when }) => holds(when, facts));
  const evidenceWeight = found.reduce((sum, { weight }) => sum + weight, 0);
  const predicted = boot !== null && cause.leds[boot.led] !== undefined;
  const bootWeight = predicted && evidenceWeight > 0 ? BOOT_WEIGHT : 0;
  const evidence = found.map(
    ({ weight, text }): EvidenceReport => ({
      side: weight > 0 ? 'for' : weight < 0 ? 'against' : 'note',
      text: withFacts(text, facts),
    }),
  );
  return {
    id: cause.id,
    title: cause.title,
    says: cause.says,
    confidence: confidenceOf(evidenceWeight, evidence),
    explains: ledWeight > 0 || symptomWeight > 0,
    score: ledWeight + symptomWeight + evidenceWeight + bootWeight,
    evidence,
    tell: stepsFor(cause.tell, facts, board),
    repair: stepsFor(cause.repair, facts, board),
    basis: cause.basis,
    source: cause.source,
  };
}

/** The steps that the facts do not make pointless. */
function stepsFor(steps: readonly Step[], facts: Facts, board: Board | undefined): StepReport[] {
  return steps
    .filter(({ when }) => when === undefined || !denied(when, facts))
    .map(({ text, commands }) => ({ text, commands: commandsFor(commands, board) }));
}

const P1_DFU_ID = '2b04:d008';

/** Commands with the USB id of the board. */
function commandsFor(commands: readonly string[], board: Board | undefined): string[] {
  const { dfu } = board ?? {};
  const hex = (value: number): string => value.toString(16).padStart(4, '0');
  const id = dfu ? `${hex(dfu.vendor)}:${hex(dfu.product)}` : P1_DFU_ID;
  return commands.map((command) => command.replaceAll(P1_DFU_ID, id));
}

function confidenceOf(weight: number, evidence: readonly EvidenceReport[]): Confidence {
  if (weight >= STRONG) return 'likely';
  if (weight > 0) return 'possible';
  return weight < -1 && evidence.some(({ side }) => side === 'against') ? 'unlikely' : 'open';
}

export function routesFor(facts: Facts): RouteReport[] {
  return dfuRoutes().map((route) => {
    const allowed = allowedBy(route, facts);
    const { id, title, needs, how, commands, basis, source } = route;
    const unknown = withFacts(route.unknown ?? 'What was given does not say whether it works.', facts);
    const reason = allowed === null ? unknown : allowed ? route.yes : route.no;
    return { id, title, needs, how, commands, allowed, reason, basis, source };
  });
}

function allowedBy({ possible, impossible }: DfuRoute, facts: Facts): boolean | null {
  const says = (condition: Condition): boolean => holds(condition, facts);
  return says(impossible) ? false : says(possible) ? true : null;
}

function expectation(boot: BootPrediction, { led }: Complaint): Expectation {
  const { outcome, confidence, alternatives } = boot;
  const seen = led?.patterns.map(({ id }) => id) ?? [];
  const expected = { outcome, confidence, led: ledPattern(boot.led) ?? null };
  if (led === null) return { ...expected, agrees: null, condition: null };
  if (seen.includes(boot.led)) return { ...expected, agrees: 'yes', condition: null };
  const other = alternatives.find((alternative) => seen.includes(alternative.led));
  return { ...expected, agrees: other ? 'under-condition' : 'no', condition: other?.condition ?? null };
}

/** What keeps the file from being a true picture of the chip: causes that are missing here may be in what was not read. */
function doubts(inspection: Inspection | null): string[] {
  const findings = inspection?.report.findings ?? [];
  return findings
    .filter(({ rule, severity }) => rule.startsWith('acquisition/') && severity !== 'note')
    .map(
      ({ message, remedy }) =>
        `The file may be no true picture of the chip. ${[message, remedy].filter(Boolean).join(' ')}`,
    );
}

function remarks({ values }: Facts, { led }: Complaint, hasDump: boolean, board: Board | undefined): string[] {
  const found: string[] = [];
  if (board && !WRITTEN_FOR.includes(board.platform?.id ?? 0)) {
    found.push(
      `Causes, addresses and commands are written for P1 and Photon; ${board.name} has some of them elsewhere.`,
    );
  }
  if (!hasDump)
    found.push('No dump was given: these are candidates without evidence. A dump decides between most of them.');
  if (hasDump && values.optcr === 'unknown') {
    found.push('A flash dump holds no option bytes. Read OPTCR (0x40023C14) and give it with --optcr.');
  }
  if (values.optcr === 'known') {
    found.push(
      `Write protected sectors: ${values.protectedSectors}. A program on the board can erase or overwrite: ${values.openRegions}.`,
    );
  }
  if (led?.patterns.some(({ themed }) => themed)) {
    found.push('From 0.6.1 on an application can choose other colours: the colour alone proves nothing.');
  }
  return found;
}
