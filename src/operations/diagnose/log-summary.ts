/** What a transcript comes to: how each attempt ended, whether the suffix mattered, what to do, what to ask. */
import { formatAddress } from '../../core/bytes.js';
import { askText, knownDevice } from '../../layout/tool-messages.js';
import type { Board } from '../../layout/types.js';
import { forceWarning } from './dfu-command.js';
import { placeName, refusalAt } from './dfu-place.js';
import { type Attempt, deviceName, type Sighting, type Wording, wordingOf } from './log-attempt.js';

/** written: all data was taken. failed: broken off, or not proven. unclear: the text does not show an end. */
export type AttemptOutcome = 'written' | 'read' | 'nothing-written' | 'failed' | 'unclear';

export interface AttemptReport {
  readonly tool: string;
  /** "0.8 or 0.9": as the text shows it, or null. */
  readonly versions: string | null;
  readonly firstLine: number;
  readonly lastLine: number;
  readonly device: string | null;
  readonly alternate: number | null;
  /** As the tool uses it: on the DCT alternate it is an offset. */
  readonly address: number | null;
  readonly size: number | null;
  readonly outcome: AttemptOutcome;
  /** Exit code that the tool gives for this; null when the text does not decide it. */
  readonly exit: number | null;
  /** Line and message of the failure. */
  readonly failure: { readonly line: number; readonly id: string; readonly meaning: string } | null;
  /** Whether a missing or damaged DFU suffix had a part in it; null when none was mentioned. */
  readonly suffixMattered: boolean | null;
  readonly summary: readonly string[];
  readonly next: readonly string[];
  readonly asks: readonly string[];
}

export interface LogSummary {
  readonly text: readonly string[];
  readonly next: readonly string[];
  readonly asks: readonly string[];
}

interface Worded extends Wording {
  readonly sighting: Sighting;
}

export function attemptReport(attempt: Attempt, board: Board): AttemptReport {
  const worded = attempt.sightings.map((sighting) => ({ sighting, ...wordingOf(sighting, board) }));
  const failures = worded.filter(({ severity }) => severity === 'failure');
  // What a tool says first is the reason; the lines after it are consequences.
  const failure = failures.find(({ action }) => action !== null) ?? failures[0];
  const outcome = outcomeOf(worded, failures);
  const base = {
    tool: attempt.tool ?? 'unknown',
    versions: attempt.versions,
    firstLine: attempt.firstLine,
    lastLine: attempt.lastLine,
    device: attempt.state.get('device') ?? null,
    alternate: attempt.number('alternate') ?? null,
    address: attempt.number('address') ?? null,
    size: attempt.number('size') ?? null,
    outcome,
    exit: exitOf(worded, failures, outcome),
    failure: failure ? failureOf(failure) : null,
    suffixMattered: suffixMattered(attempt),
  };
  return {
    ...base,
    summary: sentences(attempt, base, board),
    next: nextSteps(attempt, failure, base),
    asks: asksOf(attempt, failure),
  };
}

type Base = Omit<AttemptReport, 'summary' | 'next' | 'asks'>;

function failureOf({ sighting, meaning }: Worded): NonNullable<AttemptReport['failure']> {
  return { line: sighting.line, id: sighting.match.message.id, meaning };
}

function outcomeOf(worded: readonly Worded[], failures: readonly Worded[]): AttemptOutcome {
  const done = worded.some(
    ({ sighting, severity }) => sighting.match.message.writes === 'done' && severity === 'success',
  );
  if (failures.length > 0) {
    const nothing = !done && failures.some(({ sighting }) => sighting.match.message.writes === 'nothing');
    return nothing ? 'nothing-written' : 'failed';
  }
  if (done) return 'written';
  return worded.some(({ severity }) => severity === 'success') ? 'read' : 'unclear';
}

function exitOf(worded: readonly Worded[], failures: readonly Worded[], outcome: AttemptOutcome): number | null {
  const reasons = failures.length > 0 ? failures : worded.filter(({ severity }) => severity === 'noise');
  const code = reasons.map(({ sighting }) => sighting.match.message.exit).find((exit) => exit !== undefined);
  if (code !== undefined) return code;
  return outcome === 'written' || outcome === 'read' ? 0 : null;
}

function suffixMattered({ seen }: Attempt): boolean | null {
  const broken = seen.has('dfu-util/suffix-crc');
  if (broken && (seen.has('dfu-util/only-dfuse') || seen.has('dfu-util/several-devices'))) return true;
  if (broken || seen.has('dfu-util/suffix-signature') || seen.has('dfu-util/suffix-short')) return false;
  return null;
}

function sentences(attempt: Attempt, base: Base, board: Board): string[] {
  return [
    whatHappened(attempt, base, board),
    ...(base.failure ? [base.failure.meaning.replace(/ Nothing was written\.$/, '')] : []),
    ...(base.outcome === 'written' && base.exit !== 0 ? [HARMLESS_EXIT] : []),
    ...suffixSentence(attempt, base),
    ...doubts(attempt, base, board),
    ...commandShown(attempt, base),
  ];
}

const HARMLESS_EXIT =
  'That dfu-util ends with exit code 74 is harmless here: the device reset before it answered the last question.';

const OUTCOMES: Readonly<Record<AttemptOutcome, string>> = {
  written: 'All data was sent and accepted',
  read: 'Reading or comparing succeeded',
  'nothing-written': 'Nothing was written',
  failed: 'It failed',
  unclear: 'The text does not show how it ended',
};

