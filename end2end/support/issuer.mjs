// A real issuer of OpenID Connect in the shape of Authentik or of Entra, on a name that is another site to browsers than
// the portal's.
import http from 'node:http';
import https from 'node:https';
import Provider from 'oidc-provider';

export const CLIENT = { id: 'portal', secret: 'portal-secret' };
/** The directory that the shape of Entra stands for. */
const TENANT = '8a0c3f5e-1111-4222-8333-444455556666';

const PEOPLE = {
  alice: { password: 'alice-pw', email: 'alice@acme.example', name: 'Alice Adams', oid: '0f1e2d3c-aaaa-4bbb-8ccc-ddddeeeeff01' },
  bob: { password: 'bob-pw', email: 'bob@acme.example', name: 'Bob Brown', oid: '0f1e2d3c-aaaa-4bbb-8ccc-ddddeeeeff02' },
  carol: { password: 'carol-pw', email: 'carol@acme.example', name: 'Carol Clark', oid: '0f1e2d3c-aaaa-4bbb-8ccc-ddddeeeeff03', groups: ['db-team'] },
};

/** What each shape calls itself and says of a person, beside the name. */
const SHAPES = {
  authentik: {
    path: '/application/o/portal/',
    // By default it calls no address verified.
    claims: (login, { email, name, groups = [] }) => ({
      sub: `hash-of-${login}`, preferred_username: login, nickname: login, name, given_name: name, email,
      email_verified: false, groups: ['customers', ...groups],
    }),
  },
  entra: {
    path: `/${TENANT}/v2.0`,
    // Groups are too many for the token: Graph has to be asked.
    claims: (login, { email, name, oid, groups }) => ({
      sub: `pairwise-${login}`, preferred_username: email, name, tid: TENANT, oid, ver: '2.0',
      ...(groups && { _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint: 'http://127.0.0.1:1/' } } }),
    }),
  },
};

/**
 * Starts an issuer. It knows a portal from `register` on, at once with `back`: where it sends browsers back to. `tls`: key
 * and certificate. `people` may be changed while it runs.
 */
export async function startIssuer(shape, back, tls) {
  const { path, claims } = SHAPES[shape];
  const people = structuredClone(PEOPLE);
  const server = tls ? https.createServer(tls) : http.createServer();
  await new Promise((resolve) => server.listen(0, 'localhost', resolve));
  const site = `http${tls ? 's' : ''}://localhost:${server.address().port}`;
  const base = path.replace(/\/$/, '');
  let provider;
  let answer;
  const register = (to) => {
    provider = makeProvider({ issuer: site + path, base, back: to, people, claims });
    answer = provider.callback();
  };
  if (back) register(back);
  server.on('request', (request, response) => {
    const { pathname } = new URL(request.url, site);
    const failed = (error) => response.writeHead(500).end(String(error));
    if (!provider) {
      response.writeHead(503).end('no portal is registered');
    } else if (pathname === '/v1.0/me/getMemberGroups') {
      graph({ provider, people, claims }, request, response).catch(failed);
    } else if (/\/interaction\/[^/]+$/.test(pathname)) {
      interact({ provider, people, claims }, request, response).catch(failed);
    } else {
      if (base && pathname.startsWith(base)) {
        request.originalUrl = request.url;
        request.url = request.url.slice(base.length) || '/';
      }
      answer(request, response);
    }
  });
  const stop = () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); });
  return { issuer: site + path, site, end: `${site}${base}/session/end`, people, register, stop };
}

/** At its page: signs in there. */
export async function signInThere(page, login) {
  await page.getByRole('heading', { name: 'Issuer' }).waitFor();
  await page.getByLabel('User').fill(login);
  await page.getByLabel('Password').fill(PEOPLE[login].password);
  await page.getByRole('button', { name: 'Sign in there' }).click();
}

/**
 * What Microsoft Graph answers the portal that asks on behalf of a person: the groups by number. Question and answer have
 * the members that its published description gives them, as PyPI's msgraph-sdk 1.65.0 was made from it.
 */
