"""People: numbers of persons and of their accounts, by the words before them, and user names.

A number of an identity card is known by its label alone: `PESEL`, `Aadhaar`, `passport no.`; the
few that nothing else looks like, by their form. User names are known where systems print them:
prompts, `id`, `ps`, `/etc/passwd`, the directory, environment, authors.
"""

# ruff: noqa: RUF001 - letters of other alphabets are meant
from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from evalkit.report.sharing.gate import Gate, widened

SHORT = (
    r"NINO|NI|DNI|NIE|NIF|NISS|BSN|PESEL|REGON|NIP|AHV|AVS|CPF|CNPJ|CURP|CUIT|CUIL|RUT|PAN|NRIC|SIN"
    r"|NHS|SSN|ITIN|EIN|TFN|BSB|Acc|A/C|IMEI|IMSI|ICCID|MEID|MRN|HKID|CNIC|KTP|NIK|EGN|JMBG|OIB|CNP|AFM"
    r"|AMKA|CPR|CLABE|TCKN|NPI|VIN|TAJ|MyKad|SA ID|CCCD|CMND|UEN|UAN|PPSN?"
)
"""Written in capitals, for they are words otherwise."""
LONG = (
    r"passport|passeport|pasaporte|reisepass\w{0,8}|personalausweis\w{0,8}|ausweisnummer"
    r"|national[ _-]?id(?:entity|entification)?|id(?:entity)?[ _-]?card|identity"
    r"|tax(?:payer)?[ _-]?id(?:entification)?|steuer-?id\w{0,20}|steuer(?:identifikations)?nummer"
    r"|driv(?:er|ing)(?:(?:'|’)?s)?[ _-]?licen[cs]e|f(?:ü|ue)hrerschein\w{0,8}"
    r"|licen[cs]e[ _-]?plate"
    r"|(?:bank[ _-]?)?account|acct|routing|sort[ _-]?code|kontonummer|bankleitzahl"
    r"|social[ _-]?(?:security|insurance)|sozialversicherungs\w{0,8}|national[ _-]?insurance"
    r"|health[ _-]?insurance|medical[ _-]?record|medicare|medicaid|insurance[ _-]?(?:policy|member)"
    r"|s(?:é|e)curit(?:é|e) sociale|seguridad social|codice[ _-]?fiscale|partita[ _-]?iva"
    r"|personnummer|henkil(?:ö|o)tunnus|f(?:ø|o)dselsnummer|rodn(?:é|e) (?:č|c)(?:í|i)slo"
    r"|burgerservicenummer|rijksregister\w{0,10}|registre national|aadhaar|aadhar|voter[ _-]?id"
    r"|(?:member|patient|subscriber|beneficiary|policy|insured)[ _-]?(?:id|number|no)"
    r"|ΑΦΜ|ΑΜΚΑ|c(?:é|e)dula(?: de \w{1,16})?|carte d(?:'|’)identit(?:é|e)|documento|ид|паспорт"
    r"|инн|снилс"
    r"|身份证|身分證|护照|護照|银行卡|주민등록|여권|운전면허|マイナンバー|個人番号|口座番号|免許証"
)
LINK = (
    r"(?i:[ \t_-]{0,3}(?:card|policy|member)?[ \t_-]{0,3}"
    r"(?:number|nummer|num(?:é|e)ro|numero|n(?:ú|u)mero|num|no\.?|nr\.?|szám|n(?:°|º)|号码|号|番号|번호|#|id)?"
    r"\\{0,3}[\"')\]]{0,2}[ \t]{0,3}(?:[:=#>]|：|(?:is|ist|lautet|est|es|è|är|是)(?!\w))?"
    r"[ \t]{0,3}\\{0,3}[\"'(]{0,2})"
)
NUMBER = r"(?P<value>[A-Z0-9](?:[ ./-]?[A-Z0-9]){5,24})(?![A-Za-z0-9])"
DATE = (
    r"(?P<value>\d{1,4}[-/. ]\d{1,2}[-/. ]\d{1,4}|\d{1,2}\.?[ -][A-Za-z]{3,9}\.?,?[ -]\d{4}"
    r"|[A-Z][a-z]{2,8}\.? \d{1,2},? \d{4})(?!\d)"
)
NUMBERS = (
    rf"\b(?:{SHORT})\b{LINK}{NUMBER}",
    rf"(?<![A-Za-z])(?i:{LONG}){LINK}{NUMBER}",
    rf"(?<![A-Za-z])(?i:date[ _-]?of[ _-]?birth|d\.?o\.?b\.?|birth[ _-]?da(?:te|y)|geburts"
    rf"(?:datum|tag)"
    rf"|date de naissance|fecha de nacimiento|data di nascita|data de nascimento){LINK}{DATE}",
)
DIGITS = (4, 2, 4)
"""How many digits the number has at least."""
FORMS = (
    r"(?<![A-Za-z0-9.-])(?P<value>\d{3}\.\d{3}\.\d{3}-\d\d)(?![\w-])",
    r"(?<![A-Za-z0-9.-])(?P<value>\d\d\.\d{3}\.\d{3}/\d{4}-\d\d)(?![\w-])",
    r"(?<![A-Za-z0-9.-])(?P<value>756\.\d{4}\.\d{4}\.\d\d)(?![\w.-])",
    r"(?<![A-Za-z0-9-])(?P<value>[A-Z]{6}\d\d[A-EHLMPRST]\d\d[A-Z]\d{3}[A-Z])(?![\w-])",
    r"(?<![A-Za-z0-9-])(?P<value>[A-Z]{4}\d{6}[HM][A-Z]{5}[A-Z0-9]\d)(?![\w-])",
)
"""Brazil's CPF and CNPJ, Switzerland's AHV, Italy's codice fiscale, Mexico's CURP."""
USER = r"(?P<value>[A-Za-z_][\w.-]{1,63})"
LINE = r"(?:^|[\r\n]|\\n)"
USERS = (
    rf"\b(?:USER|LOGNAME|USERNAME|SUDO_USER|RUN_AS)(?:=[\"']?"
    rf"|\\?[\"']:[ \t]?\\?[\"']){USER}(?![\w.]*[(])",
    rf"\b[eg]?[ug]id=\d{{1,10}}\({USER}\)",
    rf"(?<![\w./:-]){USER}:[x*!]?:\d{{1,10}}:\d{{1,10}}:[^:\r\n]{{0,200}}:/",
    rf"\bchown[ \t]+(?:-\w+[ \t]+)*{USER}(?=[: \t])",
    rf"\b(?:sudo|runuser|doas)[ \t]+(?:-\w+[ \t]+)*-u[ \t]+{USER}",
    rf"\bsu[ \t]+(?:-[ \t]+|-l[ \t]+){USER}",
    rf"(?:{LINE}|\)[ \t]|\[){USER}(?=@[\w.-]{{1,64}}(?::[~/]|[ \t][\w~/.-]{{1,64}}\]?[ \t]?[#$%]"
    rf"(?:[ \t]|$)))",
    rf"(?i:owner|user|account|principal|logon|run as)[\"']?[ \t]{{0,8}}[:=]?[ \t]{{0,8}}[\"']?[A-"
    rf"Z][A-Z0-9-]{{1,14}}\\{{1,2}}{USER}",
    r"(?i:\b(?:cn|uid))=(?P<value>[^,=\"'\\]{2,64})(?=,(?:[A-Za-z]{1,8}=[^,=\"']{1,64},){0,6}(?i:dc)=)",
    rf"{LINE}{USER}(?=[ \t]+\d{{1,7}}[ \t]+\d{{1,3}}\.\d[ \t]+\d{{1,3}}\.\d[ \t])",
    rf"{LINE}{USER}(?=[ \t]+(?:pts/\d|tty\w|console)[ \t\d])",
    rf"(?i:\b(?:session (?:opened|closed) for user|(?:accepted|failed) \w{{1,20}} for"
    rf"(?: invalid user)?"
    rf"|(?:invalid|illegal|unknown) user|new user: name=)) ?{USER}",
    rf"\bCRON\[\d{{1,9}}\]: \({USER}\)",
    rf"\bLogin: {USER}(?=[ \t]+Name:)",
    rf"\b(?:docker|podman|kubectl)[ \t]+(?:exec|run)\b[^\r\n]{{0,80}}?[ \t]-(?:u"
    rf"|-user)[ =\t]{USER}(?![\w.-]*:)",
    rf"\bsudo(?:\[\d{{1,9}}\])?:[ \t]{{1,8}}{USER}(?=[ \t]+:[ \t])",
    r"\bAAAA[A-Za-z0-9+/]{40,1000}={0,2}[ \t]+(?P<value>[\w.+-]{1,64}@[\w.-]{1,64})",
    rf"{LINE}[ \t]*(?:Author|Commit|Committer|From|To|Cc|Reply-To|Signed-off-by"
    rf"|Co-authored-by):[ \t]+"
    r"\"?(?P<value>[^<>\"\r\n:]{2,64}?)\"?(?=[ \t]+<)",
)
NOBODY = frozenset(
    {
        *("root", "www-data", "nobody", "daemon", "admin", "administrator", "postgres", "ubuntu"),
        *("user", "users", "runner", "app", "public", "shared", "default", "system", "service"),
        *(
            "wheel",
            "sudo",
            "adm",
            "docker",
            "staff",
            "none",
            "null",
            "true",
            "false",
            "node",
            "name",
        ),
    }
)
"""User names that name nobody."""
NUMBERED = tuple(map(re.compile, (*NUMBERS, *FORMS)))
BEFORE_NUMBERS = "|".join(
    (
        rf"\b(?:{SHORT})\b[^\r\n]*\d",
        rf"(?i:{LONG}|birth|d\.?o\.?b|geburts|naissance|nacimiento|nascita|nascimento)[^\r\n]*\d",
        *map(widened, FORMS),
    )
)
BEFORE_USERS = (
    r"\b(?:USER|LOGNAME|USERNAME|SUDO_USER|RUN_AS)[\\\"'=]|[ug]id=\d|:\d+:\d+:|\b(?:chown|sudo"
    r"|runuser|doas)[ \t]"
    r"|\bsu[ \t]+-|@[\w.-]+(?::[~/]|[ \t][\w~/.-]+\]?[ \t]?[#$%])|[A-Z][A-Z0-9-]\\{1,2}[A-Za-z_]"
    r"|(?i:cn|uid)=|\d\.\d[ \t]+\d{1,3}\.\d[ \t]|pts/\d|\btty\w|\bconsole[ \t\d]"
    r"|AAAA[A-Za-z0-9+/]{16}"
    r"|for user |(?i:accepted|failed) \w+ for |(?:invalid|illegal|unknown|new) user|sudo"
    r"(?:\[\d+\])?:[ \t]|CRON\[|\bLogin: |(?:exec|run) [^\r\n]*-(?:u|-user)[ =]"
    r"|(?:Author|Commit|Committer|From|To|Cc|Reply-To|-by):[ \t]+[^\r\n<]+<"
)
"""What a text must have before a number or a user is looked for."""
NAMED = tuple(map(re.compile, USERS))
FIELD = re.compile(
    r"(?i)(?:^|[_.\s-])(?:(?:national_?id|tax_?id|tax_?payer_?id|ssn|imei|mrn|nino|aadhaar|cpf|cnpj"
    r"|curp|pesel|bsn|driv(?:er|ing)s?_?licen[cs]e|codice_?fiscale|security_?answer|dob|date_?of_?birth|birth_?(?:date|day))"
    r"(?:_?(?:number|num|no|nr))?"
    r"|(?:account|acct|routing|passport|social_?security|medicare"
    r"|id(?:entity)?_?card)_?(?:number|num|no|nr))$"
)
"""Names of fields whose value is about a person."""


@cache
def _gates() -> tuple[Gate, Gate]:
    return Gate(map(widened, (*NUMBERS, *FORMS))), Gate(map(widened, USERS))


def numbers(text: str) -> Iterator[tuple[int, int]]:
    """Yield where numbers of persons and of their accounts stand."""
    for number in _gates()[0].matching(text):
        least = DIGITS[number] if number < len(DIGITS) else 0
        for match in NUMBERED[number].finditer(text):
            value = match["value"]
            if sum(map(str.isdigit, value)) >= (least if " " in value else min(least, 1)):
                yield match.span("value")


def users(text: str) -> Iterator[tuple[int, int]]:
    """Yield where names of users stand that a system printed."""
    for number in _gates()[1].matching(text):
        for match in NAMED[number].finditer(text):
            if match["value"].lower() not in NOBODY:
                yield match.span("value")
