"""The emotions that the data sets label, under one name each.

Data sets code them differently (CK+ 1 is anger, FER2013 1 is disgust), so nothing in this project
maps a label by its position: loaders translate their code to an `Emotion`, papers list theirs by name.
"""

from enum import StrEnum

from common.support.errors import unknown


class Emotion(StrEnum):
    """One label of any of the data sets; the value is the word that tables print."""

    ANGRY = "Angry"
    DISGUST = "Disgust"
    FEAR = "Fear"
    HAPPY = "Happy"
    SAD = "Sad"
    SURPRISE = "Surprise"
    NEUTRAL = "Neutral"
    CONTEMPT = "Contempt"
    BOREDOM = "Boredom"
    BOTHERED = "Bothered"
    CONCENTRATING = "Concentrating"
    INTEREST = "Interest"
    THINKING = "Thinking"
    UNSURE = "Unsure"


# The six basic emotions (Ekman 1992), and with the neutral face the seven classes, both in the order of FER2013.
SIX = (Emotion.ANGRY, Emotion.DISGUST, Emotion.FEAR, Emotion.HAPPY, Emotion.SAD, Emotion.SURPRISE)
SEVEN = (*SIX, Emotion.NEUTRAL)

_SYNONYMS = {
    "anger": Emotion.ANGRY,
    "disgusted": Emotion.DISGUST,
    "afraid": Emotion.FEAR,
    "fearful": Emotion.FEAR,
    "happiness": Emotion.HAPPY,
    "joy": Emotion.HAPPY,
    "sadness": Emotion.SAD,
    "surprised": Emotion.SURPRISE,
    "bored": Emotion.BOREDOM,
    "concentration": Emotion.CONCENTRATING,
    "interested": Emotion.INTEREST,
}


def emotion(word: str) -> Emotion:
    """The emotion that `word` names, in any case and as noun or adjective.

    Raises:
        UserError: if no emotion goes by that word.

    >>> emotion(" Happiness ")
    <Emotion.HAPPY: 'Happy'>
    """
    key = word.strip().lower()
    by_word = {e.value.lower(): e for e in Emotion} | _SYNONYMS
    if key not in by_word:
        raise unknown("emotion", word, by_word)
    return by_word[key]
