/** The texts of `layouts`. */
import { formatSize, wrapText } from '../core/words.js';
import type { ChipDescription, LayoutDescription, MapDescription } from '../layout/describe.js';
import type { Board, Chip } from '../layout/types.js';
import type { Style } from './style.js';
import { renderTable } from './table.js';

interface Options {
  readonly style: Style;
  readonly width: number;
}

export function renderLayoutList(boards: readonly Board[], chips: readonly Chip[], style: Style): string {
  const boardRows = boards.map(({ id, name, vendor, chip }) => [id, name, vendor, chip.id]);
  const chipRows = chips.map((chip) => {
    const size = (kind: string): string => {
      const memories = chip.memories.filter((memory) => memory.kind === kind);
      return formatSize(memories.reduce((total, memory) => total + memory.end - memory.start, 0));
    };
    return [chip.id, chip.name, size('flash'), size('ram')];
  });
  return [
    style.bold(style.cyan('Boards')),
    renderTable([{ title: 'id' }, { title: 'name' }, { title: 'vendor' }, { title: 'chip' }], boardRows, style),
    '',
    style.bold(style.cyan('Chips')),
    renderTable(
      [{ title: 'id' }, { title: 'name' }, { title: 'flash', align: 'right' }, { title: 'RAM', align: 'right' }],
      chipRows,
      style,
    ),
    '',
  ].join('\n');
}

export function renderChip(chip: ChipDescription, { style, width }: Options): string {
  const lines = [
    `${style.bold(chip.name)} (${chip.id}), ${chip.vendor} ${chip.family}, ${chip.core}${chip.deviceId ? `, DEV_ID ${chip.deviceId}` : ''}`,
    '',
  ];
  for (const memory of chip.memories) {
    lines.push(`${memory.start}  ${formatSize(memory.size).padStart(8)}  ${style.bold(memory.title)} (${memory.id})`);
    for (const { first, last, size } of memory.sectors) {
      lines.push(
        first === last
          ? `              sector ${first}: ${formatSize(size)}`
          : `              sectors ${first}-${last}: ${formatSize(size)} each`,
      );
    }
    lines.push(style.dim(wrapText(`source: ${memory.source}`, width, '              ')));
  }
  return `${lines.join('\n')}\n`;
}

export function renderLayout(board: LayoutDescription, options: Options): string {
  const { style, width } = options;
  const platform = board.platform ? `, platform ${board.platform.id} (${board.platform.name})` : '';
  const lines = [`${style.bold(board.name)} (${board.id}), ${board.vendor}, ${board.chip.name}${platform}`];
  for (const map of board.maps) lines.push('', renderMapOf(map, options));
  if (board.dfu) {
    lines.push('', style.bold(style.cyan(`USB DFU ${board.dfu.usbId}`)));
    for (const alternate of board.dfu.alternates) lines.push(`  alternate ${alternate.number}  ${alternate.layout}`);
    for (const refusal of board.dfu.refusals) {
      const text = `refuses ${refusal.start} + ${formatSize(refusal.size)} on alternate ${refusal.alternate}: ${refusal.reason} ${refusal.instead}`;
      lines.push(wrapText(text, width, '  '));
    }
  }
  return `${lines.join('\n')}\n`;
}

function renderMapOf(map: MapDescription, { style, width }: Options): string {
  const title = map.variant ? `Map ${map.variant}: ${map.title}${map.isDefault ? ' (default)' : ''}` : 'Map';
  const rows = map.regions.map((region) => [
    region.start,
    formatSize(region.size),
    region.sectors ? (region.sectors[0] === region.sectors[1] ? `${region.sectors[0]}` : region.sectors.join('-')) : '',
    region.id,
    region.title,
    region.about.boot,
  ]);
  const table = renderTable(
    [
      { title: 'address' },
      { title: 'size', align: 'right' },
      { title: 'sectors' },
      { title: 'id' },
      { title: 'title' },
      { title: 'boot' },
    ],
    rows,
    style,
  );
  const sources = [...new Set(map.regions.map((region) => region.source))];
  const list = sources.map((source) => style.dim(wrapText(`source: ${source}`, width))).join('\n');
  return `${style.bold(style.cyan(title))}\n${table}\n${list}`;
}

export function renderProblems(
  results: readonly {
    readonly file: string;
    readonly problems: readonly { readonly message: string; readonly help: string }[];
  }[],
  style: Style,
): string {
  return results
    .map(({ file, problems }) => {
      if (problems.length === 0) return `${file}: ${style.green('right')}\n`;
      const lines = problems.map((problem) => `  ${style.red('error')} ${problem.message}\n        ${problem.help}`);
      return `${file}: ${style.red(`${problems.length} problem${problems.length === 1 ? '' : 's'}`)}\n${lines.join('\n')}\n`;
    })
    .join('');
}
