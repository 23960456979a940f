"""A third client that is not ours, in short: Python's stomp.py over a WebSocket.

CHAT_URL is the server's base URL, API_KEY a key of an app of it. Ends with code 0 if all went as documented.
"""

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

    def connects(self, binary):
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
        self.connection.subscribe("/user/queue/messages", id="own: 1", ack="client", headers={"receipt": receipt})
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
        return event

    def disconnects(self):
        receipt = self.new_receipt()
        self.connection.disconnect(receipt)
        self.gets(receipt)


alice = Person("stomppy-alice")
for binary in (False, True):
    alice.connects(binary)
    chat = {"chatName": "Tour", "userNames": [alice.name]}
    chat_id = request("POST", "/api/chat/createChat", {"authorization": alice.authorization}, chat)[0]["chatId"]
    assert alice.expects("NEW_CHAT")["chatId"] == chat_id

    receipt = alice.acts({"type": "SEND_MSG", "chatId": chat_id, "message": "hello ☕"})
    sent = alice.expects("SEND_MSG")
    assert sent["message"] == "hello ☕"
    alice.gets(receipt)

    transaction = alice.connection.begin()
    action = {"type": "REACT", "chatId": chat_id, "messageId": sent["messageId"], "reaction": "👍"}
    receipts = [alice.acts(action, transaction=transaction)]
    action = {"type": "EDIT_MSG", "chatId": chat_id, "messageId": sent["messageId"], "message": "hello"}
    receipts.append(alice.acts(action, transaction=transaction))
    alice.connection.commit(transaction)
    assert alice.expects("REACT")["parentMessageId"] == sent["messageId"]
    assert alice.expects("EDIT_MSG")["message"] == "hello"
    for receipt in receipts:
        alice.gets(receipt)

    transaction = alice.connection.begin()
    alice.acts({"type": "SEND_MSG", "chatId": chat_id, "message": "never"}, transaction=transaction)
    alice.connection.abort(transaction)
    alice.gets(alice.acts({"type": "DELETE_MSG", "chatId": chat_id, "messageId": sent["messageId"]}))
    assert alice.expects("DELETE_MSG")["messageId"] == sent["messageId"]
    alice.disconnects()
print("the tour is complete")
