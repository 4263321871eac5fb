"""The sets that the project draws: what is no digit, and digits in print."""

import numpy as np
import pytest

from mnist_predict.errors import UserError
from mnist_predict.training.evaluation import sets
from mnist_predict.training.synthesis.shapes import fonts

needs_fonts = pytest.mark.skipif(
    not any(sets.held_out_fonts(written=False)), reason="no held-out fonts are installed here"
)


@pytest.mark.parametrize(
    "kind", [pytest.param(k, marks=[needs_fonts] if k in sets.OF_FONTS else []) for k in sets.KINDS]
)
def test_each_kind_is_seeded_and_no_two_pictures_are_alike(kind):
    made = sets.non_digits(kind, 6)
    assert len({picture.tobytes() for picture in made}) == 6
    for picture, again in zip(made, sets.non_digits(kind, 6), strict=True):
        assert picture.dtype == np.uint8
        assert picture.ndim == 2 or picture.shape[2] == 3
        assert min(picture.shape[:2]) >= 8
        assert np.ptp(picture) > 10
        assert np.array_equal(picture, again)
    other = sets.non_digits(kind, 6, seed=2)
    assert any(one.tobytes() != two.tobytes() for one, two in zip(made, other, strict=True))


@needs_fonts
def test_print_is_of_fonts_that_are_not_trained_on():
    made = list(sets.printed(1))
    trained = {path.stem for path in fonts.find() if not fonts.is_held_out(path)}
    names = [name for name, _, _ in made]
    assert names
    assert not set(names) & trained
    assert {len(number) for _, _, number in made} <= set(range(1, 7))
    assert all(number.isdecimal() and picture.shape[2] == 3 for _, picture, number in made)
    assert not any(sets.SEGMENTS in name for name in names)
    assert all(sets.SEGMENTS in name for name, _, _ in sets.printed(1, segments=True))


@needs_fonts
def test_a_font_without_digits_is_known(tmp_path):
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    assert not fonts.has_digits(tmp_path / "broken.ttf")
    assert fonts.has_digits(sets.held_out_fonts(written=False)[0])
    assert fonts.written(tmp_path / "broken.ttf", "7", 40) is None
    small, large = (fonts.written(sets.held_out_fonts(written=False)[0], "7", size) for size in (20, 60))
    assert small.shape[0] < large.shape[0]
    assert large.max() == 255


@pytest.mark.usefixtures("no_fonts")
def test_without_a_font_that_is_held_out_the_other_kinds_can_be_drawn():
    kinds = sets.drawable()
    assert kinds == ["scribbles", "drawings", "boxes", "ruled", "textures", "photographs"]
    assert list(sets.printed(1)) == []
    for kind in set(sets.KINDS) - set(kinds):
        with pytest.raises(UserError, match="apt-get install fonts-cantarell"):
            sets.non_digits(kind, 1)
