"""Markup: what is handed out to be translated, and where tags, entities and white space go with its translation."""

import re

import pytest

from mt.errors import InvalidOption, InvalidText
from mt.text.markup import Form, Rendering, parse

HTML = Form("html")
XML = Form("xml")


def words(text):
    return [found.span() for found in re.finditer(r"\S+", text)]


def rendering(source, target, order):
    """The n-th number of the order is the word of the target that the n-th word of the source became; None: none."""
    pairs = [(number, place) for number, place in enumerate(order) if place is not None]
    return Rendering(target, tuple((words(source)[number], words(target)[place]) for number, place in pairs))


def translated(text, target, order, form=HTML):
    """A text of one block with its translation, and no warning."""
    document = parse(text, form)
    (source,) = document.texts
    restored, warnings = document.restore([rendering(source, target, order)])
    assert warnings == ()
    return restored


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("Plain", ["Plain"]),
        (" a <b>b</b>c&amp;&nbsp;d ", ["a bc&\u00a0d"]),
        ("<p>One<p>Two<DIV>Three</DIV>", ["One", "Two", "Three"]),
        ("<ul><li>One<li>Two</ul>", ["One", "Two"]),
        ("one<br>two", ["one two"]),
        ("re<wbr>start<!-- here -->ed", ["restarted"]),
        ("Use <code>ls</code>!", ["Use !"]),
        ("a<script>if (b<c) d()</script>e", ["a", "e"]),
        ("a<style>p {}</style><pre>x</pre><textarea>y</textarea>", ["a"]),
        ('a <b translate="no">b</b> <i class="x notranslate">c</i> d', ["a   d"]),
        ('<p translate="no">a<p>b', ["b"]),
        ("<p translate=yes>a", ["a"]),
        ("<a title='x>y'>z</a>", ["z"]),
        ("5 < 6 & 7 <8> <a", ["5 < 6 & 7 <8> <a"]),
        ("<!doctype html><title>T</title><?php echo 1 > 2 ?>", ["T"]),
        ("a<!-- never ends <p>b", ["a"]),
        ("<a href=x/>y</a>", ["y"]),
        ("one\ntwo", ["one two"]),
        ("<b>one <p>two</p> three</b>", ["one", "two", "three"]),
        ("&lt;p&gt; &#65;&#x42;&copy &notit; &foo; &#0;", ["<p> AB© ¬it; &foo; \ufffd"]),
        ("  \n<p> </p>", []),
    ],
)
def test_the_texts_of_html_are_its_blocks_without_markup(text, texts):
    assert parse(text, HTML).texts == texts


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("a <b>b</b> &lt;c&gt;", ["a b <c>"]),
        ("<doc><t>One</t><t>Two <i>x</i></t></doc>", ["One", "Two x"]),
        ("<doc>\n<t>One</t>\n<t>Two</t>\n</doc>", ["One", "Two"]),
        ("<s><g1>One</g1> <g2>two</g2></s>", ["One two"]),
        ("<P>a<p>b</p></P>", ["ab"]),
        ("caf&eacute; &copy; &own;", ["café"]),
        ("one\ntwo", ["one\ntwo"]),
        ('<?xml version="1.0"?><!DOCTYPE a SYSTEM "b.dtd"><a>c</a>', ["c"]),
        ("a <![CDATA[<b>]]> c", ["a  c"]),
    ],
)
def test_the_texts_of_xml_are_its_blocks_without_markup(text, texts):
    assert parse(text, XML).texts == texts


@pytest.mark.parametrize(
    ("text", "form", "texts"),
    [
        ("a <x>b</x> c", Form("xml", ignore_tags=("x",)), ["a  c"]),
        ("a<x/>b", Form("xml", ignore_tags=("x",)), ["a b"]),
        ("a <X>b</X> c", Form("html", ignore_tags=("x",)), ["a  c"]),
        ("a <x>b</x> c", Form("xml", splitting_tags=("x",)), ["a", "b", "c"]),
        ("<d><t>a</t><t>b</t></d>", Form("xml", non_splitting_tags=("t",)), ["ab"]),
        ("<d><t>a</t><t>b</t></d>", Form("xml", outline_detection=False), ["ab"]),
        ("a<div>b</div>", Form("html", non_splitting_tags=("DIV",)), ["ab"]),
        ("a\nb", Form("html", split_sentences="1"), ["a\nb"]),
        ("a\r\nb", Form("xml", split_sentences="nonewlines"), ["a  b"]),
        ("a\nb<c>", Form("text"), ["a\nb<c>"]),
        ("a\nb", Form("text", split_sentences="0"), ["a b"]),
        (" ", Form("text"), []),
        ('<img alt="a &amp; b" src="c"><p title=d>e', Form("html", translate_attributes=True), ["a & b", "d", "e"]),
        ('<x alt="a&own;" title="b"/>', Form("xml", translate_attributes=True), ["b"]),
    ],
)
def test_options_say_what_is_a_text(text, form, texts):
    assert parse(text, form).texts == texts


