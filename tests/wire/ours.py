"""`cos sts` against the emulator, and its output in the hands of the official client. Arguments: ready line, cos,
a web identity token."""

import json
import os
import subprocess
import sys
import tempfile

from tencentcloud.common import credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.sts.v20180813 import models, sts_client

ready, cos = json.load(open(sys.argv[1])), sys.argv[2]
account = ready["accounts"][0]
env = {
    **os.environ,
    "COS_SECRET_ID": account["secret_id"],
    "COS_SECRET_KEY": account["secret_key"],
    "COS_STS_ENDPOINT": ready["http"],
    "COS_REGION": "ap-guangzhou",
}


def run(*arguments, status=0):
    done = subprocess.run([cos, *arguments, "--json"], env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == status, (arguments, done.returncode, done.stdout, done.stderr)
    return json.loads(done.stdout)


with tempfile.NamedTemporaryFile("w", suffix=".json") as policy:
    app = account["app_id"]
    json.dump({"version": "2.0", "statement": [{
        "effect": "allow", "action": "name/cos:GetObject",
        "resource": f"qcs::cos:ap-guangzhou:uid/{app}:demo-{app}/docs/*"}]}, policy)
    policy.flush()
    token = run("sts", "federation-token", "--name", "wire", "--policy", policy.name, "--duration", "1800")
role = run("sts", "assume-role", "--role-arn", f"qcs::cam::uin/{account['uin']}:roleName/uploader",
           "--session-name", "wire", "--duration", "3600")
pod = run("sts", "web-identity", "--provider-id", "wire", "--token-file", sys.argv[3],
          "--role-arn", f"qcs::cam::uin/{account['uin']}:roleName/pod", "--session-name", "wire")
for reply in [token, role, pod]:
    assert set(reply) == {"credentials", "startTime", "expiredTime", "expiration", "requestId"}, reply
    assert set(reply["credentials"]) == {"tmpSecretId", "tmpSecretKey", "sessionToken"}, reply

profile = ClientProfile(httpProfile=HttpProfile(
    protocol="http", endpoint="sts.tencentcloudapi.com", proxy=ready["http"].removeprefix("http://")))
keys = role["credentials"]
theirs = sts_client.StsClient(
    credential.Credential(keys["tmpSecretId"], keys["tmpSecretKey"], keys["sessionToken"]), "ap-guangzhou", profile)
identity = theirs.GetCallerIdentity(models.GetCallerIdentityRequest())
assert identity.Type == "CAMRole", identity
env["COS_SECRET_KEY"] = "wrong"
error = run("sts", "whoami", status=1)["error"]
assert error["code"] == "AuthFailure.SignatureFailure", error
print("cos sts: ok")
