// Writes chip.schema.json and board.schema.json from src/layout/schema.ts. Run `npm run build` first.
import { writeFileSync } from 'node:fs';
import { schemaFiles } from '../dist/layout/schema.js';

for (const { name, text } of schemaFiles()) {
  writeFileSync(new URL(name, import.meta.url), text);
  console.log(`layouts/${name}`);
}