@pytest.mark.parametrize(
    ("text", "target", "order", "restored"),
    [
        ("I <b>see</b> it", "Das sehe ich", [2, 1, 0], "Das <b>sehe</b> ich"),
        ("<b>I</b> see <i>it</i>", "Das sehe ich", [2, 1, 0], "<i>Das</i> sehe <b>ich</b>"),
        ("<b>I <i>see</i></b> it", "Das sehe ich", [2, 1, 0], "Das <b><i>sehe</i> ich</b>"),
        ("<b>turn off</b> the light", "Licht aus machen", [0, 1, None, 2], "<b>Licht aus</b> machen"),
        ("the <b>big house</b>.", "das große Haus.", [0, 1, 2], "das <b>große Haus</b>."),
        ("the <a>car</a>s", "die Autos", [0, 1], "die <a>Auto</a>s"),
        ("H<sub>2</sub>O is wet", "Nass ist H2O", [2, 1, 0], "Nass ist H<sub>2</sub>O"),
        ("<b>c</b>afe", "e\u0301te", [0], "<b>e\u0301</b>te"),
        ("<b>Hello world</b>", "Hallo Welt", [None, None], "<b>Hallo Welt</b>"),
        ("green <b>apple</b>", "Grünapfel", [0, 0], "<b>Grünapfel</b>"),
        ('Go to <x id="12"></x> now', "Jetzt nach gehen", [2, 1, 0], 'Jetzt nach <x id="12"></x> gehen'),
        ("one two<br/>three", "eins zwei drei", [0, 1, 2], "eins zwei<br/>drei"),
        ("one<br>two", "zwei eins", [1, 0], "zwei eins<br>"),
        ("Press <x/> twice.", "Zweimal drücken.", [1, 0], "Zweimal drücken <x/>."),
        ("<img> Today we go", "Wir gehen heute", [2, 0, 1], "<img> Wir gehen heute"),
        ("ask me <img>", "mich frag", [1, 0], "mich frag <img>"),
        ("a stray </i> tag", "ein streunendes Tag", [0, 1, 2], "ein streunendes </i> Tag"),
        ("a <b></b> <i> c</i> d", "A C D", [0, 1, 2], "A <b></b> <i> C</i> D"),
    ],
)
def test_tags_move_with_their_words(text, target, order, restored):
    assert translated(text, target, order) == restored


def test_brothers_whose_words_mingled_get_the_longest_stretch_of_each():
    restored = translated("<b>a bb</b> <i>ccc</i>", "A CCC BB", [0, 2, 1])
    assert restored == "A <i>CCC</i> <b>BB</b>"


@pytest.mark.parametrize(
    ("text", "target", "links", "restored"),
    [
        ("one <b>two</b> three", "drei eins", (((0, 3), (5, 9)), ((8, 13), (0, 4))), "drei eins<b></b>"),
        ("<b>apple</b> <i>tree</i>", "Apfelbaum", (((0, 5), (0, 9)), ((6, 10), (0, 9))), "<b>Apfelbaum</b><i></i>"),
        ("one <b>two</b>", "eins zwei", (), "eins <b>zwei</b>"),
        ("one <b>two</b>", "", (), "<b></b>"),
    ],
)
def test_a_tag_whose_words_are_linked_to_nothing_stands_at_a_guessed_place_and_a_warning_says_so(
    text, target, links, restored
):
    assert parse(text, HTML).restore([Rendering(target, links)]) == (restored, ("tag_moved",))


