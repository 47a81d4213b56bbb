/** Help texts, made from the commands themselves. */
import { UsageError } from '../core/errors.js';
import { wrapText } from '../core/words.js';
import { type Option, suggestion } from './args.js';
import { COMMON_OPTIONS, type Command } from './command.js';
import { COMMANDS, commandNames } from './commands/index.js';

export function overview(): string {
  const width = Math.max(...commandNames().map((name) => name.length));
  const lines = Object.entries(COMMANDS).map(([name, { about }]) => `  ${name.padEnd(width)}  ${about}`);
  return [
    'flashatlas reads, explains and builds the flash of STM32F2 boards (Particle P1, Photon, Electron). Offline.',
    '',
    'Usage: flashatlas <command> [options] <files>     - reads stdin; numbers: 0x…, decimal, 64K, 1M',
    '',
    ...lines,
    '',
    'flashatlas <command> --help shows the options of one command.',
    'Exit codes: 0 done, 1 done with findings or differences, 2 could not do it.',
    '',
  ].join('\n');
}

export async function helpOf(name: string): Promise<string> {
  const entry = COMMANDS[name];
  if (entry) return renderHelp(name, await entry.load());
  throw new UsageError({
    code: 'USAGE_UNKNOWN_COMMAND',
    what: `unknown command ${JSON.stringify(name)}`,
    help: suggestion(name, commandNames()) ?? 'See flashatlas --help for the commands.',
  });
}

export function renderHelp(name: string, command: Command): string {
  const options: [string, Option][] = Object.entries({ ...command.options, ...COMMON_OPTIONS });
  const left = options.map(([flag, option]) => (option.value ? `${flag} ${option.value}` : flag));
  const width = Math.max(...left.map((text) => text.length));
  const lines = options.map(([, option], index) => {
    const choices = option.choices ? ` (${option.choices.join(', ')})` : '';
    return `  ${(left[index] as string).padEnd(width)}  ${option.about}${choices}`;
  });
  return [
    `Usage: flashatlas ${name} [options] ${command.operands}`.trimEnd(),
    '',
    wrapText(command.about, 100),
    '',
    'Options:',
    ...lines,
    '',
    'Examples:',
    ...command.examples.map((example) => `  ${example}`),
    '',
  ].join('\n');
}
