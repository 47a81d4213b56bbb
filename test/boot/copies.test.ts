/** Copies on the way: pending updates, factory restores by bootloader generation, what system firmware installs. */
import { describe, expect, it } from 'vitest';
import { writeU32 } from '../../src/core/bytes.js';
import { decodeModuleSlots } from '../../src/regions/dct/application.js';
import { sealModule } from '../../src/regions/module/build.js';
import { bootloader, dctCopies, dump, noise, systemPart1, systemPart2, userPart } from '../support/synthetic.js';
import {
  afterUpdates,
  boot,
  device,
  ERASED_SECTOR,
  flipped,
  resultOf,
  type SlotRecord,
  summary,
  withDctField,
  withSlot,
} from './boards.js';

const OTA = 0x080c0000;
const USER = 0x080a0000;
const update = userPart({ version: 77, size: 20_000 });
const record: SlotRecord = { source: OTA, destination: USER, length: update.length, function: 5 };
const waiting = (changes: Partial<SlotRecord> = {}, image = update) =>
  withSlot(device([[OTA, image]]), 1, { ...record, ...changes });

const at = (bytes: Uint8Array, address: number, size: number) =>
  bytes.subarray(address - 0x08000000, address - 0x08000000 + size);
/** Offset of the slots in a DCT copy. */
const SLOTS = 0x28a0;

