// A mailbox as one more way into an account, and what is told of changes by mail.
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
  test(`a mailbox is added, by ${scripts ? 'link, scripts on' : 'code, scripts off'}`, async (t) => {
    const [mine, others] = await Promise.all([newContext(browser, { scripts }), newContext(browser, { scripts })]);
    t.after(() => Promise.all([mine.close(), others.close()]));
    const [page, other] = await Promise.all([mine.newPage(), others.newPage()]);
    const [own, more, taken] = ['own', 'more', 'taken'].map((name) => `${name}-${scripts}@acme.example`);
    await visitor.signUp(other, portal, taken);
    await visitor.signUp(page, portal, own);
    const ask = async (email) => {
      const known = portal.mails();
      await page.goto(`${portal.url}/account`);
      await page.getByLabel('Add an e-mail address').fill(email);
      await visitor.press(page, 'Send verification e-mail');
      if (!email.includes('@')) return undefined;
      await visitor.expectHeading(page, 'Check your e-mail');
      return portal.mail(email, known);
    };
    await ask('nobody at acme');
    await page.getByRole('heading', { name: 'There is a problem' }).waitFor();
    assert.equal(await page.getByLabel('Add an e-mail address').inputValue(), 'nobody at acme');

    const mail = await ask(more);
    await other.goto(mail.link);
    await visitor.expectHeading(other, 'Open the link in the browser you started in');
    const before = portal.mails();
    if (scripts) await page.goto(mail.link);
    else await page.getByLabel('Six-digit code').fill(mail.code);
    await visitor.press(page, 'Verify e-mail');
    await page.waitForURL(`${portal.url}/account`);
    await page.getByText('The e-mail address was added to your sign-in methods.').waitFor();
    const told = await portal.mail(own, before);
    assert.match(told.subject, /was changed/);
    assert.ok(told.text.includes(`${more} was added to the`), told.text);

    // It is the same account by either.
    await other.context().clearCookies();
    await other.goto(`${portal.url}/sign-in?return=/account`);
    const known = portal.mails();
    await other.getByLabel('E-mail address').fill(more);
    await visitor.press(other, 'Continue');
    await other.getByLabel('Six-digit code').fill((await portal.mail(more, known)).code);
    await visitor.press(other, 'Verify e-mail');
    await other.waitForURL(`${portal.url}/account`);
    await other.getByRole('main').getByText(own).first().waitFor();

    const another = await ask(taken);
    await page.getByLabel('Six-digit code').fill(another.code);
    await visitor.press(page, 'Verify e-mail');
    await page.getByText('The e-mail address was not added').waitFor();
    await page.getByText('It already belongs to another account here.').waitFor();
  });
}
