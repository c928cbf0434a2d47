// Drives the emulator with the official Node SDK (cos-nodejs-sdk-v5), which takes it as its HTTP proxy.
//
// usage: node sdk.js READY_LINE_FILE
// Prints one line per operation: name, tab, "ok" or what went wrong. Ends with 1 if one failed.
'use strict';
const assert = require('assert');
const fs = require('fs');
const os = require('os');
const path = require('path');
const COS = require('cos-nodejs-sdk-v5');

const ready = JSON.parse(fs.readFileSync(process.argv[2], 'utf8').split('\n')[0]);
const account = ready.accounts[0];
const keys = { SecretId: account.secret_id, SecretKey: account.secret_key };
const connect = (more) => new COS({ ...keys, Protocol: 'http:', Proxy: ready.http, ...more });
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
    const got = error.code || error.statusCode;
    outcome = code !== undefined && (got === code || error.statusCode === code) ? 'ok' : `${got} ${error.message}`;
  }
  if (outcome !== 'ok') failed += 1;
  console.log(`${name}\t${outcome.replace(/\s+/g, ' ').slice(0, 300)}`);
  return result;
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
  await check('putBucket', () => cos.putBucket(other));
  await check('deleteBucket', () => cos.deleteBucket(other));
  await check('wrong key', () => connect({ SecretKey: 'wrong' }).getBucket(at()), 'SignatureDoesNotMatch');
  fs.rmSync(folder, { recursive: true });
}

main().then(() => process.exit(failed > 0 ? 1 : 0));
