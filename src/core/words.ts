/** Numbers and paragraphs the way every message and report prints them. */

/** 1048576 -> "1,048,576". */
export function formatCount(value: number): string {
  // Not toLocaleString: loading the locale data costs more than the rest of a small report.
  return `${value}`.replace(/\B(?=(\d{3})+$)/g, ',');
}

/** 16384 -> "16 KiB"; odd sizes stay in bytes. */
export function formatSize(bytes: number): string {
  if (bytes >= 0x10_0000 && bytes % 0x10_0000 === 0) return `${bytes / 0x10_0000} MiB`;
  if (bytes >= 1024 && bytes % 1024 === 0) return `${bytes / 1024} KiB`;
  return `${formatCount(bytes)} B`;
}

/** Breaks a paragraph at blanks; continuation lines get the indent too. */
export function wrapText(text: string, width: number, indent = ''): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line && indent.length + line.length + 1 + word.length > width) {
      lines.push(indent + line);
      line = word;
    } else line = line ? `${line} ${word}` : word;
  }
  if (line) lines.push(indent + line);
  return lines.join('\n');
}
