// Staff: by a group at a real issuer, and by a link of whoever has the machine.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, newContext } from '../support/browser.mjs';
import { CLIENT, signInThere, startIssuer } from '../support/issuer.mjs';
import { STAFF_LINK, startPortal } from '../support/portal.mjs';
import * as visitor from '../support/visitor.mjs';

let issuer;
let grouped;
let trial;
let browser;
before(async () => {
  const configure = async (url) => {
    issuer = await startIssuer('authentik', `${url}/sign-in/authentik/callback`);
    return `[[identity.provider]]\nid = "authentik"\nkind = "authentik"\nissuer = "${issuer.issuer}"\n` +
      `client_id = "${CLIENT.id}"\nclient_secret = "${CLIENT.secret}"\nstaff_groups = { operator = ["db-team"] }\n`;
  };
  [grouped, trial, browser] = await Promise.all([startPortal({}, configure), startPortal(), launch()]);
});
after(async () => {
  await browser?.close();
  await Promise.all([grouped?.stop(), trial?.stop()]);
  await issuer?.stop();
});

async function newPage(t, scripts) {
  const context = await newContext(browser, { scripts });
  t.after(() => context.close());
  return context.newPage();
}

const openMenu = (page) => page.locator('.menu-pop summary').click();
const staffLink = (page) => page.getByRole('link', { name: 'Staff', exact: true });

/** For this browser there is no page of staff, and nothing that leads there. */
async function isNobody(page, portal) {
  await page.goto(`${portal.url}/account`);
  if (new URL(page.url()).pathname === '/account') {
    await openMenu(page);
    assert.equal(await staffLink(page).count(), 0);
  }
  const answer = await page.goto(`${portal.url}/staff`);
  assert.equal(answer.status(), 404);
  await visitor.expectHeading(page, 'Page not found');
}

for (const scripts of [true, false]) {
  const how = `scripts ${scripts ? 'on' : 'off'}`;

  test(`by a group, ${how}`, async (t) => {
    assert.doesNotMatch(grouped.log, STAFF_LINK, 'no link is needed');
    for (const [login, isStaff] of [['alice', false], ['carol', true]]) {
      const page = await newPage(t, scripts);
      await page.goto(`${grouped.url}/sign-in?return=/t`);
      await page.getByRole('link', { name: 'Continue with Authentik' }).click();
      await signInThere(page, login);
      await page.waitForURL(`${grouped.url}/t`);
      if (!isStaff) {
        await isNobody(page, grouped);
        continue;
      }
      await openMenu(page);
      await staffLink(page).click();
      await visitor.expectHeading(page, 'Staff');
      const row = page.getByRole('listitem').filter({ hasText: 'carol@acme.example' });
      await row.getByText('Operator (group of Authentik).').waitFor();
      await row.getByText('Carol Clark').waitFor();
      await page.getByRole('searchbox').fill('nobody');
      await visitor.press(page, 'Search');
      await page.getByRole('heading', { name: 'No results' }).waitFor();
      await page.getByRole('link', { name: 'Show all staff' }).click();
      await row.waitFor();
    }
  });

  test(`by a link, ${how}`, async (t) => {
    const [first] = STAFF_LINK.exec(trial.log) ?? assert.fail(trial.log);
    const link = scripts ? first : trial.staffLink('viewer');
    const email = `${scripts ? 'jane' : 'ola'}@acme.example`;
    const [page, other] = [await newPage(t, scripts), await newPage(t, scripts)];
    await page.goto(link);
    await visitor.expectHeading(page, 'Sign in first');
    await isNobody(page, trial);
    await visitor.signUp(page, trial, email);
    await isNobody(page, trial);
    await page.goto(link);
    await page.getByText(scripts ? 'Approver' : 'Viewer', { exact: true }).waitFor();
    await visitor.press(page, 'Accept staff role');
    await page.waitForURL(`${trial.url}/staff`);
    await page.getByText('You are now staff.').waitFor();
    await page.getByRole('listitem').filter({ hasText: email }).getByText('(invite link)').waitFor();

    await visitor.signUp(other, trial, `joe-${scripts}@acme.example`);
    await other.goto(link);
    await visitor.expectHeading(other, 'This link does not work');
    await isNobody(other, trial);

    trial.run('staff', 'remove', email);
    await isNobody(page, trial);
  });
}
