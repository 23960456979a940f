"""A user of the chat, by the documented API alone: Python's stomp.py over a WebSocket."""

import json
import os
import queue
import urllib.request
from urllib.parse import urlsplit

import stomp

CHAT_URL, API_KEY = os.environ["CHAT_URL"], os.environ["API_KEY"]
PATIENCE_S = 20


def request(method, path, headers, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json", **headers}
    asked = urllib.request.Request(CHAT_URL + path, data, headers, method=method)
    with urllib.request.urlopen(asked, timeout=PATIENCE_S) as answer:
        return json.load(answer), answer.headers.get("authorization")


class Heard(stomp.ConnectionListener):
    """What comes, as it comes; waited for elsewhere."""

    def __init__(self):
        self.events, self.receipts, self.connected = queue.Queue(), queue.Queue(), queue.Queue()

    def on_connected(self, frame):
        self.connected.put(frame.headers)

    def on_message(self, frame):
        self.events.put((frame.headers, json.loads(frame.body)))

    def on_receipt(self, frame):
        self.receipts.put(frame.headers["receipt-id"])

    def on_error(self, frame):
        self.events.put((frame.headers, {"type": "STOMP ERROR", "body": frame.body}))


class Person:
    def __init__(self, name):
        key = {"x-api-key": API_KEY}
        user = {"username": name, "password": "correct horse battery"}
        request("POST", "/api/user/registerUser", key, {**user, "email": f"{name}@example.com"})
        answer, self.authorization = request("POST", "/api/user/signin", key, user)
        self.id, self.name, self.counted = answer["id"], name, 0

    def connects(self, binary=False, since=None):
        ticket = request("GET", "/api/auth/getTicket", {"authorization": self.authorization})[0]["ticket"]
        at = urlsplit(CHAT_URL)
        self.heard = Heard()
        self.connection = stomp.WSStompConnection(
            [(at.hostname, at.port)],
            heartbeats=(1000, 1000),
            ws_path=f"/api/wsConnect?ticket={ticket}",
            header={"Sec-WebSocket-Protocol": "v12.stomp"},
            binary_mode=binary,
        )
        self.connection.set_listener("heard", self.heard)
        self.connection.connect(wait=True, headers={"Authorization": self.authorization})
        assert self.heard.connected.get(timeout=PATIENCE_S)["version"] == "1.2"
        receipt = self.new_receipt()
        headers = {"receipt": receipt, **({"since": since} if since else {})}
        self.connection.subscribe("/user/queue/messages", id="own: 1", ack="client", headers=headers)
        self.gets(receipt)

    def new_receipt(self):
        self.counted += 1
        return f"{self.name}: {self.counted}"

    def gets(self, receipt):
        assert self.heard.receipts.get(timeout=PATIENCE_S) == receipt

    def acts(self, action, **headers):
        receipt = self.new_receipt()
        self.connection.send("/api/chat", json.dumps(action), headers={"receipt": receipt}, **headers)
        return receipt

    def expects(self, kind):
        headers, event = self.heard.events.get(timeout=PATIENCE_S)
        assert event["type"] == kind, event
        assert (headers["subscription"], headers["destination"]) == ("own: 1", "/user/queue/messages"), headers
        self.connection.ack(headers["ack"])
        self.cursor = headers["cursor"]
        return event

    def gets_one(self):
        self.heard.receipts.get(timeout=PATIENCE_S)

    def breaks_off(self):
        """Cuts the socket, without a goodbye."""
        self.connection.transport.socket.shutdown()

    def disconnects(self):
        receipt = self.new_receipt()
        self.connection.disconnect(receipt)
        self.gets(receipt)
