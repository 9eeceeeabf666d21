"""The least that can speak Bulk API 1.0, and what its answers look like with the particulars taken away."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

NS = "{http://www.force.com/2009/06/asyncapi/dataload}"
_PARTICULARS = [
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z"), "XML-INSTANT"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000\+0000"), "JSON-INSTANT"),
    (re.compile(r"\b75([012])\w{15}\b"), r"ID75\1-18"),
    (re.compile(r"\b75([012])\w{12}\b"), r"ID75\1-15"),
    (re.compile(r"\b005\w{15}\b"), "USER"),
    (re.compile(r"(<apiVersion>|\"apiVersion\":)(?:vxx|\d\d)\.0"), r"\1VERSION"),
    (re.compile(r"((?:Time|Processed)(?:>|\":))\d+"), r"\1N"),
]


def shape(text: str) -> str:
    """Take away what differs from org to org, and keep every name, order, blank and line end."""
    for form, word in _PARTICULARS:
        text = form.sub(word, text)
    return text


class V1:
    """Call an org's Bulk API 1.0 through a Caller of the test suite."""

    def __init__(self, call, version="66.0"):
        self.call = call
        self.base = f"/services/async/{version}"

    def __call__(self, method, path, body=None, *, content_type="application/xml", **headers):
        session = {"X-SFDC-Session": self.call.org.access_token, "Content-Type": content_type, "Authorization": None}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        data = body.encode() if isinstance(body, str) else body
        return self.call(method, f"{self.base}/{path}", body=data, headers={**session, **named})

    def job(self, operation="query", sobject="Contact", *, more="", content_type="CSV", **headers):
        """Make a job, and return the answer."""
        body = (
            '<?xml version="1.0" encoding="UTF-8"?><jobInfo xmlns="http://www.force.com/2009/06/asyncapi/dataload">'
            f"<operation>{operation}</operation><object>{sobject}</object>{more}"
            f"<contentType>{content_type}</contentType></jobInfo>"
        )
        return self("POST", "job", body, **headers)

    def new(self, operation="query", sobject="Contact", **more):
        """Make a job, and return its id."""
        answer = self.job(operation, sobject, **more)
        assert answer.status == 201, answer.text
        return element(answer)["id"]

    def batch(self, job, body, content_type="text/csv"):
        """Add a batch, and return its id."""
        answer = self("POST", f"job/{job}/batch", body, content_type=content_type)
        assert answer.status == 201, answer.text
        return answer.headers["Location"].rpartition("/")[2]

    def state(self, job, word):
        body = f'<jobInfo xmlns="http://www.force.com/2009/06/asyncapi/dataload"><state>{word}</state></jobInfo>'
        return self("POST", f"job/{job}", body)

    def batches(self, job):
        """Return what the batch list says, a dict a batch."""
        return [fields(each) for each in ET.fromstring(self("GET", f"job/{job}/batch").body)]

    def results(self, job, batch):
        """Return the result ids of a query batch."""
        answer = self("GET", f"job/{job}/batch/{batch}/result")
        assert answer.status == 200, answer.text
        return [each.text for each in ET.fromstring(answer.body)]

    def files(self, job, batch):
        """Return the texts of a query batch's result files."""
        path = f"job/{job}/batch/{batch}/result"
        return [self("GET", f"{path}/{each}").text for each in self.results(job, batch)]

    def rows(self, job, batch):
        """Return the lines of a query batch's result files, without headers."""
        texts = self.files(job, batch)
        return [line for text in texts for line in text.splitlines()[1:]]


def fields(node):
    return {each.tag.removeprefix(NS): each.text for each in node}


def element(answer):
    """Return the children of an XML answer's root."""
    return fields(ET.fromstring(answer.body))


def error(answer):
    """Return status, code and text of an error."""
    found = element(answer)
    return answer.status, found["exceptionCode"], found["exceptionMessage"]
