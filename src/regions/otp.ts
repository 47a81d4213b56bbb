/**
 * One-time programmable memory, unique device id and flash size register of STM32F2 (RM0033), and what Particle firmware
 * from 1.5.0 on reads from OTP (device-os v2.2.0 `hal/src/stm32f2xx/deviceid_hal.cpp`).
 */
import { formatHex, isFilledWith, readU16, toHex } from '../core/bytes.js';
import { FormatError } from '../core/errors.js';
import type { Part } from '../core/part.js';

export const OTP_ADDRESS = 0x1fff7800;
export const OTP_LOCK_ADDRESS = 0x1fff7a00;
export const UNIQUE_ID_ADDRESS = 0x1fff7a10;
export const FLASH_SIZE_ADDRESS = 0x1fff7a22;
export const OTP_BLOCKS = 16;
export const OTP_BLOCK_BYTES = 32;
const OTP_DATA_BYTES = OTP_BLOCKS * OTP_BLOCK_BYTES;
/** Data and lock bytes. */
export const OTP_BYTES = OTP_DATA_BYTES + OTP_BLOCKS;
export const UNIQUE_ID_BYTES = 12;

const SERIAL_NUMBER = { offset: 0x00, length: 15 } as const;
const DEVICE_SECRET = { offset: 0x10, length: 15 } as const;

export interface OtpBlock {
  readonly number: number;
  readonly address: number;
  readonly state: 'blank' | 'written';
  /** undefined: a lock byte that is neither 0xFF nor 0x00. unknown: the lock bytes are not in the image. */
  readonly lock: 'open' | 'locked' | 'undefined' | 'unknown';
}

export interface OtpText {
  /** blank: all 0xFF. invalid: not printable; firmware takes no notice of it. */
  readonly state: 'present' | 'blank' | 'invalid';
  /** The text, or null when there is none or it is a secret that was not asked for. */
  readonly text: string | null;
}

export interface Otp {
  readonly blocks: readonly OtpBlock[];
  /** 15 characters, printed on the board. */
  readonly serialNumber: OtpText;
  /** 15 characters; used when the DCT holds none. Secret. */
  readonly deviceSecret: OtpText;
  parts(): readonly Part[];
}

export interface OtpOptions {
  readonly showSecrets?: boolean;
}

/**
 * Decodes 512 bytes of OTP data from 0x1FFF7800 on, with or without the 16 lock bytes behind them.
 * @throws FormatError OTP_SIZE when there are fewer than 512 bytes.
 */
export function decodeOtp(bytes: Uint8Array, options: OtpOptions = {}): Otp {
  if (bytes.length < OTP_DATA_BYTES) {
    throw new FormatError({
      code: 'OTP_SIZE',
      what: 'OTP memory is cut off',
      where: formatHex(OTP_ADDRESS, 8),
      expected: `${OTP_DATA_BYTES} bytes, or ${OTP_BYTES} with the lock bytes`,
      got: `${bytes.length} bytes`,
      address: OTP_ADDRESS,
      help: `Read ${OTP_BYTES} bytes from ${formatHex(OTP_ADDRESS, 8)}.`,
    });
  }
  const blocks = Array.from({ length: OTP_BLOCKS }, (_, number) => otpBlock(bytes, number));
  const showSecrets = options.showSecrets === true;
  const serialNumber = otpText(bytes, SERIAL_NUMBER, true);
  const deviceSecret = otpText(bytes, DEVICE_SECRET, showSecrets);
  return { blocks, serialNumber, deviceSecret, parts: () => otpParts(bytes, blocks, serialNumber, deviceSecret) };
}

function otpBlock(bytes: Uint8Array, number: number): OtpBlock {
  const offset = number * OTP_BLOCK_BYTES;
  const lock = bytes[OTP_DATA_BYTES + number];
  return {
    number,
    address: OTP_ADDRESS + offset,
    state: isFilledWith(bytes, 0xff, offset, offset + OTP_BLOCK_BYTES) ? 'blank' : 'written',
    lock: lock === undefined ? 'unknown' : lock === 0xff ? 'open' : lock === 0 ? 'locked' : 'undefined',
  };
}

