/** Commands with several actions: an option that belongs to another action is refused, not ignored. */
import { UsageError } from '../core/errors.js';
import type { Options, ParsedArguments } from './args.js';

/** Options of some actions begin their description with the names: "get: print the bytes", "set, new: …". */
const OWNERS = /^([a-z-]+(?:, [a-z-]+)*): /;

/** @throws UsageError USAGE_OTHER_ACTION */
export function refuseOthersOptions(args: ParsedArguments, options: Options, action: string): void {
  for (const [name, { about }] of Object.entries(options)) {
    const owners = OWNERS.exec(about)?.[1]?.split(', ');
    if (owners === undefined || owners.includes(action) || !args.has(name)) continue;
    const owner = owners.join(', ');
    throw new UsageError({
      code: 'USAGE_OTHER_ACTION',
      what: `${name} belongs to ${owner}, not to ${action}`,
      help: `Leave it out, or use ${owners.join(' or ')}.`,
    });
  }
}
