/** dfu-util 0.11 and Particle CLI: the way through the bootloader. */
import { formatAddress, formatHex } from '../../../core/bytes.js';
import { BuildError } from '../../../core/errors.js';
import { sizeOf } from '../../../core/range.js';
import { flashAlternate, idPair, targetName } from '../../../formats/dfu-device.js';
import { buildDfuseFile, dfuseIds } from '../../../formats/dfuse-file.js';
import { readModule } from '../../../regions/module/decode.js';
import type { DataFile, PlanStep, ScriptFile } from '../types.js';
import { shellWord } from './quote.js';
import {
  cannot,
  dataFiles,
  echo,
  headLines,
  type PlanDraft,
  type ScriptContext,
  type Scripts,
  shellBackupCheck,
  shellFileCheck,
  shellHead,
  stepText,
} from './script.js';

const DFUSE_FILE = 'flash.dfu';
/** First bootloader whose serial number is that of the chip (0.6.0-rc.1). */
const FIRST_WITH_SERIAL = 8;
const DCT_ALTERNATE = 1;

/**
 * dfu-util may end with 74 after :leave although everything is written; what it printed before tells. It says "File
 * downloaded successfully" for a raw file and "Done parsing DfuSe file" for a DfuSe file.
 */
const LEAVE_FUNCTION = [
  'leave() {',
  '  output=$("$@" 2>&1) || true',
  '  printf "%s\\n" "$output"',
  '  case "$output" in',
  '    *"File downloaded successfully"* | *"Done parsing DfuSe file"*) ;;',
  '    *) echo "dfu-util did not write everything" >&2; exit 1 ;;',
  '  esac',
  '}',
];

export function dfuUtilScripts(draft: PlanDraft, context: ScriptContext): Scripts {
  const { board, options } = context;
  const device = board.dfu;
  if (!device) return cannot(context.tool, `write ${board.name}`, 'Use --tool openocd.');
  const alternate = flashAlternate(device);
  const base = `dfu-util -d ${idPair(device.vendor, device.product)}${selection(context)}`;
  const programs = draft.steps.filter(({ op }) => op === 'program');
  const packs = (options.dfuFormat ?? (programs.length > 1 ? 'dfuse' : 'raw')) === 'dfuse' && programs.length > 0;
  const writes = packs
    ? [programs[0], ...draft.steps.filter(({ op }) => op === 'write-dct')]
    : draft.steps.filter(isWrite);
  const last = writes.at(-1);
  const dfuse: DataFile = {
    name: DFUSE_FILE,
    content: packs ? pack(programs, context) : new Uint8Array(0),
    about: 'all ranges of alternate setting 0',
  };
  const commands = (step: PlanStep): string[] => {
    const { op, range, file, offset } = step;
    const leave = step === last ? ':leave' : '';
    const call = step === last ? `leave ${base}` : base;
    switch (op) {
      case 'dump':
        return range && file
          ? [
              `${base} -a ${alternate} -s ${formatAddress(range.start)}:${formatHex(sizeOf(range))} -U ${shellWord(file)}`,
            ]
          : [];
      case 'program':
        if (packs)
          return step === programs[0] ? [`${call} -a ${alternate}${leave && ' -s :leave'} -D ${DFUSE_FILE}`] : [];
        return range && file
          ? [`${call} -a ${alternate} -i 0 -s ${formatAddress(range.start)}${leave} -D ${shellWord(file)}`]
          : [];
      case 'write-dct':
        return offset !== null && file
          ? [`${call} -a ${DCT_ALTERNATE} -i 0 -s ${offset}${leave} -D ${shellWord(file)}`]
          : [];
      default:
        return [];
    }
  };
  const files = packs
    ? [dfuse, ...dataFiles(draft.steps.filter(({ op }) => op === 'write-dct'))]
    : dataFiles(draft.steps);
  return {
    scripts: [shellScript(draft, context, commands, files, LEAVE_FUNCTION)],
    files: packs ? [dfuse, ...dataFiles(draft.steps)] : files,
  };
}

function isWrite({ op }: PlanStep): boolean {
  return op === 'program' || op === 'write-dct';
}

