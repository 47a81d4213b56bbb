/** Everything there is to say about a DFU or DfuSe file, for reports. */
import { type Finding, sortFindings, type Verdict, verdictOf } from '../core/finding.js';
import type { MemoryImage } from '../core/image.js';
import { flashAlternate } from '../formats/dfu-device.js';
import { dfuseElementBytes } from '../formats/dfuse.js';
import { type ReadResult, readAny } from '../formats/index.js';
import type { Board } from '../layout/types.js';
import { readModule } from '../regions/module/decode.js';
import { moduleTitle } from '../regions/module/words.js';
import { checkDfu, type DfuCheck, withOrigin } from './dfu.js';
import { checkModules } from './dfu-modules.js';
import { type DfuUtilForecast, forecastDfuUtil } from './dfu-util.js';
import { type ContainerSummary, summariseContainer } from './inspect/container.js';
import { placeImage } from './place.js';

export interface DfuElementReport {
  readonly alternate: number;
  readonly targetName: string | null;
  readonly address: number;
  readonly size: number;
  /** File offset of the data. */
  readonly offset: number;
  /** "system part 1 version 2202", or null for anything but a module. */
  readonly module: string | null;
}

export interface DfuReport {
  readonly path: string;
  readonly size: number;
  readonly suffix: DfuCheck['suffix'];
  readonly payloadLength: number;
  /** Where the payload of a DFU file belongs, and why; null when nothing says it, and for DfuSe files. */
  readonly address: number | null;
  readonly addressReason: string | null;
  readonly module: string | null;
  readonly container: ContainerSummary | null;
  readonly elements: readonly DfuElementReport[];
  /** Null for a board whose layout does not describe DFU. */
  readonly dfuUtil: DfuUtilForecast | null;
  readonly findings: readonly Finding[];
  readonly verdict: Verdict;
}

/**
 * Never throws for bad content.
 * @param base where the payload of a DFU file will be written; default: where the module in it says
 */
export function reportDfu(bytes: Uint8Array, path: string, board: Board, base?: number): DfuReport {
  const result = payloadOf(bytes, path, base);
  const dfuse = result?.container?.kind === 'dfuse';
  const placed = result && !dfuse ? placeImage(result, board) : null;
  // Only what is certain: a payload that merely has the size of the flash may go anywhere.
  const certain = placed?.baseSource === 'given' || placed?.baseSource === 'header' || placed?.baseSource === 'file';
  const address = placed && certain ? placed.base : null;
  const check = checkDfu(bytes, path, board.dfu ?? undefined, address ?? undefined);
  const flash = dfuse ? flashTargets(bytes, path, result, board) : address === null ? null : (placed?.image ?? null);
  const content = flash ? checkModules(flash, board) : [];
  const findings = sortFindings([
    ...check.findings,
    ...content.map((finding) => withOrigin(finding, check.container, address ?? undefined)),
  ]);
  return {
    path,
    size: bytes.length,
    suffix: check.suffix,
    payloadLength: check.payloadLength,
    address,
    addressReason: address === null ? null : (placed?.baseReason ?? null),
    module: placed ? titleOf(placed.image) : null,
    container: summariseContainer(check.container),
    elements: result ? elementsOf(check, result.image) : [],
    dfuUtil: board.dfu ? forecastDfuUtil({ bytes, path, check, device: board.dfu, address }) : null,
    findings,
    verdict: verdictOf(findings),
  };
}

/** The payload as an image, whatever is wrong with the suffix; null when a DfuSe file cannot be read at all. */
function payloadOf(bytes: Uint8Array, name: string, base: number | undefined): ReadResult | null {
  for (const format of ['dfu', 'bin'] as const) {
    try {
      return readAny(bytes, { name, format, base, permissive: format === 'dfu' });
    } catch {
      // checkDfu says what is wrong; the next format is less demanding.
    }
  }
  return null;
}

/** What a DfuSe file puts into the chip's flash: other alternate settings have address spaces of their own. */
function flashTargets(bytes: Uint8Array, name: string, { container }: ReadResult, board: Board): MemoryImage | null {
  if (!board.dfu || container?.kind !== 'dfuse') return null;
  const alternate = flashAlternate(board.dfu);
  if (!container.targets.some((target) => target.alternate === alternate)) return null;
  return readAny(bytes, { name, format: 'dfu', alternate, permissive: true }).image;
}

function titleOf(image: MemoryImage): string | null {
  const bytes = image.span && image.bytes(image.span);
  const module = bytes && image.span && readModule(bytes, image.span.start);
  return module ? moduleTitle(module) : null;
}

function elementsOf({ container }: DfuCheck, image: MemoryImage): DfuElementReport[] {
  if (container?.kind !== 'dfuse') return [];
  return container.targets.flatMap((target) =>
    target.elements.map((element): DfuElementReport => {
      const bytes = dfuseElementBytes(target, element, image);
      const module = bytes && readModule(bytes, element.address);
      const { address, size, offset } = element;
      return {
        alternate: target.alternate,
        targetName: target.name,
        address,
        size,
        offset,
        module: module ? moduleTitle(module) : null,
      };
    }),
  );
}
