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

/** @param example what to type instead, without the name of the program. @returns UsageError USAGE_OPERANDS */
export function badOperands(action: string, needs: string, example: string): UsageError {
  return new UsageError({
    code: 'USAGE_OPERANDS',
    what: `${action} needs ${needs}`,
    help: `Write for example: flashatlas ${example}`,
  });
}

/**
 * The --set options, `NAME=VALUE` each.
 * @throws UsageError USAGE_BAD_ASSIGNMENT, without the text: it may be a secret
 */
export function assignmentsFrom(args: ParsedArguments, example: string): { name: string; value: string }[] {
  return args.list('--set').map((text) => {
    const at = text.indexOf('=');
    if (at > 0) return { name: text.slice(0, at), value: text.slice(at + 1) };
    throw new UsageError({
      code: 'USAGE_BAD_ASSIGNMENT',
      what: 'a --set names no field and value',
      expected: 'NAME=VALUE',
      help: `Write for example --set ${example}`,
    });
  });
}
