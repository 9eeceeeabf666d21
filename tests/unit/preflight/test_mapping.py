import pytest

from sfbulk_pandas.errors import UsageError
from sfbulk_pandas.preflight import read_sdl


@pytest.mark.parametrize(
    ("text", "mapping"),
    [
        ("#Mapping values\n! and this\n\nNAME=Name\n", {"NAME": "Name"}),
        ("A = Name\nB:Phone\nC Fax\n\tD\t=\tSite\n", {"A": "Name", "B": "Phone", "C": "Fax", "D": "Site"}),
        ("CSV\\ Column=Field__c\r\na\\:b\\=c=Name", {"CSV Column": "Field__c", "a:b=c": "Name"}),
        (r"Stra\u00dfe=Street", {"Straße": "Street"}),
        ("Long\\\n   Name=Na\\\n  me\nNext=Phone", {"LongName": "Name", "Next": "Phone"}),
        ("Path\\\\=Name\nNext=Phone", {"Path\\": "Name", "Next": "Phone"}),
        ("Unused=\nEmpty\nName=Name", {"Name": "Name"}),
        ("State=BillingState, ShippingState", {"State": "BillingState,ShippingState"}),
        ("P=Parent\\:Account-Key__c", {"P": "Account:Parent.Key__c"}),
        ("P=pArent:Key__c", {"P": "pArent.Key__c"}),
        ("O=Owner\\:User\\:Username", {"O": "User:Owner.Username"}),
        ("O=Lead:Who.Email\nA=Account.Key__c", {"O": "Lead:Who.Email", "A": "Account.Key__c"}),
        ("A=Name\nA=Phone", {"A": "Phone"}),
        ("\ufeffA=Name", {"A": "Name"}),
        ("Nom\u00a0usuel=LastName\nA=\u2003Name", {"Nom\u00a0usuel": "LastName", "A": "Name"}),
        (r"caf\u00e9\ud83d\ude00=Name", {"café\U0001f600": "Name"}),
        (r"half\ude00=Name", {"half\ude00": "Name"}),
    ],
)
def test_mapping_files(text, mapping):
    assert read_sdl(text) == mapping


def test_constants_need_a_column():
    with pytest.raises(UsageError, match='Industry to the constant "Aerospace"'):
        read_sdl('Name=Name\n"Aerospace"=Industry\n')
