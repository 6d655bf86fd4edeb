// From the first page to a psql that answers, as a newcomer walks it: four times, with scripts on and off, on a
// desk and on a phone.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';
import { launch, newContext, watch } from '../support/browser.mjs';
import { folderFor } from '../support/files.mjs';
import { startPortal } from '../support/portal.mjs';
import { whoIs } from '../support/psql.mjs';
import { until } from '../support/until.mjs';
import * as visitor from '../support/visitor.mjs';

let portal;
let browser;
before(async () => {
  [portal, browser] = await Promise.all([startPortal(), launch()]);
});
after(async () => {
  await browser?.close();
  await portal?.stop();
});

const JOURNEYS = [
  { scripts: true, width: 1440, by: 'link' },
  { scripts: true, width: 390, by: 'code' },
  { scripts: false, width: 1440, by: 'code' },
  { scripts: false, width: 390, by: 'link' },
];

for (const { scripts, width, by } of JOURNEYS) {
  test(`from / to psql, scripts ${scripts ? 'on' : 'off'}, ${width} px, by ${by}`, async (t) => {
    const context = await newContext(browser, { scripts, width });
    t.after(() => context.close());
    const seen = watch(context, portal);
    const page = await context.newPage();
    const email = `jane.${scripts ? 'on' : 'off'}.${width}@acme.example`;

    await visitor.signUp(page, portal, email, by);
    await checkWizard(page);
    await visitor.wish(page, portal, 'Acme Robotics');
    await checkProposal(page);
    // Held up half-way: there must be something to watch.
    const goOn = await portal.holdSetUps();
    t.after(goOn);
    const name = await visitor.create(page, portal);
    assert.match(name, /^acme_[a-z2-9]{6}$/);
    await watchSetup(page, portal, scripts, goOn);
    await visitor.awaitHandoff(page, portal, name);
    await visitor.expectHeading(page, 'is ready');
    assert.equal((await page.content()).includes('postgresql://'), false, 'shown before it was revealed');
    await visitor.reveal(page);

    const texts = await visitor.formats(page);
    const folder = folderFor(t);
    await checkBundle(page, folder, name, texts);
    // As the guide says for who has no way to the portal.
    const place = { folder, home: folderFor(t) };
    fs.mkdirSync(`${place.home}/.postgresql`);
    fs.copyFileSync(`${folder}/${name}/ca.crt`, `${place.home}/.postgresql/root.crt`);
    await t.test('psql answers as each role', async () => {
      for (const [role, uri] of [['app', texts.uri], ['owner', texts.owner], ['readonly', texts.readonly]]) {
        assert.equal(await whoIs(place, uri), `${name}_${role}|t`);
      }
    });
    await t.test('the page shows the first connection', async () => {
      const said = page.getByText('First connection seen');
      // With scripts it comes by itself, else with each new look.
      if (scripts) await said.waitFor({ timeout: 90_000 });
      else {
        await until('the first connection to be seen', 90, async () => {
          await page.getByRole('link', { name: 'Check now' }).click({ timeout: 5_000 }).catch(() => {});
          return (await said.count()) > 0;
        });
      }
      assert.match(await page.locator('#first-connection').innerText(), /127\.0\.0\.1/);
    });
    if (scripts) await checkCopying(page, context, portal, texts);

    await visitor.press(page, 'I have saved them');
    await page.waitForURL(`${portal.url}/t/${name}`);
    await page.getByText('Saved. Our encrypted copy of the passwords is deleted.').waitFor();
    await t.test('the credentials are not shown again', () => checkGone(page, portal, name, texts));
    await checkSignOut(page, portal, name);
    seen.assertNone('on the way');
  });
}

/** Step 2 as it is offered: only the organisation is missing. */
async function checkWizard(page) {
  assert.equal(await page.getByLabel('Organisation').inputValue(), '');
  assert.equal(await page.getByLabel('Database name').inputValue(), 'acme', 'suggested by the address');
  assert.equal((await page.getByLabel('Allowed IP addresses').inputValue()).trim(), '127.0.0.1');
  assert.equal(await page.locator('input[name=plan]:checked').getAttribute('value'), 'starter');
  assert.equal(await page.locator('input[name=region]:checked').count(), 1);
  assert.equal(await page.locator('input[name=allow_any]').isChecked(), false);
}

