/**
 * The way through the bootloader's USB DFU: what it refuses goes another way, or not at all. The bootloader goes through
 * the OTA region and the OTA flag, fields of the DCT through alternate setting 1, the EEPROM nowhere.
 */
import { BuildError } from '../../core/errors.js';
import { MemoryImage } from '../../core/image.js';
import { intersect, type Range, rangeOf } from '../../core/range.js';
import { formatCount } from '../../core/words.js';
import { platformOf } from '../../layout/platforms.js';
import type { Board, Region } from '../../layout/types.js';
import { dctField, dctFields, dctSection, fieldKey } from '../../regions/dct/table.js';
import { type DctWriter, selectCopy, writeDctField } from '../../regions/dct/write.js';
import { flashOf, type ModuleSurvey, surveyModules } from '../../regions/module/find.js';
import { systemGeneration } from '../inspect/configuration.js';
import type { Inspection } from '../inspect/inspect.js';
import type { StepDraft } from './steps.js';
import type { Estimator } from './time.js';
import type { DctFacts } from './types.js';

/** First system version that looks at the OTA flag at start-up: 1.2.1-rc.3 (device-os: the same in 1.3.0-rc.1). */
const FIRST_WITH_OTA_FLAG = 1212;
const OTA_FLAG = 0xa5;
const ERASED = 0xff;
/** The bootloader asks the host to wait this long after a write to the DCT. */
const DCT_WRITE_MILLISECONDS = 500;

export interface DfuRoute {
  /** What goes through alternate setting 0. */
  readonly image: MemoryImage;
  /** Writes to the DCT, in order. */
  readonly dctWrites: readonly StepDraft[];
  /** What Device OS does at the next start; null unless a bootloader waits. */
  readonly install: StepDraft | null;
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
  readonly dct: DctFacts | undefined;
}

export interface DfuInput {
  readonly board: Board;
  /** The dump, or null. */
  readonly from: Inspection | null;
  readonly fromImage: MemoryImage | null;
  readonly target: MemoryImage;
  readonly targetSurvey: ModuleSurvey;
  readonly regions: readonly Region[];
  readonly estimator: Estimator;
}

/** @throws BuildError PLAN_DFU_REFUSES with the reason, and the tool that can. */
export function routeThroughDfu(input: DfuInput): DfuRoute {
  const { board, target, fromImage, regions } = input;
  if (!board.dfu) throw refuses(`${board.name} has no DFU of its own`, 'Use a debugger: --tool openocd.');
  const closed = board.dfu.refusals.filter(({ alternate }) => alternate === 0);
  const changed = closed.filter((range) => differs(target, fromImage, range));
  let image = target;
  for (const range of closed) image = image.without(range);
  const silent = silentFailures(input.from);
  const bare: DfuRoute = { image, dctWrites: [], install: null, notes: [], warnings: silent, dct: dctFacts(input) };
  if (changed.length === 0) return bare;
  const touched = regions
    .filter((region) => changed.some((range) => intersect(region, range)))
    .filter((region) => differs(target, fromImage, region));
  if (touched.some(({ role }) => role === 'eeprom')) {
    throw refuses(
      'the bootloader writes no EEPROM sectors over DFU',
      'Use a debugger (--tool openocd), or leave the EEPROM to the application.',
    );
  }
  const known = touched.filter(({ role }) => role === 'dct' || role === 'bootloader');
  for (const range of changed) {
    let rest = target.slice(range);
    for (const region of known) rest = rest.without(region);
    if (differs(rest, fromImage, range)) throw refuses(firstReason(board), 'Use a debugger: --tool openocd.');
  }
  if (known.length > 0) requireDctAlternate(board);
  const dct = touched.some(({ role }) => role === 'dct') ? dctRoute(input) : NO_DCT;
  const boot = touched.find(({ role }) => role === 'bootloader');
  const install = boot ? bootloaderRoute(input, boot) : null;
  if (known.length > 0) requireDctAccess(input.from, fromImage, image, board);
  return {
    ...bare,
    image: install ? image.merge(install.image, { overlap: 'last-wins' }) : image,
    dctWrites: [...dct.writes, ...(install ? [install.flag] : [])],
    install: install?.step ?? null,
    notes: [...dct.notes, ...(install?.notes ?? [])],
    warnings: [...silent, ...dct.warnings],
  };
}

