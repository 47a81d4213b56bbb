/** flashatlas convert */
import { toHex } from '../../core/bytes.js';
import { sha256 } from '../../core/checksums.js';
import { UsageError } from '../../core/errors.js';
import { type Finding, sortFindings, verdictOf } from '../../core/finding.js';
import type { MemoryImage, OverlapPolicy } from '../../core/image.js';
import { checkDfuRanges, flashAlternate } from '../../formats/dfu-device.js';
import type { WriteOptions } from '../../formats/index.js';
import type { Board } from '../../layout/types.js';
import { type ConvertOptions, convertChunks } from '../../operations/convert.js';
import { chooseOutputFormat, type Model, type OutputFormat } from '../../operations/convert-format.js';
import { TRANSFORMS, type Transform } from '../../regions/acquisition/index.js';
import { type ConversionOutput, renderConversion } from '../../report/convert.js';
import { renderFindings } from '../../report/findings.js';
import { renderJson } from '../../report/json.js';
import { PLAIN } from '../../report/style.js';
import { TOOL } from '../../tool.js';
import { type ParsedArguments, parseRange } from '../args.js';
import { type Command, type Context, EXIT_DONE, EXIT_FINDINGS, INPUT_OPTIONS } from '../command.js';
import { dfuFields } from '../edited.js';
import { boardFrom, openFile } from '../open.js';
import { OUTPUT_OPTIONS, outputFrom } from '../output.js';
import { MAX_TEXT_SIZE, type PlacedFile, placeFile, requireFiles, splitAddress } from '../place.js';

export const command: Command = {
  operands: 'IN... -o OUT',
  about:
    'Writes one or several inputs in another format. An input is FILE or ADDRESS:FILE; a raw module goes where its header says. Steps, in this order: --undo, merge, --crop, --exclude, --trim, --fill, --offset. Exit 1 when the inputs are damaged (--permissive) or a DfuSe output holds what the board will refuse.',
  options: {
    ...OUTPUT_OPTIONS,
    '--to': { type: 'text', value: 'FORMAT', about: 'output format (default: by the name of OUT; .gz packs it)' },
    ...INPUT_OPTIONS,
    '--base': {
      type: 'number',
      value: 'ADDRESS',
      about: 'address of the first byte of a raw binary; inputs with addresses are moved there',
    },
    '--max-size': { type: 'number', value: 'BYTES', about: 'largest input to read (default 256M)' },
    '--undo': {
      type: 'text',
      value: 'ORDER',
      choices: TRANSFORMS,
      about: 'undo a byte order',
    },
    '--offset': { type: 'number', signed: true, value: 'N', about: 'move everything by N bytes; may be negative' },
    '--crop': { type: 'list', value: 'RANGE', about: 'keep only START-END or START+SIZE (repeatable)' },
    '--exclude': { type: 'list', value: 'RANGE', about: 'leave this range out (repeatable)' },
    '--trim': { type: 'number', alone: '0xFF', value: '[BYTE]', about: 'drop this byte from the end of every run' },
    '--fill': { type: 'number', value: 'BYTE', about: 'give gaps this value' },
    '--overlap': {
      type: 'text',
      value: 'POLICY',
      choices: ['refuse', 'identical', 'last-wins'],
      about: 'inputs that overlap (default refuse)',
    },
    '--like': { type: 'text', value: 'input|FILE', about: 'write in the manner of the first input or of FILE' },
    '--record-bytes': { type: 'number', value: 'N', about: 'HEX, S-record: data bytes per record (default 16)' },
    '--line-end': { type: 'text', value: 'END', choices: ['lf', 'crlf'], about: 'text formats: default lf' },
    '--address-bits': {
      type: 'text',
      value: 'BITS',
      choices: ['16', '20', '24', '32'],
      about: 'HEX: 16, 20 or 32; S-record: 16, 24 or 32',
    },
    '--start': { type: 'number', value: 'ADDRESS', about: 'HEX, S-record: start address' },
    '--header': { type: 'text', value: 'TEXT', about: 'S-record: text of the S0 record' },
    '--alternate': { type: 'number', value: 'N', about: 'DfuSe: alternate setting to read and to write' },
  },
  examples: [
    'flashatlas convert app.hex -o app.bin',
    'flashatlas convert part1.bin part2.bin tinker.bin -o firmware.hex',
    'flashatlas convert --base 0x08000000 --crop 0x08020000-0x0807FFFF dump.bin -o system.srec',
    'flashatlas convert --undo byteswap16 dump.bin -o right.bin',
    'flashatlas convert dump.hex.gz --to bin -o - | sha256sum',
    'flashatlas convert --like input --exclude 0x08004000+32K old.hex -o new.hex',
  ],
  async run(args, context) {
    const operands = args.operands.map(splitAddress);
    requireFiles(
      args.operands,
      operands.map(({ path }) => path),
    );
    const output = outputFrom(args, context, inputPaths(args));
    const board = await boardFrom(args);
    const undo = args.text('--undo') as Transform | undefined;
    const files: PlacedFile[] = [];
    for (const operand of args.operands) files.push(await placeFile(operand, args, board, undo));
    requireOneRaw(files, args);
    const model = await modelOf(args, files);
    const target = chooseOutputFormat({
      to: args.text('--to'),
      name: output.path === '-' ? undefined : output.path,
      like: model,
      hasAddresses: files.some(({ base }) => base !== null),
    });
    const inputs = files.map(({ path, image }) => ({ name: path, image }));
    const options = { ...convertOptions(args, files), ...writeOptions(args, target, model, board) };
    const { image, chunks } = convertChunks(inputs, target.format, options);
    const same = identityCheck(args, files, target, options);
    const written = output.write(chunks, { observe: same?.observe });
    const findings = [
      ...files.flatMap((file) => file.findings),
      ...judgeOutput(image, target, args, board),
      ...(same?.findings() ?? []),
    ];
    const result = describeOutput(output.path, target, image, files, written.size);
    if (context.json) context.write(`${renderJson(summary(files, result, written.sha256, findings))}\n`);
    else context.warn(messages(files, result, findings, context));
    return findings.some(({ severity }) => severity === 'error') ? EXIT_FINDINGS : EXIT_DONE;
  },
};

