/** Memories beside the flash that a dump may hold: option bytes, one-time programmable area, unique id. */
import { readData } from '#data';
import type { MemoryImage } from '../../core/image.js';
import { type OptionByteLayout, parseOptionByteLayout, parseProtectionPatterns } from '../../layout/option-bytes.js';
import type { Board, Memory, MemoryKind } from '../../layout/types.js';
import { defaultVariant, regionsOf } from '../../layout/variant.js';
import {
  decodeOptionMemory,
  decodeOptionRegister,
  type OptionByteContext,
  type OptionBytes,
} from '../../regions/option-bytes.js';
import { decodeFlashSize, decodeOtp, decodeUniqueId, OTP_BYTES } from '../../regions/otp.js';
import type { IdentitySummary } from './summaries.js';

const OPTION_LAYOUT = 'stm32f2-option-bytes.json';
const PATTERNS = 'particle-option-bytes.json';

export interface DecodedOptionBytes {
  readonly bytes: OptionBytes;
  readonly layout: OptionByteLayout;
}

/** Everything that gives option bits a meaning on a board. */
export function optionByteContext(board: Board): OptionByteContext {
  const layout = parseOptionByteLayout(readData(OPTION_LAYOUT), OPTION_LAYOUT);
  const patterns = parseProtectionPatterns(readData(PATTERNS), PATTERNS).filter(({ boards }) =>
    boards.includes(board.id),
  );
  const flash = board.chip.memories.find(({ kind }) => kind === 'flash');
  const regions = regionsOf(board, defaultVariant(board));
  return { layout, patterns, sectors: flash?.sectors ?? [], regions, refusals: board.dfu?.refusals };
}

/** @param optcr a FLASH_OPTCR word that was read separately; it wins over the read view in the image. */
export function readOptionBytes(
  image: MemoryImage,
  board: Board,
  optcr: number | undefined,
): DecodedOptionBytes | null {
  const bytes = memoryBytes(image, board, 'option-bytes');
  if (optcr === undefined && !bytes) return null;
  const context = optionByteContext(board);
  const decoded =
    optcr === undefined ? bytes && decodeOptionMemory(bytes, context) : decodeOptionRegister(optcr, context);
  return decoded ? { bytes: decoded, layout: context.layout } : null;
}

export function readIdentity(image: MemoryImage, board: Board, showSecrets: boolean): IdentitySummary | null {
  const data = memoryOf(board, 'otp');
  const lock = memoryOf(board, 'otp-lock');
  const otpBytes = data && image.bytes({ start: data.start, end: lock ? data.start + OTP_BYTES : data.end });
  const otp = otpBytes ?? (data && image.bytes(data));
  const uniqueIdBytes = memoryBytes(image, board, 'unique-id');
  const sizeBytes = memoryBytes(image, board, 'flash-size');
  if (!otp && !uniqueIdBytes && !sizeBytes) return null;
  const uniqueId = uniqueIdBytes ? decodeUniqueId(uniqueIdBytes) : null;
  return {
    deviceId: uniqueId?.plausible ? uniqueId.deviceId : null,
    uniqueId,
    otp: otp ? decodeOtp(otp, { showSecrets }) : null,
    flashSizeKiB: sizeBytes ? decodeFlashSize(sizeBytes) : null,
  };
}

function memoryOf(board: Board, kind: MemoryKind): Memory | undefined {
  return board.chip.memories.find((memory) => memory.kind === kind);
}

function memoryBytes(image: MemoryImage, board: Board, kind: MemoryKind): Uint8Array | undefined {
  const memory = memoryOf(board, kind);
  return memory && image.bytes(memory);
}
