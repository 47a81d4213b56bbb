/** The last step before a terminal: nothing that came from a file or its name may move the cursor or paint. */

/** Our own colours, where they were asked for; a lone carriage return is none of the line ends. */
const COLOUR = /^\[\d{1,2}m/;

/** Text as it may be printed. `\n`, `\r\n` and tabs stay; other control characters become `\x1B`. */
export function forTerminal(text: string, coloured: boolean): string {
  return text.replace(/\p{Cc}/gu, (character, offset: number) => {
    if (character === '\n' || character === '\t') return character;
    if (character === '\r' && text[offset + 1] === '\n') return character;
    if (coloured && character === '\u001b' && COLOUR.test(text.slice(offset + 1, offset + 5))) return character;
    return `\\x${hex(character, 2)}`;
  });
}

/** The same for JSON, which escapes what lies below U+0020 but not DEL and the C1 controls. */
export function jsonForTerminal(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => (character < '\u007f' ? character : `\\u${hex(character, 4)}`));
}

function hex(character: string, digits: number): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(digits, '0');
}
