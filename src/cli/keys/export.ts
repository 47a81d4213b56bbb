/** `keys export`, `keys public` and `keys check`. */
import { wrapText } from '../../core/words.js';
import type { KeyReport } from '../../operations/configuration/keys.js';
import { inspectKeys } from '../../operations/configuration/keys-show.js';
import { openDct } from '../../operations/edit/dct-edit.js';
import {
  compareKey,
  deviceIdOf,
  deviceKeyOf,
  type KeyCheck,
  privateKeyFile,
  publicKeyFile,
  publicKeyOfFile,
  registration,
  requireHalf,
} from '../../operations/edit/keys.js';
import { type PublicKey, publicFingerprint, publicKeyPem } from '../../regions/keys/index.js';
import { renderJson } from '../../report/json.js';
import { outputName, privacyWords } from '../../report/output.js';
import { TOOL } from '../../tool.js';
import { badOperands } from '../actions.js';
import type { ParsedArguments } from '../args.js';
import { type Context, EXIT_DONE, EXIT_FINDINGS } from '../command.js';
import { valueFile } from '../dct/edit.js';
import { openEditable } from '../edited.js';
import { writeOutput } from '../io.js';
import { boardFrom } from '../open.js';
import { outputFrom } from '../output.js';
import { formOf, type KeysAction, openKeyInput, requireShowSecrets, stepsText } from './action.js';

/** No key file is longer; a dump always is. */
const MAX_KEY_FILE_BYTES = 8192;

export const exportKey: KeysAction = async (operands, args, context) => {
  const [dump, ...more] = operands;
  if (dump === undefined || more.length > 0) {
    throw badOperands('keys export', 'one dump', 'keys export dump.bin --show-secrets -o device.der');
  }
  const output = outputFrom(args, context, [dump], true);
  requireShowSecrets(args, 'the output');
  const board = await boardFrom(args);
  const file = openDct((await openEditable(dump, args)).input, board);
  const key = deviceKeyOf(file);
  const written = output.write([privateKeyFile(key, formOf(output.path))]);
  const fingerprint = publicFingerprint(requireHalf(key));
  if (context.json) {
    const head = { schema: 'flashatlas/keys-export', schemaVersion: 1, tool: TOOL, input: file.source.input };
    const target = { path: output.path, ...written, format: formOf(output.path) };
    context.write(`${renderJson({ ...head, output: target, fingerprint })}\n`);
  } else {
    const what = `${outputName(output.path)}: private key of the device${privacyWords(written)}`;
    context.warn(`${what}\nSHA-256 of the public half: ${fingerprint}\n`);
  }
  return EXIT_DONE;
};

export const publicKey: KeysAction = async (operands, args, context) => {
  const [path, ...more] = operands;
  if (path === undefined || more.length > 0) {
    throw badOperands('keys public', 'one dump or key file', 'keys public dump.bin -o device.pub.pem');
  }
  const input = await openKeyInput(path, args);
  const fromFile =
    input.addressSource === 'assumed' && input.bytes.length <= MAX_KEY_FILE_BYTES ? publicKeyOfFile(input.bytes) : null;
  const dct = fromFile ? null : openDct(input, await boardFrom(args));
  const key = fromFile ?? requireHalf(deviceKeyOf(dct as NonNullable<typeof dct>));
  const fingerprint = publicFingerprint(key);
  const output = args.text('-o');
  if (output !== undefined && output !== '-') {
    writeOutput(output, publicKeyFile(key, /\.der$/i.test(output) ? 'der' : 'pem'), {
      force: args.flag('--force'),
      inputs: [path],
    });
  }
  const deviceId = dct ? deviceIdOf(dct) : null;
  const send = registration(output ?? 'device.pub.pem', { keyFile: null, deviceId, serverKey: 'there' }).slice(1);
  if (context.json) {
    const head = { schema: 'flashatlas/keys-public', schemaVersion: 1, tool: TOOL, input: { path } };
    const written = output === undefined || output === '-' ? null : { path: output };
    context.write(
      `${renderJson({ ...head, output: written, publicPem: publicKeyPem(key), fingerprint, steps: send })}\n`,
    );
    return EXIT_DONE;
  }
  if (output === undefined || output === '-') context.write(publicKeyPem(key));
  context.warn(`SHA-256 of the public half: ${fingerprint}\n${stepsText(send, context.width)}`);
  return EXIT_DONE;
};

export const check: KeysAction = async (operands, args, context) => {
  const [path, ...more] = operands;
  if (path === undefined || more.length > 0) {
    throw badOperands('keys check', 'one dump or key file', 'keys check dump.bin --public device.pub.pem');
  }
  const inspection = inspectKeys(await openKeyInput(path, args), await boardFrom(args), { showSecrets: false });
  const group = inspection.groups.find(({ current }) => current) ?? inspection.groups[0];
  const checks = (group?.keys ?? []).filter(isAsked).map(judge);
  const own = (group?.keys ?? []).find(({ role }) => role === 'device-private' || role.startsWith('file-'));
  checks.push(...compareKey(publicOf(own), expectedFrom(args)));
  const failed = checks.some(({ ok }) => !ok);
  if (context.json) {
    const head = { schema: 'flashatlas/keys-check', schemaVersion: 1, tool: TOOL, input: inspection.input };
    context.write(`${renderJson({ ...head, ok: !failed, checks })}\n`);
  } else context.write(checksText(path, group?.title ?? 'no keys', checks, context));
  return failed ? EXIT_FINDINGS : EXIT_DONE;
};

/** Alternate keys count only where there are any; P1 and Photon do not use them. */
function isAsked({ role, state }: KeyReport): boolean {
  return !role.startsWith('alt') || state !== 'missing';
}

function judge({ title, kind, note, state }: KeyReport): KeyCheck {
  const usable = state === 'good';
  return { what: title, ok: usable, detail: usable ? `${kind}, ${note}` : note };
}

function publicOf(report: KeyReport | undefined): PublicKey | null {
  const pem = report?.publicPem;
  return pem ? publicKeyOfFile(new TextEncoder().encode(pem)) : null;
}

function expectedFrom(args: ParsedArguments): Parameters<typeof compareKey>[1] {
  const [file, fingerprint] = [args.text('--public'), args.text('--fingerprint')];
  return {
    ...(file === undefined ? {} : { file: { bytes: valueFile(file), name: file } }),
    ...(fingerprint === undefined ? {} : { fingerprint }),
  };
}

function checksText(path: string, title: string, checks: readonly KeyCheck[], { style, width }: Context): string {
  const lines = checks.map(({ what, ok, detail }) => {
    const mark = ok ? style.green('ok ') : style.red('bad');
    return `${mark} ${wrapText(`${what}: ${detail}`, Math.max(24, width - 4)).replaceAll('\n', '\n    ')}`;
  });
  return `${style.bold(path)}\n${title}\n\n${lines.join('\n')}\n`;
}
