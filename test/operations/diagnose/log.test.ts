/** Transcripts: what the known sessions come to, and that no text takes long or gives a key away. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadBoard } from '../../../src/layout/load.js';
import { findMessages, patternsOf, toolMessages } from '../../../src/layout/tool-messages.js';
import { explainLog } from '../../../src/operations/diagnose/log.js';
import { stopwatch } from '../../support/growth.js';

const P1 = loadBoard('particle-p1');
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const explain = (text: string) => explainLog(encode(text), P1);
const vector = (name: string): string => readFileSync(`test/vectors/${name}`, 'utf8');

const SAMPLES: Readonly<Record<string, string>> = {
  hex: '0x080a0000',
  int: '1234',
  number: '3.25',
  id: '2b04:d008',
  word: 'word',
  text: 'some text',
};

/** A line the pattern stands for. */
function filled(pattern: string): string {
  return pattern.replace(/\{(\w+):\w+\}/g, (_, kind: string) => SAMPLES[kind] ?? '');
}

interface Session {
  readonly name: string;
  readonly args: readonly string[];
  readonly exit: number;
  readonly stderr: readonly string[];
  readonly stdout_selected: readonly string[];
  readonly usb: readonly string[];
}
const { sessions } = JSON.parse(vector('dfu/dfu-util-sessions.json')) as { readonly sessions: readonly Session[] };

/** As a terminal shows it: warnings before the device is opened, errors last. */
function terminal({ args, stderr, stdout_selected }: Session): string {
  const early = stderr.filter((line) => /Warning|future/.test(line));
  const late = stderr.filter((line) => !early.includes(line));
  return [`$ ${args.join(' ')}`, ...early, ...stdout_selected, ...late].join('\n');
}

/** What the simulated device took: the end of the list of USB requests. */
function wroteAll({ usb, exit, stdout_selected }: Session): boolean {
  const done = stdout_selected.some((line) => /File downloaded successfully|Done parsing DfuSe/.test(line));
  return usb.some((request) => request.startsWith('WRITE')) && (exit === 0 || done);
}

describe('the transcript of keys doctor', () => {
  const report = explain(vector('logs/keys-doctor.txt'));
  const of = (line: number) => report.messages.filter((message) => message.line === line);

  it('is understood line by line', () => {
    expect(report).toMatchObject({ lineCount: 21, knownLines: 21, leftOff: 0 });
    expect(of(2)[0]?.meaning).toBe('The device is a Particle P1 in DFU mode (2b04:d008).');
    expect(of(11)[0]?.meaning).toBe(
      '0x00000022 on alternate setting 1 is offset 34 of the application section of the DCT: the device private key (device_private_key). 610 bytes are a DER key: the size of an RSA-1024 private key.',
    );
    expect(of(12).map(({ id, severity }) => [id, severity])).toEqual([
      ['dfu-util/download-progress', 'progress'],
      ['dfu-util/suffix-signature', 'warning'],
    ]);
    expect(of(13)[0]).toMatchObject({ severity: 'noise' });
    expect(of(14)[0]).toMatchObject({ severity: 'failure', id: 'dfu-util/get-status' });
    expect(of(21)[0]).toMatchObject({ repeats: 14 });
  });

  it('failed at the status request, not for the suffix', () => {
    expect(report.attempts).toHaveLength(1);
    expect(report.attempts[0]).toMatchObject({
      tool: 'dfu-util',
      versions: '0.8 or 0.9',
      device: '2b04:d008',
      alternate: 1,
      address: 34,
      size: 610,
      outcome: 'failed',
      suffixMattered: false,
      failure: { line: 14, id: 'dfu-util/get-status' },
    });
    const text = report.summary.text.join(' ');
    expect(text).toContain(
      'It failed at 0 % of the data. The command was to write 610 bytes to the device private key.',
    );
    expect(text).toContain('The suffix lines did not matter');
    expect(text).toContain('In effect the command was: dfu-util -d 2b04:d008 -a 1 -s 34 -D FILE');
    expect(report.summary.next[0]).toMatch(/^Try once more with another cable and USB port and a sound supply/);
    expect(report.summary.next[1]).toBe('Read back: dfu-util -d 2b04:d008 -a 1 -s 34:610 -U readback.bin');
  });

  it('leads to questions about what it does not show only', () => {
    expect(report.summary.asks).toEqual(['What does the LED show now, and does "dfu-util -l" still list the board?']);
  });
});

