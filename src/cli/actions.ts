/** Commands with several actions: an option that belongs to another action is refused, not ignored. */
import { UsageError } from '../core/errors.js';
import type { Options, ParsedArguments } from './args.js';

/** Options of one action begin their description with its name: "get: print the bytes in hexadecimal". */
const OWNER = /^([a-z]+): /;

/** @throws UsageError USAGE_OTHER_ACTION */
export function refuseOthersOptions(args: ParsedArguments, options: Options, action: string): void {
  for (const [name, { about }] of Object.entries(options)) {
    const owner = OWNER.exec(about)?.[1];
    if (owner === undefined || owner === action || !args.has(name)) continue;
    throw new UsageError({
      code: 'USAGE_OTHER_ACTION',
      what: `${name} belongs to ${owner}, not to ${action}`,
      help: `Leave it out, or use ${owner}.`,
    });
  }
}