describe('a pending update', () => {
  it('is made, its slot is cleared, and the start goes on with the flash after it', () => {
    const flash = waiting();
    const prediction = boot(flash);
    expect(prediction.copies).toEqual([
      {
        kind: 'pending-update',
        slot: 1,
        source: OTA,
        destination: USER,
        length: update.length,
        result: 'copied',
        reason: null,
      },
    ]);
    expect(summary(prediction)).toBe('jump dct runs cloud-connected likely');
    const { bytes, copies } = afterUpdates(flash);
    expect(copies).toEqual(prediction.copies);
    expect(at(bytes, USER, update.length)).toEqual(update);
    // The sector is erased whole, and the source stays.
    expect(at(bytes, USER + update.length, 16)).toEqual(new Uint8Array(16).fill(0xff));
    expect(at(bytes, OTA, update.length)).toEqual(update);
    // 0.7.0 and later flip the DCT: the new copy 2 has a free slot.
    const copy2 = at(bytes, 0x08008000, 0x4000);
    expect(decodeModuleSlots(copy2.subarray(SLOTS, SLOTS + 100)).map(({ state }) => state)).toEqual(
      Array(5).fill('free'),
    );
    expect(summary(boot(bytes))).toBe(summary(prediction));
    expect(boot(bytes).copies).toEqual([]);
  });

  it('has its record zeroed in its place by bootloaders before 100', () => {
    const flash = withSlot(device([[OTA, update]], 17), 1, record);
    const { bytes, copies } = afterUpdates(flash);
    expect(copies).toMatchObject([{ kind: 'pending-update', result: 'copied' }]);
    const slots = at(bytes, 0x08004000 + SLOTS, 100);
    expect(decodeModuleSlots(slots).map(({ state }) => state)).toEqual(['free', 'consumed', 'free', 'free', 'free']);
    expect(at(bytes, 0x08008000, 0x4000)).toEqual(at(flash, 0x08008000, 0x4000));
  });

  it('leaves the image it was made from alone', () => {
    const flash = waiting();
    const before = flash.slice();
    afterUpdates(flash);
    expect(flash).toEqual(before);
  });

  it.each([
    ['a source in external flash', {}, 'its source is not in the internal flash'],
    ['a source below the flash', { source: 0x07000000 }, 'its source lies outside the flash'],
    ['a source that ends above the flash', { source: 0x080fff00 }, 'its source lies outside the flash'],
    ['a destination above the flash', { destination: 0x08200000 }, 'its destination lies outside the flash'],
    ['a length without the CRC', { length: update.length - 4 }, 'the module at 0x080C0000 is longer than the copy'],
    ['another function', { function: 4 }, 'the module at 0x080C0000 has function 5, not 4'],
    [
      'another destination',
      { destination: 0x08080000 },
      'the module at 0x080C0000 is linked for 0x080A0000, not 0x08080000',
    ],
    ['nothing there', { source: 0x080e0000 }, '0x080E0000 is erased'],
  ])('is refused with %s, and its slot is cleared all the same', (name, changes, reason) => {
    const flash = waiting(changes);
    // The device of the source is the byte behind the magic.
    if (name.includes('external')) flash[0x4000 + SLOTS + 20 + 2] = 1;
    const { bytes, copies } = afterUpdates(flash);
    expect(copies).toMatchObject([{ result: 'refused', reason }]);
    expect(boot(bytes).copies).toEqual([]);
    expect(at(bytes, USER, 64)).toEqual(at(flash, USER, 64));
  });

  it.each([
    ['a wrong CRC', flipped(waiting(), OTA + 0x1000), 'the CRC of the module at 0x080C0000 is wrong'],
    [
      'another platform',
      waiting({}, userPart({ version: 77, size: 20_000, platformId: 6 })),
      'the module at 0x080C0000 is for platform 6, not 8',
    ],
  ])('is refused with %s', (_, flash, reason) => {
    expect(boot(flash).copies).toMatchObject([{ result: 'refused', reason }]);
    expect(boot(flash).outcome).toBe('runs');
  });

  it('is not verified without flags', () => {
    const flash = flipped(waiting({ flags: 0, function: 4 }), OTA + 0x1000);
    expect(boot(flash).copies).toMatchObject([{ result: 'copied' }]);
    expect(boot(flash).outcome).toBe('safe-mode');
  });

  it('may be longer than its module, and reaches over the sectors it covers', () => {
    const part = systemPart1(2202, { size: 200_000 });
    const flash = withSlot(device([[OTA, part]]), 2, {
      source: OTA,
      destination: 0x08020000,
      length: 0x40000,
      function: 4,
    });
    const { bytes } = afterUpdates(flash);
    expect(at(bytes, 0x08020000, 0x40000)).toEqual(at(flash, OTA, 0x40000));
  });

  it('can mend part 1 only where the DCT is read without it', () => {
    const part = systemPart1(17);
    const slot: SlotRecord = { source: OTA, destination: 0x08020000, length: part.length, function: 4 };
    const broken = (version: number) =>
      withSlot(
        device(
          [
            [0x08020000, ERASED_SECTOR],
            [0x08040000, ERASED_SECTOR],
            [OTA, part],
          ],
          version,
        ),
        1,
        slot,
      );
    expect(summary(boot(broken(17)))).toBe('jump dct runs cloud-connected likely');
    expect(summary(boot(broken(2202)))).toBe('dfu no-dct dfu dfu likely');
  });

  it('of a system part that the other does not fit keeps its slot with bootloader 1000 and later', () => {
    // The new part 2 wants a newer part 1, so for the moment the DCT cannot be written.
    const part = systemPart2(2302);
    const slot: SlotRecord = { source: OTA, destination: 0x08060000, length: part.length, function: 4 };
    const waits = (loader: number) =>
      withSlot(
        device([
          [0x08000000, bootloader(loader)],
          [OTA, part],
        ]),
        1,
        slot,
      );
    const results = (loader: number) => resultOf(boot(waits(loader)), /^pending/);
    expect(results(1006)).toEqual(['copied; the slot stays pending, because the DCT cannot be written now']);
    expect(results(501)).toEqual(['copied; the slot is cleared']);
    const { bytes } = afterUpdates(waits(1006));
    expect(at(bytes, 0x08060000, part.length)).toEqual(part);
    expect(at(bytes, 0x080068b4, 2)).toEqual(Uint8Array.of(0xcd, 0xab));
  });

  it('over the bootloader ends the bootloader', () => {
    const next = bootloader(1007);
    const flash = withSlot(device([[OTA, next]]), 1, {
      source: OTA,
      destination: 0x08000000,
      length: next.length,
      function: 2,
    });
    expect(summary(boot(flash))).toBe('lockup dct no-start dark likely');
  });

  it('in several slots is made in their order', () => {
    const second = userPart({ version: 78 });
    let flash = withSlot(
      device([
        [OTA, update],
        [0x080e0000, second],
      ]),
      3,
      record,
    );
    flash = withSlot(flash, 4, { ...record, source: 0x080e0000, length: second.length });
    const { copies, bytes } = afterUpdates(flash);
    expect(copies.map(({ slot }) => slot)).toEqual([3, 4]);
    expect(at(bytes, USER, second.length)).toEqual(second);
  });

  it.each([0x0fac, 0xffff, 0, 0xabcc])('is none with the magic %s', (magic) => {
    expect(boot(waiting({ magic })).copies).toEqual([]);
  });
});

