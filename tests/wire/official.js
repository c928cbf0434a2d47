// qcloud-cos-sts (https only) against the emulator's STS. Argument: its ready line.
'use strict';
const assert = require('assert');
const fs = require('fs');
const https = require('https');

const ready = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const account = ready.accounts[0];
const port = new URL(ready.https).port;

// The real host name leads to the emulator; its certificate is checked as always.
const host = 'sts.tencentcloudapi.com';
const { request } = https;
const here = { address: '127.0.0.1', family: 4 };
const lookup = (_name, options, done) =>
  options.all ? done(null, [here]) : done(null, here.address, here.family);
https.request = (options, done) => request({ ...options, port, lookup }, done);

const sts = require('qcloud-cos-sts');
const options = {
  secretId: account.secret_id,
  secretKey: account.secret_key,
  endpoint: host,
  durationSeconds: 1800,
  region: 'ap-guangzhou',
  policy: {
    version: '2.0',
    statement: [{
      effect: 'allow',
      action: ['name/cos:GetObject'],
      resource: [`qcs::cos:ap-guangzhou:uid/${account.app_id}:demo-${account.app_id}/docs/*`],
    }],
  },
};

async function main() {
  const role = `qcs::cam::uin/${account.uin}:roleName/uploader`;
  for (const reply of [
    await sts.getCredential(options),
    await sts.getRoleCredential({ ...options, roleArn: role }),
  ]) {
    assert.deepStrictEqual(Object.keys(reply.credentials).sort(), ['sessionToken', 'tmpSecretId', 'tmpSecretKey']);
    assert.strictEqual(reply.expiredTime - reply.startTime, 1800);
    assert(reply.requestId);
  }
  await assert.rejects(sts.getCredential({ ...options, secretKey: 'wrong' }), (error) => {
    assert.match(JSON.stringify(error) + error, /AuthFailure.SignatureFailure/);
    return true;
  });
  console.log('qcloud-cos-sts: ok');
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
