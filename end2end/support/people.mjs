// Who somebody is: ways in, passkeys, and the operator's people, in every state that can be brought about. For walk.mjs.
import * as visitor from './visitor.mjs';

export const EMAIL = 'jane@acme.example';

export async function passkeys({ portal, page, device, to, show }) {
  portal.makeSignInsFresh();
  await to('/account');
  await show('account');
  await visitor.press(page, 'Add a passkey');
  await visitor.expectHeading(page, 'Add a passkey');
  await show('add a passkey');
  await page.getByLabel('Name').fill('');
  await visitor.press(page, 'Create passkey');
  await page.getByRole('heading', { name: 'There is a problem' }).waitFor();
  await show('add a passkey with a mistake');
  await page.getByLabel('Name').fill('Laptop');
  await visitor.press(page, 'Create passkey');
  await page.getByText('The passkey was added').waitFor();
  await show('account, with a passkey');
  await to('/account/passkey');
  await show('add a passkey, too late');
  await to('/sign-in?return=/account');
  await show('sign-in, once more, with a passkey');
  const [passkey] = await device.credentials();
  await device.clear();
  await visitor.press(page, 'Sign in with a passkey');
  await page.getByText('Nothing was sent').waitFor();
  await show('sign-in by a passkey, once more');
  await device.takeIn({ ...passkey, signCount: 0 });
  await visitor.press(page, 'Use a passkey');
  await page.getByText('Sign-in failed: Passkey').waitFor();
  await show('sign-in, passkey refused');
  await to('/sign-in/passkey');
  await show('sign-in by a passkey, nothing asked');
  await to('/account');
  await page.getByRole('listitem').filter({ hasText: 'Laptop' }).getByRole('button', { name: 'Remove' }).click();
  await page.getByText('The sign-in method was removed').waitFor();
}

export async function ways({ portal, page, strange, to, show }) {
  portal.makeSignInsOld();
  await to('/account');
  await show('account, sign-in too old');
  await page.getByRole('link', { name: 'Sign in again to add an e-mail address' }).click();
  await signInAgain(portal, page);
  await page.waitForURL(`${portal.url}/account`);
  await show('account');
  await page.getByLabel('Add an e-mail address').fill('jane at acme');
  await visitor.press(page, 'Send verification e-mail');
  await page.getByRole('heading', { name: 'There is a problem' }).waitFor();
  await show('account with a mistake');
  await page.getByLabel('Add an e-mail address').fill('jane.s@acme.example');
  await visitor.press(page, 'Send verification e-mail');
  await visitor.expectHeading(page, 'Check your e-mail');
  const { link } = await portal.mail('jane.s@acme.example');
  await strange.goto(link);
  await visitor.expectHeading(strange, 'Open the link in the browser you started in');
  await show('verify, to add, in another browser', strange);
  await page.goto(link);
  await show('verify, to add, by link');
  portal.sql("update challenge set expires_at = now() where purpose = 'link'");
  await page.reload();
  await show('verify, to add, too late');
  portal.sql("update challenge set expires_at = now() + interval '5 minutes' where purpose = 'link'");
  await page.goto(link);
  await visitor.press(page, 'Verify e-mail');
  await page.waitForURL(`${portal.url}/account`);
  await show('account, two ways in');
  await to('/account?provider=mail&reason=taken');
  await show('account, address taken');
}