function inputPaths(args: ParsedArguments): string[] {
  const like = args.text('--like');
  const model = like === undefined || like === 'input' ? [] : [like];
  return [...args.operands.map((operand) => splitAddress(operand).path), ...model];
}

/** One --base cannot place two raw inputs. */
function requireOneRaw(files: readonly PlacedFile[], args: ParsedArguments): void {
  const raw = files.filter(({ result }, index) => result.addressSource === 'given' && isPlain(args, index));
  if (raw.length < 2) return;
  throw new UsageError({
    code: 'CONVERT_ONE_BASE',
    what: '--base places one raw input, and there are more',
    got: raw.map(({ path }) => path).join(', '),
    help: 'Give each its own address: 0x08020000:first.bin 0x08060000:second.bin',
  });
}

/** True for an operand without an address of its own. */
function isPlain(args: ParsedArguments, index: number): boolean {
  return splitAddress(args.operands[index] ?? '').address === undefined;
}

async function modelOf(args: ParsedArguments, files: readonly PlacedFile[]): Promise<Model | undefined> {
  const like = args.text('--like');
  if (like === undefined) return undefined;
  if (like === 'input') return files[0]?.result;
  const { result } = await openFile(like, args, { maxSize: MAX_TEXT_SIZE, format: undefined, base: undefined });
  return result;
}

function convertOptions(args: ParsedArguments, files: readonly PlacedFile[]): ConvertOptions {
  const ranges = (name: string) => args.list(name).map((text) => parseRange(text, name));
  const fill = args.number('--fill');
  const usedForRaw = files.some(({ result }, index) => result.addressSource === 'given' && isPlain(args, index));
  return {
    crop: args.has('--crop') ? ranges('--crop') : undefined,
    exclude: ranges('--exclude'),
    trim: args.number('--trim'),
    fill: fill === undefined ? undefined : { value: fill },
    offset: args.number('--offset'),
    base: usedForRaw ? undefined : args.number('--base'),
    overlap: args.text('--overlap') as OverlapPolicy | undefined,
  };
}

function writeOptions(
  args: ParsedArguments,
  { format, inner }: OutputFormat,
  model: Model | undefined,
  board: Board,
): Omit<WriteOptions, 'fill'> {
  const lineEnd = args.text('--line-end');
  const bits = args.text('--address-bits');
  const like = model?.container ?? null;
  return {
    like,
    inner,
    recordBytes: args.number('--record-bytes'),
    lineEnd: lineEnd === undefined ? undefined : lineEnd === 'lf' ? '\n' : '\r\n',
    addressBits: bits === undefined ? undefined : (Number(bits) as 16 | 20 | 24 | 32),
    start: args.number('--start'),
    header: args.text('--header'),
    ...dfuFields(board, inner ?? format, like, args.number('--alternate')),
  };
}

