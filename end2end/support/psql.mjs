// Real sign-ins with psql.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { inPlace } from './files.mjs';

export const WHO = 'select current_user, ssl from pg_stat_ssl where pid = pg_backend_pid()';

/** Who psql is on the server, and whether over TLS: `shop_k3v9x2_app|t`. */
export function whoIs(place, uri) {
  return inPlace(place, 'psql', [uri, '-XAtc', WHO]);
}

/** Writes into `forged` a certificate that calls itself what the real one does, but has a key of its own. */
export function forgeCa(certificate, forged) {
  const subject = execFileSync('openssl', ['x509', '-in', certificate, '-noout', '-subject', '-nameopt', 'compat'], {
    encoding: 'utf8',
  })
    .trim()
    .replace(/^subject=\s*/, '');
  const files = ['-keyout', `${forged}.key`, '-out', forged];
  execFileSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'],
    ...['-subj', subject.startsWith('/') ? subject : `/${subject}`, ...files],
  ], { stdio: ['ignore', 'ignore', 'pipe'] });
  fs.rmSync(`${forged}.key`);
}
