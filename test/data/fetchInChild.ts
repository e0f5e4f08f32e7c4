/** Run in a child process: downloads the target given as JSON, then prints "done". */
import { download, type Target } from '../../src/data/download.js';

await download(JSON.parse(process.argv[2]!) as Target, { pauseMs: 10 });
console.log('done');
