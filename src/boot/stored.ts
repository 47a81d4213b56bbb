/** What the DCT tells bootloader and system firmware, as far as they act on it at reset. */
import type { DctCopy, DctReport } from '../regions/dct/decode.js';
import { selectBefore070, selectFrom070 } from '../regions/dct/selection.js';
import { DCT_COPY_BYTES, dctField, dctRecord, dctSection } from '../regions/dct/table.js';
import { memberNumber } from '../regions/dct/values.js';
import { type DctWriter, writeDctField } from '../regions/dct/write.js';
import type { CopyRequest } from './facts.js';
import { FlashMemory } from './memory.js';

export type DctRulesName = 'before-0.7.0' | 'from-0.7.0';

export interface Slot extends CopyRequest {
  readonly number: number;
  /** 0xABCD: pending. 0x0FAC: the factory record, in slot 0. */
  readonly magic: number;
}

export const SLOT_PENDING = 0xabcd;
export const SLOT_FACTORY = 0x0fac;
const SLOT_FREE = 0xffff;
const SLOT = 'platform_flash_modules_t';
const FLAGS = 'platform_system_flags_t';

export interface SystemFlags {
  readonly factoryReset: boolean;
  /** 5: an image was said to be ready, which on boards without serial flash leads to DFU. */
  readonly imageReady: boolean;
  readonly watchdog: boolean;
}

export class StoredDct {
  readonly report: DctReport | null;
  readonly #memory: FlashMemory;
  /** The flash before the first write: a flip moves or erases the copy that `report` describes. */
  readonly #original: FlashMemory;
  /** Slots whose record was taken out, and flags that were cleared, since the image was made. */
  readonly #cleared = new Set<number>();
  #flagsCleared = false;
  #otaCleared = false;
  #keyMade = false;

  constructor(report: DctReport | null, memory: FlashMemory) {
    this.report = report;
    this.#memory = memory;
    this.#original = new FlashMemory(memory.content, memory.start);
  }

  /** The copy that code with these rules uses; null: none, it formats the table. */
  copy(rules: DctRulesName): DctCopy | null {
    const { report } = this;
    if (!report) return null;
    const number = report.why.rules === rules || report.store === 'electron' ? report.current : this.#select(rules);
    return number === null ? null : (report.details[number - 1] ?? null);
  }

  /** All five slots; those of a table that does not exist are free. */
  slots(rules: DctRulesName): Slot[] {
    const bytes = this.#field(rules, 'flash_modules');
    const { size } = dctRecord(SLOT);
    const slots: Slot[] = [];
    for (let number = 0; bytes && (number + 1) * size <= bytes.length; number++) {
      const record = bytes.subarray(number * size, (number + 1) * size);
      const member = (name: string): number => memberNumber(record, SLOT, name);
      slots.push({
        number,
        magic: this.#cleared.has(number) ? SLOT_FREE : member('magicNumber'),
        sourceDevice: member('sourceDeviceID'),
        destinationDevice: member('destinationDeviceID'),
        source: member('sourceAddress'),
        destination: member('destinationAddress'),
        length: member('length'),
        flags: member('flags'),
        function: member('module_function'),
      });
    }
    return slots;
  }

  /** The flags that bootloaders before version 100 keep in the DCT; they do not look at the header in front of them. */
  systemFlags(): SystemFlags {
    const bytes = this.#field('before-0.7.0', 'system_flags');
    const member = (name: string): number => (bytes ? memberNumber(bytes, FLAGS, name) : 0);
    return {
      factoryReset: member('Factory_Reset_SysFlag') === 0xaaaa && !this.#flagsCleared,
      imageReady: member('FLASH_OTA_Update_SysFlag') === 5,
      watchdog: member('IWDG_Enable_SysFlag') === 0xd001,
    };
  }

  get otaUpdate(): boolean {
    return this.report?.otaUpdate === true && !this.#otaCleared;
  }

  /** The firmware made a device key in an earlier round. */
  get keyMade(): boolean {
    return this.#keyMade;
  }

  noteKeyMade(): void {
    this.#keyMade = true;
  }

  clearFlags(): void {
    this.#flagsCleared = true;
  }

  /** The firmware takes the flag back before it installs anything. */
  clearOtaFlag(writer: DctWriter | null): void {
    this.#otaCleared = true;
    this.#write('ota_update_flag', 0, Uint8Array.of(0xff), writer);
  }

  /** Takes the record of a slot out: the magic becomes free by a write of the DCT, or the record is zeroed in its place. */
  clearSlot(number: number, how: 'write' | 'zero' | 'nothing'): void {
    this.#cleared.add(number);
    const { size } = dctRecord(SLOT);
    if (how === 'write') this.#write('flash_modules', number * size, Uint8Array.of(0xff, 0xff), '0.7.0');
    if (how === 'zero') this.#zero('flash_modules', number * size, size);
  }

  #select(rules: DctRulesName): 1 | 2 | null {
    const [one, two] = this.#copies(this.#original);
    return (rules === 'from-0.7.0' ? selectFrom070(one, two) : selectBefore070(one, two)).current;
  }

  #copies(memory: FlashMemory): [Uint8Array | null, Uint8Array | null] {
    const [one, two] = this.report?.details ?? [];
    const read = (copy: DctCopy | undefined): Uint8Array | null =>
      copy && copy.state !== 'absent' ? (memory.bytes(copy.address, DCT_COPY_BYTES) ?? null) : null;
    return [read(one), read(two)];
  }

  /** A field as the image had it: where a copy moved since, only slots and flags changed, which are kept here. */
  #field(rules: DctRulesName, key: string): Uint8Array | undefined {
    const copy = this.copy(rules);
    if (!copy || !this.report) return undefined;
    const field = dctField(key);
    const { offset } = dctSection(this.report.store, field.section);
    return this.#original.bytes(copy.address + offset + field.offset, field.size);
  }

  /** Programs zeros where they are, in the copy that the oldest rules choose. */
  #zero(key: string, offset: number, size: number): void {
    const copy = this.copy('before-0.7.0');
    if (!copy || !this.report) return;
    const field = dctField(key);
    const section = dctSection(this.report.store, field.section).offset;
    this.#memory.program(copy.address + section + field.offset + offset, new Uint8Array(size));
  }

  #write(key: string, offset: number, bytes: Uint8Array, writer: DctWriter | null): void {
    const [copy1, copy2] = this.#copies(this.#memory);
    const { report } = this;
    if (!writer || !copy1 || !copy2 || !report || report.store === 'electron') return;
    const write = { section: 'application' as const, offset: dctField(key).offset + offset, bytes };
    const written = writeDctField({ copy1, copy2 }, write, writer);
    for (const [index, content] of [written.copy1, written.copy2].entries()) {
      const { address } = report.details[index as 0 | 1];
      this.#memory.erase({ start: address, end: address + DCT_COPY_BYTES });
      this.#memory.program(address, content);
    }
  }
}
