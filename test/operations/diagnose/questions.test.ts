/** Questions that people asked about one board, and the answers that must come out (diagnose and explain). */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildModule } from '../../../src/regions/module/build.js';
import { run } from '../../support/commands.js';
import {
  bootloader,
  dctCopies,
  dump,
  healthyDump,
  systemPart1,
  systemPart2,
  userPart,
} from '../../support/synthetic.js';

const ERASED = 'samples/p1-erased-then-flashed.bin.gz';
const HEALTHY = 'samples/p1-healthy.bin.gz';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flashatlas-diagnose-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

/** Text without line breaks, so that sentences can be compared. */
async function text(name: string, ...argv: readonly string[]): Promise<string> {
  const { code, stdout } = await run(name, ...argv);
  expect(code).toBe(0);
  return stdout.replace(/\s+/g, ' ');
}

interface Answer {
  readonly causes: readonly {
    readonly id: string;
    readonly confidence: string;
    readonly evidence: readonly { readonly side: string; readonly text: string }[];
    readonly tell: readonly { readonly commands: readonly string[] }[];
    readonly repair: readonly { readonly text: string; readonly commands: readonly string[] }[];
  }[];
  readonly routes: readonly { readonly id: string; readonly allowed: boolean | null; readonly needs: string }[];
}

async function answer(...argv: readonly string[]): Promise<Answer> {
  return JSON.parse((await run('diagnose', '--json', ...argv)).stdout);
}

/** A user program with both keys of the option bytes and the address of their registers in its code. */
function withOptionKeys(): Uint8Array {
  const bytes = healthyDump();
  const words = [0x08192a3b, 0x4c5d6e7f, 0x40023c00, 0x40023c08, 0x40023c14];
  const payload = new Uint8Array(words.length * 4);
  for (const [index, word] of words.entries()) new DataView(payload.buffer).setUint32(index * 4, word, true);
  const spec = { startAddress: 0x080a0000, platformId: 8, functionId: 5, index: 1, version: 6 };
  bytes.set(buildModule({ ...spec, dependencies: [{ functionId: 4, index: 2, version: 6 }], payload }), 0xa0000);
  return bytes;
}

describe('Q1: cyan with a red flash after a chip erase', () => {
  it('is the key of the board, with the remedy in order', async () => {
    const { causes } = await answer(ERASED, '--led', 'cyan red');
    const [first, second] = causes;
    expect(first).toMatchObject({ id: 'device-key', confidence: 'likely' });
    expect(first?.evidence[0]?.text).toBe(
      'Both DCT copies are erased, as after a chip erase: the device private key area is blank, so the firmware makes a new key that the cloud does not know.',
    );
    expect(first?.evidence[1]?.text).toBe('The server key is blank too.');
    expect(first?.repair.flatMap(({ commands }) => commands)).toEqual([
      'particle keys new device',
      'particle keys load device.der',
      'particle keys send DEVICE_ID device.pub.pem',
      'particle keys server',
      'particle keys doctor DEVICE_ID',
    ]);
    expect(second).toMatchObject({ id: 'server-key', confidence: 'likely' });
    expect(second?.evidence[0]?.text).toContain('firmware 0.5.2 has none built in');
  });

  it('says which part is a hypothesis', async () => {
    expect(await text('diagnose', ERASED, '--led', 'blinking cyan with one red flash')).toContain(
      'Which mistake in the keys gives red, orange or magenta has not been verified on hardware.',
    );
  });

  it('only wants the public half sent when the key on the board is sound', async () => {
    const { causes } = await answer(HEALTHY, '--led', 'cyan red');
    const cause = causes.find(({ id }) => id === 'device-key');
    expect(cause?.repair.flatMap(({ commands }) => commands)).toEqual([
      'particle keys save board.der',
      'particle keys send DEVICE_ID board.pub.pem',
    ]);
  });
});

describe('Q2: the device may already be registered', () => {
  it('shows claim state, id and fingerprint, and no claim code', async () => {
    const said = await text('diagnose', HEALTHY, '--symptom', 'device may already be registered');
    expect(said).toContain('The DCT says claimed. Device id: 340026000447343134383839. Public key, SHA-256: 2fecf98f');
    expect(said).toContain('A claim code is stored (masked).');
    expect(said).not.toContain('cLaImC0de');
  });
});

