"""Generators of embedded data: NumPy and Pillow, seeded, with knobs that move one thing each."""

from tlcourse.worlds.alphabets import ALPHABET_SPLITS, ALPHABETS, draw_alphabets
from tlcourse.worlds.applicants import COLUMNS as APPLICANT_COLUMNS
from tlcourse.worlds.applicants import Applicants, draw_applicants
from tlcourse.worlds.catalogues import RatedCatalogue, draw_catalogues
from tlcourse.worlds.far import FAR_KINDS, draw_far_world
from tlcourse.worlds.flowers import draw_flowers
from tlcourse.worlds.glyphs import draw_glyphs, draw_photo_texture
from tlcourse.worlds.opinions import PROMPT as OPINION_PROMPT
from tlcourse.worlds.opinions import VERDICTS as OPINION_VERDICTS
from tlcourse.worlds.opinions import Opinions, draw_opinions
from tlcourse.worlds.payments import COLUMNS as PAYMENT_COLUMNS
from tlcourse.worlds.payments import FRAUD_KINDS, Payments, draw_payments
from tlcourse.worlds.places import draw_place, draw_placed_flowers, places_of
from tlcourse.worlds.roads import LIGHTS, ROAD_CLASSES, SCENES, WEATHERS, draw_roads
from tlcourse.worlds.scans import draw_scans
from tlcourse.worlds.signs import SIGN_CLASSES, draw_signs
from tlcourse.worlds.tiles import BANDS, TILE_CLASSES, draw_tiles

__all__ = [
    "ALPHABETS",
    "ALPHABET_SPLITS",
    "APPLICANT_COLUMNS",
    "BANDS",
    "FAR_KINDS",
    "FRAUD_KINDS",
    "LIGHTS",
    "OPINION_PROMPT",
    "OPINION_VERDICTS",
    "PAYMENT_COLUMNS",
    "ROAD_CLASSES",
    "SCENES",
    "SIGN_CLASSES",
    "TILE_CLASSES",
    "WEATHERS",
    "Applicants",
    "Opinions",
    "Payments",
    "RatedCatalogue",
    "draw_alphabets",
    "draw_applicants",
    "draw_catalogues",
    "draw_far_world",
    "draw_flowers",
    "draw_glyphs",
    "draw_opinions",
    "draw_payments",
    "draw_photo_texture",
    "draw_place",
    "draw_placed_flowers",
    "draw_roads",
    "draw_scans",
    "draw_signs",
    "draw_tiles",
    "places_of",
]
