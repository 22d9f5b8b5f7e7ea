"""Serves a made-up package archive on the loopback and runs a command that has no other.

Usage: archive.py DIR NAME FILE OFFER... -- COMMAND...
DIR is for the archive's and apt's files. The archive has one source package NAME with a version for each OFFER:
VERSION:WHAT[:NAME-IN-THE-ARCHIVE], where WHAT is what its pool does when asked for FILE, which all its lists but `other` name:
  file      sends it
  missing   has no such file
  spoilt    sends something of the same size
  slow      does not answer the first three times (apt asks twice before it counts it as one failure)
  dead      never answers
  other     lists and has another file
"""
import email.utils
import hashlib
import http.server
import os
import subprocess
import sys
import threading
import time

directory, package, path = sys.argv[1:4]
offers = [offer.split(":") for offer in sys.argv[4:sys.argv.index("--")]]
command = sys.argv[sys.argv.index("--") + 1:]
with open(path, "rb") as file:
    content = file.read()

os.makedirs(f"{directory}/apt.conf.d", exist_ok=True)
with open("/etc/os-release") as release:
    codename = next(line.split("=")[1].strip().strip('"') for line in release if line.startswith("VERSION_CODENAME="))

pool = {}
slow = {}
entries = []
for version, what, *name in offers:
    name = name[0] if name else os.path.basename(path)
    sent = {"other": b"another\n", "spoilt": content[::-1]}.get(what, content)
    listed = content if what == "spoilt" else sent
    entries.append(f"Package: {package}\nVersion: {version}\nChecksums-Sha256:\n {'0' * 64} 1 {package}_{version}.dsc\n"
                   f" {hashlib.sha256(listed).hexdigest()} {len(listed)} {name}\nDirectory: pool/{version}\n")
    if what != "missing":
        pool[f"/pool/{version}/{name}"] = sent
    slow[f"/pool/{version}/{name}"] = {"slow": 3, "dead": 1000}.get(what, 0)
sources = "\n".join(entries).encode()
release = (f"Suite: stable\nCodename: {codename}\nComponents: main\nArchitectures: amd64\n"
           f"Date: {email.utils.formatdate(usegmt=True)}\n"
           f"SHA256:\n {hashlib.sha256(sources).hexdigest()} {len(sources)} main/source/Sources\n").encode()
pool[f"/dists/{codename}/Release"] = release
pool[f"/dists/{codename}/main/source/Sources"] = sources


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        where = self.path.replace("%2b", "+")
        if slow.get(where, 0) > 0:
            slow[where] -= 1
            self.close_connection = True
            time.sleep(3)  # longer than apt's patience below
            return
        self.send_response(200 if where in pool else 404)
        self.send_header("Content-Length", str(len(pool.get(where, b""))))
        self.end_headers()
        self.wfile.write(pool.get(where, b""))

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
with open(f"{directory}/sources.list", "w") as file:
    file.write(f"deb [trusted=yes] http://127.0.0.1:{server.server_port} {codename} main\n")
with open(f"{directory}/apt.conf", "w") as file:
    file.write(f'Dir::Etc::main "/dev/null"; Dir::Etc::parts "{directory}/apt.conf.d";\n'
               f'Dir::Etc::sourcelist "{directory}/sources.list"; Dir::Etc::sourceparts "{directory}/apt.conf.d";\n'
               'Acquire::http::Proxy "DIRECT"; Acquire::http::Timeout "1"; Acquire::Retries "0";\n')
sys.exit(subprocess.run(command, env={**os.environ, "APT_CONFIG": f"{directory}/apt.conf"}).returncode)