describe('the source of a factory reset', () => {
  const image = userPart({ version: 4 });
  const restore = (flash: Uint8Array) => boot(flash, { button: 'factory-restore' }).copies;

  it('is slot 0 when it is recorded', () => {
    const flash = withSlot(device([[OTA, image]]), 0, { ...record, length: 0x20000 });
    expect(restore(flash)).toMatchObject([{ slot: 0, source: OTA, result: 'copied' }]);
  });

  it('is the user image from bootloader 500 on', () => {
    const flash = device([
      [0x08000000, bootloader(500)],
      [0x080e0000, image],
    ]);
    expect(restore(flash)).toMatchObject([{ slot: null, source: 0x080e0000, destination: USER, length: 0x20000 }]);
    expect(
      restore(
        device([
          [0x08000000, bootloader(499)],
          [0x080e0000, image],
        ]),
      ),
    ).toEqual([]);
  });

  /** Parts 1 and 2 as one block, as in factory images: end (and function) rewritten, its own CRC behind it. */
  function combined(kind: number, size: number): Uint8Array {
    const block = new Uint8Array(size).fill(0xff);
    block.set(systemPart1(17));
    const part2 = systemPart2(17, { size: 100_000 });
    block.set(part2, 0x40000);
    writeU32(block, 0x184 + 4, 0x08020000 + size - 4);
    block[0x184 + 14] = kind;
    return sealModule(block);
  }

  it.each([
    [6, 3, 0x60000],
    [7, 4, 0x80000],
    [401, 4, 0x80000],
  ])('is the combined system image for bootloader %i (function %i, %i bytes)', (version, kind, size) => {
    const { copy1 } = dctCopies({ versionRecord: false });
    const flash = dump([
      [0x08000000, bootloader(version)],
      [0x08004000, copy1],
      [0x08060000, systemPart2(17)],
      [0x08080000, combined(kind, size)],
    ]);
    const prediction = boot(flash);
    expect(prediction.bootloader).toBe('factory-restore');
    expect(prediction.copies[0]).toMatchObject({
      source: 0x08080000,
      destination: 0x08020000,
      length: size,
      result: 'copied',
    });
    const { bytes } = afterUpdates(flash);
    expect(at(bytes, 0x08020000, 0x40000)).toEqual(at(flash, 0x08080000, 0x40000));
    expect(at(bytes, 0x08060000, 0x20000)).toEqual(at(flash, 0x080c0000, 0x20000));
    expect(prediction.outcome).not.toBe('reset-loop');
  });

  it('is asked for by the flags in the DCT of older bootloaders', () => {
    const flags = new Uint8Array(32).fill(0xff);
    flags.fill(0xaa, 12, 14);
    const asked = (version: number) => withDctField(device([], version), 'system_flags', 0, flags);
    const old = boot(asked(17));
    expect(old.copies).toMatchObject([{ kind: 'factory-restore', result: 'refused' }]);
    expect(old.bootloader).toBe('jump');
    expect(boot(asked(2202)).copies).toEqual([]);
    flags.fill(0xff, 12, 14);
    flags.set([5, 0], 8);
    expect(summary(boot(asked(17)))).toBe('dfu dct dfu dfu likely');
  });
});

