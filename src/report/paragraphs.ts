/** Titles and lists of sentences. */
import { wrapText } from '../core/words.js';
import type { Style } from './style.js';

export function titled(title: string, body: string, style: Style): string {
  return `${style.bold(style.cyan(title))}\n${body}`;
}

export function bullets(texts: readonly string[], width: number): string {
  return texts.map((text) => hanging('- ', text, width)).join('\n');
}

export function numbered(texts: readonly string[], width: number): string {
  return texts.map((text, index) => hanging(`${index + 1}. `, text, width)).join('\n');
}

/** A paragraph with a sign in front; further lines begin under its text. */
export function hanging(sign: string, text: string, width: number, indent = ''): string {
  return indent + sign + wrapText(text, width, indent + ' '.repeat(sign.length)).trimStart();
}