describe('the sessions of dfu-util', () => {
  it.each(sessions.map((session) => [session.name, session] as const))('%s ends as it did', (_, session) => {
    for (const text of [
      terminal(session),
      [session.args.join(' '), ...session.stderr, ...session.stdout_selected].join('\r\n'),
    ]) {
      const [attempt, ...more] = explain(text).attempts;
      expect(more).toEqual([]);
      expect(attempt?.exit).toBe(session.exit);
      expect(attempt?.outcome === 'written').toBe(wroteAll(session));
      const wroteNothing = !session.usb.some((request) => /^(WRITE|ERASE)/.test(request));
      expect(attempt?.outcome === 'nothing-written').toBe(wroteNothing);
    }
  });

  const summary = (name: string): string => {
    const session = sessions.find((candidate) => candidate.name === name);
    if (!session) throw new Error(`no session ${name}`);
    return explain(terminal(session)).summary.text.join(' ');
  };

  it('says when exit code 74 is harmless', () => {
    expect(summary('raw-leave-device-gone')).toContain('exit code 74 is harmless here');
    expect(summary('write-device-gone')).not.toContain('harmless');
  });

  it('finds the damaged suffix behind a misleading message', () => {
    expect(summary('dfuse-bad-crc-several-alts')).toContain('Misleading: there may be one device only.');
    expect(summary('dfuse-bad-crc-alt0')).toContain('The suffix mattered');
  });

  it('does not trust a forced write and a file for another device', () => {
    expect(summary('readonly-forced')).toContain('The bootloader refuses to erase or write the sectors');
    expect(summary('wrong-device-no-d')).toContain(
      'The file was made for the ROM boot loader of an ST chip (0483:df11)',
    );
    expect(summary('wrong-device-with-d')).toContain('Nothing was written.');
  });

  it('reads decimal addresses as dfu-util does', () => {
    const session = sessions.find(({ name }) => name === 'decimal-address');
    const [command] = explain(session ? terminal(session) : '').messages;
    expect(command?.meaning).toContain('The address 34 is decimal, 0x00000022.');
    expect(command?.meaning).toContain('the device private key (device_private_key)');
  });
});

describe('other tools', () => {
  it('knows a failing debug link from a flash problem', () => {
    const report = explain(
      [
        'Open On-Chip Debugger 0.9.0 (2015-05-19-12:09)',
        'Info : Target voltage: 3.183191',
        'Info : stm32f2x.cpu: hardware has 0 breakpoints, 0 watchpoints',
        'Error: jtag status contains invalid mode value - communication failure',
        'Polling target stm32f2x.cpu failed, GDB will be halted. Polling again in 100ms',
      ].join('\n'),
    );
    const text = report.summary.text.join(' ');
    expect(text).toContain('This is the debug link, not the flash');
    expect(text).toContain('Supply, reset line and wiring come first');
    expect(report.summary.asks).toEqual([
      'What is the supply voltage at the chip, measured under load?',
      'Is NRST of the probe connected to the reset pin of the board?',
    ]);
    expect(report.messages.find(({ id }) => id === 'openocd/breakpoints')).toMatchObject({ severity: 'warning' });
  });

  it('warns of a low supply, and only of a low one', () => {
    const at = (volts: string) => explain(`Info : Target voltage: ${volts}`).messages[0];
    expect(at('2.41')).toMatchObject({ severity: 'warning', meaning: expect.stringContaining('only 2.41 V') });
    expect(at('3.26')).toMatchObject({ severity: 'progress' });
  });

  it('names the sectors that write protection kept', () => {
    const report = explain('** Programming Started **\nError: failed erasing sectors 5 to 6\n** Programming Failed **');
    expect(report.attempts[0]).toMatchObject({ outcome: 'failed', tool: 'openocd' });
    expect(report.summary.next).toEqual(['Unprotect them in the same run: flash protect 0 5 6 off']);
  });

  it('follows st-flash to its jolly good end', () => {
    const report = explain(
      'st-flash 1.7.0\nINFO common.c: Attempting to write 9068 (0x236c) bytes to stm32 address: 134873088 (0x80a0000)\n2023 INFO common.c: Flash written and verified! jolly good!\n',
    );
    expect(report.attempts[0]).toMatchObject({ outcome: 'written', tool: 'st-flash', exit: 0 });
  });

  it('tells several attempts apart', () => {
    const report = explain(
      'dfu-util -l\nNo DFU capable USB device available\n$ dfu-util -d 2b04:d008 -a 0 -s 0x080A0000:leave -D app.bin\nFile downloaded successfully\n',
    );
    expect(report.attempts.map(({ outcome }) => outcome)).toEqual(['nothing-written', 'written']);
    expect(report.summary.text[1]).toMatch(/^dfu-util, lines 3 to 4: All data was sent and accepted\./);
  });
});

