/** `dfu pack` and `dfu unpack`. */
import { existsSync, mkdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { formatAddress, toHex } from '../../core/bytes.js';
import { sha256 } from '../../core/checksums.js';
import { InputError } from '../../core/errors.js';
import { sortFindings, verdictOf } from '../../core/finding.js';
import { formatCount } from '../../core/words.js';
import { idPair } from '../../formats/dfu-device.js';
import { type UnpackedElement, unpackDfuse } from '../../operations/dfu.js';
import { checkModules, modulePlace } from '../../operations/dfu-modules.js';
import { type PackInput, packDfuse } from '../../operations/dfu-pack.js';
import { renderFindings } from '../../report/findings.js';
import { renderJson } from '../../report/json.js';
import { PLAIN } from '../../report/style.js';
import { TOOL } from '../../tool.js';
import type { ParsedArguments } from '../args.js';
import { EXIT_DONE, EXIT_FINDINGS } from '../command.js';
import { requireWritable, writeOutput } from '../io.js';
import { boardFrom } from '../open.js';
import { outputFrom, requireOutputPath } from '../output.js';
import { requireFiles, splitAddress } from '../place.js';
import { type DfuAction, idsFrom, readFileBytes, requireDfu, requireOne } from './action.js';

interface Part {
  readonly path: string;
  readonly address: number | undefined;
  readonly alternate: number | undefined;
}

/** `[ADDRESS:]FILE[@ALTERNATE]`; a file that has this very name is meant first. */
export function splitPart(operand: string): Part {
  const { address, path } = splitAddress(operand);
  const parts = /^(.+)@(\d{1,3})$/.exec(path);
  if (!parts || existsSync(path)) return { path, address, alternate: undefined };
  return { path: parts[1] as string, address, alternate: Number(parts[2]) };
}

export const pack: DfuAction = async (operands, args, context) => {
  const parts = operands.map(splitPart);
  const paths = parts.map(({ path }) => path);
  requireFiles(operands, paths);
  const output = outputFrom(args, context, paths);
  const board = await boardFrom(args);
  const dfu = requireDfu(board);
  const ids = idsFrom(args, dfu);
  const result = packDfuse(
    parts.map((part) => readPart(part, args)),
    {
      device: dfu,
      placeModule: modulePlace,
      checkFlash: (image) => checkModules(image, board),
      vendor: ids.vendor,
      product: ids.product,
      deviceVersion: ids.device,
      inclusiveImageSize: args.flag('--inclusive-size'),
      allowRefused: args.flag('--allow-refused'),
    },
  );
  const { size, sha256: digest } = output.write([result.bytes]);
  const findings = sortFindings(result.findings);
  if (context.json) {
    const head = { schema: 'flashatlas/dfu-pack', schemaVersion: 1, tool: TOOL };
    const target = { path: output.path, size, sha256: digest };
    const summary = { output: target, targets: result.targets, findings, verdict: verdictOf(findings) };
    context.write(`${renderJson({ ...head, inputs: parts.map(({ path }) => ({ path })), ...summary })}\n`);
  } else {
    if (findings.length > 0) context.warn(`${renderFindings(findings, PLAIN, context.width)}\n`);
    const pair = idPair(ids.vendor ?? dfu.vendor, ids.product ?? dfu.product);
    const name = output.path === '-' ? 'stdout' : output.path;
    const lines = [`${name}: DfuSe file for ${pair}, ${formatCount(size)} bytes`];
    for (const { alternate, name: title, elements } of result.targets) {
      for (const { start, end } of elements) {
        const place = `${formatAddress(start)}-${formatAddress(end - 1)}`;
        lines.push(`  alternate setting ${alternate} (${title}): ${formatCount(end - start)} bytes at ${place}`);
      }
    }
    context.warn(`${lines.join('\n')}\n`);
  }
  return findings.some(({ severity }) => severity === 'error') ? EXIT_FINDINGS : EXIT_DONE;
};

function readPart({ path, address, alternate }: Part, args: ParsedArguments): PackInput {
  const bytes = readFileBytes(path, args);
  if (bytes.length > 0) return { name: path, bytes, address, alternate };
  throw new InputError({
    code: 'INPUT_EMPTY',
    what: 'the file is empty',
    where: path,
    help: 'Leave it out, or make it again.',
  });
}

export const unpack: DfuAction = async (operands, args, context) => {
  const path = requireOne(operands, 'unpack');
  const folder = requireOutputPath(args, 'DIR');
  const bytes = readFileBytes(path, args);
  const { elements } = unpackDfuse(bytes, path, args.flag('--damaged'));
  const files = elements.map((element) => ({ element, file: join(folder, element.suggestedName) }));
  writeAllOrNothing(folder, files, { force: args.flag('--force'), inputs: [path] });
  if (context.json) {
    const rows = files.map(({ file, element: { alternate, targetName, address, bytes: content } }) => ({
      path: file,
      alternate,
      targetName,
      address,
      size: content.length,
      sha256: toHex(sha256(content)),
    }));
    const input = { path, size: bytes.length, sha256: toHex(sha256(bytes)), format: 'dfuse' };
    const head = { schema: 'flashatlas/dfu-unpack', schemaVersion: 1, tool: TOOL, input };
    context.write(`${renderJson({ ...head, files: rows })}\n`);
  } else {
    for (const { file, element } of files) {
      context.warn(`${file}: ${formatCount(element.bytes.length)} bytes for ${formatAddress(element.address)}\n`);
    }
  }
  return EXIT_DONE;
};

/** A failed run leaves no file behind, and no folder that it made. @throws BuildError OUTPUT_… */
function writeAllOrNothing(
  folder: string,
  files: readonly { readonly element: UnpackedElement; readonly file: string }[],
  options: { readonly force: boolean; readonly inputs: readonly string[] },
): void {
  for (const { file } of files) requireWritable(file, options);
  const made = makeFolder(folder);
  const written: string[] = [];
  try {
    for (const { element, file } of files) {
      // With --force an older file is replaced for good; only new ones can be taken back.
      const isNew = !existsSync(file);
      writeOutput(file, element.bytes, options);
      if (isNew) written.push(file);
    }
  } catch (error) {
    for (const file of written) rmSync(file, { force: true });
    if (made) rmdirSync(folder);
    throw error;
  }
}

/** True when the folder was not there. Its own parent must be: a wrong path is not worth a tree of folders. */
function makeFolder(folder: string): boolean {
  if (existsSync(folder)) return false;
  try {
    mkdirSync(folder);
  } catch {
    // Writing the first file says what is wrong.
    return false;
  }
  return true;
}
