// Signing in by GitHub, from its stand-in on another site.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, newContext } from '../support/browser.mjs';
import { signInThere, startGitHub } from '../support/github.mjs';
import { startPortal } from '../support/portal.mjs';
import * as visitor from '../support/visitor.mjs';

let github;
let portal;
let browser;
before(async () => {
  github = await startGitHub();
  const provider = (id, label, client) =>
    `[[identity.provider]]\nid = "${id}"\nkind = "github"\nissuer = "${github.site}"\napi = "${github.api}"\n` +
    `label = "${label}"\nclient_id = "${client}"\nclient_secret = "of-the-tests"\n` +
    'scopes = ["read:user", "user:email", "read:org"]\n';
  const configure = () => provider('github', 'GitHub', 'portal') + provider('broken', 'Wrong key', 'fail-client-id');
  [portal, browser] = await Promise.all([startPortal({}, configure), launch()]);
});
after(async () => {
  await browser?.close();
  await portal?.stop();
  await github?.stop();
});

const path = (page) => new URL(page.url()).pathname;
const main = (page) => page.getByRole('main');

async function isRefused(page, label, reason) {
  await page.getByText(`Sign-in failed: ${label}`).waitFor();
  assert.equal((await page.getByText('Code:').textContent()).trim(), `Code: ${reason}`);
  await page.goto(`${portal.url}/t`);
  assert.equal(path(page), '/sign-in', 'nobody is signed in');
}