describe('any text', () => {
  it('is left alone where nothing is known', () => {
    const report = explain('hello\nworld, dfu suffix\n');
    expect(report).toMatchObject({ lineCount: 2, knownLines: 0, messages: [], attempts: [] });
    expect(report.summary.asks).toEqual(['What came before? The text shows no tool that is known.']);
  });

  it('may be UTF-16 and coloured', () => {
    const text = '\uFEFF\u001b[31mFile downloaded successfully\u001b[0m\r\n';
    const utf16 = new Uint8Array(
      [...text].flatMap((letter) => [letter.charCodeAt(0) & 0xff, letter.charCodeAt(0) >> 8]),
    );
    expect(explainLog(utf16, P1).attempts[0]?.outcome).toBe('written');
    expect(explain(text).messages[0]?.text).toBe('File downloaded successfully');
  });

  it('that is no text is refused', () => {
    expect(() => explainLog(new Uint8Array(64), P1, 'dump.bin')).toThrow(
      expect.objectContaining({ code: 'LOG_NOT_TEXT', where: 'dump.bin' }),
    );
  });

  it('gives no key away', () => {
    const secrets = [
      'MIICXQIBAAKBgQDFsamplesamplesamplesamplesamplesample',
      '3082025d02010002818100c5b1a9a6a9a6',
      'hunter2secret',
    ];
    const report = explain(
      [
        '-----BEGIN RSA PRIVATE KEY-----',
        secrets[0],
        '-----END RSA PRIVATE KEY-----',
        `Could not open file ${secrets[1]} for reading`,
        `particle keys load --password ${secrets[2]}`,
        `$ dfu-util -d 2b04:d008 -D ${secrets[0]}`,
      ].join('\n'),
    );
    expect(report.knownLines).toBe(3);
    for (const secret of secrets) expect(JSON.stringify(report)).not.toContain(secret);
    expect(JSON.stringify(report)).toContain('(masked)');
  });

  it('takes bounded time, whatever it holds', () => {
    const rows = [
      'Download [=========================] 100% 4096 bytes\r'.repeat(40),
      `Download ${'[ 0 % '.repeat(400)}`,
      'dfu-util: Error during download get_status',
      `Parsing element ${'1'.repeat(1900)}`,
      `invalid command name "${'"'.repeat(1900)}`,
    ];
    let text = '';
    while (text.length < 10_000_000) text += `${rows.join('\n')}\n`;
    const spent = stopwatch();
    const report = explain(text);
    expect(spent()).toBeLessThan(15_000);
    expect(report.messages.length).toBeLessThanOrEqual(400);
    expect(JSON.stringify(report).length).toBeLessThan(1_000_000);
  });

  it('gives a result for anything that decodes', () => {
    const words = toolMessages()
      .flatMap(patternsOf)
      .map(filled)
      .map((line) => line.replace(/^\^/, ''));
    const line = fc.oneof(
      fc.constantFrom(...words),
      fc.string({ maxLength: 80 }).filter((text) => !text.includes('\0')),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), (lines) => {
        const report = explain(lines.join('\n'));
        expect(report.knownLines).toBeLessThanOrEqual(report.lineCount);
        for (const { meaning, action } of report.messages) expect(`${meaning} ${action}`).not.toMatch(/[{}]/);
      }),
      { numRuns: 200 },
    );
  });
});

describe('the table of messages', () => {
  it.each(toolMessages().map((message) => [message.id, message] as const))(
    'finds %s by its own pattern',
    (_, message) => {
      for (const pattern of patternsOf(message)) {
        expect(pattern).not.toMatch(/^\{(text|word)/);
        expect(pattern.match(/\{text:/g)?.length ?? 0).toBeLessThanOrEqual(1);
        const line = filled(pattern);
        const found = findMessages(line.startsWith('^') ? line.slice(1) : `Info : ${line} `);
        expect(found.map(({ message: { id } }) => id)).toContain(message.id);
      }
    },
  );

  it('names its sources, and speaks in sentences', () => {
    const ids = toolMessages().map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const message of toolMessages()) {
      expect(message.source).not.toBe('');
      expect(message.id.split('/')[0]).toBe(message.tool);
      expect(message.meaning).toMatch(/^([A-Z{]|dfu-util |st-flash ).*[.}]$/);
      for (const { seen = [] } of message.variants ?? []) expect(ids).toEqual(expect.arrayContaining([...seen]));
    }
  });
});
