/** File names for the pieces of a dump: made of known words and numbers only, never of text from the dump. */
import { formatAddress } from '../../core/bytes.js';
import { moduleTitle } from '../../regions/module/words.js';
import type { ModuleReport } from '../inspect/report.js';
import type { Piece } from './pieces.js';

/** Functions of which a device has only one. */
const SINGLE = ['bootloader', 'mono-firmware'];

/** Names that no two pieces share; a repeated name gets the address. */
export class Names {
  private readonly taken = new Set<string>();

  constructor(private readonly modules: readonly ModuleReport[]) {}

  nameOf(piece: Piece): string {
    const stem = safe(this.stem(piece));
    const address = formatAddress(piece.start);
    const name = this.taken.has(stem) || needsAddress(piece) ? `${stem}-${address}` : stem;
    this.taken.add(stem);
    return `${name}.bin`;
  }

  private stem(piece: Piece): string {
    switch (piece.kind) {
      case 'module':
        return this.moduleStem(piece);
      case 'region':
        return regionStem(piece);
      case 'memory':
        return piece.memory;
      case 'fill':
      case 'leftover':
        return 'leftover';
    }
  }

  /** "bootloader-1006", "system-part1-2.2.0", "factory-user-part-6". */
  private moduleStem({ located: { module, role }, start }: Extract<Piece, { kind: 'module' }>): string {
    const { moduleIndex, moduleVersion } = module.info;
    const single = SINGLE.includes(module.function) || (module.function === 'user-part' && moduleIndex === 1);
    const release = this.modules.find(({ address }) => address === start)?.release ?? null;
    const version = module.function === 'system-part' && release !== null ? release : `${moduleVersion}`;
    const what = module.combined ? 'combined-system-parts' : `${module.function}${single ? '' : moduleIndex}`;
    return `${role === 'main' ? '' : `${role}-`}${what}-${version}`;
  }
}

function needsAddress(piece: Piece): boolean {
  return piece.kind === 'leftover' || piece.kind === 'fill' || (piece.kind === 'region' && !piece.whole);
}

/** "dct-copy1", "eeprom-page2": the board's regions are numbered. */
function regionStem({ region }: Extract<Piece, { kind: 'region' }>): string {
  const number = /\d+$/.exec(region.id)?.[0] ?? '';
  return `${region.role}-${region.role === 'dct' ? 'copy' : 'page'}${number}`;
}

function safe(stem: string): string {
  return stem.toLowerCase().replaceAll(/[^a-z0-9.-]+/g, '-');
}

/** What a piece is, for a comment and for people. */
export function titleOf(piece: Piece): string {
  switch (piece.kind) {
    case 'module': {
      const { module, role } = piece.located;
      const crc = module.crc === 'bad' ? ', CRC wrong' : module.missing > 0 ? ', cut off' : '';
      return `${moduleTitle(module)}${role === 'main' ? '' : ` (${role})`}${crc}`;
    }
    case 'region':
      return piece.whole ? piece.region.title : `part of ${piece.region.title}`;
    case 'memory':
      return piece.title;
    case 'fill':
      return piece.value === 0xff ? 'erased' : `all 0x${piece.value.toString(16).toUpperCase().padStart(2, '0')}`;
    case 'leftover':
      return 'bytes that no decoder explains';
  }
}
