/** The last step before a terminal: nothing that came from a file or its name may move the cursor or paint. */

/** Our own colours, where they were asked for; a lone carriage return is none of the line ends. */
const COLOUR = /^\[\d{1,2}m/;

/** Text as it may be printed. `\n`, `\r\n` and tabs stay; other control characters become `\x1B`. */
export function forTerminal(text: string, coloured: boolean): string {
  return text.replace(/\p{Cc}/gu, (character, offset: number) => {
    if (character === '\n' || character === '\t') return character;
    if (character === '\r' && text[offset + 1] === '\n') return character;
    if (coloured && character === '\u001b' && COLOUR.test(text.slice(offset + 1, offset + 5))) return character;
    return `\\x${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(2, '0')}`;
  });
}
