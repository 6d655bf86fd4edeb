// A stand-in for GitHub: PyPI's oauth-mocks, on a name that is another site to browsers than the portal's. It lets anybody
// in by an address; `unverified@…` is one that GitHub has not verified, and a client called `fail-client-id` is refused.
// What it does not do as GitHub does (status 200 with an error, PKCE) is tried in tests/tests/portal/identity/github.rs. It
// knows no organisations: these stand before its API, with all that GitHub's description requires of each answer.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import { fileURLToPath } from 'node:url';
import { freePort } from './portal.mjs';

const FOLDER = fileURLToPath(new URL('../node_modules/oauth-mocks', import.meta.url));
const START_SECONDS = 60;
const REQUIRED = JSON.parse(fs.readFileSync(new URL('../../tests/src/github/required.json', import.meta.url)));

/** An answer with all that is required: these members, and the others with something of their type. */
function whole(shape, own = {}) {
  const filled = Object.entries(shape).map(([name, kind]) => {
    if (typeof kind === 'object') return [name, whole(kind, own[name])];
    if (name in own) return [name, own[name]];
    return [name, kind.endsWith('?') ? null : { integer: 1, boolean: false }[kind] ?? 'https://api.github.example'];
  });
  return Object.fromEntries(filled);
}

/**
 * The API at `site`, with organisations before it. `belongs` says by address who belongs where: `{ number, login, role,
 * teams }`, each team with `number` and `name`; `teams` by an organisation's name all of its teams.
 */
async function startApi(site, belongs, teams) {
  const ask = (path, token) => fetch(`${site}/api${path}`, { headers: { authorization: token, 'user-agent': 'tests' } });
  const answer = async ({ url, headers }) => {
    const { pathname } = new URL(url, site);
    const token = headers.authorization ?? '';
    const there = await ask(pathname === '/user' ? pathname : '/user/emails', token);
    const said = await there.json();
    if (there.status !== 200 || ['/user', '/user/emails'].includes(pathname)) return [there.status, said];
    const mine = belongs[said.find((one) => one.primary)?.email] ?? [];
    if (pathname === '/user/memberships/orgs') {
      const one = ({ number: id, login, role }) => ({ state: 'active', role, organization: { id, login } });
      return [200, mine.map((of) => whole(REQUIRED['/user/memberships/orgs'], one(of)))];
    }
    if (pathname === '/user/teams') {
      const one = (of, team) => ({ id: team.number, name: team.name, organization: { id: of.number, login: of.login } });
      return [200, mine.flatMap((of) => of.teams.map((team) => whole(REQUIRED['/user/teams'], one(of, team))))];
    }
    const all = teams[/^\/orgs\/([^/]+)\/teams$/.exec(pathname)?.[1]];
    if (!all) return [404, { message: 'Not Found' }];
    return [200, all.map(({ number: id, name }) => whole(REQUIRED['/orgs/{org}/teams'], { id, name }))];
  };
  const server = http.createServer(async (request, response) => {
    const [status, said] = await answer(request);
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(said));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { api: `http://localhost:${server.address().port}`, close: () => server.closeAllConnections() || server.close() };
}

/** Starts one; `site` and `api` are its addresses, which end in no slash. */
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
  const site = `http://localhost:${port}`;
  const [belongs, teams] = [{}, {}];
  const { api, close } = await startApi(site, belongs, teams);
  return {
    site,
    api,
    belongs,
    teams,
    /** All it was asked so far. */
    said: () => said,
    stop: () => new Promise((resolve) => {
      close();
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
