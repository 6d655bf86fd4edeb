// An approver finds a proven mail domain and takes it back; the organisation's admin reads why.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, newContext } from '../support/browser.mjs';
import { startPortal } from '../support/portal.mjs';
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

for (const scripts of [true, false]) {
  test(`a domain is taken back, scripts ${scripts ? 'on' : 'off'}`, async (t) => {
    const context = await newContext(browser, { scripts });
    t.after(() => context.close());
    const page = await context.newPage();
    const email = `olga-${scripts}@operator.example`;
    const [admin, domain] = [`jane-${scripts}@acme.example`, `${scripts}.example`];
    await visitor.signUp(page, portal, email);
    portal.sql(`with acme as (insert into organisation (id, name, slug) values (gen_random_uuid(), 'Acme ${scripts}', 'acme-${scripts}') returning id),
        jane as (insert into account (id, email, email_key) values (gen_random_uuid(), '${admin}', '${admin}') returning id),
        joined as (insert into member (organisation_id, account_id, role) select acme.id, jane.id, 'admin' from acme, jane)
      insert into organisation_domain (organisation_id, domain, token, proven_at, proven_by)
        select id, '${domain}', 'x', now(), 'dns' from acme`);
    await page.goto(portal.staffLink('approver'));
    await visitor.press(page, 'Accept staff role');
    await page.waitForURL(`${portal.url}/staff`);
    await page.getByRole('link', { name: 'E-mail domains' }).click();
    await page.getByRole('link', { name: 'Verified' }).click();
    await page.getByRole('searchbox').fill(`acme ${scripts}`);
    await visitor.press(page, 'Search');
    await page.getByText('1 domain', { exact: true }).waitFor();
    await page.getByRole('link', { name: `Revoke ${domain} of Acme ${scripts}` }).click();
    await visitor.expectHeading(page, `Revoke ${domain}`);
    await page.getByText('nobody new can sign in with its SSO').waitFor();
    await visitor.press(page, 'Revoke domain');
    await page.getByText('Enter a reason').first().waitFor();
    await page.getByLabel('Reason').fill('It is for sale.');
    await visitor.press(page, 'Revoke domain');
    await page.getByText(`${domain} was revoked.`).waitFor();
    const mail = await portal.mail(admin);
    assert.match(mail.subject, new RegExp(`${domain} is no longer verified for Acme ${scripts}`));
    assert.ok(mail.text.includes(`${portal.url}/o/acme-${scripts}/sign-in`), mail.text);
    assert.equal(portal.sql(`select count(*) from organisation_domain where domain = '${domain}' and proven_at is null`), '1');
    await page.goto(`${portal.url}/staff/domains/verified?search=${domain}`);
    await page.getByRole('heading', { name: 'No results' }).waitFor();
  });
}
