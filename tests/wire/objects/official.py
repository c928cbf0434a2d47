"""The operations to compare, by cos-python-sdk-v5. Argument: the recorder's address; keys come from COS_…."""
import os
import sys
import urllib.request
from urllib.parse import quote

from qcloud_cos import CosConfig, CosS3Client

recorder = sys.argv[1]
bucket, region = "demo-1250000000", "ap-guangzhou"
where = {"Bucket": bucket}
client = CosS3Client(CosConfig(
    Region=region, SecretId=os.environ["COS_SECRET_ID"], SecretKey=os.environ["COS_SECRET_KEY"],
    Token=os.environ["COS_SESSION_TOKEN"], Scheme="http", Proxies={"http": recorder}))


def run(name, operation):
    urllib.request.urlopen(f"{recorder}/_mark/{quote(name)}").read()
    return operation()


data = b"hello world" * 100
key = "dir/a b+c.txt"
source = {**where, "Key": key, "Region": region}
etag = run("put_object", lambda: client.put_object(
    **where, Key=key, Body=data, ContentType="text/plain", Metadata={"x-cos-meta-a": "1"}))["ETag"]
run("put_object of a special key", lambda: client.put_object(**where, Key="中文/é~(1)!*'&=;.txt", Body=b"x"))
run("get_object", lambda: client.get_object(**where, Key=key)["Body"].get_raw_stream().read())
run("get_object range", lambda: client.get_object(**where, Key=key, Range="bytes=6-10")["Body"].get_raw_stream().read())
run("get_object conditional", lambda: client.get_object(**where, Key=key, IfMatch=etag)["Body"].get_raw_stream().read())
run("get_object other type", lambda: client.get_object(
    **where, Key=key, ResponseContentType="text/html; charset=utf-8")["Body"].get_raw_stream().read())
run("head_object", lambda: client.head_object(**where, Key=key))
run("copy_object", lambda: client.copy_object(**where, Key="copy", CopySource=source))
run("append_object", lambda: client.append_object(**where, Key="log", Position=0, Data=b"abc"))
run("put_object archive", lambda: client.put_object(**where, Key="cold", Body=b"x", StorageClass="ARCHIVE"))
run("restore_object", lambda: client.restore_object(
    **where, Key="cold", RestoreRequest={"Days": 1, "CASJobParameters": {"Tier": "Standard"}}))
tags = {"TagSet": {"Tag": [{"Key": "k", "Value": "v w"}]}}
run("put_object_tagging", lambda: client.put_object_tagging(**where, Key="copy", Tagging=tags))
run("get_object_tagging", lambda: client.get_object_tagging(**where, Key="copy"))
run("delete_object_tagging", lambda: client.delete_object_tagging(**where, Key="copy"))
run("put_object_acl", lambda: client.put_object_acl(**where, Key="copy", ACL="public-read"))
run("get_object_acl", lambda: client.get_object_acl(**where, Key="copy"))
run("put_bucket_acl", lambda: client.put_bucket_acl(**where, ACL="private"))
run("get_bucket_acl", lambda: client.get_bucket_acl(**where))
run("list_objects", lambda: client.list_objects(**where, Prefix="d", Delimiter="/", Marker="a b", MaxKeys=7, EncodingType="url"))
run("list_object_versions", lambda: client.list_objects_versions(**where, Prefix="d", MaxKeys=7, EncodingType="url"))
upload = run("initiate_multipart_upload", lambda: client.create_multipart_upload(
    **where, Key="parts", ContentType="text/plain"))["UploadId"]
at = {**where, "Key": "parts", "UploadId": upload}
first = run("upload_part", lambda: client.upload_part(**at, PartNumber=1, Body=b"1" * 1048576))["ETag"]
second = run("upload_part_copy", lambda: client.upload_part_copy(
    **at, PartNumber=2, CopySource=source, CopySourceRange="bytes=0-9"))["ETag"]
run("list_parts", lambda: client.list_parts(**at))
run("list_multipart_uploads", lambda: client.list_multipart_uploads(**where))
run("complete_multipart_upload", lambda: client.complete_multipart_upload(**at, MultipartUpload={"Part": [
    {"PartNumber": 1, "ETag": first}, {"PartNumber": 2, "ETag": second}]}))
other = run("", lambda: client.create_multipart_upload(**where, Key="parts"))["UploadId"]
run("abort_multipart_upload", lambda: client.abort_multipart_upload(**where, Key="parts", UploadId=other))
run("put_bucket_cors", lambda: client.put_bucket_cors(**where, CORSConfiguration={"CORSRule": [
    {"AllowedOrigin": ["https://a.example"], "AllowedMethod": ["PUT"], "AllowedHeader": ["*"]}]}))
run("get_bucket_cors", lambda: client.get_bucket_cors(**where))
run("delete_bucket_cors", lambda: client.delete_bucket_cors(**where))
run("put_bucket_lifecycle", lambda: client.put_bucket_lifecycle(**where, LifecycleConfiguration={"Rule": [
    {"ID": "1", "Filter": {"Prefix": "x"}, "Status": "Enabled", "Expiration": {"Days": "1"}}]}))
run("get_bucket_lifecycle", lambda: client.get_bucket_lifecycle(**where))
run("delete_bucket_lifecycle", lambda: client.delete_bucket_lifecycle(**where))
run("put_bucket_policy", lambda: client.put_bucket_policy(**where, Policy={"Statement": [], "version": "2.0"}))
run("get_bucket_policy", lambda: client.get_bucket_policy(**where))
run("delete_bucket_policy", lambda: client.delete_bucket_policy(**where))
run("put_bucket_tagging", lambda: client.put_bucket_tagging(**where, Tagging=tags))
run("get_bucket_tagging", lambda: client.get_bucket_tagging(**where))
run("delete_bucket_tagging", lambda: client.delete_bucket_tagging(**where))
run("get_bucket_location", lambda: client.get_bucket_location(**where))
run("head_bucket", lambda: client.head_bucket(**where))
run("put_bucket_versioning", lambda: client.put_bucket_versioning(**where, Status="Suspended"))
run("get_bucket_versioning", lambda: client.get_bucket_versioning(**where))
run("list_buckets", lambda: client.list_buckets())
run("create_bucket", lambda: client.create_bucket(Bucket="wire-1250000000"))
run("delete_bucket", lambda: client.delete_bucket(Bucket="wire-1250000000"))
run("delete_objects", lambda: client.delete_objects(**where, Delete={
    "Object": [{"Key": "copy"}, {"Key": "none & <none>"}], "Quiet": "true"}))
run("delete_object", lambda: client.delete_object(**where, Key=key))
