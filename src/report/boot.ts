/** What a board does at reset, in words: for `boot`, and as a section of `inspect`. */
import type { BootAlternative, BootConfidence, BootCopy, BootPrediction, BootStep } from '../boot/types.js';
import { formatAddress } from '../core/bytes.js';
import { formatCount, wrapText } from '../core/words.js';
import { outcomeWords } from '../operations/boot-words.js';
import { type Fact, renderFacts } from './facts.js';
import type { Style } from './style.js';

const SURE: Readonly<Record<BootConfidence, string>> = {
  certain: 'certain: every check is known from the source',
  likely: 'likely: not everything on the way is in the flash or in the source',
  possible: 'possible: a guess',
};

/** How the LED looks, from the id of a pattern. */
export type LedWords = (id: string) => string;

/** Everything but the steps: where it ends, what that rests on, and the other ends. */
export function bootFactsOf(boot: BootPrediction, led: LedWords): Fact[] {
  const facts: Fact[] = [
    ['At reset', `the board ${outcomeWords(boot.outcome)}`],
    ['LED', led(boot.led)],
    ['Confidence', SURE[boot.confidence]],
  ];
  for (const [index, condition] of boot.conditions.entries()) facts.push([index === 0 ? 'Provided' : '', condition]);
  facts.push(...copyFacts(boot.copies));
  for (const [index, other] of boot.alternatives.entries()) {
    facts.push([index === 0 ? 'Otherwise' : '', alternativeWords(other, led)]);
  }
  return facts;
}

/** One line for each copy on the way. */
export function copyFacts(copies: readonly BootCopy[]): Fact[] {
  return copies.map(({ kind, source, destination, length, reason }, index): Fact => {
    const move = `${formatCount(length)} bytes from ${formatAddress(source)} to ${formatAddress(destination)}`;
    const result = reason === null ? 'copied' : `not copied: ${reason}`;
    return [index === 0 ? 'Copies' : '', `${kind.replaceAll('-', ' ').replace(/^ota/, 'OTA')}, ${move}: ${result}`];
  });
}

export function alternativeWords(
  { outcome, led: pattern, condition, confidence }: BootAlternative,
  led: LedWords,
): string {
  const sure = confidence === 'certain' ? '' : ` (${confidence})`;
  return `if ${condition}: it ${outcomeWords(outcome)}, LED ${led(pattern)}${sure}`;
}

/** The section of `inspect`: facts, then one line for each step unless it is to be brief. */
export function renderBootSection(
  boot: BootPrediction,
  { width, led, brief }: { readonly width: number; readonly led: LedWords; readonly brief: boolean },
): string {
  const facts = renderFacts(bootFactsOf(boot, led), width);
  return brief ? facts : `${facts}\n${compactSteps(boot.steps, width)}`;
}

function compactSteps(steps: readonly BootStep[], width: number): string {
  return steps
    .map(({ stage, check, result }, index) => {
      const [first = '', ...rest] = wrapText(`${stage}, ${check}: ${result}`, Math.max(24, width - 6)).split('\n');
      return [`  ${`${index + 1}`.padStart(2)}  ${first}`, ...rest.map((line) => `      ${line}`)].join('\n');
    })
    .join('\n');
}

/** The text of the `boot` command. */
export function renderBoot(
  boot: BootPrediction,
  { style, width, led }: { style: Style; width: number; led: LedWords },
): string {
  const title = (text: string): string => style.bold(style.cyan(text));
  const decision = `${boot.bootloader}, ${boot.dctAccess ? 'it reads the DCT' : 'it cannot read the DCT'}`;
  const facts: Fact[] = [
    ...bootFactsOf(boot, led),
    ['Bootloader', `${decision} (button released, no request waiting)`],
  ];
  return `${title('Boot')}\n${renderFacts(facts, width)}\n\n${title('Steps')}\n${fullSteps(boot.steps, width, style)}\n`;
}

function fullSteps(steps: readonly BootStep[], width: number, style: Style): string {
  return steps
    .map(({ stage, check, result, address, source }, index) => {
      const place = address === null ? '' : `, ${formatAddress(address)}`;
      const head = `${`${index + 1}`.padStart(2)}  ${style.bold(`${stage}${place}`)}`;
      return [head, wrapText(`${check}: ${result}`, width, '    '), wrapText(`source: ${source}`, width, '    ')].join(
        '\n',
      );
    })
    .join('\n');
}
