// The operations to compare, by cos-nodejs-sdk-v5. Argument: the recorder's address; keys come from COS_….
'use strict';
const http = require('http');
const COS = require('cos-nodejs-sdk-v5');

const recorder = process.argv[2];
const cos = new COS({
  SecretId: process.env.COS_SECRET_ID, SecretKey: process.env.COS_SECRET_KEY, SecurityToken: process.env.COS_SESSION_TOKEN,
  Protocol: 'http:', Proxy: recorder,
});
const where = { Bucket: 'demo-1250000000', Region: 'ap-guangzhou' };
const at = (Key) => ({ ...where, Key });

async function run(name, operation) {
  await new Promise((done) => http.get(`${recorder}/_mark/${encodeURIComponent(name)}`, (answer) => answer.resume().on('end', done)));
  try {
    return await operation();
  } catch (error) {
    throw new Error(`${name}: ${error.code} ${error.message}`);
  }
}

async function main() {
  const data = 'hello world'.repeat(100);
  const key = 'dir/a b+c.txt';
  const CopySource = `${where.Bucket}.cos.${where.Region}.myqcloud.com/dir/a%20b%2Bc.txt`;
  const { ETag } = await run('put_object', () => cos.putObject({
    ...at(key), Body: data, ContentType: 'text/plain', Headers: { 'x-cos-meta-a': '1' } }));
  await run('put_object of a special key', () => cos.putObject({ ...at("中文/é~(1)!*'&=;.txt"), Body: 'x' }));
  await run('get_object', () => cos.getObject(at(key)));
  await run('get_object range', () => cos.getObject({ ...at(key), Range: 'bytes=6-10' }));
  await run('get_object conditional', () => cos.getObject({ ...at(key), IfMatch: ETag }));
  await run('get_object other type', () => cos.getObject({ ...at(key), ResponseContentType: 'text/html; charset=utf-8' }));
  await run('head_object', () => cos.headObject(at(key)));
  await run('copy_object', () => cos.putObjectCopy({ ...at('copy'), CopySource }));
  await run('append_object', () => cos.appendObject({ ...at('log'), Position: 0, Body: 'abc' }));
  await run('put_object archive', () => cos.putObject({ ...at('cold'), Body: 'x', StorageClass: 'ARCHIVE' }));
  await run('restore_object', () => cos.restoreObject({ ...at('cold'), RestoreRequest: { Days: 1, CASJobParameters: { Tier: 'Standard' } } }));
  const Tags = [{ Key: 'k', Value: 'v w' }];
  await run('put_object_tagging', () => cos.putObjectTagging({ ...at('copy'), Tags }));
  await run('get_object_tagging', () => cos.getObjectTagging(at('copy')));
  await run('delete_object_tagging', () => cos.deleteObjectTagging(at('copy')));
  await run('put_object_acl', () => cos.putObjectAcl({ ...at('copy'), ACL: 'public-read' }));
  await run('get_object_acl', () => cos.getObjectAcl(at('copy')));
  await run('put_bucket_acl', () => cos.putBucketAcl({ ...where, ACL: 'private' }));
  await run('get_bucket_acl', () => cos.getBucketAcl(where));
  await run('list_objects', () => cos.getBucket({ ...where, Prefix: 'd', Delimiter: '/', Marker: 'a b', MaxKeys: 7, EncodingType: 'url' }));
  await run('list_object_versions', () => cos.listObjectVersions({ ...where, Prefix: 'd', MaxKeys: 7, EncodingType: 'url' }));
  const { UploadId } = await run('initiate_multipart_upload', () => cos.multipartInit({ ...at('parts'), ContentType: 'text/plain' }));
  const parts = { ...at('parts'), UploadId };
  const first = await run('upload_part', () => cos.multipartUpload({ ...parts, PartNumber: 1, Body: '1'.repeat(1048576) }));
  const second = await run('upload_part_copy', () => cos.uploadPartCopy({ ...parts, PartNumber: 2, CopySource, CopySourceRange: 'bytes=0-9' }));
  await run('list_parts', () => cos.multipartListPart(parts));
  await run('list_multipart_uploads', () => cos.multipartList(where));
  await run('complete_multipart_upload', () => cos.multipartComplete({
    ...parts, Parts: [{ PartNumber: 1, ETag: first.ETag }, { PartNumber: 2, ETag: second.ETag }] }));
  const other = (await run('', () => cos.multipartInit(at('parts')))).UploadId;
  await run('abort_multipart_upload', () => cos.multipartAbort({ ...at('parts'), UploadId: other }));
  const CORSRules = [{ AllowedOrigin: ['https://a.example'], AllowedMethod: ['PUT'], AllowedHeader: ['*'] }];
  await run('put_bucket_cors', () => cos.putBucketCors({ ...where, CORSRules }));
  await run('get_bucket_cors', () => cos.getBucketCors(where));
  await run('check_cors', () => cos.optionsObject({
    ...at(key), Origin: 'https://a.example', AccessControlRequestMethod: 'PUT', AccessControlRequestHeaders: 'content-type' }));
  await run('delete_bucket_cors', () => cos.deleteBucketCors(where));
  const Rules = [{ ID: '1', Filter: { Prefix: 'x' }, Status: 'Enabled', Expiration: { Days: 1 } }];
  await run('put_bucket_lifecycle', () => cos.putBucketLifecycle({ ...where, Rules }));
  await run('get_bucket_lifecycle', () => cos.getBucketLifecycle(where));
  await run('delete_bucket_lifecycle', () => cos.deleteBucketLifecycle(where));
  await run('put_bucket_policy', () => cos.putBucketPolicy({ ...where, Policy: { Statement: [], version: '2.0' } }));
  await run('get_bucket_policy', () => cos.getBucketPolicy(where));
  await run('delete_bucket_policy', () => cos.deleteBucketPolicy(where));
  await run('put_bucket_tagging', () => cos.putBucketTagging({ ...where, Tags }));
  await run('get_bucket_tagging', () => cos.getBucketTagging(where));
  await run('delete_bucket_tagging', () => cos.deleteBucketTagging(where));
  await run('get_bucket_location', () => cos.getBucketLocation(where));
  await run('head_bucket', () => cos.headBucket(where));
  await run('put_bucket_versioning', () => cos.putBucketVersioning({ ...where, VersioningConfiguration: { Status: 'Suspended' } }));
  await run('get_bucket_versioning', () => cos.getBucketVersioning(where));
  await run('list_buckets', () => cos.getService());
  const fresh = { ...where, Bucket: 'wire-1250000000' };
  await run('create_bucket', () => cos.putBucket(fresh));
  await run('delete_bucket', () => cos.deleteBucket(fresh));
  await run('delete_objects', () => cos.deleteMultipleObject({ ...where, Objects: [{ Key: 'copy' }, { Key: 'none & <none>' }], Quiet: true }));
  await run('delete_object', () => cos.deleteObject(at(key)));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
