/** flashatlas wrap */
import { formatAddress } from '../../core/bytes.js';
import { UsageError } from '../../core/errors.js';
import { MemoryImage } from '../../core/image.js';
import { formatCount, wrapText } from '../../core/words.js';
import { parseDependency, platformId } from '../../operations/repair/module-fields.js';
import { wrapProgram } from '../../operations/repair/wrap.js';
import { renderJson } from '../../report/json.js';
import { TOOL } from '../../tool.js';
import type { ParsedArguments } from '../args.js';
import { type Command, EXIT_DONE, INPUT_OPTIONS } from '../command.js';
import { writeImage } from '../edited.js';
import { boardFrom, openFile, requireOneFile } from '../open.js';
import { OUTPUT_OPTIONS, outputFrom } from '../output.js';

export const command: Command = {
  operands: 'PROGRAM --version N -o OUT',
  about:
    'Makes a user module of a program: header, product fields, digest and CRC around its bytes. PROGRAM is a raw binary or an ELF file, linked to begin 24 bytes behind the start of the user region (0x080A0018 on a P1), where it must have the address of its table of functions for the system part (dynalib). Whether the program runs cannot be checked.',
  options: {
    ...OUTPUT_OPTIONS,
    '--as': { type: 'text', value: 'KIND', choices: ['user-part'], about: 'what to make (default user-part)' },
    '--version': { type: 'number', value: 'N', about: 'module version, 0 to 65535' },
    '--platform': { type: 'text', value: 'NAME', about: 'platform name or number (default: that of the board)' },
    '--product-id': { type: 'number', value: 'N', about: 'product id (default: not set)' },
    '--product-version': { type: 'number', value: 'N', about: 'product version (default: not set)' },
    '--depends': { type: 'list', value: 'MODULE:N', about: 'needed module, such as system-part2:1300 (up to two)' },
    '--board': INPUT_OPTIONS['--board'],
    '--layout': INPUT_OPTIONS['--layout'],
    '--format': INPUT_OPTIONS['--format'],
    '--max-size': INPUT_OPTIONS['--max-size'],
  },
  examples: [
    'flashatlas wrap program.elf --version 1 --depends system-part2:1300 -o app.bin',
    'flashatlas wrap raw.bin --as user-part --version 1 --product-id 8 --product-version 2 -o app.bin',
  ],
  async run(args, context) {
    const path = requireOneFile(args);
    const output = outputFrom(args, context, [path]);
    const board = await boardFrom(args);
    const version = halfWord(args, '--version');
    if (version === undefined) {
      throw new UsageError({
        code: 'USAGE_NO_VERSION',
        what: 'the module has no version',
        expected: '--version N',
        help: 'Any number will do for a first build; the cloud tells builds of a product by their product version.',
      });
    }
    const { result } = await openFile(path, args);
    const platform = args.text('--platform');
    const { module, startAddress, notes } = wrapProgram(result.image, result.addressSource === 'file', path, board, {
      version,
      platformId: platform === undefined ? undefined : platformId(platform),
      productId: halfWord(args, '--product-id'),
      productVersion: halfWord(args, '--product-version'),
      dependencies: args.list('--depends').map(parseDependency),
    });
    const written = writeImage(MemoryImage.fromBytes(module, startAddress), output, undefined, board);
    if (context.json) {
      const head = { schema: 'flashatlas/wrap', schemaVersion: 1, tool: TOOL, input: { path } };
      const target = { path: output.path, ...written };
      context.write(`${renderJson({ ...head, output: target, startAddress, size: module.length, notes })}\n`);
    } else {
      const name = output.path === '-' ? 'stdout' : output.path;
      const head = `${name}: user part version ${version}, ${formatCount(module.length)} bytes for ${formatAddress(startAddress)}`;
      context.warn(`${[head, ...notes.map((note) => wrapText(note, context.width))].join('\n')}\n`);
    }
    return EXIT_DONE;
  },
};

/** @throws UsageError USAGE_BAD_NUMBER */
function halfWord(args: ParsedArguments, name: string): number | undefined {
  const value = args.number(name);
  if (value === undefined || value <= 0xffff) return value;
  throw new UsageError({
    code: 'USAGE_BAD_NUMBER',
    what: `${name} is too large`,
    expected: '0 to 65535',
    got: `${value}`,
    help: 'The header has 16 bits for it.',
  });
}
