/**
 * The make-up of a record file, run-length: enough to write the same text again from the image. A regular file of any
 * size is a few items per 64 KiB; nothing of its data is kept here.
 */
import type { MemoryImage } from '../core/image.js';
import { ADDRESS_SPACE_END, mergeRanges, type Range } from '../core/range.js';

export type LineEnd = '' | '\n' | '\r\n' | '\r';

/** How records look, apart from their content. */
export interface LineStyle {
  /** Blanks before and after the record. */
  readonly lead: string;
  readonly trail: string;
  readonly end: LineEnd;
  readonly lowerCase: boolean;
  /** S-records: the letter S in lower case. */
  readonly lowerMark: boolean;
}

/** What most of a file looks like; a writer that cannot follow the layout follows this. */
export interface TextStyle {
  readonly recordBytes: number;
  readonly lineEnd: '\n' | '\r\n';
  readonly lowerCase: boolean;
  readonly addressBits: 16 | 20 | 24 | 32;
}

/** Equal, consecutive data records. */
export interface DataItem {
  readonly kind: 'data';
  /** Record type digit. */
  readonly type: number;
  /** Address of the base record in force (Intel HEX), else 0. */
  readonly base: number;
  /** The offset wraps at 64 KiB (Intel HEX type 02). */
  readonly segmented: boolean;
  /** Address field of the first record. */
  readonly offset: number;
  readonly width: number;
  count: number;
  readonly style: LineStyle;
}

/** One record that holds no image data. */
export interface RecordItem {
  readonly kind: 'record';
  readonly type: number;
  readonly address: number;
  readonly data: Uint8Array;
  readonly style: LineStyle;
}

/** Comments, blank lines, text after the end: as they are, with line ends. */
export interface TextItem {
  readonly kind: 'text';
  readonly bytes: Uint8Array;
}

export type LayoutItem = DataItem | RecordItem | TextItem;
export type RecordLayout = readonly LayoutItem[];

const MAX_ITEMS = 0x4_0000;
const MAX_TEXT_BYTES = 0x10_0000;

/** Collects items while reading and gives up, instead of growing without limit, on files that have no regularity. */
export class LayoutRecorder {
  private items: LayoutItem[] | null = [];
  private run: DataItem | null = null;
  private textBytes = 0;
  private pending: { start: number; end: number } | null = null;

  /** `source` is the text being read. */
  constructor(private readonly source: Uint8Array) {}

  /** The file cannot be written again as it was. */
  giveUp(): void {
    this.items = null;
    this.run = null;
    this.pending = null;
  }

  data(
    type: number,
    base: number,
    segmented: boolean,
    offset: number,
    width: number,
    style: LineStyle,
    count = 1,
  ): void {
    const { run } = this;
    if (
      run !== null &&
      this.pending === null &&
      run.width === width &&
      run.style === style &&
      run.base === base &&
      run.type === type &&
      run.segmented === segmented &&
      run.offset + run.count * run.width === offset
    ) {
      run.count += count;
      return;
    }
    const item: DataItem = { kind: 'data', type, base, segmented, offset, width, count, style };
    this.push(item);
    if (this.items) this.run = item;
  }

  record(type: number, address: number, data: Uint8Array, style: LineStyle): void {
    this.push({ kind: 'record', type, address, data, style });
  }

  /** Characters of the source that are no record. */
  text(start: number, end: number): void {
    this.textBytes += end - start;
    if (this.textBytes > MAX_TEXT_BYTES) this.giveUp();
    if (end === start || !this.items) return;
    if (this.pending?.end === start) {
      this.pending.end = end;
      return;
    }
    this.flush();
    this.pending = { start, end };
  }

  finish(): RecordLayout | null {
    this.flush();
    return this.items;
  }

  /** Lines of text that follow each other become one item. */
  private flush(): void {
    const { pending } = this;
    this.pending = null;
    if (pending) this.push({ kind: 'text', bytes: this.source.slice(pending.start, pending.end) });
  }

  private push(item: LayoutItem): void {
    if (this.pending) this.flush();
    this.run = null;
    if (!this.items) return;
    if (this.items.length >= MAX_ITEMS) this.giveUp();
    else this.items.push(item);
  }
}

/** True when the layout's data records cover exactly the bytes that the image holds. */
export function layoutFits(layout: RecordLayout, image: MemoryImage): boolean {
  const covered: Range[] = [];
  for (const item of layout) if (item.kind === 'data') covered.push(...itemRanges(item));
  const ranges = mergeRanges(covered);
  const present = image.ranges();
  return (
    ranges.length === present.length &&
    ranges.every((range, index) => range.start === present[index]?.start && range.end === present[index]?.end)
  );
}

/** Target addresses of an item's bytes, in record order; two ranges where a segment's offset wraps. */
export function itemRanges(item: DataItem): Range[] {
  const size = item.width * item.count;
  const start = item.base + item.offset;
  const fits = item.segmented ? 0x10000 - item.offset : ADDRESS_SPACE_END - start;
  if (size <= fits) return [{ start, end: start + size }];
  return [
    { start, end: start + fits },
    { start: item.base, end: item.base + size - fits },
  ];
}
