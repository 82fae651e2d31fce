"""Texts that make translators loop: a list for all languages, and some in English and German; none is anyone's."""

SHORT = {
    "en": [
        "Weight",
        "Yes",
        "a",
        "Hello!",
        "Good morning",
        "Dear Sir or Madam,",
        "HELLO",
        "WARNING: DO NOT TOUCH",
        "Ok?",
    ],
    "de": ["Gewicht", "Ja", "ä", "Hallo!", "Guten Morgen", "Sehr geehrte Damen und Herren,", "HALLO", "ACHTUNG STUFE"],
}
LISTS = {
    "en": [
        "apples, pears, plums, cherries, peaches, grapes, lemons, oranges, bananas, berries",
        "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20",
        "Monday; Tuesday; Wednesday; Thursday; Friday; Saturday; Sunday; Monday; Tuesday; Wednesday",
        "red/green/blue/red/green/blue/red/green/blue",
        "- milk\n- bread\n- butter\n- cheese",
    ],
    "de": [
        "Äpfel, Birnen, Pflaumen, Kirschen, Pfirsiche, Trauben, Zitronen, Orangen, Bananen, Beeren",
        "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20",
        "Montag; Dienstag; Mittwoch; Donnerstag; Freitag; Samstag; Sonntag; Montag; Dienstag; Mittwoch",
        "rot/grün/blau/rot/grün/blau/rot/grün/blau",
        "- Milch\n- Brot\n- Butter\n- Käse",
    ],
}
REPEATED = {
    "en": [
        "ha ha ha ha ha",
        "No no no no!",
        "very very very very very good",
        "bla bla bla " * 12,
        "Tom " * 40,
        "run! " * 9,
    ],
    "de": ["ha ha ha ha ha", "Nein nein nein nein!", "sehr sehr sehr sehr sehr gut", "bla bla bla " * 12, "Tom " * 40],
}
LONG = {
    "en": [
        "When the rain stopped, the children ran into the garden, looked for snails under the leaves, built a house of "
        "stones and sticks for them, quarrelled about its roof, forgot the snails, and came back with wet shoes, dirty "
        "hands and a frog, which their grandmother put into a bucket and carried to the pond behind the old mill.",
        "The committee " + "of the committee " * 30 + "met on Monday.",
        " and ".join(f"the {color} house" for color in ("red", "old", "small", "white", "green", "new", "grey") * 5),
    ],
    "de": [
        "Als der Regen aufhörte, liefen die Kinder in den Garten, suchten unter den Blättern nach Schnecken, bauten "
        "ihnen ein Haus aus Steinen und Stöcken, stritten sich um sein Dach, vergaßen sie und kamen mit nassen "
        "Schuhen, schmutzigen Händen und einem Frosch zurück, den ihre Großmutter in einen Eimer setzte.",
        "Der Ausschuss " + "des Ausschusses " * 30 + "traf sich am Montag.",
        " und ".join(
            f"das {color} Haus" for color in ("rote", "alte", "kleine", "weiße", "grüne", "neue", "graue") * 5
        ),
    ],
}
NOISE = [
    "asdf jklö qwer uiop yxcv",
    "xxxxxxxxxxxxxxxxxxxxxxxx",
    "lkjsdflkj lkjsdf lkj sdlfkj sldkfj",
    "0xDEADBEEF 7f45 4c46 0201",
    "T h i s  i s  s p a c e d",
    "�������",
    "?!?!?!?!?!?!?!?!",
    "...",
    "--- *** --- *** ---",
    "((((((((((",
    "a" * 300,
    "ab" * 150,
    "Donaudampfschifffahrtsgesellschaftskapitän" * 7,
    "x1y2z3" * 50,
    "東京は日本の首都です。",
    "Москва — столица России.",
    "hello мир world 世界 mundo",
    "Hello 你好 hello 你好 hello",
    "مرحبا بالعالم",
    "😀😀😀😀😀😀",
    "I ❤️ you 😀 and 👨‍👩‍👧‍👦!",
    "e\u0301e\u0301e\u0301e\u0301",
    "<b><i><u>x</u></i></b>",
    "https://example.org/" + "a/" * 60,
]


def hard_inputs(language: str) -> list[str]:
    """Those for texts of this language; for one that has none of its own, those for all."""
    own = [text for kind in (SHORT, LISTS, REPEATED, LONG) for text in kind.get(language, [])]
    shouted = [text.upper() for text in own if text.upper() != text]
    return [*own, *shouted, *NOISE]
