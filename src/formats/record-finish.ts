/** The end of a record file, the same for Intel HEX and S-records: what follows the end record, and the finished image. */
import { formatAddress } from '../core/bytes.js';
import type { MemoryImage } from '../core/image.js';
import type { Line, RecordText } from './record-lines.js';

const CTRL_Z = 0x1a;
/** Digits of the longest record of either format. */
const MAX_DIGITS = 520;

/** The image of all collected records, with the findings about overlaps. @throws FormatError …_CONFLICTING_DATA. */
export function finishRecords(source: RecordText): MemoryImage {
  const { image, duplicate, conflict } = source.collector.finish(source.name);
  if (conflict) {
    source.damaged({
      code: 'CONFLICTING_DATA',
      rule: 'container/conflicting-data',
      what: `records give different bytes for ${formatAddress(conflict.address)}`,
      help: 'Find out which of the two records is right. With --permissive the later one counts.',
      line: conflict.line,
      address: conflict.address,
    });
  } else if (duplicate) {
    source.findings.add({
      rule: 'container/duplicate-data',
      severity: 'warning',
      message: `the bytes from ${formatAddress(duplicate.address)} are given twice, with the same values`,
      evidence: { line: duplicate.line },
      origin: `line ${duplicate.line}`,
      start: duplicate.address,
    });
  }
  if (image.byteCount === 0) {
    source.findings.add({ rule: 'container/no-data', severity: 'warning', message: 'the file holds no data records' });
  }
  return image;
}

/**
 * Reads on after the end record, without loading anything. Data there means that two files were joined.
 * @param endRecord what the format calls its end record
 * @param kindOf whether a line is a sound record, and of which kind
 * @throws FormatError …_DATA_AFTER_END.
 */
export function readAfterEnd(
  source: RecordText,
  endRecord: string,
  kindOf: (line: Line) => 'data' | 'record' | 'text',
): void {
  const { text } = source;
  const tail = source.position;
  while (source.position < text.length) {
    const line = source.currentLine();
    const length = line.end - line.start;
    const blank = length === 0 || (length === 1 && text[line.start] === CTRL_Z);
    const kind = blank ? 'nothing' : length > MAX_DIGITS + 2 ? 'text' : kindOf(line);
    if (kind === 'data') {
      source.damaged({
        code: 'DATA_AFTER_END',
        rule: 'container/data-after-end',
        what: `data records follow the ${endRecord}`,
        help: 'Two files seem to be joined. Split them and merge the parts with `convert`.',
      });
      break;
    }
    if (kind === 'record') {
      source.noteOnce('warning', 'container/records-after-end', `records after the ${endRecord} are ignored`);
    } else if (kind === 'text') {
      source.noteOnce('warning', 'container/content-after-end', `text after the ${endRecord} is ignored`);
    }
    source.advance(line);
  }
  source.layout.text(tail, text.length);
}
