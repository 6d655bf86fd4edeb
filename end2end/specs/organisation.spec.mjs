// The people of an organisation come in by its own issuer, in the shapes of Authentik and of Entra, with its domain shown in
// DNS: set up, tried, enforced, joined, left, and taken away again.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { launch, newContext } from '../support/browser.mjs';
import { startDns } from '../support/dns.mjs';
import { CLIENT, signInThere, startIssuer } from '../support/issuer.mjs';
import { startPortal } from '../support/portal.mjs';
import * as visitor from '../support/visitor.mjs';

const SHAPES = { authentik: 'Authentik', entra: 'Microsoft Entra' };
const ADMINS = { authentik: 'db-admins', entra: '11111111-2222-4333-8444-555555555555' };
const DEVELOPERS = { authentik: 'db-developers', entra: '66666666-7777-4888-8999-aaaaaaaaaaaa' };

let folder;
let portal;
let browser;
let dns;
const issuers = {};
before(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'innkeeper-issuer-'));
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => path.join(folder, name));
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-addext', 'basicConstraints=critical,CA:FALSE', '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const tls = { key: fs.readFileSync(key), cert: fs.readFileSync(cert) };
  for (const shape of Object.keys(SHAPES)) issuers[shape] = await startIssuer(shape, undefined, tls);
  dns = await startDns();
  const configuration = `[identity.customers]\ninner_hosts = ["localhost"]\nca_file = "${cert}"\n` +
    `graph = "${issuers.entra.site}"\ndns = "${dns.address}"\n`;
  [portal, browser] = await Promise.all([startPortal({}, () => configuration), launch()]);
});
after(async () => {
  await browser?.close();
  await portal?.stop();
  await dns?.stop();
  await Promise.all(Object.values(issuers).map((issuer) => issuer.stop()));
  if (folder) fs.rmSync(folder, { recursive: true });
});

const at = (page) => new URL(page.url()).pathname;

/** A browser that trusts the issuer's certificate. */
async function open(t, scripts) {
  const context = await newContext(browser, { scripts, trusting: true });
  t.after(() => context.close());
  return context.newPage();
}

/** A database of an organisation of one's own; its name. */
async function database(page, organisation) {
  await page.goto(`${portal.url}/sign-up/database`);
  await visitor.wish(page, portal, organisation);
  const name = await visitor.create(page, portal);
  await visitor.awaitHandoff(page, portal, name);
  return name;
}

