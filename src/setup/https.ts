/** Fetching a pinned file over HTTPS: the registry's JSON page says where it is. */
import { join } from 'node:path';
import { download } from '../data/download.js';
import { SetupError } from './errors.js';
import type { OnBytes, Pin } from './pins.js';

const REMEDY = 'Check the network and run the same command again: it goes on where it stopped.';

/** The index of a mirror, in the variable that pip knows as well, else PyPI's. https://peps.python.org/pep-0691/ */
const pypiIndex = () => (process.env['PIP_INDEX_URL'] || 'https://pypi.org/simple').replace(/\/*$/, '/');
const npmRegistry = () =>
  (process.env['npm_config_registry'] || 'https://registry.npmjs.org').replace(/\/*$/, '/');

interface IndexPage {
  readonly files?: readonly { readonly filename?: string; readonly url?: string }[];
}

/** Where PyPI, or a mirror of it, keeps a wheel. @throws SetupError */
async function addressOf({ project, file }: Pin): Promise<string> {
  const page = `${pypiIndex()}${project}/`;
  const headers = { accept: 'application/vnd.pypi.simple.v1+json' };
  let found: IndexPage;
  try {
    const response = await fetch(page, { headers, signal: AbortSignal.timeout(60_000) });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    found = (await response.json()) as IndexPage;
  } catch (error) {
    const { message, cause } = error as Error;
    const why = cause instanceof Error ? `${message}: ${cause.message}` : message;
    throw new SetupError(`${page} cannot be read (${why}).`, 'setup-download', REMEDY, error);
  }
  const url = found.files?.find(({ filename }) => filename === file)?.url;
  if (url === undefined) throw new SetupError(`${page} has no ${file}.`, 'setup-download', REMEDY);
  return new URL(url, page).href;
}

/** https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md: `/name/-/basename-version.tgz`. */
const packageAddress = ({ project, version }: Pin) =>
  `${npmRegistry()}${project}/-/${project.split('/').at(-1)!}-${version}.tgz`;

/** Fetches one file. It continues a part that an earlier try has left. */
export async function fetchOverHttps(pin: Pin, folder: string, onBytes: OnBytes): Promise<void> {
  const url = pin.registry === 'pypi' ? await addressOf(pin) : packageAddress(pin);
  const target = { label: pin.file, path: join(folder, pin.file), bytes: pin.bytes, urls: [url] };
  try {
    await download(target, { onProgress: ({ file, received }) => onBytes(file, received) });
  } catch (error) {
    throw new SetupError((error as Error).message, 'setup-download', REMEDY, error);
  }
}
