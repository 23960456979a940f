"""A third client that is not ours, in short: Python's stomp.py over a WebSocket.

CHAT_URL is the server's base URL, API_KEY a key of an app of it. Ends with code 0 if all went as documented.
"""

from person import Person, request

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
