// Every page in every state that can be brought about, in the order in which a visitor and then a customer meets
// them. `show(name, page)` gets each; what it does with it is the caller's affair. Takes a build with failpoints.
import assert from 'node:assert/strict';
import { newContext, watch } from './browser.mjs';
import * as life from './life.mjs';
import * as people from './people.mjs';
import { EMAIL, signInAgain } from './people.mjs';
import { addAuthenticator } from './passkeys.mjs';
import { startPortal } from './portal.mjs';
import { until } from './until.mjs';
import * as visitor from './visitor.mjs';

const ORGANISATION = 'Acme Robotics';

/** A portal that has every way in. GitHub is never asked anything. */
export function startForWalk() {
  const github = '[[identity.provider]]\nid = "github"\nkind = "github"\nclient_id = "walk"\nclient_secret = "walk"\n' +
    'scopes = ["read:user", "user:email", "read:org"]\n';
  return startPortal({}, () => github, 'localhost');
}

/** Walks. `portal` has just been started by the above. */
export async function walk({ portal, browser, show }) {
  const world = await makeWorld(portal, browser, show);
  try {
    await strangers(world);
    await signingUp(world);
    await wizard(world);
    await settingUp(world);
    await handingOver(world);
    await customers(world);
    await people.passkeys(world);
    await life.credentials(world);
    await life.signIn(world);
    await life.limits(world);
    await life.plans(world);
    await life.suspending(world);
    await life.destroying(world);
    await newPasswords(world);
    await failing(world);
    await withoutScripts(world);
    await life.removing(world);
    await people.ways(world);
    await people.staff(world);
  } finally {
    await Promise.all([world.mine, world.other].map((context) => context.close()));
  }
}

async function makeWorld(portal, browser, show) {
  const [mine, other] = await Promise.all([newContext(browser), newContext(browser)]);
  const world = { portal, browser, mine, other, name: undefined };
  const watched = [watch(mine, portal), watch(other, portal)];
  [world.page, world.strange] = [await mine.newPage(), await other.newPage()];
  world.device = await addAuthenticator(world.page);
  world.to = async (path, page = world.page) => {
    const go = () => page.goto(`${portal.url}${path}`);
    // A live page loads itself again when its run has ended, perhaps at this very moment.
    await go().catch((error) => (/ERR_ABORTED/.test(error.message) ? go() : Promise.reject(error)));
  };
  world.show = async (name, page = world.page) => {
    await show(name, page, () => watched.flatMap((one) => one.problems()));
  };
  // Away from live pages first, which would miss it.
  world.restart = async (env) => {
    await world.page.goto('about:blank');
    await portal.restart(env);
  };
  // The browser itself says so on the console where a page is refused.
  world.refused = () => watched.forEach((one) => one.expect(/status of 40[34]/));
  return world;
}

async function strangers({ portal, page, to, show, refused }) {
  await to('/');
  await show('landing');
  await to('/help');
  await show('help');
  await to('/sign-up');
  await show('sign-up');
  await visitor.press(page, 'Continue');
  await visitor.expectHeading(page, 'Create your account');
  await page.getByRole('heading', { name: 'There is a problem' }).waitFor();
  await show('sign-up with a mistake');
  await to('/sign-in');
  await show('sign-in');
  await page.getByLabel('E-mail address').fill('jane at acme');
  await visitor.press(page, 'Continue');
  await page.getByRole('heading', { name: 'There is a problem' }).waitFor();
  await show('sign-in with a mistake');
  await to('/sign-in');
  await visitor.press(page, 'Sign in with a passkey');
  await page.getByText('Nothing was sent').waitFor();
  await show('sign-in by a passkey, none there');
  await to('/sign-in/passkey');
  await visitor.press(page, 'Use a passkey');
  await page.getByText('Nothing was sent').waitFor();
  await to('/signed-out?provider=github');
  await show('signed out');
  await to('/verify');
  await show('verify, nothing asked for');
  await page.goto(portal.mailboxLink);
  await page.waitForURL(`${portal.url}/dev/mailbox`);
  await show('mailbox, empty');
  refused();
  await to('/no/such/page');
  await visitor.expectHeading(page, 'Page not found');
  await show('not found');
}

