/** The text of `diagnose --log`. */
import { formatCount, wrapText } from '../core/words.js';
import type { LogMessage, LogReport } from '../operations/diagnose/log.js';
import type { TextOptions } from './inspect.js';
import { bullets, numbered, titled } from './paragraphs.js';
import type { Paint, Style } from './style.js';

const PAINT: Readonly<Record<LogMessage['severity'], Paint>> = {
  noise: 'dim',
  progress: 'dim',
  warning: 'yellow',
  failure: 'red',
  success: 'green',
};
const INDENT = ' '.repeat(16);

export function renderLog(report: LogReport, { style, width }: TextOptions): string {
  const { lineCount, knownLines, messages, leftOff, summary } = report;
  const left = lineCount - knownLines;
  const alone = left === 0 ? '' : ` ${formatCount(left)} ${left === 1 ? 'is' : 'are'} not known and left alone.`;
  const head = `${formatCount(lineCount)} ${lineCount === 1 ? 'line' : 'lines'}, ${formatCount(knownLines)} explained.${alone}`;
  const sections = [head];
  if (messages.length > 0) {
    const lines = messages.map((message, index) => renderMessage(message, messages[index - 1], style, width));
    if (leftOff > 0) lines.push(`${formatCount(leftOff)} more messages are not listed.`);
    sections.push(lines.join('\n'));
  }
  sections.push(titled('Summary', paragraphs(summary.text, width), style));
  if (summary.next.length > 0) sections.push(titled('What to do next', numbered(summary.next, width), style));
  if (summary.asks.length > 0)
    sections.push(titled('What the text does not show', bullets(summary.asks, width), style));
  return `${sections.join('\n\n')}\n`;
}

function renderMessage(message: LogMessage, previous: LogMessage | undefined, style: Style, width: number): string {
  const { line, severity, text, meaning, action, repeats, more } = message;
  const number = previous?.line === line ? '' : `${line}`;
  const head = `${number.padStart(5)}  ${style[PAINT[severity]](severity.padEnd(8))} ${text}`;
  if (repeats !== null) return `${head}\n${style.dim(`${INDENT}the same as line ${repeats}`)}`;
  const said = more > 0 ? `${meaning} The same in ${formatCount(more)} more.` : meaning;
  const lines = [head, wrapText(said, width, INDENT)];
  if (action !== null) lines.push(wrapText(`-> ${action}`, width, INDENT));
  return lines.join('\n');
}

function paragraphs(texts: readonly string[], width: number): string {
  return texts.map((text) => wrapText(text, width, '  ')).join('\n');
}
