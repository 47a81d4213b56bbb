/**
 * plan --modernise: an OpenOCD script of 2016 in the syntax of 0.12. What is gone becomes a comment, what is dangerous is
 * pointed at; everything else stays as it was, character by character.
 */
import { openocdSyntax, type SyntaxFile, type SyntaxRule } from '../../layout/flashing-tools.js';

export interface ModernisedLine {
  /** 1 for the first. */
  readonly line: number;
  readonly before: string;
  /** Null when nothing stands for it; the script then has it as a comment. */
  readonly after: string | null;
  readonly state: SyntaxRule['state'];
  readonly note: string;
}

export interface Modernised {
  readonly text: string;
  readonly changes: readonly ModernisedLine[];
  readonly warnings: readonly { readonly line: number; readonly text: string; readonly note: string }[];
}

/** Old names of configuration files, on command lines. */
const FILES: readonly (readonly [RegExp, string, string])[] = [
  [/\binterface\/stlink-v2(?:-1)?\.cfg\b/g, 'interface/stlink.cfg', 'One file serves every ST-LINK.'],
  [/\btarget\/stm32f2x_stlink\.cfg\b/g, 'target/stm32f2x.cfg', 'target/stm32f2x_stlink.cfg was removed.'],
];

/** First words of lines in OpenOCD scripts and in notes about them. */
const WORDS =
  /^\s*(?:#|source\b|adapter|interface\b|hla_|init\b|reset|flash\b|program\b|transport\b|set\b|proc\b|gdb|telnet|tcl|target|shutdown|exit\b|halt\b|stm32|mww\b|mdw\b|jtag|swd|ft|jlink|cmsis|working_area|sleep\b|openocd\b|\$_?)/;
const LONGEST_LINE = 1000;

/** False for what is no script at all, such as a dump or a key named by mistake: that is not printed back. */
export function isScript(text: string): boolean {
  const lines = text.split('\n');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a script has none but tabs and line ends.
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffd]/.test(text)) return false;
  return lines.every((line) => line.length <= LONGEST_LINE) && lines.some((line) => WORDS.test(line));
}

export function modernise(text: string): Modernised {
  const syntax = openocdSyntax();
  const changes: ModernisedLine[] = [];
  const warnings: { line: number; text: string; note: string }[] = [];
  const lines = text.split('\n').map((whole, index) => {
    const [, before = '', ending = ''] = /^([^\r]*)(\r?)$/.exec(whole) ?? [whole, whole, ''];
    const line = index + 1;
    if (/^\s*(?:#|$)/.test(before)) return whole;
    for (const note of dangersIn(before, syntax)) warnings.push({ line, text: before.trim(), note });
    const translated = /\bopenocd\b.*\s-[fc]\s/.test(before)
      ? translateCommandLine(before, syntax)
      : translateLine(before, syntax);
    if (!translated) return whole;
    changes.push({ line, before: before.trim(), after: translated.text?.trim() ?? null, ...translated.why });
    const kept = translated.text ?? `${indentOf(before)}# gone: ${before.trim()}`;
    return kept + ending;
  });
  return { text: lines.join('\n'), changes, warnings };
}

interface Translation {
  readonly text: string | null;
  readonly why: { readonly state: SyntaxRule['state']; readonly note: string };
}

function translateLine(line: string, { rules }: SyntaxFile): Translation | undefined {
  const parts = /^(\s*)(.*?)(\s*;\s*#.*)?$/.exec(line);
  const [, indent = '', command = '', comment = ''] = parts ?? [];
  const translated = command
    .split(/(\s*;\s*)/)
    .map((piece, index) => (index % 2 === 0 ? translateCommand(piece, rules) : undefined));
  const first = translated.find((entry) => entry !== undefined);
  if (!first) return undefined;
  const pieces = command.split(/(\s*;\s*)/);
  const texts = pieces.map((piece, index) => (translated[index] ? (translated[index]?.text ?? '') : piece));
  const notes = [...new Set(translated.flatMap((entry) => entry?.why.note ?? []))].join(' ');
  const rest = texts.join('').replace(/^\s*;\s*|\s*;\s*$/g, '');
  return { text: rest === '' ? null : indent + rest + comment, why: { state: first.why.state, note: notes } };
}

function translateCommand(command: string, rules: readonly SyntaxRule[]): Translation | undefined {
  for (const rule of rules) {
    const pattern = new RegExp(rule.old);
    const trimmed = command.trim();
    if (!pattern.test(trimmed)) continue;
    const text = rule.new === null ? null : trimmed.replace(pattern, rule.new);
    if (text === trimmed) continue;
    return { text, why: { state: rule.state, note: rule.note } };
  }
  return undefined;
}

/** `openocd -f … -c "…"` as it stands in notes and batch files. */
function translateCommandLine(line: string, syntax: SyntaxFile): Translation | undefined {
  const notes: string[] = [];
  let text = line;
  for (const [old, now, note] of FILES) {
    const replaced = text.replace(old, now);
    if (replaced !== text) notes.push(note);
    text = replaced;
  }
  text = text.replace(/-c\s+"([^"]*)"/g, (whole, commands: string) => {
    const translated = translateLine(commands, syntax);
    if (!translated) return whole;
    notes.push(translated.why.note);
    return translated.text === null ? '' : `-c "${translated.text}"`;
  });
  return text === line ? undefined : { text, why: { state: 'changed', note: notes.join(' ') } };
}

function dangersIn(line: string, { dangers }: SyntaxFile): string[] {
  return dangers.filter(({ match }) => new RegExp(match, 'i').test(line)).map(({ note }) => note);
}

function indentOf(line: string): string {
  return /^\s*/.exec(line)?.[0] ?? '';
}