async function checkProposal(page) {
  const text = await page.getByRole('main').innerText();
  for (const part of ['Acme Robotics', 'acme', 'Starter', '127.0.0.1', 'pgcrypto']) {
    assert.ok(text.includes(part), `${part} in ${text}`);
  }
}

/** The set-up tells how it goes on: by itself where scripts run, by loading again where they do not. */
async function watchSetup(page, portal, scripts, goOn) {
  const step = (state, text) => page.locator(`.timeline [data-state=${state}]`).filter({ hasText: text });
  await step('running', 'Open network access').waitFor();
  assert.equal(await step('done', 'Create database').count(), 1);
  assert.equal(await page.locator('meta[http-equiv=refresh]').count(), scripts ? 0 : 1, 'who loads it again');
  if (scripts) await page.evaluate(() => (window.sameDocument = true));
  // The next step waits in its turn: otherwise all is over before there was anything to see.
  const finish = await portal.holdSetUps('sealed_secret');
  try {
    await goOn();
    await step('done', 'Open network access').waitFor();
    if (scripts) assert.equal(await page.evaluate(() => window.sameDocument), true, 'without loading it again');
  } finally {
    await finish();
  }
}

async function checkBundle(page, folder, name, texts) {
  const bundle = await visitor.downloadBundle(page, folder);
  assert.equal(bundle.name, `${name}.zip`);
  const files = ['ca.crt', '.env', 'credentials.json', 'pg_service.conf', 'README.md'];
  assert.deepEqual(bundle.entries, Object.fromEntries(files.map((file) => [`${name}/${file}`, '0o600'])));
  const read = (file) => fs.readFileSync(`${folder}/${name}/${file}`, 'utf8');
  assert.equal(read('.env').trimEnd(), texts.env);
  const { host, port, database, roles } = JSON.parse(read('credentials.json'));
  assert.equal(database, name);
  assert.deepEqual(Object.keys(roles).sort(), ['app', 'owner', 'readonly']);
  for (const [role, uri] of [['app', texts.uri], ['owner', texts.owner], ['readonly', texts.readonly]]) {
    assert.equal(roles[role].uri, uri);
    assert.equal(roles[role].user, `${name}_${role}`);
    assert.ok(uri.startsWith(`postgresql://${roles[role].user}:${roles[role].password}@${host}:${port}/${database}?`));
    assert.ok((await page.getByRole('main').innerText()).includes(roles[role].password), 'the table has it too');
  }
  assert.match(read('ca.crt'), /^-----BEGIN CERTIFICATE-----/);
  assert.match(read('README.md'), /psql/);
}

/** The copy button puts the element's text on the clipboard, to the letter. */
async function checkCopying(page, context, portal, texts) {
  await page.getByRole('button', { name: 'Copy URI', exact: true }).click();
  await page.getByRole('button', { name: /^Copied/ }).waitFor();
  // No page may read the clipboard, so it is pasted.
  const elsewhere = await context.newPage();
  await elsewhere.goto(`${portal.url}/sign-up/database`);
  const field = elsewhere.getByLabel('Allowed IP addresses');
  await field.fill('');
  await field.press('Control+V');
  assert.equal(await field.inputValue(), texts.uri);
  await elsewhere.close();
}

/** No way leads back to the passwords: not the address, not the button "Back". */
async function checkGone(page, portal, name, texts) {
  const password = new URL(texts.uri).password;
  assert.ok(password.length >= 20, 'a password');
  const isGone = async (where) => {
    const html = await page.content();
    assert.ok(!html.includes(password) && !html.includes('data-format'), where);
  };
  await isGone('overview');
  await page.goBack();
  await visitor.expectHeading(page, 'Credentials for');
  await isGone('the button "Back"');
  await page.goto(`${portal.url}/t/${name}/handoff`);
  await page.getByText('Credentials saved').waitFor();
  await isGone('handoff');
  await page.goto(`${portal.url}/t/${name}/connect`);
  assert.ok(!(await page.content()).includes(password), 'connect');
}

async function checkSignOut(page, portal, name) {
  await page.goto(`${portal.url}/`);
  await page.waitForURL(`${portal.url}/t/${name}`);
  await page.locator('summary').filter({ hasText: 'Your account' }).click();
  await visitor.press(page, 'Sign out');
  await page.waitForURL(`${portal.url}/`);
  await page.getByRole('main').getByRole('link', { name: 'Create a database' }).first().waitFor();
  await page.goto(`${portal.url}/t/${name}`);
  await page.waitForURL(/\/sign-in\?return=/);
}
