/** What the actions of `keys` share. */
import { UsageError } from '../../core/errors.js';
import { wrapText } from '../../core/words.js';
import type { KeyFileForm, Registration } from '../../operations/edit/keys.js';
import type { InspectInput } from '../../operations/inspect/inspect.js';
import { openImage } from '../../operations/open.js';
import { looksLikePem } from '../../regions/keys/pem.js';
import type { ParsedArguments } from '../args.js';
import type { Context } from '../command.js';
import { DEFAULT_MAX_SIZE, readInput } from '../io.js';
import { openInput } from '../open.js';

export type KeysAction = (operands: readonly string[], args: ParsedArguments, context: Context) => Promise<number>;

/** PEM is text, which no firmware format takes: such a file is read as it is. */
export async function openKeyInput(file: string, args: ParsedArguments): Promise<InspectInput> {
  const bytes = file === '-' ? undefined : readInput(file, args.number('--max-size') ?? DEFAULT_MAX_SIZE);
  if (bytes && looksLikePem(bytes)) return openImage(bytes, { path: file, format: 'bin' });
  return openInput(file, args);
}

/** PEM by the ending .pem, else DER. */
export function formOf(path: string): KeyFileForm {
  return /\.pem$/i.test(path) ? 'pem' : 'der';
}

/** `device.pub.pem` for `device.der`, as particle-cli names it. */
export function publicName(path: string): string {
  return `${path.replace(/\.[^./\\]{1,8}$/, '')}.pub.pem`;
}

/** @throws UsageError KEYS_SECRET_NOT_SHOWN */
export function requireShowSecrets(args: ParsedArguments, what: string): void {
  if (args.flag('--show-secrets')) return;
  throw new UsageError({
    code: 'KEYS_SECRET_NOT_SHOWN',
    what: `${what} would hold a private key`,
    help: 'Add --show-secrets if that is meant. Mind who can read the file or sees the terminal.',
  });
}

/** `1. Do this:` with the command under it. */
export function stepsText(steps: readonly Registration[], width: number): string {
  return steps
    .map(({ step, command }, index) => {
      const text = wrapText(`${index + 1}. ${step}`, width);
      return command === null ? `${text}\n` : `${text}\n     ${command}\n`;
    })
    .join('');
}
