/**
 * What is fuzzed. A target is a name and a function that takes bytes; throwing a FlashatlasError is fine, anything else is
 * not. To add one, add one line.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HELD_BUTTONS } from '../../dist/boot/types.js';
import {
  applyDiff,
  BUILT_IN,
  bootOf,
  buildImage,
  checkDfu,
  checkFile,
  checkOnto,
  checkSet,
  currentCopy,
  DECODER_NAMES,
  dctEdits,
  decodeDct,
  decodeEeprom,
  describePrivateKey,
  describePublicKey,
  diagnose,
  diff,
  diffHexRows,
  diffReport,
  drawMap,
  editDct,
  examine,
  explainLog,
  extract,
  FlashatlasError,
  FORMATS,
  flashOf,
  hexRows,
  isDfuFile,
  loadBoard,
  locate,
  MemoryImage,
  matchLed,
  matchModules,
  modernise,
  openBoard,
  openDct,
  openEeprom,
  openImage,
  PLAIN,
  parseRecipe,
  plan,
  putEeprom,
  readAny,
  renderJson,
  renderMap,
  repairDfuFile,
  repairImage,
  simulate,
  writeAny,
} from '../../dist/index.js';
import { renderBoot } from '../../dist/report/boot.js';
import { renderCheck } from '../../dist/report/check.js';
import { renderDiagnosis } from '../../dist/report/diagnose.js';
import { renderDiff } from '../../dist/report/diff.js';
import { renderDiffHex } from '../../dist/report/diff-hex.js';
import { renderGithub } from '../../dist/report/github.js';
import { renderInspection } from '../../dist/report/inspect.js';
import { renderJunit } from '../../dist/report/junit.js';
import { renderLog } from '../../dist/report/log.js';
import { renderSarif } from '../../dist/report/sarif.js';
import { ROOT } from '../support/compile.mjs';

export { FlashatlasError };

const BOARD_FILES = BUILT_IN.names().filter((name) => name.endsWith('.board.json'));
const boards = ['particle-p1', 'particle-electron', 'stm32f205-generic'].map((id) => loadBoard(id));

function input(bytes, base) {
  const image = MemoryImage.fromBytes(bytes, base ?? 0, { name: 'fuzz', offset: 0 });
  const addressSource = base === undefined ? 'assumed' : 'given';
  return { path: 'fuzz', bytes, format: 'bin', image, addressSource, container: null, findings: [] };
}

function inspectAndRender(bytes, board, base) {
  const { report } = examine(input(bytes, base), board);
  const { total, ...counts } = report.coverage;
  const sum = Object.values(counts).reduce((all, count) => all + count, 0);
  if (sum !== total) throw new Error(`coverage does not add up: ${sum} of ${total}`);
  JSON.parse(renderJson(report));
  renderInspection(report, { style: PLAIN, width: 100 });
}

function diagnoseAndRender(bytes, board) {
  const complaint = { led: matchLed('cyan red'), symptoms: [] };
  renderDiagnosis(diagnose(examine(input(bytes), board), complaint), { style: PLAIN, width: 100 });
}

function bootAndRender(bytes, board, random) {
  const inspection = examine(anyInput(bytes, random), board, { optcr: random.pick([undefined, 0x0fffaaed, 0]) });
  const prediction = bootOf(inspection, random.pick(HELD_BUTTONS));
  if (prediction) renderBoot(prediction, { style: PLAIN, width: 100, led: (id) => id });
}

const HEALTHY = new Uint8Array(readFileSync(join(ROOT, 'samples/p1-healthy.bin.gz')));

/** The bytes as a file of whatever format they are, or as raw bytes at some address. */
function anyInput(bytes, random) {
  if (random.below(2) === 0) return openImage(bytes, { path: 'fuzz.bin' });
  return input(bytes, random.pick([undefined, 0, 0x08000000, 0x08004000, 0x080a0000, 0xfffffff0]));
}

/** What the bytes can be compared with: a good dump, a part of them, or they themselves a little changed. */
function otherInput(bytes, random) {
  const kind = random.below(3);
  if (kind === 0) return openImage(HEALTHY, { path: 'healthy.bin.gz' });
  if (kind === 1) return anyInput(bytes.slice(random.below(bytes.length + 1)), random);
  const changed = bytes.slice();
  for (let count = random.below(8); count > 0 && changed.length > 0; count--) {
    changed[random.below(changed.length)] = random.below(256);
  }
  return anyInput(changed, random);
}

function renderChecked(result) {
  renderCheck(result, { style: PLAIN, width: 100 });
  renderGithub(result.report);
  renderJunit(result.report);
  JSON.parse(renderSarif(result));
  JSON.parse(renderJson(result.report));
}

/** What the difference says must lead from one to the other. */
function diffAndApply(bytes, board, random) {
  const difference = diff(anyInput(bytes, random), otherInput(bytes, random), board, { common: random.below(3) === 0 });
  renderDiff(difference, { style: PLAIN, width: 100 });
  renderDiffHex(diffHexRows(difference, { limit: 50 }), PLAIN);
  JSON.parse(renderJson(diffReport(difference)));
  const { a, b } = difference;
  if (!applyDiff(difference, a.placed.image).equals(b.placed.image))
    throw new Error('applied, the difference gives another image');
}

