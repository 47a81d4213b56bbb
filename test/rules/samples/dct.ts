import { generateKeyPairSync } from 'node:crypto';
import { fromHex } from '../../../src/core/bytes.js';
import { type DctEdit, editDctField } from '../../../src/regions/dct/edit.js';
import { encodeModuleSlot } from '../../../src/regions/dct/encode.js';
import { writeDctField } from '../../../src/regions/dct/write.js';
import { type Copies, dctCopies, healthyDump, systemPart1, systemPart2 } from '../../support/synthetic.js';
import { checked, patched, type Sample, type Samples } from './sample.js';

const blank = new Uint8Array(16384).fill(0xff);
const hex = (text: string): Uint8Array => fromHex(text) ?? new Uint8Array(0);
/** backup_udp_public_server_key, device-os system/src/system_cloud_internal.h. */
const UDP_KEY =
  '3059301306072a8648ce3d020106082a8648ce3d03010703420004509bfc185648c33f80907ae13260df33282115209e54a22f2b105984a46362c07c2679f6e4ce76ca002d3de4bf2e9e3a62151c48179bd809ddce9c5dc30f54b8';
const APPLICATION = 7548;

/** A healthy device with these DCT sectors. */
export function withCopies({ copy1, copy2 }: Copies, device = healthyDump()): Uint8Array {
  const bytes = device.slice();
  bytes.set(copy1, 0x4000);
  bytes.set(copy2, 0x8000);
  return bytes;
}

const silent = () => checked(healthyDump());
const of = (copies: () => Copies): Sample => ({ fires: () => checked(withCopies(copies())), silent });
const edited = (...edits: readonly DctEdit[]): Sample => of(() => dctCopies({ edits }));

/** The healthy device with system parts of 0.6.4, which read the DCT by the old rules. */
function old(): Uint8Array {
  const device = healthyDump();
  device.fill(0xff, 0x20000, 0xa0000);
  device.set(systemPart1(110), 0x20000);
  device.set(systemPart2(110), 0x60000);
  return device;
}

export function slotsWith(index: number, state: 'pending' | 'factory', length = 1000): Uint8Array {
  const bytes = new Uint8Array(100).fill(0xff);
  const value = { source: 0x080c0000, destination: 0x08020000, length, flags: 14, function: 4 };
  bytes.set(encodeModuleSlot({ state, ...value }), 20 * index);
  return bytes;
}

function rewritten(): Copies {
  return writeDctField(dctCopies(), { section: 'application', offset: 1890, bytes: hex('41') }, '0.7.0');
}

function otherKey(bits: number): Uint8Array {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: bits });
  return new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
}

export const dctSamples: Samples = {
  'dct/no-usable-copy': of(() => ({ copy1: blank, copy2: blank })),
  'dct/rules-disagree': {
    fires: () => {
      const record = writeDctField(dctCopies(), { section: 'application', offset: 0, bytes: hex('00') }, '0.7.0').copy2;
      const device = withCopies({ copy1: dctCopies({ versionRecord: false }).copy1, copy2: record });
      // Without system parts nobody knows which rules count.
      device.fill(0xff, 0x20000, 0xa0000);
      return checked(device);
    },
    silent,
    also: ['placement/missing', 'dependency/missing'],
  },
  'dct/write-interrupted': of(() => {
    const { copy1, copy2 } = rewritten();
    return { copy1, copy2: patched(copy2, 8, 1) };
  }),
  'dct/check-value-bad': of(() => {
    const { copy1, copy2 } = rewritten();
    return { copy1, copy2: patched(copy2, APPLICATION + 1890, 0x42) };
  }),
  'dct/pending-slot': edited({ field: 'flash_modules', bytes: slotsWith(1, 'pending') }),
  'dct/ota-flag-set': edited({ field: 'ota_update_flag', bytes: hex('a5') }),
  'dct/factory-reset-requested': {
    fires: () => {
      const flags = { field: 'system_flags', bytes: hex('c0acde1affffffffffffffffaaaaffff') };
      const pair = editDctField(dctCopies(), [flags], { style: 'in-place', rules: 'before-0.7.0' });
      return checked(withCopies(pair, old()));
    },
    silent,
    also: ['dependency/mixed-generations'],
  },
  'dct/no-credentials': edited({ field: 'wifi.stored_ap_list', bytes: new Uint8Array(605) }),
  'dct/device-key-missing': edited({ field: 'device_private_key', bytes: blank.slice(0, 1216) }),
  'dct/device-key-invalid': edited({ field: 'device_private_key', bytes: new Uint8Array(1216) }),
  'dct/device-key-wrong-type': of(() => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const bytes = new Uint8Array(privateKey.export({ type: 'pkcs1', format: 'der' }));
    return dctCopies({
      edits: [
        { field: 'device_private_key', bytes },
        { field: 'device_public_key', bytes: blank.slice(0, 384) },
      ],
    });
  }),
  'dct/device-key-mismatch': edited({ section: 'application', offset: 1300, bytes: hex('00') }),
  'dct/server-key-missing': edited({ section: 'application', offset: 2082, bytes: blank.slice(0, 300) }),
  'dct/server-key-invalid': edited({ section: 'application', offset: 2082, bytes: new Uint8Array(384) }),
  'dct/server-key-wrong-type': edited({ field: 'server_public_key', bytes: hex(UDP_KEY) }),
  'dct/server-key-other': edited({ field: 'server_public_key', bytes: otherKey(2048) }),
  'dct/server-address-invalid': edited({ field: 'server_address', bytes: new Uint8Array(128) }),
};
