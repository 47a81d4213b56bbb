/**
 * Writes layouts/error-codes.json: every error code of the program with its words, read out of the sources, so that
 * `explain CODE` never says something else than the error itself. Run after changing an error:
 *
 *     node layouts/derive-error-codes.mjs
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const FILE = `${ROOT}layouts/error-codes.json`;
const CODE = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/;

function sourceFiles(folder) {
  return readdirSync(`${ROOT}${folder}`, { withFileTypes: true })
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      return entry.isDirectory() ? sourceFiles(path) : path.endsWith('.ts') ? [path] : [];
    })
    .sort();
}

/** Index behind the string, template or comment that begins at `index`; `index` itself where none begins. */
function skipToken(text, index) {
  const start = text[index];
  if (start === '/' && text[index + 1] === '/') return text.indexOf('\n', index);
  if (start === '/' && text[index + 1] === '*') return text.indexOf('*/', index) + 2;
  if (start !== "'" && start !== '"' && start !== '`') return index;
  for (let at = index + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === start) return at + 1;
    else if (start === '`' && text[at] === '$' && text[at + 1] === '{') at = closing(text, at + 1) - 1;
  }
  return text.length;
}

/** Index behind the bracket that closes the one at `index`. */
function closing(text, index) {
  let depth = 0;
  for (let at = index; at < text.length; at++) {
    const after = skipToken(text, at);
    if (after > at) at = after - 1;
    else if ('([{'.includes(text[at])) depth++;
    else if (')]}'.includes(text[at]) && --depth === 0) return at + 1;
  }
  return text.length;
}

/** The parts between top-level commas of what stands inside the bracket at `index`. */
function members(text, index) {
  const end = closing(text, index) - 1;
  const parts = [];
  let from = index + 1;
  for (let at = from; at < end; at++) {
    const after = skipToken(text, at);
    if (after > at) at = after - 1;
    else if ('([{'.includes(text[at])) at = closing(text, at) - 1;
    else if (text[at] === ',') {
      parts.push(text.slice(from, at).trim());
      from = at + 1;
    }
  }
  return [...parts, text.slice(from, end).trim()].filter((part) => part !== '');
}

/** The literals of an expression, with "..." for what is put in at run time; conditions are left out. */
function phrases(expression) {
  const found = [];
  for (let at = 0; at < expression.length; at++) {
    const after = skipToken(expression, at);
    if (after === at) continue;
    const before = expression.slice(0, at).trimEnd();
    const literal = expression.slice(at + 1, after - 1);
    const compared = /[=!]==?$/.test(before) || /^\s*[=!]==/.test(expression.slice(after));
    if (!'/'.includes(expression[at]) && !compared) found.push(plain(literal));
    at = after - 1;
  }
  return found;
}

/** Words, and not only places for some. */
function isPhrase(text) {
  return /[a-z]{2}\w*\s+\S*[a-z]{2}/i.test(text);
}

function plain(literal) {
  let text = '';
  for (let at = 0; at < literal.length; at++) {
    if (literal[at] === '$' && literal[at + 1] === '{') {
      text += '...';
      at = closing(literal, at + 1) - 1;
    } else if (literal[at] === '\\') text += literal[++at] ?? '';
    else text += literal[at];
  }
  return text;
}

/** Objects and argument lists that hold `code` first, with their line. */
function* places(text) {
  const brackets = [];
  for (let at = 0; at < text.length; at++) {
    const after = skipToken(text, at);
    if (after > at) {
      const literal = text.slice(at + 1, after - 1);
      if (CODE.test(literal) && brackets.length > 0) yield { open: brackets.at(-1), literal };
      at = after - 1;
    } else if ('([{'.includes(text[at])) brackets.push(at);
    else if (')]}'.includes(text[at])) brackets.pop();
  }
}

/** `name: value` members of an object as a map; the names of the others are not known. */
function properties(parts) {
  return new Map(
    parts.flatMap((part) => {
      const match = /^(\w+):\s*([\s\S]*)$/.exec(part);
      return match ? [[match[1], match[2]]] : [];
    }),
  );
}

/** Every code with the words the sources give it. */
export function deriveErrorCodes() {
  const codes = new Map();
  for (const path of sourceFiles('src')) {
    const text = readFileSync(`${ROOT}${path}`, 'utf8');
    for (const { open, literal } of places(text)) {
      const parts = members(text, open);
      const object = text[open] === '{' ? properties(parts) : new Map();
      if (!object.has('code') || !phrases(object.get('code')).includes(literal)) continue;
      const entry = codes.get(literal) ?? { code: literal, what: [], help: [] };
      const add = (list, words) => {
        for (const phrase of words) if (isPhrase(phrase) && !list.includes(phrase)) list.push(phrase);
      };
      add(entry.what, phrases(object.get('what') ?? ''));
      add(
        entry.help,
        phrases(object.get('help') ?? '').filter((phrase) => /^[A-Z].*\s.*[^.]{4}/.test(phrase)),
      );
      codes.set(literal, entry);
    }
  }
  const sorted = [...codes.values()].sort((a, b) => (a.code < b.code ? -1 : 1));
  return {
    about:
      'Error codes and their words, written by layouts/derive-error-codes.mjs. "..." stands for what is put in at run time.',
    codes: sorted,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { about, codes } = deriveErrorCodes();
  // One code a line: a change of one shows as one.
  const rows = codes.map((entry) => `    ${JSON.stringify(entry)}`).join(',\n');
  writeFileSync(FILE, `{\n  "about": ${JSON.stringify(about)},\n  "codes": [\n${rows}\n  ]\n}\n`);
}
