/**
 * What dfu-util 0.11 does with a file, before it is run. Every statement was observed with the unmodified program against
 * a simulated board, unless it says otherwise; exit codes are sysexits.
 */
import { formatAddress } from '../core/bytes.js';
import type { Finding } from '../core/finding.js';
import { overlaps, totalSize } from '../core/range.js';
import { formatCount } from '../core/words.js';
import { type DfuDevice, flashAlternate, idPair } from '../formats/dfu-device.js';
import { ANY_ID, DFUSE_VERSION } from '../formats/dfu-suffix.js';
import { beginsLikeDfuse } from '../formats/dfuse-file.js';
import { parseDfuseLayout } from '../formats/dfuse-layout.js';
import type { DfuseContainer } from '../formats/index.js';
import type { DfuCheck } from './dfu.js';

export interface DfuUtilForecast {
  readonly version: '0.11';
  /** writes: what the file means; writes-other-bytes: something else, without an error; stops: nothing, or not all. */
  readonly outcome: 'writes' | 'writes-other-bytes' | 'stops';
  /** Command line to give; ADDRESS where only the user knows it. Null when none works. */
  readonly command: string | null;
  /** Sentences, in the order of events. */
  readonly steps: readonly string[];
}

export interface ForecastInput {
  readonly bytes: Uint8Array;
  readonly path: string;
  readonly check: DfuCheck;
  readonly device: DfuDevice;
  /** Where a payload without addresses belongs; null when unknown. */
  readonly address: number | null;
}

const WARNINGS =
  'It prints "Warning: Invalid DFU suffix signature" and "A valid DFU suffix will be required in a future dfu-util release", and goes on.';
const CRC_WARNINGS =
  'It takes the damaged suffix for a missing one, prints two warnings (the first about its CRC), and goes on.';

export function forecastDfuUtil(input: ForecastInput): DfuUtilForecast {
  const { bytes, check } = input;
  if (beginsLikeDfuse(bytes)) return forecastDfuse(input);
  const suffix = check.container && 'crc' in check.container ? check.container : null;
  if (check.suffix === 'damaged' && suffix === null) {
    return stops(['It stops with exit code 65, because the length field of the suffix is impossible.']);
  }
  if (check.suffix === 'ok' && suffix && 'dfuVersion' in suffix && suffix.dfuVersion === DFUSE_VERSION) {
    return stops([
      'It stops with exit code 64, with and without -s: bcdDFU says DfuSe, and the content is not a DfuSe file.',
    ]);
  }
  return forecastRaw(input);
}

/** Bytes of the memory that holds the chip's flash, by its layout string. */
function flashSize(device: DfuDevice): number {
  const setting = device.alternates.find(({ number }) => number === flashAlternate(device));
  return setting ? totalSize(parseDfuseLayout(setting.layout).groups) : 0;
}

function stops(steps: readonly string[]): DfuUtilForecast {
  return { version: '0.11', outcome: 'stops', command: null, steps };
}

function forecastRaw({ bytes, path, check, device, address }: ForecastInput): DfuUtilForecast {
  const steps: string[] = [];
  if (check.suffix === 'absent') steps.push(WARNINGS);
  if (check.suffix === 'damaged') steps.push(CRC_WARNINGS);
  steps.push(...idSteps(check, device));
  const refused = check.findings.filter(({ rule }) => isRefusal(rule));
  const place = address === null ? 'the address given with -s' : formatAddress(address);
  const { container } = check;
  const prefix = container?.kind === 'lmdfu' ? 8 : container?.kind === 'lpcdfu' ? 16 : 0;
  if (prefix > 0) steps.push(`With -s it leaves out the ${prefix}-byte vendor prefix; without -s it writes that too.`);
  if (refused.length > 0) return { ...stops([...steps, ...refusalSteps(check)]), command: null };
  const length = check.suffix === 'damaged' ? bytes.length : check.payloadLength;
  const room = flashSize(device);
  if (length - prefix > room) {
    steps.push(
      `It stops with exit code 64 ("Last page at ... is not writeable"), because no address has room for ${formatCount(length - prefix)} bytes: the memory has ${formatCount(room)}.`,
    );
    return stops(steps);
  }
  const lookalike = check.findings.some(({ rule }) => rule === 'container/looks-like-lpcdfu');
  if (lookalike) steps.push('It takes the first 16 bytes for an NXP prefix and leaves them out.');
  const notBinary = check.findings.some(({ rule }) => rule === 'container/not-binary');
  if (notBinary) steps.push('It does not unpack or convert anything: what it writes is the file itself.');
  const count = formatCount(length - prefix - (lookalike ? 16 : 0));
  steps.push(
    check.suffix === 'damaged'
      ? `It erases and writes ${count} bytes at ${place}: the payload, and the suffix as if it belonged to it.`
      : `It erases and writes ${count} bytes at ${place}.`,
  );
  steps.push(
    'With :leave behind the address the board restarts; exit code 74 is no failure when "File downloaded successfully" stands before it.',
  );
  const where = address === null ? 'ADDRESS' : formatAddress(address);
  return {
    version: '0.11',
    outcome: check.suffix === 'damaged' || lookalike || notBinary ? 'writes-other-bytes' : 'writes',
    command: `dfu-util -d ${idPair(device.vendor, device.product)} -a ${flashAlternate(device)} -s ${where}:leave -D ${quote(path)}`,
    steps,
  };
}