function whatHappened(attempt: Attempt, { outcome, address, alternate, size }: Base, board: Board): string {
  const percent = attempt.state.get('percent');
  const at = outcome === 'failed' && percent !== undefined ? ` at ${percent} % of the data` : '';
  // A DfuSe file has many addresses; the last one says nothing about the whole.
  const single = address !== null && !attempt.seen.has('dfu-util/element') && attempt.tool !== 'openocd';
  const place = single ? placeName(board, alternate ?? undefined, address) : '';
  const bytes = size === null ? '' : `${size} bytes to `;
  if (place === '') return `${OUTCOMES[outcome]}${at}.`;
  return `${OUTCOMES[outcome]}${at}. The command was to write ${bytes}${place}.`;
}

/** The command, where only its effects are in the text. */
function commandShown(attempt: Attempt, { tool, device, alternate, address }: Base): string[] {
  if (tool !== 'dfu-util' || attempt.command || alternate === null || address === null || device === null) return [];
  const where = alternate === 1 ? `${address}` : formatAddress(address);
  return [`In effect the command was: dfu-util -d ${device} -a ${alternate} -s ${where} -D FILE`];
}

function suffixSentence({ seen }: Attempt, { suffixMattered: mattered, outcome }: Base): string[] {
  if (mattered === null) return [];
  if (mattered) return ['The suffix mattered: it is damaged, so dfu-util did not see that this is a DfuSe file.'];
  if (seen.has('dfu-util/suffix-crc')) {
    return ['The damaged suffix did not stop it, but its 16 bytes were sent as data.'];
  }
  const also = outcome === 'written' ? '' : ' The same lines come before every success without a suffix.';
  return [`The suffix lines did not matter: they are a warning.${also}`];
}

/** What went well as far as the tool can tell, and may still be wrong. */
function doubts(attempt: Attempt, { outcome, device, alternate, address }: Base, board: Board): string[] {
  const found: string[] = [];
  const file = fileId(attempt);
  const target = device ?? boardId(board);
  if (file !== null && file !== target && outcome === 'written') {
    found.push(
      `The file was made for ${deviceName(file)}, not for ${deviceName(target)}. dfu-util compares the two only with -d, so it wrote it all the same.`,
    );
  }
  if (outcome === 'written' && attempt.command?.modifiers.includes('force') && attempt.command.address !== undefined) {
    found.push(forceWarning(attempt.command, board));
  } else if (outcome === 'written' && address !== null && refusalAt(board, alternate ?? undefined, address)) {
    found.push('The Particle bootloader refuses writes to this place: read it back before you believe it.');
  }
  return found;
}

function fileId(attempt: Attempt): string | null {
  const [vendor, product] = [attempt.state.get('fileVendor'), attempt.state.get('fileProduct')];
  return vendor !== undefined && product !== undefined ? `${vendor}:${product}`.toLowerCase() : null;
}

function boardId({ dfu }: Board): string {
  const hex = (value: number): string => value.toString(16).padStart(4, '0');
  return dfu ? `${hex(dfu.vendor)}:${hex(dfu.product)}` : '';
}

function nextSteps(attempt: Attempt, failure: Worded | undefined, base: Base): string[] {
  const steps = failure?.action ? [failure.action] : [];
  const doubtful = attempt.command?.modifiers.includes('force') && base.outcome === 'written';
  const readBack = readBackCommand(base);
  if (readBack !== null && (base.outcome === 'failed' || doubtful)) steps.push(`Read back: ${readBack}`);
  return steps;
}

/** The command that reads what was to be written. */
function readBackCommand({ tool, device, alternate, address, size }: Base): string | null {
  if (tool !== 'dfu-util' || alternate === null || address === null) return null;
  const id = device !== null && knownDevice(device)?.dfu ? ` -d ${device}` : '';
  const where = alternate === 1 ? `${address}` : formatAddress(address);
  return `dfu-util${id} -a ${alternate} -s ${where}:${size ?? 4096} -U readback.bin`;
}

/** Questions whose answer the text does not show. */
function asksOf(attempt: Attempt, failure: Worded | undefined): string[] {
  if (!failure) return [];
  const { message } = failure.sighting.match;
  const ids = [...(message.asks ?? [])];
  if (message.tool === 'dfu-util' && message.writes !== 'nothing') {
    if (attempt.state.get('device') === undefined) ids.push('device-unknown');
    if (attempt.number('address') === undefined) ids.push('address-unknown');
    ids.push('after-failure');
  }
  return ids.map(askText);
}

export function summarise(attempts: readonly AttemptReport[], knownLines: number): LogSummary {
  if (knownLines === 0) {
    return {
      text: ['No line is a message that is known.'],
      next: [],
      asks: [askText('whole-log')],
    };
  }
  const several = attempts.length > 1;
  const text = attempts.flatMap(({ tool, versions, firstLine, lastLine, summary }) => {
    const name = versions === null ? tool : `${tool} ${versions}`;
    const lines = firstLine === lastLine ? `line ${firstLine}` : `lines ${firstLine} to ${lastLine}`;
    return several ? [`${name}, ${lines}: ${summary.join(' ')}`] : summary;
  });
  const unique = (list: readonly string[]): string[] => [...new Set(list)];
  return {
    text,
    next: unique(attempts.flatMap(({ next }) => next)),
    asks: unique(attempts.flatMap(({ asks }) => asks)),
  };
}
