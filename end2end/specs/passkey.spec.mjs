// Passkeys, with an authenticator of Chromium's own: made, used to sign in and to show that it is still them, refused.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, newContext, watch } from '../support/browser.mjs';
import { addAuthenticator, askInstead } from '../support/passkeys.mjs';
import { startPortal } from '../support/portal.mjs';
import * as visitor from '../support/visitor.mjs';

let portal;
let browser;
before(async () => {
  [portal, browser] = await Promise.all([startPortal({}, undefined, 'localhost'), launch()]);
});
after(async () => {
  await browser?.close();
  await portal?.stop();
});

const path = (page) => new URL(page.url()).pathname;

/** A browser of its own, with an authenticator. */
async function open(t) {
  const context = await newContext(browser);
  t.after(() => context.close());
  const seen = watch(context, portal);
  const page = await context.newPage();
  return { context, page, seen, device: await addAuthenticator(page) };
}

/** Somebody with an account and a passkey, signed in by mail. */
async function openWithPasskey(t, email) {
  const world = await open(t);
  await visitor.signUp(world.page, portal, email);
  await addPasskey(world.page, 'Laptop');
  return world;
}

async function addPasskey(page, name) {
  await page.goto(`${portal.url}/account`);
  await visitor.press(page, 'Add a passkey');
  await visitor.expectHeading(page, 'Add a passkey');
  await page.getByLabel('Name').fill(name);
  await visitor.press(page, 'Create passkey');
  await page.getByText('The passkey was added').waitFor();
  assert.equal(path(page), '/account');
}

async function signOut(page) {
  await page.locator('.menu-pop summary').click();
  await visitor.press(page, 'Sign out');
  await page.waitForURL(`${portal.url}/`);
}

/** Presses the one button that it takes. */
async function signIn(page, returnTo = '/t') {
  await page.goto(`${portal.url}/sign-in?return=${returnTo}`);
  await visitor.press(page, 'Sign in with a passkey');
}

/** What the sign-in page says why nobody was let in. */
async function refusedBecause(page) {
  await page.getByText('Sign-in failed: Passkey').waitFor();
  return /Code: (.*)/.exec(await page.getByText('Code:').textContent())[1];
}

const row = (page, name) => page.getByRole('listitem').filter({ hasText: name });
const sessionOf = (page) => page.context().cookies().then((all) => all.find(({ name }) => name === 'innkeeper').value);
const audited = (action) =>
  Number(portal.sql(`select count(*) from audit_event where action = '${action}' and coalesce(detail->>'provider', subject) = 'passkey'`));

/** Has the page answer, but keeps the answer from the portal: the form's fields. */
async function catchAnswer(page) {
  let caught;
  const sent = new Promise((resolve) => (caught = resolve));
  const handler = (route) => {
    caught(Object.fromEntries(new URLSearchParams(route.request().postData())));
    return route.fulfill({ status: 204 });
  };
  await page.route('**/do/use-passkey', handler);
  await signIn(page);
  const fields = await sent;
  await page.unroute('**/do/use-passkey', handler);
  return fields;
}

/** Sends an answer from this browser, with its own token; where that leads. */
async function send(page, fields) {
  await page.goto(`${portal.url}/sign-in`);
  const csrf = await page.locator('input[name=csrf]').first().inputValue();
  const answer = await page.context().request.post(`${portal.url}/do/use-passkey`, {
    form: { ...fields, csrf },
    maxRedirects: 0,
  });
  assert.equal(answer.status(), 303);
  return answer.headers().location;
}