describe('Q3: no MODE button', () => {
  it('lists the ways into DFU with their conditions, and which this dump allows', async () => {
    const { routes } = await answer(HEALTHY, '--symptom', 'no MODE button', '--optcr', '0x0FFFAAED');
    expect(Object.fromEntries(routes.map(({ id, allowed }) => [id, allowed]))).toEqual({
      button: null,
      'baud-14400': true,
      'usb-request': true,
      'part1-invalid': true,
      'backup-register': true,
      swd: true,
    });
    expect(routes.find(({ id }) => id === 'baud-14400')?.needs).toMatch(/^running system firmware with its USB/);
  });

  it('closes the ways that need running firmware when a part is missing', async () => {
    const bytes = dump([
      [0x08000000, bootloader()],
      [0x08020000, systemPart1()],
    ]);
    const { routes } = await answer(file('no-part2.bin', bytes), '--symptom', 'no-dfu-button');
    expect(routes.filter(({ allowed }) => allowed === false).map(({ id }) => id)).toEqual([
      'baud-14400',
      'usb-request',
    ]);
    const blank = file('blank.bin', dump([[0x08020000, systemPart1()]]));
    const none = await answer(blank, '--symptom', 'no-dfu-button');
    expect(none.routes.filter(({ allowed }) => allowed === true)).toEqual([]);
  });

  it('is explained without a dump too', async () => {
    const said = await text('explain', 'dfu');
    expect(said).toContain('opening the USB serial port at 14400 baud');
    expect(said).toContain('Needs running system firmware with its USB');
    expect(said).toContain('no valid system part 1');
    expect(said).toContain('SWD');
  });
});

describe('Q4: the user code does not seem to run; still listening', () => {
  it('is missing credentials, not the user part', async () => {
    const { copy1, copy2 } = dctCopies();
    // The list of networks begins at 0x1A31 of a copy; a length of 255 is none.
    copy1.fill(0xff, 0x1a31, 0x1a31 + 605);
    const bytes = dump([
      [0x08000000, bootloader()],
      [0x08004000, copy1],
      [0x08008000, copy2],
      [0x08020000, systemPart1()],
      [0x08060000, systemPart2()],
      [0x080a0000, userPart()],
    ]);
    const { causes } = await answer(file('listening.bin', bytes), '--symptom', 'still listening');
    expect(causes[0]).toMatchObject({ id: 'no-credentials', confidence: 'likely' });
    expect(causes[0]?.evidence.map(({ text: said }) => said)).toEqual([
      'The DCT holds no Wi-Fi credentials: listening mode follows from that, not from the user part.',
      'The application is in its place: the address 0x080A0000 is right, and the user part there is valid.',
    ]);
  });

  it('says why the user part is not valid when it is not', async () => {
    const bytes = healthyDump();
    bytes[0xa0100] = (bytes[0xa0100] ?? 0) ^ 1;
    const { causes } = await answer(file('bad-user.bin', bytes), '--symptom', 'application does not run');
    expect(causes[0]).toMatchObject({ id: 'user-part', confidence: 'likely' });
    expect(causes[0]?.evidence[0]?.text).toContain('its CRC is wrong');
  });
});

describe('Q5: which files fit together?', () => {
  it('names versions, releases and whether every minimum is met', async () => {
    expect(await text('diagnose', ERASED, '--symptom', 'which files fit together')).toContain(
      'Every minimum version is met: bootloader 7 (0.4.9), system part 1 17 (0.5.2), system part 2 17 (0.5.2), user part 6.',
    );
    const bytes = healthyDump();
    bytes.set(bootloader(501), 0);
    const { causes } = await answer(file('old-bootloader.bin', bytes), '--symptom', 'which-fit');
    expect(causes[0]).toMatchObject({ id: 'dependency', confidence: 'likely' });
    expect(causes[0]?.evidence[0]?.text).toBe('Not met: system part 2 version 2202 needs bootloader 1003 or newer.');
  });
});

