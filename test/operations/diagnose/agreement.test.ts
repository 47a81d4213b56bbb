/** What the boot model says about a flash, and what diagnose gives as the reason, must be one story. */
import { describe, expect, it } from 'vitest';
import { MemoryImage } from '../../../src/core/image.js';
import { causes } from '../../../src/layout/causes.js';
import { loadBoard } from '../../../src/layout/load.js';
import { diagnose } from '../../../src/operations/diagnose/diagnose.js';
import { examineImage } from '../../../src/operations/examine-image.js';
import { renderDiagnosis } from '../../../src/report/diagnose.js';
import { PLAIN } from '../../../src/report/style.js';
import { dctCopies, FLASH_START, healthyDump } from '../../support/synthetic.js';

const P1 = loadBoard('particle-p1');
const NO_COMPLAINT = { led: null, symptoms: [] };

function erased(start: number, end: number): Uint8Array {
  return healthyDump().fill(0xff, start, end);
}

function flipped(offset: number): Uint8Array {
  const bytes = healthyDump();
  bytes[offset] = (bytes[offset] ?? 0) ^ 0x10;
  return bytes;
}

/** Credentials are there, the device key is not. */
function withoutDeviceKey(): Uint8Array {
  const bytes = healthyDump();
  const { copy1 } = dctCopies({ edits: [{ field: 'device_private_key', bytes: new Uint8Array(1216).fill(0xff) }] });
  bytes.set(copy1, 0x4000);
  return bytes;
}

const BROKEN: readonly (readonly [what: string, bytes: () => Uint8Array, led: string, cause: string])[] = [
  ['no bootloader', () => erased(0, 0x4000), 'dark', 'bootloader-missing'],
  ['no system part 1', () => erased(0x20000, 0x60000), 'dfu', 'part1-invalid'],
  ['a damaged system part 1', () => flipped(0x20300), 'dark', 'part1-damaged'],
  ['no system part 2', () => erased(0x60000, 0xa0000), 'dark', 'part2-missing'],
  ['a damaged system part 2', () => flipped(0x60300), 'safe-mode', 'part2-damaged'],
  ['no application', () => erased(0xa0000, 0xc0000), 'safe-mode', 'user-part'],
  ['a damaged application', () => flipped(0xa0030), 'safe-mode', 'user-part'],
  ['no device key', withoutDeviceKey, 'cloud-error', 'device-key'],
  ['no DCT', () => erased(0x4000, 0xc000), 'listening', 'no-credentials'],
];

describe('a diagnosis without a complaint', () => {
  it.each(BROKEN)('of a board with %s explains the light that the flash leads to', (_, bytes, led, cause) => {
    const inspection = examineImage(MemoryImage.fromBytes(bytes(), FLASH_START), P1, { name: 'dump.bin' });
    const diagnosis = diagnose(inspection, NO_COMPLAINT);
    expect(diagnosis.expected?.led?.id).toBe(led);
    const [first] = diagnosis.causes;
    expect(first).toMatchObject({ id: cause, confidence: 'likely' });
    expect(Object.keys(causes().find(({ id }) => id === cause)?.leds ?? {})).toContain(led);
  });
});

describe('a file that is no true picture of the chip', () => {
  it('is said to be one, although nothing in it explains a fault', () => {
    const bytes = healthyDump();
    const swapped = Uint8Array.from(bytes, (_, index) => bytes[index ^ 1] ?? 0);
    const inspection = examineImage(MemoryImage.fromBytes(swapped, FLASH_START), P1, { name: 'dump.bin' });
    const said = renderDiagnosis(diagnose(inspection, NO_COMPLAINT), { style: PLAIN, width: 2000 });
    expect(said).toContain('- The file may be no true picture of the chip. The bytes are rearranged (byteswap16).');
  });
});
