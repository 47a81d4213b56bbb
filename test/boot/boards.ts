/** Flashes to start, and what the model says about them. */
import type { BootPrediction, HeldButton } from '../../src/boot/types.js';
import { writeU16, writeU32 } from '../../src/core/bytes.js';
import { MemoryImage } from '../../src/core/image.js';
import { loadBoard } from '../../src/layout/load.js';
import type { Board } from '../../src/layout/types.js';
import { type AppliedUpdates, bootOf, updatesOf } from '../../src/operations/boot.js';
import { examineImage } from '../../src/operations/examine-image.js';
import { dctField, dctSection } from '../../src/regions/dct/table.js';
import { sealModule } from '../../src/regions/module/build.js';
import { bootloader, dctCopies, dump, FLASH_START, systemPart1, systemPart2, userPart } from '../support/synthetic.js';

export const P1_BOARD = loadBoard('particle-p1');

export interface Options {
  readonly board?: Board;
  readonly button?: HeldButton;
  readonly optcr?: number;
}

function inspectionOf(flash: Uint8Array | MemoryImage, { board = P1_BOARD, optcr }: Options) {
  const image = flash instanceof MemoryImage ? flash : MemoryImage.fromBytes(flash, FLASH_START);
  return examineImage(image, board, { optcr });
}

export function boot(flash: Uint8Array | MemoryImage, options: Options = {}): BootPrediction {
  const prediction = maybeBoot(flash, options);
  if (!prediction) throw new Error('no prediction');
  return prediction;
}

export function maybeBoot(flash: Uint8Array | MemoryImage, options: Options = {}): BootPrediction | null {
  const inspection = inspectionOf(flash, options);
  return options.button && inspection.report.boot ? bootOf(inspection, options.button) : inspection.report.boot;
}

export function afterUpdates(flash: Uint8Array, options: Options = {}): AppliedUpdates & { bytes: Uint8Array } {
  const applied = updatesOf(inspectionOf(flash, options));
  return { ...applied, bytes: applied.image.read({ start: FLASH_START, end: FLASH_START + flash.length }, 0xff) };
}

/** What decides, in one row. */
export function summary(prediction: BootPrediction): string {
  const { bootloader: decision, dctAccess, outcome, led, confidence } = prediction;
  return `${decision} ${dctAccess ? 'dct' : 'no-dct'} ${outcome} ${led} ${confidence}`;
}

export function resultOf(prediction: BootPrediction, check: string | RegExp): string[] {
  return prediction.steps.filter((step) => step.check.match(check)).map(({ result }) => result);
}

export function alternative(prediction: BootPrediction, outcome: string) {
  return prediction.alternatives.find((entry) => entry.outcome === outcome);
}

type Parts = readonly (readonly [address: number, bytes: Uint8Array])[];

/** A configured 2.2.0 board with some of its sectors taken by something else. */
export function device(changes: Parts = [], version = 2202): Uint8Array {
  const old = version < 200;
  const { copy1 } = dctCopies({ versionRecord: !old });
  return dump([
    [0x08000000, bootloader(old ? 7 : 1006)],
    [0x08004000, copy1],
    [0x08020000, systemPart1(version)],
    [0x08060000, systemPart2(version)],
    [0x080a0000, userPart()],
    ...changes,
  ]);
}

export const ERASED_SECTOR = new Uint8Array(0x2_0000).fill(0xff);

/** A copy of a module with header fields changed and sealed again; offsets are those of module_info_t. */
export function withHeader(
  module: Uint8Array,
  header: number,
  fields: {
    readonly start?: number;
    readonly end?: number;
    readonly version?: number;
    readonly platform?: number;
    readonly kind?: number;
    readonly index?: number;
  },
): Uint8Array {
  const bytes = module.slice();
  if (fields.start !== undefined) writeU32(bytes, header, fields.start);
  if (fields.end !== undefined) writeU32(bytes, header + 4, fields.end);
  if (fields.version !== undefined) writeU16(bytes, header + 10, fields.version);
  if (fields.platform !== undefined) writeU16(bytes, header + 12, fields.platform);
  if (fields.kind !== undefined) bytes[header + 14] = fields.kind;
  if (fields.index !== undefined) bytes[header + 15] = fields.index;
  return sealModule(bytes);
}

/** The byte at an address inverted. */
export function flipped(flash: Uint8Array, address: number): Uint8Array {
  const bytes = flash.slice();
  bytes[address - FLASH_START] = (bytes[address - FLASH_START] ?? 0) ^ 0xff;
  return bytes;
}

/** Writes into the application section of DCT copy 1 and drops the version record, so that no check value can be wrong. */
export function withDctField(flash: Uint8Array, field: string, offset: number, content: Uint8Array): Uint8Array {
  const bytes = flash.slice();
  const { section, offset: at } = dctField(field);
  bytes.set(content, 0x4000 + dctSection('wiced', section).offset + at + offset);
  bytes.fill(0xff, 0x7ff0, 0x8000);
  return bytes;
}

export interface SlotRecord {
  readonly source: number;
  readonly destination: number;
  readonly length: number;
  readonly function: number;
  readonly flags?: number;
  readonly magic?: number;
}

/** A flash with a slot of the DCT filled in. */
export function withSlot(flash: Uint8Array, slot: number, record: SlotRecord): Uint8Array {
  const bytes = new Uint8Array(20).fill(0xff);
  writeU16(bytes, 0, record.magic ?? (slot === 0 ? 0x0fac : 0xabcd));
  bytes.fill(0, 2, 4);
  writeU32(bytes, 4, record.source);
  writeU32(bytes, 8, record.destination);
  writeU32(bytes, 12, record.length);
  bytes[16] = record.flags ?? 0x0e;
  bytes[17] = record.function;
  return withDctField(flash, 'flash_modules', slot * 20, bytes);
}
