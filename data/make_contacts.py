"""Make accounts.csv and contacts.csv: a customer list as an analyst gets it, mess included.

``python data/make_contacts.py`` writes both files beside this script, byte for byte the same each time. Every person
and company is invented; mail and web addresses end in the names that RFC 2606 reserves for examples.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SEED = 20260401
ACCOUNTS = 300
CONTACTS = 2_900
FOLDER = Path(__file__).resolve().parent


def words(text: str) -> list[str]:
    """Cut a text at its blanks."""
    return text.split()


FIRST_NAMES = words(
    "Anna Ben Chloé David Elena Farid Grace Hiroshi Ingrid João Karin Liam María Noah Olga Paul Quentin Rosa Søren "
    "Thảo Ulrich Vera Wendy Xavier Yasmin Zoë Jean-Pierre Aoife José Łukasz Nadia Omar Priya Sven Tereza Mehmet Ana "
    "Björn Céline Dario 美咲 伟 지훈 Mary-Ann Siobhán Ravi Fatima George Hannah Ivan"
)
LAST_NAMES = words(
    "Müller Smith García Nguyen O'Brien Svensson Kowalski Rossi Dubois Yamada Kaya Novák Jensen Silva Fischer Weber "
    "Brown Öztürk Schäfer Lefèvre Ivanova Kim Patel Hansen Moreau Costa Wagner Becker Jones Taylor Null Łaszczyk "
    "D'Angelo Åkesson Þórsdóttir Grün Petrović Haddad Okafor Mbeki Santos Ricci Vogel Keller Baum 田中 王 김 "
    "Smith-Jones Wilson Clark Hall Young King Wright López Núñez Çelik"
)
DOUBLE_NAMES = ("van der Berg", "de la Cruz", "von Stein", "Mac Gregor", "dos Santos")
COMPANY_HEADS = words(
    "Northwind Contoso Fabrikam Blauwal Käsehof Rosenthal Acacia Pinewood Ironbridge Meridian Solstice Vento Harbour "
    "Kestrel Lindqvist Maple Nordlicht Olivares Pacifica Quarry Redwood Silberbach Tramontana Ursa Verdant Westfield "
    "Xanthe Yarrow Zephyr Edelweiß 東海 Côté"
)
COMPANY_TAILS = (
    "GmbH",
    "Inc.",
    "Ltd",
    "& Sons, LLC",
    "S.A.",
    "AG",
    "Co-op",
    "Holding B.V.",
    '"The Workshop"',
    "Logistics, Inc.",
    "Foods",
    "Software",
)
INDUSTRIES = ("Banking", "Consulting", "Education", "Energy", "Food & Beverage", "Healthcare", "Retail", "Technology")
INDUSTRY_SLIPS = ("technology", "Tecnology", "Health care", "Food and Beverage", "Consultng", "RETAIL", "Edukation")
LEAD_SOURCES = ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other")
LEAD_SOURCE_SLIPS = (
    "web",
    "Webb",
    "Phone Enquiry",
    "Partner Referal",
    "Purchased list",
    "Trade Show",
    "phone inquiry ",
)
PLACES = (  # city, country code, postal code with its leading zeros, telephone prefix
    ("Dresden", "DE", "01067", "+49 351 5550"),
    ("Berlin", "DE", "10115", "+49 30 5550"),
    ("Köln", "DE", "50667", "+49 221 5550"),
    ("Cambridge, MA", "US", "02138", "+1 617 555 0"),
    ("Boston", "US", "02108", "+1 617 555 0"),
    ("Austin", "US", "73301", "+1 512 555 0"),
    ("Paris", "FR", "75001", "+33 1 9900 0"),
    ("Nice", "FR", "06000", "+33 4 9900 0"),
    ("Madrid", "ES", "08001", "+34 91 555 0"),
    ("Windhoek", "NA", "10005", "+264 61 555 0"),
    ("London", "GB", "SW1A 1AA", "020 7946 0"),
    ("東京", "JP", "100-0001", "+81 3 5550 0"),
)
STREETS = ("Main Street", "Hauptstraße", "Rue de l'Église", "Calle Mayor", "High Street", "Gartenweg")
NOTES = (
    "Met at the spring fair,\nwants a call back.",
    'Says: "only by mail, please".',
    "Prefers French; très sympathique.",
    "Moved, new address to follow;\r\nask again in May.",
    "<b>VIP</b> & partner",
    "50% discount agreed",
)
BAD_PHONES = (
    "call after 5 pm",
    "same as office",
    "ask reception",
    "0049-(0)30/5550-199 or, when on the road, 0170 5550 123",
)
BAD_DATES = ("31.02.1990", "1985-13-01", "unknown", "00.00.0000")
MONTHS = words("January February March April May June July August September October November December")


class Dice:
    """Throw dice that fall the same way on every machine.

    Only the raw uniform numbers of PCG64 are used: numpy promises those, and not its choices and shuffles.
    """

    def __init__(self, seed: int) -> None:
        self._generator = np.random.Generator(np.random.PCG64(seed))

    def below(self, limit: int) -> int:
        """Throw a number from 0 to below the limit."""
        return int(self._generator.random() * limit)

    def pick(self, items: Sequence[str]) -> str:
        """Pick one item, each as likely as the others."""
        return items[self.below(len(items))]

    def happens(self, share: float) -> bool:
        """Tell whether something with this chance happens now."""
        return bool(self._generator.random() < share)


def to_ascii(text: str) -> str:
    """Spell a name as the left part of a mail address."""
    latin = text.lower().translate(str.maketrans("øłþðß", "oltds"))
    plain = unicodedata.normalize("NFKD", latin).encode("ascii", "ignore").decode("ascii")
    return "".join(each for each in plain if each.isalnum())


def sloppy(text: str, dice: Dice) -> str:
    """Type a text as people do: stray blanks, shouting, no capitals at all."""
    slips: tuple[Callable[[str], str], ...] = (
        lambda value: f" {value}",
        lambda value: f"{value}  ",
        lambda value: f"{value}\u00a0",
        str.upper,
        str.lower,
    )
    return slips[dice.below(len(slips))](text) if dice.happens(0.12) else text


def some_date(dice: Dice) -> str:
    """Write a birth date in one of three styles; a few are no dates."""
    year, month, day = 1940 + dice.below(65), 1 + dice.below(12), 1 + dice.below(28)
    if dice.happens(0.06):
        return ""
    if dice.happens(0.008):
        return dice.pick(BAD_DATES)
    styles = (f"{year}-{month:02}-{day:02}", f"{day:02}.{month:02}.{year}", f"{MONTHS[month - 1]} {day}, {year}")
    return styles[min(dice.below(5), 2)] if dice.happens(0.5) else styles[0]


def some_mail(first: str, last: str, number: int, dice: Dice) -> str:
    """Make an address of a name; a few are missing, shouted or broken."""
    local = f"{to_ascii(first) or 'mail'}.{to_ascii(last) or number}"
    mail = f"{local}{number}@example.{dice.pick(('com', 'org', 'net'))}"
    if dice.happens(0.05):
        return ""
    if dice.happens(0.02):
        broken = (mail.replace("@", " at "), mail.replace("@", "@@"), mail.replace(".", ","), local, f"{mail}.")
        return broken[dice.below(len(broken))]
    return sloppy(mail, dice)


def some_amount(value: int, dice: Dice) -> str:
    """Write a number plainly, or as a spreadsheet or a salesman would."""
    if dice.happens(0.85):
        return str(value)
    styles = (f"{value:,}", f"{value}.0", f"$ {value:,}", f"ca. {value}", "n/a", "")
    return styles[dice.below(len(styles))]


def make_accounts(dice: Dice) -> pd.DataFrame:
    """Make the list of companies, with a few of them twice."""
    rows = [one_account(number, dice) for number in range(1, ACCOUNTS + 1)]
    for _ in range(8):
        again = dict(rows[dice.below(len(rows))])
        again["Company"] = again["Company"].upper()
        rows.insert(dice.below(len(rows)), again)
    return pd.DataFrame(rows)


def one_account(number: int, dice: Dice) -> dict[str, str]:
    """Make one company."""
    head, tail = dice.pick(COMPANY_HEADS), dice.pick(COMPANY_TAILS)
    city, country, postal_code, prefix = PLACES[dice.below(len(PLACES))]
    industry = dice.pick(INDUSTRY_SLIPS) if dice.happens(0.05) else dice.pick(INDUSTRIES)
    site = f"www.{to_ascii(head) or 'example'}{number}.example"
    return {
        "Customer no.": "" if dice.happens(0.02) else f"A-{number:04}",
        "Company": "" if dice.happens(0.007) else sloppy(f"{head} {tail}", dice),
        "Industry": sloppy(industry, dice) if dice.happens(0.4) else industry,
        "Website": "" if dice.happens(0.1) else (f"HTTPS://{site}/" if dice.happens(0.1) else site),
        "Annual revenue": some_amount((1 + dice.below(900)) * 25_000, dice),
        "Employees": some_amount(1 + dice.below(4_000), dice),
        "Phone": f"{prefix}{dice.below(1_000):03}",
        "City": city,
        "ZIP": postal_code,
        "Country": country,
    }


def make_contacts(dice: Dice) -> pd.DataFrame:
    """Make the list of people, with some of them twice, not always to the letter."""
    rows = [one_contact(number, dice) for number in range(1, CONTACTS + 1)]
    for each in range(100):
        again = dict(rows[dice.below(len(rows))])
        if each % 2:
            again["E-mail"] = again["E-mail"].upper()
            again["Last name"] = f"{again['Last name']} "
        rows.insert(dice.below(len(rows)), again)
    return pd.DataFrame(rows)


def one_contact(number: int, dice: Dice) -> dict[str, str]:
    """Make one person."""
    first = dice.pick(FIRST_NAMES)
    last = dice.pick(DOUBLE_NAMES) if dice.happens(0.05) else dice.pick(LAST_NAMES)
    city, country, postal_code, prefix = PLACES[dice.below(len(PLACES))]
    phone = dice.pick(BAD_PHONES) if dice.happens(0.012) else f"{prefix}{dice.below(1_000):03}"
    customer = ACCOUNTS + 1 + dice.below(400) if dice.happens(0.008) else 1 + dice.below(ACCOUNTS)
    source = dice.pick(LEAD_SOURCE_SLIPS) if dice.happens(0.05) else dice.pick(LEAD_SOURCES)
    return {
        "Contact no.": "" if dice.happens(0.006) else f"C-{number:05}",
        "First name": sloppy(first, dice),
        "Last name": "" if dice.happens(0.007) else sloppy(last, dice),
        "E-mail": some_mail(first, last, number, dice),
        "Phone": "" if dice.happens(0.08) else phone,
        "Birth date": some_date(dice),
        "Lead source": "" if dice.happens(0.04) else source,
        "Customer no.": "" if dice.happens(0.05) else f"A-{customer:04}",
        "Street": f"{1 + dice.below(120)} {dice.pick(STREETS)}",
        "ZIP": postal_code,
        "City": sloppy(city, dice),
        "Country": country,
        "No mailing": dice.pick(("yes", "no", "no", "No", "")),
        "Notes": dice.pick(NOTES) if dice.happens(0.15) else "",
    }


def main(folder: Path = FOLDER) -> None:
    """Write both files into a folder."""
    dice = Dice(SEED)
    for name, make in (("accounts.csv", make_accounts), ("contacts.csv", make_contacts)):
        text = make(dice).to_csv(index=False, lineterminator="\n")
        (folder / name).write_bytes(text.encode("utf-8"))


if __name__ == "__main__":
    main()
