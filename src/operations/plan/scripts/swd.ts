/** st-flash 1.7, STM32_Programmer_CLI and J-Link Commander. */
import { formatAddress, formatHex } from '../../../core/bytes.js';
import { sizeOf } from '../../../core/range.js';
import { flashOf } from '../../../regions/module/find.js';
import type { PlanStep, ScriptFile } from '../types.js';
import { sectorRuns } from '../words.js';
import { jlinkWord, shellWord } from './quote.js';
import {
  dataFiles,
  echo,
  headLines,
  isErasedOnly,
  type PlanDraft,
  type ScriptContext,
  type Scripts,
  shellBackupCheck,
  shellFileCheck,
  shellHead,
  stepText,
} from './script.js';

type Commands = (step: PlanStep, steps: readonly PlanStep[]) => readonly string[];

/** A shell script that runs the commands of every step. */
function shellScripts(draft: PlanDraft, context: ScriptContext, commands: Commands): Scripts {
  const { steps } = draft;
  const backup = steps.find(({ op }) => op === 'dump')?.file;
  const files = dataFiles(steps);
  const lines = [
    ...shellHead(headLines(draft, context, '#', 'sh plan.sh')),
    ...shellFileCheck(files.map(({ name }) => shellWord(name))),
    ...(backup ? shellBackupCheck(shellWord(backup)) : []),
    ...steps.flatMap((step) => {
      const own = commands(step, steps);
      return own.length === 0
        ? ['', `# ${stepText(step)}: part of another command`]
        : ['', echo(stepText(step)), ...own];
    }),
  ];
  const script: ScriptFile = { name: 'plan.sh', text: `${lines.join('\n')}\n`, run: 'sh plan.sh', executable: true };
  return { scripts: [script], files };
}

function written(step: PlanStep, steps: readonly PlanStep[]): PlanStep[] {
  return step.verifies.flatMap((number) => steps.find((candidate) => candidate.number === number) ?? []);
}

export function stFlashScripts(draft: PlanDraft, context: ScriptContext): Scripts {
  const { serial, underReset } = context.options;
  const connect = `${underReset ? ' --connect-under-reset' : ''}${serial === undefined ? '' : ` --serial ${shellWord(serial)}`}`;
  const st = (rest: string): string => `st-flash${connect} ${rest}`;
  return shellScripts(draft, context, (step, steps) => {
    const { op, range, file, optcr } = step;
    switch (op) {
      case 'dump':
        return range && file
          ? [st(`read ${shellWord(file)} ${formatAddress(range.start)} ${formatHex(sizeOf(range))}`)]
          : [];
      case 'unprotect':
      case 'protect':
      case 'options':
        return optcr === null ? [] : [st(`--area=option write ${formatHex(optcr, 8)}`)];
      case 'program':
        return range && file ? [st(`write ${shellWord(file)} ${formatAddress(range.start)}`)] : [];
      case 'verify':
        return written(step, steps).flatMap(({ range: place, file: name }) =>
          place && name
            ? [
                st(`read readback.tmp ${formatAddress(place.start)} ${formatHex(sizeOf(place))}`),
                `cmp ${shellWord(name)} readback.tmp`,
                'rm -f readback.tmp',
              ]
            : [],
        );
      case 'reset':
        return [st('reset')];
      default:
        return [];
    }
  });
}

