/** Keys of the device and of its cloud: reading, judging, deriving and naming them. */
export { describePrivateKey, describePublicKey, type KeyDescription, type KeyKind } from './describe.js';
export { DEVICE_KEY_BITS, encodeDeviceKey, encodePrivateKey, privateKeyPem } from './encode.js';
export { type KnownServerKey, knownServerKeys, recognizeServerKey, type ServerKeyKind } from './known.js';
export {
  type EcPrivateKey,
  type EcPublicKey,
  type PrivateKey,
  type PrivateKeyForm,
  type PublicKey,
  parsePrivateKey,
  parsePublicKey,
  type RsaPrivateKey,
  type RsaPublicKey,
} from './parse.js';
export { decodePem, looksLikePem } from './pem.js';
export { belongsTo, encodePublicKey, publicFingerprint, publicHalf, publicKeyPem, samePublicKey } from './public.js';
