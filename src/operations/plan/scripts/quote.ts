/** File names and texts in scripts, quoted so that no tool takes a part of them for something else. */
import { BuildError } from '../../../core/errors.js';

/** Tcl expands these even in places where nobody expects it; OpenOCD refuses some of them outright. */
const TCL_FORBIDDEN = /[{}[\]$;"\\`]/;
/** J-Link Commander separates arguments with commas and knows no escape. */
const JLINK_FORBIDDEN = /[",]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: a line end or a NUL in a name ends the command.
const CONTROL = /[\u0000-\u001f\u007f]/;
const PLAIN = /^[\w@%+=:./][\w@%+=:,./-]*$/;

/** @throws BuildError PLAN_FILE_NAME */
export function tclWord(name: string): string {
  refuse(name, 'OpenOCD', TCL_FORBIDDEN, 'braces, brackets, $, ;, quotes, backticks and backslashes');
  const safe = withoutDash(name);
  return PLAIN.test(safe) ? safe : `{${safe}}`;
}

/** Text for echo {…}: without what would end the braces or hide their end. */
export function tclText(text: string): string {
  return text.replace(/[{}\\]/g, '');
}

/** For a POSIX shell. @throws BuildError PLAN_FILE_NAME */
export function shellWord(name: string): string {
  refuse(name, 'a shell script', undefined, '');
  const safe = withoutDash(name);
  return PLAIN.test(safe) ? safe : `'${safe.replaceAll("'", "'\\''")}'`;
}

/** @throws BuildError PLAN_FILE_NAME */
export function jlinkWord(name: string): string {
  refuse(name, 'J-Link Commander', JLINK_FORBIDDEN, 'quotes and commas');
  const safe = withoutDash(name);
  return PLAIN.test(safe) ? safe : `"${safe}"`;
}

/** A name that begins with a dash would be taken for an option. */
function withoutDash(name: string): string {
  return name.startsWith('-') ? `./${name}` : name;
}

function refuse(name: string, where: string, forbidden: RegExp | undefined, what: string): void {
  const control = CONTROL.test(name);
  if (name !== '' && !control && !forbidden?.test(name)) return;
  throw new BuildError({
    code: 'PLAN_FILE_NAME',
    what: name === '' ? 'a file name is empty' : `${where} cannot take this file name`,
    expected: control || what === '' ? 'a name without control characters' : `a name without ${what}`,
    got: JSON.stringify(name),
    help: 'Choose a name of letters, digits, dots, dashes and underscores.',
  });
}

/** Text for a comment line: one line, nothing that ends it or continues it. */
export function commentText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: line ends would end the comment.
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').replace(/\\+$/, '');
}
