"""A mail server for the tests: real SMTP over a socket, with the moods that mail servers have.

Prints its port, then every message it was given as a line of JSON. What it does follows from the reader's address:

  busy-…    451 to the first attempt, in several lines; takes the second
  gone-…    550, in several lines
  full-…    452 after the message
  never-…   554 after the message
  cut-…     takes the message, and is gone before it says so
  away-…    421 to the first reader it is told, and is gone; takes the second attempt
"""

import asyncio
import json
import sys

from aiosmtpd.smtp import SMTP


class Moods:
    def __init__(self):
        self.met = set()

    def first_time(self, address):
        if address in self.met:
            return False
        self.met.add(address)
        return True

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("busy-") and self.first_time(address):
            return "451-4.3.2 Not now.\r\n451 4.3.2 Come back later."
        if address.startswith("gone-"):
            return "550-5.1.1 The reader\r\n550-5.1.1 you have named\r\n550 5.1.1 is not here."
        if address.startswith("away-") and self.first_time(address):
            await server.push("421 4.3.0 Going away.")
            server.transport.abort()
            return "421 4.3.0 Going away."
        envelope.rcpt_tos.append(address)
        return "250-2.1.5 That reader\r\n250 2.1.5 is here."

    async def handle_DATA(self, server, session, envelope):
        reader = envelope.rcpt_tos[0]
        if reader.startswith("full-"):
            return "452 4.2.2 The box is full."
        if reader.startswith("never-"):
            return "554 5.7.1 Not this message."
        print(json.dumps({"from": envelope.mail_from, "to": reader, "data": envelope.content.decode()}), flush=True)
        if reader.startswith("cut-"):
            server.transport.abort()
        return "250-2.0.0 Taken,\r\n250 2.0.0 thank you."


async def serve():
    moods = Moods()
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(moods, hostname="mail.example", enable_SMTPUTF8=True), "127.0.0.1", 0
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    # Ends with whoever has started it: its input is then at an end.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(serve())