@pytest.mark.parametrize(
    ("text", "target", "order", "restored"),
    [
        ("<p>&lt;img src=x onerror=alert(1)&gt;</p>", "<img src=x onerror=alarm(1)>", [0, 1, 2], None),
        ("a &amp; b", "c & d", [0, 1, 2], "c &amp; d"),
        ("a < b > c", "d < e > f", [0, 1, 2, 3, 4], "d &lt; e &gt; f"),
        ("&quot;a&quot; &#x27;b'", "\"c\" 'd'", [0, 1], "&quot;c&quot; &#x27;d'"),
        ("caf&eacute; d", "d café", [1, 0], "d caf&eacute;"),
        ("10&nbsp;km far", "weit 10 km", [1, 2, 0], "weit 10&nbsp;km"),
        ("10&nbsp;km far", "km sind 10 weit", [2, 0, 3], "km sind 10&nbsp;weit"),
        ("10\u00a0km far", "km sind 10 weit", [2, 0, 3], "km sind 10 weit"),
        ("one  two\n  three", "eins zwei drei", [0, 1, 2], "eins  zwei\n  drei"),
        (" \t a b\n", "c d", [0, 1], " \t c d\n"),
        ("<b> a </b> b", "c d", [0, 1], "<b> c </b> d"),
        ("&ampb c", "x&y z", [0, 1], "x&amp;y z"),
    ],
)
def test_what_was_escaped_stays_escaped_and_white_space_stays_as_it_stood(text, target, order, restored):
    escaped = "<p>&lt;img src=x onerror=alarm(1)&gt;</p>"
    assert translated(text, target, order) == (restored or escaped)


def test_attributes_are_escaped_for_their_quotes():
    form = Form("html", translate_attributes=True)
    document = parse("""<img alt="a"><img alt='b'><img alt=c> <b title="&quot;d&quot;">e</b> f""", form)
    assert document.texts == ["e f", "a", "b", "c", '"d"']
    restored, _ = document.restore([Rendering(text) for text in ("E F", 'A"', "B' <", "C C", '"D"')])
    assert restored == (
        """<img alt="A&quot;"><img alt='B&#39; &lt;'><img alt="C C"> <b title="&quot;D&quot;">E</b> F"""
    )


def test_plain_text_is_not_escaped():
    assert parse(" a < b\n", Form("text")).restore([Rendering("c < & d")]) == (" c < & d\n", ())


def test_characters_that_xml_does_not_allow_are_left_out():
    assert parse("<a>b</a>", XML).restore([Rendering("c\x00d\ufffe")]) == ("<a>cd</a>", ())


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("<a>b", r"line 1, column 1: <a> is never closed: '<a>b'"),
        ("a\n b</c>", r"line 2, column 3: nothing is open: '</c>'"),
        ("<a><b></a></b>", r"column 7: </b> was expected"),
        ("1 < 2", r"column 3: this is no tag \(write &lt; for a less-than sign\)"),
        ("<a b=c/>", "this is no tag"),
        ('<a b="1" b="2"/>', "an attribute occurs twice"),
        ("a & b", r"column 3: this is no entity \(write &amp; for an ampersand\)"),
        ('<a b="&"/>', "this is no entity"),
        ("&#0;", "this stands for no character of XML"),
        ("&#x110000;", "this stands for no character of XML"),
        ("a]]>b", "]]> stands outside of CDATA"),
        ("<!-- a", "this never ends with -->"),
        ("<!-- a -- b -->", "a comment holds --"),
        ("<![CDATA[", "this never ends with ]]>"),
        ("a\x00", r"the character U\+0000 is not allowed"),
        (" <?xml version='1.0'?><a/>", "the XML declaration does not stand first"),
        ('<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;">]><a>&d;</a>', "declarations, entities among them"),
        ('<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', "declarations, entities among them"),
        ('<!ENTITY b "c">', "declarations, entities among them"),
        ("<a><!DOCTYPE b></a>", "a document type stands inside of an element"),
    ],
)
def test_xml_that_is_not_well_formed_or_declares_something_is_refused_with_its_place(text, complaint):
    with pytest.raises(InvalidText, match=complaint):
        parse(text, XML)


@pytest.mark.parametrize("kind", ["text", "html", "xml"])
def test_unpaired_surrogates_are_refused(kind):
    with pytest.raises(InvalidText, match=r"surrogate U\+D800"):
        parse("<p title='\ud800'>a</p>", Form(kind))


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"kind": "markdown"}, "one of text, html, xml; got 'markdown'"),
        ({"split_sentences": "2"}, "one of 1, 0, nonewlines; got '2'"),
        ({"ignore_tags": "x"}, "ignore_tags is a list of names of tags; got 'x'"),
        ({"splitting_tags": ["<p>"]}, "splitting_tags holds names of tags without brackets, such as 'x'; got '<p>'"),
        ({"non_splitting_tags": (1,)}, "got 1"),
    ],
)
def test_options_that_do_not_exist_are_refused_with_their_value(options, complaint):
    with pytest.raises(InvalidOption, match=complaint):
        Form(**options)