function forecastDfuse({ path, check, device }: ForecastInput): DfuUtilForecast {
  const { container } = check;
  if (check.suffix !== 'ok') {
    const many = device.alternates.length > 1;
    return stops([
      `Without a sound suffix it does not see that this is a DfuSe file: ${
        many ? 'it stops with "More than one DFU capable USB device found!" (exit code 74), and ' : ''
      }with -a 0 it stops with "Only DfuSe file version 1.1a is supported" (exit code 64). Nothing is written.`,
    ]);
  }
  if (container?.kind !== 'dfuse') {
    const structure = check.findings.find(({ rule }) => rule === 'container/damaged-dfuse');
    return stops([
      `The file is damaged${structure ? ` (${structure.message})` : ''}. It finds that out only while writing, or not at all: what stands before the damage is written then.`,
    ]);
  }
  if (container.dfuVersion !== DFUSE_VERSION) {
    return stops([
      'bcdDFU does not say DfuSe, so it takes the file for raw data: without -s it stops, with -s ADDRESS it writes the DfuSe headers to flash with the data.',
    ]);
  }
  const steps = idSteps(check, device);
  const unknown = check.findings.some(({ rule }) => rule === 'container/unknown-alternate');
  if (unknown)
    steps.push('It skips elements of alternate settings that the board does not have, and says so in one line.');
  const refusals = refusalSteps(check);
  if (refusals.length > 0) {
    const first = check.findings.filter(({ rule }) => isRefusal(rule));
    return stops([...steps, ...elementSteps(container, device, first), ...refusals]);
  }
  steps.push(...elementSteps(container, device));
  steps.push('With -s ADDRESS it refuses the file (exit code 64); -s :leave is allowed, and the board restarts.');
  return {
    version: '0.11',
    outcome: unknown ? 'writes-other-bytes' : 'writes',
    command: `dfu-util -d ${idPair(device.vendor, device.product)} -s :leave -D ${quote(path)}`,
    steps,
  };
}

const MAX_ELEMENTS = 20;

/** What is written, up to the first element that is refused. */
function elementSteps({ targets }: DfuseContainer, device: DfuDevice, refused: readonly Finding[] = []): string[] {
  const known = new Set(device.alternates.map(({ number }) => number));
  const steps: string[] = [];
  for (const { alternate, elements } of targets.filter((target) => known.has(target.alternate))) {
    for (const { address, size } of elements) {
      const range = { start: address, end: address + size };
      const stop = refused.some((finding) => finding.evidence.alternate === alternate && overlaps(finding, range));
      if (stop) return shorten(steps);
      steps.push(
        `Alternate setting ${alternate}: it erases the pages of, and writes, ${formatCount(size)} bytes at ${formatAddress(address)}.`,
      );
    }
  }
  return shorten(steps);
}

function shorten(steps: readonly string[]): string[] {
  if (steps.length <= MAX_ELEMENTS) return [...steps];
  return [...steps.slice(0, MAX_ELEMENTS), `And ${formatCount(steps.length - MAX_ELEMENTS)} more elements.`];
}

function isRefusal(rule: string): boolean {
  return ['not-writeable', 'device-refuses', 'outside-device-memory', 'leaves-device-memory'].some(
    (name) => rule === `container/${name}`,
  );
}

function refusalSteps({ findings }: DfuCheck): string[] {
  const steps: string[] = [];
  const at = (rule: string) => findings.find((finding) => finding.rule === `container/${rule}`);
  const closed = at('not-writeable') ?? at('outside-device-memory') ?? at('leaves-device-memory');
  if (closed) {
    steps.push(
      `It stops with exit code 64 ("Last page at ... is not writeable") when it comes to ${formatAddress(closed.start)}; what it wrote before that stays written.`,
    );
  }
  const refused = at('device-refuses');
  if (refused && !closed) {
    steps.push(
      `The board refuses to erase ${formatAddress(refused.start)}: "Error during special command "ERASE_PAGE" get_status", exit code 74 (by the source of the bootloader).`,
    );
  }
  return steps;
}

function idSteps({ findings, container }: DfuCheck, device: DfuDevice): string[] {
  if (!findings.some(({ rule }) => rule === 'container/device-mismatch') || !container || !('vendor' in container)) {
    return [];
  }
  const ids = idPair(container.vendor ?? ANY_ID, container.product ?? ANY_ID);
  const wanted = idPair(device.vendor, device.product);
  return [
    `The ids of the file (${ids}) are not those of the board: with -d ${wanted} it stops with exit code 64, without -d it writes to a board that is already in DFU mode.`,
  ];
}

/** For a POSIX shell. */
function quote(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
