/** What a copy still holds that is worth saving, in words without a secret: asked when the firmware would not use it. */
import type { DctValues } from './report.js';

const NO_KEY: ReadonlySet<string> = new Set(['blank', 'zero', 'invalid']);

/** `the device private key`, `the claim code`. Without a header only what proves itself counts: keys. */
export function keptContent(values: DctValues, hasHeader: boolean): string[] {
  const kept: string[] = [];
  if (!NO_KEY.has(values.devicePrivateKey)) kept.push('the device private key');
  if (!NO_KEY.has(values.serverPublicKey)) kept.push('the cloud server key');
  if (!hasHeader) return kept;
  if (values.claimCode) kept.push('the claim code');
  if (values.deviceSecret) kept.push('the device secret');
  if (values.wifi?.hasCredentials) kept.push('Wi-Fi credentials');
  return kept;
}
