"""A mail server for the tests: real SMTP over a socket, with the moods that mail servers have.

Takes a certificate and its key. Prints its ports: open, STARTTLS, TLS, the last two with a log-in;
then every message it was given as a line of JSON. What it does follows from the reader's address:

  busy-…    451 to the first attempt, in several lines; takes the second
  gone-…    550, in several lines
  full-…    452 after the message
  never-…   554 after the message
  cut-…     takes the message, and is gone before it says so
  away-…    421 to the first reader it is told, and is gone; takes the second attempt
"""

import asyncio
import json
import logging
import ssl
import sys
import warnings

from aiosmtpd.smtp import SMTP, AuthResult


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


def knows(server, session, envelope, mechanism, data):
    return AuthResult(handled=False, success=(data.login, data.password) == (b"rewards@shop", b"p:ss w\xc3\xb6rd"))


async def serve(certificate, key):
    moods = Moods()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    usual = {"hostname": "mail.example", "enable_SMTPUTF8": True}
    login = {"auth_required": True, "authenticator": knows}
    plain = lambda: SMTP(moods, **usual)
    upgraded = lambda: SMTP(moods, tls_context=context, require_starttls=True, **login, **usual)
    # Encrypted from the first byte, which this server does not see.
    encrypted = lambda: SMTP(moods, auth_require_tls=False, **login, **usual)
    loop = asyncio.get_running_loop()
    servers = [
        await loop.create_server(plain, "127.0.0.1", 0),
        await loop.create_server(upgraded, "127.0.0.1", 0),
        await loop.create_server(encrypted, "127.0.0.1", 0, ssl=context),
    ]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    # Ends with whoever has started it: its input is then at an end.
    await loop.run_in_executor(None, sys.stdin.read)


# Whoever cuts a connection, or has no certificate, does so on purpose.
logging.disable()
warnings.simplefilter("ignore")
asyncio.run(serve(*sys.argv[1:]))
