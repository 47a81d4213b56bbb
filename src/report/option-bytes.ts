/** The texts of `optbytes`. */
import { formatHex, toHex } from '../core/bytes.js';
import { wrapText } from '../core/words.js';
import {
  brownOutName,
  type OptionEncoding,
  type OptionInspection,
  protectedNames,
} from '../operations/configuration/option-bytes.js';
import type { OptionBytes } from '../regions/option-bytes.js';
import { type Fact, renderFacts } from './facts.js';
import { renderFindings } from './findings.js';
import type { TextOptions } from './inspect.js';
import { bullets, titled } from './paragraphs.js';

/** The settings, one to a line. */
export function optionFacts(bytes: OptionBytes): Fact[] {
  const { readProtection, nwrp } = bytes;
  return [
    ['Read protection', `level ${readProtection.level} (RDP ${formatHex(readProtection.value, 2)})`],
    ['Brown-out reset', brownOutName(bytes)],
    ['Watchdog', bytes.watchdog === 'software' ? 'started by software' : 'started by hardware at reset'],
    ['Reset on Stop', bytes.resetOnStop ? 'yes' : 'no'],
    ['Reset on Standby', bytes.resetOnStandby ? 'yes' : 'no'],
    ['Write-protected sectors', `${protectedNames(bytes)} (nWRP ${formatHex(nwrp, 3)})`],
  ];
}

export function renderOptionBytes(inspection: OptionInspection, { style, width }: TextOptions): string {
  const { bytes, consequences, findings } = inspection;
  const source = bytes.source === 'register' ? 'FLASH_OPTCR' : 'option memory';
  const lock = bytes.locked === null ? '' : bytes.locked ? ', locked as usual' : ', not locked';
  const head: Fact[] = [
    ['Read from', `${source}${bytes.source === 'register' ? ` ${formatHex(bytes.raw, 8)}` : ''}${lock}`],
    ['Word to write', formatHex(bytes.optcr, 8)],
  ];
  if (bytes.complement) {
    const confirms = bytes.complement === 'confirms';
    head.push(['Complement bytes', confirms ? 'match, which confirms the values' : 'say nothing on this chip']);
  }
  const sections = [renderFacts([...head, ...optionFacts(bytes)], width)];
  sections.push(titled('What follows from it', bullets(consequences, width), style));
  // A note would only repeat what follows from the bytes.
  const serious = findings.filter(({ severity }) => severity !== 'note');
  if (serious.length > 0) sections.push(titled('Findings', renderFindings(serious, style, width), style));
  return `${sections.join('\n\n')}\n`;
}

export function renderOptionEncoding(encoding: OptionEncoding, { style, width }: TextOptions): string {
  const { word, readsAs, memory, inspection, from, changes, warnings, commands } = encoding;
  const head: Fact[] = [
    ['FLASH_OPTCR to write', formatHex(word, 8)],
    ['reads back as', `${formatHex(readsAs, 8)}, with the lock bit`],
    ['option memory', toHex(memory)],
    ['changes', changes.length === 0 ? `none against ${formatHex(from.optcr, 8)}` : changes.join('; ')],
  ];
  const sections = [renderFacts(head, width)];
  if (warnings.length > 0) sections.push(titled('Mind', bullets(warnings, width), style));
  sections.push(titled('Settings', renderFacts(optionFacts(inspection.bytes), width), style));
  sections.push(titled('What follows from it', bullets(inspection.consequences, width), style));
  sections.push(titled('With st-flash', `  ${commands.stFlash}`, style));
  sections.push(titled('With OpenOCD', commands.openocd.map((line) => `  ${line}`).join('\n'), style));
  const level1 =
    inspection.bytes.readProtection.level === 1 ? ' Its "lock" stores 0x00 as RDP, which is level 1 too.' : '';
  sections.push(
    wrapText(
      `OpenOCD writes the option bytes at each of its commands.${level1} Power the board off and on afterwards.`,
      width,
    ),
  );
  return `${sections.join('\n\n')}\n`;
}