/** Bootloaders from version 100 on write the DCT through the system parts: both sound, part 2 of 0.7.0 or newer. */
function requireDctAccess(
  from: Inspection | null,
  fromImage: MemoryImage | null,
  image: MemoryImage,
  board: Board,
): void {
  if ((installedBootloader(from) ?? FIRST_ASKING_SYSTEM) < FIRST_ASKING_SYSTEM) return;
  const chip = fromImage ? fromImage.merge(image, { overlap: 'last-wins' }) : image;
  const parts = surveyModules(chip, board).modules.filter(
    ({ module, role }) => role === 'main' && module.function === 'system-part' && module.crc === 'ok',
  );
  const second = parts.find(({ module }) => module.info.moduleIndex === 2);
  if (parts.length >= 2 && second && second.module.info.moduleVersion >= FIRST_SERVING_BOOTLOADER) return;
  throw refuses(
    'the bootloader writes the DCT with the help of the system parts, and these are missing, damaged or older than 0.7.0',
    'Bring sound system parts in the same plan, or use a debugger: --tool openocd.',
  );
}

/** Both ways around the closed sectors write to the DCT, in the format of the Wi-Fi boards. */
function requireDctAlternate(board: Board): void {
  const hasAlternate = board.dfu?.alternates.some(({ space }) => space === 'dct-application') ?? false;
  const store = board.platform ? platformOf(board.platform.id)?.dctStore : undefined;
  if (hasAlternate && store === undefined) return;
  throw refuses(`how ${board.name} writes its configuration over DFU is not known`, 'Use a debugger: --tool openocd.');
}

function firstReason(board: Board): string {
  return board.dfu?.refusals[0]?.reason.replace(/\.$/, '') ?? 'the bootloader refuses it';
}

function refuses(why: string, help: string): BuildError {
  return new BuildError({ code: 'PLAN_DFU_REFUSES', what: `DFU cannot do this: ${why}`, help });
}

/** First bootloader that reports a write that failed (0.4.9). */
const FIRST_REPORTING = 7;

function silentFailures(from: Inspection | null): string[] {
  const version = installedBootloader(from);
  if (version === null || version >= FIRST_REPORTING) return [];
  return [
    `The bootloader is version ${version} and does not say when a write fails (versions before ${FIRST_REPORTING} do not). Read the flash back afterwards and compare it with the result of flashatlas simulate.`,
  ];
}

function installedBootloader(from: Inspection | null): number | null {
  const found = from?.survey.modules.find(({ module, role }) => role === 'main' && module.function === 'bootloader');
  return found?.module.info.moduleVersion ?? null;
}

/** True unless the chip is known to hold already what the image has in the range. */
function differs(image: MemoryImage, from: MemoryImage | null, range: Range): boolean {
  const wanted = image.parts(range);
  if (wanted.length === 0) return false;
  if (!from) return true;
  return wanted.some(({ address, bytes }) => {
    const old = from.bytes(rangeOf(address, bytes.length));
    return !old || bytes.some((byte, index) => byte !== old[index]);
  });
}

const STEP = { by: 'bootloader' as const, sectors: [], optcr: null };

