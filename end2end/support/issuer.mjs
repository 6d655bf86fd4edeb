// A real issuer of OpenID Connect in the shape of Authentik or of Entra, on a name that is another site to browsers than
// the portal's.
import http from 'node:http';
import Provider from 'oidc-provider';

export const CLIENT = { id: 'portal', secret: 'portal-secret' };
/** The directory that the shape of Entra stands for. */
const TENANT = '8a0c3f5e-1111-4222-8333-444455556666';

const PEOPLE = {
  alice: { password: 'alice-pw', email: 'alice@acme.example', name: 'Alice Adams', oid: '0f1e2d3c-aaaa-4bbb-8ccc-ddddeeeeff01' },
  bob: { password: 'bob-pw', email: 'bob@acme.example', name: 'Bob Brown', oid: '0f1e2d3c-aaaa-4bbb-8ccc-ddddeeeeff02' },
};

/** What each shape calls itself and says of a person, beside the name. */
const SHAPES = {
  authentik: {
    path: '/application/o/portal/',
    // By default it calls no address verified.
    claims: (login, { email, name }) => ({
      sub: `hash-of-${login}`, preferred_username: login, nickname: login, name, given_name: name, email,
      email_verified: false, groups: ['customers'],
    }),
  },
  entra: {
    path: `/${TENANT}/v2.0`,
    claims: (login, { email, name, oid }) => ({
      sub: `pairwise-${login}`, preferred_username: email, name, tid: TENANT, oid, ver: '2.0',
    }),
  },
};

/** Starts an issuer that knows a portal; `back` is where it sends browsers back to. */
export async function startIssuer(shape, back) {
  const { path, claims } = SHAPES[shape];
  const server = http.createServer();
  await new Promise((resolve) => server.listen(0, 'localhost', resolve));
  const site = `http://localhost:${server.address().port}`;
  const base = path.replace(/\/$/, '');
  const provider = new Provider(site + path, {
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
      profile: ['name', 'given_name', 'nickname', 'preferred_username', 'groups'],
    },
    scopes: ['openid', 'profile', 'email'],
    findAccount: (_context, accountId) => {
      const said = Object.entries(PEOPLE).map(([login, person]) => claims(login, person));
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
  const answer = provider.callback();
  server.on('request', (request, response) => {
    const { pathname } = new URL(request.url, site);
    if (/\/interaction\/[^/]+$/.test(pathname)) {
      interact(provider, claims, request, response).catch((error) => response.writeHead(500).end(String(error)));
      return;
    }
    if (base && pathname.startsWith(base)) {
      request.originalUrl = request.url;
      request.url = request.url.slice(base.length) || '/';
    }
    answer(request, response);
  });
  return { issuer: site + path, end: `${site}${base}/session/end`, stop: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }) };
}

/** The issuer's own page, on which people sign in or do not; it takes their consent for granted. */
async function interact(provider, claims, request, response) {
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
  if (PEOPLE[login]?.password !== form.get('password')) return response.writeHead(401).end('wrong');
  return provider.interactionFinished(request, response, { login: { accountId: claims(login, PEOPLE[login]).sub } }, { mergeWithLastSubmission: false });
}
