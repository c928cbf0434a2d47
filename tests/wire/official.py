"""tencentcloud-sdk-python-sts and qcloud-python-sts against the emulator's STS. Arguments: its ready line, a
web identity token."""

import json
import sys
import time
import urllib.parse

from sts.sts import Scope, Sts
from tencentcloud.common import credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.sts.v20180813 import models, sts_client

ready = json.load(open(sys.argv[1]))
account = ready["accounts"][0]
address = ready["http"].removeprefix("http://")
ROLE = f"qcs::cam::uin/{account['uin']}:roleName/uploader"
POLICY = {
    "version": "2.0",
    "statement": [{
        "effect": "allow",
        "action": ["name/cos:GetObject"],
        "resource": [f"qcs::cos:ap-guangzhou:uid/{account['app_id']}:demo-{account['app_id']}/docs/*"],
    }],
}


def client(secret_id, secret_key, token=None, method="TC3-HMAC-SHA256"):
    # The emulator's address is an IP, so the Host header must say whom it is for.
    http = HttpProfile(protocol="http", endpoint="sts.tencentcloudapi.com", proxy=address)
    profile = ClientProfile(signMethod=method, httpProfile=http)
    return sts_client.StsClient(credential.Credential(secret_id, secret_key, token), "ap-guangzhou", profile)


def request(kind, **fields):
    made = kind()
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def check(reply, seconds):
    assert len(reply.Credentials.Token) <= 4096, len(reply.Credentials.Token)
    assert reply.Credentials.TmpSecretId and reply.Credentials.TmpSecretKey, reply
    assert abs(reply.ExpiredTime - time.time() - seconds) < 30, reply.ExpiredTime
    assert reply.Expiration.endswith("Z") and reply.RequestId, reply


def refused(code, call):
    try:
        call()
    except TencentCloudSDKException as error:
        assert error.get_code() == code, error
        assert error.get_request_id(), error
    else:
        raise AssertionError(f"{code} was expected")


policy = urllib.parse.quote(json.dumps(POLICY))
keys = account["secret_id"], account["secret_key"]
for method in ["TC3-HMAC-SHA256", "HmacSHA1", "HmacSHA256"]:
    ours = client(*keys, method=method)
    token = ours.GetFederationToken(
        request(models.GetFederationTokenRequest, Name="wire", Policy=policy, DurationSeconds=1800))
    check(token, 1800)
    role = ours.AssumeRole(request(
        models.AssumeRoleRequest, RoleArn=ROLE, RoleSessionName="wire", DurationSeconds=3600, Policy=policy))
    check(role, 3600)
    me = ours.GetCallerIdentity(models.GetCallerIdentityRequest())
    assert (me.Type, me.AccountId) == ("CAMUser", account["uin"]), me
    theirs = role.Credentials
    session = client(theirs.TmpSecretId, theirs.TmpSecretKey, theirs.Token, method)
    it = session.GetCallerIdentity(models.GetCallerIdentityRequest())
    assert it.Type == "CAMRole" and it.UserId.endswith(":wire"), it
    refused("FailedOperation.TempKeyNotAllowed", lambda: session.GetFederationToken(
        request(models.GetFederationTokenRequest, Name="wire", Policy=policy)))
    print(f"tencentcloud-sdk-python-sts, {method}: ok")

good = client(*keys)
refused("InvalidParameter.OverTimeError", lambda: good.AssumeRole(
    request(models.AssumeRoleRequest, RoleArn=ROLE, RoleSessionName="wire", DurationSeconds=50000)))
refused("AuthFailure.SignatureFailure", lambda: client(keys[0], "wrong").GetCallerIdentity(
    models.GetCallerIdentityRequest()))
refused("AuthFailure.SecretIdNotFound", lambda: client("AKIDnobody", "x").GetCallerIdentity(
    models.GetCallerIdentityRequest()))
print("tencentcloud-sdk-python-sts, refusals: ok")

identity = {
    "ProviderId": "wire",
    "WebIdentityToken": open(sys.argv[2]).read(),
    "RoleArn": ROLE.replace("uploader", "pod"),
    "RoleSessionName": "wire",
}
nobody = client("none", "none")  # the client wants keys; this call goes unsigned


def assume_with(token):
    return nobody.call_json(
        "AssumeRoleWithWebIdentity", {**identity, "WebIdentityToken": token}, options={"SkipSign": True})


reply = models.AssumeRoleWithWebIdentityResponse()
reply._deserialize(assume_with(identity["WebIdentityToken"])["Response"])
check(reply, 7200)
refused("InvalidParameter.WebIdentityTokenError", lambda: assume_with(identity["WebIdentityToken"][:-4]))
print("tencentcloud-sdk-python-sts, web identity: ok")

config = {
    "secret_id": keys[0],
    "secret_key": keys[1],
    "url": "http://sts.tencentcloudapi.com/",
    "domain": "sts.tencentcloudapi.com",
    "proxy": {"http": ready["http"]},
    "bucket": f"demo-{account['app_id']}",
    "region": "ap-guangzhou",
    "duration_seconds": 1800,
    "allow_prefix": ["docs/*"],
    "allow_actions": ["name/cos:GetObject"],
}
for reply in [
    Sts(config).get_credential(),
    Sts({**config, "policy": Sts.get_policy(
        [Scope("name/cos:GetObject", config["bucket"], "ap-guangzhou", "docs/*")])}).get_credential(),
    Sts(config).get_role_credential(ROLE),
]:
    assert reply["expiredTime"] - reply["startTime"] == 1800, reply
    assert set(reply["credentials"]) == {"sessionToken", "tmpSecretId", "tmpSecretKey"}, reply
    assert reply["requestId"], reply
print("qcloud-python-sts: ok")
