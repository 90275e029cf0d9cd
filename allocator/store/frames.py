"""Frames to Arrow columns and back, exactly, and frozen frames as bytes.

pandas keeps missing values in four ways; here each dtype has one Arrow type, and nothing undefined is
left under a missing value, so equal frames give equal bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

_DTYPES_KEY: Final = b"allocator-dtypes"
_NULLABLE: Final = {
    "Int64": pa.int64(),
    "Int32": pa.int32(),
    "Int16": pa.int16(),
    "Int8": pa.int8(),
    "Float64": pa.float64(),
    "boolean": pa.bool_(),
}
_DATES: Final = {f"datetime64[{unit}]": pa.timestamp(unit) for unit in ("s", "ms", "us", "ns")}


def arrow_of(series: pd.Series) -> Any:
    """One Arrow array of the series. Raises ``ValueError`` for a dtype that is not kept."""
    dtype = str(series.dtype)
    if dtype in {"str", "string", "object"}:
        return _text(series)
    if dtype in _NULLABLE:
        mask = series.isna().to_numpy()
        plain = series.to_numpy(dtype=series.dtype.numpy_dtype, na_value=series.dtype.numpy_dtype.type(0))
        return pa.array(plain, type=_NULLABLE[dtype], mask=mask)
    if dtype in _DATES:
        return pa.array(series.to_numpy(), type=_DATES[dtype])
    if isinstance(series.dtype, np.dtype) and series.dtype.kind in "iufb":
        return pa.array(series.to_numpy())
    raise ValueError(f"the store keeps no column of dtype {dtype}")


def series_of(array: Any, dtype: str) -> pd.Series:
    """The series of that dtype; the other way round from ``arrow_of``."""
    if dtype == "object":
        return pd.Series(array.to_pylist(), dtype="object")
    if dtype in {"str", "string"}:
        return pd.Series(pd.array(pa.chunked_array([array]), dtype=dtype))
    if dtype in _NULLABLE:
        return pd.Series(pd.api.types.pandas_dtype(dtype).__from_arrow__(array))
    return pd.Series(array.to_numpy(zero_copy_only=False), dtype=dtype)


def bytes_of(frame: pd.DataFrame) -> bytes:
    """The frame as an Arrow IPC stream of one batch: the same bytes for equal frames."""
    dtypes = {str(name): str(frame[name].dtype) for name in frame.columns}
    if len(dtypes) != len(frame.columns):
        raise ValueError("a frozen frame needs text names, each once")
    columns = [arrow_of(frame[name]) for name in frame.columns]
    fields = [pa.field(name, column.type) for name, column in zip(dtypes, columns, strict=True)]
    metadata = {_DTYPES_KEY: json.dumps([*dtypes.values(), len(frame)]).encode()}
    batch = pa.RecordBatch.from_arrays(columns, schema=pa.schema(fields, metadata=metadata))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


def frame_of(content: bytes) -> pd.DataFrame:
    """The frame again, with its dtypes and a plain index."""
    with pa.ipc.open_stream(content) as reader:
        table = reader.read_all().combine_chunks()
    *dtypes, num_rows = json.loads(table.schema.metadata[_DTYPES_KEY])
    columns = {
        name: series_of(_whole(column), dtype)
        for name, column, dtype in zip(table.column_names, table.columns, dtypes, strict=True)
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(num_rows))


def sorted_by(frame: pd.DataFrame, key: tuple[str, ...]) -> pd.DataFrame:
    """The frame by its key, texts by code point; already sorted frames are left alone."""
    columns = {name: arrow_of(frame[name]) for name in key}
    if _is_sorted(columns[key[0]], strictly=len(key) > 1):
        return frame
    by = [(name, "ascending") for name in key]
    order = pc.sort_indices(pa.table(columns), sort_keys=by).to_numpy()
    return frame.take(order).reset_index(drop=True)


def cast_columns(columns: Mapping[str, Any], dtypes: Mapping[str, str]) -> pd.DataFrame:
    """A frame of Arrow columns in the dtypes and the order of ``dtypes``."""
    return pd.DataFrame({name: series_of(columns[name], dtype) for name, dtype in dtypes.items()})


def _text(series: pd.Series) -> Any:
    array = pa.array(series, type=pa.large_string(), from_pandas=True)
    array = _whole(array) if isinstance(array, pa.ChunkedArray) else array
    if array.null_count == 0:
        return array
    filled = pc.fill_null(array, "")
    return pc.if_else(pc.is_valid(array), filled, pa.scalar(None, pa.large_string()))


def _whole(column: Any) -> Any:
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], type=column.type)


def _is_sorted(column: Any, *, strictly: bool) -> bool:
    if len(column) < 2:
        return True
    compare = pc.less if strictly else pc.less_equal
    return bool(pc.all(compare(column.slice(0, len(column) - 1), column.slice(1))).as_py())
