/** Numbers and paragraphs the way every message and report prints them. */

/** 1048576 -> "1,048,576". */
export function formatCount(value: number): string {
  // Not toLocaleString: loading the locale data costs more than the rest of a small report.
  return `${value}`.replace(/\B(?=(\d{3})+$)/g, ',');
}

/** "1 byte", "1,048,576 bytes". */
export function bytesWords(count: number): string {
  return `${formatCount(count)} byte${count === 1 ? '' : 's'}`;
}

/** "a", "a and b", "a, b and c". */
export function listWords(words: readonly string[]): string {
  if (words.length < 2) return words[0] ?? '';
  return `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}

/** 16384 -> "16 KiB"; odd sizes stay in bytes. */
export function formatSize(bytes: number): string {
  if (bytes >= 0x10_0000 && bytes % 0x10_0000 === 0) return `${bytes / 0x10_0000} MiB`;
  if (bytes >= 1024 && bytes % 1024 === 0) return `${bytes / 1024} KiB`;
  return `${formatCount(bytes)} B`;
}

/** A file name for a line of text: a line break in it must not look like one of ours. `a\nb` becomes `a\x0Ab`. */
export function nameInText(name: string): string {
  return name.replace(/\p{Cc}/gu, (character) => {
    return `\\x${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(2, '0')}`;
  });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what starts a colour sequence.
const COLOUR_SEQUENCE = /\u001b\[\d+m/g;

/** Columns a text takes on a terminal, colour sequences not counted. */
export function visibleLength(text: string): number {
  return text.includes('\u001b') ? text.replace(COLOUR_SEQUENCE, '').length : text.length;
}

/** Breaks a paragraph at blanks; continuation lines get the indent too. Colour only single words: lines are cut between. */
export function wrapText(text: string, width: number, indent = ''): string {
  const lines: string[] = [];
  let line = '';
  let length = 0;
  for (const word of text.split(/\s+/)) {
    const added = visibleLength(word);
    if (line && indent.length + length + 1 + added > width) {
      lines.push(indent + line);
      line = word;
      length = added;
    } else {
      length += line ? added + 1 : added;
      line = line ? `${line} ${word}` : word;
    }
  }
  if (line) lines.push(indent + line);
  return lines.join('\n');
}