export async function staff({ portal, page, strange, to, show, refused }) {
  const link = portal.staffLink('approver');
  await strange.context().clearCookies();
  await strange.goto(link);
  await show('staff link, not signed in', strange);
  await strange.goto(`${portal.url}/staff/claim?token=unknown`);
  await show('staff link, dead', strange);
  portal.makeSignInsOld();
  await page.goto(link);
  await visitor.expectHeading(page, "Confirm it's you");
  await show('staff link, sign-in too old');
  await to('/sign-in');
  await signInAgain(portal, page);
  await page.waitForURL((url) => url.pathname !== '/verify');
  portal.sql("update session set provider = 'org-acme' where account_id is not null");
  await page.goto(link);
  await visitor.expectHeading(page, 'Sign in with another method');
  await show('staff link, another way');
  portal.sql("update session set provider = 'mail' where account_id is not null");
  refused();
  await to('/staff');
  await visitor.expectHeading(page, 'Page not found');
  await page.goto(link);
  await show('staff link');
  await visitor.press(page, 'Accept staff role');
  await page.waitForURL(`${portal.url}/staff`);
  portal.sql(`insert into account (id, email, email_key, name)
      select gen_random_uuid(), format('p%s@acme.example', n), format('p%s@acme.example', n), format('Person %s', n)
      from generate_series(1, 22) n;
    insert into staff (account_id, role, provider, created_at)
      select id, 'viewer', 'former-sso', now() - interval '3 days' from account where name like 'Person %'`);
  await page.reload();
  await show('staff');
  await page.getByRole('link', { name: 'Next' }).click();
  await page.getByRole('link', { name: 'First page' }).waitFor();
  await show('staff, next page');
  await to('/staff?search=nobody-like-it&sort=address');
  await show('staff, none found');
  await to('/staff/domains');
  await show('staff, no mail domains');
  await page.locator('summary').filter({ hasText: 'Your account' }).click();
  await show('account menu of staff');
  portal.sql(`insert into organisation_domain (organisation_id, domain, token, staff_asked_at)
    select id, 'robotics.example', 'x', now() from organisation limit 1`);
  await page.reload();
  await show('staff, mail domains');
  await visitor.press(page, 'Decline robotics.example of Acme Robotics');
  await page.getByText('robotics.example was declined.').waitFor();
  await proven({ portal, page, to, show });
}

/** The domains that organisations have proven, and taking one back. */
async function proven({ portal, page, to, show }) {
  const list = '/staff/domains/verified';
  portal.sql('update organisation_domain set proven_at = null, proven_by = null');
  await to(list);
  await show('staff, no proven mail domains');
  portal.sql(`insert into organisation_domain (organisation_id, domain, token, proven_at, proven_by)
    select o.id, format('%s.robotics.example', name), 'x', now(), how from (select id from organisation limit 1) o,
      (select 'mail' as name, 'dns' as how union all select 'office', 'staff'
        union all select format('team%s', n), 'dns' from generate_series(1, 20) n) d;`);
  await to(list);
  await show('staff, proven mail domains');
  await page.getByRole('link', { name: 'Next' }).click();
  await page.getByRole('link', { name: 'First page' }).waitFor();
  await show('staff, proven mail domains, next page');
  await to(`${list}?search=nothing-like-it`);
  await show('staff, proven mail domains, none found');
  await page.getByRole('link', { name: 'Show all verified domains' }).click();
  await page.getByRole('searchbox').fill('office');
  await visitor.press(page, 'Search');
  await page.getByText('1 domain', { exact: true }).waitFor();
  portal.makeSignInsOld();
  await page.getByRole('link', { name: 'Revoke office.robotics.example of Acme Robotics' }).click();
  await visitor.expectHeading(page, 'Revoke office.robotics.example');
  await show('staff, take a mail domain back, sign-in too old');
  await page.getByRole('link', { name: 'Sign in again to continue' }).click();
  await signInAgain(portal, page);
  await visitor.expectHeading(page, 'Revoke office.robotics.example');
  await show('staff, take a mail domain back');
  await visitor.press(page, 'Revoke domain');
  await page.getByRole('heading', { name: 'There is a problem' }).waitFor();
  await show('staff, take a mail domain back, with a mistake');
  await page.getByLabel('Reason').fill('It is for sale.');
  await visitor.press(page, 'Revoke domain');
  await page.getByText('office.robotics.example was revoked.').waitFor();
}

/** On the sign-in page, to the page it returns to. */
export async function signInAgain(portal, page) {
  const known = portal.mails();
  await page.getByLabel('E-mail address').fill(EMAIL);
  await visitor.press(page, 'Continue');
  await visitor.expectHeading(page, 'Check your e-mail');
  const { code } = await portal.mail(EMAIL, known);
  await page.getByLabel('Six-digit code').fill(code);
  await visitor.press(page, 'Verify e-mail');
}
