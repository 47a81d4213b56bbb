/** The drawing of `map`: characters for a terminal, SVG for a document. */
import { formatAddress } from '../core/bytes.js';
import { formatCount, formatSize } from '../core/words.js';
import type { MapSector } from '../operations/map.js';
import type { ByteClass } from '../regions/account.js';
import type { Paint, Style } from './style.js';

/** One character per class: told apart without colour, on any terminal. */
const GLYPHS: Readonly<Record<ByteClass, string>> = {
  module: '#',
  dct: 'D',
  eeprom: 'E',
  erased: '.',
  fill: '-',
  unknown: '?',
  absent: ' ',
};

const PAINTS: Readonly<Record<ByteClass, Paint>> = {
  module: 'green',
  dct: 'magenta',
  eeprom: 'cyan',
  erased: 'dim',
  fill: 'dim',
  unknown: 'yellow',
  absent: 'dim',
};

/** Fill colours of the drawing: distinguishable for colour-blind readers and in print. */
const FILLS: Readonly<Record<ByteClass, string>> = {
  module: '#2f7d5b',
  dct: '#8a4fa3',
  eeprom: '#2b6cb0',
  erased: '#e8e8e4',
  fill: '#c9c9c2',
  unknown: '#d99a1c',
  absent: '#ffffff',
};

const CELLS_PER_LINE = 64;

export function renderMap(sectors: readonly MapSector[], cellBytes: number, style: Style): string {
  const lines: string[] = [];
  for (const sector of sectors) {
    const head = `${`${sector.number}`.padStart(2)}  ${formatAddress(sector.start)}  ${formatSize(sector.size).padStart(7)}`;
    for (let first = 0; first < sector.cells.length; first += CELLS_PER_LINE) {
      const cells = sector.cells.slice(first, first + CELLS_PER_LINE);
      const drawn = cells.map((cell) => style[PAINTS[cell.class]](GLYPHS[cell.class])).join('');
      const padding = ' '.repeat(CELLS_PER_LINE - cells.length);
      const left = first === 0 ? head : ' '.repeat(head.length);
      const right = first === 0 ? sector.regions.join(' ') : '';
      lines.push(`${left}  |${drawn}|${padding}  ${right}`.trimEnd());
    }
  }
  const used = new Set(sectors.flatMap((sector) => sector.cells.map((cell) => cell.class)));
  const legend = [...used].map((name) => `${style[PAINTS[name]](GLYPHS[name])} ${name}`).join('   ');
  lines.push('', `${legend}   one character = ${formatCount(cellBytes)} bytes`);
  return `${lines.join('\n')}\n`;
}

const SVG_WIDTH = 960;
const LEFT = 190;
const RIGHT = 250;
const HEADER = 48;
/** Pixels for 16 KiB. */
const UNIT = 9;

/** A standing drawing: heights are to scale, one band per sector. */
export function renderMapSvg(sectors: readonly MapSector[], title: string): string {
  const bandWidth = SVG_WIDTH - LEFT - RIGHT;
  const parts: string[] = [];
  let y = HEADER;
  for (const sector of sectors) {
    const height = Math.max(20, (sector.size / 0x4000) * UNIT);
    const step = height / sector.cells.length;
    for (const [index, cell] of sector.cells.entries()) {
      const top = (y + index * step).toFixed(2);
      parts.push(
        `<rect x="${LEFT}" y="${top}" width="${bandWidth}" height="${(step + 0.05).toFixed(2)}" fill="${FILLS[cell.class]}"/>`,
      );
    }
    parts.push(`<rect x="${LEFT}" y="${y}" width="${bandWidth}" height="${height}" fill="none" stroke="#333"/>`);
    const middle = y + height / 2 + 4;
    parts.push(
      `<text x="${LEFT - 10}" y="${middle}" text-anchor="end">${sector.number}  ${formatAddress(sector.start)}  ${formatSize(sector.size)}</text>`,
      `<text x="${SVG_WIDTH - RIGHT + 10}" y="${middle}">${escapeXml(sector.regions.join(' '))}</text>`,
    );
    const label = sector.labels.join(', ');
    if (label) {
      parts.push(
        `<text x="${LEFT + bandWidth / 2}" y="${middle}" text-anchor="middle" class="label">${escapeXml(label)}</text>`,
      );
    }
    y += height;
  }
  const legend = legendOf(sectors, y + 28);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SVG_WIDTH} ${Math.ceil(y + 48)}" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="12">`,
    `<title>${escapeXml(title)}</title>`,
    '<style>text{fill:#222}.label{fill:#fff;paint-order:stroke;stroke:#222;stroke-width:3px;stroke-linejoin:round}.head{font-size:15px;font-weight:bold}</style>',
    `<rect width="100%" height="100%" fill="#fff"/>`,
    `<text x="20" y="30" class="head">${escapeXml(title)}</text>`,
    ...parts,
    legend,
    '</svg>',
    '',
  ].join('\n');
}

function legendOf(sectors: readonly MapSector[], y: number): string {
  const used = [...new Set(sectors.flatMap((sector) => sector.cells.map((cell) => cell.class)))];
  return used
    .map((name, index) => {
      const x = LEFT + index * 100;
      return `<rect x="${x}" y="${y - 10}" width="14" height="12" fill="${FILLS[name]}" stroke="#333"/><text x="${x + 20}" y="${y}">${name}</text>`;
    })
    .join('\n');
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
