#!/usr/bin/env node
import { existsSync } from 'fs';
import { refusalOf } from './node-version.js';

const program = new URL('../dist/cli/main.js', import.meta.url);

function refuse(sentence, code) {
  console.error(sentence);
  process.exitCode = code;
}

/** Node takes a promise that never settles for a good end. */
const unfinished = 1;

function start() {
  process.exitCode = unfinished;
  import(program.href)
    .then((cli) => cli.start(process.argv))
    .then(
      (code) => {
        process.exitCode = code;
      },
      (error) => {
        if (error.code === 'EMFILE' || error.code === 'ENFILE') {
          refuse('Too many files are open (ulimit -n) to load the program. Raise that limit.', 2);
        } else throw error;
      },
    );
}

const refusal = refusalOf(process.versions.node);
if (refusal !== undefined) refuse(refusal, 2);
else if (existsSync(program)) start();
else {
  refuse('adamw-bench has not been built. Run `npm run build` in its folder, then try again.', 1);
}
