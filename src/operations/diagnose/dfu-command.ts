/** A dfu-util command line, as far as it says what is to happen. */
import { formatAddress } from '../../core/bytes.js';
import type { Board } from '../../layout/types.js';
import { describePlace, refusalAt } from './dfu-place.js';

export interface DfuCommand {
  readonly device?: string;
  readonly alternate?: number;
  readonly address?: number;
  /** As it was typed: "34" is decimal. */
  readonly addressText?: string;
  readonly modifiers: readonly string[];
  /** Download writes to the board. */
  readonly action: 'download' | 'upload' | 'list' | 'other';
}

const OPTIONS: Readonly<Record<string, string>> = {
  '-d': 'device',
  '--device': 'device',
  '-a': 'alternate',
  '--alt': 'alternate',
  '-s': 'address',
  '--dfuse-address': 'address',
  '-D': 'download',
  '--download': 'download',
  '-U': 'upload',
  '--upload': 'upload',
  '-l': 'list',
  '--list': 'list',
};

/** @param text everything behind "dfu-util" */
export function parseDfuCommand(text: string): DfuCommand {
  const values = optionValues(text);
  const [addressText = '', ...modifiers] = (values.get('address') ?? '').split(':');
  const address = /^(0x[0-9a-f]{1,8}|\d{1,10})$/i.test(addressText) ? Number(addressText) : undefined;
  const alternate = /^\d{1,2}$/.test(values.get('alternate') ?? '') ? Number(values.get('alternate')) : undefined;
  const device = /^[0-9a-f]{4}:[0-9a-f]{4}/i.exec(values.get('device') ?? '')?.[0].toLowerCase();
  const action = (['download', 'upload', 'list'] as const).find((name) => values.has(name)) ?? 'other';
  return {
    ...(device === undefined ? {} : { device }),
    ...(alternate === undefined ? {} : { alternate }),
    ...(address === undefined ? {} : { address, addressText }),
    modifiers: modifiers.filter((word) => word !== ''),
    action,
  };
}

function optionValues(text: string): Map<string, string> {
  const values = new Map<string, string>();
  const words = text.split(' ');
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    const long = /^(--[a-z-]+)=(.*)$/.exec(word);
    const name = OPTIONS[long?.[1] ?? word];
    if (name === undefined) continue;
    values.set(name, long?.[2] ?? words[index + 1] ?? '');
  }
  return values;
}

/** What the command does, in sentences. */
export function describeDfuCommand(command: DfuCommand, board: Board): string {
  const { alternate, address, addressText = '', modifiers } = command;
  const sentences = [ACTIONS[command.action]];
  if (address !== undefined) {
    if (!addressText.startsWith('0x') && address > 9) {
      sentences.push(`The address ${addressText} is decimal, ${formatAddress(address)}.`);
    }
    sentences.push(describePlace(board, alternate, address));
  }
  if (modifiers.includes('leave')) sentences.push('With :leave the board resets afterwards.');
  if (modifiers.includes('force')) sentences.push(forceWarning(command, board));
  return sentences.join(' ');
}

const ACTIONS: Readonly<Record<DfuCommand['action'], string>> = {
  download: 'The command that was given: it writes to the board.',
  upload: 'The command that was given: it reads from the board.',
  list: 'The command that was given: it lists the boards in DFU mode.',
  other: 'The command that was given.',
};

/** With :force dfu-util sends data to sectors that it cannot erase, and reports success whatever comes of it. */
export function forceWarning({ alternate, address }: DfuCommand, board: Board): string {
  const words = 'With :force dfu-util writes to read-only places too, without erasing them first.';
  const refusal = address === undefined ? undefined : refusalAt(board, alternate, address);
  return refusal ? `${words} ${refusal.reason}` : words;
}
