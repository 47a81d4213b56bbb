/** The model on released firmware: complete sets, and what mixing them does. */
import { expect, it } from 'vitest';
import { MemoryImage } from '../../src/core/image.js';
import { examineImage } from '../../src/operations/examine-image.js';
import { describeWithFirmware, firmwareFile } from '../support/firmware.js';
import { dctCopies, dump } from '../support/synthetic.js';
import { alternative, boot, flipped, P1_BOARD, resultOf, summary, withDctField } from './boards.js';

const part = (release: string, index: number) => firmwareFile(`p1-system-part${index}@${release}.bin`);
const old = (index: number) => firmwareFile(`system-part${index}-0.5.2-p1.bin`);
const loader = (release: string) => firmwareFile(`p1-bootloader@${release}+lto.bin`);
const tinker = () => firmwareFile('tinker-0.4.5-p1.bin');

/** The bootloader that 0.5.2 carries in its part 2. */
function carried(): Uint8Array {
  const { survey } = examineImage(MemoryImage.fromBytes(old(2), 0x08060000), P1_BOARD);
  const found = survey.embedded.find(({ module }) => module.function === 'bootloader');
  if (!found) throw new Error('no bootloader is carried');
  return found.module.bytes;
}

function flash(bootloader: Uint8Array, one: Uint8Array, two: Uint8Array, record = true): Uint8Array {
  const { copy1 } = dctCopies({ versionRecord: record });
  return dump([
    [0x08000000, bootloader],
    [0x08004000, copy1],
    [0x08020000, one],
    [0x08060000, two],
    [0x080a0000, tinker()],
  ]);
}

describeWithFirmware('the boot model on released firmware', () => {
  it.each([
    ['2.2.0', () => flash(loader('2.2.0'), part('2.2.0', 1), part('2.2.0', 2))],
    ['1.5.0', () => flash(loader('1.5.0'), part('1.5.0', 1), part('1.5.0', 2))],
    ['2.3.1 with the bootloader of 2.2.0', () => flash(loader('2.2.0'), part('2.3.1', 1), part('2.3.1', 2))],
    ['0.5.2', () => flash(carried(), old(1), old(2), false)],
  ])('%s runs', (_, make) => {
    const prediction = boot(make());
    expect(summary(prediction)).toBe('jump dct runs cloud-connected likely');
    expect(prediction.copies).toEqual([]);
  });

  it('the functions that the bootloader calls are inside the parts', () => {
    const sound = boot(flash(loader('2.2.0'), part('2.2.0', 1), part('2.2.0', 2)));
    expect(resultOf(sound, /^access/)).toEqual(['system parts 1 and 2 are accepted']);
  });

  it('bootloader 501 with part 2 of 2.2.0: safe mode', () => {
    const prediction = boot(flash(loader('1.5.0'), part('2.2.0', 1), part('2.2.0', 2)));
    expect(summary(prediction)).toBe('jump dct safe-mode safe-mode likely');
  });

  it('part 1 of 0.5.2 with part 2 of 2.2.0: no DCT for the bootloader, safe mode if it runs', () => {
    const prediction = boot(flash(loader('2.2.0'), old(1), part('2.2.0', 2)));
    expect(summary(prediction)).toBe('jump no-dct safe-mode safe-mode likely');
    expect(resultOf(prediction, /^access/)[0]).toContain('its version is 17, 2202 is needed');
  });

  it('0.5.2 under the bootloader of 2.2.0 runs, but that cannot read the DCT', () => {
    const prediction = boot(flash(loader('2.2.0'), old(1), old(2), false));
    expect(summary(prediction)).toBe('jump no-dct runs cloud-connected likely');
  });

  it('0.5.2 carries its bootloader and does not install it over the same one', () => {
    const prediction = boot(flash(carried(), old(1), old(2), false));
    expect(resultOf(prediction, /carried inside/)).toEqual(['not newer than version 7, not installed']);
  });

  it('a flipped bit in either part takes the DCT away', () => {
    const whole = flash(loader('2.2.0'), part('2.2.0', 1), part('2.2.0', 2));
    expect(boot(flipped(whole, 0x08020400)).dctAccess).toBe(false);
    expect(boot(flipped(whole, 0x08070000)).dctAccess).toBe(false);
  });

  it('Q1: 0.5.2 after a chip erase listens; with credentials the LED is cyan with red', () => {
    const bare = flash(carried(), old(1), old(2), false);
    bare.fill(0xff, 0x4000, 0xc000);
    const prediction = boot(bare);
    expect(summary(prediction)).toBe('jump dct listening listening certain');
    expect(alternative(prediction, 'cloud-refused')).toMatchObject({ led: 'cloud-error' });
    const blank = new Uint8Array(1216).fill(0xff);
    const connected = withDctField(flash(carried(), old(1), old(2), false), 'device_private_key', 0, blank);
    expect(summary(boot(connected))).toBe('jump dct cloud-refused cloud-error likely');
  });
});
