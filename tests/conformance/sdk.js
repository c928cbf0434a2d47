// Drives the emulator with the official Node SDK (cos-nodejs-sdk-v5).
//
// usage: node sdk.js READY_LINE_FILE proxy|http|https
// proxy: the SDK takes the emulator as its HTTP proxy. http, https: every name leads to the emulator; for https
// NODE_EXTRA_CA_CERTS must name its certificate authority. The host names are the real ones each time.
// Prints one line per operation: name, tab, "ok" or what went wrong. Ends with 1 if one failed.
'use strict';
const assert = require('assert');
const crypto = require('crypto');
const fs = require('fs');
const http = require('http');
const https = require('https');
const os = require('os');
const path = require('path');
const COS = require('cos-nodejs-sdk-v5');

const ready = JSON.parse(fs.readFileSync(process.argv[2], 'utf8').split('\n')[0]);
const account = ready.accounts[0];
const keys = { SecretId: account.secret_id, SecretKey: account.secret_key };
const mode = process.argv[3];
const way = { proxy: { Protocol: 'http:', Proxy: ready.http }, http: { Protocol: 'http:' }, https: { Protocol: 'https:' } }[mode];
const connect = (more) => new COS({ ...keys, ...way, ...more });

// What a resolver and a port redirection would do; the name stays in the Host header and in the certificate check.
for (const [module, url] of [[http, ready.http], [https, ready.https]]) {
  const createConnection = module.Agent.prototype.createConnection;
  const lookup = (name, options, done) => (options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4));
  module.Agent.prototype.createConnection = function redirected(options, done) {
    return createConnection.call(this, mode === 'proxy' ? options : { ...options, port: new URL(url).port, lookup }, done);
  };
}

// A request without the SDK: what a browser or curl does with a presigned URL.
function fetched(method, url, body, headers) {
  return new Promise((resolve, reject) => {
    const { host, pathname, search } = new URL(url);
    const path = mode === 'proxy' ? url : pathname + search;
    const agent = mode === 'https' ? https : http;
    const port = mode === 'proxy' ? { port: new URL(ready.http).port, hostname: '127.0.0.1' } : { hostname: host };
    const request = agent.request({ ...port, method, path, headers: { Host: host, ...headers } }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode, body: Buffer.concat(chunks) }));
    });
    request.on('error', reject);
    request.end(body);
  });
}
const cos = connect({});
const host = 'demo-1250000000.cos.ap-guangzhou.myqcloud.com';
const at = (Key) => ({ Bucket: 'demo-1250000000', Region: 'ap-guangzhou', ...(Key === undefined ? {} : { Key }) });
let failed = 0;

async function check(name, operation, code) {
  let outcome;
  let result;
  try {
    result = await operation();
    outcome = code === undefined ? 'ok' : `was not refused with ${code}`;
  } catch (error) {
    const got = error.code || error.Code || error.statusCode;
    outcome = code !== undefined && (got === code || error.statusCode === code) ? 'ok' : `${got} ${error.message || error.Message}`;
  }
  if (outcome !== 'ok') failed += 1;
  console.log(`${name}\t${outcome.replace(/\s+/g, ' ').slice(0, 300)}`);
  return result;
}

// A form as a page posts it, signed as the service's documentation says.
function postForm(name, allowed) {
  const now = Math.floor(Date.now() / 1000);
  const time = `${now - 60};${now + 600}`;
  const policy = JSON.stringify({
    expiration: new Date((now + 600) * 1000).toISOString(),
    conditions: [{ bucket: 'demo-1250000000' }, ['starts-with', '$key', allowed], { 'q-sign-algorithm': 'sha1' }, { 'q-ak': keys.SecretId }, { 'q-sign-time': time }],
  });
  const sign = (secret, text) => crypto.createHmac('sha1', secret).update(text).digest('hex');
  const fields = {
    key: name,
    policy: Buffer.from(policy).toString('base64'),
    'q-sign-algorithm': 'sha1',
    'q-ak': keys.SecretId,
    'q-key-time': time,
    'q-signature': sign(sign(keys.SecretKey, time), crypto.createHash('sha1').update(policy).digest('hex')),
  };
  const parts = Object.entries(fields).map(([field, value]) => `--b\r\nContent-Disposition: form-data; name="${field}"\r\n\r\n${value}\r\n`);
  const body = `${parts.join('')}--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nhello\r\n--b--\r\n`;
  const type = { 'Content-Type': 'multipart/form-data; boundary=b', 'Content-Length': Buffer.byteLength(body) };
  return fetched('POST', `${way.Protocol}//${host}/`, body, type);
}

