/** Bytes that no decoder claimed: what they are, as far as they show it. */
export { classifyBytes, QUICK_ABOVE_BYTES } from './classify.js';
export {
  type DeflateSearch,
  type DeflateStream,
  findDeflateStreams,
  inflateStream,
  MAX_INFLATED_BYTES,
  readDeflateStream,
} from './deflate.js';
export { type FileMagic, fileMagics } from './magics.js';
export type { ClassifyContext, ClassifyLevel, KnownBuild, Stretch, StretchKind } from './stretch.js';
export { findWifiFirmware, readWifiFirmware, type WifiFirmware } from './wifi-firmware.js';
