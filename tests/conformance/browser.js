// A page in headless Chromium uploads a chosen file straight to the emulator with the official browser SDK
// (cos-js-sdk-v5) and credentials from `cos broker`. Host names are the real ones; CORS decides what the page may do.
//
// usage: node browser.js READY_LINE_FILE COS_COMMAND CHROMIUM
// Prints one line per check: name, tab, "ok" or what went wrong. Ends with 1 if one failed.
'use strict';
const assert = require('assert');
const { spawn } = require('child_process');
const crypto = require('crypto');
const fs = require('fs');
const http = require('http');
const os = require('os');
const path = require('path');
const COS = require('cos-nodejs-sdk-v5');
const { chromium } = require('playwright-core');

const [readyFile, command, browserPath] = process.argv.slice(2);
const ready = JSON.parse(fs.readFileSync(readyFile, 'utf8').split('\n')[0]);
const account = ready.accounts[0];
const bucket = { Bucket: 'demo-1250000000', Region: 'ap-guangzhou' };
const bucketHost = 'demo-1250000000.cos.ap-guangzhou.myqcloud.com';
const origin = 'http://app.test';
const userToken = 'token-of-alice';
let failed = 0;

// The account's owner, who sets the bucket's CORS rule and looks at what arrived.
const owner = new COS({ SecretId: account.secret_id, SecretKey: account.secret_key, Protocol: 'http:', Proxy: ready.http });

async function check(name, operation) {
  let outcome = 'ok';
  try {
    await operation();
  } catch (error) {
    outcome = String((error && (error.message || error.code)) || error);
    failed += 1;
  }
  console.log(`${name}\t${outcome.replace(/\s+/g, ' ').slice(0, 300)}`);
}

