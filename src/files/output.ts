/** Standard output and standard error that cannot be written: the text is lost, the work is not. */

/** A reader that left on purpose (`| head`), or a terminal that was closed: this needs no message. */
const readerLeft = new Set(['EPIPE', 'EIO']);

/**
 * From now on no error of standard output or standard error ends the process: a full disk or quota, a lost network
 * file system, a closed terminal. If standard output fails and its reader did not just leave, standard error says so
 * once.
 */
export function surviveLostOutput(): void {
  let told = false;
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', ({ code = 'unknown error' }: NodeJS.ErrnoException) => {
    if (told || readerLeft.has(code)) return;
    told = true;
    process.stderr.write(`Standard output cannot be written (${code}); that output is lost.\n`);
  });
}
