"""ItemBatcher of a Distributed Map, as AWS documents it. MiniStack ignores it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from infra.bulk.input_limit import MAX_INPUT_BYTES, size_of


def batches(items: Sequence[Any], batcher: Mapping[str, Any], batch_input: object) -> Iterator[dict[str, Any]]:
    """Group items into batches, in order.

    Args:
        items: the items of the list.
        batcher: the state's ItemBatcher. A batch never has more items than its MaxItemsPerBatch, nor more bytes than
            its MaxInputBytesPerBatch or an execution's input may have.
        batch_input: the BatchInput of every batch; None if there is none.

    Raises:
        ValueError: one item alone is larger than a batch may be.
    """
    max_items = batcher.get("MaxItemsPerBatch", len(items))
    max_bytes = min(batcher.get("MaxInputBytesPerBatch", MAX_INPUT_BYTES), MAX_INPUT_BYTES)
    constant = {} if batch_input is None else {"BatchInput": batch_input}
    empty_size = size_of({"Items": []})
    batch: list[Any] = []
    size = empty_size
    for item in items:
        input_limit = size_of(item) + 1  # with a comma
        if empty_size + input_limit > max_bytes:
            raise ValueError(f"An item of {input_limit} bytes does not fit into a batch of {max_bytes}.")
        if batch and (len(batch) >= max_items or size + input_limit > max_bytes):
            yield {"Items": batch} | constant
            batch, size = [], empty_size
        batch.append(item)
        size += input_limit
    if batch:
        yield {"Items": batch} | constant