/** Any bytes as text: zero would only be refused. */
function logOf(bytes) {
  return bytes.map((byte) => (byte === 0 ? 0x20 : byte));
}

const PIECE_BYTES = 0x4000;

/** Two sectors out of any bytes. */
function copiesOf(bytes) {
  const sector = (start) => {
    const copy = new Uint8Array(PIECE_BYTES).fill(0xff);
    copy.set(bytes.subarray(start, start + PIECE_BYTES));
    return copy;
  };
  const places = { address1: 0x08004000, address2: 0x08008000, rules: 'unknown' };
  return { copy1: sector(0), copy2: sector(PIECE_BYTES), ...places };
}

/** What was read must be writable again, and read back as the same image. */
function rewrite({ format, image, container }) {
  if (format === 'gzip' || format === 'dfu' || image.byteCount === 0) return;
  const again = readAny(writeAny(image, format, { like: container }), {
    name: 'again',
    format,
    base: image.span.start,
    permissive: true,
  });
  const alike = format === 'bin' ? again.image.byteCount >= image.byteCount : again.image.equals(image);
  if (!alike) throw new Error(`${format} does not read back as it was`);
}

/** @type {Readonly<Record<string, (bytes: Uint8Array, random: import('./random.mjs').Random) => unknown>>} */
export const TARGETS = {
  inspect: (bytes, random) => inspectAndRender(bytes, random.pick(boards)),
  diagnose: (bytes, random) => diagnoseAndRender(bytes, random.pick(boards)),
  boot: (bytes, random) => bootAndRender(bytes, random.pick(boards), random),
  check: (bytes, random) => renderChecked(checkFile(anyInput(bytes, random), random.pick(boards))),
  'check of a set': (bytes, random) => {
    const other = input(bytes.slice(0, random.below(0x20000)), random.pick([0x08004000, 0x08060000, 0x08080000]));
    renderChecked(checkSet([anyInput(bytes, random), other], random.pick(boards)));
  },
  'check --onto': (bytes, random) => {
    const [one, other] = [anyInput(bytes, random), otherInput(bytes, random)];
    const [chip, file] = random.below(2) === 0 ? [one, other] : [other, one];
    renderChecked(checkOnto(chip, [file], random.pick(boards)));
  },
  diff: (bytes, random) => diffAndApply(bytes, random.pick(boards), random),
  'diagnose-log': (bytes, random) =>
    renderLog(explainLog(logOf(bytes), random.pick(boards)), { style: PLAIN, width: 100 }),
  'inspect --base': (bytes, random) =>
    inspectAndRender(bytes, boards[0], random.pick([0, 0x08000000, 0x080a0000, 0xfffffff0])),
  map: (bytes) => {
    const { survey, stretches } = examine(input(bytes), boards[0]);
    renderMap(drawMap(flashOf(boards[0]).sectors, survey.regions, stretches, 4096), 4096, PLAIN);
  },
  'catalog match': (bytes) => matchModules(input(bytes), boards[0]),
  ...Object.fromEntries(
    FORMATS.map(({ id }) => [
      `read ${id}`,
      (bytes, random) => rewrite(readAny(bytes, { name: 'fuzz', format: id, permissive: random.below(2) === 1 })),
    ]),
  ),
  'read anything': (bytes) => readAny(bytes, { name: 'fuzz' }),
  'dct show': (bytes) => renderJson(decodeDct(copiesOf(bytes))),
  'eeprom show': (bytes) => {
    const eeprom = decodeEeprom({ page1: bytes.subarray(0, 0x4000), page2: bytes.subarray(0x4000, 0x14000) });
    eeprom.parts();
    eeprom.coverage();
  },
  'keys show': (bytes) => [describePrivateKey(bytes), describePublicKey(bytes)],
  repair: (bytes) =>
    isDfuFile(bytes) ? repairDfuFile(bytes, 'fuzz', boards[0]) : repairImage(input(bytes), boards[0]),
  'dct set': (bytes, random) => {
    const { copy1, copy2 } = copiesOf(bytes);
    const sectors = new Uint8Array(2 * PIECE_BYTES);
    sectors.set(copy1);
    sectors.set(copy2, PIECE_BYTES);
    // Few inputs have a header; without one there is nothing to change.
    if (random.below(4) > 0) sectors.set([0, 1, 1, 0, 0x42, 0x52, 0x43, 0x4d], 8);
    const form = random.pick([input(sectors, 0x08004000), input(bytes)]);
    const file = openDct(form, boards[0], random.pick([undefined, '0.4.2', '0.6.4', '2.3.1']));
    const value = String.fromCharCode(...bytes.subarray(0, 40));
    const name = random.pick(['wifi', 'serverAddress', 'claim_code', 'product', 'ip_config', value]);
    const edits = dctEdits(
      [{ name, value: random.pick([value, '', `hex:${value}`, 'a:password:wpa2', '192.168.1.1']) }],
      {
        current: currentCopy(file)?.bytes,
      },
    );
    editDct(file, edits, {
      style: random.pick([undefined, 'flip', 'in-place', 'single']),
      wipeOld: random.below(2) === 1,
    });
  },
  'eeprom set': (bytes, random) => {
    const pages = new Uint8Array(0x14000).fill(0xff);
    pages.set(bytes.subarray(0, pages.length));
    if (random.below(4) > 0) pages.set([0, 0, 0xff, 0xff]);
    const generation = random.pick([undefined, 'legacy', 'current']);
    putEeprom(
      openEeprom(input(pages, 0x0800c000), boards[0], { generation }),
      [{ index: random.below(2100), data: bytes.subarray(0, 8) }],
      true,
    );
  },
  'dfu check': (bytes) => checkDfu(bytes, 'fuzz', boards[0].dfu),
  'hex and --at': (bytes, random) => {
    const inspection = examine(input(bytes), boards[0]);
    const start = (inspection.placed.image.span?.start ?? 0) + random.below(Math.max(1, bytes.length));
    hexRows(inspection, { start, end: start + 300 });
    locate(inspection, start);
  },
  'extract and build': (bytes, random) => extractAndBuild(input(bytes), random.pick(boards), random.below(2) === 1),
  'parse recipe': (bytes) => parseRecipe(new TextDecoder().decode(bytes.subarray(0, 20_000)), 'fuzz.yaml'),
  'plan and simulate': (bytes, random) => planAndSimulate(bytes, random),
  'plan --modernise': (bytes) => modernise(new TextDecoder().decode(bytes.subarray(0, 20_000))),
  'layouts check': (_, random) => openBoard(damagedBoard(random), 'fuzz.board.json', { decoders: DECODER_NAMES }),
};