export function cubeProgrammerScripts(draft: PlanDraft, context: ScriptContext): Scripts {
  const { serial } = context.options;
  const connect = `STM32_Programmer_CLI -c port=SWD freq=4000 mode=UR reset=HWrst${serial === undefined ? '' : ` sn=${shellWord(serial)}`}`;
  return shellScripts(draft, context, (step, steps) => {
    const { op, range, file, sectors, optcr } = step;
    switch (op) {
      case 'dump':
        return range && file
          ? [`${connect} -u ${formatAddress(range.start)} ${formatHex(sizeOf(range))} ${shellWord(file)}`]
          : [];
      case 'unlock':
        return [`${connect} -rdu`];
      case 'unprotect':
      case 'protect':
        return [`${connect} -ob ${sectors.map((sector) => `nWRP${sector}=${op === 'protect' ? 0 : 1}`).join(' ')}`];
      case 'options':
        return optcr === null ? [] : [`${connect} -ob ${cubeOptions(optcr).join(' ')}`];
      case 'program':
        if (isErasedOnly(step)) return [`${connect} -e ${sectors.join(' ')}`];
        return range && file ? [`${connect} -w ${shellWord(file)} ${formatAddress(range.start)} -v`] : [];
      case 'verify':
        return written(step, steps).flatMap(({ range: place, file: name }) =>
          place && name
            ? [
                `${connect} -u ${formatAddress(place.start)} ${formatHex(sizeOf(place))} readback.tmp`,
                `cmp ${shellWord(name)} readback.tmp`,
                'rm -f readback.tmp',
              ]
            : [],
        );
      case 'reset':
        return [`${connect} -hardRst`];
      default:
        return [];
    }
  });
}

function cubeOptions(optcr: number): string[] {
  const bits = Array.from({ length: 12 }, (_, sector) => `nWRP${sector}=${(optcr >>> (16 + sector)) & 1}`);
  const user: readonly (readonly [string, number])[] = [
    ['BOR_LEV', (optcr >>> 2) & 3],
    ['WDG_SW', (optcr >>> 5) & 1],
    ['nRST_STOP', (optcr >>> 6) & 1],
    ['nRST_STDBY', (optcr >>> 7) & 1],
  ];
  return [...user.map(([name, value]) => `${name}=${value}`), ...bits];
}

export function jlinkScripts(draft: PlanDraft, context: ScriptContext): Scripts {
  const { steps } = draft;
  const { board, options } = context;
  const flash = flashOf(board);
  const serial = options.serial === undefined ? '' : ` -SelectEmuBySN ${shellWord(options.serial)}`;
  const run = `JLinkExe -device ${shellWord(board.chip.name)} -if SWD -speed 4000 -autoconnect 1 -ExitOnError 1${serial} -CommandFile plan.jlink`;
  const commands = (step: PlanStep): string[] => {
    const { op, range, file, sectors } = step;
    switch (op) {
      case 'dump':
        return range && file
          ? [`savebin ${jlinkWord(file)}, ${formatAddress(range.start)}, ${formatHex(sizeOf(range))}`]
          : [];
      case 'erase':
        // loadbin alone would keep what stands beside the new bytes.
        return sectorRuns(sectors).map(([first, last]) => {
          const places = flash.sectors.filter(({ number }) => number >= first && number <= last);
          return `erase ${formatAddress(places[0]?.start ?? 0)} ${formatAddress(places.at(-1)?.end ?? 0)}`;
        });
      case 'program':
        return range && file && !isErasedOnly(step)
          ? [`loadbin ${jlinkWord(file)}, ${formatAddress(range.start)}`]
          : [];
      case 'verify':
        return written(step, steps).flatMap(({ range: place, file: name }) =>
          place && name ? [`verifybin ${jlinkWord(name)}, ${formatAddress(place.start)}`] : [],
        );
      case 'reset':
        return ['r', 'g'];
      default:
        return [];
    }
  };
  const lines = [
    ...headLines(draft, context, '//', run),
    'r',
    'h',
    'mem32 0x40023C14, 1',
    ...steps.flatMap((step) => {
      const own = commands(step);
      return own.length === 0 ? [] : [`// ${stepText(step)}`, ...own];
    }),
    'qc',
  ];
  const script: ScriptFile = { name: 'plan.jlink', text: `${lines.join('\n')}\n`, run, executable: false };
  return { scripts: [script], files: dataFiles(steps) };
}
