"""Why a translation is what it is, as a file to look at: a page of HTML or a PNG."""

from mt.picture.picture import SUFFIXES, Picture, draw, require_suffix

__all__ = ["SUFFIXES", "Picture", "draw", "require_suffix"]