function startBroker(folder) {
  const config = path.join(folder, 'broker.toml');
  fs.writeFileSync(config, `
[sts]
secret_id_env = "BROKER_SECRET_ID"
secret_key_env = "BROKER_SECRET_KEY"
role_arn = "qcs::cam::uin/100000000001:roleName/uploader"
[grant]
bucket = "demo-1250000000"
region = "ap-guangzhou"
prefix = "users/{user}/"
# The SDK looks for uploads to resume, below the prefix only.
allow = ["upload", "list-uploads", "download"]
[[user]]
name = "alice"
token_sha256 = "${crypto.createHash('sha256').update(userToken).digest('hex')}"
`);
  const env = { ...process.env, COS_STS_ENDPOINT: ready.http, BROKER_SECRET_ID: account.secret_id, BROKER_SECRET_KEY: account.secret_key };
  const child = spawn(command, ['broker', '--config', config, '--listen', '127.0.0.1:0'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the broker ended with ${code}`)));
    child.stdout.once('data', (line) => resolve({ child, url: JSON.parse(line).credentials }));
  });
}

// The app's own server: the page, the SDK, and the way to the broker on the page's own origin.
function startApp(brokerUrl) {
  const page = '<!doctype html><meta charset=utf-8><script src=/sdk.js></script><input type=file id=file>';
  const sdk = fs.readFileSync(require.resolve('cos-js-sdk-v5/dist/cos-js-sdk-v5.min.js'));
  const server = http.createServer((request, response) => {
    if (request.url === '/credentials') {
      const asked = http.request(brokerUrl, { method: 'POST', headers: { Authorization: request.headers.authorization || '' } }, (answer) => {
        response.writeHead(answer.statusCode, { 'Content-Type': 'application/json' });
        answer.pipe(response);
      });
      asked.on('error', () => response.writeHead(502).end());
      asked.end();
    } else if (request.url === '/sdk.js') {
      response.writeHead(200, { 'Content-Type': 'text/javascript; charset=utf-8' }).end(sdk);
    } else {
      response.writeHead(request.url === '/' ? 200 : 404, { 'Content-Type': 'text/html; charset=utf-8' }).end(page);
    }
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

// Runs in the page. Settles with what the SDK says, errors as { error: {...} }.
async function inPage({ method, options, useFile, userToken: token }) {
  window.client = window.client || new window.COS({
    getAuthorization: async (_, done) => {
      const answer = await fetch('/credentials', { method: 'POST', headers: { Authorization: `Bearer ${token}` } });
      const { credentials, startTime, expiredTime } = await answer.json();
      window.issued = (window.issued || 0) + 1;
      done({ TmpSecretId: credentials.tmpSecretId, TmpSecretKey: credentials.tmpSecretKey, SecurityToken: credentials.sessionToken, StartTime: startTime, ExpiredTime: expiredTime });
    },
  });
  const file = useFile ? { Body: document.getElementById('file').files[0] } : {};
  const progress = [];
  try {
    const onProgress = (p) => progress.push(p.loaded);
    const result = await window.client[method]({ ...options, ...file, onProgress });
    return { status: result.statusCode, etag: result.ETag, body: String(result.Body || ''), most: Math.max(0, ...progress), issued: window.issued };
  } catch (error) {
    return { error: { code: error.code, status: error.statusCode, message: String(error.message) } };
  }
}

async function main() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cos-browser-'));
  const broker = await startBroker(folder);
  const app = await startApp(broker.url);
  const port = (url) => new URL(url).port;
  const rules = `MAP app.test:80 127.0.0.1:${app.address().port}, MAP ${bucketHost}:80 127.0.0.1:${port(ready.http)}`;
  const browser = await chromium.launch({
    executablePath: browserPath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', `--host-resolver-rules=${rules}`],
  });
  const page = await browser.newPage();
  const chosen = path.join(folder, 'photo.bin');
  const content = crypto.randomBytes(5 * 1024 * 1024 + 7);
  fs.writeFileSync(chosen, content);
  await page.goto(`${origin}/`);
  await page.setInputFiles('#file', chosen);

  const run = (method, Key, more = {}, useFile = false) =>
    page.evaluate(inPage, { method, options: { ...bucket, Key, ...more }, useFile, userToken });
  const requests = async () => (await (await fetch(`${ready.http}/_emulator/log?since=0`)).json());
  const mib = 1024 * 1024;
  const done = (result) => assert.equal(result.error, undefined, JSON.stringify(result.error));
  const stored = async (Key) => assert((await owner.getObject({ ...bucket, Key })).Body.equals(content), 'other bytes arrived');
  const allow = (AllowedOrigin, ExposeHeader) => owner.putBucketCors({
    ...bucket,
    CORSRules: [{ AllowedOrigin: [AllowedOrigin], AllowedMethod: ['PUT', 'POST', 'GET', 'HEAD'], AllowedHeader: ['*'], ExposeHeader, MaxAgeSeconds: 0 }],
  });
  const refusedByBrowser = async () => {
    const before = (await requests()).length;
    const { error } = await run('putObject', 'users/alice/none', {}, true);
    assert(error && !error.status, `the page was let through: ${JSON.stringify(error)}`);
    const seen = (await requests()).slice(before).filter((r) => r.host.startsWith('demo-'));
    assert(seen.length > 0, 'nothing was asked');
    assert(seen.every((r) => r.method === 'OPTIONS' && r.code === 'AccessForbidden'), JSON.stringify(seen));
  };

  await check('without a CORS rule: the browser refuses', refusedByBrowser);
  await check('a CORS rule of another origin: the browser refuses', async () => {
    await allow('http://other.test', ['ETag']);
    await refusedByBrowser();
  });
  await check('a rule that does not expose ETag: the page cannot read it', async () => {
    await allow(origin, []);
    const result = await run('putObject', 'users/alice/hidden', {}, true);
    assert(!result.etag, `read ${result.etag}`);
  });
  await allow(origin, ['ETag', 'x-cos-request-id', 'Content-Length']);
  await check('putObject of the chosen file', async () => {
    const result = await run('putObject', 'users/alice/put.bin', {}, true);
    done(result);
    assert.equal(result.most, content.length);
    assert.equal(result.etag, `"${crypto.createHash('md5').update(content).digest('hex')}"`);
    await stored('users/alice/put.bin');
  });
  await check('sliceUploadFile in parts', async () => {
    done(await run('sliceUploadFile', 'users/alice/slices.bin', { ChunkSize: mib }, true));
    await stored('users/alice/slices.bin');
    const parts = (await requests()).filter((r) => r.operation === 'UploadPart' && r.path === '/users/alice/slices.bin');
    assert.equal(parts.length, 6);
  });
  await check('uploadFile', async () => {
    done(await run('uploadFile', 'users/alice/é 中+%.bin', { SliceSize: mib }, true));
    await stored('users/alice/é 中+%.bin');
  });
  await check('headObject', async () => assert.equal((await run('headObject', 'users/alice/put.bin')).status, 200));
  await check('getObject', async () => {
    await owner.putObject({ ...bucket, Key: 'users/alice/text', Body: 'hello' });
    assert.equal((await run('getObject', 'users/alice/text')).body, 'hello');
  });
  await check("another user's prefix: AccessDenied, readable by the page", async () => {
    assert.deepEqual((({ code, status }) => [code, status])((await run('putObject', 'users/bob/x', {}, true)).error), ['AccessDenied', 403]);
  });
  await check('what the broker did not grant: the browser or the service refuses', async () => {
    assert((await run('deleteObject', 'users/alice/text')).error);
    await owner.headObject({ ...bucket, Key: 'users/alice/text' });
  });
  await check('every upload was signed with a temporary key', async () => {
    const uploads = (await requests()).filter((r) => ['PutObject', 'UploadPart'].includes(r.operation) && r.path.startsWith('/users/alice/') && r.path !== '/users/alice/text');
    assert(uploads.length > 0 && uploads.every((r) => r.secret_id && r.secret_id !== account.secret_id));
  });

  await browser.close();
  app.close();
  broker.child.removeAllListeners('exit');
  broker.child.kill();
  fs.rmSync(folder, { recursive: true });
}

main().then(() => process.exit(failed > 0 ? 1 : 0), (error) => {
  console.log(`browser\t${String(error.message).replace(/\s+/g, ' ').slice(0, 300)}`);
  process.exit(1);
});
