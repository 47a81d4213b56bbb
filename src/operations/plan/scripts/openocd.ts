/** OpenOCD 0.12: exact writes (erase_sector, write_bank, verify_bank); every command here was run with it. */
import { formatAddress, formatHex } from '../../../core/bytes.js';
import { sizeOf } from '../../../core/range.js';
import { probeProfile } from '../../../layout/flashing-tools.js';
import { flashOf } from '../../../regions/module/find.js';
import { RDP_MASK, RDP_OPEN, STORED_OPTION_BITS, USER_BITS } from '../flash-model.js';
import type { PlanStep, ScriptFile } from '../types.js';
import { sectorRuns } from '../words.js';
import { tclText, tclWord } from './quote.js';
import { dataFiles, headLines, type PlanDraft, type ScriptContext, type Scripts, stepText } from './script.js';

const OPTCR = '0x40023C14';
/** For a program that turns the debug pins off, or never lets the core halt. */
const UNDER_RESET = 'reset_config srst_only srst_nogate connect_assert_srst';

export function openocdScripts(draft: PlanDraft, context: ScriptContext): Scripts {
  const unlock = draft.steps.find(({ op }) => op === 'unlock');
  const rest = draft.steps.filter((step) => step !== unlock);
  const scripts: ScriptFile[] = [];
  if (unlock) scripts.push(script('1-unlock.tcl', [unlock], draft, context));
  scripts.push(script(unlock ? '2-plan.tcl' : 'plan.tcl', rest, draft, context));
  return { scripts, files: dataFiles(draft.steps) };
}

/** The command line up to the script: interface, transport, target. */
export function openocdCommand(draft: PlanDraft, { options }: ScriptContext, name: string): string {
  const probe = probeProfile(draft.probe ?? 'stlink');
  const transport = probe.transport === null ? '' : ` -c "transport select ${probe.transport}"`;
  const serial = options.serial === undefined ? '' : ` -c "adapter serial ${tclWord(options.serial)}"`;
  const reset = options.underReset ? ` -c "${UNDER_RESET}"` : '';
  return `openocd -f ${probe.interface}${serial}${transport} -f target/stm32f2x.cfg${reset} -f ${name}`;
}

function script(name: string, steps: readonly PlanStep[], draft: PlanDraft, context: ScriptContext): ScriptFile {
  const run = openocdCommand(draft, context, name);
  const unlocks = steps.some(({ op }) => op === 'unlock');
  const lines = [
    ...headLines(draft, context, '#', run),
    '',
    ...fileCheck(steps),
    'gdb_port disabled',
    'telnet_port disabled',
    'tcl_port disabled',
    'init',
    'reset halt',
    'flash probe 0',
    '',
    '# What the chip says of itself: device id, flash size, unique id, option bytes',
    'echo [mdw 0xE0042000]',
    'echo [mdh 0x1FFF7A22]',
    'echo [mdw 0x1FFF7A10 3]',
    `echo [mdw ${OPTCR}]`,
    ...(unlocks ? [] : guard(steps, draft)),
    '',
    ...steps.flatMap((step) => stepLines(step, steps, context)),
    ...(unlocks ? ['echo {Power the board off and on, then run 2-plan.tcl.}', 'shutdown'] : ['shutdown']),
  ];
  return { name, text: `${lines.join('\n')}\n`, run, executable: false };
}

/** Everything that can be missing is missed before the first erase. */
function fileCheck(steps: readonly PlanStep[]): string[] {
  const names = dataFiles(steps).map(({ name }) => tclWord(name));
  const backup = steps.find(({ op }) => op === 'dump')?.file;
  const lines =
    names.length > 0
      ? [
          `foreach name {${names.join(' ')}} {`,
          '  if {![file exists $name]} { error "$name is missing: run this in the folder of its data files" }',
          '}',
        ]
      : [];
  if (backup) {
    lines.push(
      `if {[file exists ${tclWord(backup)}]} { error "the backup exists already: keep it, and move it away to run this again" }`,
    );
  }
  return lines;
}

/** Stops when the option bytes are not those the plan was made for. */
function guard(steps: readonly PlanStep[], { optcr }: PlanDraft): string[] {
  if (optcr.before !== null && (optcr.before & RDP_MASK) === RDP_OPEN) {
    const expected = formatHex(optcr.before, 8);
    return [
      `if {([mrw ${OPTCR}] & ${formatHex(STORED_OPTION_BITS, 8)}) != ${expected}} {`,
      `  error "the option bytes are not ${expected}, for which this plan was made: is this the right board?"`,
      '}',
    ];
  }
  const sectors = [...new Set(steps.flatMap(({ op, sectors }) => (op === 'erase' || op === 'program' ? sectors : [])))];
  const mask = sectors.reduce((sum, number) => (sum | (1 << (16 + number))) >>> 0, 0);
  return [
    `if {(([mrw ${OPTCR}] >> 8) & 0xFF) != ${formatHex(RDP_OPEN >>> 8)}} {`,
    '  error "the chip is read protected"',
    '}',
    ...(mask === 0
      ? []
      : [
          `if {([mrw ${OPTCR}] & ${formatHex(mask, 8)}) != ${formatHex(mask, 8)}} {`,
          '  error "a sector that has to be written is protected: make the plan again with --optcr and the value above"',
          '}',
        ]),
  ];
}

function stepLines(step: PlanStep, steps: readonly PlanStep[], { board }: ScriptContext): string[] {
  const flash = flashOf(board);
  const commands = stepCommands(step, steps, flash.start);
  return commands.length === 0 ? [] : [`echo {${tclText(stepText(step))}}`, ...commands];
}

function stepCommands(step: PlanStep, steps: readonly PlanStep[], base: number): string[] {
  const { op, sectors, range, file, optcr } = step;
  switch (op) {
    case 'dump':
      return range && file
        ? [`dump_image ${tclWord(file)} ${formatAddress(range.start)} ${formatHex(sizeOf(range))}`]
        : [];
    case 'unlock':
      return ['stm32f2x unlock 0'];
    case 'unprotect':
    case 'protect':
      return protect(sectors, op === 'protect');
    case 'erase':
      return sectorRuns(sectors).map(([first, last]) => `flash erase_sector 0 ${first} ${last}`);
    case 'program':
      return [`flash write_bank 0 ${bankOperands(step, base)}`];
    case 'verify':
      return step.verifies.flatMap((number) => {
        const written = steps.find((candidate) => candidate.number === number);
        return written ? [`flash verify_bank 0 ${bankOperands(written, base)}`] : [];
      });
    case 'options':
      return optcr === null ? [] : optionCommands(optcr);
    case 'reset':
      return ['reset run'];
    default:
      return [];
  }
}

function bankOperands({ file, range }: PlanStep, base: number): string {
  return `${tclWord(file ?? '')} ${formatHex((range?.start ?? base) - base).toLowerCase()}`;
}

function protect(sectors: readonly number[], on: boolean): string[] {
  return sectorRuns(sectors).map(([first, last]) => `flash protect 0 ${first} ${last} ${on ? 'on' : 'off'}`);
}

/** Each of these writes the option bytes at once. */
function optionCommands(optcr: number): string[] {
  const bits = Array.from({ length: 12 }, (_, sector) => sector).filter(
    (sector) => ((optcr >>> (16 + sector)) & 1) === 0,
  );
  return [
    'flash protect 0 0 last off',
    ...protect(bits, true),
    `stm32f2x options_write 0 ${formatHex(optcr & USER_BITS, 2)}`,
  ];
}
