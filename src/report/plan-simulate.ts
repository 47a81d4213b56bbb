/** The text of `simulate`. */
import { formatHex } from '../core/bytes.js';
import { wrapText } from '../core/words.js';
import type { InspectReport } from '../operations/inspect/report.js';
import type { Simulation } from '../operations/plan/simulate.js';
import { bootFactsOf, type LedWords } from './boot.js';
import { renderColumns } from './columns.js';
import { renderFacts } from './facts.js';
import { renderFindings, renderVerdict } from './findings.js';
import type { Style } from './style.js';

export interface SimulationTextOptions {
  readonly style: Style;
  readonly width: number;
  readonly title: string;
  /** How an LED pattern looks. */
  readonly led: LedWords;
  /** What inspect says of the state at the end. */
  readonly report: InspectReport;
}

const RESULTS = { done: 'done', failed: 'failed', cut: 'power cut', 'not-reached': '-' } as const;

export function renderSimulation(
  simulation: Simulation,
  { style, width, title, report, led }: SimulationTextOptions,
): string {
  const rows = simulation.log.map(({ step, result, text }) => [`${step}`, paint(result, style), text]);
  const columns = [
    { title: '#', align: 'right' as const },
    { title: 'result' },
    { title: 'step', width: Math.max(40, width - 20) },
  ];
  const serious = report.findings.filter(({ severity }) => severity !== 'note');
  const sections = [
    style.bold(title),
    renderColumns(columns, rows, style),
    `${style.bold(style.cyan('The chip now'))}\n${stateWords(simulation, report, width)}`,
    ...(report.boot
      ? [
          `${style.bold(style.cyan('What the board does'))}\n${renderFacts(bootFactsOf({ ...report.boot, alternatives: [] }, led), width)}`,
        ]
      : []),
    ...(serious.length > 0 ? [renderFindings(serious, style, width)] : []),
    renderVerdict(report.verdict, report.findings, style),
  ];
  return `${sections.join('\n\n')}\n`;
}

function paint(result: keyof typeof RESULTS, style: Style): string {
  const word = RESULTS[result];
  if (result === 'done') return style.green(word);
  return result === 'not-reached' ? style.dim(word) : style.red(word);
}

function stateWords({ outcome, stoppedAt, optcr }: Simulation, report: InspectReport, width: number): string {
  const how =
    outcome === 'done'
      ? 'Every step is done.'
      : outcome === 'failed'
        ? `The tool stopped at step ${stoppedAt}.`
        : stoppedAt === 0
          ? 'The power failed before the first step.'
          : `The power failed at step ${stoppedAt}.`;
  const unknown = report.coverage.absent;
  const known = unknown > 0 ? ` What ${unknown} bytes hold is not known.` : '';
  return wrapText(`${how} ${report.summary}; option bytes ${formatHex(optcr, 8)}.${known}`, width, '  ');
}
