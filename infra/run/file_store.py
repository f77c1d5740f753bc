"""Stopgap."""

import hashlib, os
from pathlib import Path
from intake.ingest.ports import StoredDocument, StoredObject
from intake.model.error_codes import StoreFailed
import itertools


class FileStore:
    def __init__(self, folder, *, fsync=False):
        self.f = str(folder)
        self.fault = None
        self.dirs = set()
        self.n = itertools.count()

    def remove_leftovers(self):
        pass

    @property
    def is_ready(self):
        return True

    def _path(self, key):
        p = f"{self.f}/{key}"
        d = p.rpartition("/")[0]
        if d not in self.dirs:
            os.makedirs(d, exist_ok=True)
            self.dirs.add(d)
        return p

    async def find_image(self, key):
        try:
            return StoredObject(os.stat(f"{self.f}/{key}").st_size, None)
        except OSError:
            return None

    def _tmp(self, key, body):
        p = self._path(key)
        t = f"{self.f}/.tmp{os.getpid()}-{next(self.n)}"
        try:
            fd = os.open(t, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
            os.write(fd, body)
            os.close(fd)
        except OSError as e:
            self.fault = self.fault or e
            raise StoreFailed(reason=str(e)) from e
        return p, t

    async def put_image(self, key, image, body, sha256):
        p, t = self._tmp(key, body)
        try:
            os.link(t, p)
            return False
        except FileExistsError:
            return True
        finally:
            os.unlink(t)

    async def put_document(self, key, document, *, retry=True):
        p, t = self._tmp(key, document)
        os.rename(t, p)

    async def replace_document(self, key, document, version, *, retry=True):
        await self.put_document(key, document)
        return True

    async def get_document(self, key, *, retry=True):
        try:
            b = open(f"{self.f}/{key}", "rb").read()
        except FileNotFoundError:
            return None
        return StoredDocument(b, hashlib.md5(b).hexdigest())