function shellScript(
  draft: PlanDraft,
  context: ScriptContext,
  commands: (step: PlanStep) => readonly string[],
  files: readonly DataFile[],
  functions: readonly string[],
): ScriptFile {
  const { steps } = draft;
  const backup = steps.find(({ op }) => op === 'dump')?.file;
  const lines = [
    ...shellHead(headLines(draft, context, '#', 'sh plan.sh, with the board in DFU mode (blinking yellow)')),
    ...functions,
    ...shellFileCheck(files.map(({ name }) => shellWord(name))),
    ...(backup ? shellBackupCheck(shellWord(backup)) : []),
    ...steps.flatMap((step) => {
      const own = commands(step);
      if (own.length > 0) return ['', echo(stepText(step)), ...own];
      if (step.op === 'install') return ['', echo(`${stepText(step)}: wait until the board has restarted`)];
      return step.op === 'dump' ? [] : ['', `# ${stepText(step)}: part of another command`];
    }),
  ];
  return { name: 'plan.sh', text: `${lines.join('\n')}\n`, run: 'sh plan.sh', executable: true };
}

/** -S works only where the bootloader gives each board a number of its own; -p always. */
function selection({ options, from }: ScriptContext): string {
  if (options.usbPath !== undefined) return ` -p ${shellWord(options.usbPath)}`;
  if (options.serial === undefined) return '';
  const bootloader = from?.survey.modules.find(
    ({ module, role }) => role === 'main' && module.function === 'bootloader',
  );
  const version = bootloader?.module.info.moduleVersion;
  if (version !== undefined && version >= FIRST_WITH_SERIAL) return ` -S ${shellWord(options.serial)}`;
  throw new BuildError({
    code: 'PLAN_NO_SERIAL',
    what: 'dfu-util cannot find this board by a serial number',
    expected: 'a bootloader of 0.6.0 or newer',
    got:
      version === undefined ? 'one that is not known' : `version ${version}, which gives every board the same number`,
    help: 'Name the USB port instead: --usb-path 1-2 (dfu-util -l lists it as path).',
  });
}

function pack(programs: readonly PlanStep[], { board }: ScriptContext): Uint8Array {
  const device = board.dfu;
  if (!device) return new Uint8Array(0);
  const alternate = flashAlternate(device);
  const elements = programs.flatMap(({ range, data }) =>
    range && data ? [{ address: range.start, bytes: data }] : [],
  );
  const name = targetName(device, alternate);
  return buildDfuseFile(
    [{ alternate, named: 1, nameBytes: nameField(name), elements }],
    dfuseIds(device.vendor, device.product),
  );
}

function nameField(name: string): Uint8Array {
  return Uint8Array.from(name, (character) => character.charCodeAt(0));
}

/** @throws BuildError PLAN_TOOL_CANNOT for everything but whole modules. */
export function particleScripts(draft: PlanDraft, context: ScriptContext): Scripts {
  const other = draft.steps.find(({ op }) => op === 'write-dct' || op === 'install');
  const help = 'Use --tool dfu-util.';
  if (other) return cannot(context.tool, `do this: ${other.title}`, help);
  for (const { range, data, title } of draft.steps.filter(({ op }) => op === 'program')) {
    const module = data && range ? readModule(data, range.start) : undefined;
    const whole =
      module?.crc === 'ok' && module.length <= (data?.length ?? 0) && (data?.length ?? 0) - module.length < 4;
    if (whole && module.info.moduleStartAddress === range?.start) continue;
    cannot(context.tool, `${title}: it takes whole modules only, each for the place its header names`, help);
  }
  const commands = ({ op, file, data, range }: PlanStep): string[] => {
    if (op !== 'program' || !file || !data || !range) return [];
    return [`particle flash --usb ${shellWord(file)}`];
  };
  const files = dataFiles(draft.steps).map((file) => {
    const step = draft.steps.find(({ file: name }) => name === file.name);
    const module = step?.range ? readModule(file.content, step.range.start) : undefined;
    return module ? { ...file, content: module.bytes } : file;
  });
  return {
    scripts: [
      shellScript({ ...draft, steps: draft.steps.filter(({ op }) => op !== 'dump') }, context, commands, files, []),
    ],
    files,
  };
}
