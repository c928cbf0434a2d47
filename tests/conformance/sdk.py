"""Drives the emulator with the official Python SDKs (cos-python-sdk-v5, qcloud-python-sts).

usage: sdk.py READY_LINE_FILE ip|proxy|https
Prints one line per operation: name, tab, "ok" or what went wrong. Ends with 1 if one failed.
"""
import json
import os
import socket
import sys
import tempfile
import urllib.request
from urllib.parse import urlsplit

from qcloud_cos import CosConfig, CosS3Client
from qcloud_cos.cos_exception import CosServiceError
from sts.sts import Sts

ready = json.loads(open(sys.argv[1]).readline())
mode = sys.argv[2]
account = ready["accounts"][0]
base = ready["http"]
port = int(base.rsplit(":", 1)[1])
bucket, region = "demo-1250000000", "ap-guangzhou"
where = {"Bucket": bucket}
failed = 0


def check(name, operation, code=None):
    """Runs an operation that must succeed, or be refused with `code`."""
    global failed
    try:
        result = operation()
        outcome = "ok" if code is None else f"was not refused with {code}"
    except CosServiceError as error:
        result, got = None, error.get_error_code() if isinstance(error.get_digest_msg(), dict) else error.get_status_code()
        outcome = "ok" if code is not None and got == code else f"{got}"
    except Exception as error:  # a client that is not satisfied, in whatever way
        result, outcome = None, f"{type(error).__name__}: {error}"[:300]
    failed += outcome != "ok"
    print(f"{name}\t{outcome}", flush=True)
    return result


def same(got, wanted):
    assert got == wanted, f"got {got!r:.80}, wanted {wanted!r:.80}"


sts = Sts({
    "url": base + "/", "domain": base.split("//")[1], "duration_seconds": 1800,
    "secret_id": account["secret_id"], "secret_key": account["secret_key"],
    "bucket": bucket, "region": region, "allow_prefix": ["*"], "allow_actions": ["name/cos:*"],
})
credentials = check("get_credential", sts.get_credential)["credentials"]
options = {
    "Region": region, "SecretId": credentials["tmpSecretId"], "SecretKey": credentials["tmpSecretKey"],
    "Token": credentials["sessionToken"], "Scheme": "http",
}
if mode == "ip":
    options.update(IP="127.0.0.1", Port=port)
elif mode == "proxy":
    options.update(Proxies={"http": base})
else:
    # Every name leads to the emulator's TLS port; its certificate authority is trusted.
    tls_port = int(ready["https"].rsplit(":", 1)[1])
    os.environ["REQUESTS_CA_BUNDLE"] = ready["ca_file"]
    resolve = socket.getaddrinfo
    socket.getaddrinfo = lambda host, p, *a, **k: resolve("127.0.0.1", tls_port if p == 443 else p, *a, **k)
    options["Scheme"] = "https"
client = CosS3Client(CosConfig(**options))

data = b"hello world" * 100
key = "dir/a b+c.txt"
read = lambda **arguments: client.get_object(**where, **arguments)["Body"].get_raw_stream().read()
check("put_object", lambda: client.put_object(**where, Key=key, Body=data, Metadata={"x-cos-meta-a": "1"}, EnableMD5=True)["ETag"])
check("get_object", lambda: same(read(Key=key), data))
check("get_object range", lambda: same(read(Key=key, Range="bytes=6-10"), b"world"))
check("get_object bad range", lambda: read(Key=key, Range="bytes=9999-"), "InvalidRange")
check("head_object", lambda: same(client.head_object(**where, Key=key)["x-cos-meta-a"], "1"))
check("get_object if-match", lambda: read(Key=key, IfMatch='"other"'), "PreconditionFailed")
for special in ["中文/é.txt", "a%b~c", "q\"u'ote", "dir/", "x//y", "+plus", "sp ace", "k" * 850, "[brackets]", "a=b&c",
                "semi;colon", "$dollar@at:colon,comma", "(paren)!*"]:
    def round_trip():
        client.put_object(**where, Key=special, Body=special.encode())
        same(read(Key=special), special.encode())
        same(client.object_exists(**where, Key=special), True)
    check(f"key {special[:24]}", round_trip)
