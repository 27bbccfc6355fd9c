"""Waits until a push has reached everybody: pushed.py API USER:PASSWORD UUID. Fails where any target did. One connection, so that asking costs little."""
import base64
import http.client
import json
import sys
import time

PAUSE = 0.05
PATIENCE = 900

api, credential, push = sys.argv[1:]
connection = http.client.HTTPConnection(api.removeprefix("http://"), timeout=60)
headers = {"Authorization": "Basic " + base64.b64encode(credential.encode()).decode()}
deadline = time.monotonic() + PATIENCE
while True:
    connection.request("GET", f"/api/v1/files/{push}", headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        sys.exit(f"{answer.status}: {body.decode()}")
    states = [target["status"] for target in json.loads(body)["data"]["clients"]]
    if "pending" not in states:
        break
    if time.monotonic() > deadline:
        sys.exit(f"the push took more than {PATIENCE} s")
    time.sleep(PAUSE)
if set(states) != {"success"}:
    sys.exit(f"not all succeeded: {body.decode()}")
