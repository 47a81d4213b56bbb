import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Bus, BusError } from './bus.js';
import { DebugPort } from './debug-port.js';

const CTRL_STAT = 4;
const SELECT = 8;
const CSW = 0;
const TAR = 4;
const DRW = 12;

/** 8 KiB of memory at 0. */
function portOnMemory(): { readonly port: DebugPort; readonly memory: DataView } {
  const memory = new DataView(new ArrayBuffer(0x2000));
  const bus: Bus = {
    read(address, size) {
      if (address >= memory.byteLength) throw new BusError(address);
      if (size === 4) return memory.getUint32(address, true);
      return size === 2 ? memory.getUint16(address, true) : memory.getUint8(address);
    },
    write(address, size, value) {
      if (address >= memory.byteLength) throw new BusError(address);
      for (let index = 0; index < size; index++) memory.setUint8(address + index, value >>> (8 * index));
    },
  };
  return { port: new DebugPort(bus), memory };
}

function read(port: DebugPort, kind: 'dp' | 'ap', address: number): number {
  port.access(kind, true, address, 0);
  return port.result();
}

describe('the debug port', () => {
  it('acknowledges power as soon as it is asked for', () => {
    const { port } = portOnMemory();
    expect(read(port, 'dp', CTRL_STAT)).toBe(0);
    port.access('dp', false, CTRL_STAT, 0x50000000);
    expect(read(port, 'dp', CTRL_STAT)).toBe(0xf0000000);
  });

  it('names one access port and no other', () => {
    const { port } = portOnMemory();
    port.access('dp', false, SELECT, 0xf0);
    expect(read(port, 'ap', 0xc)).toBe(0x24770011);
    port.access('dp', false, SELECT, 0x010000f0);
    expect(read(port, 'ap', 0xc)).toBe(0);
  });

  it('keeps an error until it is cleared, and does nothing meanwhile', () => {
    const { port, memory } = portOnMemory();
    port.access('ap', false, CSW, 2);
    port.access('ap', false, TAR, 0x10000);
    expect(read(port, 'ap', DRW)).toBe(0);
    expect(read(port, 'dp', CTRL_STAT) & 0x20).toBe(0x20);
    port.access('ap', false, TAR, 0);
    port.access('ap', false, DRW, 0x12345678);
    expect(memory.getUint32(0, true)).toBe(0);
    port.access('dp', false, CTRL_STAT, 0x50000020);
    port.access('ap', false, TAR, 0);
    port.access('ap', false, DRW, 0x12345678);
    expect(memory.getUint32(0, true)).toBe(0x12345678);
  });

  it('moves data in the byte lanes of its address', () => {
    fc.assert(
      fc.property(fc.nat(0xfff), fc.constantFrom(0, 1, 2), fc.nat(0xffffffff), (place, sizeBits, data) => {
        const { port, memory } = portOnMemory();
        const size = 1 << sizeBits;
        const address = place & ~(size - 1);
        port.access('ap', false, CSW, sizeBits);
        port.access('ap', false, TAR, address);
        port.access('ap', false, DRW, data);
        const lane = (data >>> (8 * (address & 3))) & (size === 4 ? -1 : (1 << (8 * size)) - 1);
        expect(memory.getUint32(address & ~3, true)).toBe((lane << (8 * (address & 3))) >>> 0);
        expect(read(port, 'ap', DRW)).toBe((lane << (8 * (address & 3))) >>> 0);
      }),
    );
  });

  it('counts addresses up within 4 KiB, one unit at a time or packed', () => {
    const { port, memory } = portOnMemory();
    port.access('ap', false, CSW, 0x12);
    port.access('ap', false, TAR, 0xff8);
    for (const word of [1, 2, 3]) port.access('ap', false, DRW, word);
    expect([0xff8, 0xffc, 0].map((address) => memory.getUint32(address, true))).toEqual([1, 2, 3]);
    expect(read(port, 'ap', TAR)).toBe(4);

    port.access('ap', false, CSW, 0x21);
    port.access('ap', false, TAR, 0x10);
    port.access('ap', false, DRW, 0xbbbbaaaa);
    expect(memory.getUint32(0x10, true)).toBe(0xbbbbaaaa);
    expect(read(port, 'ap', TAR)).toBe(0x14);
  });

  it('reaches four words around its address by banked data', () => {
    const { port, memory } = portOnMemory();
    memory.setUint32(0x28, 0xcafe, true);
    port.access('ap', false, TAR, 0x20);
    port.access('dp', false, SELECT, 0x10);
    expect(read(port, 'ap', 8)).toBe(0xcafe);
    port.access('ap', false, 12, 7);
    expect(memory.getUint32(0x2c, true)).toBe(7);
  });
});
