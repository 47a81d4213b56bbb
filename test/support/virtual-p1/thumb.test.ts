import { describe, expect, it } from 'vitest';
import { type Bus, BusError } from './bus.js';
import { expandImmediate, PC, type Stop, ThumbProcessor, UnknownInstruction } from './thumb.js';

const SIZE = 0x1000;

/** A program at 0 of 4 KiB; registers as given, memory and registers afterwards. */
function run(program: string, registers: readonly number[] = [], data: readonly (readonly [number, number])[] = []) {
  const memory = new DataView(new ArrayBuffer(SIZE));
  new Uint8Array(memory.buffer).set(Buffer.from(program.replaceAll(' ', ''), 'hex'));
  for (const [address, value] of data) memory.setUint32(address, value, true);
  const bus: Bus = {
    read(address, size) {
      if (address + size > SIZE) throw new BusError(address);
      if (size === 4) return memory.getUint32(address, true);
      return size === 2 ? memory.getUint16(address, true) : memory.getUint8(address);
    },
    write(address, size, value) {
      if (address + size > SIZE) throw new BusError(address);
      for (let index = 0; index < size; index++) memory.setUint8(address + index, value >>> (8 * index));
    },
  };
  const all = new Uint32Array(32);
  all.set(registers);
  const processor = new ThumbProcessor(all, bus);
  const stop: Stop = processor.run(100_000);
  return { stop, registers: [...all.subarray(0, 16)], memory, processor };
}

/** CRC-32 with the highest bit first, as OpenOCD computes it of an image. */
function openocdChecksum(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x80000000) !== 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  return crc >>> 0;
}

describe('the processor of the virtual P1', () => {
  it('computes the checksum that OpenOCD has computed in RAM', () => {
    const routine =
      '0246 0020 c043 0a4e 0b46 0024 0de0 115d 0906 4840 0025 0028 02da 4000 7040 00e0 4000 0135 082d f6d1 0134 9c42 efd1 00be b71dc104';
    const { stop, registers, memory } = run(
      routine,
      [0x100, 37],
      [
        [0x100, 0x64636261],
        [0x110, 0x80ff017f],
      ],
    );
    expect(stop).toBe('breakpoint');
    expect(registers[0]).toBe(openocdChecksum(new Uint8Array(memory.buffer, 0x100, 37)));
  });

  it('notices that a program waits for a change of memory, and goes on after it', () => {
    // wait: ldr r1, [r0]; cmp r1, #0; beq wait; bkpt
    const waiting = run('0168 0029 fcd0 00be', [0x100]);
    expect(waiting.stop).toBe('idle');
    waiting.memory.setUint32(0x100, 5, true);
    expect(waiting.processor.run(100)).toBe('breakpoint');
  });

  it('runs no longer than it is told to', () => {
    // loop: adds r0, #1; b loop
    const { stop, registers } = run('0130 fde7');
    expect(stop).toBe('limit');
    expect(registers[0]).toBe(50_000);
  });

  it.each([
    // cmp r0, r1; it <condition>; mov r2, r3; bkpt
    ['hs of 5 and 5', '8842 28bf 1a46 00be', [5, 5, 0, 1], 1],
    ['hs of 4 and 5', '8842 28bf 1a46 00be', [4, 5, 0, 1], 0],
    ['lt of -1 and 1', '8842 b8bf 1a46 00be', [0xffffffff, 1, 0, 1], 1],
    ['lo of -1 and 1', '8842 38bf 1a46 00be', [0xffffffff, 1, 0, 1], 0],
    ['lt of the lowest and 1, which overflows', '8842 b8bf 1a46 00be', [0x80000000, 1, 0, 1], 1],
    ['hi of 6 and 5', '8842 88bf 1a46 00be', [6, 5, 0, 1], 1],
    ['le of 5 and 5', '8842 d8bf 1a46 00be', [5, 5, 0, 1], 1],
    // ite eq; moveq r2, r3; movne r2, r4
    ['eq, else', '8842 0cbf 1a46 2246 00be', [1, 2, 0, 7, 9], 9],
  ])('judges %s', (_, program, registers, expected) => {
    expect(run(program, registers).registers[2]).toBe(expected);
  });

  it('moves bytes, half-words and words, with and without moving the address', () => {
    // ldrh.w r2, [r0], #2; strh.w r2, [r1], #2; ldrb r3, [r0]; strb r3, [r1]; ldr.w r4, [r0, #6]; str r4, [r1, #4]; bkpt
    const program = '30f8022b 21f8022b 0378 0b70 d0f80640 4c60 00be';
    const { registers, memory } = run(
      program,
      [0x100, 0x200],
      [
        [0x100, 0x44332211],
        [0x108, 0xcafef00d],
      ],
    );
    expect(registers.slice(0, 5)).toEqual([0x102, 0x202, 0x2211, 0x33, 0xcafef00d]);
    expect([0x200, 0x206].map((address) => memory.getUint32(address, true))).toEqual([0x00332211, 0xcafef00d]);
  });

  it('skips by cbz, shifts, and tests bits', () => {
    // cbz r0, +2; movs r1, #9; lsls r2, r2, #3; lsrs r3, r2, #4; tst.w r2, #0x10000; bne +0; bkpt
    expect(run('00b1 0921 d200 1309 12f4803f 00be', [0, 1, 0x11]).registers.slice(1, 4)).toEqual([1, 0x88, 8]);
  });

  it('says which instruction it does not know, and where', () => {
    // svc 0; udiv
    expect(() => run('00bf 00df')).toThrow(new UnknownInstruction(2, 0xdf00, null).message);
    expect(() => run('b0fbf1f0')).toThrow('cannot execute fbb0 f0f1 at 0x0');
  });

  it('leaves a bus error to the one who runs it', () => {
    expect(() => run('0168', [0x2000])).toThrow(BusError);
    expect(run('00be').registers[PC]).toBe(0);
  });
});

describe('constants in wide instructions', () => {
  it.each([
    [0x0ab, 0xab],
    [0x1ab, 0x00ab00ab],
    [0x2ab, 0xab00ab00],
    [0x3ab, 0xabababab],
    [0x4ff, 0x7f800000],
    [0xfff, 0x1fe],
    [0x480, 0x40000000],
  ])('%s', (bits, value) => {
    expect(expandImmediate(bits)).toBe(value);
  });
});
