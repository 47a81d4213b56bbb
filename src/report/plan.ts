/** The text of `plan`: steps with times, what is kept, changed and lost, what the board does afterwards, the script. */
import { formatAddress } from '../core/bytes.js';
import { formatCount, wrapText } from '../core/words.js';
import { shellWord } from '../operations/plan/scripts/quote.js';
import type { Change, Duration, NamedRange, Plan } from '../operations/plan/types.js';
import { bootFactsOf, type LedWords } from './boot.js';
import { renderColumns } from './columns.js';
import { type Fact, renderFacts } from './facts.js';
import type { Style } from './style.js';

export interface PlanTextOptions {
  readonly style: Style;
  readonly width: number;
  readonly board: string;
  /** The dump, or null: nobody has read the chip. */
  readonly from: string | null;
  readonly to: readonly string[];
  /** "OpenOCD 0.12 with an ST-LINK". */
  readonly tool: string;
  /** How an LED pattern looks. */
  readonly led: LedWords;
  readonly explain: boolean;
  /** Folder that was written, or null: the script is printed. */
  readonly folder: string | null;
}

export function renderPlan(plan: Plan, options: PlanTextOptions): string {
  const { style, width, explain, folder } = options;
  const head = heading(options);
  if (plan.steps.length === 0) {
    const rest = [paragraphs(plan.notes, width), section('Kept', ranges(plan.kept, style), style)];
    return `${[head, 'Nothing to do: the chip already holds everything the target gives.', ...rest].filter(Boolean).join('\n\n')}\n`;
  }
  const sections = [
    head,
    section('Mind', paragraphs(plan.warnings, width), style),
    section('Steps', explain ? explained(plan, style, width) : steps(plan, style), style),
    section('Changed', changes(plan.changes, style), style),
    section('Kept', ranges(plan.kept, style), style),
    section('Lost', plan.lost.length === 0 ? '  nothing' : ranges(plan.lost, style), style),
    section('Afterwards', afterwards(plan, options), style),
    section('Notes', paragraphs(plan.notes, width), style),
    section('To run it', running(plan, folder, width), style),
    ...(folder === null ? plan.scripts.map(({ name, text }) => section(name, text.trimEnd(), style)) : []),
  ];
  return `${sections.filter((text) => text !== '').join('\n\n')}\n`;
}

function heading({ board, from, to, tool, style, width }: PlanTextOptions): string {
  const facts: Fact[] = [
    ['from', from ?? 'a chip that nobody has read'],
    ...to.map((path): Fact => ['to', path]),
    ['with', tool],
  ];
  return `${style.bold(board)}\n${renderFacts(facts, width)}`;
}

function section(title: string, body: string, style: Style): string {
  return body === '' ? '' : `${style.bold(style.cyan(title))}\n${body}`;
}

function paragraphs(sentences: readonly string[], width: number): string {
  return sentences.map((sentence) => `- ${wrapText(sentence, width, '  ').trimStart()}`).join('\n');
}

const STEP_COLUMNS = [
  { title: '#', align: 'right' },
  { title: 'step' },
  { title: 'bytes', align: 'right' },
  { title: 'typically', align: 'right' },
  { title: 'at most', align: 'right' },
] as const;

function steps(plan: Plan, style: Style): string {
  const rows = plan.steps.map(({ number, title, bytes, ms }) => [
    `${number}`,
    title,
    bytes === 0 ? '' : formatCount(bytes),
    duration(ms.typical),
    duration(ms.max),
  ]);
  const total = ['', 'in all', '', duration(plan.total.typical), duration(plan.total.max)];
  return indent(renderColumns(STEP_COLUMNS, [...rows, total], style));
}

function explained({ steps: list, total }: Plan, style: Style, width: number): string {
  const lines = list.map(({ number, title, why, ms }) => {
    const head = `  ${style.bold(`${number}. ${title}`)}  ${style.dim(times(ms))}`;
    return why === '' ? head : `${head}\n${wrapText(why, width, '     ')}`;
  });
  return [...lines, `  in all ${times(total)}`].join('\n');
}

function times({ typical, max }: Duration): string {
  if (max === 0) return '';
  return `${duration(typical)}, at most ${duration(max)}`;
}

/** "0.4 s", "26 s", "1 min 19 s"; nothing for no time. */
export function duration(milliseconds: number): string {
  if (milliseconds === 0) return '';
  if (milliseconds < 10_000) return `${(Math.max(100, milliseconds) / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 120) return `${seconds} s`;
  const rest = seconds % 60;
  return `${Math.floor(seconds / 60)} min${rest === 0 ? '' : ` ${rest} s`}`;
}

function changes(list: readonly Change[], style: Style): string {
  const rows = list.map(({ what, start, end, bytes }) => [
    what,
    place(start, end),
    bytes === 0 ? '' : `${formatCount(bytes)} byte${bytes === 1 ? '' : 's'}`,
  ]);
  if (rows.length === 0) return '';
  const columns = [{ title: 'what', width: 60 }, { title: 'where' }, { title: 'differ', align: 'right' as const }];
  return indent(renderColumns(columns, rows, style));
}

function ranges(list: readonly NamedRange[], style: Style): string {
  if (list.length === 0) return '';
  const rows = list.map(({ what, start, end, reason }) => [what, place(start, end), reason]);
  return indent(
    renderColumns([{ title: 'what', width: 60 }, { title: 'where' }, { title: 'why', width: 50 }], rows, style),
  );
}

function place(start: number, end: number): string {
  return `${formatAddress(start)}-${formatAddress(end - 1)}`;
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => (line === '' ? line : `  ${line}`))
    .join('\n');
}

function afterwards({ after, known }: Plan, { style, width, led }: PlanTextOptions): string {
  const { green, yellow, red } = style;
  const paint = { pass: green, warn: yellow, fail: red }[after.verdict];
  const scope = known ? '' : ' (only what the target gives is known)';
  const lines = [wrapText(`${after.summary}${scope}: ${paint(after.verdict)}`, width, '  ')];
  // The other ends are for flashatlas boot.
  if (after.boot) lines.push(renderFacts(bootFactsOf({ ...after.boot, alternatives: [] }, led), width));
  return lines.join('\n');
}

function running({ scripts }: Plan, folder: string | null, width: number): string {
  const commands = scripts.map(({ run }) => `  ${run}`);
  if (folder !== null) return [`  cd ${shellWord(folder)}`, ...commands].join('\n');
  return [
    ...commands,
    wrapText(
      'The data files it needs are not written yet: say -o FOLDER to have script and data in one folder.',
      width,
      '  ',
    ),
  ].join('\n');
}
