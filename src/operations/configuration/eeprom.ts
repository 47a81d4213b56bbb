/** eeprom show and eeprom history: what a program reads, why, and the older values that are still in flash. */
import { UsageError } from '../../core/errors.js';
import type { Finding, Verdict } from '../../core/finding.js';
import { sortFindings, verdictOf } from '../../core/finding.js';
import type { Board, Region } from '../../layout/types.js';
import { decodeEeprom, type Eeprom, type EepromRecord } from '../../regions/eeprom/index.js';
import { checkEeprom } from '../../rules/eeprom.js';
import type { InspectInput } from '../inspect/inspect.js';
import { type ConfigurationSource, configurationMissing, openConfiguration } from './source.js';

export type EepromReader = 'legacy' | 'current' | 'auto';

export interface EepromInspection {
  readonly source: ConfigurationSource;
  readonly eeprom: Eeprom;
  /** Why these rules, as a clause. */
  readonly readerReason: string;
  readonly findings: readonly Finding[];
  readonly verdict: Verdict;
}

/**
 * @param reader `auto`: what the system firmware in the input uses, or what the records themselves show.
 * @throws FormatError CONFIGURATION_MISSING when the input holds neither sector.
 */
export function inspectEeprom(input: InspectInput, board: Board, reader: EepromReader): EepromInspection {
  const source = openConfiguration(input, board, true);
  const { eepromRegions, image, generation } = source;
  if (!eepromRegions) throw configurationMissing('EEPROM', source);
  const [first, second] = eepromRegions;
  const pageBytes = (region: Region): Uint8Array | undefined => {
    const head = image.parts(region)[0];
    return head?.address === region.start ? head.bytes : undefined;
  };
  const [page1, page2] = [pageBytes(first), pageBytes(second)];
  const placed = source.input.base !== null && source.form !== 'dct-sector' && source.form !== 'dct-sectors';
  if ((!page1 && !page2) || !placed) throw configurationMissing('EEPROM', source);
  const eeprom = decodeEeprom({
    page1,
    page2,
    address1: first.start,
    address2: second.start,
    size1: first.end - first.start,
    size2: second.end - second.start,
    reader: reader === 'auto' ? generation.eepromReader : reader,
  });
  const own = source.judged ? checkEeprom(eeprom, generation) : [];
  const findings = sortFindings([...source.findings, ...own]);
  return { source, eeprom, readerReason: reasonOf(reader, source, eeprom), findings, verdict: verdictOf(findings) };
}

function reasonOf(reader: EepromReader, { generation }: ConfigurationSource, eeprom: Eeprom): string {
  if (reader !== 'auto') return 'as asked for';
  if (generation.eepromReader !== 'auto') return 'as the system firmware in the input does';
  return eeprom.author.evidence[0] === undefined
    ? 'because nothing shows that older firmware wrote them'
    : `because of what the records show (${eeprom.author.evidence[0].replace(/\.$/, '')})`;
}

export interface StoredValue {
  readonly value: number;
  readonly address: number;
}

export interface IndexHistory {
  readonly index: number;
  readonly current: StoredValue;
  /** Oldest first. */
  readonly older: readonly StoredValue[];
}

/**
 * Every index that has a record, ascending, with the values it had before.
 * @throws UsageError EEPROM_INDEX when an index is asked for that no program can store.
 */
export function historyOf({ eeprom }: EepromInspection, index?: number): IndexHistory[] {
  if (index !== undefined && (!Number.isInteger(index) || index < 0 || index >= eeprom.capacity)) {
    throw new UsageError({
      code: 'EEPROM_INDEX',
      what: 'the EEPROM has no such index',
      expected: `0 to ${eeprom.capacity - 1}`,
      got: `${index}`,
      help: 'An index is the number a program gives to EEPROM.read().',
    });
  }
  const latest = new Map<number, EepromRecord>();
  for (const record of eeprom.records) latest.set(record.index, record);
  return [...latest.values()]
    .filter((record) => index === undefined || record.index === index)
    .sort((a, b) => a.index - b.index)
    .map((record) => ({
      index: record.index,
      current: stored(record),
      older: (eeprom.history.get(record.index) ?? []).map(stored),
    }));
}

function stored({ data, address }: EepromRecord): StoredValue {
  return { value: data, address };
}
