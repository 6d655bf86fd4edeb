// What an admin does with a database after it was made, in every state that can be brought about. For walk.mjs.
import { until } from './until.mjs';
import * as visitor from './visitor.mjs';

/** How long a run of a debug build may take on a busy machine, in seconds. */
const RUN = 120;

/** The danger zone, once it says so and nothing goes on there any more. */
async function danger({ page, portal, name, to }, text) {
  await until(`"${text}"`, RUN, async () => {
    await to(`/t/${name}/danger`);
    const [says, live] = await Promise.all([page.getByText(text).count(), page.locator('[data-live]').count()]);
    return says > 0 && live === 0;
  });
  portal.makeSignInsFresh();
}

/** A typed name that is another one's, and what the page says to it. */
async function wrongName({ page, show }, label, what) {
  await page.getByLabel(/^Type .* to confirm$/).fill('another_name');
  await visitor.press(page, label);
  await page.getByRole('heading', { name: 'There is a problem' }).waitFor();
  await show(`${what}, wrong name`);
}

async function confirm({ page, name }, label) {
  await page.getByLabel(/^Type .* to confirm$/).fill(name);
  await visitor.press(page, label);
}

export async function credentials(world) {
  const { portal, page, name, to, show } = world;
  portal.makeSignInsFresh();
  await to(`/t/${name}/credentials`);
  await show('credentials');
  portal.sql("update handoff set created_at = created_at - interval '112 days'");
  await page.reload();
  await page.getByText('The passwords are 112 days old').waitFor();
  await show('credentials, old passwords');
  await page.getByRole('link', { name: 'Reset passwords' }).click();
  await visitor.expectHeading(page, `Reset passwords for ${name}`);
  await show('new passwords, asked');
  await wrongName(world, 'Reset passwords', 'new passwords');
  portal.makeSignInsOld();
  await to(`/t/${name}/credentials/reset`);
  await page.getByRole('link', { name: 'Sign in again to continue' }).waitFor();
  await show('new passwords, sign-in too old');
  portal.makeSignInsFresh();
}

/** The organisation's own sign-in, from nothing to the only way; what an issuer would say is put in its place. */
export async function signIn(world) {
  const { portal, page, name, to, show } = world;
  const slug = portal.sql(`select o.slug from organisation o join tenant t on t.organisation_id = o.id where t.name = '${name}'`);
  const settings = `/o/${slug}/sign-in`;
  portal.makeSignInsFresh();
  await to('/o');
  await show('organisations');
  await page.getByRole('main').getByRole('link', { name: 'Acme' }).first().click();
  await page.waitForURL(`${portal.url}/o/${slug}`);
  await show('organisation');
  await page.getByLabel('URL of this organisation').fill('staff');
  await visitor.press(page, 'Change address');
  await page.getByText('is reserved').first().waitFor();
  await show('organisation, address refused');
  portal.makeSignInsOld();
  await to(`/o/${slug}`);
  await page.getByRole('link', { name: 'Sign in again to change it' }).waitFor();
  await show('organisation, sign-in too old');
  portal.makeSignInsFresh();
  await to(settings);
  await show('own sign-in, nothing yet');
  await visitor.press(page, 'Save');
  await page.getByRole('heading', { name: /There (is|are)/ }).waitFor();
  await show('own sign-in, mistakes');
  await page.getByLabel('Button label').fill('Acme SSO');
  await page.getByLabel('Issuer URL', { exact: true }).fill('https://sso.acme.example/');
  await page.getByLabel('Client ID').fill('innkeeper');
  await page.getByLabel('Client secret').fill('of the walk');
  await visitor.press(page, 'Save');
  for (const domain of ['acme.example', 'acme-robotics.example']) {
    await page.getByLabel('Domain', { exact: true }).fill(domain);
    await visitor.press(page, 'Add domain');
    await page.getByText('Domain added.').waitFor();
  }
  for (const [group, role] of [['db-admins', 'admin'], ['*', 'developer']]) {
    await page.getByLabel('Group', { exact: true }).fill(group);
    await page.getByLabel('Role', { exact: true }).selectOption(role);
    await visitor.press(page, 'Add group');
    await page.getByText('Saved. Applies').waitFor();
  }
  await visitor.press(page, 'Require SSO');
  await page.getByRole('heading', { name: 'There is a problem' }).waitFor();
  await show('own sign-in, not to be closed yet');
  const said = JSON.stringify([['(groups, as read)', 'db-admins'], ['sub', '8a0c3f5e'], ['email', 'jane@acme.example'], ['email_verified', 'false']]);
  portal.sql(`update organisation_domain set proven_at = now(), proven_by = 'dns' where domain = 'acme.example';
    insert into organisation_trial (organisation_id, account_id, version, role, said)
      select organisation_id, account_id, 2, 'admin', '${said}' from member limit 1;
    insert into organisation_github (organisation_id, provider, login, asked_by, number, shown_at, teams)
      select organisation_id, 'github', 'acme', account_id, 7, now(), '[{"number": 1, "name": "Operations"}, {"number": 2, "name": "Web"}]'
        from member limit 1;
    insert into organisation_github (organisation_id, provider, login, asked_by)
      select organisation_id, 'github', 'acme-labs', account_id from member limit 1;
    insert into organisation_group (organisation_id, provider, name, role)
      select organisation_id, 'github', 'team:7/1', 'developer' from member limit 1`);
  await to(settings);
  await page.getByText('you would sign in as Admin').waitFor();
  await show('own sign-in, tried');
  portal.makeSignInsOld();
  await page.reload();
  await page.getByText('Read-only').waitFor();
  await show('own sign-in, sign-in too old');
  portal.sql('update organisation_identity set enforced_at = now()');
  await to('/t');
  await page.getByText('requires Acme SSO').waitFor();
  await show('databases, closed to this way');
  portal.sql(`create table came as select id, provider from session where account_id is not null;
    update session set provider = (select provider from organisation_identity limit 1) where account_id is not null`);
  await to('/account');
  await page.getByText('Part of your account').waitFor();
  await show('account, by the own sign-in');
  portal.sql('update session s set provider = c.provider from came c where c.id = s.id; drop table came');
  portal.sql("update organisation_identity set open_ways = '{mail}'");
  await to(settings);
  await page.getByText('SSO has been required since').waitFor();
  await show('own sign-in, enforced');
  portal.sql("update organisation_identity set enforced_at = null, open_ways = '{}'");
  portal.makeSignInsFresh();
}

