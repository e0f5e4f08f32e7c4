/** The built command on the device of the tests. */

/** Names the software device to child processes; softwareDevice.ts has set it. */
export const env: Readonly<Record<string, string>> = {
  VK_ICD_FILENAMES: process.env['VK_ICD_FILENAMES'] ?? '',
};

/** Two cells of nine steps. */
export const sweep = {
  train: { epochs: 3, batchSize: 20, recordDecay: true },
  grid: { lr: [0.01], wd: [0.01] },
  backend: 'webgpu',
};

/** What a program has said on stderr, but for what Vulkan's loader or its drivers say of displays. */
export const saidOf = (stderr: string): string =>
  stderr
    .split('\n')
    .filter((line) => !line.includes('XDG_RUNTIME_DIR'))
    .join('\n');

/** The events of `run --json`. */
export const eventsOf = (stdout: string): Record<string, unknown>[] =>
  stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
