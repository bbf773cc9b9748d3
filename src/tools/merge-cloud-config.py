"""Merges the cloud-config parts of a MIME bundle with cloud-init's own handler, as a guest does at its first boot.

Called with the path of the bundle and of an empty directory to work in. Prints one JSON object: the version of cloud-init,
the merged text, and what cloud-init warned of. Templates (text/jinja2) are left out: only a guest can fill them in.
"""

import json
import logging
import os
import sys

from cloudinit import handlers, helpers, user_data, util, version
from cloudinit.handlers.cloud_config import CloudConfigPartHandler

WARNINGS = []


class Keep(logging.Handler):
    def emit(self, record):
        WARNINGS.append(record.getMessage())


def merge(bundle, work_dir):
    paths = helpers.Paths({"cloud_dir": work_dir, "run_dir": work_dir})
    handler = CloudConfigPartHandler(paths)
    handler.cloud_fn = os.path.join(work_dir, "cloud-config.txt")
    # So far it has only missed the instance, which there is none of outside of a guest.
    WARNINGS.clear()
    with open(bundle, "rb") as file:
        message = user_data.UserDataProcessor(paths).process(file.read())
    handler.handle_part(None, handlers.CONTENT_START, None, None, None, None)
    for part in message.walk():
        kind = part.get_content_type()
        if part.is_multipart() or kind != "text/cloud-config":
            continue
        payload = util.fully_decoded_payload(part)
        handler.handle_part(None, kind, part.get_filename(), payload, None, dict(part))
    handler.handle_part(None, handlers.CONTENT_END, None, None, None, None)
    with open(handler.cloud_fn, encoding="utf-8") as file:
        return file.read()


logging.getLogger().handlers = [Keep(logging.WARNING)]
text = merge(sys.argv[1], sys.argv[2])
print(json.dumps({"version": version.version_string(), "text": text, "warnings": WARNINGS}))
