"""The scenario of ../scenario/scenario.mjs by stomp.py.

CHAT_URL is the server's base URL, API_KEY a key of an app of it. Ends with code 0 if all went as documented.
"""

from person import Person, request

ODD_TEXT = "100% %41 </script> \"quoted\" \\ \u2028\u200d\ufff0 caf\u00e9 \u2615\U0001f44d\U0001f9d1\u200d\U0001f33e"
MISSED_TEXTS = ["are you there?", "well"]

alice, bob = Person("alice-stomppy"), Person("bob-stomppy")
for person in (alice, bob):
    person.connects()


def does(person, kind, **fields):
    """Does an action, waits until it is stored, and returns the event as both see it."""
    person.gets(person.acts({"type": kind, "chatId": chat_id, **fields}))
    echo, other = alice.expects(kind), bob.expects(kind)
    assert (echo["seq"], echo["recipientId"], other["recipientId"]) == (other["seq"], alice.id, bob.id), (echo, other)
    return echo


chat = {"chatName": "Tea", "userNames": [alice.name, bob.name]}
chat_id = request("POST", "/api/chat/createChat", {"authorization": alice.authorization}, chat)[0]["chatId"]
for person in (alice, bob):
    assert person.expects("NEW_CHAT")["chatId"] == chat_id

message_id = does(alice, "SEND_MSG", message="hullo")["messageId"]
edited = does(alice, "EDIT_MSG", messageId=message_id, message=ODD_TEXT)
assert (edited["messageId"], edited["message"]) == (message_id, ODD_TEXT)
reaction = does(bob, "REACT", messageId=message_id, reaction="\U0001f44d")
assert (reaction["parentMessageId"], reaction["message"]) == (message_id, "\U0001f44d")
read = does(bob, "READ_MSG", messageId=message_id)
assert (read["messageId"], read["senderId"]) == (message_id, bob.id)

long_texts = [f"{number} {'x' * 7000}" for number in range(24)]
for text in long_texts:
    alice.acts({"type": "SEND_MSG", "chatId": chat_id, "message": text})
for text in long_texts:
    for person in (alice, bob):
        assert person.expects("SEND_MSG")["message"] == text
    alice.gets_one()

bob.breaks_off()
for text in MISSED_TEXTS:
    alice.gets(alice.acts({"type": "SEND_MSG", "chatId": chat_id, "message": text}))
    assert alice.expects("SEND_MSG")["message"] == text
bob.connects(since=bob.cursor)
for text in MISSED_TEXTS:
    assert bob.expects("SEND_MSG")["message"] == text
bob.expects("RESUMED")
assert does(bob, "SEND_MSG", message="here I am")["message"] == "here I am"

path = f"/api/messages/getMessages/{chat_id}?size=100"
messages = request("GET", path, {"authorization": bob.authorization})[0]["messages"]
texts = [message["content"] for message in reversed(messages)]
assert texts == [ODD_TEXT, *long_texts, *MISSED_TEXTS, "here I am"], texts
assert [found["senderId"] for found in messages[-1]["reactions"]] == [bob.id]
for person in (alice, bob):
    person.disconnects()
print("the scenario is complete")
