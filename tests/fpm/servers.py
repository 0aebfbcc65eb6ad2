"""A shop on nginx and php-fpm in a folder of its own: releases made by Composer, one of them current."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Root starts both servers, and their workers are this user.
WORKER = "www-data"

FPM = """[global]
error_log = {folder}/fpm.log
; How long a reload lets workers finish what they are at.
process_control_timeout = 60s

[shop]
{user}
listen = {folder}/fpm.sock
listen.mode = 0666
listen.backlog = 1024
pm = static
pm.max_children = {workers}
pm.max_requests = {recycle}
request_terminate_timeout = 120s
"""

INI = """opcache.enable=1
opcache.preload={folder}/current/vendor/kassa/kassa/preload.php
opcache.preload_user={worker}
"""

NGINX = """daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
{user}
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    fastcgi_temp_path {folder}/fastcgi;
    proxy_temp_path {folder}/proxy;
    scgi_temp_path {folder}/scgi;
    uwsgi_temp_path {folder}/uwsgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            fastcgi_pass unix:{folder}/fpm.sock;
            fastcgi_read_timeout 120s;
            fastcgi_param SHOP {folder}/shop;
            fastcgi_param REQUEST_METHOD $request_method;
            fastcgi_param QUERY_STRING $query_string;
            fastcgi_param CONTENT_TYPE $content_type;
            fastcgi_param CONTENT_LENGTH $content_length;
            # With the link resolved: a request stays in one release.
            root {folder}/current/public;
            fastcgi_param SCRIPT_FILENAME $realpath_root/index.php;
        }}
    }}
}}
"""


def until(condition: Callable[[], object], what: str, within_s: float = 120) -> None:
    """Waits for what another process brings about."""
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end, f"within {within_s} s this did not come about: {what}"
        time.sleep(0.01)


def program(name: str) -> str:
    """Debian has the version in the name of php-fpm, and both where only root looks."""
    found = shutil.which(name) or next(iter(sorted(map(str, Path("/usr/sbin").glob(f"{name}*")))), None)
    assert found, f"{name} is missing: tests/setup.sh installs it"
    return found


def stage(package: Path, library: Path | None, at: Path) -> None:
    """The package as it ships; with a library in its place where one is given."""
    shutil.copytree(package, at, ignore=shutil.ignore_patterns("tests"))
    if library:
        place = at / "lib" / platform(at) / "libkassa.so"
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, place)


def platform(package: Path) -> str:
    """What the package calls this system."""
    code = 'require $argv[1]; echo basename(dirname(Kassa\\Native::places("libkassa.so")[0]));'
    command = ["php", "-r", code, str(package / "autoload.php")]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


class Site:
    """Both servers, and what they serve."""

    def __init__(self, folder: Path, package: Path, config: dict[str, object], workers: int, recycle: int):
        self.folder, self.package = folder, package
        self.releases = 0
        root = os.geteuid() == 0
        folder.chmod(0o755)
        shop = folder / "shop"
        shop.mkdir(mode=0o700)
        (shop / "kassa.json").write_text(json.dumps({**config, "journal": f"sqlite:{shop}/kassa.sqlite"}))
        (shop / "kassa.json").chmod(0o600)
        if root:
            for path in (shop, shop / "kassa.json"):
                shutil.chown(path, WORKER, WORKER)
        self.release()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        user = f"user = {WORKER}\ngroup = {WORKER}" if root else ""
        values = {"folder": folder, "workers": workers, "recycle": recycle, "port": self.port, "worker": WORKER}
        (folder / "fpm.conf").write_text(FPM.format(**values, user=user))
        (folder / "php.ini").write_text(INI.format(**values))
        (folder / "nginx.conf").write_text(NGINX.format(**values, user=f"user {WORKER};" if root else ""))
        environment = {name: value for name, value in os.environ.items() if not name.startswith("KASSA_")}
        fpm = [program("php-fpm"), "--nodaemonize", "-c", f"{folder}/php.ini", "--fpm-config", f"{folder}/fpm.conf"]
        self.fpm = subprocess.Popen(fpm, env=environment, stderr=subprocess.DEVNULL)
        self.nginx = subprocess.Popen([program("nginx"), "-c", f"{folder}/nginx.conf", "-e", f"{folder}/nginx.log"])
        until(lambda: self.starts() == 1 and (folder / "nginx.pid").exists(), f"both servers started: {self.logs()}")

    def release(self) -> None:
        """A folder with the shop and what Composer installs; then it is the current one."""
        self.releases += 1
        release = self.folder / "releases" / str(self.releases)
        (release / "public").mkdir(parents=True)
        shutil.copy(HERE / "index.php", release / "public")
        source = {"type": "path", "url": str(self.package), "options": {"symlink": False}}
        project = {
            "require": {"kassa/kassa": "*"},
            "repositories": [source, {"packagist.org": False}],
            "minimum-stability": "dev",
        }
        (release / "composer.json").write_text(json.dumps(project))
        environment = {**os.environ, "COMPOSER_ALLOW_SUPERUSER": "1", "COMPOSER_HOME": f"{self.folder}/composer"}
        command = ["composer", "install", "--quiet", "--no-interaction", "--working-dir", str(release)]
        subprocess.run(command, check=True, env=environment)
        (self.folder / "next").symlink_to(release)
        (self.folder / "next").rename(self.folder / "current")

    def deploy(self) -> None:
        """A new release while the old one sells; returns when the new workers are there."""
        self.release()
        before = self.starts()
        self.fpm.send_signal(signal.SIGUSR2)
        until(lambda: self.starts() > before, f"php-fpm started again: {self.logs()}")

    def starts(self) -> int:
        """How often php-fpm was ready."""
        log = self.folder / "fpm.log"
        return log.read_text().count("ready to handle connections") if log.exists() else 0

    def logs(self) -> str:
        """The ends of both logs."""
        return "".join(path.read_text()[-2000:] for path in sorted(self.folder.glob("*.log")))

    def stop(self) -> None:
        """Both servers end."""
        for server in (self.nginx, self.fpm):
            server.terminate()
            server.wait(timeout=60)
