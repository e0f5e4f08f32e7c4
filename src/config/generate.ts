/** `npm run generate`: writes configs/schema.json and docs/config.md, both made from the schema in src/experiment/. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { editorSchema } from './jsonSchema.js';
import { configReference } from './reference.js';

/** The generated files, by their path from the package's root. */
export function generatedFiles(): Record<string, string> {
  return {
    'configs/schema.json': `${JSON.stringify(editorSchema(), null, 2)}\n`,
    'docs/config.md': configReference(),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of Object.entries(generatedFiles())) writeFileSync(path, text);
}
