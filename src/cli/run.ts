/** Runs one command: its arguments, its help, its colours. */
import { COLOURED, PLAIN } from '../report/style.js';
import { type ParsedArguments, parseArguments } from './args.js';
import { COMMON_OPTIONS, type Command, type Context, EXIT_DONE } from './command.js';
import { writeAll } from './io.js';
import { forTerminal } from './terminal.js';

const MAX_WIDTH = 110;

export async function runCommand(name: string, command: Command, argv: readonly string[]): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    const { renderHelp } = await import('./help.js');
    writeAll(1, new TextEncoder().encode(renderHelp(name, command)));
    return EXIT_DONE;
  }
  const args = parseArguments(argv, { ...COMMON_OPTIONS, ...command.options });
  return command.run(args, contextOf(args));
}

function contextOf(args: ParsedArguments): Context {
  const encoder = new TextEncoder();
  const json = args.flag('--json');
  const coloured = wantsColour(args.text('--color'));
  const printable = (text: string): string => (json ? text : forTerminal(text, coloured));
  return {
    write: (content) => writeAll(1, typeof content === 'string' ? encoder.encode(printable(content)) : content),
    warn: (text) => writeAll(2, encoder.encode(forTerminal(text, false))),
    style: coloured ? COLOURED : PLAIN,
    width: Math.min(process.stdout.columns ?? MAX_WIDTH, MAX_WIDTH),
    json,
  };
}

/** --color decides; else NO_COLOR and whether a terminal is there (https://no-color.org). */
function wantsColour(when: string | undefined): boolean {
  if (when === 'always') return true;
  if (when === 'never' || process.env.NO_COLOR) return false;
  return process.stdout.isTTY === true;
}
