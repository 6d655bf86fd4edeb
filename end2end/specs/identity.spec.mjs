// Signing in by a real issuer, in the shapes of Authentik and of Entra, from another site.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, newContext } from '../support/browser.mjs';
import { CLIENT, signInThere, startIssuer } from '../support/issuer.mjs';
import { startPortal } from '../support/portal.mjs';

const SHAPES = { authentik: 'Authentik', entra: 'Microsoft' };
const issuers = [];
let portal;
let browser;
before(async () => {
  const configure = async (url) => {
    for (const shape of Object.keys(SHAPES)) issuers.push(await startIssuer(shape, `${url}/sign-in/${shape}/callback`));
    const provider = (shape, at) =>
      `[[identity.provider]]\nid = "${shape}"\nkind = "${shape}"\nissuer = "${issuers[at].issuer}"\n` +
      `client_id = "${CLIENT.id}"\nclient_secret = "${CLIENT.secret}"\n`;
    return Object.keys(SHAPES).map(provider).join('\n');
  };
  [portal, browser] = await Promise.all([startPortal({}, configure), launch()]);
});
after(async () => {
  await browser?.close();
  await portal?.stop();
  await Promise.all(issuers.map((issuer) => issuer.stop()));
});

const path = (page) => new URL(page.url()).pathname;

for (const [shape, label] of Object.entries(SHAPES)) {
  for (const scripts of [true, false]) {
    test(`${label}, scripts ${scripts ? 'on' : 'off'}`, async (t) => {
      const context = await newContext(browser, { scripts });
      t.after(() => context.close());
      const page = await context.newPage();
      const login = scripts ? 'alice' : 'bob';

      await page.goto(`${portal.url}/t`);
      assert.equal(path(page), '/sign-in');
      await page.getByRole('link', { name: `Continue with ${label}` }).click();
      await signInThere(page, login);
      await page.waitForURL(`${portal.url}/t`);
      assert.match(await page.content(), new RegExp(`${login}@acme\\.example`));
      const cookie = (await context.cookies()).find(({ name }) => name === 'innkeeper');
      assert.deepEqual([cookie.httpOnly, cookie.sameSite], [true, 'Lax']);

      // Once more, to be sure it is them: the issuer asks anew although they are signed in there.
      await page.goto(`${portal.url}/sign-in?return=/t`);
      const ways = await page.getByRole('link', { name: /^Continue with/ }).allTextContents();
      assert.deepEqual([ways.length, ways[0]], [2, `Continue with ${label}`], 'the one used last comes first');
      await page.getByRole('link', { name: `Continue with ${label}` }).click();
      await signInThere(page, login);
      await page.waitForURL(`${portal.url}/t`);

      // Somebody else cannot show that. The issuer forgets the first, since it needs scripts to change from one to another.
      await context.clearCookies({ domain: 'localhost' });
      await page.goto(`${portal.url}/sign-in?return=/t`);
      await page.getByRole('link', { name: `Continue with ${label}` }).click();
      await signInThere(page, scripts ? 'bob' : 'alice');
      await page.getByText(/^Sign-in failed: /).waitFor();
      assert.match(await page.getByText('Code:').textContent(), /subject/);
      await page.goto(`${portal.url}/t`);
      assert.equal(path(page), '/t', 'who was signed in still is');

      // Out here, and then there.
      await page.locator('.menu-pop summary').click();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
      await page.getByRole('link', { name: `Sign out of ${label} too` }).click();
      await page.getByRole('button', { name: 'Yes, sign me out' }).click();
      await page.waitForURL(`${portal.url}/`);
    });

    test(`${label}, scripts ${scripts ? 'on' : 'off'}: who signs out there is signed out here`, async (t) => {
      const context = await newContext(browser, { scripts });
      t.after(() => context.close());
      const page = await context.newPage();
      await page.goto(`${portal.url}/sign-in?return=/t`);
      await page.getByRole('link', { name: `Continue with ${label}` }).click();
      await signInThere(page, 'alice');
      await page.waitForURL(`${portal.url}/t`);
      await page.goto(issuers[Object.keys(SHAPES).indexOf(shape)].end);
      await page.getByRole('button', { name: 'Yes, sign me out' }).click();
      await page.waitForLoadState();
      await page.goto(`${portal.url}/t`);
      assert.equal(path(page), '/sign-in');
    });
  }

  test(`${label}: who does not sign in there is told what to do`, async (t) => {
    const context = await newContext(browser, { scripts: false });
    t.after(() => context.close());
    const page = await context.newPage();
    await page.goto(`${portal.url}/sign-in`);
    await page.getByRole('link', { name: `Continue with ${label}` }).click();
    await page.getByRole('button', { name: 'Not now' }).click();
    await page.getByText(`Sign-in failed: ${label}`).waitFor();
    assert.match(await page.getByText('Code:').textContent(), /declined/);
    await page.getByRole('link', { name: `Continue with ${label}` }).waitFor();
  });
}
