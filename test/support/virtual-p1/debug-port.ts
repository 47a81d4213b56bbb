/**
 * JTAG-DP and one AHB-AP as on a Cortex-M3 r2p0 (ARM IHI 0031A): power-up handshake, sticky error, SELECT; CSW, TAR
 * with increment, DRW with byte lanes, banked data, identification.
 */
import { type Bus, BusError } from './bus.js';
import type { DebugAccess } from './tap.js';

const CTRL_STAT = 0x4;
const SELECT = 0x8;

const STICKY_ERROR = 1 << 5;
const DEBUG_POWER_REQUEST = 1 << 28;
const SYSTEM_POWER_REQUEST = 1 << 30;

const CSW = 0x00;
const TAR = 0x04;
const DRW = 0x0c;
const BANKED_DATA = 0x10;
const BASE = 0xf8;
const IDR = 0xfc;

const AHB_AP_ID = 0x24770011;
const ROM_TABLE = 0xe00ff003;
const CSW_WRITABLE = 0x3f000037;
const CSW_DEVICE_ENABLED = 1 << 6;
const INCREMENT_SINGLE = 1;
const INCREMENT_PACKED = 2;
/** TAR counts within its lowest twelve bits on a Cortex-M3. */
const INCREMENT_MASK = 0xfff;

export class DebugPort implements DebugAccess {
  readonly #bus: Bus;
  #result = 0;
  #control = 0;
  #select = 0;
  #csw = 0x23000002;
  #tar = 0;

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  result(): number {
    return this.#result;
  }

  access(port: 'dp' | 'ap', isRead: boolean, address: number, data: number): void {
    if (port === 'dp') this.#result = isRead ? this.#readDp(address) : this.#writeDp(address, data);
    else this.#accessAp(isRead, address, data);
  }

  #readDp(address: number): number {
    if (address === SELECT) return this.#select;
    if (address !== CTRL_STAT) return 0;
    // Both domains have power as soon as it is asked for.
    const acknowledged = (this.#control & (DEBUG_POWER_REQUEST | SYSTEM_POWER_REQUEST)) << 1;
    return (this.#control | acknowledged) >>> 0;
  }

  #writeDp(address: number, data: number): number {
    if (address === SELECT) this.#select = data;
    if (address === CTRL_STAT) {
      const error = this.#control & STICKY_ERROR & ~data;
      this.#control = (data & (DEBUG_POWER_REQUEST | SYSTEM_POWER_REQUEST)) | error;
    }
    return 0;
  }

  #accessAp(isRead: boolean, address: number, data: number): void {
    // After an error nothing happens until the error is cleared.
    if ((this.#control & STICKY_ERROR) !== 0) return;
    const register = (this.#select & 0xf0) | address;
    const isThere = this.#select >>> 24 === 0;
    try {
      if (isRead) this.#result = isThere ? this.#readAp(register) : 0;
      else if (isThere) this.#writeAp(register, data);
    } catch (error) {
      if (!(error instanceof BusError)) throw error;
      this.#control |= STICKY_ERROR;
      this.#result = 0;
    }
  }

  #readAp(register: number): number {
    if (register === DRW) return this.#transfer(null);
    if (register === CSW) return this.#csw | CSW_DEVICE_ENABLED;
    if (register === TAR) return this.#tar;
    if (register === BASE) return ROM_TABLE;
    if (register === IDR) return AHB_AP_ID;
    return register >>> 4 === BANKED_DATA >>> 4 ? this.#bus.read(this.#banked(register), 4) : 0;
  }

  #writeAp(register: number, data: number): void {
    if (register === DRW) this.#transfer(data);
    else if (register === CSW) this.#csw = data & CSW_WRITABLE;
    else if (register === TAR) this.#tar = data;
    else if (register >>> 4 === BANKED_DATA >>> 4) this.#bus.write(this.#banked(register), 4, data);
  }

  #banked(register: number): number {
    return ((this.#tar & ~0xf) | (register & 0xc)) >>> 0;
  }

  /** Data travels in the byte lanes its address names; packed transfers move several units in one go. */
  #transfer(data: number | null): number {
    const size = 1 << (this.#csw & 3);
    const increment = (this.#csw >>> 4) & 3;
    const units = increment === INCREMENT_PACKED ? 4 / size : 1;
    const mask = size === 4 ? 0xffffffff : (1 << (8 * size)) - 1;
    let read = 0;
    for (let unit = 0; unit < units; unit++) {
      const address = (this.#tar & ~(size - 1)) >>> 0;
      const lane = 8 * (address & 3);
      if (data === null) read |= this.#bus.read(address, size) << lane;
      else this.#bus.write(address, size, ((data >>> lane) & mask) >>> 0);
      if (increment === INCREMENT_SINGLE || increment === INCREMENT_PACKED) {
        this.#tar = ((this.#tar & ~INCREMENT_MASK) | ((this.#tar + size) & INCREMENT_MASK)) >>> 0;
      }
    }
    return read >>> 0;
  }
}