/** Whatever the chip holds: the plan must lead to the target, wherever the power is cut before. */
function planAndSimulate(bytes, random) {
  const flash = flashOf(boards[0]);
  const from = MemoryImage.fromBytes(bytes.subarray(0, flash.end - flash.start), flash.start);
  const start = flash.start + random.below(flash.end - flash.start - 4096);
  const piece = bytes.slice(random.below(bytes.length), random.below(bytes.length)).subarray(0, 4096);
  const image = MemoryImage.fromBytes(piece, start);
  const optcr = 0x0000aaec + random.below(0x1000) * 0x10000;
  const tool = random.pick(['openocd', 'st-flash', 'cubeprogrammer', 'dfu-util', 'particle-cli', 'jlink']);
  const made = plan(from, { image }, boards[0], { tool, optcr, include: ['dct', 'eeprom'] });
  const options = { flash, optcr, dct: made.dct ?? undefined };
  simulate(made, from, {
    ...options,
    cutInside: made.steps.length > 0 ? 1 + random.below(made.steps.length) : undefined,
  });
  const { image: after } = simulate(made, from, options);
  if (!after.equals(made.result)) throw new Error('the simulation is not what the plan says');
  // Over DFU the DCT is written field by field.
  const isExact = tool !== 'dfu-util' && piece.length > 0;
  if (isExact && !after.slice({ start, end: start + piece.length }).equals(image)) {
    throw new Error('the plan does not lead to the target');
  }
}

/** What was extracted must build the same image again. */
async function extractAndBuild(from, board, showSecrets) {
  const { files, image, recipeText } = extract(from, board, { showSecrets, source: '../fuzz' });
  const contents = new Map(files.map(({ name, content }) => [name, content]));
  const recipe = await parseRecipe(recipeText, 'recipe.yaml');
  const built = buildImage(recipe, (name) => contents.get(name) ?? from.bytes, { board });
  if (!built.image.equals(image)) throw new Error('the recipe builds another image');
}

const ODD_VALUES = [
  null,
  '',
  0,
  -1,
  1e300,
  'x'.repeat(300),
  [],
  {},
  '0xFFFFFFFF',
  '0x08000000',
  '0x1',
  true,
  ['a', 'a'],
];

/** A shipped board file with a few values replaced, removed or moved to other places. */
function damagedBoard(random) {
  const board = structuredClone(BUILT_IN.read(random.pick(BOARD_FILES)));
  for (let count = 1 + random.below(4); count > 0; count--) {
    const [owner, key] = random.pick(placesIn(board));
    const change = random.below(4);
    if (change === 0 && !Array.isArray(owner)) delete owner[key];
    else if (change === 1) owner[key] = structuredClone(random.pick(placesIn(board).map(([from, name]) => from[name])));
    else owner[key] = structuredClone(random.pick(ODD_VALUES));
  }
  return board;
}

/** Every object or list of a JSON value with each of its keys. */
function placesIn(value) {
  if (typeof value !== 'object' || value === null) return [];
  return Object.keys(value).flatMap((key) => [[value, key], ...placesIn(value[key])]);
}
