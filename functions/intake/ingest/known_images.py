"""KnownImages: what one execution environment knows of images."""

from collections.abc import Collection

from intake.ingest.image_task import ImageTask
from intake.ingest.known_document_store import KnownDocumentStore
from intake.ingest.known_images_of_file import KnownImagesOfFile
from intake.ingest.ports import Observer, Store
from intake.known.environment_memory import EnvironmentMemory
from intake.model.file import Role
from intake.model.refresh import Refresh


class KnownImages:
    """What one execution environment knows of images. Its Files share it.

    Attributes:
        memory: the URLs and the objects that the environment has seen.
    """

    def __init__(self, store: Store, observer: Observer, refresh: Refresh, *, uses_documents: bool) -> None:
        """Create an empty memory.

        Args:
            store: has the known documents.
            observer: counts the documents that could not be used.
            refresh: the setting REFRESH.
            uses_documents: the setting KNOWN_IMAGES.
        """
        self.memory = EnvironmentMemory()
        self._refresh = refresh
        self._documents = (
            KnownDocumentStore(store, observer) if uses_documents and refresh is not Refresh.ALWAYS else None
        )

    def open(self, tasks: Collection[ImageTask], *, refresh: bool, has_receipt: bool) -> KnownImagesOfFile:
        """Return what is known of the images of a File. Its document is read beside the downloads.

        Args:
            tasks: those of the File.
            refresh: whether the File asks for a download of every image.
            has_receipt: whether the receipt of the File is read before each run. Then the receipt of a URL list serves
                as its document. A File has a document in any case, because other Files have the same base images.
        """
        roles = {Role.BASE} if has_receipt else {Role.BASE, Role.IMAGE}
        keys = [task.key for task in tasks]
        shared = {task.key for task in tasks if not roles.isdisjoint([request.role for request in task.requests])}
        known_images = KnownImagesOfFile(self._refresh, keys, shared, self.memory, self._documents)
        if refresh:
            known_images.policy = Refresh.ALWAYS
        return known_images
