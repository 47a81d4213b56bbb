/**
 * Where the bytes of an input belong. Most files say it themselves; a raw binary is placed by the option of the user, by
 * the header of the module it begins with, or by its size when that is exactly the size of the flash.
 */
import { readU32 } from '../core/bytes.js';
import type { MemoryImage } from '../core/image.js';
import { containsAddress } from '../core/range.js';
import { moduleFunctionCode } from '../layout/platforms.js';
import type { Board, Region } from '../layout/types.js';
import { identifyDctBytes } from '../regions/dct/identify.js';
import { readDamagedHeader, readForeignModule, readModuleInfo } from '../regions/module/decode.js';
import { flashOf } from '../regions/module/find.js';
import { CRC_BYTES } from '../regions/module/format.js';

export type BaseSource = 'given' | 'file' | 'header' | 'inferred';

export interface PlacedImage {
  readonly image: MemoryImage;
  /** Target address of the first byte; null when nothing says where the bytes belong (the image then starts at 0). */
  readonly base: number | null;
  readonly baseSource: BaseSource | null;
  /** Why, as a clause. */
  readonly baseReason: string;
  /** Set when the bytes are not flash at an address but a known piece of something. */
  readonly special?: 'dct-section' | 'option-bytes';
}

export interface Placeable {
  readonly image: MemoryImage;
  readonly addressSource: 'file' | 'given' | 'assumed';
}

export function placeImage({ image, addressSource }: Placeable, board: Board): PlacedImage {
  const base = image.span?.start ?? null;
  if (addressSource === 'file') return { image, base, baseSource: 'file', baseReason: 'the file gives its addresses' };
  if (addressSource === 'given') return { image, base, baseSource: 'given', baseReason: 'given by --base' };
  const bytes = image.span && image.bytes(image.span);
  const flash = flashOf(board);
  if (!bytes) return { image, base: null, baseSource: null, baseReason: 'the input is empty' };
  if (bytes.length === flash.end - flash.start) {
    return move(image, flash.start, 'inferred', `its size is exactly that of the flash of ${board.chip.name}`);
  }
  const header = readModuleInfo(bytes) ?? readForeignModule(bytes, 0)?.info;
  if (header) {
    return move(image, header.moduleStartAddress, 'header', 'it begins with a module whose header says so');
  }
  const damaged = damagedRegion(bytes, board);
  if (damaged) return move(image, damaged.start, 'inferred', `it begins like a module for ${damaged.title}`);
  return placeConfiguration(bytes, image, board);
}

/** DCT sectors go to the first copy's place; a file that begins at the application section has no place in flash. */
function placeConfiguration(bytes: Uint8Array, image: MemoryImage, board: Board): PlacedImage {
  const first = board.regions.find(({ role }) => role === 'dct');
  const { kind, evidence } = identifyDctBytes(bytes);
  if (first && (kind === 'copies' || kind === 'copy')) {
    return move(
      image,
      first.start,
      'inferred',
      `it is ${kind === 'copy' ? 'a DCT sector' : 'both DCT sectors'}: ${evidence}`,
    );
  }
  const nowhere = { image, base: null, baseSource: null } as const;
  if (first && kind === 'application-section') {
    return {
      ...nowhere,
      baseReason: `a DCT application section, as DFU alternate 1 reads it: ${evidence}`,
      special: 'dct-section',
    };
  }
  return { ...nowhere, baseReason: 'nothing in it says where it belongs' };
}

function move(image: MemoryImage, base: number, baseSource: BaseSource, baseReason: string): PlacedImage {
  const size = image.span ? image.span.end - image.span.start : 0;
  // A header that names the top of the address space cannot place a file that does not fit there.
  if (base + size > 0x1_0000_0000)
    return { image, base: null, baseSource: null, baseReason: 'its header points past 4 GiB' };
  return { image: image.shift(base - (image.span?.start ?? 0)), base, baseSource, baseReason };
}

/** The region whose module the damaged header describes best; the first one of equals. */
function damagedRegion(bytes: Uint8Array, board: Board): Region | undefined {
  let best: { readonly region: Region; readonly score: number } | undefined;
  for (const region of board.regions) {
    const score = damagedScore(bytes, region, board);
    if (score > (best?.score ?? 0)) best = { region, score };
  }
  return best?.region;
}

/** How much speaks for a damaged module of this region; 0 when its header is not one. */
function damagedScore(bytes: Uint8Array, region: Region, board: Board): number {
  if (!region.module) return 0;
  const damaged = readDamagedHeader(bytes, {
    start: region.start,
    functionId: moduleFunctionCode(region.module.function) ?? -1,
    index: region.module.index,
    platformId: board.platform?.id ?? -1,
  });
  if (!damaged) return 0;
  const { agreeing, headerOffset, info } = damaged;
  // Regions of one flash share the platform and the high bits of the end; where the code starts and ends tells them apart.
  const startsHere = headerOffset > 0 && containsAddress(region, readU32(bytes, 4));
  const endsHere = info.moduleEndAddress + CRC_BYTES === region.start + bytes.length;
  return agreeing + (startsHere ? 2 : 0) + (endsHere ? 1 : 0);
}
