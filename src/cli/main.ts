/** Entry point: finds the command, runs it, turns errors into messages and exit codes. */
import { FlashatlasError, UsageError } from '../core/errors.js';
import { TOOL } from '../tool.js';
import { EXIT_DONE, EXIT_FAILED } from './command.js';
import { COMMANDS, commandNames } from './commands/index.js';
import { streamFailed, writeAll } from './io.js';
import { runCommand } from './run.js';
import { forTerminal } from './terminal.js';

async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const { overview, helpOf } = await import('./help.js');
    const topic = name === 'help' ? rest[0] : undefined;
    writeAll(1, new TextEncoder().encode(topic === undefined ? overview() : await helpOf(topic)));
    return EXIT_DONE;
  }
  if (name === '--version' || name === '-V') {
    writeAll(1, new TextEncoder().encode(`${TOOL.version}\n`));
    return EXIT_DONE;
  }
  const entry = COMMANDS[name];
  if (!entry) {
    const { suggestion } = await import('./args.js');
    const help = suggestion(name, commandNames()) ?? 'See flashatlas --help for the commands.';
    throw new UsageError({ code: 'USAGE_UNKNOWN_COMMAND', what: `unknown command ${JSON.stringify(name)}`, help });
  }
  return runCommand(name, await entry.load(), rest);
}

function describeError(error: unknown, debug: boolean): string {
  if (error instanceof FlashatlasError) {
    const stack = debug ? `\n${error.stack}` : '';
    return forTerminal(`flashatlas: ${error.message}\n  ${error.help}\n  (${error.code})${stack}\n`, false);
  }
  const stack = debug && error instanceof Error ? error.stack : 'Run again with --debug for its stack.';
  const message = error instanceof Error ? error.message : String(error);
  return forTerminal(`flashatlas: this is a bug: ${message}\n  ${stack}\n`, false);
}

/** The same facts for programs: stdout stays one document even when a command could not do its job. */
function errorDocument(error: unknown): unknown {
  const known = error instanceof FlashatlasError ? error : undefined;
  return {
    schema: 'flashatlas/error',
    schemaVersion: 1,
    tool: TOOL,
    error: {
      code: known?.code ?? 'INTERNAL',
      message: error instanceof Error ? error.message : String(error),
      what: known?.what,
      where: known?.where,
      expected: known?.expected,
      got: known?.got,
      offset: known?.offset,
      line: known?.line,
      address: known?.address,
      help: known?.help ?? 'This is a bug. Please report it with the command that shows it.',
    },
  };
}

/** Runs one command line and says how it ended; never throws. */
async function run(argv: readonly string[]): Promise<number> {
  try {
    return await main(argv);
  } catch (thrown) {
    // A reader that went away (`| head`) is no error of ours.
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'EPIPE') return EXIT_DONE;
    const failed = streamFailed(thrown);
    const error = failed ?? thrown;
    // Where stdout is what failed, nothing more goes there.
    if (argv.includes('--json') && !failed) {
      const { renderJson } = await import('../report/json.js');
      writeAll(1, new TextEncoder().encode(`${renderJson(errorDocument(error))}\n`));
    }
    try {
      writeAll(2, new TextEncoder().encode(describeError(error, argv.includes('--debug'))));
    } catch {
      // With nowhere left to say it, the exit code has to do.
    }
    return EXIT_FAILED;
  }
}

void run(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