describe('the flag for the OTA region', () => {
  const flagged = (changes: Parameters<typeof device>[0], version = 2202) =>
    withDctField(device(changes, version), 'ota_update_flag', 0, Uint8Array.of(0xa5));

  it('installs a bootloader', () => {
    const next = bootloader(1100);
    const flash = flagged([[OTA, next]]);
    const prediction = boot(flash);
    expect(prediction.copies).toMatchObject([{ kind: 'ota-flag', destination: 0x08000000, result: 'copied' }]);
    expect(resultOf(prediction, 'the program in sector 0')).toEqual([
      'bootloader version 1006',
      'bootloader version 1100',
    ]);
    expect(prediction.outcome).toBe('runs');
    expect(at(afterUpdates(flash).bytes, 0x08000000, next.length)).toEqual(next);
  });

  it('installs a user part, and nothing that is not sound', () => {
    expect(boot(flagged([[OTA, update]])).copies).toMatchObject([{ kind: 'ota-flag', destination: USER }]);
    expect(boot(flipped(flagged([[OTA, update]]), OTA + 0x1000)).copies).toEqual([]);
    expect(boot(flagged([])).copies).toEqual([]);
  });

  it('means nothing to firmware that does not know it', () => {
    expect(boot(flagged([[OTA, update]], 17)).copies).toEqual([]);
  });
});

describe('a parked user module', () => {
  const parked = (version: number, more = {}) => {
    const flash = device([[USER, ERASED_SECTOR]], version);
    flash.set(userPart({ size: 9_000, ...more }), 0xc000);
    return flash;
  };

  it('is installed by 0.4.9 to 1.3.1', () => {
    const prediction = boot(parked(17));
    expect(prediction.copies.map(({ destination, result }) => [destination, result])).toEqual([
      [0x080e0000, 'copied'],
      [USER, 'copied'],
    ]);
    // This start has already looked for the user part.
    expect(prediction.outcome).toBe('safe-mode');
    expect(prediction.alternatives.find(({ outcome }) => outcome === 'runs')?.condition).toContain('reset once more');
    const { bytes } = afterUpdates(parked(17));
    expect(at(bytes, 0x0800c000, 0x4000)).toEqual(new Uint8Array(0x4000).fill(0xff));
  });

  it('is left alone by later and earlier firmware, and when it is not right', () => {
    expect(boot(parked(2202)).copies).toEqual([]);
    expect(boot(parked(10)).copies).toEqual([]);
    expect(boot(parked(17, { startAddress: 0x080e0000 })).copies).toEqual([]);
    expect(boot(flipped(parked(17), 0x0800c800)).copies).toMatchObject([{ result: 'refused' }]);
  });
});

describe('a bootloader carried inside system part 2', () => {
  it('replaces an older one up to 0.6.x', () => {
    const carried = bootloader(11);
    const part = systemPart2(105, { size: 220_000 });
    part.set(carried, 0x8000);
    const flash = device(
      [
        [0x08060000, sealModule(part)],
        [0x08020000, systemPart1(105)],
      ],
      105,
    );
    const prediction = boot(flash);
    expect(prediction.copies).toMatchObject([
      { kind: 'carried-bootloader', destination: 0x08000000, result: 'copied' },
    ]);
    expect(resultOf(prediction, /carried inside/)).toEqual(['installed; the board resets']);
    const current = device(
      [
        [0x08060000, sealModule(part)],
        [0x08000000, bootloader(11)],
      ],
      105,
    );
    expect(boot(current).copies).toEqual([]);
  });
});

describe('any flash', () => {
  it('is no device for the updates either', () => {
    const bytes = noise(5000);
    expect(afterUpdates(bytes)).toMatchObject({ copies: [] });
  });
});