/** With `--like input` and nothing changed, the output must be the input again; says so when it is not. */
function identityCheck(
  args: ParsedArguments,
  files: readonly PlacedFile[],
  { format }: OutputFormat,
  options: ConvertOptions & WriteOptionsSubset,
): { observe: (chunk: Uint8Array) => void; findings: () => Finding[] } | undefined {
  const [file] = files;
  const changes = ['--undo', '--crop', '--exclude', '--trim', '--fill', '--offset', '--record-bytes', '--line-end'];
  const others = ['--address-bits', '--start', '--header', '--alternate'];
  const changed = [...changes, ...others].some((name) => args.has(name)) || options.base !== undefined;
  if (args.text('--like') !== 'input' || !file || files.length > 1 || changed || format !== file.result.format) {
    return undefined;
  }
  let position = 0;
  let equal = true;
  return {
    observe(chunk) {
      const part = file.bytes.subarray(position, position + chunk.length);
      equal &&= part.length === chunk.length && Buffer.compare(part, chunk) === 0;
      position += chunk.length;
    },
    findings: () => (equal && position === file.bytes.length ? [] : [notIdentical(file)]),
  };
}

type WriteOptionsSubset = Pick<WriteOptions, 'recordBytes'>;

function notIdentical({ path, result }: PlacedFile): Finding {
  const reason =
    result.format === 'gzip'
      ? 'the same content can be compressed in many ways'
      : 'the input is laid out in a way that cannot be written again';
  return {
    rule: 'convert/not-identical',
    severity: 'warning',
    message: `the output holds the same data as ${path}, but not the same bytes: ${reason}`,
    evidence: { format: result.format },
    start: 0,
    end: 0,
  };
}

/** What the board will say to a DfuSe file. */
function judgeOutput(
  image: MemoryImage,
  { format, inner }: OutputFormat,
  args: ParsedArguments,
  { dfu }: Board,
): readonly Finding[] {
  if (!dfu || (inner ?? format) !== 'dfuse') return [];
  return checkDfuRanges(image.ranges(), args.number('--alternate') ?? flashAlternate(dfu), dfu);
}

function describeOutput(
  path: string,
  { format, inner, reason }: OutputFormat,
  image: MemoryImage,
  files: readonly PlacedFile[],
  size: number,
): ConversionOutput {
  const ranges = image.ranges();
  const known = files.some(({ base }) => base !== null);
  return {
    path,
    format,
    inner: inner ?? null,
    size,
    reason,
    base: known ? (ranges[0]?.start ?? null) : null,
    ranges,
    dataBytes: image.byteCount,
    fillBytes: keepsGaps(inner ?? format) ? 0 : totalGaps(image),
  };
}

function keepsGaps(format: string): boolean {
  return format !== 'bin' && format !== 'dfu';
}

function totalGaps(image: MemoryImage): number {
  const { span } = image;
  return span ? span.end - span.start - image.byteCount : 0;
}

function messages(
  files: readonly PlacedFile[],
  output: ConversionOutput,
  findings: readonly Finding[],
  context: Context,
): string {
  const shown = findings.filter(({ severity, rule }) => severity !== 'note' || rule === 'container/other-alternates');
  const text = renderConversion(files, output);
  return shown.length > 0 ? `${renderFindings(sortFindings(shown), PLAIN, context.width)}\n${text}` : text;
}

function summary(
  files: readonly PlacedFile[],
  { reason: _, ...output }: ConversionOutput,
  digest: string | null,
  findings: readonly Finding[],
): unknown {
  return {
    schema: 'flashatlas/convert',
    schemaVersion: 1,
    tool: TOOL,
    inputs: files.map(({ path, bytes, result, image, base, baseSource }) => ({
      path,
      size: bytes.length,
      sha256: toHex(sha256(bytes)),
      format: result.format,
      base,
      baseSource,
      dataBytes: image.byteCount,
    })),
    output: { ...output, sha256: digest },
    findings: sortFindings(findings),
    verdict: verdictOf(findings),
  };
}
