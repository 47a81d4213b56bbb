/** wrap: a user module around a program that was linked to lie behind the 24-byte header. */
import { formatAddress, readU32 } from '../../core/bytes.js';
import { BuildError } from '../../core/errors.js';
import type { MemoryImage } from '../../core/image.js';
import { moduleFunctionCode } from '../../layout/platforms.js';
import type { Board, Region } from '../../layout/types.js';
import { buildModule, type Dependency } from '../../regions/module/build.js';
import { readModuleInfo } from '../../regions/module/decode.js';
import { MODULE_INFO } from '../../regions/module/format.js';

export interface WrapOptions {
  readonly version: number;
  /** Default: that of the board. */
  readonly platformId?: number | undefined;
  readonly productId?: number | undefined;
  readonly productVersion?: number | undefined;
  readonly dependencies?: readonly Dependency[] | undefined;
}

export interface Wrapped {
  readonly module: Uint8Array;
  readonly startAddress: number;
  /** What cannot be checked, and what looks odd, as sentences. */
  readonly notes: readonly string[];
}

/** A user part has its header first and the address of its dynalib table right behind it (device-os user.ld; released Tinker builds). */
const FUNCTION = 'user-part';

/**
 * @param program its bytes; with addresses (ELF, HEX) it must begin 24 bytes behind the start of the user region
 * @param hasAddresses false for a raw binary, which is taken to belong there
 * @throws BuildError WRAP_NO_REGION, WRAP_IS_MODULE, WRAP_WRONG_ADDRESS, WRAP_TOO_LARGE, WRAP_EMPTY, WRAP_DEPENDENCIES
 */
export function wrapProgram(
  program: MemoryImage,
  hasAddresses: boolean,
  path: string,
  board: Board,
  options: WrapOptions,
): Wrapped {
  const region = userRegion(board);
  const span = program.span;
  if (!span) throw empty(path);
  const expected = region.start + MODULE_INFO.size;
  const first = program.read({ start: span.start, end: Math.min(span.end, span.start + 0x200) }, 0xff);
  if (readModuleInfo(first)) throw isModule(path);
  if (hasAddresses && span.start !== expected) throw wrongAddress(path, expected, span.start);
  const payload = program.read(span, 0xff);
  const { dependencies = [] } = options;
  if (dependencies.length > 2) throw tooManyDependencies(dependencies.length);
  const module = buildModule({
    startAddress: region.start,
    platformId: options.platformId ?? board.platform?.id ?? 0,
    functionId: moduleFunctionCode(FUNCTION) ?? 5,
    index: region.module?.index ?? 1,
    version: options.version,
    payload,
    dependencies,
    ...(options.productId === undefined ? {} : { productId: options.productId }),
    ...(options.productVersion === undefined ? {} : { productVersion: options.productVersion }),
  });
  const room = region.end - region.start;
  if (module.length > room) throw tooLarge(path, room, module.length);
  return { module, startAddress: region.start, notes: notesOn(payload, region, dependencies) };
}

function userRegion(board: Board): Region {
  const region = board.regions.find(({ module, role }) => module?.function === FUNCTION && role !== 'factory');
  if (region) return region;
  throw new BuildError({
    code: 'WRAP_NO_REGION',
    what: `${board.name} has no place for a user part`,
    where: board.id,
    help: 'Choose the board of the program with --board.',
  });
}

function notesOn(payload: Uint8Array, region: Region, dependencies: readonly Dependency[]): string[] {
  const notes = [
    'The program must begin with the address of its table of functions for the system part (dynalib); whether it runs cannot be checked here.',
  ];
  const entry = payload.length >= 4 ? readU32(payload, 0) : 0;
  if (entry <= region.start || entry >= region.end) {
    const words = `Its first word, ${formatAddress(entry)}, is no address in the user region, so it does not begin with that table.`;
    notes.unshift(words);
  }
  if (dependencies.length === 0) {
    notes.push(
      'It depends on nothing: the system will start it whatever system part is installed. Name one with --depends.',
    );
  }
  return notes;
}

function empty(where: string): BuildError {
  return new BuildError({
    code: 'WRAP_EMPTY',
    what: 'there is no program to wrap',
    where,
    help: 'Give a file with data.',
  });
}

function isModule(where: string): BuildError {
  return new BuildError({
    code: 'WRAP_IS_MODULE',
    what: 'this is a module already',
    where,
    expected: 'a program without module header',
    help: 'Change its header with: flashatlas repair --set version=… FILE -o OUT',
  });
}

function wrongAddress(where: string, expected: number, got: number): BuildError {
  return new BuildError({
    code: 'WRAP_WRONG_ADDRESS',
    what: 'the program is linked for another place',
    where,
    expected: `a first byte at ${formatAddress(expected)}, behind the module header`,
    got: formatAddress(got),
    help: 'Link it for that address. Moving the bytes would break every absolute address in them.',
  });
}

function tooLarge(where: string, room: number, size: number): BuildError {
  return new BuildError({
    code: 'WRAP_TOO_LARGE',
    what: 'the module does not fit the user region',
    where,
    expected: `at most ${room} bytes`,
    got: `${size} bytes`,
    help: 'Make the program smaller.',
  });
}

function tooManyDependencies(count: number): BuildError {
  return new BuildError({
    code: 'WRAP_DEPENDENCIES',
    what: 'a module header has room for two dependencies',
    expected: 'at most 2',
    got: `${count}`,
    help: 'Name those that matter; a system part brings its own.',
  });
}
