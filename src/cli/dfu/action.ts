/** What the actions of `dfu` share. */
import { UsageError } from '../../core/errors.js';
import type { Board, DfuProfile } from '../../layout/types.js';
import type { ParsedArguments } from '../args.js';
import type { Context } from '../command.js';
import { DEFAULT_MAX_SIZE, readInput } from '../io.js';

export type DfuAction = (operands: readonly string[], args: ParsedArguments, context: Context) => Promise<number>;

/** @throws UsageError USAGE_ONE_FILE */
export function requireOne(operands: readonly string[], action: string): string {
  const [file, ...more] = operands;
  if (file !== undefined && more.length === 0) return file;
  throw new UsageError({
    code: 'USAGE_ONE_FILE',
    what: `dfu ${action} needs one file`,
    expected: 'one file, or - for stdin',
    got: operands.length === 0 ? 'none' : operands.join(' '),
    help: 'Name one file. See flashatlas dfu --help for examples.',
  });
}

/** @throws InputError */
export function readFileBytes(path: string, args: ParsedArguments): Uint8Array {
  return readInput(path, args.number('--max-size') ?? DEFAULT_MAX_SIZE);
}

export interface AskedIds {
  readonly vendor: number | undefined;
  readonly product: number | undefined;
  readonly device: number | undefined;
}

/** The ids that were asked for; --vendor and --product fall back to those of the board. @throws UsageError USAGE_BAD_ID */
export function idsFrom(args: ParsedArguments, dfu: DfuProfile | null): AskedIds {
  return {
    vendor: idFrom(args, '--vendor') ?? dfu?.vendor,
    product: idFrom(args, '--product') ?? dfu?.product,
    device: idFrom(args, '--device'),
  };
}

/** Hexadecimal with or without 0x, as dfu-suffix, lsusb and everybody else writes USB ids. */
function idFrom(args: ParsedArguments, option: string): number | undefined {
  const text = args.text(option);
  if (text === undefined) return undefined;
  const digits = /^(?:0x)?([0-9a-f]{1,4})$/i.exec(text)?.[1];
  if (digits !== undefined) return Number.parseInt(digits, 16);
  throw new UsageError({
    code: 'USAGE_BAD_ID',
    what: `${option} is not a USB id`,
    expected: 'up to four hexadecimal digits',
    got: JSON.stringify(text),
    help: 'Write for example 2b04 or 0x2b04.',
  });
}

/** @throws UsageError USAGE_NO_DFU */
export function requireDfu(board: Board): DfuProfile {
  if (board.dfu) return board.dfu;
  throw new UsageError({
    code: 'USAGE_NO_DFU',
    what: `the layout of ${board.name} says nothing about DFU`,
    where: board.id,
    help: 'Choose another board with --board, or describe its DFU side in your own *.board.json (--layout).',
  });
}
