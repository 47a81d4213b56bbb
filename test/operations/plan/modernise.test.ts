import { describe, expect, it } from 'vitest';
import { openocdSyntax } from '../../../src/layout/flashing-tools.js';
import { isScript, modernise } from '../../../src/operations/plan/modernise.js';

/** An old line of every rule, and what it becomes; null: a comment. */
const LINES: readonly (readonly [string, string | null])[] = [
  ['interface stlink', 'source [find interface/stlink.cfg]'],
  ['interface hla', 'source [find interface/stlink.cfg]'],
  ['interface cmsis-dap', 'adapter driver cmsis-dap'],
  ['source [find interface/stlink-v2.cfg]', 'source [find interface/stlink.cfg]'],
  ['hla_layout stlink', null],
  ['hla_serial "066BFF51"', 'adapter serial "066BFF51"'],
  ['adapter_khz 1000', 'adapter speed 1000'],
  ['jtag_khz 500', 'adapter speed 500'],
  ['adapter_nsrst_delay 100', 'adapter srst delay 100'],
  ['jtag_nsrst_delay 100', 'adapter srst delay 100'],
  ['adapter_nsrst_assert_width 10', 'adapter srst pulse_width 10'],
  ['interface_list', 'adapter list'],
  ['jtag_speed 0', null],
  ['working_area 0 0x20000000 16384 nobackup', null],
  ['stlink_layout usb', null],
  ['ftdi_vid_pid 0x0403 0x6010', 'ftdi vid_pid 0x0403 0x6010'],
  ['transport select hla_swd', null],
  ['source [find target/stm32f2x_stlink.cfg]', 'source [find target/stm32f2x.cfg]'],
  ['flash protect_check 0', 'flash info 0'],
  ['flash auto_erase on', null],
  ['stm32x options_read 0', 'stm32f2x options_read 0'],
  ['stm32f1x options_read 0', 'stm32f2x options_read 0'],
  ['program app.bin pre-verify 0x080a0000', 'program app.bin preverify 0x080a0000'],
  ['transport select stlink_swd', null],
  ['cmsis_dap_serial 7', 'adapter serial 7'],
  ['jlink_serial 7', 'adapter serial 7'],
  ['stlink_api 2', null],
  ['ft2232_layout olimex-jtag', null],
  ['adapter_name', 'adapter name'],
  ['cortex_m3 reset_config sysresetreq', 'cortex_m reset_config sysresetreq'],
  ['fast enable', null],
  ['reset_nag disable', null],
  ['daemon_startup reset', null],
];

describe('isScript', () => {
  it('knows scripts and notes', () => {
    for (const [line] of LINES) expect(isScript(`# a script\n${line}\n`)).toBe(true);
    expect(isScript('init\r\nreset halt\r\n\tflash probe 0\r\n')).toBe(true);
  });

  it('does not take dumps, keys and other texts for one', () => {
    for (const text of [
      '',
      'hello',
      'MIICXAIBAAKBgQDx'.repeat(3),
      `init ${'x'.repeat(1001)}`,
      'init\u0000',
      'init\ufffd',
    ]) {
      expect(isScript(text)).toBe(false);
    }
  });
});

describe('modernise', () => {
  it.each(LINES)('%s', (before, after) => {
    const { text, changes } = modernise(before);
    expect(text).toBe(after ?? `# gone: ${before}`);
    expect(changes).toEqual([{ line: 1, before, after, state: changes[0]?.state, note: changes[0]?.note }]);
    expect(changes[0]?.note).toMatch(/\.$/);
  });

  it('has a line above for every rule', () => {
    const unused = openocdSyntax().rules.filter(({ old }) => !LINES.some(([line]) => new RegExp(old).test(line)));
    expect(unused.map(({ old }) => old)).toEqual([]);
  });

  it('leaves lines of today as they are, to the last character', () => {
    const script = [
      '# adapter_khz 1000 was here',
      '',
      'source [find interface/stlink.cfg]\r',
      '  reset_config srst_only srst_nogate ;# interface hla',
      'adapter speed 4000',
      'flash erase_sector 0 9 9',
      'proc adapter_khz_of {x} { return $x }',
    ].join('\n');
    expect(modernise(script)).toEqual({ text: script, changes: [], warnings: [] });
  });

  it('keeps indentation, line ends and comments, and translates several commands in a line', () => {
    const { text } = modernise(
      '  adapter_khz 500 ;# slow\r\ninit; flash protect_check 0; shutdown\nflash auto_erase on; init\n',
    );
    expect(text).toBe('  adapter speed 500 ;# slow\r\ninit; flash info 0; shutdown\ninit\n');
  });

  it('translates command lines in notes', () => {
    const old =
      'openocd -f interface/stlink-v2.cfg -f target/stm32f2x_stlink.cfg -c "adapter_khz 1000; init; flash protect_check 0"';
    const { text, changes } = modernise(old);
    expect(text).toBe(
      'openocd -f interface/stlink.cfg -f target/stm32f2x.cfg -c "adapter speed 1000; init; flash info 0"',
    );
    expect(changes[0]?.note).toContain('One file serves every ST-LINK.');
    expect(modernise('openocd -f board.cfg -c "flash auto_erase on"').text).toBe('openocd -f board.cfg ');
  });

  it.each([
    ['stm32f2x mass_erase 0', 'erases everything'],
    ['stm32f1x unlock 0', 'erases the whole chip'],
    ['stm32f2x lock 0', 'level 1'],
    ['flash erase_address 0x08000000 0x100000', 'whole chip'],
    ['flash erase_sector 0 0 last', 'whole chip'],
    ['flash protect 1 0 15 on', 'never returns'],
    ['flash write_bank 1 otp.bin 0', 'cannot be erased'],
    ['mww 0x1FFF7800 0', 'cannot be erased'],
    ['stm32f2x options_write 0 0xEC 0x55', 'two arguments'],
    ['flash write_image erase app.bin 0x080a0000 bin', 'fill every touched sector'],
    ['program app.bin 0x080a0000 verify', 'fill every touched sector'],
  ])('warns of %s', (line, words) => {
    const { warnings } = modernise(`init\n${line}\n`);
    expect(warnings.length).toBeGreaterThan(0);
    expect(warnings.every((warning) => warning.line === 2 && warning.text === line)).toBe(true);
    expect(warnings.map(({ note }) => note).join(' ')).toContain(words);
  });

  it('does not warn of erasing single sectors', () => {
    expect(modernise('flash erase_sector 0 9 9\nflash protect 0 5 8 off\n').warnings).toEqual([]);
  });
});
