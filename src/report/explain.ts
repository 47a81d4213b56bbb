/** The text of `explain`. */
import { formatRange } from '../core/bytes.js';
import { wrapText } from '../core/words.js';
import type { Explanation } from '../operations/explain/explanation.js';
import { renderColumns } from './columns.js';
import { renderRoutes } from './diagnose.js';
import { renderFacts } from './facts.js';
import type { TextOptions } from './inspect.js';
import { basisRemark, renderLedPattern, renderSosCode } from './led.js';
import type { Style } from './style.js';

/** More patterns or codes than this become a table. */
const DRAWN = 6;

export function renderExplanation(explained: Explanation, { style, width }: TextOptions): string {
  const { title, text, facts, leds, sos, routes, sectors, source, see, basis } = explained;
  const sections = [style.bold(title)];
  const paragraphs = text.map((paragraph) => wrapText(paragraph, width)).join('\n\n');
  if (paragraphs !== '') sections.push(paragraphs);
  if (facts.length > 0) sections.push(renderFacts(facts, width));
  if (leds.length > DRAWN) sections.push(ledTable(explained, style, width));
  else if (leds.length > 0)
    sections.push(
      leds
        .map((led) => renderLedPattern(led, style, width))
        .join('\n')
        .trimEnd(),
    );
  if (sos.length > 1) sections.push(sosTable(explained, style));
  else if (sos[0]) sections.push(renderSosCode(sos[0], sos[0].steps, style, width).trimEnd());
  if (routes.length > 0) sections.push(renderRoutes(routes, style, width));
  if (sectors.length > 0) sections.push(sectorTable(explained, style));
  const last = [
    ...(source === null || sos.length === 1 ? [] : [`Source: ${source}${basisRemark(basis)}`]),
    ...(see.length === 0 ? [] : [`See also: ${see.map((word) => `flashatlas explain ${word}`).join('; ')}`]),
  ];
  if (last.length > 0) sections.push(style.dim(last.map((line) => wrapText(line, width)).join('\n')));
  return `${sections.join('\n\n')}\n`;
}

function ledTable({ leds }: Explanation, style: Style, width: number): string {
  const ids = Math.max(...leds.map(({ id }) => id.length));
  const rest = Math.max(40, width - ids - 4);
  const looks = Math.floor(rest * 0.4);
  const columns = [{ title: 'id' }, { title: 'looks like', width: looks }, { title: 'means', width: rest - looks }];
  const rows = leds.map(({ id, title, meaning }) => [id, title, meaning]);
  return renderColumns(columns, rows, style);
}

function sosTable({ sos }: Explanation, style: Style): string {
  const columns = [{ title: 'flashes', align: 'right' as const }, { title: 'name' }, { title: 'since' }];
  return renderColumns(
    columns,
    sos.map(({ code, name, since }) => [`${code}`, name, since ?? '']),
    style,
  );
}

function sectorTable({ sectors }: Explanation, style: Style): string {
  const columns = [
    { title: ' #', align: 'right' as const },
    { title: 'address' },
    { title: 'holds' },
    { title: 'state' },
  ];
  const rows = sectors.map((sector) => [
    `${sector.number}`,
    formatRange(sector),
    sector.regions.join(' '),
    sector.protected ? style.yellow('protected') : 'open',
  ]);
  return renderColumns(columns, rows, style);
}
