/**
 * Runs the scripts of a plan on a model of the chip, command by command: what the tools do with the words that are there,
 * not what the plan meant by them. What each does by itself: stlink-tools 1.7.0 common.c (erased bytes at the end of a file
 * are left out), UM2237 (-w erases what it touches), UM08001 (loadbin keeps what stands beside), dfu-util 0.11.
 */
import { equalBytes } from '../../src/core/bytes.js';
import type { MemoryImage } from '../../src/core/image.js';
import { overlaps } from '../../src/core/range.js';
import { readAny } from '../../src/formats/index.js';
import type { Memory } from '../../src/layout/types.js';
import { FlashController } from '../../src/operations/plan/flash-model.js';
import type { Plan } from '../../src/operations/plan/types.js';

export interface ScriptResult {
  readonly image: MemoryImage;
  readonly optcr: number;
  /** Numbers of the sectors that were erased, once for each time. */
  readonly erased: readonly number[];
}

/** @throws Error where a tool would stop with an error, and for a command that this does not know */
export function runScripts(plan: Plan, from: MemoryImage | null, optcr: number, flash: Memory): ScriptResult {
  const run = new Run(plan, new FlashController(flash, from, optcr));
  for (const line of plan.scripts.flatMap(({ text }) => text.split('\n'))) run.line(line);
  return { image: run.chip.image(), optcr: run.chip.optcr, erased: run.erased };
}

class Run {
  readonly erased: number[] = [];
  /** What was read back last. */
  #readBack: { address: number; size: number } | null = null;

  constructor(
    readonly plan: Plan,
    readonly chip: FlashController,
  ) {}

  line(text: string): void {
    const words = text.trim().split(/\s+/);
    const tool = words[0] === 'leave' ? words[1] : words[0];
    switch (tool) {
      case 'flash':
      case 'stm32f2x':
        this.#openocd(words);
        break;
      case 'st-flash':
        this.#stFlash(words.slice(1));
        break;
      case 'STM32_Programmer_CLI':
        this.#cube(text.replace(/^.*reset=HWrst /, '').split(' '));
        break;
      case 'erase':
      case 'loadbin':
      case 'verifybin':
        this.#jlink(tool, text.slice(tool.length).split(/[ ,]+/).filter(Boolean));
        break;
      case 'dfu-util':
        this.#dfu(text);
        break;
      case 'cmp':
        this.#compare(words[1] ?? '');
        break;
      default:
    }
  }

