/**
 * One JSON document per command. Fields that hold target addresses are written as "0x080A0000"; everything else that is
 * a number stays one. Byte arrays never appear.
 */
import { formatAddress } from '../core/bytes.js';

/** Names of fields that hold target addresses, in every schema. */
const ADDRESS_FIELDS: ReadonlySet<string> = new Set([
  'start',
  'end',
  'address',
  'startAddress',
  'endAddress',
  'base',
  'entry',
  'initialStackPointer',
  'resetVector',
  'source',
  'destination',
]);

export function renderJson(document: unknown): string {
  return printable(JSON.stringify(document, addressesAsText, 2));
}

/** The same on one line, for NDJSON. */
export function renderJsonLine(document: unknown): string {
  return printable(JSON.stringify(document, addressesAsText));
}

/** JSON escapes what lies below U+0020 by itself, but not DEL and the C1 controls, which move the cursor of terminals too. */
function printable(json: string): string {
  return json.replace(/[\u007f-\u009f]/g, (control) => `\\u00${control.charCodeAt(0).toString(16)}`);
}

function addressesAsText(key: string, value: unknown): unknown {
  if (typeof value === 'number' && ADDRESS_FIELDS.has(key)) return formatAddress(value);
  return value;
}