async function graph({ provider, people, claims }, request, response) {
  const token = await provider.AccessToken.find((request.headers.authorization ?? '').replace(/^Bearer /, ''));
  const found = Object.entries(people).find(([login, person]) => claims(login, person).sub === token?.accountId);
  if (request.method !== 'POST' || !found) return response.writeHead(401).end('{}');
  const asked = JSON.parse((await request.toArray()).join(''));
  if (Object.keys(asked).join() !== 'securityEnabledOnly' || typeof asked.securityEnabledOnly !== 'boolean') {
    return response.writeHead(400).end('{}');
  }
  response.setHeader('content-type', 'application/json');
  return response.end(JSON.stringify({ '@odata.context': 'https://graph.example/$metadata#Collection(Edm.String)', value: found[1].groups ?? [] }));
}

function makeProvider({ issuer, base, back, people, claims }) {
  return new Provider(issuer, {
    clients: [{
      client_id: CLIENT.id, client_secret: CLIENT.secret, redirect_uris: [back],
      post_logout_redirect_uris: [new URL('/', back).href], grant_types: ['authorization_code'], response_types: ['code'],
      backchannel_logout_uri: back.replace(/callback$/, 'back-channel'), backchannel_logout_session_required: true,
    }],
    pkce: { required: () => true },
    // Both put what they say of a person into the token.
    conformIdTokenClaims: false,
    claims: {
      openid: ['sub', 'tid', 'oid', 'ver'], email: ['email', 'email_verified'],
      profile: ['name', 'given_name', 'nickname', 'preferred_username', 'groups', '_claim_names', '_claim_sources'],
    },
    scopes: ['openid', 'profile', 'email', 'User.Read', 'GroupMember.Read.All'],
    findAccount: (_context, accountId) => {
      const said = Object.entries(people).map(([login, person]) => claims(login, person));
      const found = said.find(({ sub }) => sub === accountId);
      return found && { accountId, claims: () => found };
    },
    features: {
      devInteractions: { enabled: false }, backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (context, form) => {
          context.body = `<!doctype html><html lang="en"><title>Issuer</title><h1>Sign out?</h1>${form}
            <button form="op.logoutForm" name="logout" value="yes">Yes, sign me out</button>`;
        },
      },
    },
    interactions: { url: (_context, { uid }) => `${base}/interaction/${uid}` },
    cookies: { keys: ['of the tests'] },
    // Its own guard keeps it from addresses of this machine, where the portal is.
    fetch: (url, { dispatcher, ...options }) => fetch(url, options),
    renderError: (context, out) => { context.body = out; },
  });
}

/** The issuer's own page, on which people sign in or do not; it takes their consent for granted. */
async function interact({ provider, people, claims }, request, response) {
  const { prompt, params, session, grantId } = await provider.interactionDetails(request, response);
  if (prompt.name !== 'login') {
    const grant = (grantId && (await provider.Grant.find(grantId))) ?? new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    grant.addOIDCScope(params.scope);
    return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
  }
  if (request.method === 'GET') {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(`<!doctype html><html lang="en"><title>Issuer</title><h1>Issuer</h1><form method="post">
      <label>User <input name="login"></label><label>Password <input name="password" type="password"></label>
      <button name="do" value="in">Sign in there</button><button name="do" value="away">Not now</button></form>`);
    return undefined;
  }
  let body = '';
  for await (const piece of request) body += piece;
  const form = new URLSearchParams(body);
  if (form.get('do') === 'away') {
    return provider.interactionFinished(request, response, { error: 'access_denied' }, { mergeWithLastSubmission: false });
  }
  const login = form.get('login');
  if (people[login]?.password !== form.get('password')) return response.writeHead(401).end('wrong');
  return provider.interactionFinished(request, response, { login: { accountId: claims(login, people[login]).sub } }, { mergeWithLastSubmission: false });
}