function otpText(bytes: Uint8Array, place: { offset: number; length: number }, show: boolean): OtpText {
  const view = bytes.subarray(place.offset, place.offset + place.length);
  if (isFilledWith(view, 0xff)) return { state: 'blank', text: null };
  if (!view.every((byte) => byte >= 0x20 && byte < 0x7f)) return { state: 'invalid', text: null };
  return { state: 'present', text: show ? String.fromCharCode(...view) : null };
}

function otpParts(bytes: Uint8Array, blocks: readonly OtpBlock[], serial: OtpText, secret: OtpText): Part[] {
  const particle = (): Part[] => [
    {
      name: 'serialNumber',
      start: OTP_ADDRESS + SERIAL_NUMBER.offset,
      end: OTP_ADDRESS + SERIAL_NUMBER.offset + SERIAL_NUMBER.length,
      value: serial.text ?? serial.state,
      about: 'serial number of the board, 15 characters',
    },
    {
      name: 'deviceSecret',
      start: OTP_ADDRESS + DEVICE_SECRET.offset,
      end: OTP_ADDRESS + DEVICE_SECRET.offset + DEVICE_SECRET.length,
      value: secret.text ?? (secret.state === 'present' ? `hidden, ${DEVICE_SECRET.length} characters` : secret.state),
      // Bytes that are not blank may be a secret in part, printable or not.
      secret: secret.state !== 'blank',
      about: 'device secret, used when the DCT holds none',
    },
  ];
  const parts = blocks.map(({ number, address, state, lock }): Part => {
    const part = { name: `otp[${number}]`, start: address, end: address + OTP_BLOCK_BYTES, value: `${state}, ${lock}` };
    return number === 0 ? { ...part, parts: particle } : part;
  });
  const locks = Math.min(bytes.length, OTP_BYTES) - OTP_DATA_BYTES;
  for (const { number, lock } of blocks.slice(0, locks)) {
    const start = OTP_LOCK_ADDRESS + number;
    parts.push({ name: `lock[${number}]`, start, end: start + 1, value: lock });
  }
  return parts;
}

export interface UniqueId {
  /** Particle device id: the twelve bytes in memory order, 24 lower-case digits. */
  readonly deviceId: string;
  /** The seven lot characters where they are printable, as on most chips of this age; a hint only. */
  readonly lot: string | null;
  /** False for all 0x00 or all 0xFF: what a failed read gives. */
  readonly plausible: boolean;
  /** One sentence. */
  readonly hint: string;
}

/**
 * Decodes the unique device id at 0x1FFF7A10.
 * @throws FormatError UNIQUE_ID_SIZE when there are fewer than 12 bytes.
 */
export function decodeUniqueId(bytes: Uint8Array): UniqueId {
  if (bytes.length < UNIQUE_ID_BYTES) {
    throw new FormatError({
      code: 'UNIQUE_ID_SIZE',
      what: 'unique device id is cut off',
      where: formatHex(UNIQUE_ID_ADDRESS, 8),
      expected: `${UNIQUE_ID_BYTES} bytes`,
      got: `${bytes.length} bytes`,
      address: UNIQUE_ID_ADDRESS,
      help: `Read ${UNIQUE_ID_BYTES} bytes from ${formatHex(UNIQUE_ID_ADDRESS, 8)}.`,
    });
  }
  const id = bytes.subarray(0, UNIQUE_ID_BYTES);
  const deviceId = toHex(id);
  const lotBytes = id.subarray(5);
  const lot = lotBytes.every((byte) => byte >= 0x20 && byte < 0x7f) ? String.fromCharCode(...lotBytes) : null;
  const plausible = !isFilledWith(id, 0) && !isFilledWith(id, 0xff);
  const hint = !plausible
    ? `All bytes are ${formatHex(id[0] ?? 0, 2)}: most likely the read failed.`
    : lot === null
      ? 'The last seven bytes are not printable, as they are on most chips: check the byte order.'
      : 'The last seven bytes are printable, as on most chips.';
  return { deviceId, lot, plausible, hint };
}

/**
 * Flash size in KiB from the two bytes at 0x1FFF7A22, or null for 0x0000 and 0xFFFF, which no chip has.
 * @throws FormatError BYTES_OUT_OF_RANGE when there are fewer than 2 bytes.
 */
export function decodeFlashSize(bytes: Uint8Array): number | null {
  const size = readU16(bytes, 0);
  return size === 0 || size === 0xffff ? null : size;
}
