// An identity provider's public keys, a token signed with them, and an emulator configuration whose role trusts them,
// all written into the folder given.

const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const folder = process.argv[2];
const write = (name, text) => fs.writeFileSync(path.join(folder, name), text);

const { publicKey, privateKey } = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
write('jwks.json', JSON.stringify({ keys: [{ kid: 'wire', ...publicKey.export({ format: 'jwk' }) }] }));

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const now = Math.floor(Date.now() / 1000);
const message = `${part({ alg: 'ES256', kid: 'wire' })}.${part({ sub: 'pod', iat: now, exp: now + 3600 })}`;
const signature = crypto.sign('sha256', Buffer.from(message), { key: privateKey, dsaEncoding: 'ieee-p1363' });
write('identity.jwt', `${message}.${signature.toString('base64url')}`);

write('emulator.toml', `
[[account]]
app_id = "1250000000"
uin = "100000000001"
secret_id = "AKIDwire"
secret_key = "wire-secret-key"
[[account.role]]
name = "uploader"
[[account.role]]
name = "pod"
trust = { oidc_provider = "wire", jwks_file = "jwks.json" }
[[bucket]]
name = "demo-1250000000"
region = "ap-guangzhou"
`);
