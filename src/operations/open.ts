/** From the bytes of a file, in whatever format, to an input that inspect, map and hex take. */
import { type FormatId, type ReadResult, readAny } from '../formats/index.js';
import { summariseContainer } from './inspect/container.js';
import type { InspectInput } from './inspect/inspect.js';

export interface OpenOptions {
  /** Name of the file in reports and messages. */
  readonly path: string;
  /** Address of the first byte of a raw binary. Default: found out from its content. */
  readonly base?: number | undefined;
  /** Read as this format instead of asking the content. */
  readonly format?: FormatId | undefined;
  /** Report what is damaged instead of stopping at it. */
  readonly permissive?: boolean | undefined;
}

/** @throws FormatError when no format fits, or the content is damaged. */
export function openImage(bytes: Uint8Array, { path, base, format, permissive }: OpenOptions): InspectInput {
  return inputOf(path, bytes, readAny(bytes, { name: path, base, format, permissive }));
}

/** What reading gave, in the shape that inspection takes. */
export function inputOf(path: string, bytes: Uint8Array, result: ReadResult): InspectInput {
  return {
    path,
    bytes,
    format: result.format,
    image: result.image,
    addressSource: result.addressSource,
    container: summariseContainer(result.container),
    findings: result.findings,
    locate: (address) => result.locate(address),
  };
}
