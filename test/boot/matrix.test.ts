/** What happens when something in flash is wrong: every row of the failure matrix, and what the owners of real boards asked. */
import { describe, expect, it } from 'vitest';
import { writeU32 } from '../../src/core/bytes.js';
import { MemoryImage } from '../../src/core/image.js';
import { loadBoard } from '../../src/layout/load.js';
import {
  bootloader,
  dctCopies,
  dump,
  erasedThenFlashedDump,
  healthyDump,
  systemPart1,
  systemPart2,
  userPart,
} from '../support/synthetic.js';
import {
  alternative,
  boot,
  device,
  ERASED_SECTOR,
  flipped,
  maybeBoot,
  resultOf,
  summary,
  withDctField,
  withHeader,
} from './boards.js';

const erased = (...sectors: number[]) => device(sectors.map((start) => [start, ERASED_SECTOR] as const));
const factory = (more = {}) => [0x080e0000, userPart(more)] as const;

describe('the failure matrix', () => {
  it('part 1 erased: red, then DFU', () => {
    const prediction = boot(erased(0x08020000, 0x08040000));
    expect(summary(prediction)).toBe('dfu no-dct dfu dfu likely');
    expect(prediction.copies).toMatchObject([{ kind: 'factory-restore', result: 'refused', slot: null }]);
  });

  it('part 1 erased and a factory image: restored, reset, without end', () => {
    const prediction = boot(device([[0x08020000, ERASED_SECTOR], [0x08040000, ERASED_SECTOR], factory()]));
    expect(summary(prediction)).toBe('factory-restore no-dct reset-loop restore-attempt likely');
    expect(prediction.copies).toHaveLength(1);
    expect(alternative(prediction, 'dfu')).toMatchObject({ led: 'dfu' });
  });

  it('part 1 damaged: nobody notices; a crash or a hang', () => {
    const prediction = boot(flipped(device(), 0x08030000));
    expect(summary(prediction)).toBe('jump no-dct hang dark possible');
    expect(alternative(prediction, 'fault')).toMatchObject({ led: 'sos' });
  });

  it('part 2 erased: hangs dark, until the watchdog ends it in DFU', () => {
    const prediction = boot(erased(0x08060000, 0x08080000));
    expect(summary(prediction)).toBe('jump no-dct hang dark likely');
    expect(prediction.alternatives.filter(({ outcome }) => outcome === 'dfu')).toHaveLength(2);
  });

  it('part 2 erased, before 0.7.0: the DCT says whether the watchdog runs', () => {
    const flash = device(
      [
        [0x08060000, ERASED_SECTOR],
        [0x08080000, ERASED_SECTOR],
      ],
      17,
    );
    const ends = (bytes: Uint8Array) =>
      boot(bytes).alternatives.filter(({ condition }) => condition.includes('watchdog'));
    expect(ends(flash)).toEqual([]);
    expect(ends(withDctField(flash, 'system_flags', 14, Uint8Array.of(0x01, 0xd0)))).toHaveLength(1);
  });

  it('part 2 damaged, from 0.7.0 on: safe mode, if it gets that far', () => {
    const prediction = boot(flipped(device(), 0x08070000));
    expect(summary(prediction)).toBe('jump no-dct safe-mode safe-mode possible');
    expect(alternative(prediction, 'hang')).toBeDefined();
  });

  it('part 2 damaged, before 0.7.0: not checked', () => {
    expect(summary(boot(flipped(device([], 17), 0x08070000)))).toBe('jump dct runs cloud-connected possible');
  });

  it('part 2 from before 0.7.0 under a newer bootloader: no access to the DCT', () => {
    const prediction = boot(device([[0x08000000, bootloader(1006)]], 17));
    expect(summary(prediction)).toBe('jump no-dct runs cloud-connected likely');
    expect(resultOf(prediction, /^access/)[0]).toContain('its version is 17, 200 is needed');
  });

  it('part 2 that needs a newer bootloader: safe mode from 0.7.0 on', () => {
    const prediction = boot(device([[0x08000000, bootloader(501)]]));
    expect(summary(prediction)).toBe('jump dct safe-mode safe-mode likely');
    expect(resultOf(prediction, /^system part 2 \(/)).toEqual([
      'it needs a bootloader of version 1003 or newer; there is 501; safe mode',
    ]);
    expect(boot(device([[0x08000000, bootloader(1003)]])).outcome).toBe('runs');
  });

  it('part 2 that needs a newer part 1: safe mode from 0.7.0 on, ignored before', () => {
    expect(boot(device([[0x08020000, systemPart1(1502)]])).outcome).toBe('safe-mode');
    expect(boot(device([[0x08020000, systemPart1(16)]], 17)).outcome).toBe('runs');
  });

  it('a damaged bootloader: safe mode from 0.7.0 on', () => {
    const prediction = boot(flipped(device(), 0x08002000));
    expect(prediction.outcome).toBe('safe-mode');
    expect(resultOf(prediction, /^the bootloader \(/)).toEqual(['its CRC is wrong; safe mode']);
  });

  it('a wrong user header and a factory image: restored, then it runs', () => {
    const prediction = boot(device([[0x080a0000, ERASED_SECTOR], factory()]));
    expect(summary(prediction)).toBe('jump dct runs cloud-connected likely');
    expect(prediction.copies).toMatchObject([{ kind: 'factory-restore', result: 'copied', destination: 0x080a0000 }]);
  });

  it('a wrong user header and a factory image that is not sound: an endless loop of resets', () => {
    const flash = flipped(device([[0x080a0000, ERASED_SECTOR], factory()]), 0x080e0800);
    const prediction = boot(flash);
    expect(summary(prediction)).toBe('jump dct reset-loop system-starting likely');
    expect(prediction.copies[0]?.reason).toContain('CRC');
  });

  it('a wrong user header and an old bootloader, which looks elsewhere: the same loop', () => {
    const prediction = boot(device([[0x080a0000, ERASED_SECTOR], factory()], 17));
    expect(summary(prediction)).toBe('jump dct reset-loop system-starting likely');
    expect(prediction.copies[0]).toMatchObject({ source: 0x08080000, result: 'refused' });
  });

  it('the Photon writes the factory record itself, so the restore works there', () => {
    const platformId = 6;
    const version = 17;
    const { copy1 } = dctCopies({ versionRecord: false });
    const flash = dump([
      [0x08000000, bootloader(7, { platformId })],
      [0x08004000, copy1],
      [0x08020000, systemPart1(version, { platformId })],
      [0x08060000, systemPart2(version, { platformId })],
      [0x080e0000, userPart({ platformId })],
    ]);
    const prediction = boot(flash, { board: loadBoard('particle-photon') });
    expect(prediction.copies[0]).toMatchObject({ source: 0x080e0000, slot: 0, result: 'copied' });
    expect(prediction.outcome).toBe('runs');
  });

  it('no user part and no factory image: safe mode', () => {
    expect(summary(boot(erased(0x080a0000)))).toBe('jump dct safe-mode safe-mode likely');
  });

  it.each([
    ['damaged', flipped(device([factory()]), 0x080a0800)],
    [
      'that needs a newer system',
      device([[0x080a0000, userPart({ dependencies: [{ functionId: 4, index: 2, version: 2300 }] })], factory()]),
    ],
  ])('a user part %s: safe mode, and no factory restore', (_, flash) => {
    const prediction = boot(flash);
    expect(prediction.outcome).toBe('safe-mode');
    expect(prediction.copies).toEqual([]);
  });

  it('a user part for another address: as if there were none', () => {
    const wrong = [0x080a0000, userPart({ startAddress: 0x08080000 })] as const;
    expect(boot(device([wrong])).outcome).toBe('safe-mode');
    expect(boot(device([wrong, factory()])).copies).toMatchObject([{ kind: 'factory-restore', result: 'copied' }]);
  });

  it('a user part whose CRC lies beyond the flash crashes the firmware', () => {
    const flash = device();
    writeU32(flash, 0xa0004, 0x08000000);
    expect(summary(boot(flash))).toBe('jump dct fault sos likely');
  });

  it('a module of another kind in the place of the user part is started all the same', () => {
    const prediction = boot(device([[0x080a0000, userPart({ functionId: 3, index: 0 })]]));
    expect(summary(prediction)).toBe('jump dct runs cloud-connected possible');
    expect(alternative(prediction, 'fault')).toMatchObject({ led: 'sos' });
  });

  it('erased flash satisfies a dependency, as in the firmware', () => {
    // Part 1 is looked up by its version only: erased reads 65535, but then the bootloader does not get that far.
    const needsPart3 = userPart({ dependencies: [{ functionId: 4, index: 3, version: 1 }] });
    expect(boot(device([[0x080a0000, needsPart3]])).outcome).toBe('safe-mode');
    const needsUser = withHeader(
      systemPart2(2202, { dependencies: [{ functionId: 5, index: 1, version: 9999 }] }),
      0x184,
      {},
    );
    expect(
      boot(
        device([
          [0x08060000, needsUser],
          [0x080a0000, ERASED_SECTOR],
        ]),
      ).steps.map(({ result }) => result),
    ).toContain('right');
  });
});

describe('what owners asked', () => {
  it('a healthy board runs its application, if network and cloud take it', () => {
    const prediction = boot(healthyDump());
    expect(summary(prediction)).toBe('jump dct runs cloud-connected likely');
    expect(prediction.conditions).toEqual([
      'no request waits in the backup registers, and the button is not held',
      'its Wi-Fi network is in reach and leads to the Internet',
      'the cloud knows the public half of the device key',
      'the supply is steady, and the option bytes are the usual ones',
    ]);
    expect(prediction.alternatives.map(({ outcome, led }) => `${outcome} ${led}`)).toEqual([
      'connecting network-connecting',
      'connecting cloud-unreachable',
      'cloud-refused cloud-error',
      'runs-offline wifi-off',
      'dfu dfu',
      'safe-mode safe-mode',
      'reset-loop dark',
    ]);
  });

  it('Q1: erased and flashed, it waits for credentials; given them, the cloud does not know its key', () => {
    const prediction = boot(erasedThenFlashedDump());
    expect(summary(prediction)).toBe('jump dct listening listening certain');
    expect(alternative(prediction, 'cloud-refused')).toMatchObject({ led: 'cloud-error', confidence: 'likely' });
    expect(resultOf(prediction, 'device private key')[0]).toContain('makes a new one');
  });

  it('Q1: with credentials and no device key the LED is cyan with red', () => {
    const blank = new Uint8Array(1216).fill(0xff);
    expect(summary(boot(withDctField(device(), 'device_private_key', 0, blank)))).toBe(
      'jump dct cloud-refused cloud-error likely',
    );
  });

  it('Q4: the user part is right; listening comes from the missing credentials', () => {
    const prediction = boot(device([[0x08004000, new Uint8Array(0x8000).fill(0xff)]]));
    expect(prediction.outcome).toBe('listening');
    expect(resultOf(prediction, /user part/)).toEqual(['right', 'right, the application will be started']);
    expect(resultOf(prediction, 'Wi-Fi credentials')[0]).toContain('listening mode');
  });

  it('Q15: a weak supply is always another explanation, and the first one with brown-out level 3', () => {
    expect(alternative(boot(healthyDump()), 'reset-loop')).toMatchObject({ led: 'dark', confidence: 'possible' });
    const level3 = boot(healthyDump(), { optcr: 0x0fffaae1 });
    expect(alternative(level3, 'no-start')?.condition).toBe('the supply does not reach 2.88 V');
    expect(level3.conditions).toContain('the supply stays above 2.88 V (brown-out reset level 3)');
    expect(level3.outcome).toBe('runs');
  });

  it('Q16: bootloader and two parts are enough for it to start', () => {
    const three = dump([
      [0x08000000, bootloader(7)],
      [0x08020000, systemPart1(11)],
      [0x08060000, systemPart2(11)],
    ]);
    const prediction = boot(three);
    expect(summary(prediction)).toBe('jump dct listening listening certain');
    expect(prediction.conditions.join()).toContain('safe mode');
  });
});

describe('option bytes', () => {
  it('read protection changes nothing but is said', () => {
    const prediction = boot(device(), { optcr: 0x0fff55ed });
    expect(prediction.outcome).toBe('runs');
    expect(resultOf(prediction, 'read protection')).toEqual([
      'level 1, code runs from flash as before, a debugger cannot read it',
    ]);
  });

  it('a hardware watchdog makes every end doubtful', () => {
    const prediction = boot(device(), { optcr: 0x0fffaacd });
    expect(summary(prediction)).toBe('jump dct reset-loop dark possible');
    expect(alternative(prediction, 'runs')).toBeDefined();
  });

  it('usual ones leave the supply as the only condition of theirs', () => {
    expect(boot(device(), { optcr: 0x0fffaaed }).conditions).toContain('the supply is steady');
  });
});

describe('incomplete images', () => {
  it('need the bootloader and the system parts', () => {
    const image = MemoryImage.fromBytes(device(), 0x08000000);
    const without = (start: number, end: number) => image.without({ start, end });
    expect(maybeBoot(without(0x08000000, 0x08004000))).toBeNull();
    expect(maybeBoot(without(0x08020000, 0x08060000))).toBeNull();
    expect(maybeBoot(without(0x08060000, 0x080a0000))).toBeNull();
  });

  it('count as erased where nothing is, and say so', () => {
    const image = MemoryImage.fromBytes(device(), 0x08000000).without({ start: 0x080a0000, end: 0x08100000 });
    const prediction = boot(image);
    expect(prediction.outcome).toBe('safe-mode');
    expect(prediction.conditions[0]).toBe('what the input does not hold is erased');
  });
});

describe('the Electron', () => {
  it('has a prediction, never more than possible', () => {
    const platformId = 10;
    const parts = dump([
      [0x08000000, bootloader(1006, { platformId })],
      [0x08020000, systemPart1(2202, { platformId })],
      [
        0x08040000,
        systemPart2(2202, {
          platformId,
          startAddress: 0x08040000,
          size: 100_000,
          vectors: { initialStackPointer: 0x20020000, reset: 0x08040201 },
        }),
      ],
      [0x08080000, userPart({ platformId, startAddress: 0x08080000 })],
    ]);
    const prediction = boot(parts, { board: loadBoard('particle-electron') });
    expect(prediction.confidence).toBe('possible');
    expect(prediction.bootloader).toBe('jump');
  });
});
