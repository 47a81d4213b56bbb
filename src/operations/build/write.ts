/** A built image as a file. */
import { BuildError } from '../../core/errors.js';
import type { Finding } from '../../core/finding.js';
import { flashAlternate } from '../../formats/dfu-device.js';
import { type FormatId, writeChunks } from '../../formats/index.js';
import { readModule } from '../../regions/module/decode.js';
import { flashOf } from '../../regions/module/find.js';
import { chooseOutputFormat, type OutputFormat } from '../convert-format.js';
import { packImages } from '../dfu-pack.js';
import type { BuildResult } from './build.js';
import type { Shape } from './recipe.js';

/** Rules about what DFU takes, which `allow` may name. */
const DFU_RULES = /^container\//;

/** Whether a format says where its bytes belong, and so can leave some out. */
export function keepsAddresses({ format, inner }: OutputFormat): boolean {
  const written = inner ?? format;
  return written !== 'bin' && written !== 'dfu';
}

/** The format of an output by its request or name. @throws UsageError CONVERT_NO_FORMAT, FORMAT_UNKNOWN */
export function outputFormat(name: string | undefined, to: string | undefined): OutputFormat {
  return chooseOutputFormat({ to, name, hasAddresses: true });
}

/** The whole flash for a file of plain bytes; only what was given where addresses are kept. */
export function defaultShape(format: OutputFormat): Shape {
  return keepsAddresses(format) ? 'sparse' : 'padded';
}

export interface WrittenImage {
  readonly chunks: Iterable<Uint8Array>;
  /** What the device says to a DfuSe file. */
  readonly findings: readonly Finding[];
}

/**
 * @param allow rules whose findings do not stop it
 * @throws BuildError BUILD_NO_HOLES, BUILD_NO_DFU, PACK_REFUSED; and what the format's writer throws
 */
export function writeImage(result: BuildResult, format: OutputFormat, allow: readonly string[]): WrittenImage {
  const { board, image, recipe, shape } = result;
  const written: FormatId = format.inner ?? format.format;
  if (shape === 'restore' && !keepsAddresses(format)) {
    throw new BuildError({
      code: 'BUILD_NO_HOLES',
      what: `a file of format ${written} cannot leave out the DCT and EEPROM sectors`,
      expected: 'a format that keeps addresses: .hex, .s19, .elf',
      help: 'Give the output another name or format, or another shape.',
    });
  }
  if (format.format === 'dfuse') return writeDfuse(result, allow);
  const { start } = flashOf(board);
  const reset = readModule(image.bytes({ start, end: start + HEAD_BYTES }) ?? new Uint8Array(0), start)?.vectors?.reset;
  const options = {
    inner: format.inner,
    fill: recipe.fill ?? undefined,
    ...(written === 'elf' && reset !== undefined ? { start: reset } : {}),
  };
  return { chunks: writeChunks(image, format.format, options), findings: [] };
}

/** Enough to hold a vector table and the header behind it. */
const HEAD_BYTES = 0x400;

function writeDfuse({ board, image, recipe }: BuildResult, allow: readonly string[]): WrittenImage {
  const { dfu } = board;
  if (!dfu) {
    throw new BuildError({
      code: 'BUILD_NO_DFU',
      what: `${board.name} has no DFU that is known`,
      help: 'Write another format, such as .hex.',
    });
  }
  const part = { name: recipe.name, alternate: flashAlternate(dfu), image };
  const allowRefused = [...recipe.allow, ...allow].some((rule) => DFU_RULES.test(rule));
  const { bytes, findings } = packImages([part], { device: dfu, allowRefused });
  return { chunks: [bytes], findings };
}