async function signingUp({ portal, page, strange, to, show }) {
  await visitor.askToSignUp(page, portal, EMAIL);
  await show('verify, by code');
  const mail = await portal.mail(EMAIL);
  await to('/dev/mailbox');
  await show('mailbox');
  await page.getByRole('link', { name: mail.subject }).click();
  await page.waitForURL(/mailbox\/./);
  await show('mailbox, a mail');
  await to('/verify');
  await page.getByLabel('Six-digit code').fill(mail.code === '000000' ? '111111' : '000000');
  await visitor.press(page, 'Verify e-mail');
  await page.getByRole('heading', { name: 'There is a problem' }).waitFor();
  await show('verify, wrong code');
  await strange.goto(mail.link);
  await show('verify, link in another browser', strange);
  await page.goto(mail.link);
  await show('verify, by link');
  await visitor.press(page, 'Verify e-mail');
  await page.waitForURL(`${portal.url}/sign-up/database`);
  await strange.goto(mail.link);
  await show('verify, link used', strange);
}

async function wizard({ portal, page, to, show }) {
  await show('wizard, database');
  await to('/t');
  await show('databases, none yet');
  await to('/o');
  await show('organisations, none yet');
  await to('/sign-up/database');
  await page.getByLabel('Database name').fill('Größe 1');
  await page.getByLabel('Allowed IP addresses').fill('203.0.113.300\n0.0.0.0/0');
  await visitor.press(page, 'Continue');
  await page.getByRole('heading', { name: /There are \d problems/ }).waitFor();
  await show('wizard, database with mistakes');
  // The form is out of date: its token is another one's.
  await page.evaluate(() => document.querySelectorAll('[name=csrf]').forEach((input) => (input.value = 'stale')));
  await visitor.press(page, 'Continue');
  await visitor.expectHeading(page, 'This form is out of date');
  await show('form refused');
  await to('/sign-up/database');
  await page.locator('details.fold summary').click();
  await show('wizard, extensions open');
  await page.getByLabel('Allowed IP addresses').fill('203.0.113.0/24\n2001:db8::/64');
  await page.getByLabel('Organisation').fill(ORGANISATION);
  await visitor.press(page, 'Continue');
  await page.waitForURL(`${portal.url}/sign-up/review`);
  await show('wizard, check, own address not listed');
  await to('/sign-up/database');
  await page.getByLabel('Allowed IP addresses').fill('127.0.0.1');
  await visitor.press(page, 'Continue');
  await page.waitForURL(`${portal.url}/sign-up/review`);
  await show('wizard, check');
}

async function settingUp(world) {
  const { portal, page, to, show, restart } = world;
  portal.order('verify_access:after_intent:hang');
  await to('/sign-up/review');
  world.name = await visitor.create(page, portal);
  await page.locator('.timeline [data-state=running]').filter({ hasText: 'Test connections' }).waitFor();
  await show('setup, running');
  await to(`/t/${world.name}`);
  await show('overview, being set up');
  await to(`/t/${world.name}/connect`);
  await show('connect, being set up');
  await restart();
  await to(`/t/${world.name}/setup`);
  await visitor.awaitHandoff(page, portal, world.name);
}

async function handingOver(world) {
  const { portal, page, strange, name, to, show } = world;
  await show('handoff, sealed');
  portal.makeSignInsOld();
  await page.reload();
  await show('handoff, sealed, sign-in too old');
  await page.getByRole('link', { name: 'Sign in again to view them' }).click();
  await visitor.expectHeading(page, 'Sign in again');
  await show('sign-in, once more');
  await signInAgain(portal, page);
  await page.waitForURL(`${portal.url}/t/${name}/handoff`);
  await visitor.reveal(page);
  await show('handoff, open');
  await page.locator('.tabs label').filter({ hasText: 'Django' }).click();
  await show('handoff, open, longest format');
  await strange.goto(`${portal.url}/sign-in`);
  await signInAgain(portal, strange);
  await strange.waitForURL(`${portal.url}/t/${name}`);
  await show('overview, not confirmed', strange);
  await to(`/t/${name}/handoff`, strange);
  await strange.getByText('Credentials are being viewed in another browser').waitFor();
  await show('handoff, being viewed in another browser', strange);
  await visitor.press(page, 'I have saved them');
  await page.waitForURL(`${portal.url}/t/${name}`);
}

