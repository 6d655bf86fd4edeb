// A real SMTP server for tests: STARTTLS and sign-in as a provider has them, and what it took as JSON over HTTP.
// MAIL_CERT and MAIL_KEY name PEM files. MAIL_SMTP_PORT and MAIL_HTTP_PORT are any free ones where they are not set.
// MAIL_MODE: starttls (default), tls (from the start), plain (no TLS at all, lets anybody in).
// Prints "ready <smtp port> <http port>". Ends with its standard input where that is a pipe.
import fs from 'node:fs';
import http from 'node:http';
import { once } from 'node:events';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';

const mode = process.env.MAIL_MODE ?? 'starttls';
const plain = mode === 'plain';
const box = [];
let signIns = 0;

const refuse = (text, responseCode) => Object.assign(new Error(text), { responseCode });

const smtp = new SMTPServer({
  cert: fs.readFileSync(process.env.MAIL_CERT),
  key: fs.readFileSync(process.env.MAIL_KEY),
  secure: mode === 'tls',
  authOptional: plain,
  allowInsecureAuth: plain,
  disabledCommands: plain ? ['STARTTLS'] : [],
  size: 1024 * 1024,
  onAuth(auth, session, done) {
    signIns += 1;
    const known = auth.username === 'portal' && auth.password === 'mail:p@ss/word';
    known ? done(null, { user: auth.username }) : done(new Error('bad login'));
  },
  onRcptTo({ address }, session, done) {
    if (address.startsWith('bounce')) return done(refuse('no such user', 550));
    if (address.startsWith('slow')) return done(refuse('try later', 451));
    done();
  },
  async onData(stream, session, done) {
    // A client that is killed while it sends has sent nothing.
    const mail = await simpleParser(stream).catch(() => null);
    if (!mail) return done(refuse('not received whole', 451));
    box.push({
      tls: session.secure,
      user: session.user,
      from: session.envelope.mailFrom.address,
      to: session.envelope.rcptTo.map(({ address }) => address),
      headers: mail.headerLines.map(({ key }) => key),
      messageId: mail.messageId,
      subject: mail.subject,
      fromHeader: mail.from.text,
      toHeader: mail.to.text,
      text: mail.text,
      html: mail.html,
      attachments: mail.attachments.length,
    });
    done(null, 'queued');
  },
});
// A client that breaks off is no reason to end.
smtp.on('error', () => {});

const web = http.createServer((request, response) => {
  if (request.method === 'DELETE') box.length = 0;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ signIns, mails: box }));
});

const input = fs.fstatSync(0);
if (input.isFIFO() || input.isSocket()) process.stdin.on('end', () => process.exit(0)).resume();

smtp.listen(Number(process.env.MAIL_SMTP_PORT ?? 0), '127.0.0.1');
web.listen(Number(process.env.MAIL_HTTP_PORT ?? 0), '127.0.0.1');
await Promise.all([once(smtp.server, 'listening'), once(web, 'listening')]);
console.log(`ready ${smtp.server.address().port} ${web.address().port}`);
