"""Changes of colour by Pillow, to its bytes: ImageEnhance.Brightness and Contrast, ImageOps.autocontrast and equalize."""
import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from fixture import Fixture, formula

# name, height, width, and for each channel the lowest and the highest value
IMAGES = [("full", 15, 21, [(0, 255)] * 3), ("dull", 13, 16, [(90, 131), (70, 101), (100, 109)]),
          ("dark", 11, 20, [(0, 12), (0, 31), (3, 60)]), ("constant", 9, 9, [(77, 77), (0, 0), (255, 255)]),
          ("two", 12, 11, [(100, 101), (0, 1), (254, 255)]), ("one_pixel", 1, 1, [(20, 90)] * 3)]
# brightness, contrast, autocontrast, equalize
CHANGES = [(1, 1, False, False), (0.6, 1, False, False), (1.7, 1, False, False), (1, 0.45, False, False),
           (1, 1.9, False, False), (1, 0, False, False), (0, 1, False, False), (1, 1, True, False), (1, 1, False, True),
           (0.83, 1.31, False, False), (1.37, 0.77, True, False), (0.91, 1.13, True, True)]


def image_of(height, width, ranges, seed):
    values = (formula([height, width, 3], seed).astype(np.float64) + 1) / 2
    low, high = np.array(ranges, dtype=np.float64).T
    return np.floor(low + values ** 2 * (high - low + 1)).astype(np.uint8)


def changed(pixels, brightness, contrast, autocontrast, equalize):
    image = Image.fromarray(pixels)
    image = ImageEnhance.Brightness(image).enhance(brightness) if brightness != 1 else image
    image = ImageEnhance.Contrast(image).enhance(contrast) if contrast != 1 else image
    image = ImageOps.autocontrast(image) if autocontrast else image
    return np.asarray(ImageOps.equalize(image) if equalize else image)


def case(fixture, name, pixels, brightness, contrast, autocontrast, equalize):
    fixture.case(name, {"pixels": pixels}, {"pixels": changed(pixels, brightness, contrast, autocontrast, equalize)},
                 height=pixels.shape[0], width=pixels.shape[1],
                 change=dict(brightness=brightness, contrast=contrast, autocontrast=autocontrast, equalize=equalize))


def generate():
    fixture = Fixture("augment_colours")
    for name, height, width, ranges in IMAGES:
        pixels = image_of(height, width, ranges, 5)
        for i, change in enumerate(CHANGES):
            case(fixture, f"{name}, change {i}", pixels, *change)
    # autocontrast rounds in doubles: ranges of all kinds, every value of each
    ends = np.floor((formula([36, 2], 9).astype(np.float64) + 1) * 128).astype(int)
    ends.sort(axis=1)
    for i in range(0, 36, 3):
        columns = [np.linspace(low, high, 256).astype(np.uint8) for low, high in ends[i:i + 3]]
        case(fixture, f"range {i // 3}", np.stack(columns, axis=1)[None], 1, 1, True, False)
    fixture.save()
