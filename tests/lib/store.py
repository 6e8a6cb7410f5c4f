"""The artifact store on the disk, as a test looks at it."""
import hashlib


def digests(content):
    return {name: hashlib.new(name, content).hexdigest() for name in ("sha256", "sha1", "md5")}


def files(gateway):
    """Everything in the store, by its path there."""
    return {path.relative_to(gateway.store).as_posix(): path.read_bytes()
            for path in gateway.store.rglob("*") if path.is_file() and path.name != ".lock"}


def artifact_file(content):
    name = hashlib.sha256(content).hexdigest()
    return {f"{name[:2]}/{name[2:]}": content}