async function customers({ page, name, to, show }) {
  await show('overview, just confirmed');
  await page.locator('summary').filter({ hasText: 'Your account' }).click();
  await show('account menu open');
  await to(`/t/${name}/connect`);
  await show('connect');
  await to(`/t/${name}/connect?role=owner`);
  await show('connect as owner');
  await to(`/t/${name}/activity`);
  await show('journal');
  await to(`/t/${name}/handoff`);
  await page.getByText('Credentials saved').waitFor();
  await show('handoff, confirmed');
  await to('/t');
  await show('databases');
  await to('/t?search=nothing-like-it');
  await show('databases, none found');
  await to('/sign-up');
  await show('sign-up, signed in');
}

async function newPasswords({ portal, page, name, to, show, restart }) {
  portal.order('change_passwords:after_intent:hang');
  await to(`/t/${name}/handoff`);
  await visitor.press(page, 'Reset passwords');
  await page.getByText('Passwords are being reset').waitFor();
  await show('handoff, being renewed');
  await restart();
  await to(`/t/${name}/handoff`);
  await visitor.expectHeading(page, 'New passwords for', { timeout: 60_000 });
  await visitor.reveal(page);
  portal.sql("update handoff set open_until = now() where state = 'open'");
  await showLater(page, 'Viewing window closed');
  await show('handoff, lapsed');
  await visitor.press(page, 'Reset passwords');
  await visitor.expectHeading(page, 'New passwords for', { timeout: 60_000 });
  portal.sql("update handoff set sealed_until = now() where state = 'sealed'");
  await showLater(page, 'Credentials expired');
  await show('handoff, expired');
  await to(`/t/${name}/activity`);
  await show('journal, several runs');
}

async function failing({ portal, page, to, show }) {
  portal.order('create_database:after_intent:fatal');
  await to('/sign-up/database');
  assert.equal(await page.getByLabel('Organisation').inputValue(), ORGANISATION, 'known by now');
  await page.getByLabel('Database name').fill('acme');
  await visitor.press(page, 'Continue');
  await page.getByText('You already have a database called acme.').first().waitFor();
  await show('wizard, name taken');
  await page.getByLabel('Database name').fill('reports');
  await visitor.press(page, 'Continue');
  await page.waitForURL(`${portal.url}/sign-up/review`);
  const name = await visitor.create(page, portal);
  await page.getByRole('button', { name: 'Try again' }).waitFor({ timeout: 60_000 });
  // The live page loads itself once more when the run has ended.
  await to(`/t/${name}/setup`);
  await page.getByRole('button', { name: 'Try again' }).waitFor();
  await show('setup, failed');
  await to(`/t/${name}`);
  await show('overview, failed');
  await to('/t');
  await show('databases, two');
}

/** As it looks where the script does not run; a checker of its own needs scripts, hence an empty one. */
async function withoutScripts({ portal, browser, mine, name, show }) {
  const context = await newContext(browser, { scripts: 'empty' });
  try {
    await context.addCookies(await mine.cookies());
    const page = await context.newPage();
    const ends = ['', '/connect', '/credentials', '/plan', '/activity', '/danger', '/danger/delete'];
    for (const path of ['/sign-up/database', '/t', '/o', ...ends.map((end) => `/t/${name}${end}`)]) {
      await page.goto(`${portal.url}${path}`);
      assert.equal(await page.locator('[data-js]').filter({ visible: true }).count(), 0, 'no button that needs it');
      await show(`without script: ${path.replace(name, '…')}`, page);
    }
  } finally {
    await context.close();
  }
}

/** Loads again until it says so: workers look only now and then. */
async function showLater(page, text) {
  await until(`"${text}"`, 90, async () => {
    await page.reload();
    return (await page.getByText(text).count()) > 0;
  });
}
