/** plan.json: a plan as a document, and back. What comes back was written by anybody, so every field is checked. */
import { formatHex, toHex } from '../../core/bytes.js';
import { sha256 } from '../../core/checksums.js';
import { FormatError } from '../../core/errors.js';
import { formatCount } from '../../core/words.js';
import { toolProfile } from '../../layout/flashing-tools.js';
import type { DctWriter } from '../../regions/dct/write.js';
import { TOOL } from '../../tool.js';
import type { SimulatedStep } from './simulate.js';
import type { DctFacts, Plan, PlanOperation } from './types.js';

/** Where a plan came from, for its document. */
export interface PlanInputs {
  readonly from: { readonly path: string; readonly size: number; readonly sha256: string } | null;
  readonly to: readonly { readonly path: string; readonly size: number; readonly sha256: string }[];
}

/** The JSON document of a plan; addresses are numbers for report/json.ts. Data is in files, named with their digest. */
export function planDocument(plan: Plan, inputs: PlanInputs) {
  const { result, files, scripts, tool, probe, optcr, dct, ...rest } = plan;
  const { title, version } = toolProfile(tool);
  return {
    schema: 'flashatlas/plan',
    schemaVersion: 1,
    tool: TOOL,
    input: inputs.from,
    targets: inputs.to,
    flashingTool: { id: tool, title, version, probe },
    ...rest,
    dct: dct && { ...dct, copies: dct.copies.map((address) => formatHex(address, 8)) },
    optcr: { before: optionText(optcr.before), after: optionText(optcr.after) },
    steps: plan.steps.map(({ data, file, optcr: word, ...step }) => ({
      ...step,
      optcr: optionText(word),
      file,
      fileSize: data?.length ?? null,
      fileSha256: data ? toHex(sha256(data)) : null,
    })),
    scripts: scripts.map(({ name, run }) => ({ name, run })),
    files: files.map(({ name, content, about }) => ({
      name,
      size: content.length,
      sha256: toHex(sha256(content)),
      about,
    })),
  };
}

function optionText(word: number | null): string | null {
  return word === null ? null : formatHex(word, 8);
}

/** What a simulation needs of a plan. */
export interface StoredPlan {
  readonly board: string;
  readonly optcr: number | null;
  readonly dct: DctFacts | null;
  readonly steps: readonly SimulatedStep[];
}

const OPERATIONS: readonly PlanOperation[] = [
  'dump',
  'unlock',
  'unprotect',
  'erase',
  'program',
  'write-dct',
  'verify',
  'options',
  'protect',
  'reset',
  'install',
];
const WRITES: readonly PlanOperation[] = ['program', 'write-dct', 'install'];
const ACTORS = ['tool', 'bootloader', 'device-os'] as const;
const WRITERS: readonly DctWriter[] = ['0.4.2', '0.4.3', '0.4.6', '0.7.0'];
const MAX_STEPS = 10_000;
const MAX_SECTORS = 64;
/** A plan programs no byte of the flash twice, and no flash is larger. */
const MAX_DATA_BYTES = 64 * 1024 * 1024;

/**
 * @param readFile gives the content of a data file that stands beside the plan, by a plain name
 * @throws FormatError PLAN_FILE with the JSON pointer of the mistake, PLAN_FILE_DATA for a data file that is another one
 */
export function readPlanFile(text: string, name: string, readFile: (name: string) => Uint8Array): StoredPlan {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw mistake(name, '', 'a JSON document', 'something else');
  }
  const root = new Node(document, name, '');
  if (root.at('schema').value !== 'flashatlas/plan') {
    throw mistake(name, '/schema', '"flashatlas/plan"', root.at('schema').words());
  }
  const optcr = root.at('optcr').at('before');
  const data = new DataFiles(readFile);
  const dct = root.at('dct');
  return {
    board: root.at('board').text(),
    optcr: optcr.isNull() ? null : optcr.hex(),
    dct: dct.isNull() ? null : readDct(dct),
    steps: root.at('steps').list(MAX_STEPS, (step, index) => readStep(step, index, data)),
  };
}

function readDct(node: Node): DctFacts {
  const writer = node.at('writer').oneOf(WRITERS);
  const systemWriter = node.at('systemWriter').oneOf(WRITERS);
  const [first, second, ...more] = node.at('copies').list(2, (copy) => copy.hex());
  if (first === undefined || second === undefined || more.length > 0) throw node.at('copies').wrong('two addresses');
  return { writer, systemWriter, copies: [first, second] };
}

/** The data files of a plan, each read once: steps may name the same one thousands of times. */
class DataFiles {
  private readonly files = new Map<string, { readonly content: Uint8Array; readonly digest: string }>();
  private total = 0;
  /** Steps whose data is compared by a verify step. */
  readonly verified = new Set<number>();

  constructor(private readonly readFile: (name: string) => Uint8Array) {}

