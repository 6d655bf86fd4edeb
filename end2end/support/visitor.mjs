// What a visitor does, page by page, by what stands on the buttons and labels.
import assert from 'node:assert/strict';
import { unpack } from './files.mjs';

/** How long a database may take to be made, by a debug build on a busy machine. */
const SETUP = { timeout: 120_000 };

export const heading = (page) => page.getByRole('heading', { level: 1 });

/** Waits for the page's heading, the one that there must be. */
export async function expectHeading(page, pattern, options) {
  await heading(page).filter({ hasText: pattern }).waitFor(options);
}

export const press = (page, name) => page.getByRole('button', { name, exact: true }).click();

/** From the first page to "we sent a mail". */
export async function askToSignUp(page, portal, email) {
  await page.goto(`${portal.url}/`);
  await page.getByRole('main').getByRole('link', { name: 'Create a database' }).first().click();
  await page.waitForURL(`${portal.url}/sign-up`);
  await page.getByLabel('E-mail address').fill(email);
  await press(page, 'Continue');
  await expectHeading(page, 'Check your e-mail');
}

/** Confirms the address by the mail's link, with a press, or by its code. */
export async function confirmMail(page, portal, email, by) {
  const mail = await portal.mail(email);
  assert.match(mail.code ?? '', /^\d{6}$/, mail.text);
  assert.ok(mail.link?.startsWith(`${portal.url}/verify?token=`), mail.text);
  if (by === 'link') await page.goto(mail.link);
  else await page.getByLabel('Six-digit code').fill(mail.code);
  await press(page, 'Verify e-mail');
}

/** From the first page to the wizard. */
export async function signUp(page, portal, email, by = 'code') {
  await askToSignUp(page, portal, email);
  await confirmMail(page, portal, email, by);
  await page.waitForURL(`${portal.url}/sign-up/database`);
}

/** Step 2 with the organisation as all that is typed, then step 3. */
export async function wish(page, portal, organisation) {
  await page.goto(`${portal.url}/sign-up/database`);
  await page.getByLabel('Organisation').fill(organisation);
  await press(page, 'Continue');
  await page.waitForURL(`${portal.url}/sign-up/review`);
}

/** Presses "Create database". Answers the tenant's name. */
export async function create(page, portal) {
  await press(page, 'Create database');
  await page.waitForURL(/\/t\/[a-z0-9_]+\/(setup|handoff)$/, { waitUntil: 'commit' });
  return new URL(page.url()).pathname.split('/')[2];
}

/** Waits until the set-up page has led to the handoff by itself. */
export async function awaitHandoff(page, portal, name) {
  await page.waitForURL(`${portal.url}/t/${name}/handoff`, SETUP);
}

export async function reveal(page) {
  await press(page, 'View credentials');
  await page.locator('[data-format="uri"]').first().waitFor({ state: 'attached' });
}

/** All of the above: a tenant whose credentials are open on the page. Answers its name. */
export async function openCredentials(page, portal, email, organisation) {
  await signUp(page, portal, email);
  await wish(page, portal, organisation);
  const name = await create(page, portal);
  await awaitHandoff(page, portal, name);
  await reveal(page);
  return name;
}

/** The texts to copy: `uri`, …, and the other roles' URIs as `owner` and `readonly`. Each must stand there once. */
export async function formats(page) {
  const found = {};
  for (const element of await page.locator('[data-format]').all()) {
    const format = await element.getAttribute('data-format');
    const key = (await element.getAttribute('data-role')) ?? format;
    assert.ok(!(key in found), `${key} stands there twice`);
    found[key] = await element.textContent();
  }
  return found;
}

/** Downloads the bundle into a folder and unpacks it there. Answers its entries' names and modes. */
export async function downloadBundle(page, folder) {
  const [download] = await Promise.all([page.waitForEvent('download'), press(page, 'Download bundle')]);
  const file = `${folder}/bundle.zip`;
  await download.saveAs(file);
  return { name: download.suggestedFilename(), entries: unpack(file, folder) };
}