check("copy_object", lambda: client.copy_object(**where, Key="copy", CopySource={**where, "Key": key, "Region": region}))
if mode != "ip":
    # With IP= the helper asks the real host for the source's size.
    if mode == "https":
        check("copy", lambda: client.copy(**where, Key="copy2", CopySource={**where, "Key": "中文/é.txt", "Region": region}))
    # The helper's policy speaks of one bucket: the list of all is not its to see.
    check("list_buckets refused", client.list_buckets, "AccessDenied")
check("list_objects", lambda: client.list_objects(**where, EncodingType="url")["Contents"])
check("list_objects delimiter", lambda: client.list_objects(**where, Delimiter="/", MaxKeys=3)["NextMarker"])
check("list_objects_versions", lambda: client.list_objects_versions(**where)["Version"])

upload = {}


def part(number, body):
    return client.upload_part(**where, Key="mp", Body=body, PartNumber=number, UploadId=upload["id"])["ETag"]


check("create_multipart_upload", lambda: upload.update(id=client.create_multipart_upload(**where, Key="mp")["UploadId"]))
check("upload_part", lambda: upload.update(parts=[part(1, b"1" * 1048576), part(2, b"2")]))
check("list_parts", lambda: same(len(client.list_parts(**where, Key="mp", UploadId=upload["id"])["Part"]), 2))
check("list_multipart_uploads", lambda: client.list_multipart_uploads(**where)["Upload"])
listed = lambda: {"Part": [{"ETag": tag, "PartNumber": n} for n, tag in enumerate(upload["parts"], 1)]}
check("complete_multipart_upload", lambda: client.complete_multipart_upload(
    **where, Key="mp", UploadId=upload["id"], MultipartUpload=listed())["ETag"])


def part_copy():
    upload_id = client.create_multipart_upload(**where, Key="mpc")["UploadId"]
    source = {**where, "Key": "mp", "Region": region}
    tag = client.upload_part_copy(**where, Key="mpc", PartNumber=1, UploadId=upload_id, CopySource=source,
                                  CopySourceRange="bytes=0-9")["ETag"]
    client.complete_multipart_upload(**where, Key="mpc", UploadId=upload_id,
                                     MultipartUpload={"Part": [{"ETag": tag, "PartNumber": 1}]})
    same(read(Key="mpc"), b"1" * 10)


check("upload_part_copy", part_copy)
check("abort_multipart_upload", lambda: client.abort_multipart_upload(
    **where, Key="ab", UploadId=client.create_multipart_upload(**where, Key="ab")["UploadId"]))
check("abort unknown upload", lambda: client.abort_multipart_upload(**where, Key="ab", UploadId="nope"), "NoSuchUpload")

with tempfile.TemporaryDirectory() as folder:
    big, back = os.path.join(folder, "big"), os.path.join(folder, "back")
    with open(big, "wb") as file:
        file.write(os.urandom(5 * 1024 * 1024 + 7))
    seen = []
    check("upload_file", lambda: client.upload_file(**where, Key="big", LocalFilePath=big, PartSize=1, MAXThread=4,
                                                    EnableMD5=True, progress_callback=lambda done, all: seen.append(done)))
    check("upload_file progress", lambda: same(max(seen), 5 * 1024 * 1024 + 7))

    def download():
        client.download_file(**where, Key="big", DestFilePath=back, PartSize=1, MAXThread=4, EnableCRC=True)
        same(open(back, "rb").read() == open(big, "rb").read(), True)

    check("download_file", download)

append = lambda position: client.append_object(**where, Key="app", Position=position, Data=b"abc")
check("append_object", lambda: append(0))
check("append_object again", lambda: append(3))
check("append_object wrong position", lambda: append(3), "AppendPositionErr")
check("put_object_tagging", lambda: client.put_object_tagging(
    **where, Key="copy", Tagging={"TagSet": {"Tag": [{"Key": "k", "Value": "v"}]}}))
