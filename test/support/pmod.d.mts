export const PEER: string;
export const PEER_VERSION: string;
export function installPmod(): string;
