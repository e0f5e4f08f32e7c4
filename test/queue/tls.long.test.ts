/** A sweep over a Redis that speaks TLS to users with passwords, as it would run across a network. */
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, journalOf, resultsOf, start, temporaryFolder, writeConfig } from './program.js';
import { freePort, noRedis, startRedis, type Server } from './redis.js';

/** Why TLS cannot be tested here; undefined where it can. */
const noTls = (() => {
  if (noRedis) return noRedis;
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'openssl is not installed (Debian: apt-get install openssl)';
  }
})();
if (noTls) console.warn(`TLS tests are skipped: ${noTls}.`);

const password = 'open/sesame@once';
const folder = temporaryFolder();
const openssl = (line: string) => execFileSync('openssl', line.split(' '), { cwd: folder, stdio: 'ignore' });

/** An authority of our own. */
function makeAuthority(name: string): void {
  openssl(`req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=${name} -keyout ${name}.key -out ${name}.pem`);
}

/** A certificate that the authority signs for localhost and 127.0.0.1. */
function makeCertificate(authority: string): void {
  openssl(
    'req -newkey rsa:2048 -nodes -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout server.key -out server.csr',
  );
  openssl(
    `x509 -req -in server.csr -days 2 -CA ${authority}.pem -CAkey ${authority}.key -CAcreateserial -copy_extensions copy -out server.pem`,
  );
}

/** Every file below a folder, with its bytes as text. */
const filesIn = (dir: string) =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name, parentPath }) => [name, readFileSync(join(parentPath, name), 'latin1')] as const);

describe.skipIf(noTls)('over TLS', () => {
  const trusting = { NODE_EXTRA_CA_CERTS: join(folder, 'ours.pem') };
  let server: Server;
  let port: number;
  const at = (host: string, on = port) => `rediss://ada:${encodeURIComponent(password)}@${host}:${on}`;

  beforeAll(async () => {
    makeAuthority('ours');
    makeAuthority('theirs');
    makeCertificate('ours');
    port = await freePort();
    const tls = `--tls-port ${port} --tls-cert-file server.pem --tls-key-file server.key --tls-auth-clients no`;
    const args = tls.split(' ').map((arg) => (arg.startsWith('server.') ? join(folder, arg) : arg));
    server = await startRedis({ args, bind: '127.0.0.1 127.0.0.2' });
    await server.client.call('ACL', 'SETUSER', 'ada', 'on', `>${password}`, '~*', '&*', '+@all');
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('a sweep gives the local run’s results, and its password is nowhere', async () => {
    const config = writeConfig(folder);
    const [local, dir] = [join(folder, 'local'), join(folder, 'queued')];
    const reference = await call(['run', config, '--out', local, '--no-figures', '--workers', '1']);
    expect(reference.code, reference.output).toBe(0);

    const worker = start(['worker', at('127.0.0.1'), '--concurrency', '2'], trusting);
    const run = ['run', config, '--out', dir, '--keep-weights', '--queue', at('localhost')];
    const coordinator = start(run, trusting);
    expect(await coordinator.ended, coordinator.output + worker.output).toBe(0);
    worker.kill('SIGTERM');
    expect(await worker.ended, worker.output).toBe(130);
    expect(resultsOf(dir)).toEqual(resultsOf(local));
    expect(journalOf(dir)).toHaveLength(8);

    const files = filesIn(dir);
    expect(files.map(([name]) => name)).toEqual(
      expect.arrayContaining([
        'manifest.json',
        'config.yaml',
        'runs.csv',
        'epochs.csv',
        'runs.jsonl',
        'report.html',
      ]),
    );
    const said = [['coordinator', coordinator.output] as const, ['worker', worker.output] as const];
    for (const [name, text] of [...files, ...said]) {
      for (const secret of [password, encodeURIComponent(password), 'sesame'])
        expect(text.includes(secret), name).toBe(false);
    }
    // Numeric addresses are no server names; Node warns of those who send them as such.
    expect(worker.output).not.toContain('Warning');
    expect(coordinator.output).toContain(`at rediss://localhost:${port}.`);
  });

  it.each(['run', 'worker'])('%s refuses a Redis whose authority it does not know', async (command) => {
    const config = writeConfig(folder, { name: 'doubted' });
    const dir = join(folder, 'doubted');
    const args = command === 'run' ? ['run', config, '--out', dir, '--queue'] : ['worker'];
    const { code, output } = await call([...args, at('localhost')], {
      NODE_EXTRA_CA_CERTS: join(folder, 'theirs.pem'),
    });
    expect(code).toBe(2);
    expect(output).toMatch(/^Redis at rediss:\/\/localhost:\d+ .*\([A-Z_]+\)\. .*NODE_EXTRA_CA_CERTS\.\n$/m);
    expect(output).not.toMatch(/sesame|at .*\.js:/);
  });

  it('says what to do where the certificate is another host’s, and where one side speaks no TLS', async () => {
    const other = await call(['queue', 'status', at('127.0.0.2')], trusting);
    expect(other.code).toBe(2);
    expect(other.output).toMatch(/\(ERR_TLS_CERT_ALTNAME_INVALID\)/);
    const plain = await call(['queue', 'status', at('localhost').replace('rediss:', 'redis:')]);
    expect(plain).toMatchObject({ code: 2, output: expect.stringMatching(/write rediss:\/\/ if/) as string });
    const secret = await call(['queue', 'status', at('localhost', server.port)], trusting);
    expect(secret).toMatchObject({ code: 2, output: expect.stringMatching(/write redis:\/\/ if/) as string });
  });
});