function bootloaderRoute({ board, from, fromImage, target, targetSurvey, regions, estimator }: DfuInput, boot: Region) {
  const module = targetSurvey.modules.find(
    ({ module: { address, function: name }, role }) =>
      address === boot.start && name === 'bootloader' && role === 'main',
  )?.module;
  if (module?.crc !== 'ok') {
    throw refuses(
      'what the target has at the place of the bootloader is no sound bootloader module',
      'Use a debugger: --tool openocd.',
    );
  }
  const system = systemVersionOf(targetSurvey) ?? (from && systemVersionOf(from.survey));
  if (system === null || system === undefined || system < FIRST_WITH_OTA_FLAG) {
    throw refuses(
      `the bootloader region is closed, and only Device OS 1.2.1 or newer installs a bootloader that waits in the OTA region (${
        system ? `system version ${system} does not` : 'which version runs is not known'
      })`,
      'Use a debugger (--tool openocd), or bring Device OS to 1.2.1 or newer in the same plan.',
    );
  }
  const ota = regions.find(({ role }) => role === 'ota');
  if (!ota) throw refuses('the board has no OTA region', 'Use a debugger: --tool openocd.');
  const wantsOta = target.parts(rangeOf(ota.start, module.bytes.length));
  if (wantsOta.some(({ bytes }) => bytes.some((byte) => byte !== ERASED))) {
    throw refuses(
      'the target itself wants the OTA region, through which the bootloader would have to go',
      'Use a debugger (--tool openocd), or make two plans.',
    );
  }
  const facts = dctFacts({ from, fromImage, regions, targetSurvey });
  if (!facts) throw refuses('setting the OTA flag needs a DCT that is known', 'Give a dump of the board with --from.');
  const offset = dctField('ota_update_flag').offset;
  const sector = flashOf(board).sectors[0];
  const flag: StepDraft = {
    ...STEP,
    op: 'write-dct',
    title: 'set the OTA flag in the DCT',
    why: 'DFU refuses the bootloader sector. Device OS finds the flag when it starts, clears it, and installs what waits in the OTA region.',
    range: null,
    bytes: 1,
    ms: { typical: DCT_WRITE_MILLISECONDS, max: DCT_WRITE_MILLISECONDS * 2 },
    data: Uint8Array.of(OTA_FLAG),
    file: 'ota-flag-a5.bin',
    offset,
  };
  const step: StepDraft = {
    ...STEP,
    op: 'install',
    by: 'device-os',
    title: 'Device OS installs the bootloader',
    why: 'At its next start, from the OTA region to sector 0. Keep the power on until the board has restarted.',
    sectors: sector ? [sector.number] : [],
    range: rangeOf(boot.start, module.bytes.length),
    bytes: module.bytes.length,
    ms: sector ? addUp(estimator.erase([sector]), estimator.program(module.bytes.length)) : { typical: 0, max: 0 },
    data: module.bytes,
    file: 'bootloader.bin',
    offset,
  };
  const notes = ['Device OS writes the DCT anew when it clears the OTA flag; all fields keep their values.'];
  if (wantsOta.length > 0)
    notes.push('The OTA region keeps the copy of the bootloader, where the target has erased flash.');
  return { image: MemoryImage.fromBytes(module.bytes, ota.start), flag, step, notes };
}

function addUp(a: StepDraft['ms'], b: StepDraft['ms']): StepDraft['ms'] {
  return { typical: a.typical + b.typical, max: a.max + b.max };
}

function systemVersionOf({ modules }: ModuleSurvey): number | null {
  return systemGeneration(modules).systemVersion;
}

function dctFacts({
  from,
  fromImage,
  regions,
  targetSurvey,
}: Pick<DfuInput, 'from' | 'fromImage' | 'regions' | 'targetSurvey'>): DfuRoute['dct'] {
  const [first, second] = regions.filter(({ role }) => role === 'dct').sort((a, b) => a.start - b.start);
  if (!first || !second || !fromImage?.bytes(first) || !fromImage.bytes(second)) return undefined;
  const systemWriter = writerOf(systemVersionOf(targetSurvey) ?? (from && systemVersionOf(from.survey)) ?? null);
  const isOld = (installedBootloader(from) ?? FIRST_ASKING_SYSTEM) < FIRST_ASKING_SYSTEM;
  return { writer: isOld ? OLD_WRITER : systemWriter, systemWriter, copies: [first.start, second.start] };
}

/** Bootloaders from this version on let the system parts write the DCT; older ones do it as 0.4.6 to 0.6.4 did. */
const FIRST_ASKING_SYSTEM = 100;
const OLD_WRITER: DctWriter = '0.4.6';
/** System version from which the parts do it: 0.7.0-rc.1. */
const FIRST_SERVING_BOOTLOADER = 200;

function writerOf(version: number | null): DctWriter {
  return version !== null && version < FIRST_SERVING_BOOTLOADER ? OLD_WRITER : '0.7.0';
}

const JOIN_FIELDS = 16;

