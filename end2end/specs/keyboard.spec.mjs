// From sign-up to "saved" by keyboard alone: every stop can be seen, and the whole way takes few presses.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, newContext, watch } from '../support/browser.mjs';
import { startPortal } from '../support/portal.mjs';
import * as visitor from '../support/visitor.mjs';

/** Presses besides typing, from the first page to the last. */
const MOST_PRESSES = 60;
const EMAIL = 'jane@acme.example';

let portal;
let browser;
before(async () => {
  [portal, browser] = await Promise.all([startPortal(), launch()]);
});
after(async () => {
  await browser?.close();
  await portal?.stop();
});

/** A keyboard that counts, and looks at each place it gets to. */
class Keyboard {
  presses = 0;

  constructor(page) {
    this.page = page;
  }

  async press(key) {
    this.presses += 1;
    await this.page.keyboard.press(key);
  }

  /** Presses Tab until something of this name has the focus. */
  async to(name) {
    const passed = [];
    for (let stop = 0; stop < 40; stop += 1) {
      await this.press('Tab');
      const place = await this.focused();
      passed.push(place.name);
      assert.ok(place.visible, `the focus on "${place.name}" cannot be seen`);
      if (place.name === name) return;
    }
    assert.fail(`Tab does not lead to ${name}: ${passed.join(', ')}`);
  }

  async type(text) {
    await this.page.keyboard.type(text);
  }

  /** What has the focus: its name in short, and whether one can see that. */
  focused() {
    return this.page.evaluate(() => {
      const place = document.activeElement;
      // Behind the last stop the focus is the browser's own affair.
      if (place === document.body) return { name: '', visible: true };
      const words = (place.labels?.[0] ?? place).cloneNode(true);
      words.querySelectorAll('[aria-hidden=true]').forEach((part) => part.remove());
      const name = place.getAttribute('aria-label') ?? words.textContent;
      const box = place.getBoundingClientRect();
      // A radio button drawn as a tab shows its focus on its label.
      const marked = [place, place.closest('label')].some((element) => {
        const style = element && getComputedStyle(element);
        return style && (style.outlineStyle !== 'none' || style.boxShadow !== 'none');
      });
      const inSight = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
      return { name: name.trim().replace(/\s+/g, ' '), visible: marked && inSight };
    });
  }
}

test('from sign-up to saved by keyboard alone', async (t) => {
  const context = await newContext(browser);
  t.after(() => context.close());
  const seen = watch(context, portal);
  const page = await context.newPage();
  const keys = new Keyboard(page);

  await page.goto(`${portal.url}/`);
  await keys.to('Skip to content');
  await keys.press('Enter');
  await keys.to('Create a database');
  await keys.press('Enter');
  await visitor.expectHeading(page, 'Create your account');
  await keys.to('Skip to content');
  await keys.press('Enter');
  await keys.to('E-mail address');
  await keys.type(EMAIL);
  await keys.press('Enter');
  await visitor.expectHeading(page, 'Check your e-mail');
  const { code } = await portal.mail(EMAIL);
  await keys.to('Skip to content');
  await keys.press('Enter');
  await keys.to('Six-digit code');
  await keys.type(code);
  await keys.press('Enter');
  await visitor.expectHeading(page, 'New database');
  await keys.to('Skip to content');
  await keys.press('Enter');
  await keys.to('Organisation');
  // A mistake first: the summary gets the focus, and leads to the field.
  await keys.press('Enter');
  await page.getByRole('heading', { name: 'There is a problem' }).waitFor();
  assert.ok(await page.evaluate(() => document.activeElement.matches('.error-summary')), 'the summary has the focus');
  await keys.press('Tab');
  await keys.press('Enter');
  assert.equal((await keys.focused()).name, 'Organisation');
  await keys.type('Acme Robotics');
  await keys.press('Enter');
  await visitor.expectHeading(page, 'Review and create');
  await keys.to('Skip to content');
  await keys.press('Enter');
  await keys.to('Create database');
  await keys.press('Enter');
  await page.waitForURL(/\/t\/[a-z0-9_]+\/(setup|handoff)$/, { waitUntil: 'commit' });
  const name = new URL(page.url()).pathname.split('/')[2];
  await visitor.awaitHandoff(page, portal, name);
  await keys.to('Skip to content');
  await keys.press('Enter');
  await keys.to('View credentials');
  await keys.press('Space');
  await visitor.expectHeading(page, 'Save your credentials');
  const reached = keys.presses;
  await tabsByArrows(page, keys);
  keys.presses = reached;
  await keys.to('I have saved them');
  await keys.press('Space');
  await page.waitForURL(`${portal.url}/t/${name}`);
  t.diagnostic(`${keys.presses} presses besides typing`);
  assert.ok(keys.presses <= MOST_PRESSES, `${keys.presses} presses`);

  await menu(page, keys);
  seen.assertNone('on the way');
});

/** The formats are one stop; the arrow keys change between them. */
async function tabsByArrows(page, keys) {
  await keys.to('URI');
  const shown = () => page.locator('.panel').filter({ visible: true }).getAttribute('data-panel');
  const order = ['uri', 'psql', 'env', 'jdbc', 'node', 'python', 'go', 'rust', 'prisma', 'django'];
  for (const format of order) {
    assert.equal(await shown(), format);
    await keys.press('ArrowRight');
  }
  assert.equal(await shown(), 'uri', 'round about');
  await keys.press('ArrowLeft');
  assert.equal(await shown(), 'django');
}

/** The account's menu opens, and closes by Escape with the focus where it was. */
async function menu(page, keys) {
  const menu = page.locator('details.menu-pop');
  await keys.to('Your account');
  await keys.press('Enter');
  await menu.getByRole('button', { name: 'Sign out' }).waitFor();
  await keys.to('New database');
  await keys.press('Escape');
  assert.equal(await menu.getAttribute('open'), null);
  assert.equal((await keys.focused()).name, 'Your account');
  await keys.press('Enter');
  await keys.to('Sign out');
  await keys.press('Enter');
  await page.waitForURL(`${portal.url}/`);
}
