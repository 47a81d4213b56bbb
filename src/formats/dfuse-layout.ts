/**
 * Memory-layout strings of DfuSe alternate settings (UM0391, section on interface strings):
 * `@Internal Flash   /0x08000000/03*016Ka,01*016Kg`.
 */
import { formatAddress } from '../core/bytes.js';
import { FormatError } from '../core/errors.js';
import { ADDRESS_SPACE_END, type Range } from '../core/range.js';

/** Equal, consecutive sectors. */
export interface DfuseSectorGroup extends Range {
  readonly count: number;
  readonly sectorSize: number;
  readonly readable: boolean;
  readonly erasable: boolean;
  readonly writeable: boolean;
  /** Multiplier as written; blank and nothing both mean bytes. */
  readonly multiplier: '' | ' ' | 'B' | 'K' | 'M';
}

export interface DfuseLayout {
  /** Without the blanks at its end. */
  readonly name: string;
  readonly groups: readonly DfuseSectorGroup[];
}

const MULTIPLIERS: Readonly<Record<string, number>> = { '': 1, ' ': 1, B: 1, K: 1024, M: 1024 * 1024 };
const TYPE_LETTERS = 'abcdefg';
const READABLE = 1;
const ERASABLE = 2;
const WRITEABLE = 4;

/**
 * Strict where dfu-util guesses: `016kg` is not taken for 16-byte sectors, and counts are checked.
 * @throws FormatError DFUSE_LAYOUT with the reason and the place in the string.
 */
export function parseDfuseLayout(text: string): DfuseLayout {
  if (!text.startsWith('@')) throw layoutError(text, 0, 'it does not start with "@"');
  const [head = '', ...rest] = text.slice(1).split('/');
  const name = head.trimEnd();
  if (rest.length === 0) throw layoutError(text, text.length, 'missing address');
  const groups: DfuseSectorGroup[] = [];
  let position = 1 + head.length + 1;
  for (let index = 0; index < rest.length; index += 2) {
    const address = rest[index] as string;
    const sectors = rest[index + 1];
    if (!/^0x[0-9a-fA-F]{1,8}$/.test(address.trim())) {
      const reason = /^0x/.test(address.trim()) ? 'invalid address' : 'address must start with 0x';
      throw layoutError(text, position, reason);
    }
    position += address.length + 1;
    if (sectors === undefined || sectors.trim() === '') throw layoutError(text, position, 'missing sector list');
    groups.push(...parseSectors(text, position, Number.parseInt(address.trim().slice(2), 16), sectors));
    position += sectors.length + 1;
  }
  return { name, groups };
}

function parseSectors(text: string, start: number, address: number, list: string): DfuseSectorGroup[] {
  const groups: DfuseSectorGroup[] = [];
  let position = start;
  let next = address;
  for (const item of list.split(',')) {
    if (item.trim() === '') {
      throw layoutError(text, position, position > start ? 'trailing comma' : 'missing sector list');
    }
    const group = parseSector(text, position, next, item);
    groups.push(group);
    next = group.end;
    position += item.length + 1;
  }
  return groups;
}

function parseSector(text: string, position: number, start: number, item: string): DfuseSectorGroup {
  const match = /^\s*([^*]*)\*(-?[0-9]*)(.*)$/.exec(item);
  if (!match) throw layoutError(text, position, 'sectors are written as count*size');
  const [, countText = '', sizeText = '', unit = ''] = match;
  if (/^[0-9]{4,}$/.test(countText) || /^[0-9]{4,}$/.test(sizeText)) {
    throw layoutError(text, position, 'sector count or size out of range');
  }
  if (!/^[0-9]{1,3}$/.test(countText) || Number(countText) === 0) {
    throw layoutError(text, position, 'invalid sector count');
  }
  if (!/^[0-9]{1,3}$/.test(sizeText) || Number(sizeText) === 0) {
    throw layoutError(text, position, 'invalid sector size');
  }
  const { multiplier, type } = parseUnit(text, position, unit);
  const count = Number(countText);
  const sectorSize = Number(sizeText) * (MULTIPLIERS[multiplier] as number);
  const end = start + count * sectorSize;
  if (end > ADDRESS_SPACE_END) throw layoutError(text, position, 'sectors run past the 4 GiB address space');
  return {
    start,
    end,
    count,
    sectorSize,
    readable: (type & READABLE) !== 0,
    erasable: (type & ERASABLE) !== 0,
    writeable: (type & WRITEABLE) !== 0,
    multiplier,
  };
}

function parseUnit(
  text: string,
  position: number,
  unit: string,
): { multiplier: DfuseSectorGroup['multiplier']; type: number } {
  const first = unit[0] ?? '';
  const known = first === ' ' || first === 'B' || first === 'K' || first === 'M';
  const multiplier = known ? first : '';
  const letters = (known ? unit.slice(1) : unit).trimEnd();
  if (letters === '') throw layoutError(text, position, 'missing type letter');
  if (letters.length > 1) {
    if (!known) throw layoutError(text, position, `unknown multiplier "${first}"`);
    throw layoutError(text, position, `unknown type "${letters}"`);
  }
  if (!TYPE_LETTERS.includes(letters)) throw layoutError(text, position, `unknown type letter "${letters}"`);
  return { multiplier, type: letters.charCodeAt(0) & 7 };
}

function layoutError(text: string, position: number, reason: string): FormatError {
  return new FormatError({
    code: 'DFUSE_LAYOUT',
    what: `invalid memory-layout string: ${reason}`,
    where: `character ${position + 1}`,
    got: text.length > 200 ? `${text.slice(0, 200)}…` : text,
    offset: position,
    help: 'Correct the string; its form is "@Name /0x08000000/03*016Ka,01*016Kg".',
  });
}

/** The string of a layout, the way device-os and ST write it: two-digit counts, three-digit sizes. */
export function formatDfuseLayout(layout: DfuseLayout): string {
  let text = `@${layout.name} `;
  let next: number | null = null;
  for (const group of layout.groups) {
    text += group.start === next ? ',' : `/${formatAddress(group.start)}/`;
    const unit = MULTIPLIERS[group.multiplier] as number;
    const type = (group.readable ? READABLE : 0) | (group.erasable ? ERASABLE : 0) | (group.writeable ? WRITEABLE : 0);
    const count = `${group.count}`.padStart(2, '0');
    const size = `${group.sectorSize / unit}`.padStart(3, '0');
    text += `${count}*${size}${group.multiplier}${String.fromCharCode(0x60 + type)}`;
    next = group.end;
  }
  return text;
}
