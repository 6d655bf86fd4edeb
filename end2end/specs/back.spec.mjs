// The button "Back" in a browser that keeps left pages in memory, which `no-store` does not forbid Chromium.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, newContext } from '../support/browser.mjs';
import { startPortal } from '../support/portal.mjs';
import { until } from '../support/until.mjs';
import * as visitor from '../support/visitor.mjs';

let portal;
let browser;
before(async () => {
  [portal, browser] = await Promise.all([startPortal(), launch({ remembering: true })]);
});
after(async () => {
  await browser?.close();
  await portal?.stop();
});

/** A browser's own view of a page: Playwright waits for loads, and a page from memory does not load. */
async function look(page) {
  const devtools = await page.context().newCDPSession(page);
  const ask = async (expression) => (await devtools.send('Runtime.evaluate', { expression })).result.value;
  return {
    html: () => ask('document.documentElement.outerHTML'),
    /** Goes back; answers the path it came to. */
    async back() {
      const { entries, currentIndex } = await devtools.send('Page.getNavigationHistory');
      await devtools.send('Page.navigateToHistoryEntry', { entryId: entries[currentIndex - 1].id });
      const left = new URL(entries[currentIndex].url).pathname;
      return until('another page', 30, async () => {
        const there = await ask("document.readyState === 'complete' && location.pathname").catch(() => false);
        return there !== left && there;
      });
    },
  };
}

// With scripts the page asks for news in the background, which alone makes Chromium forget it.
for (const scripts of [true, false]) {
  test(`"Back" does not bring confirmed passwords back, scripts ${scripts ? 'on' : 'off'}`, async (t) => {
    const context = await newContext(browser, { scripts });
    t.after(() => context.close());
    const page = await context.newPage();
    const email = `jane@${scripts ? 'on' : 'off'}.example`;
    const name = await visitor.openCredentials(page, portal, email, 'Acme Robotics');
    const password = new URL((await visitor.formats(page)).uri).password;
    const eyes = await look(page);
    assert.ok((await eyes.html()).includes(password));
    await visitor.press(page, 'I have saved them');
    await page.waitForURL(`${portal.url}/t/${name}`);
    assert.equal(await eyes.back(), `/t/${name}/handoff`);
    const html = await eyes.html();
    assert.ok(!html.includes(password), 'the password is on the page');
    assert.ok(html.includes('Credentials saved'), 'what the page says now');
  });
}

test('"Back" shows nothing of an account that was signed out', async (t) => {
  const context = await newContext(browser, { scripts: false });
  t.after(() => context.close());
  const page = await context.newPage();
  await visitor.signUp(page, portal, 'ola@acme.example');
  await page.goto(`${portal.url}/t`);
  const eyes = await look(page);
  assert.ok((await eyes.html()).includes('ola@acme.example'));
  await page.locator('summary').filter({ hasText: 'Your account' }).click();
  await visitor.press(page, 'Sign out');
  await page.waitForURL(`${portal.url}/`);
  assert.equal(await eyes.back(), '/sign-in');
  assert.ok(!(await eyes.html()).includes('ola@acme.example'), 'the account is on the page');
});
