"""Languages: passwords, codes and wallet words as people write them, in many languages.

English names that programs give to their secrets are in `named.py`. Here stand the words of other
languages, and sentences: `G-482913 is your code`, `use ... as the password`.
"""

# ruff: noqa: RUF001 - letters of other alphabets are meant
from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from evalkit.report.sharing.gate import Gate, widened
from evalkit.report.sharing.vendors import looks_random

PASSWORD = (
    "hasło hasła hasłem haslo пароль пароля паролем パスワード 暗証番号 密码 密碼 口令 "
    "비밀번호 암호 şifre şifresi şifrem şifreniz sifre parola parolası parolă parolan "
    "lösenord lösenordet losenord heslo salasana mật_khẩu mat_khau كلمة_المرور كلمة_السر "
    "סיסמה סיסמא κωδικός kata_sandi jelszó jelszava jelszo lozinka geslo adgangskode "
    "adgangskoden passord passordet kennwort zugangscode รหัสผ่าน पासवर्ड slaptažodis "
    "parool mot_de_passe contrasenya clave"
)
CODE = (
    "sicherheitscode bestätigungscode bestaetigungscode verifizierungscode einmalcode "
    "freigabecode tan-nummer code_de_vérification code_de_verification code_de_sécurité "
    "code_de_confirmation código_de_verificación código_de_seguridad "
    "código_de_verificação código_de_segurança código_de_confirmación codice_di_verifica "
    "codice_di_sicurezza verificatiecode kod_weryfikacyjny код_подтверждения код 验证码 "
    "驗證碼 인증번호 確認コード 認証コード doğrulama_kodu mã_xác_minh mã_xác_nhận"
)
"""Words that say what follows; `_` is a space."""


def _written(words: str) -> str:
    """Return words as they may be written: RE2 knows small and large of ASCII only."""
    said = [word.replace("_", " ") for word in words.split()]
    ways = {way: 0 for word in said for way in (word, word.capitalize(), word.upper())}
    return "|".join(map(re.escape, sorted(ways, key=len, reverse=True)))


LINK = (
    r"[ \t]{0,3}[\"'」』)]{0,2}[ \t]{0,3}(?:[:=：＝]"
    r"|\b(?:is|ist|est|es|è|é|lautet|to|är|on|er|je|jest|dir|adalah|là|هي|هو)\b|是|は|为|為|는|은)?"
    r"[ \t]{0,3}[\"'「『(`]{0,2}[ \t]{0,2}"
)
VALUE = r"(?P<value>[!#-&*-+\--:=?-Z^-z|~]{4,128})"
FORMS = (
    rf"(?i)(?:{_written(PASSWORD)})(?:(?:[ \t][^\W\d]{{1,12}}){{1,2}}(?=[ \t]?[:=：＝]))"
    rf"?{LINK}{VALUE}",
    rf"(?i)(?:{_written(CODE)}){LINK}(?P<value>\d{{3,4}}[ -]?\d{{0,4}})(?!\d)",
    r"(?i)\b(?:otp|pin|passcode|tan|cvv2?|cvc)(?:[ \t]+[A-Za-z]{1,12}){0,4}?[ \t]+(?:is|lautet"
    r"|ist|est|es)[ \t:]{1,3}(?P<value>\d{3,8})\b",
    r"(?i)\b(?P<value>(?:[A-Z]{1,2}-)?\d{4,8}|\d{3}[ -]\d{3})[ \t]+(?:is your|ist ihr|ist dein"
    r"|est votre|es tu|es su|è il tuo)[\w \t-]{0,40}?(?:code|código|codice|otp|pin|passcode"
    r"|password|tan)\b",
    r"(?i)\b(?:seed|recovery|secret recovery|mnemonic|backup|wallet)[ _-]?(?:phrase|words?"
    r"|seed)?[\"']{0,2}[ \t]{0,3}(?:[:=]|is)[ \t\r\n]{0,4}[\"']?(?P<value>[a-z]{3,8}"
    r"(?:[ ,]{1,2}[a-z]{3,8}){11,23})(?![a-z])",
    rf"(?i)\b(?:use|using|with|enter|try|type|set)[ \t]+[\"'`]?{VALUE}[\"'`]?[ \t]+(?:as"
    rf"|for)[ \t]+(?:the|my|your|our|a|an|its)[ \t]+(?:\w{{1,16}}[ \t]+)?(?:pass(?:word|phrase"
    rf"|code)|secret|api key|token|login)\b",
    rf"(?i)\b(?:log_?in|user(?:name)?|credentials?|creds|zugang(?:sdaten)?|identifiants?"
    rf"|usuario)[ \t:=]{{1,4}}[\w.@-]{{1,64}}[ \t]{{0,2}}[/|][ \t]{{0,2}}{VALUE}",
)
"""A password behind its word; codes; the words of a wallet; a sentence that says it at its end."""
COMPILED = tuple(map(re.compile, FORMS))
BEFORE = (
    f"(?:{_written(PASSWORD)})",
    rf"(?:{_written(CODE)})[^\r\n]*\d",
    *(widened(each) for each in FORMS[2:]),
)
BEFORE_ANY = "|".join(f"(?:{each})" for each in BEFORE)
"""What a text must have before a sentence is looked at."""
CHECKED = (0, 5, 6)


@cache
def _gate() -> Gate:
    return Gate(BEFORE)


def find(text: str) -> Iterator[tuple[int, int]]:
    """Yield where what sentences call a secret stands."""
    for number in _gate().matching(text):
        for match in COMPILED[number].finditer(text):
            if number not in CHECKED or is_password(match["value"]):
                yield match.span("value")


def is_password(value: str) -> bool:
    """Return whether a word of a sentence is none: it has digits, and letters or signs."""
    value = value.rstrip(".:!?")
    if looks_random(value):
        return True
    return len(value) >= 6 and any(map(str.isdigit, value)) and not value.isdigit()
