"""Serve prepared result pages on loopback, in a process of its own: ``python page_server.py ROWS``.

Prints its port once it is ready and ends with its stdin. The job id chooses what is served: ``750plain1`` is all rows
as one page, ``750gzip4`` is the same rows packed, as four pages whose locators are 1, 2 and 3; ``750again30`` is the
one page of all rows thirty times. Nothing is made while a page is asked for, so that a measurement has the client
alone in it.
"""

import gzip
import re
import socketserver
import sys
import threading

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

JOB = re.compile(
    rb"GET /services/data/v[0-9.]+/jobs/query/750(plain|gzip|again)([0-9]+)/results\??(?:locator=([0-9]+))? "
)
HEAD = (
    "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: {size}\r\n"
    "Sforce-NumberOfRecords: {rows}\r\nSforce-Locator: {following}\r\n{packing}\r\n"
)


def text_of(numbers, before="", after=""):
    return pc.binary_join_element_wise(before, pc.cast(pa.array(numbers), pa.string()), after, "")


def padded(numbers, width):
    return pc.utf8_lpad(text_of(numbers), width, "0")


def rows_of(start, stop, seed=7):
    """Return rows like a CRM's, 12 columns of text as Salesforce would write them; some cells are empty."""
    generator = np.random.default_rng(seed + start)
    rows = np.arange(start, stop)
    numbers = generator.integers(0, 10**6, len(rows))
    empty = pa.array(numbers % 10 == 0)
    cents = generator.integers(0, 10**9, len(rows))
    street = text_of(numbers % 300, "", ' High Street, "Rear" Building, 2nd floor')
    columns = {
        "Id": pc.binary_join_element_wise("003Dn00000", padded(rows, 8), ""),
        "LastName": text_of(numbers, "Last name of "),
        "Email": pc.if_else(empty, "", text_of(rows, "person.number.", "@mail.example.com")),
        "MailingStreet": pc.binary_join_element_wise(street, text_of(numbers % 50, "c/o "), "\n"),
        "MailingCity": text_of(numbers % 500, "Zo\u00eb City "),
        "MailingPostalCode": padded(numbers % 100_000, 5),
        "Amount__c": pc.binary_join_element_wise(text_of(cents // 100), padded(cents % 100, 2), "."),
        "Rate__c": pc.if_else(empty, "", text_of(numbers % 1000, "", ".5")),
        "Staff__c": pc.if_else(empty, "", text_of(numbers % 5000)),
        "Active__c": pc.if_else(pa.array(numbers % 2 == 0), "true", "false"),
        "Birthdate": pc.cast(pa.array((numbers % 20_000).astype("int32"), pa.int32()).cast(pa.date32()), pa.string()),
        "Seen__c": pc.binary_join_element_wise(
            pc.strftime(pa.array(1_600_000_000 + numbers, pa.timestamp("s")), "%Y-%m-%dT%H:%M:%S"), ".000Z", ""
        ),
    }
    return pa.table({name: pc.cast(column, pa.string()) for name, column in columns.items()})


def page_of(start, stop):
    out = pa.BufferOutputStream()
    csv.write_csv(rows_of(start, stop), out, csv.WriteOptions(quoting_style="all_valid"))
    return out.getvalue().to_pybytes()


def answers_of(rows, pages):
    """Return the answers of a job by page, plain and packed, ready to be sent."""
    plain, packed = [], []
    for number in range(pages):
        start, stop = rows * number // pages, rows * (number + 1) // pages
        following = str(number + 1) if number + 1 < pages else "null"
        body = page_of(start, stop)
        for held, sent, packing in ((plain, body, ""), (packed, gzip.compress(body, 1), "Content-Encoding: gzip\r\n")):
            head = HEAD.format(size=len(sent), rows=stop - start, following=following, packing=packing)
            held.append((head.encode(), sent))
    return plain, packed


class Pages(socketserver.StreamRequestHandler):
    """One connection, kept alive."""

    def handle(self):
        while line := self.rfile.readline():
            while self.rfile.readline().strip():
                pass
            kind, count, locator = JOB.match(line).groups()
            head, body = self.answer(kind.decode(), int(count), int(locator or 0))
            self.connection.sendall(head)
            self.connection.sendall(body)

    def answer(self, kind, count, number):
        if kind != "again":
            return self.server.answers[kind, count][number]
        ((_, body),) = self.server.answers["plain", 1]
        following = str(number + 1) if number + 1 < count else "null"
        return HEAD.format(size=len(body), rows=self.server.rows, following=following, packing="").encode(), body


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


def main(rows):
    server = Server(("127.0.0.1", 0), Pages)
    server.rows, server.answers = rows, {}
    for pages in (1, 4):
        server.answers["plain", pages], server.answers["gzip", pages] = answers_of(rows, pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(int(sys.argv[1]))
