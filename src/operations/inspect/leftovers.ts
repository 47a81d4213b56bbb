/** What no decoder claimed, named as well as its bytes allow. */
import type { MemoryImage } from '../../core/image.js';
import { allBuilds } from '../../layout/catalog.js';
import { moduleFunctionCode } from '../../layout/platforms.js';
import type { Board } from '../../layout/types.js';
import type { Stretch } from '../../regions/account.js';
import { CRC_BYTES } from '../../regions/module/format.js';
import { functionTitle } from '../../regions/module/words.js';
import { classifyBytes, type KnownBuild } from '../../regions/unknown/index.js';
import type { LeftoverReport } from './report.js';

export interface NamedLeftovers {
  /** The stretches with every unknown one divided and labelled by what it looks like. */
  readonly stretches: readonly Stretch[];
  readonly leftovers: readonly LeftoverReport[];
}

export function nameLeftovers(image: MemoryImage, stretches: readonly Stretch[], board: Board): NamedLeftovers {
  const leftovers: LeftoverReport[] = [];
  const context = { chip: board.chip, catalogue: () => knownBuilds(board) };
  const named = stretches.flatMap((stretch): Stretch[] => {
    const bytes = stretch.class === 'unknown' ? image.bytes(stretch) : undefined;
    if (!bytes) return [stretch];
    return classifyBytes(bytes, stretch.start, context).map((guess): Stretch => {
      const { start, end, kind, confidence, reason, details } = guess;
      if (kind === 'erased' || kind === 'fill') return { start, end, class: kind, label: WORDS[kind] ?? kind };
      leftovers.push({ start, end, kind, confidence, reason, details });
      return { start, end, class: 'unknown', label: `${WORDS[kind] ?? kind} (${Math.round(confidence * 100)} % sure)` };
    });
  });
  return { stretches: named, leftovers };
}

const WORDS: Readonly<Record<string, string>> = {
  erased: 'erased',
  fill: 'constant fill',
  pattern: 'repeating pattern',
  'vector-table': 'foreign vector table',
  'thumb-code': 'Arm Thumb code',
  text: 'text',
  pointers: 'table of pointers',
  der: 'DER structure',
  pem: 'PEM text',
  file: 'known file',
  deflate: 'deflate stream',
  'compressed-or-encrypted': 'compressed or encrypted data',
  'module-remains': 'remains of a module',
  data: 'unknown data',
};

/** The released builds of the board, at the places its map has for them; CRC bytes are in file order, so big-endian. */
function knownBuilds(board: Board): KnownBuild[] {
  if (!board.platform) return [];
  return allBuilds(board.platform.id).flatMap((build) => {
    const place = board.regions.find(
      ({ module, role }) => module?.function === build.function && module.index === build.index && role !== 'factory',
    );
    if (!place) return [];
    return {
      name: `${functionTitle(build.function, build.index)} version ${build.version}`,
      platformId: build.platformId,
      function: moduleFunctionCode(build.function) ?? 0,
      index: build.index,
      version: build.version,
      startAddress: place.start,
      endAddress: place.start + build.size - CRC_BYTES,
      crc: Number.parseInt(build.crc32, 16),
      sha256: build.sha256,
    };
  });
}
