/** What a command is. The list of commands (commands/index.ts) loads only the one that runs. */
import type { Style } from '../report/style.js';
import type { Options, ParsedArguments } from './args.js';

export const EXIT_DONE = 0;
export const EXIT_FINDINGS = 1;
export const EXIT_FAILED = 2;

export interface Context {
  /** The product. Text and bytes may not be mixed in one run. */
  readonly write: (text: string | Uint8Array) => void;
  /** Everything else. */
  readonly warn: (text: string) => void;
  readonly style: Style;
  /** Columns to wrap paragraphs at. */
  readonly width: number;
  readonly json: boolean;
}

export interface Command {
  /** Operands after the name, for the usage line: "FILE", "[list|show ID|check FILE...]". */
  readonly operands: string;
  readonly about: string;
  readonly options: Options;
  readonly examples: readonly string[];
  readonly run: (args: ParsedArguments, context: Context) => number | Promise<number>;
}

/** Options that every command has. */
export const COMMON_OPTIONS = {
  '--json': { type: 'flag', about: 'print one JSON document' },
  '--color': {
    type: 'text',
    value: 'WHEN',
    choices: ['auto', 'always', 'never'],
    about: 'colour the output (default: on a terminal)',
  },
  '--debug': { type: 'flag', about: 'show the stack of an unexpected error' },
  '--help': { type: 'flag', about: 'show this help' },
} as const satisfies Options;

/** Options of commands that read flash contents. */
export const INPUT_OPTIONS = {
  '--board': { type: 'text', value: 'ID', about: 'board layout (default particle-p1; see: flashatlas layouts)' },
  '--layout': { type: 'text', value: 'FILE', about: 'board layout from your own *.board.json' },
  '--base': { type: 'number', value: 'ADDRESS', about: 'address of the first byte of a raw binary' },
  '--format': { type: 'text', value: 'NAME', about: 'read as this format instead of asking the content' },
  '--permissive': { type: 'flag', about: 'report damaged records and suffixes instead of stopping at them' },
  '--max-size': { type: 'number', value: 'BYTES', about: 'largest input to read (default 64M)' },
} as const satisfies Options;
