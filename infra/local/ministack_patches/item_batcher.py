"""ItemBatcher of a Distributed Map, as AWS documents it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from infra.bulk.item_size import MAX_INPUT_BYTES, size_of


def batches(items: Sequence[Any], batcher: Mapping[str, Any], batch_input: object) -> Iterator[dict[str, Any]]:
    """Put items into batches as ItemBatcher does: in order, never more items or bytes than it says.

    Raises:
        ValueError: one item alone is larger than a batch may be.
    """
    most = batcher.get("MaxItemsPerBatch", len(items))
    largest = min(batcher.get("MaxInputBytesPerBatch", MAX_INPUT_BYTES), MAX_INPUT_BYTES)
    beside = {} if batch_input is None else {"BatchInput": batch_input}
    empty = size_of({"Items": []})
    batch: list[Any] = []
    size = empty
    for item in items:
        more = size_of(item) + 1  # its comma
        if empty + more > largest:
            raise ValueError(f"An item of {more} bytes does not fit into a batch of {largest}.")
        if batch and (len(batch) >= most or size + more > largest):
            yield {"Items": batch} | beside
            batch, size = [], empty
        batch.append(item)
        size += more
    if batch:
        yield {"Items": batch} | beside
