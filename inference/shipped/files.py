"""What lies in this folder beside the code: the network as two files, and model.json, which says what they are.

The files are used only if they are those that model.json describes.
"""

from pathlib import Path

from pydantic import ValidationError

from common.runs.record import mistake
from common.support import files
from common.support.errors import UserError
from inference.shipped.adjustment import Adjustment
from inference.shipped.measured import Figures, Rate, Tested, Threshold

FOLDER = Path(__file__).parent
ABOUT, KERAS, LITERT = "model.json", "model.keras", "model.tflite"
LARGEST = 1_500_000  # bytes of either file
AGAIN = "Take it from the repository again (git checkout), or name another network with MODEL=<run|paper>."


class File(Figures):
    bytes: int
    sha256: str


class Images(Figures):
    """How many images the network was trained on, chosen by and tested on."""

    training: int
    validation: int
    test: int


class Calibration(Figures):
    """What was found on PublicTest, and the expected calibration error on PrivateTest without and with it."""

    temperature: float
    before: float
    after: float


class Run(Figures):
    """The training that the network comes from: where and when it ran, the keys of its record and of its teachers'."""

    key: str
    seed: int
    epochs: int
    chosen_epoch: int
    seconds: float
    ended: str
    revision: str
    cpu: str
    versions: dict[str, str]
    teachers: tuple[str, ...] = ()


class About(Figures):
    """model.json.

    Attributes:
        files: by name.
        tests: the labels of PrivateTest, the majority of FER+ on it, sets that were never trained on, and at last the
            labels of PrivateTest without copies of training images.
        unadjusted: right answers on the same tests, in their order, without the adjustment.
        eight_bit: the same of the LiteRT file, which computes convolutions in 8 bits.
        unsure: chosen on PublicTest, its figures measured on PrivateTest.
    """

    network: str
    parameters: int
    classes: list[str]
    files: dict[str, File]
    images: Images
    calibration: Calibration
    adjustment: Adjustment
    unsure: Threshold
    tests: list[Tested]
    unadjusted: list[Rate]
    eight_bit: list[Rate]
    run: Run

    @property
    def description(self) -> str:
        """In one line, what the network was trained on and what it is worth."""
        labels = self.tests[0].total
        return (
            f"{self.network}: trained on real faces (FER2013 with the votes of FER+); {labels.share:.1%} of "
            f"PrivateTest right ({labels.low:.1%} to {labels.high:.1%}); unsure below {self.unsure.below:.0%}"
        )


def there() -> bool:
    """Whether a network ships with this copy of the suite."""
    return (FOLDER / ABOUT).exists()


def read(folder: Path | None = None) -> About:
    """What the model.json of a folder, or of this one, says.

    Raises:
        UserError: if it is missing or damaged.
    """
    path = (folder or FOLDER) / ABOUT
    try:
        return About.model_validate_json(path.read_bytes(), strict=True)
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}).", AGAIN) from error
    except ValidationError as error:
        raise UserError(f"{path} does not describe the network that ships ({mistake(error)}).", AGAIN) from error


def checked(about: About, name: str, folder: Path) -> Path:
    """One of the network's files, which is the one that model.json describes.

    Raises:
        UserError: if it is missing, or another one.
    """
    path = folder / name
    try:
        same = files.digest(path) == about.files[name].sha256
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}).", AGAIN) from error
    if not same:
        raise UserError(f"{path} is not the network that {ABOUT} describes: its SHA-256 is another.", AGAIN)
    return path


def described(path: Path) -> File:
    """Size and hash of a file, as model.json keeps them."""
    return File(bytes=path.stat().st_size, sha256=files.digest(path))
