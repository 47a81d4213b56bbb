/** explain: everything the program knows by name, from the data it works with. */
import { UsageError } from '../../core/errors.js';
import { type Cause, causes } from '../../layout/causes.js';
import { errorCode, errorCodes } from '../../layout/error-codes.js';
import { type LedPattern, ledPattern, ledPatterns, sosCodes, sosSteps } from '../../layout/led.js';
import { matchLed } from '../../layout/led-words.js';
import { nearest } from '../../layout/nearest.js';
import { type Topic, topics } from '../../layout/topics.js';
import type { Board } from '../../layout/types.js';
import { findByWords, findExactly, type Searchable, suggestWords, wordsOf } from '../../layout/word-match.js';
import { fieldKey } from '../../regions/dct/table.js';
import { ALL_RULES, explainRule, RULE_GROUPS, ruleGroup } from '../../rules/index.js';
import { inspectOptionWord } from '../configuration/option-bytes.js';
import { routesFor } from '../diagnose/diagnose.js';
import { NO_FACTS, optionFacts } from '../diagnose/facts.js';
import { summariseOptionBytes } from '../inspect/summaries.js';
import { type Explanation, explanation } from './explanation.js';
import { boardRegions, explainAddress, explainField, explainRegion, knownFields } from './places.js';

export interface ExplainOptions {
  /** FLASH_OPTCR: what write protection means on this chip. */
  readonly optcr?: number | undefined;
}

/** @throws UsageError EXPLAIN_UNKNOWN, LED_… */
export function explain(text: string, board: Board, options: ExplainOptions = {}): Explanation {
  const asked = text.trim();
  const words = wordsOf(asked);
  if (words.length === 0) return listOfTopics();
  return (
    explainLight(words) ??
    explainNumber(asked, board) ??
    explainCode(asked) ??
    explainRuleOrGroup(asked) ??
    explainPlace(asked, words, board) ??
    explainTopic(findExactly(asked, topicEntries()), board, options) ??
    explainCause(findExactly(asked, causeEntries())) ??
    explainPattern(words) ??
    explainTopic(findLoosely(asked, topicEntries()), board, options) ??
    explainCause(findLoosely(asked, causeEntries())) ??
    fail(asked, board)
  );
}

function explainLight(words: readonly string[]): Explanation | undefined {
  const [first = '', ...rest] = words;
  if (first === 'sos') return explainSos(rest);
  if (first !== 'led') return undefined;
  if (rest.includes('sos')) return explainSos(rest.filter((word) => word !== 'sos'));
  if (rest.length === 0) return lights('led', 'Patterns of the status LED', ledPatterns());
  const { patterns } = matchLed(rest.join(' '));
  return lights(`led ${rest.join(' ')}`, `LED: ${rest.join(' ')}`, patterns);
}

function lights(id: string, title: string, leds: readonly LedPattern[]): Explanation {
  const themed = leds.some((pattern) => pattern.themed);
  const text = themed
    ? ['From 0.6.1 on an application can choose other colours: the colour alone proves nothing.']
    : [];
  return explanation({ kind: 'led', id, title, leds, text, see: leds.length === 1 ? (leds[0]?.similar ?? []) : [] });
}

function explainSos(words: readonly string[]): Explanation {
  const { sos } = matchLed(['sos', ...words].join(' '));
  const codes = sosCodes()
    .filter(({ code }) => sos === null || code === sos)
    .map((code) => ({ ...code, steps: sosSteps(code.code) }));
  const pattern = ledPattern('sos');
  return explanation({
    kind: 'sos',
    id: sos === null ? 'sos' : `sos ${sos}`,
    title: sos === null ? 'SOS codes' : `SOS ${sos}: ${codes[0]?.name ?? ''}`,
    text: [
      pattern?.meaning ?? '',
      ...(sos === 1 && pattern?.flash ? [`${pattern.flash} (Derived from sources, not seen on hardware.)`] : []),
    ],
    leds: sos === null && pattern ? [pattern] : [],
    sos: codes,
    source: codes[0]?.source ?? null,
  });
}

function explainNumber(text: string, board: Board): Explanation | undefined {
  return /^0x[0-9a-f]{1,8}$/i.test(text) ? explainAddress(Number(text), board) : undefined;
}

function explainCode(text: string): Explanation | undefined {
  const code = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/.test(text) ? errorCode(text) : undefined;
  if (!code) return undefined;
  const { what, help } = code;
  return explanation({
    kind: 'error-code',
    id: text,
    title: `Error ${text}`,
    facts: [...what.map((words) => ['Says', words] as const), ...help.map((words) => ['Help', words] as const)],
    text: ['An error stops the program with exit code 2. "..." stands for what the message puts in.'],
    source: null,
  });
}

function explainRuleOrGroup(text: string): Explanation | undefined {
  const rule = explainRule(text);
  if (rule) {
    const { id, title, about, why, severity, group, source } = rule;
    const facts = [['Severity', severity] as const, ['Group', `${group}: ${RULE_GROUPS[group] ?? ''}`] as const];
    return explanation({
      kind: 'rule',
      id,
      title: `${title} (rule ${id})`,
      text: [about, why],
      facts,
      source,
      see: [group],
    });
  }
  const about = Object.hasOwn(RULE_GROUPS, text) && text !== 'dct' ? RULE_GROUPS[text] : undefined;
  if (about === undefined) return undefined;
  const facts = ALL_RULES.filter(({ id }) => ruleGroup(id) === text).map(
    ({ id, about: words }) => [id, words] as const,
  );
  return explanation({
    kind: 'rule-group',
    id: text,
    title: `Rules of the group ${text}`,
    text: [`They are about ${about}.`],
    facts,
  });
}