/** Stretches of the application section that differ between the copies in use. */
interface DctRoute {
  readonly writes: readonly StepDraft[];
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
}

const NO_DCT: DctRoute = { writes: [], notes: [], warnings: [] };

function dctRoute(input: DfuInput): DctRoute {
  const { fromImage, target, regions } = input;
  const facts = dctFacts(input);
  if (!facts || !fromImage)
    throw refuses('which fields of the DCT differ is not known', 'Give a dump of the board with --from.');
  const wanted = copyInUse(target, regions, facts.writer);
  if (!wanted) throw refuses('the target has no usable DCT copy', 'Give both DCT sectors, with one of them in use.');
  const application = dctSection('wiced', 'application');
  const old = copyInUse(fromImage, regions, facts.writer) ?? freshCopy(facts.writer);
  const runs: Range[] = [];
  for (let offset = application.offset; offset < application.offset + application.size; offset++) {
    if (old[offset] === wanted[offset]) continue;
    const last = runs.at(-1);
    if (last && offset - last.end < JOIN_FIELDS) runs[runs.length - 1] = { start: last.start, end: offset + 1 };
    else runs.push(rangeOf(offset, 1));
  }
  const warnings: string[] = [];
  if (differsOutside(old, wanted)) {
    warnings.push(
      'The Wi-Fi networks of the target are not written: DFU reaches the application section of the DCT only. Use a debugger (--tool openocd) for all of it, or enter the networks again.',
    );
  }
  const notes = [
    'The bootloader writes the fields into a new DCT copy; header and sequence number differ from those of the target.',
  ];
  return { writes: runs.map((run) => dctStep(run, wanted, application.offset)), notes, warnings };
}

function dctStep({ start, end }: Range, wanted: Uint8Array, base: number): StepDraft {
  const offset = start - base;
  const names = fieldNames(offset, end - base);
  return {
    ...STEP,
    op: 'write-dct',
    title: `write ${names.join(', ')} to the DCT`,
    why: `Alternate setting 1 writes into the DCT at offset ${offset}. The bootloader makes a new copy of the DCT for it and leaves every other field alone.`,
    range: null,
    bytes: end - start,
    ms: { typical: DCT_WRITE_MILLISECONDS, max: DCT_WRITE_MILLISECONDS * 2 },
    data: wanted.slice(start, end),
    file: `dct-${offset}.bin`,
    offset,
  };
}

function fieldNames(start: number, end: number): string[] {
  const names = dctFields('application')
    .filter((field) => field.offset < end && start < field.offset + field.size)
    .map(fieldKey);
  return names.length > 4 ? [...names.slice(0, 3), `${formatCount(names.length - 3)} more fields`] : names;
}

function copyInUse(image: MemoryImage, regions: readonly Region[], writer: DctWriter): Uint8Array | undefined {
  const [first, second] = regions.filter(({ role }) => role === 'dct').sort((a, b) => a.start - b.start);
  if (!first || !second) return undefined;
  const copy1 = image.bytes(first);
  const copy2 = image.bytes(second) ?? (copy1 && new Uint8Array(copy1.length).fill(0xff));
  if (!copy1 || !copy2) return undefined;
  const rules = writer === '0.7.0' ? 'from-0.7.0' : 'before-0.7.0';
  const { current } = selectCopy({ copy1, copy2 }, rules);
  return current === null ? undefined : current === 1 ? copy1 : copy2;
}

/** What the firmware starts from when no copy is usable: it formats the DCT. */
function freshCopy(writer: DctWriter): Uint8Array {
  const blank = new Uint8Array(16_384).fill(0xff);
  const result = writeDctField(
    { copy1: blank, copy2: blank },
    { section: 'application', offset: 0, bytes: Uint8Array.of(0xff) },
    writer,
  );
  return result.current === 1 ? result.copy1 : result.copy2;
}

function differsOutside(old: Uint8Array, wanted: Uint8Array): boolean {
  const { offset, size } = dctSection('wiced', 'wifi');
  return wanted
    .subarray(offset, offset + size)
    .some((byte, index) => byte !== old[offset + index] && byte !== 0 && byte !== 0xff);
}
