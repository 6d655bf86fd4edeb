// A stand-in for GitHub: PyPI's oauth-mocks, on a name that is another site to browsers than the portal's. It lets anybody
// in by an address; `unverified@…` is one that GitHub has not verified, and a client called `fail-client-id` is refused.
// What it does not do as GitHub does (status 200 with an error, PKCE) is tried in tests/tests/portal/identity/github.rs.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { freePort } from './portal.mjs';

const FOLDER = fileURLToPath(new URL('../node_modules/oauth-mocks', import.meta.url));
const START_SECONDS = 60;

/** Starts one; `site` is its address, which ends in no slash. */
export async function startGitHub() {
  const port = await freePort();
  const child = spawn('python3', ['-m', 'oauth_mocks', '--provider', 'github', '--port', String(port)], {
    env: { PATH: process.env.PATH, PYTHONPATH: FOLDER, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const endAlong = () => child.kill('SIGTERM');
  process.once('exit', endAlong);
  await new Promise((resolve, reject) => {
    const fail = (why) => reject(new Error(`oauth-mocks (run script/setup test): ${why}\n${said}`));
    const late = setTimeout(() => fail(`not ready within ${START_SECONDS} s`), START_SECONDS * 1000);
    child.stdout.on('data', (bytes) => {
      said += bytes;
      if (/^ +github +http/m.test(said)) (clearTimeout(late), resolve());
    });
    child.stderr.on('data', (bytes) => (said += bytes));
    child.once('error', fail);
    child.once('exit', (code, signal) => (clearTimeout(late), fail(`ended at once: ${code ?? signal}`)));
  });
  return {
    site: `http://localhost:${port}`,
    /** All it was asked so far. */
    said: () => said,
    stop: () => new Promise((resolve) => {
      process.off('exit', endAlong);
      child.once('exit', resolve);
      child.kill('SIGTERM');
    }),
  };
}

/** At its page: signs in with an address. */
export async function signInThere(page, address) {
  await page.getByRole('heading', { name: 'GitHub' }).waitFor();
  await page.getByLabel('Email address').fill(address);
  await page.getByRole('button', { name: 'Sign in' }).click();
}
