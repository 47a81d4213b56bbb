/** Name and version as every JSON document carries them; a test compares them with package.json. */
export const TOOL = { name: 'flashatlas', version: '0.1.0' } as const;
