import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { BuildError } from '../../../src/core/errors.js';
import { MemoryImage } from '../../../src/core/image.js';
import { loadBoard } from '../../../src/layout/load.js';
import { examineImage } from '../../../src/operations/examine-image.js';
import { plan } from '../../../src/operations/plan/plan.js';
import { simulate } from '../../../src/operations/plan/simulate.js';
import type { Plan, PlanOptions } from '../../../src/operations/plan/types.js';
import { describeWithFirmware, firmwareFile } from '../../support/firmware.js';
import {
  bootloader,
  dctCopies,
  dump,
  eepromPages,
  erasedThenFlashedDump,
  healthyDump,
  noise,
  systemPart1,
  systemPart2,
  userPart,
} from '../../support/synthetic.js';
import { board, flash, healthy } from './arbitrary.js';

const OPEN = 0x0fffaaed;
const PROTECTED = 0x0e1eaaed;

function chip(bytes: Uint8Array): MemoryImage {
  return MemoryImage.fromBytes(bytes, flash.start, { name: 'dump.bin' });
}

function target(...parts: readonly (readonly [number, Uint8Array])[]): { readonly image: MemoryImage } {
  return { image: MemoryImage.fromSegments(parts.map(([address, bytes]) => ({ address, bytes }))) };
}

const ops = ({ steps }: Plan) => steps.map(({ op }) => op);
const titles = ({ steps }: Plan) => steps.map(({ title }) => title);
const whats = (list: readonly { readonly what: string }[]) => list.map(({ what }) => what);