check("get_object_tagging", lambda: same(client.get_object_tagging(**where, Key="copy")["TagSet"]["Tag"][0]["Value"], "v"))
check("delete_object_tagging", lambda: client.delete_object_tagging(**where, Key="copy"))
check("put_object_acl", lambda: client.put_object_acl(**where, Key="copy", ACL="public-read"))
check("get_object_acl", lambda: same(client.get_object_acl(**where, Key="copy")["CannedACL"], "public-read"))
check("put_bucket_acl", lambda: client.put_bucket_acl(**where, ACL="private"))
check("get_bucket_acl", lambda: client.get_bucket_acl(**where))
check("put_bucket_cors", lambda: client.put_bucket_cors(**where, CORSConfiguration={"CORSRule": [
    {"ID": "1", "MaxAgeSeconds": 100, "AllowedOrigin": ["http://a.com"], "AllowedMethod": ["PUT"], "AllowedHeader": ["*"]}]}))
check("get_bucket_cors", lambda: same(client.get_bucket_cors(**where)["CORSRule"][0]["ID"], "1"))
check("delete_bucket_cors", lambda: client.delete_bucket_cors(**where))
check("get_bucket_lifecycle none", lambda: client.get_bucket_lifecycle(**where), "NoSuchLifecycleConfiguration")
check("put_bucket_lifecycle", lambda: client.put_bucket_lifecycle(**where, LifecycleConfiguration={
    "Rule": [{"ID": "1", "Status": "Enabled", "Filter": {"Prefix": "x"}, "Expiration": {"Days": 1}}]}))
check("get_bucket_lifecycle", lambda: client.get_bucket_lifecycle(**where))
check("put_bucket_tagging", lambda: client.put_bucket_tagging(**where, Tagging={"TagSet": {"Tag": [{"Key": "k", "Value": "v"}]}}))
check("get_bucket_tagging", lambda: client.get_bucket_tagging(**where))
check("put_bucket_policy", lambda: client.put_bucket_policy(**where, Policy={"Statement": [], "version": "2.0"}))
check("get_bucket_policy", lambda: client.get_bucket_policy(**where))
check("get_bucket_location", lambda: same(client.get_bucket_location(**where)["LocationConstraint"], region))
check("head_bucket", lambda: client.head_bucket(**where))
check("bucket_exists", lambda: same(client.bucket_exists(**where), True))
check("get_bucket_versioning", lambda: client.get_bucket_versioning(**where))
check("put_object archive", lambda: client.put_object(**where, Key="cold", Body=b"x", StorageClass="ARCHIVE"))
check("get_object archived", lambda: read(Key="cold"), "InvalidObjectState")
check("restore_object", lambda: client.restore_object(
    **where, Key="cold", RestoreRequest={"Days": 1, "CASJobParameters": {"Tier": "Expedited"}}))
check("get_object restored", lambda: same(read(Key="cold"), b"x"))
check("delete_objects", lambda: same(len(client.delete_objects(
    **where, Delete={"Object": [{"Key": "copy"}, {"Key": "none"}], "Quiet": "false"})["Deleted"]), 2))
check("delete_object", lambda: client.delete_object(**where, Key="mp"))
check("get_object gone", lambda: read(Key="mp"), "NoSuchKey")


def presigned():
    token = {"x-cos-security-token": credentials["sessionToken"]}
    signer = CosS3Client(CosConfig(**{k: options[k] for k in ("Region", "SecretId", "SecretKey", "Token")}, Scheme="http"))
    url = urlsplit(signer.get_presigned_url(Method="GET", **where, Key=key, Params=token))
    request = urllib.request.Request(f"{base}{url.path}?{url.query}", headers={"Host": url.netloc})
    same(urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request).read(), data)


check("get_presigned_url", presigned)
sys.exit(failed > 0)
