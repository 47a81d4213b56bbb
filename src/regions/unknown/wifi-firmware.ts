/**
 * The Wi-Fi firmware (BCM43362) inside system part 1 of the P1 and the Photon: linked in as a resource, plain up to
 * 0.7.0 and one raw DEFLATE stream from 0.8.0-rc.1 on (device-os hal/src/photon/compressed_resources.c).
 */
import { indexOfBytes } from '#bytes';
import { inflateRaw } from '#inflate';
import type { Range } from '../../core/range.js';
import { HEADER_AFTER_VECTORS, MODULE_INFO } from '../module/format.js';
import { type DeflateStream, findDeflateStreams, inflateStream } from './deflate.js';
import { viewOf } from './pointers.js';

export interface WifiFirmware {
  /** "5.90.230.12"; null when the image has no version string. */
  readonly version: string | null;
  /** Build date and time as the image states them, "Nov  7 2014 16:03:45", or null. */
  readonly built: string | null;
  readonly compressed: boolean;
  /** Offsets in the module of the image as stored; null when only its strings were found. */
  readonly stored: Range | null;
  /** Bytes of the image itself, inflated when it is compressed; null when only its strings were found. */
  readonly size: number | null;
  /** How it was found: through the module's own tables, or by searching. */
  readonly foundBy: 'resource-handle' | 'search';
  /** The image itself, or null when only its strings were found. */
  readonly image: Uint8Array | null;
}

/** The dynalib table follows the header. */
const LIBRARIES_OFFSET = HEADER_AFTER_VECTORS + MODULE_INFO.size;
const MAX_LIBRARIES = 8;
/** resource_hnd_t.location (WICED wiced_resource.h): in memory, or external, which device-os uses for "compressed". */
const IN_MEMORY = 0;
const COMPRESSED = 2;
/** A BCM43362 image is about 210,000 bytes; anything outside of this is another resource. */
const IMAGE_BYTES = { min: 64 * 1024, max: 1024 * 1024 };
/** No image of that size compresses to less. */
const MIN_STORED = IMAGE_BYTES.min / 8;
/** Text the firmware prints its version with; its version string stands directly before it, the build date after it. */
const VERSION_FORMAT = 'wl%d: %s %s version %s FWID 01-';

/**
 * Finds the Wi-Fi firmware in a whole system part 1, from its vector table to its CRC.
 * @returns undefined when the module has none. Never throws.
 */
export function findWifiFirmware(module: Uint8Array): WifiFirmware | undefined {
  return followResourceHandle(module) ?? searchImage(module);
}

/** Only through the module's own tables: no search, so that a report costs next to nothing. */
export function readWifiFirmware(module: Uint8Array): WifiFirmware | undefined {
  return followResourceHandle(module);
}

interface Resource {
  readonly stored: Range;
  readonly size: number;
  readonly compressed: boolean;
}

/**
 * The library wifi_resource exports wwd_firmware_image_resource() first (device-os wifi_dynalib.h). Compiled, it is
 * "LDR r0, [PC, #imm]; BX LR", and the literal is the address of a resource_hnd_t {location, size, data, stored size}.
 */
function followResourceHandle(module: Uint8Array): WifiFirmware | undefined {
  if (module.length < LIBRARIES_OFFSET + MAX_LIBRARIES * 4) return undefined;
  const view = viewOf(module);
  const base = view.getUint32(HEADER_AFTER_VECTORS, true);
  const word = (offset: number): number | undefined =>
    offset >= 0 && offset % 4 === 0 && offset + 4 <= module.length ? view.getUint32(offset, true) : undefined;
  const pointer = (offset: number | undefined): number | undefined => {
    const value = offset === undefined ? undefined : word(offset);
    return value !== undefined && value >= base && value < base + module.length ? value - base : undefined;
  };
  for (let library = 0; library < MAX_LIBRARIES; library++) {
    const code = pointer(pointer(LIBRARIES_OFFSET + library * 4));
    if (code === undefined || (code & 1) === 0) continue;
    const entry = code & ~1;
    if (entry + 4 > module.length || view.getUint16(entry + 2, true) !== 0x4770) continue;
    const load = view.getUint16(entry, true);
    if (load >> 8 !== 0x48) continue;
    const handle = pointer(((entry + 4) & ~3) + (load & 0xff) * 4);
    const resource = handle === undefined ? undefined : readResource(view, base, handle);
    const found = resource && openResource(module, resource);
    if (found) return found;
  }
  return undefined;
}