test('a passkey is made, signs in without anything typed, and shows that it is still them', async (t) => {
  const { page, device, seen } = await openWithPasskey(t, 'jane@acme.example');
  const [made] = await device.credentials();
  assert.deepEqual([made.isResidentCredential, made.rpId], [true, 'localhost']);
  await row(page, 'Laptop').getByText('Passkey', { exact: true }).waitFor();
  assert.equal(audited('identity.add'), 1);
  await signOut(page);

  // A page that wants them signed in.
  await page.goto(`${portal.url}/account`);
  assert.equal(path(page), '/sign-in');
  const before = await sessionOf(page);
  await visitor.press(page, 'Sign in with a passkey');
  await page.waitForURL(`${portal.url}/account`);
  assert.notEqual(await sessionOf(page), before, 'a cookie known from before is worth nothing');
  await row(page, 'Laptop').getByText('This browser').waitFor();
  assert.equal(audited('session.sign_in'), 1);

  // A deed that needs a fresh sign-in: the passkey comes first there.
  portal.makeSignInsOld();
  await page.reload();
  await row(page, 'Laptop').getByRole('link', { name: 'Sign in again to remove' }).click();
  assert.equal(await page.locator('main .btn').first().textContent(), 'Sign in with a passkey');
  await visitor.press(page, 'Sign in with a passkey');
  await page.waitForURL(`${portal.url}/account`);
  await row(page, 'Laptop').getByRole('button', { name: 'Remove' }).waitFor();
  assert.equal(audited('session.sign_in'), 2);

  // The same device makes no second one.
  await visitor.press(page, 'Add a passkey');
  await visitor.press(page, 'Create passkey');
  await page.getByText('already has a passkey for your account').waitFor();
  assert.equal(await page.getByLabel('Name').inputValue(), 'Chrome', 'the form is still there');
  seen.assertNone('a life with a passkey');
});

test('who removes a passkey ends what came by it, and it opens nothing any more', async (t) => {
  const mine = await openWithPasskey(t, 'joan@acme.example');
  const there = await open(t);
  const [credential] = await mine.device.credentials();
  await there.device.takeIn(credential);
  await signIn(there.page);
  await there.page.waitForURL(`${portal.url}/t`);

  await mine.page.goto(`${portal.url}/account`);
  await row(mine.page, 'Laptop').getByRole('button', { name: 'Remove' }).click();
  await mine.page.getByText('The sign-in method was removed').waitFor();
  await there.page.goto(`${portal.url}/t`);
  assert.equal(path(there.page), '/sign-in');
  await visitor.press(there.page, 'Sign in with a passkey');
  assert.equal(await refusedBecause(there.page), 'unknown');
  await there.page.getByText('This passkey belongs to no account').waitFor();
  await there.page.goto(`${portal.url}/t`);
  assert.equal(path(there.page), '/sign-in');
});

test('the last way in stays', async (t) => {
  const { page } = await openWithPasskey(t, 'jim@acme.example');
  await signOut(page);
  await signIn(page, '/account');
  await page.waitForURL(`${portal.url}/account`);
  await row(page, 'jim@acme.example').getByRole('button', { name: 'Remove' }).click();
  await page.getByText('The sign-in method was removed').waitFor();
  await row(page, 'Laptop').getByText('Cannot be removed: your only sign-in method').waitFor();
  const form = {
    csrf: await page.locator('input[name=csrf]').first().inputValue(),
    way: `id_${portal.sql("select replace(id::text, '-', '') from identity where provider = 'passkey' and account_id = (select id from account where email = 'jim@acme.example')")}`,
  };
  const answer = await page.context().request.post(`${portal.url}/do/remove-way`, { form });
  assert.match(await answer.text(), /This is your only sign-in method/);
  await signOut(page);
  await signIn(page);
  await page.waitForURL(`${portal.url}/t`);
});

test('a device that does not make sure who holds it lets nobody in', async (t) => {
  const { page, device } = await openWithPasskey(t, 'june@acme.example');
  await signOut(page);
  await device.verifies(false);
  await signIn(page);
  await page.getByText('Nothing was sent').waitFor();
  // The form is still there for another try.
  await device.verifies(true);
  await visitor.press(page, 'Use a passkey');
  await page.waitForURL(`${portal.url}/t`);
  await signOut(page);

  // A browser that leaves it out, whatever it was asked.
  await device.verifies(false);
  await askInstead(page, { userVerification: 'discouraged' });
  await signIn(page);
  assert.equal(await refusedBecause(page), 'unverified');
  await page.goto(`${portal.url}/t`);
  assert.equal(path(page), '/sign-in');
});