for (const scripts of [true, false]) {
  const how = scripts ? 'scripts on' : 'scripts off';
  const open = async (t) => {
    const context = await newContext(browser, { scripts });
    t.after(() => context.close());
    return context.newPage();
  };
  /** From the sign-in page to GitHub's. */
  const leave = async (page, label = 'GitHub') => {
    await page.goto(`${portal.url}/t`);
    assert.equal(path(page), '/sign-in');
    await page.getByRole('link', { name: `Continue with ${label}` }).click();
  };

  test(`signs in and comes to where it was going, ${how}`, async (t) => {
    const address = `ann.${scripts ? 'on' : 'off'}@acme.example`;
    const accounts = () => portal.sql(`select count(*) from account where email = '${address}'`);
    for (const _ of ['new', 'again']) {
      const page = await open(t);
      await leave(page);
      await signInThere(page, address);
      await page.waitForURL(`${portal.url}/t`);
      await page.goto(`${portal.url}/account`);
      await main(page).getByText(address).first().waitFor();
      assert.equal(accounts(), '1', 'who comes again is the same person');
    }
    assert.match(portal.sql(`select issuer || ' ' || subject from identity where address = '${address}'`), /^http:\S+ \d+$/);
  });

  test(`an address that GitHub has not verified is refused, ${how}`, async (t) => {
    const page = await open(t);
    await leave(page);
    await signInThere(page, 'unverified@acme.example');
    await isRefused(page, 'GitHub', 'address');
    assert.equal(portal.sql("select count(*) from account where email like 'unverified%'"), '0');
  });

  test(`a code that GitHub did not give is refused, ${how}`, async (t) => {
    const page = await open(t);
    await leave(page);
    await page.getByRole('heading', { name: 'GitHub' }).waitFor();
    const state = new URL(page.url()).searchParams.get('state');
    await page.goto(`${portal.url}/sign-in/github/callback?state=${state}&code=junk`);
    await isRefused(page, 'GitHub', 'code');
  });

  test(`a portal that GitHub does not know gets nobody, ${how}`, async (t) => {
    const page = await open(t);
    await leave(page, 'Wrong key');
    await signInThere(page, 'ann@acme.example');
    await isRefused(page, 'Wrong key', 'declined');
    // Nor does it with a code, which only a known portal could redeem.
    await leave(page, 'Wrong key');
    const state = new URL(page.url()).searchParams.get('state');
    const code = Buffer.from(JSON.stringify({ email: 'ann@acme.example', scope: 'user:email' })).toString('base64url');
    await page.goto(`${portal.url}/sign-in/broken/callback?state=${state}&code=${code}`);
    await isRefused(page, 'Wrong key', 'code');
  });

  test(`is added to an account that came by mail, and removed again, ${how}`, async (t) => {
    const mail = `joe.${scripts ? 'on' : 'off'}@acme.example`;
    const there = `hub.${scripts ? 'on' : 'off'}@other.example`;
    const desk = await open(t);
    await visitor.signUp(desk, portal, mail);
    await desk.goto(`${portal.url}/account`);
    await desk.getByRole('link', { name: 'Add GitHub' }).click();
    await signInThere(desk, there);
    await desk.waitForURL(`${portal.url}/account`);
    await main(desk).getByText(there).first().waitFor();

    // Another browser comes in by it, into the same account.
    const phone = await open(t);
    await leave(phone);
    await signInThere(phone, there);
    await phone.waitForURL(`${portal.url}/t`);
    await phone.goto(`${portal.url}/account`);
    await main(phone).getByText(mail).first().waitFor();

    const line = desk.getByRole('listitem').filter({ hasText: there });
    await line.getByRole('button', { name: /^Remove/ }).click();
    await desk.getByText('The sign-in method was removed').waitFor();
    assert.equal(await main(desk).getByText(there).count(), 0);
    await phone.goto(`${portal.url}/account`);
    assert.equal(path(phone), '/sign-in', 'who came by it is signed out at once');
    await desk.goto(`${portal.url}/account`);
    assert.equal(path(desk), '/account', 'who came by mail is not');

    // The person there is somebody new now.
    await leave(phone);
    await signInThere(phone, there);
    await phone.waitForURL(`${portal.url}/t`);
    await phone.goto(`${portal.url}/account`);
    await main(phone).getByText(there).first().waitFor();
    assert.equal(await main(phone).getByText(mail).count(), 0);
  });

  test(`people of a team join and leave, ${how}`, async (t) => {
    const [own, member] = [`own.${scripts ? 'on' : 'off'}@acme.example`, `dev.${scripts ? 'on' : 'off'}@acme.example`];
    const [login, number] = scripts ? ['acme-on', 7] : ['acme-off', 8];
    const ops = { number: 70 + number, name: 'Operations' };
    github.teams[login] = [ops, { number: 60, name: 'Web' }];
    const jane = await open(t);
    await visitor.signUp(jane, portal, own);
    await jane.goto(`${portal.url}/sign-up/database`);
    await visitor.wish(jane, portal, `Acme ${how}`);
    const name = await visitor.create(jane, portal);
    await visitor.awaitHandoff(jane, portal, name);
    await jane.goto(`${portal.url}/t/${name}/settings/identity`);
    await jane.getByLabel('GitHub organisation', { exact: true }).fill('no such/name');
    await visitor.press(jane, 'Add organisation');
    await jane.getByText('This is not the name of a GitHub organisation').first().waitFor();
    await jane.getByLabel('GitHub organisation', { exact: true }).fill(login);
    await visitor.press(jane, 'Add organisation');

    // She owns it only the second time.
    const show = async () => {
      await jane.getByRole('link', { name: `Verify ownership ${login}` }).click();
      await signInThere(jane, own);
    };
    await show();
    await jane.getByText('Ownership was not verified').waitFor();
    assert.equal(await jane.getByLabel('Organisation or team').count(), 0);
    github.belongs[own] = [{ number, login, role: 'admin', teams: [] }];
    await show();
    await jane.getByText('Verified by its owner').waitFor();
    await jane.getByLabel('Organisation or team').selectOption({ label: `${login}: Operations` });
    await jane.getByLabel('Role for members').selectOption('developer');
    await visitor.press(jane, 'Add mapping');
    await jane.getByRole('listitem').filter({ hasText: `${login}: Operations` }).waitFor();

    // Bob is none of the team, then one of it, then none again.
    for (const [teams, status] of [[[], 404], [[ops], 200], [[], 404]]) {
      github.belongs[member] = [{ number, login, role: 'member', teams }];
      const bob = await open(t);
      await leave(bob);
      await signInThere(bob, member);
      await bob.waitForURL(`${portal.url}/t`);
      assert.equal(await main(bob).getByText(name).count() > 0, status === 200);
      assert.equal((await bob.goto(`${portal.url}/t/${name}`)).status(), status);
    }
    await visitor.press(jane, `Remove ${login}`);
    await jane.getByText('Removed.').waitFor();
    assert.equal(await jane.getByText('Verified by its owner').count(), 0);
  });
}