/** What a plan's limits have done. The portal itself lets a database that is not full write again within seconds. */
export async function limits({ portal, page, name, to, show }) {
  const ended = ['catalog_lock', 'foreign_lock', 'lock_count'].map((reason, at) =>
    `select id, organisation_id, 'app', '${reason}', date_trunc('hour', now()), ${at + 1}, now() from tenant where name = '${name}'`);
  portal.sql(`insert into ended_session (tenant_id, organisation_id, role, reason, hour, sessions, last_at)
      ${ended.join(' union all ')};
    update tenant set storage_full_at = now() where name = '${name}'`);
  await to(`/t/${name}`);
  await page.getByText('Storage is full').waitFor();
  await show('overview, limits exceeded');
  portal.sql('delete from ended_session; update tenant set storage_full_at = null');
}

export async function plans(world) {
  const { portal, page, name, to, show, restart } = world;
  await to(`/t/${name}/plan`);
  await show('plan');
  await visitor.press(page, 'Change plan');
  await visitor.expectHeading(page, `Change the plan of ${name} to Professional`);
  await show('plan, compared');
  portal.order('change_limits:after_intent:hang');
  await visitor.press(page, 'Change plan');
  await page.getByText(`The plan of ${name} is being changed.`).waitFor();
  await show('plan, being changed');
  await to(`/t/${name}/danger`);
  await show('danger zone, plan being changed');
  await restart();
  await danger(world, 'Suspend database');
  await to(`/t/${name}/plan`);
  await page.getByText('Current plan: Professional').waitFor();
}

export async function suspending(world) {
  const { portal, page, name, to, show, restart } = world;
  portal.makeSignInsFresh();
  await to(`/t/${name}/danger`);
  await show('danger zone');
  await page.getByRole('link', { name: 'Suspend database' }).click();
  await visitor.expectHeading(page, `Suspend ${name}`);
  await show('suspend, asked');
  await wrongName(world, 'Suspend database', 'suspend');
  portal.order('cut_off:after_intent:hang');
  await confirm(world, 'Suspend database');
  await page.getByText(`${name} is being suspended.`).waitFor();
  await show('danger zone, being suspended');
  await restart();
  await danger(world, `${name} is suspended`);
  await show('danger zone, suspended');
  for (const [end, what] of [['', 'overview'], ['/connect', 'connect'], ['/credentials', 'credentials'], ['/plan', 'plan'], ['/handoff', 'handoff']]) {
    await to(`/t/${name}${end}`);
    await show(`${what}, suspended`);
  }
  await to('/t');
  await show('databases, one suspended');
  portal.makeSignInsFresh();
  await to(`/t/${name}/danger/resume`);
  await show('resume, asked');
  portal.order('let_in:after_intent:fatal');
  await visitor.press(page, 'Resume database');
  await danger(world, `${name} could not be resumed`);
  await show('danger zone, not resumed');
  await to(`/t/${name}/danger/resume`);
  await visitor.press(page, 'Resume database');
  await danger(world, 'Suspend database');
}

export async function destroying(world) {
  const { portal, page, name, to, show, restart } = world;
  await page.getByRole('link', { name: 'Delete database' }).click();
  await visitor.expectHeading(page, `Delete ${name}`);
  await show('destroy, asked');
  await wrongName(world, 'Delete database', 'destroy');
  portal.order('final_backup:after_intent:fatal');
  await confirm(world, 'Delete database');
  await danger(world, 'Deletion failed. Nothing was deleted.');
  await show('danger zone, destruction stopped');
  portal.order('final_backup:after_intent:hang');
  await visitor.press(page, 'Try again');
  await page.getByText(`Trying again with ${name}.`).waitFor();
  await show('danger zone, being destroyed');
  await restart();
  await danger(world, 'will be permanently deleted on');
  await show('danger zone, waiting for the removal');
  portal.sql("update tenant set removal_at = removal_at - interval '60 hours' where removal_at is not null");
  await to(`/t/${name}/danger`);
  await show('danger zone, waiting, days later');
  await to(`/t/${name}`);
  await show('overview, being destroyed');
  await to(`/t/${name}/danger/cancel-deletion`);
  await show('keep, asked');
  portal.order('let_in:after_intent:hang');
  await visitor.press(page, 'Cancel deletion');
  await page.getByText(`The deletion is being cancelled: ${name}`).waitFor();
  await show('danger zone, being brought back');
  await restart();
  await danger(world, 'Suspend database');
  await show('danger zone, kept');
}

/** The last of all: the database is gone afterwards. */
export async function removing(world) {
  const { portal, page, name, to, show } = world;
  portal.makeSignInsFresh();
  await to(`/t/${name}/danger/delete`);
  await confirm(world, 'Delete database');
  await danger(world, 'will be permanently deleted on');
  portal.sql('update tenant set removal_at = now() where removal_at is not null');
  await danger(world, `${name} is deleted`);
  await show('danger zone, destroyed');
  await to(`/t/${name}`);
  await show('overview, destroyed');
}