test("another account's passkey does not show that it is still them", async (t) => {
  const jack = await openWithPasskey(t, 'jack@acme.example');
  const [his] = await jack.device.credentials();
  const jill = await openWithPasskey(t, 'jill@acme.example');
  await jill.device.clear();
  await jill.device.takeIn(his);
  portal.makeSignInsOld();
  await signIn(jill.page, '/account');
  await jill.page.getByText('Nothing was sent').waitFor();
  await askInstead(jill.page, { allowCredentials: [] });
  await signIn(jill.page, '/account');
  assert.equal(await refusedBecause(jill.page), 'another');
  await jill.page.goto(`${portal.url}/account`);
  await row(jill.page, 'jill@acme.example').waitFor();
  await row(jill.page, 'Laptop').getByRole('link', { name: 'Sign in again to remove' }).waitFor();
});

test('an answer counts once, in the session that was asked', async (t) => {
  const { page, device } = await openWithPasskey(t, 'jean@acme.example');
  const [credential] = await device.credentials();
  await signOut(page);
  const thief = await open(t);
  await thief.device.takeIn(credential);

  const caught = await catchAnswer(page);
  assert.match(await send(thief.page, caught), /reason=state/, 'a browser that was asked nothing');
  await catchAnswer(thief.page);
  assert.match(await send(thief.page, caught), /reason=nonce/, 'a browser that was asked something else');

  // The first answer ends the question, also a bad one.
  const broken = JSON.parse(caught.answer);
  broken.response.authenticatorData = broken.response.authenticatorData.replace(/.$/, (last) => (last === 'A' ? 'E' : 'A'));
  assert.match(await send(page, { ...caught, answer: JSON.stringify(broken) }), /reason=(signature|answer)/);
  assert.match(await send(page, caught), /reason=state/);
  await page.goto(`${portal.url}/t`);
  assert.equal(path(page), '/sign-in');

  // What let in once does not do so twice.
  const right = await catchAnswer(page);
  assert.equal(await send(page, right), '/t');
  assert.match(await send(page, right), /reason=state/);
});

test('a copy of a passkey is found out', async (t) => {
  const { page, device } = await openWithPasskey(t, 'jade@acme.example');
  const [copied] = await device.credentials();
  await signOut(page);
  for (let times = 0; times < 2; times += 1) {
    await signIn(page);
    await page.waitForURL(`${portal.url}/t`);
    await signOut(page);
  }
  const thief = await open(t);
  await thief.device.takeIn(copied);
  await signIn(thief.page);
  assert.equal(await refusedBecause(thief.page), 'counter');
  assert.equal(
    portal.sql("select count(*) from audit_event where action = 'sign_in.refused' and detail->>'reason' = 'counter'"),
    '1',
  );
});

test('where scripts are off the pages say so, and the other ways are there', async (t) => {
  const context = await newContext(browser, { scripts: false });
  t.after(() => context.close());
  const page = await context.newPage();
  // Playwright finds no texts in there.
  const words = page.locator('noscript p');
  await page.goto(`${portal.url}/sign-in`);
  await words.waitFor();
  assert.equal(await page.getByRole('button', { name: 'Sign in with a passkey' }).isVisible(), false);
  await page.getByLabel('E-mail address').waitFor();
  await page.goto(`${portal.url}/sign-in/passkey`);
  await page.getByText('Start again from the sign-in page').waitFor();

  await visitor.signUp(page, portal, 'joy@acme.example');
  await page.goto(`${portal.url}/account`);
  await visitor.press(page, 'Add a passkey');
  await words.waitFor();
  assert.equal(await page.getByRole('button', { name: 'Create passkey' }).isVisible(), false);
  await page.getByRole('link', { name: 'Back to your account' }).click();
  await page.waitForURL(`${portal.url}/account`);
});

test('a page for which it is too late offers to start again', async (t) => {
  const { page } = await open(t);
  await visitor.signUp(page, portal, 'jude@acme.example');
  await page.goto(`${portal.url}/account`);
  await visitor.press(page, 'Add a passkey');
  await visitor.expectHeading(page, 'Add a passkey');
  portal.sql('update passkey_question set expires_at = now()');
  await visitor.press(page, 'Create passkey');
  await page.getByText('Passkey was not added').waitFor();
  await page.goto(`${portal.url}/account/passkey`);
  await visitor.press(page, 'Start again');
  await page.getByLabel('Name').fill('Phone\u202e');
  await visitor.press(page, 'Create passkey');
  await page.getByRole('heading', { name: 'There is a problem' }).waitFor();
  await page.getByLabel('Name').fill('Phone');
  await visitor.press(page, 'Create passkey');
  await row(page, 'Phone').waitFor();
});
