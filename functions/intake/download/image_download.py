"""ImageDownload: what all attempts and redirects of one download share."""

from dataclasses import dataclass

from intake.download.image_timeout import ImageTimer
from intake.download.memory_and_slot import MemoryAndSlot
from intake.ingest.deadline import Deadline
from intake.ingest.download_port import Condition
from intake.model.outcome import FetchStats


@dataclass(slots=True, eq=False)
class ImageDownload:
    """One download.

    Attributes:
        held: its share in the limits of all images.
        timer: the time limit of the image.
        deadline: the deadline of its File.
        stats: counts the work.
        condition: makes its requests conditional; None if there is no condition, or it did not save the download.
    """

    held: MemoryAndSlot
    timer: ImageTimer
    deadline: Deadline
    stats: FetchStats
    condition: Condition | None = None

    @property
    def seconds_left(self) -> float:
        """The seconds until the image or its File runs out of time."""
        return min(self.timer.seconds_left, self.deadline.seconds_for_images())
