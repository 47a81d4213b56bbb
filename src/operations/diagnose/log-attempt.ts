/** One run of a tool in a transcript, and what is known of it line by line. */

import { formatAddress } from '../../core/bytes.js';
import { alternateTitle, knownDevice, type MessageMatch, type MessageVariant } from '../../layout/tool-messages.js';
import type { Board } from '../../layout/types.js';
import { type DfuCommand, describeDfuCommand, parseDfuCommand } from './dfu-command.js';
import { describePlace, describeSize } from './dfu-place.js';

/** A message in its line, before it is put in words. */
export interface Sighting {
  readonly line: number;
  readonly match: MessageMatch;
  readonly attempt: Attempt;
  /** Captures of this line and of the lines before it. */
  readonly state: ReadonlyMap<string, string>;
  /** First line of the same message with the same text in this attempt, or null. */
  readonly repeats: number | null;
}

const MAX_SIGHTINGS = 500;
const MAX_REMEMBERED = 5000;

/** Gathers what the lines of one attempt say. */
export class Attempt {
  readonly seen = new Set<string>();
  readonly firstLines = new Map<string, number>();
  readonly firstLine: number;
  lastLine: number;
  tool: string | null = null;
  /** Highest rank of a start that it has, see `ToolMessage.starts`. */
  started = 0;
  /** Data or failures came: the next start is a new attempt. */
  busy = false;
  command: DfuCommand | null = null;
  versions: string | null = null;
  /** What decides how it ended: no progress, nothing twice, and of endless lists only the beginning. */
  readonly sightings: Sighting[] = [];
  #state: ReadonlyMap<string, string> = new Map();

  constructor(line: number) {
    this.firstLine = line;
    this.lastLine = line;
  }

  get state(): ReadonlyMap<string, string> {
    return this.#state;
  }

  add(line: number, match: MessageMatch): Sighting {
    const { message, captures, text } = match;
    this.lastLine = line;
    // A command line of the vendor calls dfu-util: what failed is what dfu-util said.
    if (this.tool === null || this.tool === 'particle-cli') this.tool = message.tool;
    this.started = Math.max(this.started, message.starts ?? 0);
    if (message.phase !== undefined && !['start', 'open'].includes(message.phase)) this.busy = true;
    if (message.id === 'dfu-util/banner') this.versions = captures.version ?? null;
    else if (message.versions !== undefined && this.versions === null) this.versions = message.versions;
    this.#remember(message.id, captures);
    const key = `${message.id} ${text}`;
    const repeats = this.firstLines.get(key) ?? null;
    if (repeats === null && this.firstLines.size < MAX_REMEMBERED) this.firstLines.set(key, line);
    const sighting = { line, match, attempt: this, state: this.#state, repeats };
    const isNew = !this.seen.has(message.id) || this.sightings.length < MAX_SIGHTINGS;
    if (message.severity !== 'progress' && repeats === null && isNew) this.sightings.push(sighting);
    this.seen.add(message.id);
    return sighting;
  }

  #remember(id: string, captures: Readonly<Record<string, string>>): void {
    const entries = Object.entries(captures).filter(([, value]) => value !== '');
    if (id === 'dfu-util/command') {
      // The pattern takes the dash of the first option.
      this.command = parseDfuCommand(`-${captures.arguments ?? ''}`);
      const { device, alternate, address } = this.command;
      if (device !== undefined) entries.push(['device', device]);
      if (alternate !== undefined) entries.push(['alternate', `${alternate}`]);
      if (address !== undefined) entries.push(['address', address.toString(16)]);
    }
    if (entries.length > 0) this.#state = new Map([...this.#state, ...entries]);
  }

  number(name: string, state: ReadonlyMap<string, string> = this.#state): number | undefined {
    const text = state.get(name);
    if (text === undefined) return undefined;
    const value = HEXADECIMAL.has(name) ? Number.parseInt(text.replace(/^0x/i, ''), 16) : Number(text);
    return Number.isFinite(value) ? value : undefined;
  }
}

/** Captures that are hexadecimal without saying so. */
const HEXADECIMAL: ReadonlySet<string> = new Set(['address', 'end', 'fileVendor', 'fileProduct', 'dfuVersion']);

export interface Wording {
  readonly severity: MessageMatch['message']['severity'];
  readonly meaning: string;
  readonly action: string | null;
}

/** The message in words, by what the whole attempt shows. */
export function wordingOf({ match, attempt, state }: Sighting, board: Board): Wording {
  const { message } = match;
  const variant = message.variants?.find((candidate) => holds(candidate, attempt, state));
  const meaning = variant?.meaning ?? message.meaning;
  const action = variant?.action === undefined ? (message.action ?? null) : variant.action;
  const command = message.id === 'dfu-util/command' ? attempt.command : null;
  return {
    severity: variant?.severity ?? message.severity,
    meaning: command ? describeDfuCommand(command, board) : fill(meaning, attempt, state, board),
    action: action === null ? null : fill(action, attempt, state, board),
  };
}

function holds(variant: MessageVariant, attempt: Attempt, state: ReadonlyMap<string, string>): boolean {
  const { seen, equals = {}, below = {} } = variant;
  if (seen && !seen.some((id) => attempt.seen.has(id))) return false;
  return (
    Object.entries(equals).every(([name, value]) => attempt.number(name, state) === value) &&
    Object.entries(below).every(([name, value]) => (attempt.number(name, state) ?? value) < value)
  );
}

/** Puts captures, and what they mean, in place of {names}; a name nobody knows becomes nothing. */
function fill(text: string, attempt: Attempt, state: ReadonlyMap<string, string>, board: Board): string {
  const filled = text.replace(/\{(\w+)\}/g, (_, name: string) => inWords(name, attempt, state, board));
  return filled.replace(/ +/g, ' ').trim();
}

function inWords(name: string, attempt: Attempt, state: ReadonlyMap<string, string>, board: Board): string {
  const number = (key: string): number | undefined => attempt.number(key, state);
  const address = number('address');
  const alternate = number('alternate');
  switch (name) {
    case 'deviceName':
      return deviceName(state.get('device'));
    case 'fileName':
      return deviceName(state.get('file'));
    case 'alternateName':
      return alternateTitle(alternate ?? -1) ?? 'not one that a Particle board has';
    case 'dfuVersionName':
      return dfuVersion(state.get('dfuVersion') ?? '');
    case 'place':
      return address === undefined ? '' : describePlace(board, alternate, address);
    case 'address':
    case 'end':
      return formatAddress(number(name) ?? 0);
    case 'placeOnly':
      // A debug probe and the messages about pages speak of flash addresses.
      return address === undefined ? '' : describePlace(board, alternate === 1 ? 1 : undefined, address);
    case 'sizeMeaning':
      return address === undefined ? '' : describeSize(board, alternate, address, number('size') ?? 0);
    default:
      return state.get(name) ?? '';
  }
}

export function deviceName(id: string | undefined): string {
  const plain = (id ?? '').replaceAll('0x', '').toLowerCase();
  return knownDevice(plain)?.name ?? `a USB device with the id ${plain}`;
}

/** "011a" is 1.1a, the DfuSe of ST. */
function dfuVersion(digits: string): string {
  const [, major = '', minor = ''] = /^0(\d)([0-9a-f]{2})$/i.exec(digits) ?? [];
  if (major === '') return digits;
  return minor === '00' || minor === '10' ? `${major}.${minor[0]}` : `${major}.${minor}`;
}
