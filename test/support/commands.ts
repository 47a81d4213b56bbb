/** Runs a command in this process, with its output and its error kept as text. */
import { parseArguments } from '../../src/cli/args.js';
import { COMMON_OPTIONS, type Context } from '../../src/cli/command.js';
import { COMMANDS } from '../../src/cli/commands/index.js';
import { FlashatlasError } from '../../src/core/errors.js';
import { COLOURED, PLAIN } from '../../src/report/style.js';

export interface Outcome {
  /** What the process would exit with. */
  readonly code: number;
  readonly stdout: string;
  /** Everything else, error messages with all their fields included. */
  readonly stderr: string;
  readonly error: FlashatlasError | null;
}

/** `run('dct', 'show', file)`: as `flashatlas dct show file`. Errors that are not ours are thrown. */
export async function run(name: string, ...argv: readonly string[]): Promise<Outcome> {
  const entry = COMMANDS[name];
  if (!entry) throw new Error(`no command ${name}`);
  const command = await entry.load();
  const output: string[] = [];
  const other: string[] = [];
  const latin1 = new TextDecoder('latin1');
  try {
    const args = parseArguments(argv, { ...COMMON_OPTIONS, ...command.options });
    const context: Context = {
      write: (content) => output.push(typeof content === 'string' ? content : latin1.decode(content)),
      warn: (text) => other.push(text),
      style: args.text('--color') === 'always' ? COLOURED : PLAIN,
      width: 110,
      json: args.flag('--json'),
    };
    const code = await command.run(args, context);
    return { code, stdout: output.join(''), stderr: other.join(''), error: null };
  } catch (error) {
    if (!(error instanceof FlashatlasError)) throw error;
    const text = [...other, error.message, error.help, error.stack ?? '', JSON.stringify(error)].join('\n');
    return { code: 2, stdout: output.join(''), stderr: text, error };
  }
}