describe('Q9: dead after our application ran; it sets brown-out level 3', () => {
  it('is the brown-out level, when the option bytes say so', async () => {
    const { causes } = await answer(HEALTHY, '--symptom', 'dead after app ran', '--optcr', '0x0FFFAAE1');
    expect(causes[0]).toMatchObject({ id: 'brown-out', confidence: 'likely' });
    expect(causes[0]?.evidence[0]?.text).toBe(
      'The option bytes set brown-out level 3, for supplies of 2.7 to 3.6 V: below about 2.83 V the chip is held in reset. A board on a weak supply never leaves reset.',
    );
  });

  it('wants OPTCR read and compared, when they are not known', async () => {
    const { causes } = await answer(HEALTHY, '--symptom', 'dead after app ran');
    const cause = causes.find(({ id }) => id === 'brown-out');
    expect(cause?.evidence.map(({ text: said }) => said).join(' ')).toContain('read OPTCR and give it with --optcr');
    expect(cause?.tell[0]?.commands[0]).toContain('mdw 0x40023C14');
  });
});

describe('Q11: jtag status contains invalid mode value', () => {
  it('is the link: power, reset line, wiring', async () => {
    const log = file(
      'openocd.txt',
      new TextEncoder().encode('Error: jtag status contains invalid mode value - communication failure\n'),
    );
    const said = await text('diagnose', '--log', log);
    expect(said).toContain('This is the debug link, not the flash');
    expect(said).toContain('Supply, reset line and wiring come first');
  });
});

describe('Q12: can user code brick a P1?', () => {
  it('depends on write protection', async () => {
    const open = await text('explain', 'brick', '--optcr', '0x0FFFAAED');
    expect(open).toContain('bootloader, dct1, dct2');
    const shut = await text('explain', 'brick', '--optcr', '0x0E1EAAED');
    expect(shut).toContain('dct1, dct2, eeprom1, eeprom2, user, ota, factory');
    expect(shut).not.toContain('overwrite: bootloader');
  });
});

describe('Q13: the important sectors were write protected', () => {
  it('is shown per sector and region', async () => {
    const { stdout } = await run('explain', 'write', 'protection', '--optcr', '0x0E1EAAED');
    const rows = stdout.split('\n').filter((line) => /^ *\d+ +0x08/.test(line));
    expect(rows).toHaveLength(12);
    expect(rows[0]).toMatch(/^ *0 +0x08000000-0x08003FFF +bootloader +protected$/);
    expect(rows[1]).toMatch(/dct1 +open$/);
    expect(rows.filter((row) => row.endsWith('protected'))).toHaveLength(5);
  });
});

describe('Q14: is white normal for some time after flashing?', () => {
  it('names the candidates with their source, and what is a hypothesis', async () => {
    const said = await text('explain', 'led', 'white');
    expect(said).toContain('White, steady (system-starting)');
    expect(said).toContain('White, toggling every 50 ms at start (clear-wifi)');
    expect(said).toContain('White, breathing (wifi-off)');
    expect(said).toContain('is a hypothesis; no hardware was measured');
    expect(said).toContain('Source hal/src/stm32f2xx/core_hal_stm32f2xx.c @ v2.3.1');
    const { causes } = await answer('--symptom', 'flashes white for some time after flashing');
    expect(causes[0]?.id).toBe('starting');
  });
});

describe('Q15: only without a battery', () => {
  it('is the supply first, then the software', async () => {
    const { causes } = await answer('--symptom', 'only without a battery');
    expect(causes.map(({ id }) => id).slice(0, 2)).toEqual(['supply', 'brown-out']);
    expect(await text('diagnose', '--symptom', 'only without a battery')).toContain(
      'First the supply, then the software.',
    );
  });

  it('stays so when a dump is given', async () => {
    const { causes } = await answer(HEALTHY, '--symptom', 'only without a battery');
    expect(causes[0]?.id).toBe('supply');
  });
});

describe('option keys in the application', () => {
  it('speak for the brown-out level', async () => {
    const { causes } = await answer(file('keys.bin', withOptionKeys()), '--symptom', 'dead after app ran');
    expect(causes[0]).toMatchObject({ id: 'brown-out', confidence: 'likely' });
    expect(causes[0]?.evidence.map(({ text: said }) => said)).toContain(
      'The user part contains the key that unlocks option bytes: it can change them.',
    );
  });
});