for (const [scripts, shape] of [[true, 'authentik'], [false, 'entra']]) {
  test(`${SHAPES[shape]} of an organisation, scripts ${scripts ? 'on' : 'off'}`, async (t) => {
    const issuer = issuers[shape];
    const { people } = issuer;
    const domain = `${shape}.example`;
    for (const [login, person] of Object.entries(people)) person.email = `${login}@${domain}`;
    people.alice.groups = [ADMINS[shape], 'others'];
    people.bob.groups = [DEVELOPERS[shape]];
    const email = `alice@${domain}`;
    const label = `${shape} SSO`;
    const page = await open(t, scripts);
    await visitor.signUp(page, portal, email);
    const name = await database(page, `Acme ${shape}`);
    const other = await database(page, `Beta ${shape}`);
    const settings = `${portal.url}/o/acme-${shape}/sign-in`;

    await t.test('its issuer is set up', async () => {
      portal.makeSignInsFresh();
      await page.goto(settings);
      await page.getByRole('radio', { name: SHAPES[shape] }).check();
      await page.getByLabel('Button label').fill(label);
      await page.getByLabel('Issuer URL', { exact: true }).fill('https://127.0.0.1:1/');
      await page.getByLabel('Client ID').fill(CLIENT.id);
      await page.getByLabel('Client secret').fill(CLIENT.secret);
      await visitor.press(page, 'Save');
      await page.getByText('no address of the public internet').first().waitFor();
      await page.getByLabel('Issuer URL', { exact: true }).fill(issuer.issuer);
      await page.getByLabel('Client secret').fill(CLIENT.secret);
      await visitor.press(page, 'Save');
      await page.getByText('Saved. Run a test sign-in').waitFor();
      issuer.register(await page.locator('#callback').textContent());
    });

    await t.test('its domain is shown in DNS', async () => {
      await page.getByLabel('Domain', { exact: true }).fill(domain);
      await visitor.press(page, 'Add domain');
      await visitor.press(page, `Verify ${domain}`);
      await page.getByText('The TXT record was not found yet').waitFor();
      await dns.publish(`_innkeeper.${domain}`, await page.locator('#proof-0').textContent());
      await visitor.press(page, `Verify ${domain}`);
      await page.getByText('Domain verified.').waitFor();
    });

    await t.test('groups are given roles, and a trial shows what comes of it', async () => {
      const link = () => page.getByRole('link', { name: 'Test sign-in' }).click();
      await link();
      await signInThere(page, 'alice');
      await page.getByText('you would not be able to sign in').waitFor();
      for (const [group, role] of [[ADMINS[shape], 'admin'], [DEVELOPERS[shape], 'developer']]) {
        await page.getByLabel('Group', { exact: true }).fill(group);
        await page.getByLabel('Role', { exact: true }).selectOption(role);
        await visitor.press(page, 'Add group');
        await page.getByText('Saved. Applies to each person').waitFor();
      }
      await link();
      await page.getByText('you would sign in as Admin').waitFor();
      await page.getByText(ADMINS[shape]).first().waitFor();
      assert.equal(await page.locator('dd', { hasText: email }).count() > 0, true, 'the claims are shown');
    });

    await t.test('it is enforced once the admin has the key, for this organisation and no other', async () => {
      await visitor.press(page, 'Require SSO');
      await page.getByText('Add SSO to your own account first').first().waitFor();
      await page.getByRole('link', { name: 'Add SSO to your account' }).click();
      await page.waitForURL(settings);
      await visitor.press(page, 'Require SSO');
      await page.waitForURL(`${portal.url}/t`);
      await page.getByText(`Acme ${shape} requires ${label}`).waitFor();
      assert.equal(await page.getByText(other).count() > 0, true, 'the other organisation stays open');
      assert.equal(await page.getByText(name, { exact: true }).count(), 0);
      for (const closed of [`/t/${name}`, `/t/${name}/settings/identity`, `/t/${name}/handoff`, `/o/acme-${shape}`, `/o/acme-${shape}/sign-in`]) {
        const answer = await page.goto(portal.url + closed);
        assert.equal(answer.status(), 404, closed);
      }
      await page.goto(`${portal.url}/t`);
      await page.getByRole('link', { name: `Continue with ${label}` }).click();
      await page.waitForURL(`${portal.url}/t`);
      await page.goto(`${portal.url}/t/${name}`);
      assert.equal(at(page), `/t/${name}`);
      assert.equal((await page.goto(`${portal.url}/t/${other}`)).status(), 404, 'it opens nothing of another organisation');
      await page.goto(`${portal.url}/account`);
      await page.getByText(label).first().waitFor();
    });

    let way;
    await t.test('colleagues join by first sign-in, as their groups say, and are led there by their address', async (t) => {
      const bob = await open(t, !scripts);
      await bob.goto(`${portal.url}/sign-in?return=/t`);
      await bob.getByLabel('E-mail address').fill(`bob@${domain}`);
      await visitor.press(bob, 'Continue');
      await bob.getByText(`uses ${label}`).first().waitFor();
      await bob.getByRole('link', { name: `Continue with ${label}` }).click();
      await signInThere(bob, 'bob');
      await bob.waitForURL(`${portal.url}/t`);
      await bob.goto(`${portal.url}/t/${name}`);
      assert.equal(at(bob), `/t/${name}`);
      assert.equal((await bob.goto(settings)).status(), 403, 'a developer is no admin');
      assert.equal((await bob.goto(`${portal.url}/t/${other}`)).status(), 404);

      people.bob.groups = ['others'];
      const again = await open(t, scripts);
      way = portal.sql(`select provider from organisation_identity where label = '${label}'`);
      await again.goto(`${portal.url}/sign-in/${way}?return=/t`);
      assert.equal(at(again), '/sign-in', 'nobody is led there without a press');
      await again.getByRole('link', { name: `Continue with ${label} (localhost` }).click();
      await signInThere(again, 'bob');
      await again.getByText(`Sign-in failed: ${label}`).waitFor();
      assert.match(await again.getByText('Code:').textContent(), /group/);
      await bob.goto(`${portal.url}/t/${name}`);
      assert.equal(at(bob), '/sign-in', 'his other browser is signed out at once');
    });

    await t.test('taken away it opens nothing, and other ways are open again', async () => {
      portal.makeSignInsFresh();
      await page.goto(settings);
      await visitor.press(page, 'Remove SSO');
      await page.waitForURL(/sign-in/);
      await page.goto(`${portal.url}/sign-in/${way}`);
      assert.equal(at(page), '/sign-in');
      assert.equal(await page.getByRole('link', { name: `Continue with ${label}` }).count(), 0);
      await page.goto(`${portal.url}/sign-in?return=/t`);
      const known = portal.mails();
      await page.getByLabel('E-mail address').fill(email);
      await visitor.press(page, 'Continue');
      await page.getByLabel('Six-digit code').fill((await portal.mail(email, known)).code);
      await visitor.press(page, 'Verify e-mail');
      await page.waitForURL(`${portal.url}/t`);
      await page.goto(`${portal.url}/t/${name}`);
      assert.equal(at(page), `/t/${name}`);
    });
  });
}