  #file(name: string): Uint8Array {
    const file = this.plan.files.find((candidate) => candidate.name === name);
    if (!file) throw new Error(`no file ${name}`);
    return file.content;
  }

  #done(error: string | null, what: string): void {
    if (error) throw new Error(`${error}: ${what}`);
  }

  #erase(numbers: Iterable<number>): void {
    for (const number of numbers) {
      this.#done(this.chip.eraseSector(number), `erase of sector ${number}`);
      this.erased.push(number);
    }
  }

  #touched(address: number, size: number): number[] {
    const range = { start: address, end: address + size };
    return this.chip.flash.sectors.filter((sector) => overlaps(sector, range)).map(({ number }) => number);
  }

  #program(address: number, data: Uint8Array): void {
    this.#done(this.chip.program(address, data), `program at 0x${address.toString(16)}`);
  }

  #verify(address: number, data: Uint8Array): void {
    if (!this.chip.holds(address, data)) throw new Error(`verification at 0x${address.toString(16)}`);
  }

  #openocd([group, command, ...rest]: string[]): void {
    const base = this.chip.flash.start;
    const [bank, first = '', second = '', state] = rest;
    if (bank !== '0') throw new Error(`bank ${bank}`);
    const last = second === 'last' ? this.chip.flash.sectors.length - 1 : Number(second);
    const sectors = Array.from({ length: last - Number(first) + 1 }, (_, index) => Number(first) + index);
    switch (`${group} ${command}`) {
      case 'flash probe':
        break;
      case 'flash protect':
        this.#done(this.chip.protect(sectors, state === 'on'), 'protect');
        break;
      case 'flash erase_sector':
        this.#erase(sectors);
        break;
      case 'flash write_bank':
        if (Number(second) % 2 !== 0) throw new Error('offset breaks the alignment');
        this.#program(base + Number(second), this.#file(first));
        break;
      case 'flash verify_bank':
        this.#verify(base + Number(second), this.#file(first));
        break;
      case 'stm32f2x unlock':
        this.#done(this.chip.writeOptions((this.chip.optcr & ~0xff00) | 0xaa00), 'unlock');
        break;
      case 'stm32f2x options_write':
        this.#done(this.chip.writeOptions((this.chip.optcr & ~0xec) | (Number(first) & 0xec)), 'options');
        break;
      default:
        throw new Error(`OpenOCD: ${group} ${command}`);
    }
  }

  #stFlash(words: string[]): void {
    const [verb = '', first = '', second = '', size = ''] = words;
    if (verb === '--area=option') this.#done(this.chip.writeOptions(Number(second)), 'options');
    else if (verb === 'read') this.#readBack = { address: Number(second), size: Number(size) };
    else if (verb === 'write') {
      const data = this.#file(first);
      let end = data.length;
      while (end > 0 && data[end - 1] === 0xff) end--;
      // Nothing but erased bytes: everything the file covers is erased.
      const kept = end === 0 ? data : data.subarray(0, Math.ceil(end / 4) * 4);
      this.#erase(this.#touched(Number(second), kept.length));
      this.#program(Number(second), kept);
    } else if (verb !== 'reset') throw new Error(`st-flash ${verb}`);
  }

  #cube([option = '', ...rest]: string[]): void {
    switch (option) {
      case '-rdu':
        this.#done(this.chip.writeOptions((this.chip.optcr & ~0xff00) | 0xaa00), 'unlock');
        break;
      case '-ob':
        for (const [name = '', value] of rest.map((word) => word.split('='))) this.#optionByte(name, Number(value));
        break;
      case '-e':
        this.#erase(rest.map(Number));
        break;
      case '-u':
        this.#readBack = { address: Number(rest[0]), size: Number(rest[1]) };
        break;
      case '-w': {
        const data = this.#file(rest[0] ?? '');
        this.#erase(this.#touched(Number(rest[1]), data.length));
        this.#program(Number(rest[1]), data);
        this.#verify(Number(rest[1]), data);
        break;
      }
      case '-hardRst':
        break;
      default:
        throw new Error(`STM32_Programmer_CLI ${option}`);
    }
  }

  #optionByte(name: string, value: number): void {
    const [, sector] = /^nWRP(\d+)$/.exec(name) ?? [];
    const shifts: Readonly<Record<string, number>> = { BOR_LEV: 2, WDG_SW: 5, nRST_STOP: 6, nRST_STDBY: 7 };
    const shift = sector === undefined ? shifts[name] : 16 + Number(sector);
    if (shift === undefined) throw new Error(`option byte ${name}`);
    const mask = (name === 'BOR_LEV' ? 3 : 1) << shift;
    this.#done(this.chip.writeOptions((this.chip.optcr & ~mask) | (value << shift)), name);
  }

  #jlink(command: string, [first = '', second = '']: string[]): void {
    if (command === 'erase') {
      this.#erase(this.#touched(Number(first), Number(second) - Number(first) + 1));
      return;
    }
    const [address, data] = [Number(second), this.#file(first)];
    if (command === 'verifybin') {
      this.#verify(address, data);
      return;
    }
    const image = this.chip.image();
    for (const number of this.#touched(address, data.length)) {
      const sector = this.chip.flash.sectors[number];
      if (!sector) continue;
      const content = image.read(sector, 0xff);
      const start = Math.max(sector.start, address);
      const end = Math.min(sector.end, address + data.length);
      content.set(data.subarray(start - address, end - address), start - sector.start);
      this.#erase([number]);
      this.#program(sector.start, content);
    }
  }

  /** Of alternate setting 0; the bootloader lifts the protection of what it erases. */
  #dfu(text: string): void {
    const [, name] = / -D (\S+)$/.exec(text) ?? [];
    if (name === undefined || / -a 1 /.test(text)) return;
    const [, address] = / -s (0x[0-9A-F]+)/.exec(text) ?? [];
    const parts =
      address === undefined
        ? readAny(this.#file(name), { name }).image.segments
        : [{ address: Number(address), bytes: this.#file(name) }];
    for (const part of parts) {
      const numbers = this.#touched(part.address, part.bytes.length);
      this.#done(this.chip.protect(numbers, false), 'protect');
      this.#erase(numbers);
      this.#program(part.address, part.bytes);
    }
  }

  #compare(name: string): void {
    const read = this.#readBack;
    const data = this.#file(name);
    if (!read || read.size !== data.length) throw new Error(`${name} is compared with another size`);
    const bytes = this.chip.image().bytes({ start: read.address, end: read.address + read.size });
    if (!bytes || !equalBytes(bytes, data)) throw new Error(`${name} differs`);
  }
}
