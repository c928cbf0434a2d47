"""Compares what cos-client sent with what the official SDKs sent, request by request.

usage: compare.py FOLDER DIFFERENCES.json >page.md
FOLDER holds ours.jsonl, python.jsonl, node.jsonl as recorder.py writes them. Every difference needs an entry in
DIFFERENCES.json (patterns as in fnmatch) that says why it is; one without an entry, and an entry without a
difference, is a failure: told on stderr, exit status 1.
"""
import base64
import fnmatch
import hashlib
import json
import re
import sys
import xml.etree.ElementTree as ElementTree
from urllib.parse import unquote, urlsplit

folder, table = sys.argv[1], sys.argv[2]
SDKS = {"python": "cos-python-sdk-v5 1.9.44", "node": "cos-nodejs-sdk-v5 3.0.0"}
UPLOAD_ID = re.compile(r"(?i)(?<=uploadid=)[^&]+")


def names(text):
    return sorted(unquote(name) for name in text.split(";") if name)


def flat(element):
    """An XML document as comparable values: no blanks, no order of what is beside each other."""
    inside = sorted(flat(child) for child in element)
    text = (element.text or "").strip()
    tag = element.tag.split("}")[-1]
    return json.dumps([tag, text.strip('"') if tag == "ETag" else text, inside])


def meaning(body):
    """What a request's content says, however it is spelt."""
    data = body.encode("latin-1")
    try:
        return flat(ElementTree.fromstring(data))
    except ElementTree.ParseError:
        pass
    try:
        return json.dumps(json.loads(data), sort_keys=True)
    except ValueError:
        return hashlib.sha256(data).hexdigest() if data else ""


def facts(request):
    """Everything of a request that is compared, as names and values."""
    target = urlsplit(request["target"])
    query = UPLOAD_ID.sub("…", target.query)
    out = {"method": request["method"], "address": target.netloc, "path": target.path}
    for pair in filter(None, query.split("&")):
        name, _, value = pair.partition("=")
        out[f"parameter {name}"] = value
    body = request["body"]
    for name, value in request["headers"]:
        name = name.lower()
        if name == "authorization":
            fields = dict(field.split("=", 1) for field in value.split("&"))
            for signed in names(fields["q-header-list"]):
                out[f"signed header {signed}"] = "signed"
            for signed in names(fields["q-url-param-list"]):
                out[f"signed parameter {signed}"] = "signed"
            out["signature"] = " ".join(sorted(set(fields) - {"q-signature"}))
            continue
        if name == "x-cos-security-token":
            value = "the token"
        elif name == "content-md5":
            right = base64.b64encode(hashlib.md5(body.encode("latin-1")).digest()).decode()
            value = "of the content" if value == right else value
        elif name == "content-length":
            value = "of the content" if value == str(len(body)) else value
        out[f"header {name}"] = value
    out["content"] = meaning(body)
    return out


def requests(name):
    out = {}
    for line in open(f"{folder}/{name}.jsonl"):
        request = json.loads(line)
        out.setdefault(request["operation"], []).append(request)
    # What has no name is preparation.
    return {operation: sent for operation, sent in out.items() if operation}


def differences(ours, theirs):
    if len(ours) != len(theirs):
        yield f"requests: {len(ours)} ours, {len(theirs)} theirs"
    for mine, other in zip(map(facts, ours), map(facts, theirs)):
        for fact in sorted(mine.keys() | other.keys()):
            if fact not in other:
                yield f"{fact}: only ours" + ("" if mine[fact] == "signed" else f" {mine[fact]!r}")
            elif fact not in mine:
                yield f"{fact}: only theirs" + ("" if other[fact] == "signed" else f" {other[fact]!r}")
            elif mine[fact] != other[fact]:
                yield f"{fact}: ours {mine[fact]!r}, theirs {other[fact]!r}"


allowed = json.load(open(table))
used = [{} for _ in allowed]
ours, failures, rows = requests("ours"), [], []
for operation, sent in ours.items():
    row = [f"`{operation}`", f"{sent[0]['method']}"]
    for sdk in SDKS:
        theirs = requests(sdk).get(operation)
        if theirs is None:
            row.append("–")
            continue
        reasons = set()
        for difference in differences(sent, theirs):
            for index, entry in enumerate(allowed):
                if (sdk in entry["sdk"].split() and fnmatch.fnmatchcase(operation, entry["operation"])
                        and fnmatch.fnmatchcase(difference, entry["difference"])):
                    used[index].setdefault(difference, set()).add((sdk, operation))
                    reasons.add(index + 1)
                    break
            else:
                failures.append(f"{sdk} {operation}: {difference}")
        row.append("the same" if not reasons else ", ".join(map(str, sorted(reasons))))
    rows.append(row)
compared = {sdk: sum(row[2 + at] != "–" for row in rows) for at, sdk in enumerate(SDKS)}
failures += [f"nothing differs any more as entry {index + 1} says: {entry}"
             for index, (entry, seen) in enumerate(zip(allowed, used)) if not seen]
failures += [f"{sdk}: only {n} operations" for sdk, n in compared.items() if n < 25]
for sdk in SDKS:
    failures += [f"{sdk} {operation}: not sent by us" for operation in requests(sdk) if operation not in ours]

print("# What goes over the wire, beside the official SDKs\n")
print("Written by `make wire-compare`: the same operations with the same temporary key by cos-client and by the")
print("unmodified SDKs, through a proxy that records them on the way to the emulator. Compared are method, address,")
print("path, every parameter and header with its value, the signed headers and parameters, and what the content says.")
print("Numbers lead to the reasons below. A difference without a reason fails, and so does a reason without one.\n")
print("| operation | method | " + " | ".join(f"{SDKS[sdk]} ({compared[sdk]})" for sdk in SDKS) + " |")
print("|---|---|" + "---|" * len(SDKS))
for row in rows:
    print("| " + " | ".join(row) + " |")
print("\n| | difference | seen | reason |\n|---|---|---|---|")
for index, (entry, seen) in enumerate(zip(allowed, used)):
    times = len({place for places in seen.values() for place in places})
    what = entry["difference"].replace("|", "\\|")
    print(f"| {index + 1} | {entry['sdk'].replace(' ', ', ')}: `{what}` | {times} | {entry['reason']} |")
for failure in failures:
    print(failure, file=sys.stderr)
print(f"wire-compare: {len(ours)} operations, {sum(map(len, used))} different differences explained, "
      f"{len(failures)} failures", file=sys.stderr)
sys.exit(1 if failures else 0)