  /** @param node names the file, for the error */
  read(name: string, node: Node) {
    let file = this.files.get(name);
    if (!file) {
      const content = this.readFile(name);
      file = { content, digest: toHex(sha256(content)) };
      this.files.set(name, file);
    }
    this.total += file.content.length;
    if (this.total > MAX_DATA_BYTES) throw node.wrong(`at most ${formatCount(MAX_DATA_BYTES)} bytes of data in all`);
    return file;
  }
}

function readStep(node: Node, index: number, files: DataFiles): SimulatedStep {
  const op = node.at('op').oneOf(OPERATIONS);
  const number = node.at('number').integer(MAX_STEPS);
  if (number !== index + 1) throw node.at('number').wrong(`${index + 1}`);
  const optcr = node.at('optcr');
  const offset = node.at('offset');
  const range = node.at('range');
  const data = WRITES.includes(op) ? readData(node, files) : null;
  const place = range.isNull() ? null : { start: range.at('start').hex(), end: range.at('end').hex() };
  if (op === 'program' && (!place || place.end - place.start !== data?.length)) {
    throw range.wrong(`a range of ${data?.length ?? 0} bytes`);
  }
  return {
    number,
    op,
    title: node.at('title').text(),
    by: node.at('by').oneOf(ACTORS),
    sectors: node.at('sectors').list(MAX_SECTORS, (sector) => sector.integer(MAX_SECTORS)),
    range: place,
    data,
    optcr: optcr.isNull() ? null : optcr.hex(),
    offset: offset.isNull() ? null : offset.integer(0xffff),
    verifies: node.at('verifies').list(MAX_STEPS, (step) => readVerified(step, index, files)),
  };
}

/** What is compared is what was programmed since the last comparison: no step twice. */
function readVerified(node: Node, index: number, { verified }: DataFiles): number {
  const step = node.integer(index);
  if (verified.has(step)) throw node.wrong('a step that no other one verifies');
  verified.add(step);
  return step;
}

function readData(node: Node, files: DataFiles): Uint8Array {
  const name = node.at('file').text();
  // A plan may not reach for files elsewhere.
  if (!/^\w[\w.-]{0,199}$/.test(name)) throw node.at('file').wrong('a plain file name');
  const { content, digest: got } = files.read(name, node.at('file'));
  const expected = node.at('fileSha256').text();
  if (got === expected) return content;
  throw new FormatError({
    code: 'PLAN_FILE_DATA',
    what: 'a data file is not the one the plan was made with',
    where: name,
    expected: `SHA-256 ${expected.slice(0, 64)}`,
    got,
    help: 'Make the plan again with flashatlas plan -o FOLDER, and leave its files together.',
  });
}

function mistake(file: string, pointer: string, expected: string, got: string): FormatError {
  return new FormatError({
    code: 'PLAN_FILE',
    what: 'this is not a plan of flashatlas',
    where: pointer === '' ? file : `${file}, ${pointer}`,
    expected,
    got,
    help: 'Give the plan.json that flashatlas plan -o FOLDER writes, with its data files beside it.',
  });
}

/** A value in the document together with its JSON pointer. */
class Node {
  constructor(
    readonly value: unknown,
    private readonly file: string,
    private readonly pointer: string,
  ) {}

  wrong(expected: string): FormatError {
    return mistake(this.file, this.pointer, expected, this.words());
  }

  /** What it is, without quoting it: the file may be anything. */
  words(): string {
    if (this.value === null) return 'null';
    if (typeof this.value === 'number') return `${this.value}`;
    return Array.isArray(this.value)
      ? `a list of ${this.value.length}`
      : this.value === undefined
        ? 'nothing'
        : `another ${typeof this.value}`;
  }

  at(key: string): Node {
    if (typeof this.value !== 'object' || this.value === null) throw this.wrong('an object');
    const value = Object.hasOwn(this.value, key) ? (this.value as Record<string, unknown>)[key] : undefined;
    return new Node(value, this.file, `${this.pointer}/${key}`);
  }

  isNull(): boolean {
    return this.value === null || this.value === undefined;
  }

  text(): string {
    if (typeof this.value === 'string' && this.value !== '' && this.value.length <= 1000) return this.value;
    throw this.wrong('a text');
  }

  oneOf<T extends string>(choices: readonly T[]): T {
    const found = choices.find((choice) => choice === this.value);
    if (found !== undefined) return found;
    throw this.wrong(choices.join(', '));
  }

  integer(max: number): number {
    if (typeof this.value === 'number' && Number.isInteger(this.value) && this.value >= 0 && this.value <= max) {
      return this.value;
    }
    throw this.wrong(`a number from 0 to ${max}`);
  }

  hex(): number {
    if (typeof this.value === 'string' && /^0x[0-9A-F]{8,9}$/.test(this.value)) return Number(this.value);
    throw this.wrong('"0x" and eight upper-case digits');
  }

  list<T>(max: number, read: (entry: Node, index: number) => T): T[] {
    if (!Array.isArray(this.value) || this.value.length > max) throw this.wrong(`a list of at most ${max}`);
    return this.value.map((entry, index) => read(new Node(entry, this.file, `${this.pointer}/${index}`), index));
  }
}