function refusal(from: MemoryImage | null, to: Parameters<typeof plan>[1], options: PlanOptions = {}): BuildError {
  try {
    plan(from, to, board, options);
  } catch (error) {
    if (error instanceof Error && 'code' in error) return error as BuildError;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('an update of the system parts', () => {
  const update = target([0x08020000, systemPart1(2302)], [0x08060000, systemPart2(2302)]);
  const made = plan(healthy, update, board, { optcr: PROTECTED });

  it('backs up, unprotects what is needed, erases, programs, verifies, protects and resets', () => {
    expect(ops(made)).toEqual([
      'dump',
      'unprotect',
      'erase',
      'program',
      'program',
      'verify',
      'program',
      'verify',
      'protect',
      'reset',
    ]);
    expect(titles(made)).toContain('lift the write protection of sectors 5 to 8');
    expect(made.sectorsToErase).toEqual([5, 6, 7, 8]);
    expect(made.optcr).toEqual({ before: 0x0e1eaaec, after: 0x0e1eaaec });
  });

  it('says what is kept, changed and lost by name', () => {
    expect(whats(made.kept)).toEqual([
      'bootloader 2.2.0',
      'DCT copy 1 (in use)',
      'EEPROM page 1 (active)',
      'user part version 6',
    ]);
    expect(whats(made.changes)).toEqual(['system part 1: 2.2.0 -> 2.3.1', 'system part 2: 2.2.0 -> 2.3.1']);
    expect(made.lost).toEqual([]);
    expect(made.after.verdict).toBe('pass');
    expect(made.after.boot?.outcome).toBe('runs');
  });

  it('leaves a board that says so wherever the power fails', () => {
    const erase = made.steps.find(({ op }) => op === 'erase')?.number ?? 0;
    const seal = made.steps.findLast(({ op }) => op === 'program')?.number ?? 0;
    for (let cutAfter = erase; cutAfter < seal; cutAfter++) {
      const { image, outcome } = simulate(made, healthy, { flash, optcr: PROTECTED, cutAfter });
      expect(outcome).toBe('cut');
      // The bootloader looks at the head of system part 1 only, and finds none.
      expect(image.bytes({ start: 0x08020000, end: 0x08020200 })?.every((byte) => byte === 0xff)).toBe(true);
    }
    const sealed = simulate(made, healthy, { flash, optcr: PROTECTED, cutAfter: seal }).image;
    expect(sealed.slice(flash).equals(made.result)).toBe(true);
  });

  it('takes the time of the data sheet, with the width the tool uses', () => {
    const erase = made.steps.find(({ op }) => op === 'erase')?.ms;
    expect(erase).toEqual({ typical: 4 * 2000, max: 4 * 4000 });
    const dfu = plan(healthy, update, board, { tool: 'dfu-util' }).steps.find(({ op }) => op === 'erase')?.ms;
    expect(dfu).toEqual({ typical: 4 * 1000, max: 4 * 2000 });
    expect(made.total.typical).toBe(made.steps.reduce((sum, { ms }) => sum + ms.typical, 0));
    expect(made.total.max).toBeGreaterThan(made.total.typical);
  });
});

describe('the order of blocks', () => {
  const ordered = (from: Uint8Array, to: Parameters<typeof plan>[1]) =>
    titles(plan(chip(from), to, board, { optcr: OPEN, include: ['dct', 'eeprom'] })).filter((title) =>
      /^(erase|program)/.test(title),
    );

  it('puts the bootloader first when the new system parts ask for it', () => {
    const before = dump([
      [0x08000000, bootloader(1002)],
      [0x08020000, systemPart1(1501)],
      [0x08060000, systemPart2(1501)],
      [0x080a0000, userPart()],
    ]);
    const to = target([0x08000000, bootloader()], [0x08020000, systemPart1()], [0x08060000, systemPart2()]);
    const made = plan(chip(before), to, board, { optcr: OPEN });
    expect(made.steps.find(({ op }) => op === 'erase')).toMatchObject({
      sectors: [0],
      why: expect.stringContaining('the new system parts ask for version 1003, version 1002 is installed'),
    });
  });

  it('puts the bootloader last when nothing asks for it', () => {
    const to = target([0x08000000, bootloader(1007)], [0x08020000, systemPart1(2302)], [0x08060000, systemPart2(2302)]);
    const list = ordered(healthyDump(), to);
    expect(list.indexOf('erase sector 0')).toBeGreaterThan(list.indexOf('program system part 2 at 0x08060000'));
  });

  it('puts it last too when the old system parts are too old for it', () => {
    const to = target([0x08000000, bootloader()], [0x08020000, systemPart1()], [0x08060000, systemPart2()]);
    const made = plan(chip(erasedThenFlashedDump()), to, board, { optcr: OPEN });
    const erase = made.steps.find(({ op, sectors }) => op === 'erase' && sectors[0] === 0);
    expect(erase?.why).toContain('reads the DCT through system parts of 0.7.0 or newer');
    expect(made.steps.find(({ op }) => op === 'erase')?.sectors).toEqual([5, 6, 7, 8]);
  });

  it('writes the DCT copy in use last, and the marks of a copy after its content', () => {
    const { copy1 } = dctCopies();
    const other = copy1.map((byte, index) => (index > 0x2000 && index < 0x2100 ? byte ^ 0x5a : byte));
    const list = ordered(healthyDump(), target([0x08004000, other], [0x08008000, other]));
    const at = (title: string) => list.findIndex((entry) => entry.startsWith(title));
    expect(at('program DCT copy 2 at 0x08008010')).toBeLessThan(at('program DCT copy 2 at 0x08008000'));
    expect(at('program DCT copy 2 at 0x08008000')).toBeLessThan(at('program DCT copy 1'));
    expect(at('program DCT copy 1')).toBe(list.length - 1);
  });
});

describe('what a plan keeps', () => {
  it('leaves DCT and EEPROM of a whole image out, and says how to write them', () => {
    const made = plan(chip(erasedThenFlashedDump()), { image: healthy }, board, { optcr: OPEN });
    expect(made.steps.some(({ sectors }) => sectors.some((number) => number >= 1 && number <= 4))).toBe(false);
    expect(made.notes[0]).toBe(
      'The target also has dct1, dct2, eeprom1, eeprom2. The plan keeps what the board has there; to write it, say --include dct,eeprom.',
    );
  });

  it('restores the keys of an erased board from a backup', () => {
    const { copy1, copy2 } = dctCopies();
    const from = chip(erasedThenFlashedDump());
    const made = plan(from, target([0x08004000, copy1], [0x08008000, copy2]), board, { optcr: OPEN, include: ['dct'] });
    expect(made.sectorsToErase).toEqual([]);
    expect(whats(made.changes)).toEqual([
      'DCT copy 1 (in use): new',
      'device private key: blank -> rsa-1024',
      'device public key: blank -> matches-private',
      'server public key: blank -> particle-rsa',
      'server address: none -> device.spark.io',
      'claimed: no -> yes',
      'Wi-Fi networks: 0 -> 1',
    ]);
    expect(whats(made.kept)).toEqual([
      'bootloader 0.4.9',
      'system part 1 0.5.2',
      'system part 2 0.5.2',
      'user part version 6',
    ]);
  });

  it('writes back what shares an erased sector, and warns that the plan is for this board', () => {
    const bytes = healthyDump();
    bytes.set(noise(500, 4), 0xb8000);
    const made = plan(chip(bytes), target([0x080a0000, noise(100, 5)]), board, { optcr: OPEN });
    expect(made.result.bytes({ start: 0x080b8000, end: 0x080b8000 + 500 })).toEqual(noise(500, 4));
    expect(made.lost).toEqual([]);
    expect(made.warnings.join(' ')).toContain('Run it on no other.');
  });

  it('does not write back the end of a module that a shorter one replaces', () => {
    const made = plan(healthy, target([0x080a0000, userPart({ size: 3000, version: 7 })]), board, { optcr: OPEN });
    expect(made.lost).toEqual([
      expect.objectContaining({ what: 'the end of user part version 6', reason: 'it is replaced by a shorter one' }),
    ]);
    expect(made.result.bytes({ start: 0x080a1800, end: 0x080a2000 })?.every((byte) => byte === 0xff)).toBe(true);
    expect(whats(made.changes)).toEqual(['user part: version 6 -> version 7']);
  });

  it('names a module that the target erases', () => {
    const made = plan(healthy, target([0x080a0000, new Uint8Array(0x20000).fill(0xff)]), board, { optcr: OPEN });
    expect(whats(made.changes)).toEqual(['user part version 6: erased']);
    expect(ops(made)).toEqual(['dump', 'erase', 'reset']);
  });

  it('has nothing to do when the chip holds the target', () => {
    const made = plan(healthy, target([0x08020000, systemPart1()]), board);
    expect(made).toMatchObject({ steps: [], script: '', scripts: [], files: [], lost: [] });
    expect(made.kept.find(({ what }) => what === 'system part 1 2.2.0')?.reason).toBe('the target has the same');
  });

  it('lists what nobody has read, when its sector is erased', () => {
    const from = healthy.without({ start: 0x080a8000, end: 0x080a9000 });
    const made = plan(from, target([0x080a0000, userPart({ version: 7 })]), board, { optcr: OPEN });
    expect(made.lost).toEqual([
      expect.objectContaining({ what: 'whatever is in the region user', start: 0x080a8000, end: 0x080a9000 }),
    ]);
  });
});

describe('a plan without a dump', () => {
  const made = plan(null, target([0x080a0000, userPart()]), board);

  it('is for the worst case and says so', () => {
    expect(made.known).toBe(false);
    expect(made.sectorsToErase).toEqual([9]);
    expect(made.warnings[0]).toContain('this is the worst case');
    expect(made.lost).toHaveLength(1);
    expect(made.lost[0]).toMatchObject({ what: 'whatever is in the region user', bytes: 0x20000 - userPart().length });
    expect(whats(made.kept)).toContain('whatever is in the region dct1');
  });

  it('knows of the result only what the target gives', () => {
    expect(made.result.ranges()).toEqual([{ start: 0x080a0000, end: 0x080c0000 }]);
    expect(made.after.boot).toBeNull();
  });
});

describe('protection', () => {
  it('can be left lifted', () => {
    const made = plan(healthy, target([0x08020000, systemPart1(2302)]), board, {
      optcr: PROTECTED,
      leaveUnprotected: true,
    });
    expect(ops(made)).not.toContain('protect');
    expect(made.optcr.after).toBe(0x0e7eaaec);
    expect(made.notes).toContain('Sectors 5 to 6 stay unprotected, as asked.');
  });

  it('is taken from the option bytes in the dump when they are there', () => {
    const withOptions = healthy.merge(
      MemoryImage.fromBytes(Uint8Array.of(0xec, 0xaa, 0, 0, 0, 0, 0, 0, 0x1e, 0x0e, 0, 0, 0, 0, 0, 0), 0x1fffc000),
    );
    const made = plan(withOptions, target([0x08020000, systemPart1(2302)]), board);
    expect(made.optcr.before).toBe(0x0e1eaaec);
    expect(ops(made)).toContain('unprotect');
  });

  it('is not known without an option word, and the plan says so', () => {
    const made = plan(healthy, target([0x08020000, systemPart1(2302)]), board);
    expect(made.optcr).toEqual({ before: null, after: null });
    expect(made.warnings.join(' ')).toContain('Whether sectors are write protected is not known');
    expect(
      plan(healthy, target([0x08020000, systemPart1(2302)]), board, { tool: 'st-flash' }).warnings.join(' '),
    ).toContain('Writing a protected sector fails.');
  });

  it('is written as the target asks, with the user bits', () => {
    const to = { ...target([0x080a0000, userPart({ version: 7 })]), optcr: 0x0ffeaae0 };
    const made = plan(healthy, to, board, { optcr: OPEN });
    expect(titles(made)).toContain('write the option bytes: 0x0FFEAAE0');
    expect(made.optcr.after).toBe(0x0ffeaae0);
    expect(plan(healthy, { ...to, optcr: 0x0ffeaaec }, board, { optcr: OPEN }).steps.at(-2)).toMatchObject({
      op: 'protect',
      sectors: [0],
    });
    expect(ops(plan(healthy, to, board))).toContain('options');
  });

  it('is left by the bootloader as DFU leaves it', () => {
    const made = plan(healthy, target([0x08020000, systemPart1(2302)]), board, { tool: 'dfu-util', optcr: PROTECTED });
    expect(made.steps.find(({ op }) => op === 'unprotect')).toMatchObject({ by: 'bootloader', sectors: [5, 6] });
    expect(made.optcr.after).toBe(0x0e7eaaec);
    expect(made.notes.join(' ')).toContain('The bootloader leaves sectors 5 to 6 unprotected');
  });
});

describe('read protection', () => {
  const to = target([0x080a0000, userPart({ version: 7 })]);

  it('level 1 is not left without the words for it', () => {
    const error = refusal(healthy, to, { optcr: 0x0fff55ed });
    expect(error).toMatchObject({ code: 'PLAN_RDP_1' });
    expect(error.message).toBe(
      'the chip is at read protection level 1, and leaving it erases the whole flash: got RDP 0x55',
    );
    expect(error.help).toContain('--allow-mass-erase');
  });

  it('level 1 is left with them, and everything that the dump has is written back', () => {
    const made = plan(healthy, to, board, { optcr: 0x0fff00ed, allowMassErase: true });
    expect(ops(made).slice(0, 1)).toEqual(['unlock']);
    expect(ops(made)).not.toContain('dump');
    expect(made.lost).toEqual([]);
    expect(made.result.equals(healthy.merge(to.image, { overlap: 'last-wins' }))).toBe(true);
    expect(whats(made.kept)).toEqual([
      'bootloader 2.2.0',
      'DCT copy 1 (in use)',
      'EEPROM page 1 (active)',
      'system part 1 2.2.0',
      'system part 2 2.2.0',
    ]);
    expect(new Set(made.kept.map(({ reason }) => reason))).toEqual(
      new Set(['the whole chip is erased, and it is written again']),
    );
    expect(made.warnings.join(' ')).toContain('Be sure that the dump is of this very board.');
    expect(made.steps.findLast(({ op }) => op === 'program')?.title).toBe('program system part 1 at 0x08020000');
    expect(made.after).toMatchObject({ verdict: 'pass', boot: { outcome: 'runs' } });
    expect(made.steps.map(({ why }) => why).join(' ')).not.toMatch(/until then the old one|until now the old one/);
    expect(made.optcr.after).toBe(0x0fffaaec);
    const closed = plan(healthy, to, board, { optcr: 0x0dff00ed, allowMassErase: true });
    expect(ops(closed).slice(0, 2)).toEqual(['unlock', 'unprotect']);
    expect(closed.steps.map(({ optcr }) => optcr).filter((word) => word !== null)).toEqual([
      0x0dffaaec, 0x0fffaaec, 0x0dffaaec,
    ]);
    const blind = plan(null, to, board, { optcr: 0x0fff00ed, allowMassErase: true });
    expect(blind.lost.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(0x100000 - userPart({ version: 7 }).length);
    expect(blind.warnings[0]).toContain('the bootloader can: read it over USB DFU first');
    expect(new Set(blind.lost.map(({ reason }) => reason))).toEqual(
      new Set(['the whole chip is erased, and nobody has read it']),
    );
    const whole = plan(null, { image: healthy }, board, { optcr: 0x0fff00ed, allowMassErase: true });
    expect(whole.notes[0]).toContain('the mass erase takes what the board has there; to write them, say --include');
  });

  it('what the dump does not hold is lost with a mass erase, and so is the end of a longer module', () => {
    const gap = { start: 0x080c0000, end: 0x080c1000 };
    const longer = healthy.merge(target([0x080a0000, userPart({ size: 12_000 })]).image, { overlap: 'last-wins' });
    const made = plan(longer.without(gap), to, board, { optcr: 0x0fff00ed, allowMassErase: true });
    expect(made.lost).toMatchObject([
      { what: 'the end of user part version 6', reason: 'it is replaced by a shorter one' },
      { ...gap, reason: 'the dump does not hold it, and the whole chip is erased' },
    ]);
  });

  it('level 1 does not stop the bootloader', () => {
    expect(plan(healthy, to, board, { optcr: 0x0fff55ed, tool: 'dfu-util' }).optcr.after).toBe(0x0fff55ec);
  });

  it('level 1 cannot be left by tools that have no command for it', () => {
    const error = refusal(healthy, to, { optcr: 0x0fff55ed, allowMassErase: true, tool: 'jlink' });
    expect(error.code).toBe('PLAN_TOOL_CANNOT');
  });

  it('level 2 ends everything but DFU, and DFU cannot lift a protection there', () => {
    expect(refusal(healthy, to, { optcr: 0x0fffcced, allowMassErase: true }).code).toBe('PLAN_RDP_2');
    expect(plan(healthy, to, board, { optcr: 0x0fffcced, tool: 'dfu-util' }).steps.length).toBeGreaterThan(0);
    const error = refusal(healthy, to, { optcr: 0x0dffcced, tool: 'dfu-util' });
    expect(error).toMatchObject({
      code: 'PLAN_DOES_NOT_WORK',
      got: expect.stringContaining('read protection level 2'),
    });
  });

  it('is never set, whatever the target asks', () => {
    for (const optcr of [0x0fffccec, 0x0fff55ec]) {
      expect(refusal(healthy, { ...to, optcr }, { optcr: OPEN }).code).toBe('PLAN_SETS_RDP');
      expect(refusal(healthy, { ...to, optcr }).code).toBe('PLAN_SETS_RDP');
    }
  });

  it('a mass erase that nothing needs is not made', () => {
    const made = plan(healthy, to, board, { optcr: OPEN, allowMassErase: true });
    expect(ops(made)).not.toContain('unlock');
    expect(made.notes.join(' ')).toContain('no mass erase is in this plan');
  });
});

describe('what is refused', () => {
  it.each([
    ['the one-time programmable area', 0x1fff7800, 'PLAN_OTP'],
    ['its lock bytes', 0x1fff7a00, 'PLAN_OTP'],
    ['the option memory', 0x1fffc000, 'PLAN_OUTSIDE_FLASH'],
    ['the memory behind the flash', 0x08100000, 'PLAN_OUTSIDE_FLASH'],
  ])('a target in %s', (_, address, code) => {
    expect(refusal(healthy, target([address, Uint8Array.of(0)])).code).toBe(code);
  });

  it('a target of nothing, and one that holds only what is kept', () => {
    expect(refusal(healthy, { image: MemoryImage.empty }).code).toBe('PLAN_NO_TARGET');
    const error = refusal(healthy, target([0x08004000, dctCopies().copy1]));
    expect(error).toMatchObject({ code: 'PLAN_ONLY_KEPT', help: expect.stringContaining('--include dct') });
  });

  it('a dump that was read wrongly', () => {
    const bytes = healthyDump();
    const swapped = bytes.map((_, index) => bytes[index ^ 1] as number);
    expect(refusal(chip(swapped), target([0x080a0000, userPart()])).code).toBe('PLAN_FROM_UNREADABLE');
    const doubled = bytes.slice();
    doubled.copyWithin(0x80000, 0, 0x80000);
    expect(refusal(chip(new Uint8Array(0x100000)), target([0x080a0000, userPart()])).code).toBe('PLAN_FROM_UNREADABLE');
  });

  it('a target that was read wrongly, although undoing it shows firmware', () => {
    const bytes = healthyDump();
    const swapped = bytes.map((_, index) => bytes[index ^ 1] as number);
    for (const from of [healthy, null]) {
      const error = refusal(from, { image: chip(swapped) });
      expect(error).toMatchObject({ code: 'PLAN_TO_UNREADABLE', got: 'its bytes are rearranged (byteswap16)' });
      expect(error.help).toContain('--undo byteswap16');
    }
  });

  it('firmware for another platform at a place it is started from', () => {
    const foreign = systemPart1(2302, { platformId: 6 });
    const error = refusal(healthy, target([0x08020000, foreign]));
    expect(error).toMatchObject({
      code: 'PLAN_OTHER_PLATFORM',
      expected: 'Particle P1',
      got: 'platform 6 (Photon) at 0x08020000',
    });
    // What the chip has already is not the fault of the target.
    const old = healthy.merge(target([0x08020000, foreign]).image, { overlap: 'last-wins' });
    const both = target([0x08020000, foreign], [0x080a0000, userPart({ version: 7 })]);
    expect(plan(old, both, board).sectorsToErase).toEqual([9]);
  });

  it('a dump of a part is no dump of the chip, and the plan says so', () => {
    const made = plan(target([0x080a0000, userPart()]).image, { image: healthy }, board);
    expect(made.warnings[0]).toContain('of the 1,048,576 bytes of the flash');
    expect(plan(healthy, target([0x080a0000, userPart({ version: 7 })]), board).warnings.join()).not.toContain(
      'The dump holds',
    );
  });

  it('a backup under the name of another file of the plan', () => {
    const to = target([0x080a0000, userPart({ version: 7 })]);
    for (const backupFile of ['plan.tcl', 'plan.json', './user-080a0000.bin', 'readback.tmp']) {
      expect(refusal(healthy, to, { backupFile })).toMatchObject({
        code: 'PLAN_FILE_NAME',
        where: '--backup-file',
        what: 'the backup has the name of another file of the plan',
      });
    }
  });

  it('a word that is no option word', () => {
    expect(refusal(healthy, target([0x080a0000, userPart()]), { optcr: 0xffffffff }).code).toBe('PLAN_OPTCR');
  });

  it('lifting protection with a tool that has no command for it', () => {
    const error = refusal(healthy, target([0x08020000, systemPart1(2302)]), { tool: 'jlink', optcr: PROTECTED });
    expect(error).toMatchObject({
      code: 'PLAN_TOOL_CANNOT',
      what: 'J-Link Commander cannot lift the write protection of sectors 5 to 6',
    });
    expect(error.help).toContain('openocd');
  });

  it('option bytes over DFU', () => {
    const to = { ...target([0x080a0000, userPart({ version: 7 })]), optcr: 0x0ffeaaec };
    expect(refusal(healthy, to, { tool: 'dfu-util', optcr: OPEN }).code).toBe('PLAN_TOOL_CANNOT');
  });
});

describe('the way through DFU', () => {
  const dfu: PlanOptions = { tool: 'dfu-util' };

  it('sends a bootloader through the OTA region, and Device OS installs it', () => {
    const made = plan(healthy, target([0x08000000, bootloader(1007)]), board, dfu);
    expect(ops(made)).toEqual(['dump', 'erase', 'program', 'verify', 'write-dct', 'reset', 'install']);
    expect(made.steps.find(({ op }) => op === 'write-dct')).toMatchObject({ offset: 1753, data: Uint8Array.of(0xa5) });
    expect(made.result.bytes({ start: 0x08000000, end: 0x08000000 + bootloader(1007).length })).toEqual(
      bootloader(1007),
    );
    expect(whats(made.changes)).toContain('bootloader (received update) version 1007: new');
    expect(whats(made.changes).join()).toContain('bootloader: 2.2.0 ->');
    const dct = simulate(made, healthy, { flash, dct: made.dct ?? undefined, cutAfter: 5 });
    expect(dct.outcome).toBe('cut');
    expect(made.after.verdict).not.toBe('fail');
  });

  it('refuses a bootloader where nothing would install it', () => {
    const old = chip(erasedThenFlashedDump());
    expect(refusal(old, target([0x08000000, bootloader()]), dfu)).toMatchObject({
      code: 'PLAN_DFU_REFUSES',
      what: expect.stringContaining('system version 17 does not'),
    });
    expect(refusal(null, target([0x08000000, bootloader()]), dfu).what).toContain('which version runs is not known');
    const damaged = bootloader(1007);
    damaged[0x400] = (damaged[0x400] ?? 0) ^ 1;
    expect(refusal(healthy, target([0x08000000, damaged]), dfu).what).toContain('no sound bootloader');
    const both = target([0x08000000, bootloader(1007)], [0x080c0000, noise(64)]);
    expect(refusal(healthy, both, dfu).what).toContain('wants the OTA region');
    const blind = target([0x08000000, bootloader()], [0x08020000, systemPart1()], [0x08060000, systemPart2()]);
    expect(refusal(null, blind, dfu).what).toContain('a DCT that is known');
  });

  it('writes only the fields of the DCT that differ, and the firmware then reads those of the target', () => {
    const { copy1, copy2 } = dctCopies();
    const to = target([0x08004000, copy1], [0x08008000, copy2]);
    const made = plan(chip(erasedThenFlashedDump()), to, board, { ...dfu, include: ['dct'] });
    const writes = made.steps.filter(({ op }) => op === 'write-dct');
    expect(writes[0]).toMatchObject({ title: 'write device_private_key to the DCT', offset: 34 });
    expect(made.warnings.join(' ')).toContain('Wi-Fi networks of the target are not written');
    expect(whats(made.changes)).toContain('device private key: blank -> rsa-1024');
    expect(whats(made.changes)).not.toContain('Wi-Fi networks: 0 -> 1');
    expect(refusal(null, to, { ...dfu, include: ['dct'] }).what).toContain(
      'which fields of the DCT differ is not known',
    );
    const erased = target(
      [0x08004000, new Uint8Array(0x4000).fill(0xff)],
      [0x08008000, new Uint8Array(0x4000).fill(0xff)],
    );
    expect(refusal(healthy, erased, { ...dfu, include: ['dct'] }).what).toContain('no usable DCT copy');
  });

  it('needs the system parts to reach the DCT, as the bootloader does', () => {
    const { copy1 } = dctCopies();
    copy1.set(new TextEncoder().encode('another claim code'), 7548 + 1762);
    const to = target([0x08004000, copy1]);
    const without = chip(healthyDump().fill(0xff, 0x60000, 0x61000));
    expect(refusal(without, to, { ...dfu, include: ['dct'] }).what).toContain('with the help of the system parts');
    const repaired = target([0x08004000, copy1], [0x08060000, systemPart2()]);
    expect(ops(plan(without, repaired, board, { ...dfu, include: ['dct'] }))).toContain('write-dct');
  });

  it('refuses the EEPROM, with the tool that can', () => {
    const { page1 } = eepromPages();
    const changed = page1.map((byte, index) => (index === 8 ? byte ^ 1 : byte));
    const error = refusal(healthy, target([0x0800c000, changed]), { ...dfu, include: ['eeprom'] });
    expect(error).toMatchObject({ code: 'PLAN_DFU_REFUSES', help: expect.stringContaining('--tool openocd') });
  });

  it('erases what it writes, needed or not, and says so', () => {
    const clears = target([0x080c0000, Uint8Array.of(0, 0, 0, 0)]);
    const made = plan(healthy, clears, board, dfu);
    expect(made.steps.find(({ op }) => op === 'erase')?.why).toContain(
      'no bit has to become 1 again, but dfu-util erases',
    );
  });
});

describeWithFirmware('a chip with 2.2.0 on its way to 2.3.1', () => {
  const file = (name: string) => firmwareFile(name);
  const before = () =>
    dump([
      [0x08000000, file('p1-bootloader@2.2.0+lto.bin')],
      [0x08004000, dctCopies().copy1],
      [0x0800c000, eepromPages().page1],
      [0x08020000, file('p1-system-part1@2.2.0.bin')],
      [0x08060000, file('p1-system-part2@2.2.0.bin')],
      [0x080a0000, userPart()],
    ]);

  it('erases only what differs, keeps the rest, and tells it rightly', () => {
    const to = target(
      [0x08000000, file('p1-bootloader@2.2.0+lto.bin')],
      [0x08020000, file('p1-system-part1@2.3.1.bin')],
      [0x08060000, file('p1-system-part2@2.3.1.bin')],
    );
    const made = plan(chip(before()), to, board, { optcr: PROTECTED });
    expect(made.sectorsToErase).toEqual([5, 6, 7, 8]);
    expect(made.changes[0]).toMatchObject({ what: 'system part 1: 2.2.0 -> 2.3.1', bytes: 37 });
    expect(whats(made.changes)).toEqual(['system part 1: 2.2.0 -> 2.3.1', 'system part 2: 2.2.0 -> 2.3.1']);
    expect(made.kept[0]).toMatchObject({ what: 'bootloader 2.2.0', reason: 'the target has the same' });
    expect(whats(made.kept).slice(1)).toEqual(['DCT copy 1 (in use)', 'EEPROM page 1 (active)', 'user part version 6']);
    expect(made.lost).toEqual([]);
    expect(made.after).toMatchObject({ verdict: 'pass', summary: expect.stringContaining('Device OS 2.3.1') });
    const { image } = simulate(made, chip(before()), { flash, optcr: PROTECTED });
    for (const { address, bytes } of to.image.segments) {
      expect(Buffer.compare(image.read({ start: address, end: address + bytes.length }, 0), bytes)).toBe(0);
    }
    const kept = { start: 0x08004000, end: 0x08020000 };
    expect(image.slice(kept).equals(chip(before()).slice(kept))).toBe(true);
  });

  it('never leaves a board that hangs, wherever the power fails', () => {
    const to = target([0x08020000, file('p1-system-part1@2.3.1.bin')], [0x08060000, file('p1-system-part2@2.3.1.bin')]);
    const from = chip(before());
    const made = plan(from, to, board, { optcr: OPEN });
    const ends: Record<string, string | undefined> = {};
    for (const { number, op } of made.steps) {
      for (const cut of [{ cutInside: number }, { cutAfter: number }]) {
        const { image } = simulate(made, from, { flash, optcr: OPEN, ...cut });
        ends[`${Object.keys(cut)[0]} ${number} ${op}`] = examineImage(image, board).report.boot?.outcome;
      }
    }
    expect(ends).toEqual({
      'cutInside 1 dump': 'runs',
      'cutAfter 1 dump': 'runs',
      // What a sector holds whose erase was interrupted nobody can say, so nothing is predicted.
      'cutInside 2 erase': undefined,
      'cutAfter 2 erase': 'dfu',
      'cutInside 3 program': 'dfu',
      'cutAfter 3 program': 'dfu',
      'cutInside 4 program': 'dfu',
      'cutAfter 4 program': 'dfu',
      'cutInside 5 verify': 'dfu',
      'cutAfter 5 verify': 'dfu',
      'cutInside 6 program': 'dfu',
      'cutAfter 6 program': 'runs',
      'cutInside 7 verify': 'runs',
      'cutAfter 7 verify': 'runs',
      'cutInside 8 reset': 'runs',
      'cutAfter 8 reset': 'runs',
    });
  });
});

describe('another device key', () => {
  const anotherKey = (): Uint8Array => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const field = new Uint8Array(612);
    field.set(privateKey.export({ format: 'der', type: 'pkcs1' }));
    return field;
  };

  it('is told, and what the cloud makes of it', () => {
    const copy = dctCopies().copy1;
    copy.set(anotherKey(), 7548 + 34);
    const made = plan(healthy, target([0x08004000, copy]), board, { optcr: OPEN, include: ['dct'] });
    expect(whats(made.changes).join()).toContain('device key, by its fingerprint: ');
    expect(made.warnings.join(' ')).toContain('The board gets another device key.');
  });

  it('is not told where there was none, or where it stays', () => {
    const update = plan(healthy, target([0x080a0000, userPart({ version: 7 })]), board, { optcr: OPEN });
    expect(update.warnings).toEqual([]);
    const { copy1, copy2 } = dctCopies();
    const keys = target([0x08004000, copy1], [0x08008000, copy2]);
    const restored = plan(chip(erasedThenFlashedDump()), keys, board, { optcr: OPEN, include: ['dct'] });
    expect(restored.warnings).toEqual([]);
  });
});

describe('other boards', () => {
  const photon = loadBoard('particle-photon');
  const electron = loadBoard('particle-electron');
  const generic = loadBoard('stm32f205-generic');

  it('without Particle firmware are planned sector by sector', () => {
    const made = plan(chip(new Uint8Array(0x100000).fill(0xff)), target([0x08000000, noise(100)]), generic, {
      optcr: OPEN,
    });
    expect(ops(made)).toEqual(['dump', 'program', 'verify', 'reset']);
    expect(made.board).toBe('stm32f205-generic');
    expect(() => plan(null, target([0x08000000, noise(100)]), generic, { tool: 'dfu-util' })).toThrowError(
      expect.objectContaining({ code: 'PLAN_DFU_REFUSES', what: expect.stringContaining('has no DFU of its own') }),
    );
  });

  it('go their own ways over DFU', () => {
    const app = target([0x080a0000, noise(64)]);
    expect(plan(null, app, photon, { tool: 'dfu-util' }).script).toContain('dfu-util -d 2b04:d006');
    expect(plan(null, app, electron, { tool: 'dfu-util' }).script).toContain('dfu-util -d 2b04:d00a');
    expect(() => plan(healthy, target([0x08000000, noise(64)]), electron, { tool: 'dfu-util' })).toThrowError(
      expect.objectContaining({ code: 'PLAN_DFU_REFUSES' }),
    );
  });
});

describe('a target in very many pieces', () => {
  const pieces = (count: number, distance: number, start: number, bytes: Uint8Array) =>
    target(...Array.from({ length: count }, (_, index) => [start + index * distance, bytes] as const));
  const count = 120;
  const user = 0x080a0000;

  it('is written as one where a sector is erased', () => {
    const made = plan(healthy, pieces(count, 1040, 0x080c0000, Uint8Array.of(1, 2, 3, 4)), board);
    const programs = plan(null, pieces(count, 1040, 0x080c0000, Uint8Array.of(1, 2, 3, 4)), board).steps.filter(
      ({ op }) => op === 'program',
    );
    expect(programs).toMatchObject([{ range: { start: 0x080c0000, end: 0x080c0000 + (count - 1) * 1040 + 4 } }]);
    expect(ops(made).filter((op) => op === 'program')).toHaveLength(1);
  });

  it('is refused when nobody knows what lies between them, and not with the whole dump', () => {
    const many = 600;
    const blank = pieces(many, 16, user, new Uint8Array(4).fill(0xff));
    const wanted = pieces(many, 16, user, Uint8Array.of(1, 2, 3, 4));
    expect(refusal(blank.image, wanted, { toName: 'many.hex' })).toMatchObject({
      code: 'PLAN_TOO_MANY_PIECES',
      where: 'many.hex',
      expected: 'at most 512',
      got: '600',
      help: expect.stringContaining('a dump of the whole flash'),
    });
    const whole = chip(new Uint8Array(0x100000).fill(0xff));
    expect(plan(whole, wanted, board).steps.filter(({ op }) => op === 'program')).toHaveLength(1);
  });
});