async function main() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cos-conformance-'));
  const data = Buffer.from('hello world'.repeat(100));
  const key = 'dir/a b+c.txt';
  await check('putObject', () => cos.putObject({ ...at(key), Body: data, Headers: { 'x-cos-meta-a': '1' } }));
  await check('getObject', async () => assert((await cos.getObject(at(key))).Body.equals(data)));
  await check('getObject range', async () => assert.equal((await cos.getObject({ ...at(key), Range: 'bytes=6-10' })).Body.toString(), 'world'));
  await check('headObject', async () => assert.equal((await cos.headObject(at(key))).headers['x-cos-meta-a'], '1'));
  for (const special of ['中文/é.txt', 'a%b~c', "q\"u'ote()!*", 'dir/', 'x//y', '+plus', 'sp ace', 'k'.repeat(850), 'a=b&c', 'semi;colon', '$d@a:c,']) {
    await check(`key ${special.slice(0, 24)}`, async () => {
      await cos.putObject({ ...at(special), Body: special });
      assert.equal((await cos.getObject(at(special))).Body.toString(), special);
    });
  }
  await check('putObjectCopy', () => cos.putObjectCopy({ ...at('copy'), CopySource: `${host}/dir/a%20b%2Bc.txt` }));
  await check('getBucket', async () => assert((await cos.getBucket({ ...at(), Delimiter: '/', EncodingType: 'url' })).CommonPrefixes.length > 0));
  await check('listObjectVersions', () => cos.listObjectVersions({ ...at(), Prefix: '' }));

  const [big, back] = [path.join(folder, 'big'), path.join(folder, 'back')];
  fs.writeFileSync(big, Buffer.alloc(5 * 1024 * 1024 + 7, 7));
  const MIB = 1024 * 1024;
  await check('sliceUploadFile', () => cos.sliceUploadFile({ ...at('big'), FilePath: big, ChunkSize: MIB }));
  await check('uploadFile', () => cos.uploadFile({ ...at('big2'), FilePath: big, SliceSize: MIB }));
  await check('sliceCopyFile', () => cos.sliceCopyFile({ ...at('big3'), CopySource: `${host}/big`, CopySliceSize: MIB, CopyChunkSize: MIB }));
  await check('downloadFile', async () => {
    await cos.downloadFile({ ...at('big'), FilePath: back, ChunkSize: MIB });
    assert(fs.readFileSync(big).equals(fs.readFileSync(back)));
  });
  const UploadId = ((await check('multipartInit', () => cos.multipartInit(at('mp')))) || {}).UploadId;
  const part = await check('multipartUpload', () => cos.multipartUpload({ ...at('mp'), UploadId, PartNumber: 1, Body: 'x' }));
  await check('multipartListPart', async () => assert.equal((await cos.multipartListPart({ ...at('mp'), UploadId })).Part.length, 1));
  await check('multipartList', async () => assert((await cos.multipartList(at())).Upload.length > 0));
  await check('multipartComplete', () => cos.multipartComplete({ ...at('mp'), UploadId, Parts: [{ PartNumber: 1, ETag: part.ETag }] }));
  await check('multipartAbort', async () => cos.multipartAbort({ ...at('ab'), UploadId: (await cos.multipartInit(at('ab'))).UploadId }));
  await check('multipartAbort unknown', () => cos.multipartAbort({ ...at('ab'), UploadId: 'nope' }), 'NoSuchUpload');

  await check('appendObject', () => cos.appendObject({ ...at('app'), Position: 0, Body: 'abc' }));
  await check('appendObject again', () => cos.appendObject({ ...at('app'), Position: 3, Body: 'abc' }));
  await check('appendObject wrong position', () => cos.appendObject({ ...at('app'), Position: 3, Body: 'abc' }), 'AppendPositionErr');
  await check('putObjectAcl', () => cos.putObjectAcl({ ...at('copy'), ACL: 'public-read' }));
  await check('getObjectAcl', async () => assert.equal((await cos.getObjectAcl(at('copy'))).ACL, 'public-read'));
  await check('putBucketAcl', () => cos.putBucketAcl({ ...at(), ACL: 'public-read' }));
  await check('getBucketAcl', async () => assert.equal((await cos.getBucketAcl(at())).ACL, 'public-read'));
  await check('putBucketAcl private', () => cos.putBucketAcl({ ...at(), ACL: 'private' }));
  await check('putObjectTagging', () => cos.putObjectTagging({ ...at('copy'), Tags: [{ Key: 'k', Value: 'v' }] }));
  await check('getObjectTagging', async () => assert.equal((await cos.getObjectTagging(at('copy'))).Tags[0].Value, 'v'));
  await check('deleteObjectTagging', () => cos.deleteObjectTagging(at('copy')));
  const rule = { AllowedOrigin: ['*'], AllowedMethod: ['PUT', 'GET'], AllowedHeader: ['*'], ExposeHeader: ['ETag'], MaxAgeSeconds: 5 };
  await check('putBucketCors', () => cos.putBucketCors({ ...at(), CORSRules: [rule] }));
  await check('getBucketCors', async () => assert.deepEqual((await cos.getBucketCors(at())).CORSRules[0].AllowedMethods, ['PUT', 'GET']));
  const preflight = { ...at('a'), Origin: 'http://x.com', AccessControlRequestMethod: 'PUT', AccessControlRequestHeaders: 'authorization' };
  await check('optionsObject', () => cos.optionsObject(preflight));
  await check('deleteBucketCors', () => cos.deleteBucketCors(at()));
  await check('putBucketLifecycle', () => cos.putBucketLifecycle({ ...at(), Rules: [{ ID: '1', Status: 'Enabled', Filter: { Prefix: 'x' }, Expiration: { Days: 1 } }] }));
  await check('getBucketLifecycle', async () => assert.equal((await cos.getBucketLifecycle(at())).Rules.length, 1));
  await check('deleteBucketLifecycle', () => cos.deleteBucketLifecycle(at()));
  await check('putBucketPolicy', () => cos.putBucketPolicy({ ...at(), Policy: { version: '2.0', Statement: [] } }));
  await check('getBucketPolicy', () => cos.getBucketPolicy(at()));
  await check('getBucketLocation', async () => assert.equal((await cos.getBucketLocation(at())).LocationConstraint, 'ap-guangzhou'));
  await check('headBucket', () => cos.headBucket(at()));
  await check('getService', async () => assert.equal((await cos.getService()).Buckets.length, 1));
  await check('putBucketVersioning', () => cos.putBucketVersioning({ ...at(), VersioningConfiguration: { Status: 'Enabled' } }));
  await check('getBucketVersioning', async () => assert.equal((await cos.getBucketVersioning(at())).VersioningConfiguration.Status, 'Enabled'));
  await check('putBucketVersioning suspended', () => cos.putBucketVersioning({ ...at(), VersioningConfiguration: { Status: 'Suspended' } }));
  await check('putObject archive', () => cos.putObject({ ...at('cold'), Body: 'x', StorageClass: 'ARCHIVE' }));
  await check('getObject archived', () => cos.getObject(at('cold')), 'InvalidObjectState');
  await check('restoreObject', () => cos.restoreObject({ ...at('cold'), RestoreRequest: { Days: 1, CASJobParameters: { Tier: 'Expedited' } } }));
  await check('deleteMultipleObject', () => cos.deleteMultipleObject({ ...at(), Objects: [{ Key: 'copy' }, { Key: 'big2' }] }));
  await check('deleteObject', () => cos.deleteObject(at('app')));
  await check('getObject gone', () => cos.getObject(at('app')), 'NoSuchKey');
  const other = { Bucket: 'other-1250000000', Region: 'ap-beijing' };
  const presigned = (Method, name) => cos.getObjectUrl({ ...at(name), Method, Sign: true, Expires: 60 });
  await check('getObjectUrl GET', async () => assert((await fetched('GET', presigned('GET', key))).body.equals(data)));
  await check('getObjectUrl PUT', async () => {
    assert.equal((await fetched('PUT', presigned('PUT', 'by-url'), 'x', { 'Content-Length': 1 })).status, 200);
    assert.equal((await cos.getObject(at('by-url'))).Body.toString(), 'x');
  });
  await check('getObjectUrl of another key', async () => {
    assert.equal((await fetched('GET', presigned('GET', 'by-url').replace('/by-url', '/big'))).status, 403);
  });
  await check('POST form', async () => assert.equal((await postForm('form/a', 'form/')).status, 204));
  await check('POST form outside its policy', async () => assert.equal((await postForm('other/a', 'form/')).status, 403));
  if (mode === 'https') {
    const STS = require('qcloud-cos-sts');
    const issue = (policy) => STS.getCredential({ secretId: keys.SecretId, secretKey: keys.SecretKey, durationSeconds: 900, policy });
    const scope = { action: 'name/cos:PutObject', bucket: 'demo-1250000000', region: 'ap-guangzhou', prefix: 'mine/*' };
    // The helper's own policy has a principal, which STS documents as refused.
    await check('getCredential with getPolicy', () => issue(STS.getPolicy([scope])), 'InvalidParameter.StrategyFormatError');
    const resource = ['qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000/mine/*'];
    const policy = { version: '2.0', statement: [{ action: [scope.action], effect: 'allow', resource }] };
    const issued = await check('getCredential', () => issue(policy));
    const { tmpSecretId, tmpSecretKey, sessionToken } = issued.credentials;
    const temporary = connect({ SecretId: tmpSecretId, SecretKey: tmpSecretKey, SecurityToken: sessionToken });
    await check('putObject temporary', () => temporary.putObject({ ...at('mine/a'), Body: 'x' }));
    await check('putObject outside the policy', () => temporary.putObject({ ...at('other'), Body: 'x' }), 'AccessDenied');
  }
  await check('putBucket', () => cos.putBucket(other));
  await check('deleteBucket', () => cos.deleteBucket(other));
  await check('wrong key', () => connect({ SecretKey: 'wrong' }).getBucket(at()), 'SignatureDoesNotMatch');
  fs.rmSync(folder, { recursive: true });
}

main().then(() => process.exit(failed > 0 ? 1 : 0));