function readResource(view: DataView, base: number, handle: number): Resource | undefined {
  if (handle + 16 > view.byteLength) return undefined;
  const location = view.getUint32(handle, true);
  const size = view.getUint32(handle + 4, true);
  const start = view.getUint32(handle + 8, true) - base;
  const compressed = location === COMPRESSED;
  if (location !== IN_MEMORY && !compressed) return undefined;
  if (size < IMAGE_BYTES.min || size > IMAGE_BYTES.max) return undefined;
  const storedSize = compressed ? view.getUint32(handle + 12, true) : size;
  const end = start + storedSize;
  return start >= 0 && end <= view.byteLength ? { stored: { start, end }, size, compressed } : undefined;
}

function openResource(module: Uint8Array, { stored, size, compressed }: Resource): WifiFirmware | undefined {
  const bytes = module.subarray(stored.start, stored.end);
  if (!compressed) return describe(bytes, stored, false, 'resource-handle');
  const image = inflateRaw(bytes, size);
  return image?.length === size ? describe(image, stored, true, 'resource-handle') : undefined;
}

/** For modules whose tables are damaged or laid out differently. */
function searchImage(module: Uint8Array): WifiFirmware | undefined {
  const place = indexOfText(module, VERSION_FORMAT);
  if (place >= 0) {
    return {
      ...readStrings(module, place),
      compressed: false,
      stored: null,
      size: null,
      foundBy: 'search',
      image: null,
    };
  }
  for (const stream of findDeflateStreams(module, { minimumSize: MIN_STORED })) {
    if (!isImageSize(stream)) continue;
    const image = inflateStream(module, stream);
    if (indexOfText(image, VERSION_FORMAT) < 0) continue;
    return describe(image, { start: stream.start, end: stream.end }, true, 'search');
  }
  return undefined;
}

function isImageSize({ inflatedSize }: DeflateStream): boolean {
  return inflatedSize >= IMAGE_BYTES.min && inflatedSize <= IMAGE_BYTES.max;
}

function describe(
  image: Uint8Array,
  stored: Range,
  compressed: boolean,
  foundBy: WifiFirmware['foundBy'],
): WifiFirmware {
  const place = indexOfText(image, VERSION_FORMAT);
  const strings = place < 0 ? { version: null, built: null } : readStrings(image, place);
  return { ...strings, compressed, stored, size: image.length, foundBy, image };
}

/** "5.90.230.12" NUL "wl%d: … FWID 01-%x" LF NUL "Nov  7 2014" NUL "16:03:45" NUL, as in every known image. */
function readStrings(image: Uint8Array, place: number): Pick<WifiFirmware, 'version' | 'built'> {
  const before = latin1(image, Math.max(0, place - 64), place);
  const after = latin1(image, place, Math.min(image.length, place + 128));
  const version = /(\d{1,3}(?:\.\d{1,5}){2,4})\0+$/.exec(before)?.[1] ?? null;
  const date = /\0([A-Z][a-z]{2} [ \d]\d \d{4})\0+(\d\d:\d\d:\d\d)/.exec(after);
  return { version, built: date ? `${date[1]} ${date[2]}` : null };
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, end));
}

function indexOfText(bytes: Uint8Array, text: string): number {
  return indexOfBytes(
    bytes,
    Uint8Array.from(text, (character) => character.charCodeAt(0)),
  );
}
