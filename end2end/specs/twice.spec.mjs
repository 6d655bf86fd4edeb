// A button that is pressed more than once: the browser gives the earlier answers up, and is signed in all the same.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, newContext } from '../support/browser.mjs';
import { startPortal } from '../support/portal.mjs';
import { until } from '../support/until.mjs';
import { askToSignUp } from '../support/visitor.mjs';

const ROUNDS = 10;

let portal;
let browser;

before(async () => {
  portal = await startPortal();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await portal?.stop();
});

for (const scripts of [true, false]) {
  for (const clicks of [2, 5]) {
    test(`${clicks} clicks on "Verify e-mail", scripts ${scripts ? 'on' : 'off'}`, async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const context = await newContext(browser, { scripts });
        const page = await context.newPage();
        const email = `jane${clicks}${scripts}${round}@acme.example`;
        await askToSignUp(page, portal, email);
        const mail = await portal.mail(email);
        if (round % 2 === 0) await page.goto(mail.link);
        else await page.getByLabel('Six-digit code').fill(mail.code);
        await page.getByRole('button', { name: 'Verify e-mail', exact: true }).click({
          clickCount: clicks,
          delay: round % 3,
          noWaitAfter: true,
        });
        // Navigations that are given up are no failure here, as they are for `waitForURL`.
        await until('the next page', 30, async () => new URL(page.url()).pathname === '/sign-up/database');
        const other = await context.newPage();
        await other.goto(`${portal.url}/account`);
        assert.equal(new URL(other.url()).pathname, '/account', `round ${round}`);
        await context.close();
      }
    });
  }
}