function explainPlace(text: string, words: readonly string[], board: Board): Explanation | undefined {
  const name = words[0] === 'region' ? words.slice(1).join('-') : text.toLowerCase();
  const region = boardRegions(board).find(({ id }) => id === name);
  if (region) return explainRegion(region, board);
  const field = knownFields().find((candidate) => fieldKey(candidate) === text || candidate.name === text);
  return field ? explainField(field, board) : undefined;
}

interface TopicEntry extends Searchable {
  readonly topic: Topic;
}

function topicEntries(): TopicEntry[] {
  return topics().map((topic) => ({ id: topic.id, phrases: [topic.title, ...topic.words], topic }));
}

interface CauseEntry extends Searchable {
  readonly cause: Cause;
}

function causeEntries(): CauseEntry[] {
  return causes().map((cause) => ({ id: cause.id, phrases: [cause.title], cause }));
}

/** Free words; what looks like a rule, a field or a code is no such thing, but misspelt. */
function findLoosely<T extends Searchable>(text: string, entries: readonly T[]): T | undefined {
  return /[/_]/.test(text) ? undefined : findByWords(text, entries);
}

function explainTopic(found: TopicEntry | undefined, board: Board, { optcr }: ExplainOptions): Explanation | undefined {
  if (!found) return undefined;
  const { id, title, text: paragraphs, basis, source, see = [], extra } = found.topic;
  const options = optcr === undefined ? undefined : inspectOptionWord(optcr, board).bytes;
  const known = options ? optionFacts(summariseOptionBytes(options)) : {};
  const sectors = extra === 'protection' && options ? options.sectors : [];
  return explanation({
    kind: 'topic',
    id,
    title,
    text: [
      ...paragraphs,
      ...(sectors.length > 0
        ? [`With this option word a program on the board can erase or overwrite: ${known.openRegions}.`]
        : []),
    ],
    routes: extra === 'routes' ? routesFor({ ...NO_FACTS, values: { ...NO_FACTS.values, ...known } }) : [],
    sectors,
    basis,
    source,
    see,
  });
}

function explainCause(found: CauseEntry | undefined): Explanation | undefined {
  if (!found) return undefined;
  const { cause } = found;
  const steps = cause.repair.map(({ text: words, commands }) => ['Repair', [words, ...commands].join(' ')] as const);
  const tell = cause.tell.map(({ text: words, commands }) => ['To be sure', [words, ...commands].join(' ')] as const);
  const { id, title, says, basis, source } = cause;
  return explanation({ kind: 'cause', id, title, text: [says], facts: [...tell, ...steps], basis, source });
}

/** The id of a pattern, or free words for a light without "led" before them. */
function explainPattern(words: readonly string[]): Explanation | undefined {
  const pattern = ledPattern(words.join('-'));
  if (pattern) return lights(pattern.id, `LED: ${pattern.title}`, [pattern]);
  try {
    return lights(`led ${words.join(' ')}`, `LED: ${words.join(' ')}`, matchLed(words.join(' ')).patterns);
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

export function listOfTopics(): Explanation {
  const groups = Object.keys(RULE_GROUPS).join(', ');
  return explanation({
    kind: 'list',
    id: '',
    title: 'What can be explained',
    facts: [
      ...topics().map(({ id, title }) => [id, title] as const),
      ['led', 'patterns of the status LED: "led", "led cyan red", "led breathing magenta"'],
      ['sos', 'SOS codes: "sos", "sos 1"'],
      ['0x08004022', 'any address'],
      ['dct1', 'a region of the board, by its id'],
      ['server_public_key', 'a field of the DCT, by its device-os name'],
      ['dct/device-key-missing', `a rule by its id, or a group of rules: ${groups}`],
      ['INPUT_NOT_FOUND', 'an error code'],
    ],
  });
}

function fail(text: string, board: Board): never {
  const names = [
    ...topics().map(({ id }) => id),
    ...ALL_RULES.map(({ id }) => id),
    ...boardRegions(board).map(({ id }) => id),
    ...knownFields().map(fieldKey),
    ...ledPatterns().map(({ id }) => id),
    ...causes().map(({ id }) => id),
    ...errorCodes().map(({ code }) => code),
  ];
  const words = [...new Set(topics().flatMap((topic) => [topic.title, ...topic.words].flatMap(wordsOf)))];
  const mended = suggestWords(text, words);
  const near = mended !== undefined && findByWords(mended, topicEntries()) ? mended : nearest(text, names);
  throw new UsageError({
    code: 'EXPLAIN_UNKNOWN',
    what: 'nothing is known by this name',
    expected: 'a topic, an LED pattern, an SOS code, an address, a region, a DCT field, a rule or an error code',
    got: JSON.stringify(text.slice(0, 60)),
    help: near === undefined ? 'The list: flashatlas explain' : `Did you mean ${near}?`,
  });
}
