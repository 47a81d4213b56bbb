// Writes the JSON Schemas from src/layout/schema.ts and src/operations/build/recipe-schema.ts. Run `npm run build` first.
import { writeFileSync } from 'node:fs';
import { schemaFiles } from '../dist/layout/schema.js';
import { recipeSchemaFile } from '../dist/operations/build/recipe-schema.js';

for (const { name, text } of [...schemaFiles(), recipeSchemaFile()]) {
  writeFileSync(new URL(name, import.meta.url), text);
  console.log(`layouts/${name}`);
}
