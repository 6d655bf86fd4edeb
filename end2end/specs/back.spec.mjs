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
    /** Goes back; answers the address it came to. */
    async back() {
      const { entries, currentIndex } = await devtools.send('Page.getNavigationHistory');
      const { id, url } = entries[currentIndex - 1];
      await devtools.send('Page.navigateToHistoryEntry', { entryId: id });
      await until(`the way back to ${url}`, 30, async () => {
        const there = await ask('location.href + document.readyState').catch(() => '');
        return there === `${url}complete`;
      });
      return new URL(url).pathname;
    },
  };
}

// Without the script nothing is asked for in the background, which alone would make Chromium forget the page.
for (const scripts of [true, 'empty', false]) {
  test(`"Back" does not bring confirmed passwords back, scripts ${scripts}`, async (t) => {
    const context = await newContext(browser, { scripts });
    t.after(() => context.close());
    const page = await context.newPage();
    const email = `jane@${String(scripts)}.example`;
    const name = await visitor.openCredentials(page, portal, email, 'Acme Robotics');
    const password = new URL((await visitor.formats(page)).uri).password;
    const eyes = await look(page);
    assert.ok((await eyes.html()).includes(password));
    await visitor.press(page, 'I have saved them');
    await page.waitForURL(`${portal.url}/t/${name}`);
    assert.equal(await eyes.back(), `/t/${name}/handoff`);
    const html = await eyes.html();
    assert.ok(!html.includes(password), 'the password is on the page');
    assert.ok(html.includes('The credentials are saved'), 'what the page says now');
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
  await eyes.back();
  assert.ok(!(await eyes.html()).includes('ola@acme.example'), 'the account is on the page');
});
