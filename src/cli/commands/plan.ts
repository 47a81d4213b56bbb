/** flashatlas plan */
import { UsageError } from '../../core/errors.js';
import { PROBE_IDS, TOOL_IDS } from '../../layout/flashing-tools.js';
import { type Command, EXIT_DONE, INPUT_OPTIONS } from '../command.js';

export const command: Command = {
  operands: '[--from DUMP] --to FILE... | --modernise OLD.cfg',
  about:
    'The shortest safe way from what a chip holds to what it shall hold: real commands, proved by simulation. Erases only what must be erased, writes what else stood there back, keeps DCT and EEPROM, lifts and restores write protection, backs up first, verifies last. FILE is an image, a module, ADDRESS:FILE or a recipe. Without --from: the worst case.',
  options: {
    ...INPUT_OPTIONS,
    '--from': { type: 'text', value: 'DUMP', about: 'what the chip holds now: a dump of its whole flash' },
    '--to': {
      type: 'list',
      value: 'FILE',
      about: 'what it shall hold (repeatable): image, module, ADDRESS:FILE, recipe',
    },
    '--tool': { type: 'text', value: 'NAME', choices: TOOL_IDS, about: 'who writes (default openocd)' },
    '--probe': { type: 'text', value: 'NAME', choices: PROBE_IDS, about: 'openocd: the debug probe (default stlink)' },
    '--optcr': { type: 'number', value: 'WORD', about: 'FLASH_OPTCR of the chip, read separately (mdw 0x40023C14)' },
    '--include': { type: 'text', value: 'AREAS', about: 'write dct, eeprom or dct,eeprom of the target too' },
    '--write-dct': { type: 'flag', about: 'the same as --include dct' },
    '--allow-mass-erase': { type: 'flag', about: 'leave read protection level 1, which erases the whole chip' },
    '--no-backup': { type: 'flag', about: 'do not read the whole flash first' },
    '--backup-file': { type: 'text', value: 'NAME', about: 'name of the backup in the script (default backup.bin)' },
    '--leave-unprotected': { type: 'flag', about: 'do not restore the write protection' },
    '--serial': { type: 'text', value: 'ID', about: 'serial number of the probe, or of the board for dfu-util' },
    '--under-reset': { type: 'flag', about: 'openocd, st-flash: connect while the reset line is held' },
    '--usb-path': { type: 'text', value: 'PATH', about: 'dfu-util: USB port of the board, such as 1-2' },
    '--dfu-format': {
      type: 'text',
      value: 'FORM',
      choices: ['dfuse', 'raw'],
      about: 'dfu-util: one DfuSe file, or raw files (default: DfuSe for several ranges)',
    },
    '--explain': { type: 'flag', about: 'say of every step why it is there' },
    '--script': { type: 'flag', about: 'print the script and nothing else' },
    '-o': { type: 'text', value: 'FOLDER', about: 'write script, data files and plan.json into a new folder' },
    '--force': { type: 'flag', about: 'replace an existing output folder' },
    '--modernise': { type: 'text', value: 'FILE', about: 'translate an OpenOCD script of 2016 to the syntax of 0.12' },
  },
  examples: [
    'flashatlas plan --from dump.bin --to part1.bin --to part2.bin',
    'flashatlas plan --from dump.bin --to board.yaml --optcr 0x0E1EAAED -o flash-it',
    'flashatlas plan --from erased.bin --to backup.bin --include dct --explain',
    'flashatlas plan --to app.bin --tool dfu-util',
    'flashatlas plan --modernise old.cfg > new.cfg',
  ],
  async run(args, context) {
    if (args.operands.length > 0) {
      throw new UsageError({
        code: 'USAGE_OPERANDS',
        what: 'plan takes its files by options',
        got: args.operands.join(' '),
        help: 'Write for example: flashatlas plan --from dump.bin --to part1.bin',
      });
    }
    const old = args.text('--modernise');
    if (old !== undefined) {
      const { showModernised } = await import('../plan/modernise.js');
      showModernised(old, args, context);
    } else {
      const { showPlan } = await import('../plan/plan.js');
      await showPlan(args, context);
    }
    return EXIT_DONE;
  },
};
