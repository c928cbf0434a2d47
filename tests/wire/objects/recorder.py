"""An HTTP proxy that writes down the head of every request it passes on.

usage: recorder.py UPSTREAM_URL LOG_FILE
Prints its own address. `GET /_mark/NAME` names the requests that follow, the empty name too. One JSON line per request.
"""
import http.client
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

upstream = urlsplit(sys.argv[1])
log = open(sys.argv[2], "w")
mark = ""
HOP = {"connection", "proxy-connection", "keep-alive", "transfer-encoding"}


class Recorder(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def body(self):
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        whole = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            whole += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return whole

    def passed_on(self):
        global mark
        if self.path.startswith("/_mark/"):
            mark = unquote(self.path.removeprefix("/_mark/"))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = self.body()
        print(json.dumps({"operation": mark, "method": self.command, "target": self.path,
                          "headers": self.headers.items(), "body": body.decode("latin-1")}), file=log, flush=True)
        connection = http.client.HTTPConnection(upstream.hostname, upstream.port, timeout=30)
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in HOP | {"content-length", "expect"}:
                connection.putheader(name, value)
        if body or "content-length" in self.headers:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP | {"content-length", "date", "server"}:
                self.send_header(name, value)
        length = answer.getheader("content-length") if self.command == "HEAD" else len(content)
        if length is not None and answer.status != 204:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(content)
        connection.close()

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_OPTIONS = passed_on

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
server.daemon_threads = True
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
